"""Reading a small table of text from CSV or XLSX, with the row numbers that a spreadsheet program shows."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from shidian.core.errors import Invalid

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 50_000
HEAD_WITHIN = 10
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Line:
    """One row by the keys of its columns."""

    number: int
    cells: Mapping[str, str]


def read_table(
    file: BinaryIO, columns: Mapping[str, Sequence[str]], needed: Sequence[str], *, most: int = MOST_ROWS
) -> list[Line]:
    """The filled rows below the header; `columns` gives for each key the words that a header may say.

    Refused (`Invalid`, at "file") when it cannot be read, or has no column for one of `needed`.
    """
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _wrong(_("文件太大，最多 10 MB。"))
    rows = _xlsx(content) if content[:2] == b"PK" else _csv(content)
    if len(rows) > most:
        raise _wrong(_("行数太多，最多 {most} 行，请分几次。").format(most=most))
    best: dict[str, int] = {}
    head = 0
    for number, cells in enumerate(rows[:HEAD_WITHIN], start=1):
        found = _recognised(cells, columns)
        if len(found) > len(best):
            best, head = found, number
    missing = [columns[key][0] for key in needed if key not in best]
    if missing:
        raise _wrong(_("表头里没有“{missing}”，请照模板写列名。").format(missing=_("”“").join(missing)))
    lines = []
    for number, cells in enumerate(rows[head:], start=head + 1):
        named = {key: cells[at] if at < len(cells) else "" for key, at in best.items()}
        if any(named.values()):
            lines.append(Line(number, named))
    if not lines:
        raise _wrong(_("表头下面没有内容。"))
    return lines


def _wrong(words: str) -> Invalid:
    return Invalid(words, [("file", words)])


def _recognised(cells: Sequence[str], columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    plain = [_plain(cell) for cell in cells]
    found: dict[str, int] = {}
    for key, words in columns.items():
        at = next((plain.index(_plain(word)) for word in words if _plain(word) in plain), None)
        if at is not None and at not in found.values():
            found[key] = at
    return found


def _plain(cell: str) -> str:
    return re.sub(r"[\s*:：]+", "", unicodedata.normalize("NFKC", cell)).casefold()


def _xlsx(content: bytes) -> list[list[str]]:
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        return [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except CalamineError:
        raise _wrong(
            _("Excel 表格读不出来，文件可能已损坏或设有密码，请另存为 .xlsx 或 .csv 再试。")
        ) from None


def _csv(content: bytes) -> list[list[str]]:
    text = None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if text is None or "\0" in text:
        raise _wrong(_("不是 CSV 或者 Excel（.xlsx）文件，或者认不出文字编码。"))
    delimiter = max(",\t;，", key=text[:4000].count)
    try:
        return [[_text(cell) for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error:
        raise _wrong(_("CSV 读不出来，请在 Excel 或 WPS 里另存一份再试。")) from None


def _text(cell: object) -> str:
    if isinstance(cell, float):
        text = str(int(cell)) if cell.is_integer() else str(cell)
    elif isinstance(cell, datetime):
        text = f"{cell:%Y-%m-%d}"
    elif isinstance(cell, date):
        text = cell.isoformat()
    else:
        text = "" if cell is None else str(cell)
    return " ".join(_CONTROL.sub("", text).removeprefix("'").split())
