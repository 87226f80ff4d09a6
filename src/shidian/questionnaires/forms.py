"""Reads what was typed or posted into the values that are stored; accepts everything, loses nothing but invisible marks.

Control names: `<field>`; `<field>-from`, `<field>-to`; `<field>-province`, `<field>-county`, `<field>-detail`;
`<field>-<row>-<column>` with rows counted from 1. The id of a control is `f-` and its name.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shidian.organisations.codes import (
    contacts,
    document_number,
    economic_types,
    industries,
    months,
    regions,
    standard_number,
    unit_code,
)
from shidian.questionnaires.definition import COMPOSITE, Column, Field, Section

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Control characters, marks of direction and of zero width; joiners and variation selectors stay, they change a glyph.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile(r"[ ]*\n\s*")
_ROW = re.compile(r"([1-9][0-9]{0,3})-([a-z0-9_]+)", re.ASCII)
_YES_NO = {
    "yes": "yes",
    "no": "no",
    "是": "yes",
    "否": "no",
    "true": "yes",
    "false": "no",
    "有": "yes",
    "无": "no",
}


def read(section: Section, data: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The values of a section from a posted form: whatever can be read, in the shape that is stored.

    A field of which no control was posted is left out, so that a part of a form never wipes the rest. A table is posted
    with at least one row, which may be blank; blank rows are dropped. Nothing is refused.
    """
    values: dict[str, Any] = {}
    for field in section.fields:
        if field.type == "rows":
            rows = _posted_rows(field, data)
            if rows is not None:
                values[field.key] = clean(field, rows)
        elif parts := COMPOSITE.get(field.type):
            posted = {
                part: _last(data, f"{field.key}-{part}") for part in parts if f"{field.key}-{part}" in data
            }
            if posted:
                values[field.key] = clean(field, posted)
        elif field.key in data:
            values[field.key] = clean(field, _last(data, field.key))
    return values


def clean(field: Field, raw: Any) -> Any:
    """The stored value for anything given: text in NFC without invisible marks, codes in half-width, rows without blanks.

    Wrong content is kept as text, for the checks to name; a wrong shape becomes blank.
    """
    if field.type == "rows":
        return _clean_rows(field, raw)
    if field.type == "month_range":
        given = raw if isinstance(raw, Mapping) else {}
        return {part: months.normalise_month(_line(given.get(part))) for part in ("from", "to")}
    if field.type == "region":
        return _clean_region(raw)
    return _clean_text(field.type, raw)


def plain_text(raw: Any) -> str:
    """Text that can be stored and printed: NFC, line ends as LF, tabs as blanks, no control characters or half pairs."""
    if not isinstance(raw, str):
        return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**15 else ""
    if raw.isprintable() and (raw.isascii() or unicodedata.is_normalized("NFC", raw)):
        return raw
    text = raw
    if _SURROGATE.search(text):
        # Two halves of a pair are put together; a lone half cannot be stored and becomes the replacement character.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text)).replace("\t", " ")
    return unicodedata.normalize("NFC", text)


def _line(raw: Any) -> str:
    text = plain_text(raw)
    return (_BREAKS.sub(" ", text) if "\n" in text else text).strip()


def _paragraphs(raw: Any) -> str:
    text = plain_text(raw)
    # Blanks at the start of the first line are an indent and stay; empty lines around the text go.
    return re.sub(r"\A(?:[^\S\n]*\n)+", "", text).rstrip() if text else text


def _clean_text(kind: str, raw: Any) -> str:
    if kind == "long_text":
        return _paragraphs(raw)
    text = _line(raw)
    normalise = _NORMALISE.get(kind)
    return _composed(normalise(text)) if normalise else text


def _half_width(text: str) -> str:
    return _composed("".join(unicodedata.normalize("NFKC", text).split())) if len(text) <= 100 else text


def _composed(text: str) -> str:
    # Taking blanks out can bring a letter and its mark together.
    return text if text.isascii() else unicodedata.normalize("NFC", text)


_NORMALISE: dict[str, Callable[[str], str]] = {
    "month": months.normalise_month,
    "month_or_text": months.normalise_month,
    "date": months.normalise_day,
    "unit_code": unit_code.normalise,
    "postcode": contacts.normalise_postcode,
    "phone": contacts.normalise_phone,
    "email": contacts.normalise_email,
    "yes_no": lambda text: _YES_NO.get(text.lower(), text),
    "document_number": document_number.normalise,
    "standard_number": standard_number.normalise,
    "industry": industries.normalise,
    "economic_type": economic_types.normalise,
}


def _clean_region(raw: Any) -> dict[str, str]:
    given = raw if isinstance(raw, Mapping) else {}
    province, county = _half_width(_line(given.get("province"))), _half_width(_line(given.get("county")))
    if county and not province and regions.exists(county):
        province = regions.province_of(county)
    return {"province": province, "county": county, "detail": _line(given.get("detail"))}


def _clean_rows(field: Field, raw: Any) -> list[dict[str, str]]:
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        return []
    rows = (
        {c.key: _clean_cell(c, row.get(c.key)) for c in field.columns}
        for row in raw
        if isinstance(row, Mapping)
    )
    return [row for row in rows if any(row.values())]


def _clean_cell(column: Column, raw: Any) -> str:
    return _clean_text(column.type, raw)


def _posted_rows(field: Field, data: Mapping[str, Sequence[str]]) -> list[dict[str, str]] | None:
    prefix = field.key + "-"
    columns = {column.key for column in field.columns}
    rows: dict[int, dict[str, str]] = {}
    for name in data:
        if name.startswith(prefix) and (found := _ROW.fullmatch(name, len(prefix))) and found[2] in columns:
            rows.setdefault(int(found[1]), {})[found[2]] = _last(data, name)
    return [rows[number] for number in sorted(rows)] if rows else None


def _last(data: Mapping[str, Sequence[str]], name: str) -> str:
    given = data[name]
    if isinstance(given, str):
        return given
    return given[-1] if given else ""
