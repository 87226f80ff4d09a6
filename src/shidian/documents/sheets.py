"""Writes tables as .xlsx and .csv files: text stays text, and the same rows give the same bytes."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import BytesIO, StringIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from shidian.core.errors import Invalid

Cell = str | int | float | date | datetime | None

LONGEST_TEXT = 32_767
MOST_ROWS = 1_048_575
NARROWEST, WIDEST = 6, 48
FORBIDDEN_IN_NAMES = re.compile(r"[\[\]:*?/\\]")


def write_rows(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    created: datetime,
) -> bytes:
    """Returns an .xlsx file with one sheet: a header of `columns`, then `rows`, read once and not kept in memory.

    Text is never taken for a formula, a number or a link. The header stays in view, can be filtered and repeats on
    every printed page (A4 landscape, `title` at the top). `created` dates the file: same arguments, same bytes.
    Refused with Invalid: a row with too few or too many cells, a text or a table longer than the format can hold.
    """
    target = BytesIO()
    workbook = xlsxwriter.Workbook(
        target,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": True,
            "remove_timezone": True,
        },
    )
    workbook.set_properties({"title": title, "created": created.replace(tzinfo=None)})
    looks = {
        "font_name": "宋体",
        "font_size": 11,
        "valign": "vcenter",
        "text_wrap": True,
        "border": 1,
    }
    heading = workbook.add_format({**looks, "bold": True, "align": "center", "bg_color": "#F0F0F0"})
    formats: dict[type, Format] = {
        kind: workbook.add_format({**looks, "num_format": number})
        for kind, number in ((str, "General"), (date, "yyyy-mm-dd"), (datetime, "yyyy-mm-dd hh:mm:ss"))
    }

    sheet = workbook.add_worksheet(_sheet_name(title))
    widths = [_width(label) for label in columns]
    for position, label in enumerate(columns):
        sheet.write_string(0, position, label, heading)
    last = 0
    for last, row in enumerate(rows, start=1):
        if last > MOST_ROWS:
            raise Invalid(f"一张表最多 {MOST_ROWS} 行，请分批导出。")
        if len(row) != len(columns):
            raise Invalid(f"第 {last} 行有 {len(row)} 格，应有 {len(columns)} 格。")
        for position, value in enumerate(row):
            if isinstance(value, str) and len(value) > LONGEST_TEXT:
                raise Invalid(
                    f"第 {last} 行“{columns[position]}”超过 {LONGEST_TEXT} 个字，一个单元格放不下。"
                )
            _write(sheet, (last, position), value, formats)
            widths[position] = max(widths[position], _width(value))
    for position, width in enumerate(widths):
        sheet.set_column(position, position, min(max(width + 2, NARROWEST), WIDEST))
    _set_up_print(sheet, title, last, len(columns))
    workbook.close()
    return target.getvalue()


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The same as comma-separated text in UTF-8 with a mark by which spreadsheets know it.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    target = StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow([_harmless(label) for label in columns])
    for row in rows:
        writer.writerow([_harmless(value) for value in row])
    return target.getvalue().encode("utf-8-sig", "replace")


def _harmless(value: Cell) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _write(sheet: Worksheet, place: tuple[int, int], value: Cell, formats: dict[type, Format]) -> None:
    plain = formats[str]
    if value is None or value == "":
        sheet.write_blank(*place, None, plain)
    elif isinstance(value, bool):
        sheet.write_string(*place, "是" if value else "否", plain)
    elif isinstance(value, str):
        sheet.write_string(*place, value, plain)
    elif isinstance(value, date):
        sheet.write_datetime(*place, value, formats[type(value)])
    else:
        sheet.write_number(*place, value, plain)


def _set_up_print(sheet: Worksheet, title: str, last_row: int, columns: int) -> None:
    sheet.freeze_panes(1, 0)
    if columns:
        sheet.autofilter(0, 0, last_row, columns - 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.6, right=0.6, top=0.9, bottom=0.7)
    # "&" begins a code in headers, and the whole header holds 255 characters.
    sheet.set_header("&C&16" + " " + title.replace("&", "&&")[:200])
    sheet.set_footer("&C第 &P 页　共 &N 页")


def _sheet_name(title: str) -> str:
    """A name that the format allows: 31 characters, without brackets, colons, slashes and quotes at the ends."""
    return FORBIDDEN_IN_NAMES.sub(" ", title).strip(" '")[:31].strip(" '") or "清单"


def _width(value: Cell) -> int:
    """The widest line of a cell in half-width characters."""
    if isinstance(value, datetime):
        return 19
    if isinstance(value, date):
        return 10
    text = "" if value is None else str(value)
    # Longer lines wrap at the widest column anyway.
    return max(
        (sum(_is_wide(sign) + 1 for sign in line[:WIDEST]) for line in text.split("\n")),
        default=0,
    )


def _is_wide(sign: str) -> bool:
    return unicodedata.east_asian_width(sign) in "WFA"
