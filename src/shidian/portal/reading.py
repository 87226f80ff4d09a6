"""Answers as they are read, not filled in: every field with its words, by section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shidian.questionnaires.checks import is_blank
from shidian.questionnaires.definition import Field, Questionnaire
from shidian.questionnaires.printing import one_line, value
from shidian.questionnaires.visibility import sections, visible


def written(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each section with its fields: text, or the rows of a table with their columns. Fields left blank are told as such."""
    found = []
    known = visible(questionnaire, answers)
    for section in sections(questionnaire, known):
        values = answers.get(section.key) or {}
        asked = [field for field in section.fields if known.field(section.key, field.key)]
        lines = [_line(field, values.get(field.key)) for field in asked]
        found.append(
            {
                "section": section,
                "lines": [line for line in lines if line["text"] or line["rows"] or line["needed"]],
            }
        )
    return found


def _line(field: Field, stored: Any) -> dict[str, Any]:
    line: dict[str, Any] = {"field": field, "text": "", "rows": [], "needed": field.required}
    if is_blank(stored):
        return line
    if field.type == "rows":
        line["rows"] = [[row[column.key] for column in field.columns] for row in value(field, stored)]
    elif field.type in ("month_range", "region"):
        line["text"] = one_line(field, stored)
    else:
        line["text"] = str(value(field, stored))
    return line
