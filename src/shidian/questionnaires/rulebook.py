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
    row_of,
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
        if (rule.also_blank or not blank(stored)) and (message := _broken(one, scope)):
            yield Problem(*place, one.anchor, message, rule.severity, rule.key)
        return
    for number, row in enumerate(stored if isinstance(stored, list) else (), 1):
        if not isinstance(row, Mapping) or blank(dict(row)):
            continue
        cells = row_of(one.field, row)
        if not rule.also_blank and blank(cells[rule.column]):
            continue
        if message := _broken(one, scope, cells, number):
            anchor = f"{one.anchor}-{number}-{rule.column}"
            yield Problem(*place, anchor, message, rule.severity, f"{rule.key}[{number}]")


def _broken(one: _Ready, scope: Scope, row: Mapping[str, str] | None = None, number: int = 0) -> str:
    """The message when the rule is broken, else nothing."""
    if one.when is not None and scope.run(one.when, row) is not True:
        return ""
    if scope.run(one.must, row) is not False:
        return ""
    words = {name: _shown(scope.run(source, row)) for name, source in one.show.items()} | {"row": str(number)}
    return _PLACEHOLDER.sub(lambda found: words.get(found[1], found[0]), one.rule.message)


def _shown(value: Any) -> str:
    text = join(value) if isinstance(value, list) else written(value)
    return text if len(text) <= 200 else text[:199] + "…"


def _rules(questionnaire: Questionnaire) -> list[_Ready]:
    prepared: list[_Ready] | None = questionnaire.prepared.get("rulebook")
    if prepared is None:
        prepared = []
        for rule in questionnaire.rules:
            field = questionnaire.find(f"{rule.section}.{rule.field}")
            if field is None:
                continue
            parts = COMPOSITE.get(field.type)
            try:
                prepared.append(
                    _Ready(
                        rule,
                        field,
                        f"f-{field.key}-{parts[0]}" if parts else f"f-{field.key}",
                        expression(questionnaire, rule.when) if rule.when else None,
                        expression(questionnaire, rule.must),
                        {name: expression(questionnaire, source) for name, source in rule.show.items()},
                    )
                )
            except NotAnExpression as wrong:
                failed(questionnaire, f"rule {rule.key}", wrong)
        questionnaire.prepared["rulebook"] = prepared
    return prepared


def _together(ready: list[_Ready]) -> dict[str, set[str]]:
    """The fields that these rules look at, by section: handed over at once, a section is converted once."""
    found: dict[str, set[str]] = {}
    for one in ready:
        for source in (one.when, one.must, *one.show.values()):
            for section, key in source.needs if source else ():
                found.setdefault(section, set()).add(key)
    return found
