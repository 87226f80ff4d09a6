"""The table of what people are told: whole, and without anything personal in a subject line."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from shidian.calls.letters import IN_SUBJECTS, LETTERS, faults, placeholders
from shidian.notifications.kinds import BY_EVENT, FOR_BOTH, FOR_EXPERTS, FOR_OFFICES, KINDS, kinds_of
from shidian.notifications.letters import LABELS
from shidian.notifications.sending import composers
from shidian.notifications.told import WORDINGS
from shidian.notifications.wording import shipped
from shidian.ui.history import WORDINGS as ALL

SOURCES = Path(__file__).resolve().parents[2] / "src" / "shidian"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_title_tells_of_persons_units_or_pilots(kind):
    assert placeholders(kind.title) <= IN_SUBJECTS


def subjects():
    """The first argument of every letter that is written in code, with the names that are put into it."""
    for path in (*(SOURCES / "notifications").glob("*.py"), SOURCES / "portal" / "reset_letter.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            first = node.args[0]
            if name in ("letter", "Letter") and not isinstance(first, ast.Name):
                yield f"{path.name}:{node.lineno}", first


def test_no_subject_in_code_tells_more_than_numbers():
    allowed = {
        "application.reference",
        "values['reference']",
        "len(urgent)",
        "count",
        "self.subject",
        "subject",
    }
    told = {
        ast.unparse(part.value)
        for _where, first in subjects()
        for part in ast.walk(first)
        if isinstance(part, ast.FormattedValue)
    }

    assert len(list(subjects())) > 8
    assert told <= allowed


def test_every_event_that_is_told_has_words_and_every_letter_a_maker():
    assert set(WORDINGS) <= set(ALL)
    assert set(BY_EVENT) <= set(WORDINGS)
    assert {key for key, kind in KINDS.items() if kind.named} <= set(composers)
    assert set(LABELS) == set(composers) - set(KINDS)


def test_what_a_call_may_word_is_what_the_system_says():
    """The words of the system would pass the check that the words of a call have to pass."""
    for key, names in LETTERS.items():
        kind = KINDS[key]
        assert placeholders(kind.title) <= names, key
        assert placeholders(kind.more) <= names, key
        assert list(faults(key, shipped(kind).subject, shipped(kind).text)) == [], key
        assert not kind.named


def test_everybody_gets_the_kinds_of_what_one_does():
    applicant = {kind.key for kind in kinds_of(applies=True, receives=False, judges=False)}
    officer = {kind.key for kind in kinds_of(applies=False, receives=True, judges=False)}
    expert = {kind.key for kind in kinds_of(applies=False, receives=False, judges=True)}

    assert applicant & officer == set(FOR_BOTH)
    assert officer - applicant == set(FOR_OFFICES)
    assert expert == set(FOR_EXPERTS)
    assert {kind.key for kind in kinds_of(applies=True, receives=True, judges=True)} == set(KINDS)
