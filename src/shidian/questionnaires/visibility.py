"""Which sections and fields count for given answers.

What an earlier answer does not call for is not asked, checked, counted or printed; what was written in it stays stored
and is there again when it is called for. A form without conditions costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shidian.questionnaires.definition import Field, Questionnaire, Section
from shidian.questionnaires.expressions import (
    Expression,
    NotAnExpression,
    Scope,
    conditional,
    expression,
    failed,
)


@dataclass(frozen=True, slots=True)
class Visible:
    """What counts: everything but the `hidden` sections (by key) and fields (by `section.field`)."""

    hidden: frozenset[str] = frozenset()

    def section(self, section: str) -> bool:
        """Whether a section counts."""
        return section not in self.hidden

    def field(self, section: str, field: str) -> bool:
        """Whether a field counts; no field of a hidden section does."""
        return not self.hidden or (section not in self.hidden and f"{section}.{field}" not in self.hidden)


EVERYTHING = Visible()
"""Nothing is hidden."""

_Condition = tuple[Section, Field | None, Expression]


def visible(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> Visible:
    """Which sections and fields count for these answers.

    Conditions are asked in the order of the form; what is hidden is blank for those that follow. One that cannot be
    asked hides nothing. Never raises, whatever is stored.
    """
    conditions = _conditions(questionnaire)
    if not conditions:
        return EVERYTHING
    scope = Scope(questionnaire, answers)
    for section, field, condition in conditions:
        if field is not None and section.key in scope.hidden:
            continue
        path = f"{section.key}.{field.key}" if field else section.key
        try:
            holds = scope.run(condition)
        except Exception as wrong:  # noqa: BLE001 (a fault of the package must not break a page)
            failed(questionnaire, f"visible_when of {path}", wrong)
            continue
        if holds is False:
            scope.hidden.add(path)
    return Visible(frozenset(scope.hidden)) if scope.hidden else EVERYTHING


def shown(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> dict[str, bool]:
    """Whether each section (`key`) and field (`section.field`) that has a condition is shown: for the page to follow.

    Empty for a form without conditions.
    """
    conditions = _conditions(questionnaire)
    if not conditions:
        return {}
    hidden = visible(questionnaire, answers).hidden
    paths = [f"{section.key}.{field.key}" if field else section.key for section, field, _ in conditions]
    return {path: path not in hidden for path in paths}


def steers(questionnaire: Questionnaire, path: str) -> bool:
    """Whether a condition looks at the field `section.field`: only a save of such a field has anything to show anew."""
    watched: frozenset[str] | None = questionnaire.prepared.get("watched")
    if watched is None:
        watched = frozenset(
            f"{section}.{key}"
            for _, _, condition in _conditions(questionnaire)
            for section, key in condition.needs
        )
        questionnaire.prepared["watched"] = watched
    return path in watched


def counted(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers without those that do not count: what is frozen, signed and sent."""
    known = visible(questionnaire, answers)
    if not known.hidden:
        return dict(answers)
    return {
        section: {key: value for key, value in values.items() if known.field(section, key)}
        if isinstance(values, Mapping)
        else values
        for section, values in answers.items()
        if known.section(section)
    }


def sections(questionnaire: Questionnaire, known: Visible) -> list[Section]:
    """The sections that count, in order."""
    return [section for section in questionnaire.sections if known.section(section.key)]


def _conditions(questionnaire: Questionnaire) -> list[_Condition]:
    prepared: list[_Condition] | None = questionnaire.prepared.get("visibility")
    if prepared is None:
        prepared = []
        for section, field, source in conditional(questionnaire):
            try:
                prepared.append((section, field, expression(questionnaire, source)))
            except NotAnExpression as wrong:
                failed(questionnaire, f"visible_when of {section.key}.{field.key if field else ''}", wrong)
        questionnaire.prepared["visibility"] = prepared
    return prepared
