"""Text that stands in two places: fingerprints by sampled hashes of short runs, and the passages that two texts share.

A text is compared by its letters, digits and Chinese characters alone, in one width and case: blanks and punctuation
may differ. A fingerprint is the set of 64-bit hashes of its runs of `RUN` characters of which one in `SAMPLE` is kept,
chosen by its value, so that a run copied anywhere is chosen there too (winnowing by modulus; Broder 1997, Schleimer
and others 2003). A shared passage of n characters shares about (n - RUN) / SAMPLE hashes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RUN = 12
SAMPLE = 8
LEAST = 5
"""Shared hashes from which two texts resemble each other; fewer come about by stock phrases."""
COMMON = 20
"""A hash in more texts than this is a phrase that everybody writes."""
GAP = 8
"""Passages nearer to one another than this, in characters that count, are one."""

Hashes = NDArray[np.uint64]

_FACTOR = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Passage:
    """What two texts share: from where to where in each, as offsets of the texts as given."""

    start: int
    end: int
    other_start: int
    other_end: int


class _Kept(dict[int, str]):
    """What is compared of each character, by its code point, for `str.translate`; filled as characters are met."""

    def __missing__(self, point: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(point)).casefold()
        self[point] = kept = "".join(one for one in folded if one.isalnum())
        return kept


_KEPT = _Kept()


def plain(text: str) -> str:
    """The characters that are compared."""
    return text.translate(_KEPT)


def _placed(text: str) -> tuple[str, list[int]]:
    """The characters that are compared, and where in `text` each of them stands."""
    parts = [_KEPT[ord(character)] for character in text]
    return "".join(parts), [place for place, part in enumerate(parts) for _one in part]


_UNKNOWN, _DROPPED, _SEVERAL = 0, 1, 2
_POINTS = np.zeros(0x110000, dtype=np.uint32)
"""What each code point is compared as: a code point, or one of the marks above; filled as characters are met."""


def _compared(text: str) -> NDArray[np.uint32]:
    """The code points of `plain(text)`, ten times as fast where no character stands for several."""
    points = _code_points(text)
    found: NDArray[np.uint32] = _POINTS[points]
    if (found == _UNKNOWN).any():
        for point in set(points[found == _UNKNOWN].tolist()):
            kept = _KEPT[point]
            _POINTS[point] = _DROPPED if not kept else ord(kept) if len(kept) == 1 else _SEVERAL
        found = _POINTS[points]
    if (found == _SEVERAL).any():
        return _code_points(plain(text))
    kept_points: NDArray[np.uint32] = found[found != _DROPPED]
    return kept_points


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _runs(compared: NDArray[np.uint32]) -> Hashes:
    """The hash of every run of code points, in order; empty for a text shorter than one run."""
    if len(compared) < RUN:
        return np.empty(0, dtype=np.uint64)
    # Runs of 3, 6 and 12 characters from those of half the length.
    points = compared.astype(np.uint64)
    total = _longer(_longer(points, points, 1), points, 2)
    total = _longer(total, total, 3)
    total = _longer(total, total, 6)
    total ^= total >> np.uint64(29)
    total *= np.uint64(0xBF58476D1CE4E5B9)
    total ^= total >> np.uint64(32)
    return total


def _longer(first: Hashes, then: Hashes, length: int) -> Hashes:
    """The hashes of runs that begin with one of `first` (of `length`) and go on with one of `then`."""
    factor = np.uint64(pow(_FACTOR, length, 1 << 64))
    following = then[length:]
    return first[: len(following)] * factor + following


def fingerprint(text: str) -> Hashes:
    """The sampled hashes of a text, sorted, each once."""
    runs = _runs(_compared(text))
    kept = np.sort(runs[runs % np.uint64(SAMPLE) == 0])
    return kept[np.r_[True, kept[1:] != kept[:-1]]] if len(kept) else kept


def packed(hashes: Hashes) -> bytes:
    """A fingerprint as bytes to be kept, eight a hash, little-endian."""
    return hashes.astype("<u8").tobytes()


def unpacked(content: bytes | memoryview) -> Hashes:
    """The fingerprint of kept bytes."""
    return np.frombuffer(content, dtype="<u8").astype(np.uint64)


def shared(one: Hashes, others: Mapping[Any, Hashes], *, known: Hashes | None = None) -> dict[Any, int]:
    """How many hashes one fingerprint shares with each of the others, from `LEAST` on; most first.

    Left out are `known` hashes (printed text of a form) and those in more than `COMMON` of the others.
    """
    mine = one if known is None else np.setdiff1d(one, known, assume_unique=True)
    hits = {key: mine[np.isin(mine, other, assume_unique=True)] for key, other in others.items()}
    found = [hashes for hashes in hits.values() if len(hashes)]
    if not found:
        return {}
    values, counts = np.unique(np.concatenate(found), return_counts=True)
    everyday = values[counts > COMMON]
    sums = {key: len(hashes) - int(np.isin(hashes, everyday).sum()) for key, hashes in hits.items()}
    return dict(sorted(((k, n) for k, n in sums.items() if n >= LEAST), key=lambda each: -each[1]))


def pairs(fingerprints: Sequence[Hashes], *, known: Hashes | None = None) -> dict[tuple[int, int], int]:
    """All pairs (by position, the smaller first) that share `LEAST` hashes or more, with how many; as in `shared`."""
    if not fingerprints:
        return {}
    values = np.concatenate(fingerprints)
    owners = np.repeat(np.arange(len(fingerprints)), [len(each) for each in fingerprints])
    if known is not None:
        kept = ~np.isin(values, known)
        values, owners = values[kept], owners[kept]
    order = np.argsort(values, kind="stable")
    values, owners = values[order], owners[order]
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]]) if len(values) else np.empty(0, dtype=int)
    sizes = np.diff(np.r_[starts, len(values)])
    met: list[NDArray[Any]] = []
    for size in range(2, COMMON + 1):
        groups = owners[starts[sizes == size][:, None] + np.arange(size)]
        left, right = np.triu_indices(size, 1)
        met.append((groups[:, left] * len(fingerprints) + groups[:, right]).ravel())
    codes, counts = np.unique(np.concatenate(met), return_counts=True)
    enough = counts >= LEAST
    return {
        (int(code) // len(fingerprints), int(code) % len(fingerprints)): int(count)
        for code, count in zip(codes[enough], counts[enough], strict=True)
    }


def passages(text: str, other: str, *, least: int = 24) -> list[Passage]:
    """The passages of `least` characters that count or more which both texts share, in the order of the first.

    Small differences within one are bridged; the passages do not overlap in the first text.
    """
    (mine, places), (theirs, other_places) = _placed(text), _placed(other)
    where: dict[int, list[int]] = {}
    for position, run in enumerate(_runs(_code_points(theirs)).tolist()):
        where.setdefault(run, []).append(position)
    spans: list[list[int]] = []  # start and end in mine, start and end in theirs, by characters that count
    for position, run in enumerate(_runs(_code_points(mine)).tolist()):
        places_there = where.get(run)
        if not places_there:
            continue
        last = spans[-1] if spans else [0, -GAP - 1, 0, 0]
        goes_on = position <= last[1] + GAP
        there = next((at for at in places_there if goes_on and 0 <= at + RUN - last[3] <= GAP + RUN), None)
        if there is not None:
            last[1], last[3] = position + RUN, there + RUN
        elif position >= last[1]:
            spans.append([position, position + RUN, places_there[0], places_there[0] + RUN])
    return [
        Passage(places[start], places[end - 1] + 1, other_places[begin], other_places[finish - 1] + 1)
        for start, end, begin, finish in spans
        if end - start >= least
    ]
