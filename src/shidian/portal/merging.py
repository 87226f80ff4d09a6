"""Two texts of one field: in which words they differ, and what became of the earlier one in the later."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shidian.questionnaires import prose
from shidian.questionnaires.definition import Field
from shidian.ui.questionnaire import shown_text

_LONGEST = 6000
"""Beyond this many characters the differences are marked by paragraphs only: comparing letters takes too long."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `new` when the other text does not have it."""

    text: str
    new: bool


@dataclass(frozen=True, slots=True)
class TwoTexts:
    """A field that two people changed: the words of each, what differs marked. `mergeable`: can be put together by hand."""

    field: Field
    mine_value: Any
    mine: tuple[Piece, ...]
    theirs: tuple[Piece, ...]
    mergeable: bool
    together: str
    who: str
    number: int
    at: datetime


def two_texts(field: Field, mine: Any, theirs: Any, *, who: str, number: int, at: datetime) -> TwoTexts:
    """Both texts of a field side by side."""
    left, right = shown_text(field, mine), shown_text(field, theirs)
    # Of a long answer the words are compared; put together by hand it is the text as it is written.
    marked_left, marked_right = _marked(readable(field, left), readable(field, right))
    together = f"{left}\n{right}" if field.type == "long_text" else left
    mergeable = field.type in ("text", "long_text")
    return TwoTexts(field, mine, marked_left, marked_right, mergeable, together, who, number, at)


def readable(field: Field, text: str) -> str:
    """A text as it is compared and read where only text stands: rows of tables without their bars."""
    return prose.words(text) if field.rich else text


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of a text beside its earlier one; `kind` is same, new or gone."""

    text: str
    kind: Literal["same", "new", "gone"]


def word_changes(before: str, after: str) -> tuple[Change, ...]:
    """What became of a text: kept, added and removed stretches in reading order."""
    changes: list[Change] = []
    for tag, old, new in _stretches(before, after):
        if tag == "equal":
            changes.append(Change(new, "same"))
            continue
        if old:
            changes.append(Change(old, "gone"))
        if new:
            changes.append(Change(new, "new"))
    return tuple(changes)


def _stretches(left: str, right: str) -> Iterator[tuple[str, str, str]]:
    by_letters = len(left) + len(right) <= _LONGEST
    a = list(left) if by_letters else left.splitlines(keepends=True)
    b = list(right) if by_letters else right.splitlines(keepends=True)
    for tag, a1, a2, b1, b2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        yield tag, "".join(a[a1:a2]), "".join(b[b1:b2])


def _marked(left: str, right: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    ours: list[Piece] = []
    others: list[Piece] = []
    for tag, old, new in _stretches(left, right):
        if old:
            ours.append(Piece(old, tag != "equal"))
        if new:
            others.append(Piece(new, tag != "equal"))
    return tuple(ours), tuple(others)
