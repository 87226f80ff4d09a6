"""Checking a signed PDF, wherever it was signed: is it our version, who signed, and does each signature hold.

Parsing happens in `checking_worker`, in a child process with limits on memory and time (see `documents.intake`).
A viewer that says "valid" is not enough: most say so as well when a later revision changed a page.
"""

from __future__ import annotations

import atexit
import base64
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from pydantic import TypeAdapter

from shidian.documents import intake
from shidian.documents.certificates.findings import Finding
from shidian.documents.certificates.holders import Holder
from shidian.documents.certificates.prepared import Place
from shidian.documents.certificates.trust import Trust

LARGEST = 100_000_000


@dataclass(frozen=True, slots=True)
class Original:
    """The frozen paper that should have been signed; without its size the right beginning is searched for."""

    sha256: str
    size: int | None = None

    @classmethod
    def of(cls, pdf: bytes) -> Original:
        """The original that `pdf` is."""
        return cls(sha256(pdf).hexdigest(), len(pdf))


@dataclass(frozen=True, slots=True)
class Expected:
    """A party that is to sign at `place`; `code` may be empty. `required` ones that are missing are an error."""

    place: Place
    name: str
    code: str = ""
    required: bool = True


Modification = Literal["none", "archived", "signed", "changed", "unknown"]


@dataclass(frozen=True, slots=True)
class Checked:
    """One signature, or one time stamp over the whole document.

    `field` is its name in the file, `party` the `Expected.place.field` that it is taken for, or empty.
    `revision` counts from 1, the original being the first. `covers` says that it covers everything up to its own
    revision; `last` that nothing at all comes after it. `modification`: what happened to the file after it.
    `signed_at` is proved when `time_from` is "authority", claimed when it is "signer".
    """

    field: str
    party: str
    kind: Literal["signature", "timestamp", "unknown"]
    revision: int
    intact: bool
    covers: bool
    last: bool
    modification: Modification
    trusted: bool
    revocation: Literal["good", "revoked", "unknown"]
    holder: Holder | None
    chain: tuple[Holder, ...]
    signed_at: datetime | None
    time_from: Literal["authority", "signer", ""]
    authority: str
    digest_algorithm: str
    reason: str
    location: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether it counts: nothing wrong was found with it."""
        return not any(finding.severity == "error" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be said of the whole file; `missing` are the fields of required parties without a good signature."""

    same_version: bool
    unchanged: bool
    revisions: int
    sha256: str
    signatures: tuple[Checked, ...]
    missing: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the file as a whole can be taken: our version, unchanged, every signature good, nobody missing."""
        return not any(finding.severity == "error" for finding in self.findings) and all(
            one.ok for one in self.signatures
        )

    def of_party(self, field: str) -> Checked | None:
        """The good signature of the party of this field, else a bad one, else None."""
        theirs = [one for one in self.signatures if one.party == field and one.kind != "timestamp"]
        return next((one for one in theirs if one.ok), theirs[0] if theirs else None)


@dataclass(frozen=True, slots=True)
class Question:
    """What the worker is asked."""

    original: Original
    expected: tuple[Expected, ...]
    roots: tuple[str, ...]
    others: tuple[str, ...]
    lists: tuple[str, ...]
    at: datetime


QUESTION = TypeAdapter(Question)
REPORT = TypeAdapter(Report)

_inspector = intake.Inspector("shidian.documents.certificates.checking_worker")
atexit.register(_inspector.stop)


def check(
    pdf: bytes,
    *,
    original: bytes | Original,
    expected: Sequence[Expected],
    trust: Trust,
    at: datetime,
) -> Report:
    """Say everything about a signed PDF.

    `original` is what was frozen; `at` (with a time zone) is the moment for which certificates are judged where no
    time stamp proves an earlier one: when the file was received. intake.Rejected when the file cannot be looked at
    in time and memory, or no turn came ("busy"); everything else is told in the report.
    """
    if at.tzinfo is None:
        raise ValueError("the moment of checking needs a time zone")
    if len(pdf) > LARGEST:
        raise intake.too_large(len(pdf), LARGEST)
    question = Question(
        original=original if isinstance(original, Original) else Original.of(original),
        expected=tuple(expected),
        roots=_texts(trust.roots),
        others=_texts(trust.others),
        lists=_texts(trust.lists),
        at=at,
    )
    with tempfile.TemporaryFile(prefix="shidian-signed-") as file:
        file.write(pdf)
        file.flush()
        answer = _inspector.inspect(
            file, "signed", len(pdf), question=QUESTION.dump_python(question, mode="json")
        )
    return REPORT.validate_python(answer["report"])


def _texts(values: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(base64.b64encode(one).decode() for one in values)
