"""Two people changed one section: which fields differ, in which words, and what comes out of a person's choice."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shidian.questionnaires.definition import Field, Section
from shidian.ui.questionnaire import shown_text

_LONGEST = 6000
"""Beyond this many characters the differences are marked by paragraphs only: comparing letters takes too long."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `new` when the other text does not have it."""

    text: str
    new: bool


@dataclass(frozen=True, slots=True)
class Contested:
    """A field that both changed, each to something else. `mergeable`: plain text that can be put together by hand."""

    field: Field
    mine: tuple[Piece, ...]
    theirs: tuple[Piece, ...]
    mergeable: bool
    together: str


def merged(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Their values with everything that only I changed."""
    only_mine = {
        key: value
        for key, value in mine.items()
        if value != base.get(key) and theirs.get(key) == base.get(key)
    }
    return {**theirs, **only_mine}


def contested(
    section: Section, base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> list[Contested]:
    """The fields that both changed in different ways, in the order of the form."""
    found = []
    for field in section.fields:
        ours, others, before = mine.get(field.key), theirs.get(field.key), base.get(field.key)
        if field.key not in mine or ours in (others, before) or others == before:
            continue
        left, right = shown_text(field, ours), shown_text(field, others)
        marked_left, marked_right = _marked(left, right)
        mergeable = field.type in ("text", "long_text")
        together = f"{left}\n{right}" if field.type == "long_text" else left
        found.append(Contested(field, marked_left, marked_right, mergeable, together))
    return found


def _marked(left: str, right: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    by_letters = len(left) + len(right) <= _LONGEST
    a = list(left) if by_letters else left.splitlines(keepends=True)
    b = list(right) if by_letters else right.splitlines(keepends=True)
    ours: list[Piece] = []
    others: list[Piece] = []
    for tag, a1, a2, b1, b2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if a2 > a1:
            ours.append(Piece("".join(a[a1:a2]), tag != "equal"))
        if b2 > b1:
            others.append(Piece("".join(b[b1:b2]), tag != "equal"))
    return tuple(ours), tuple(others)
