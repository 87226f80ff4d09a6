"""What other weights would do to the order. Nothing of it is ever stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shidian.reviews.scoring.calculation import Line


@dataclass(frozen=True, slots=True)
class Move:
    """An application that would stand elsewhere; `passed` are those that it would leave behind, `passed_by` the others."""

    application: str
    before: int
    after: int
    passed: tuple[str, ...]
    passed_by: tuple[str, ...]


def swaps(before: Sequence[Line], after: Sequence[Line]) -> list[tuple[str, str]]:
    """The pairs (now in front, then in front) that would change places; a shared rank is no order."""
    old = {line.application: line.rank for line in before if line.rank}
    new = {line.application: line.rank for line in after if line.rank}
    known = [line.application for line in before if line.application in old and line.application in new]
    return [
        (first, second)
        for at, first in enumerate(known)
        for second in known[at + 1 :]
        if old[first] < old[second] and new[first] > new[second]
    ]


def moves(before: Sequence[Line], after: Sequence[Line]) -> list[Move]:
    """Every application whose rank would change, in the new order, with those whose place it would take."""
    old = {line.application: line.rank for line in before if line.rank}
    passed: dict[str, list[str]] = {}
    passed_by: dict[str, list[str]] = {}
    for first, second in swaps(before, after):
        passed.setdefault(second, []).append(first)
        passed_by.setdefault(first, []).append(second)
    return [
        Move(
            line.application,
            old[line.application],
            line.rank,
            tuple(passed.get(line.application, ())),
            tuple(passed_by.get(line.application, ())),
        )
        for line in after
        if line.rank and line.application in old and old[line.application] != line.rank
    ]
