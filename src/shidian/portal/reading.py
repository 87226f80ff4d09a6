"""Answers as they are read, not filled in: every field with its words, by section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shidian.questionnaires.checks import is_blank
from shidian.questionnaires.definition import Field, Questionnaire
from shidian.questionnaires.printing import one_line, value
from shidian.questionnaires.visibility import sections, visible
from shidian.ui.answer import Address, answer_blocks


def written(
    questionnaire: Questionnaire, answers: Mapping[str, Any], *, address: Address = lambda name: None
) -> list[dict[str, Any]]:
    """Each section with its fields: text, blocks of a long answer, or the rows of a table with their columns.

    Fields left blank are told as such; `address` tells where a picture of a long answer is served.
    """
    found = []
    known = visible(questionnaire, answers)
    for section in sections(questionnaire, known):
        values = answers.get(section.key) or {}
        asked = [field for field in section.fields if known.field(section.key, field.key)]
        lines = [_line(field, values.get(field.key), address) for field in asked]
        found.append(
            {
                "section": section,
                "lines": [line for line in lines if line["text"] or line["rows"] or line["needed"]],
            }
        )
    return found


def _line(field: Field, stored: Any, address: Address) -> dict[str, Any]:
    line: dict[str, Any] = {"field": field, "text": "", "blocks": "", "rows": [], "needed": field.required}
    if is_blank(stored):
        return line
    if field.type == "rows":
        line["rows"] = [[row[column.key] for column in field.columns] for row in value(field, stored)]
    elif field.type in ("month_range", "region"):
        line["text"] = one_line(field, stored)
    else:
        line["text"] = str(value(field, stored))
        line["blocks"] = answer_blocks(line["text"], address) if field.rich else ""
    return line
