"""A paper made ready for a signature, and where the signature stands: values alone.

What makes and fills it is `signing`, which needs pyHanko: a third of what the whole system takes to start, so that it is
imported where somebody signs.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shidian.core.digests import sha256_of_bytes

_FORMAT = "shidian-prepared-1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a party signs: `page` from 1, the box in points from the upper left corner, as a print's <box> has it.

    `field` is the name of the signature field; `label` is what a screen reader says of it.
    """

    field: str
    label: str
    page: int
    x: float
    y: float
    width: float
    height: float


def place_in(box: Mapping[str, Any], *, field: str, label: str) -> Place:
    """The place that a <box> of a print says (`compiler.query_paper`)."""
    return Place(field, label, int(box["page"]), *(float(box[key]) for key in ("x", "y", "width", "height")))


def field_name(round_: int, party: int) -> str:
    """The name of the field in which a party of a round signs; the same whoever makes the signature."""
    return f"Shidian-R{round_}-P{party}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A paper with room for one signature.

    `message` is what has to be signed (its SHA-256 is what a remote platform gets); `base` is the SHA-256 of the file
    it was prepared from. If that file has meanwhile been signed by somebody else, prepare anew: two revisions over
    the same file exclude each other.
    """

    pdf: bytes
    base: str
    digest: bytes
    start: int
    end: int
    message: bytes
    chain: tuple[bytes, ...]

    @property
    def message_digest(self) -> str:
        """The SHA-256 of `message`, 64 hex digits."""
        return sha256_of_bytes(self.message)

    def dump(self) -> bytes:
        """For keeping while somebody confirms elsewhere; nothing in it is secret but the paper."""
        head = {
            "format": _FORMAT,
            "base": self.base,
            "digest": self.digest.hex(),
            "start": self.start,
            "end": self.end,
            "message": base64.b64encode(self.message).decode(),
            "chain": [base64.b64encode(one).decode() for one in self.chain],
        }
        return json.dumps(head).encode() + b"\n" + self.pdf

    @classmethod
    def load(cls, content: bytes) -> Prepared:
        """What `dump` wrote; ValueError for anything else."""
        line, _, pdf = content.partition(b"\n")
        head = json.loads(line)
        if not isinstance(head, dict) or head.get("format") != _FORMAT:
            raise ValueError("this is no prepared signature")
        return cls(
            pdf=pdf,
            base=head["base"],
            digest=bytes.fromhex(head["digest"]),
            start=head["start"],
            end=head["end"],
            message=base64.b64decode(head["message"]),
            chain=tuple(base64.b64decode(one) for one in head["chain"]),
        )
