"""What the codes and the short text of a printed page say, and how it is told from what somebody made up.

A code holds `TJ10-0016.V3P5N13C1A2T.ABCDEFGHJK`, alone or behind an address (`HTTPS://HOST/S/…`): the reference,
version (0: a draft), page, number of pages, where there is one the copy and the position of the party, E on a sheet that
only goes with the document, the corner; then fifty bits of HMAC-SHA256 over all of it. Every character is in the alphanumeric set of QR codes. The short text for
people is `TJ10-0016 V3-5/13 C1 A2 K7M2PQ`, with thirty bits.

Corner T is the upper right of the page and B the lower left: a staple sits in the upper left, and seals and dates in
the lower right.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Literal, NamedTuple, cast

Corner = Literal["T", "B"]

DRAFT = 0
"""The version of a draft."""
LARGEST = 9999
"""Of every number in a mark."""
LONGEST = 40
"""Of a reference, in characters; more than that with an address does not fit a code that a telephone can read."""

# No I, L, O, U: whatever of them is typed for 1, 1, 0 means that.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
SPOKEN_LENGTH = 6

_REFERENCE = r"[A-Z0-9]+(?:-[A-Z0-9]+)+"
_CODE = re.compile(
    rf"(?:HTTPS?://[^/]+/(?:[^/]+/)*)?"
    rf"(?P<text>(?P<reference>{_REFERENCE})\."
    rf"V(?P<version>\d+)P(?P<page>\d+)N(?P<pages>\d+)(?:C(?P<copy>\d+))?(?:A(?P<party>\d+))?(?P<aside>E)?(?P<corner>[TB]))\."
    rf"(?P<authenticator>[{ALPHABET}]{{{CODE_LENGTH}}})/?",
    re.ASCII,
)
_SPOKEN = re.compile(
    rf"(?P<reference>{_REFERENCE})"
    r"V(?P<version>[0-9OIL]+)-(?P<page>[0-9OIL]+)/(?P<pages>[0-9OIL]+)"
    r"(?:C(?P<copy>[0-9OIL]+))?(?:A(?P<party>[0-9OIL]+))?(?P<aside>E)?",
    re.ASCII,
)
_LOOKALIKE = str.maketrans("OIL", "011")
_SAME_LOOKS = {"0": "0O", "O": "O0", "1": "1IL", "I": "I1L", "L": "L1I"}
_SPELLINGS = 128
_LONGEST_TEXT = 400
# What Chinese input methods and word processors make of the signs of a code.
_PUNCTUATION = str.maketrans({"。": ".", "、": "/", "—": "-", "–": "-", "−": "-", "‐": "-", "‑": "-"})


class NotAMark(ValueError):
    """The text is something else: not a mark of this system."""


class Forged(ValueError):
    """It has the shape of a mark, but no key of this system gives its authenticator; `mark` is what it claims."""

    def __init__(self, mark: Mark) -> None:
        super().__init__(f"the authenticator does not fit {mark}")
        self.mark = mark


@dataclass(frozen=True, slots=True)
class Mark:
    """What a printed page says of itself.

    `version` is 0 on a draft, `copy` 0 on paper that is no numbered copy, `party` the position of the party (from 1)
    on a page that carries the box of that one party alone, else 0. `aside` tells the sheets that go with a document (a
    checklist, an envelope) from its own pages and from a party's own sheet. Refused with ValueError what no page can carry.
    """

    reference: str
    version: int
    page: int
    pages: int
    copy: int = 0
    party: int = 0
    aside: bool = False

    def __post_init__(self) -> None:
        if not can_be_marked(self.reference):
            raise ValueError(f"not a reference that a mark can carry: {self.reference!r}")
        numbers = [self.version, self.page, self.pages, self.copy, self.party]
        if not all(0 <= number <= LARGEST for number in numbers) or not 1 <= self.page <= self.pages:
            raise ValueError(f"not a page: {self.page} of {self.pages}, {numbers}")


def can_be_marked(reference: str) -> bool:
    """Whether a mark can carry a reference: capitals, digits and hyphens between them, at most LONGEST."""
    return len(reference) <= LONGEST and re.fullmatch(_REFERENCE, reference, re.ASCII) is not None


class Found(NamedTuple):
    """A mark that was read, and the corner in which it stood."""

    mark: Mark
    corner: Corner


def encode(mark: Mark, corner: Corner, *, key: bytes, address: str = "") -> str:
    """The text of the code in one corner; `address` (`HTTPS://HOST/S/`, upper case) goes before it."""
    text = f"{mark.reference}.{_numbers(mark, page='P', pages='N')}{corner}"
    return f"{address}{text}.{_authenticator(key, 'code', text, CODE_LENGTH)}"


def read(text: str, *, keys: Sequence[bytes]) -> Found:
    """The mark in the text of a code, with or without an address before it, whatever the host.

    Also from a hand scanner behind an input method: lower case and full-width signs are read. `NotAMark` refuses
    what is something else, `Forged` what none of `keys` gives.
    """
    found = _CODE.fullmatch(_plain(text))
    if found is None:
        raise NotAMark(text[:100])
    mark = _mark(found, found["reference"])
    if _canonical(found["text"], mark, found["corner"]) and _fits(
        keys, "code", found["text"], found["authenticator"]
    ):
        return Found(mark, cast("Corner", found["corner"]))
    raise Forged(mark)


def spoken(mark: Mark, *, keys: Sequence[bytes]) -> str:
    """The mark as people read and type it: `TJ10-0016 V3-5/13 C1 A2 K7M2PQ`, by the newest of `keys`."""
    text = f"{mark.reference} {_numbers(mark, page='-', pages='/', apart=' ')}"
    return f"{text} {_authenticator(keys[0], 'spoken', text, SPOKEN_LENGTH)}"


def typed(text: str, *, keys: Sequence[bytes]) -> Mark:
    """The mark that somebody typed from a page; case, blanks, full-width signs, O for 0, I or l for 1 do not matter.

    `NotAMark` refuses what is something else, `Forged` what none of `keys` gives.
    """
    plain = _plain(text)
    found = _SPOKEN.fullmatch(plain[:-SPOKEN_LENGTH])
    authenticator = plain[-SPOKEN_LENGTH:].translate(_LOOKALIKE)
    if found is None or set(authenticator) - set(ALPHABET):
        raise NotAMark(text[:100])
    marks = [_mark(found, reference) for reference in _spellings(found["reference"])]
    for mark in marks:
        said = f"{mark.reference} {_numbers(mark, page='-', pages='/', apart=' ')}"
        if _fits(keys, "spoken", said, authenticator):
            return mark
    raise Forged(marks[0])


def _numbers(mark: Mark, *, page: str, pages: str, apart: str = "") -> str:
    parts = [f"V{mark.version}{page}{mark.page}{pages}{mark.pages}"]
    if mark.copy:
        parts.append(f"C{mark.copy}")
    if mark.party:
        parts.append(f"A{mark.party}")
    if mark.aside:
        parts.append("E")
    return apart.join(parts)


def _canonical(text: str, mark: Mark, corner: str) -> bool:
    return text == f"{mark.reference}.{_numbers(mark, page='P', pages='N')}{corner}"


def _plain(text: str) -> str:
    """The text as it was printed: no blanks, capitals, half-width signs."""
    if len(text) > _LONGEST_TEXT:
        raise NotAMark(text[:100])
    folded = unicodedata.normalize("NFKC", text.translate(_PUNCTUATION)).translate(_PUNCTUATION)
    return "".join(folded.split()).upper()


def _mark(found: re.Match[str], reference: str) -> Mark:
    # More digits than any number has: int() of a very long text is slow, and refused with an error of its own.
    version, page, pages, copy, party = (
        int((found[name] or "0").translate(_LOOKALIKE)[:9])
        for name in ("version", "page", "pages", "copy", "party")
    )
    try:
        return Mark(reference, version, page, pages, copy, party, aside=bool(found["aside"]))
    except ValueError as impossible:
        raise NotAMark(found.string[:100]) from impossible


def _spellings(reference: str) -> Iterator[str]:
    """The reference as typed, then with letters and digits that look alike exchanged; its last part is a number."""
    head, _dash, number = reference.rpartition("-")
    number = number.translate(_LOOKALIKE)
    for spelling in islice(product(*(_SAME_LOOKS.get(sign, sign) for sign in head)), _SPELLINGS):
        yield f"{''.join(spelling)}-{number}"


def _authenticator(key: bytes, kind: str, text: str, length: int) -> str:
    """`length` characters, five bits each, of the HMAC of a text; what was made for one kind serves for no other."""
    value = int.from_bytes(hmac.digest(key, f"{kind}:{text}".encode(), "sha256"))
    return "".join(ALPHABET[value >> (256 - 5 * (place + 1)) & 31] for place in range(length))


def _fits(keys: Iterable[bytes], kind: str, text: str, authenticator: str) -> bool:
    return any(
        hmac.compare_digest(_authenticator(key, kind, text, len(authenticator)), authenticator)
        for key in keys
    )
