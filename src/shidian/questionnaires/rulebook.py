"""The rules that a call package declares across fields, asked of given answers.

Compiled once a form; a rule that cannot be asked of some answers is skipped for them and logged once.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shidian.questionnaires.definition import COMPOSITE, Field, Questionnaire, Rule
from shidian.questionnaires.expressions import (
    Expression,
    NotAnExpression,
    Scope,
    expression,
    failed,
)
from shidian.questionnaires.functions import blank, join, written
from shidian.questionnaires.problems import Problem
from shidian.questionnaires.visibility import Visible

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class _Ready:
    rule: Rule
    field: Field
    anchor: str
    when: Expression | None
    must: Expression
    show: dict[str, Expression]
    cells: frozenset[str]


def broken(
    questionnaire: Questionnaire, answers: Mapping[str, Any], known: Visible, *, section: str | None = None
) -> list[Problem]:
    """A problem for every rule that these answers break, rows in their order; of one section when it is named.

    Rules at hidden fields are not asked, and hidden answers are blank for all others. Never raises.
    """
    ready = [one for one in _rules(questionnaire) if section in (None, one.rule.section)]
    if not ready:
        return []
    scope = Scope(questionnaire, answers, together=_together(ready))
    scope.hidden = set(known.hidden)
    found: list[Problem] = []
    for one in ready:
        if not known.field(one.rule.section, one.rule.field):
            continue
        try:
            found.extend(_asked(one, answers, scope))
        except Exception as wrong:  # noqa: BLE001 (a fault of the package must not break a page)
            failed(questionnaire, f"rule {one.rule.key}", wrong)
    return found


def _asked(one: _Ready, answers: Mapping[str, Any], scope: Scope) -> Iterator[Problem]:
    rule = one.rule
    values = answers.get(rule.section)
    stored = values.get(rule.field) if isinstance(values, Mapping) else None
    place = (rule.section, rule.field)
    if not rule.column:
        if (rule.also_blank or not blank(stored)) and (words := _broken(one, scope)) is not None:
            yield Problem(*place, one.anchor, _message(one, words), rule.severity, rule.key)
        return
    # Only what the rule looks at is handed over: a cell may hold a thousand characters, and there may be sixty rows.
    # Rows that are alike in that are asked once.
    told: dict[tuple[str, ...], dict[str, str] | None] = {}
    for number, row in enumerate(stored if isinstance(stored, list) else (), 1):
        if not isinstance(row, Mapping) or blank(row if rule.also_blank else row.get(rule.column)):
            continue
        cells = {key: text if isinstance(text := row.get(key), str) else "" for key in one.cells}
        seen = tuple(cells.values())
        if seen not in told:
            scope.at_row(cells)
            told[seen] = _broken(one, scope)
        if (words := told[seen]) is not None:
            anchor = f"{one.anchor}-{number}-{rule.column}"
            message = _message(one, {**words, "row": str(number)})
            yield Problem(*place, anchor, message, rule.severity, f"{rule.key}[{number}]")


def _broken(one: _Ready, scope: Scope) -> dict[str, str] | None:
    """The words for the message when the rule is broken, else None."""
    if one.when is not None and scope.run(one.when) is not True:
        return None
    if scope.run(one.must) is not False:
        return None
    return {name: _shown(scope.run(source)) for name, source in one.show.items()}


def _message(one: _Ready, words: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: words.get(found[1], found[0]), one.rule.message)


def _shown(value: Any) -> str:
    text = join(value) if isinstance(value, list) else written(value)
    return text if len(text) <= 200 else text[:199] + "…"


def _rules(questionnaire: Questionnaire) -> list[_Ready]:
    prepared: list[_Ready] | None = questionnaire.prepared.get("rulebook")
    if prepared is None:
        prepared = []
        for rule in questionnaire.rules:
            try:
                prepared.append(_ready(questionnaire, rule))
            except (NotAnExpression, LookupError) as wrong:
                failed(questionnaire, f"rule {rule.key}", wrong)
        questionnaire.prepared["rulebook"] = prepared
    return prepared


def _ready(questionnaire: Questionnaire, rule: Rule) -> _Ready:
    field = questionnaire.section(rule.section).field(rule.field)
    parts = COMPOSITE.get(field.type)
    when = expression(questionnaire, rule.when) if rule.when else None
    must = expression(questionnaire, rule.must)
    show = {name: expression(questionnaire, source) for name, source in rule.show.items()}
    sources = [source for source in (when, must, *show.values()) if source]
    cells = frozenset().union(*(source.cells for source in sources))
    return _Ready(
        rule, field, f"f-{field.key}-{parts[0]}" if parts else f"f-{field.key}", when, must, show, cells
    )


def _together(ready: list[_Ready]) -> dict[str, set[str]]:
    """The fields that these rules look at, by section: handed over at once, a section is converted once."""
    found: dict[str, set[str]] = {}
    for one in ready:
        for source in (one.when, one.must, *one.show.values()):
            for section, key in source.needs if source else ():
                found.setdefault(section, set()).add(key)
    return found
