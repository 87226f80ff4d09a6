"""The words of the answers as they stand on paper and in lists: names instead of codes, months as documents write them.

What cannot be read as its type is printed as it was typed; what has the wrong shape, and what an earlier answer does
not call for, is printed as nothing.
"""

from collections.abc import Mapping
from typing import Any

from shidian.organisations.codes import economic_types, industries, months, regions
from shidian.questionnaires import prose
from shidian.questionnaires.checks import is_blank
from shidian.questionnaires.definition import Column, Field, Questionnaire
from shidian.questionnaires.forms import plain_text
from shidian.questionnaires.visibility import visible

_YES_NO = {"yes": "是", "no": "否"}


def printable(
    questionnaire: Questionnaire, answers: Mapping[str, Any], *, blocks: bool = False
) -> dict[str, dict[str, Any]]:
    """What to print, by section and field; every field is there, blank ones as nothing.

    Text for most types; `month_range` as from_year, from_month, to_year, to_month; `region` as province, county, detail
    and text; `rows` as a list of rows of text. With `blocks`, as papers want it, a `rich` answer is a list of blocks, each
    with its `kind`: paragraph (text), item (marker, level, text), table (header, rows), picture (name, caption).
    """
    known = visible(questionnaire, answers)
    printed_field = _as_blocks if blocks else value
    printed: dict[str, dict[str, Any]] = {}
    for section in questionnaire.sections:
        values = answers.get(section.key)
        if not isinstance(values, Mapping):
            values = {}
        printed[section.key] = {
            field.key: printed_field(
                field, values.get(field.key) if known.field(section.key, field.key) else None
            )
            for field in section.fields
        }
    return printed


def _as_blocks(field: Field, stored: Any) -> Any:
    return prose.printable(plain_text(stored)) if field.rich else value(field, stored)


def value(field: Field, stored: Any) -> Any:
    """What to print of one answer; shapes as in `printable`."""
    match field.type:
        case "month_range":
            return _month_range(stored)
        case "region":
            return _region(stored)
        case "rows":
            rows = stored if isinstance(stored, list) else []
            return [
                {column.key: _text(column, row.get(column.key)) for column in field.columns}
                for row in rows
                if isinstance(row, Mapping) and not is_blank(dict(row))
            ]
        case _:
            return _text(field, stored)


def one_line(field: Field, stored: Any) -> str:
    """One answer in one line, for lists: 2024年1月至2025年12月, 天津市和平区, the first column of a table joined by 、."""
    shown = value(field, stored)
    match field.type:
        case "month_range":
            given = stored if isinstance(stored, Mapping) else {}
            ends = [months.written(plain_text(given.get(part))) for part in ("from", "to")]
            return "至".join(end for end in ends if end)
        case "region":
            return str(shown["text"])
        case "rows":
            first = field.columns[0].key
            return "、".join(row[first] for row in shown if row[first])
        case _:
            return " ".join((prose.words(shown) if field.rich else str(shown)).split())


def _text(asked: Field | Column, stored: Any) -> str:
    text = plain_text(stored)
    match asked.type:
        case "month" | "month_or_text":
            return months.written(text)
        case "date":
            return months.written_day(text)
        case "yes_no":
            return _YES_NO.get(text, text)
        case "industry":
            return industries.name(text) or text
        case "economic_type":
            return economic_types.name(text) or text
        case "choice" | "area":
            return next((choice.label for choice in asked.choices if choice.value == text), text)
        case _:
            return text


def _month_range(stored: Any) -> dict[str, str]:
    given = stored if isinstance(stored, Mapping) else {}
    printed = {}
    for part in ("from", "to"):
        text = plain_text(given.get(part))
        known = months.is_month(text)
        printed[f"{part}_year"] = text[:4] if known else text
        printed[f"{part}_month"] = str(int(text[5:7])) if known else ""
    return printed


def _region(stored: Any) -> dict[str, str]:
    given = stored if isinstance(stored, Mapping) else {}
    province, county, detail = (plain_text(given.get(part)) for part in ("province", "county", "detail"))
    return {
        "province": regions.name(province) or province,
        "county": regions.name(county) or county,
        "detail": detail,
        "text": (regions.full_name(county) or (regions.name(province) or province) + county) + detail,
    }
