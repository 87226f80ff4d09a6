"""Reading a list of units from CSV or XLSX: which columns it has, what each row says, which rows cannot be used.

Nothing is dropped silently: every row becomes an entry, an entry with a doubt, or a fault with its number. Row numbers
are those that a spreadsheet program shows.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain, islice
from typing import Any, BinaryIO, Literal

from django.utils.translation import gettext_noop
from python_calamine import CalamineError, CalamineWorkbook

from shidian.core.said import say
from shidian.organisations.codes import unit_code
from shidian.organisations.names import comparable

Format = Literal["csv", "xlsx"]
Cells = Sequence[object]
MOST_ROWS = 300_000
MOST_COLUMNS = 100
LONGEST_NAME, LONGEST_REASON, LONGEST_CELL, LONGEST_CODE, LONGEST_DAY = 200, 4_000, 4_000, 40, 40
HEAD_WITHIN = 20
"""The header stands in one of the first rows; titles and notes may stand above it."""
SHOWN_ROWS, SHOWN_FAULTS = 8, 100

TARGETS: dict[str, str] = {
    "name": gettext_noop("名称"),
    "code": gettext_noop("统一社会信用代码"),
    "former_name": gettext_noop("曾用名"),
    "reason": gettext_noop("列入原因"),
    "entered_on": gettext_noop("列入日期"),
    "removed_on": gettext_noop("移出日期"),
}
"""What a column may be, in the words of the page."""

_WORDS: dict[str, tuple[str, ...]] = {
    "name": (
        "企业名称", "单位名称", "名称", "主体名称", "市场主体名称", "经营主体名称", "社会组织名称", "机构名称",
        "组织名称", "当事人名称", "失信主体名称", "行政相对人名称", "企业单位名称", "失信企业名称", "当事人", "name",
    ),
    "code": (
        "统一社会信用代码", "社会信用代码", "信用代码", "统一信用代码", "统一社会信用代码/注册号",
        "注册号/统一社会信用代码", "统一社会信用代码/组织机构代码", "组织机构代码", "注册号", "代码", "登记证号", "code",
    ),
    "former_name": ("曾用名", "曾用名称", "原名称", "原企业名称", "变更前名称"),
    "reason": (
        "列入原因", "列入事由", "列入理由", "列入经营异常名录原因", "列入严重违法失信名单原因", "严重违法失信情形",
        "列入名单事由", "失信事由", "原因", "事由", "reason",
    ),
    "entered_on": (
        "列入日期", "列入时间", "列入名单日期", "列入决定日期", "作出列入决定日期", "认定日期", "决定日期", "日期", "date",
    ),
    "removed_on": ("移出日期", "移出时间", "移除日期", "移除时间", "移出决定日期", "退出日期"),
}  # fmt: skip


class Unreadable(Exception):
    """The file cannot be read as a table; `said` says why and what to do."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


@dataclass(frozen=True, slots=True)
class Fault:
    """A row and what is wrong with it, or odd."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """What a usable row says, as it is kept. Days are YYYY-MM-DD where they could be read, else the words of the file."""

    row: int
    name: str
    former_name: str
    code: str
    reason: str
    entered_on: str
    removed_on: str
    cells: list[str]
    body: str
    name_key: str
    former_key: str


@dataclass(slots=True)
class Reading:
    """What was recognised in a file. `columns` gives for each target the column counted from 0; all JSON values."""

    format: Format
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    encoding: str = ""
    head: int = 0  # the row of the header; 0 when there is none
    heads: list[str] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)
    sample: list[list[str]] = field(default_factory=list)  # each with its row number first
    rows: int = 0
    good: int = 0
    blank: int = 0
    wrong: list[Fault] = field(default_factory=list)
    wrong_count: int = 0
    doubts: list[Fault] = field(default_factory=list)
    doubt_count: int = 0

    @property
    def finds_units(self) -> bool:
        """Whether a unit can be found by it at all."""
        return "name" in self.columns or "code" in self.columns

    def to_json(self) -> dict[str, Any]:
        """The value that is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Reading:
        """The reading that `to_json` gave."""
        faults = {key: [Fault(**fault) for fault in stored[key]] for key in ("wrong", "doubts")}
        return cls(**{**stored, **faults})


# Tables


@dataclass(frozen=True, slots=True)
class _Table:
    encoding: str
    sheet: str
    sheets: list[str]
    rows: Iterator[Cells]


_ENCODINGS = (("utf-8-sig", "UTF-8"), ("gb18030", "GB18030"))


def _open(file: BinaryIO, kind: Format, sheet: str = "") -> _Table:
    file.seek(0)
    return _open_xlsx(file, sheet) if kind == "xlsx" else _open_csv(file)


def _open_xlsx(file: BinaryIO, sheet: str) -> _Table:
    try:
        book = CalamineWorkbook.from_filelike(file)
        names = list(book.sheet_names)
        tables = {name: book.get_sheet_by_name(name) for name in ([sheet] if sheet in names else names)}
    except CalamineError as wrong:
        raise Unreadable(
            say(
                "Excel 表格读不出来，文件可能已损坏或设有密码。请在 Excel 或 WPS 里打开，另存为 .xlsx 或 .csv 后再载入。"
            )
        ) from wrong
    filled = {name: table for name, table in tables.items() if table.total_height}
    if not filled:
        raise Unreadable(say("表格里没有内容，请确认选对了文件。"))
    # The first sheet in which a header is found; titles and notes often stand on a sheet of their own.
    chosen = next(
        (
            name
            for name, table in filled.items()
            if _find_head(list(islice(table.iter_rows(), HEAD_WITHIN)))[0]
        ),
        next(iter(filled)),
    )
    return _Table("", chosen, names, iter(filled[chosen].iter_rows()))


def _open_csv(file: BinaryIO) -> _Table:
    encoding, label = _encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(io.BufferedReader(_Borrowed(file)), encoding=encoding, newline="")
    head = text.read(8192)
    text.seek(0)
    delimiter = max(",\t;|，", key=lambda sign: _width_by(head, sign))
    return _Table(label, "", [], iter(csv.reader(text, delimiter=delimiter)))


class _Borrowed(io.RawIOBase):
    """A file for a reader that closes what it reads: this one only lets go."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _width_by(head: str, delimiter: str) -> int:
    """How many columns the widest of the first lines has with a delimiter."""
    return max((line.count(delimiter) for line in head.splitlines()[:HEAD_WITHIN]), default=0)


def _encoding(file: BinaryIO) -> tuple[str, str]:
    """UTF-16 by its mark, else UTF-8 when all of the file is that, else GB18030."""
    start = file.read(2)
    if start in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", "UTF-16"
    for encoding, label in _ENCODINGS:
        file.seek(0)
        try:
            with io.TextIOWrapper(io.BufferedReader(_Borrowed(file)), encoding=encoding, newline="") as text:
                while piece := text.read(1 << 16):
                    if "\0" in piece:
                        raise Unreadable(
                            say(
                                "文件里有二进制内容，不是 CSV。请在 Excel 或 WPS 里另存为 .csv 或 .xlsx 后再载入。"
                            )
                        )
        except UnicodeDecodeError:
            continue
        return encoding, label
    raise Unreadable(say("认不出文件的文字编码，请在 Excel 或 WPS 里另存为“CSV UTF-8”或 .xlsx 后再载入。"))


# Columns


def _plain(cell: object) -> str:
    return re.sub(r"[\s*:：]+", "", unicodedata.normalize("NFKC", _text(cell))).casefold()


def _looks_like(target: str, head: str) -> bool:
    """Whether a header that is none of the known words still says that it is this column."""
    if re.search(r"机关|部门|文号|法定代表人|移出(?:原因|事由|理由)", head) and target != "removed_on":
        return False
    day = re.search(r"日期|时间", head)
    match target:
        case "code":
            return bool(re.search(r"信用代码|组织机构代码|注册号", head))
        case "former_name":
            return "曾用名" in head
        case "removed_on":
            return bool(re.search(r"移[出除]|退出", head) and day)
        case "entered_on":
            return bool(re.search(r"列入|认定", head) and day)
        case "reason":
            return bool(re.search(r"列入|失信|异常", head) and re.search(r"原因|事由|理由|情形", head))
        case _:
            return head.endswith(("名称", "单位", "企业", "名称(全称)")) and len(head) <= 12


def recognise(heads: Sequence[object]) -> dict[str, int]:
    """The columns of a header by their words: target to column, counted from 0. A column serves one target only."""
    plain = [_plain(cell) for cell in heads]
    found: dict[str, int] = {}
    for target, words in _WORDS.items():
        at = next((plain.index(word) for word in words if word in plain), None)
        if at is not None and at not in found.values():
            found[target] = at
    for target in ("code", "former_name", "removed_on", "entered_on", "reason", "name"):
        free = [at for at in range(len(plain)) if at not in found.values()]
        if (
            target not in found
            and (at := next((at for at in free if _looks_like(target, plain[at])), None)) is not None
        ):
            found[target] = at
    return found


def _find_head(first: Sequence[Cells]) -> tuple[int, dict[str, int]]:
    """The row number of the header among the first rows (0: none found), and its columns."""
    best: tuple[int, dict[str, int]] = (0, {})
    for number, cells in enumerate(first, start=1):
        columns = recognise(cells)
        names_units = "name" in columns or "code" in columns
        alone = sum(bool(_text(cell)) for cell in cells) < 2 and len(cells) > 1
        if names_units and not alone and len(columns) > len(best[1]):
            best = (number, columns)
    return best


# Cells


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _text(cell: object) -> str:
    """A cell as text: without control characters and the marks by which sheets keep digits as text."""
    if isinstance(cell, str):
        text = cell
    elif isinstance(cell, bool):
        text = "是" if cell else "否"
    elif isinstance(cell, float):
        text = str(int(cell)) if cell.is_integer() else str(cell)
    elif isinstance(cell, datetime):
        text = (
            f"{cell:%Y-%m-%d}"
            if not (cell.hour or cell.minute or cell.second)
            else f"{cell:%Y-%m-%d %H:%M:%S}"
        )
    elif isinstance(cell, date):
        text = cell.isoformat()
    else:
        text = "" if cell is None else str(cell)
    text = _CONTROL.sub("", text).strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.removeprefix("'").strip()


_DAY = re.compile(
    r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s]+\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)?$"
)
_CLOSE_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_SHEET_ZERO = date(1899, 12, 30)


def day_of(cell: object) -> str | None:
    """A day as YYYY-MM-DD, however it was written; nothing for a blank cell; None when it is no day."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    text = unicodedata.normalize("NFKC", _text(cell))
    if text in ("", "-", "--", "无", "/"):
        return ""
    match = _DAY.match(text) or _CLOSE_DAY.match(text)
    try:
        if match:
            return date(*(int(part) for part in match.groups())).isoformat()
        # Sheets keep days as a count; 1990 to 2089 leaves no room for a year or another number.
        if re.fullmatch(r"\d{5}", text) and 32_874 <= int(text) <= 69_398:
            return (_SHEET_ZERO + timedelta(days=int(text))).isoformat()
    except ValueError:
        return None
    return None


_AS_NUMBER = re.compile(r"^\d(?:\.\d+)?E\+\d+$", re.IGNORECASE)


def _code(cell: object, text: str) -> tuple[str, str, str]:
    """A code as it is kept, its nine characters for matching (or nothing), and what is odd about it."""
    if (isinstance(cell, float | int) and not isinstance(cell, bool) and len(text) > 15) or _AS_NUMBER.match(
        text
    ):
        return (
            text[:LONGEST_CODE],
            "",
            f"代码“{text[:24]}”被表格程序存成了数字，后几位已经丢失，只能按名称比对",
        )
    code = unit_code.normalise(text)
    if not code:
        return "", "", ""
    fault = unit_code.check(code)
    if fault is None:
        return code, unit_code.organisation_code(code), ""
    if re.fullmatch(r"\d{13}|\d{15}", code):
        return code, "", ""  # a registration number from before unified codes
    return text[:LONGEST_CODE], "", f"代码“{text[:24]}”不能用来比对（{fault}），只能按名称比对"


# Rows


def _row(
    number: int, cells: Cells, texts: Sequence[str], columns: Mapping[str, int]
) -> tuple[Row | None, list[str]]:
    """The row with its doubts, or no row with the one reason why it cannot be used."""

    def place(target: str) -> int | None:
        at = columns.get(target)
        return at if at is not None and at < len(texts) else None

    def text_of(target: str) -> str:
        at = place(target)
        return "" if at is None else texts[at]

    name, former, reason = text_of("name"), text_of("former_name"), text_of("reason")
    at = place("code")
    code, body, odd = ("", "", "") if at is None else _code(cells[at], texts[at])
    doubts = [odd] if odd else []
    for label, text in (("名称", name), ("曾用名", former)):
        if len(text) > LONGEST_NAME:
            return None, [f"{label}有 {len(text)} 个字，超过 {LONGEST_NAME} 个字，可能填错了列"]
    name_key = comparable(name)
    if not name_key and not body:
        if not name and not code:
            return None, ["没有名称，也没有代码"]
        return None, [f"没有名称，代码“{text_of('code')[:24]}”不能用来比对"]
    if len(reason) > LONGEST_REASON:
        reason, odd = (
            reason[:LONGEST_REASON],
            f"列入原因有 {len(reason)} 个字，只保留前 {LONGEST_REASON} 个字",
        )
        doubts.append(odd)
    days = {}
    for target in ("entered_on", "removed_on"):
        at = place(target)
        day = "" if at is None else day_of(cells[at])
        if day is None:
            words = text_of(target)[:LONGEST_DAY]
            doubts.append(f"{TARGETS[target]}“{words}”不是日期，照原样保留")
            day = words
        days[target] = day
    return (
        Row(
            row=number, name=name, former_name=former, code=code, reason=reason,
            cells=[text[:LONGEST_CELL] for text in texts], body=body, name_key=name_key, former_key=comparable(former), **days,
        ),
        doubts,
    )  # fmt: skip


def _numbered(table: _Table) -> Iterator[tuple[int, Cells]]:
    number = 0
    rows = table.rows
    while True:
        number += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as wrong:
            raise Unreadable(
                say(
                    "第 {number} 行读不下去：一格太长，可能有引号没有配对。请在 Excel 或 WPS 里打开检查，另存后再载入。",
                    number=number,
                )
            ) from wrong
        yield number, cells


def rows(file: BinaryIO, reading: Reading) -> Iterator[Row | Fault]:
    """Every row of the file that says something, as an entry or as a fault, in their order; doubts are left out."""
    numbered = _numbered(_open(file, reading.format, reading.sheet))
    for row, said, number, _ in _rows(numbered, reading):
        yield row if row is not None else Fault(number, said[0])


def _rows(
    numbered: Iterable[tuple[int, Cells]], reading: Reading
) -> Iterator[tuple[Row | None, list[str], int, list[str]]]:
    for number, cells in numbered:
        if number <= reading.head:
            continue
        texts = [_text(cell) for cell in cells[:MOST_COLUMNS]]
        if any(texts):
            row, said = _row(number, cells, texts, reading.columns)
            yield row, said, number, texts


def read(
    file: BinaryIO,
    kind: Format,
    *,
    sheet: str = "",
    head: int | None = None,
    columns: Mapping[str, int] | None = None,
) -> Reading:
    """Go through a whole file: recognise its header and columns (unless they are given), count and judge its rows.

    Refused with `Unreadable`: what is no table, has nothing in it, or more than MOST_ROWS rows. A file whose columns
    were not recognised is no error: `finds_units` is False, and a person says which is which.
    """
    table = _open(file, kind, sheet)
    numbered = _numbered(table)
    first = list(islice(numbered, HEAD_WITHIN))
    if not first:
        raise Unreadable(say("文件里没有内容，请确认选对了文件。"))
    found, recognised = _find_head([cells for _, cells in first])
    head = found if head is None else head
    heads = next((cells for number, cells in first if number == head), [])
    if columns is None:
        columns = recognised if head == found else recognise(heads)
    width = max(len(cells) for _, cells in first)
    reading = Reading(
        format=kind,
        sheet=table.sheet,
        sheets=table.sheets,
        encoding=table.encoding,
        head=head,
        heads=[_text(cell)[:60] for cell in heads]
        or [f"第 {at} 列" for at in range(1, min(width, MOST_COLUMNS) + 1)],
        columns={
            target: at for target, at in columns.items() if target in TARGETS and 0 <= at < MOST_COLUMNS
        },
    )
    reading.heads = reading.heads[:MOST_COLUMNS]
    _judge(chain(first, numbered), reading)
    return reading


def _judge(numbered: Iterable[tuple[int, Cells]], reading: Reading) -> None:
    last = 0
    for row, said, number, texts in _rows(numbered, reading):
        reading.rows += 1
        if len(reading.sample) < SHOWN_ROWS:
            reading.sample.append([str(number), *(text[:LONGEST_NAME] for text in texts)])
        last = number
        if reading.rows > MOST_ROWS:
            raise Unreadable(
                say("文件超过 {most} 行，请分成几个文件，来源写成不同的名字，分别载入。", most=MOST_ROWS)
            )
        if row is None:
            reading.wrong_count += 1
            if len(reading.wrong) < SHOWN_FAULTS:
                reading.wrong.append(Fault(number, said[0]))
            continue
        reading.good += 1
        if said:
            reading.doubt_count += 1
            if len(reading.doubts) < SHOWN_FAULTS:
                reading.doubts.append(Fault(number, "；".join(said)))
    reading.blank = max(0, last - reading.head - reading.rows)
