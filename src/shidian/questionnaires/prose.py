r"""Long answers with paragraphs, numbered items, tables and pictures: one text in a small strict grammar, and its parsed form.

The text is what is stored, compared and exported; the parsed form is what is checked and printed. Whatever is no valid
table or picture is a paragraph, so any text at all can be parsed, and nothing that can be seen is lost.

A line `| a | b |` is a row of a table (`\|` is a bar, `\n` a line break, `\\` a backslash); two rows or more of equal
length are one, and a second row of `---` makes the first the header. A line `[图：name｜caption]` is a picture. A line
that begins with a number (一、 （一） 1． （1） ① a）) or a bullet is an item; the number stays as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

MOST_COLUMNS = 12
MOST_ROWS = 100
"""Of one table; the line under the header does not count."""
MOST_PICTURES = 20
"""Of one answer."""

_MARKERS = (
    r"[一二三四五六七八九十百]{1,4}、",
    r"[（(][一二三四五六七八九十百]{1,4}[）)]",
    r"[0-9０-９]{1,3}[．.、](?![0-9０-９])",
    r"[（(][0-9０-９]{1,3}[）)]|[0-9０-９]{1,3}[)）]",
    r"[①-⑳]",
    r"[a-zA-Z][)）]",
    r"[●•·]|[-–](?![-–0-9])",
)
"""What an item may begin with, from the outermost level to the innermost."""
_ITEM = re.compile(
    rf"(?P<before>\s*)(?:{'|'.join(f'(?P<m{rank}>{marker})' for rank, marker in enumerate(_MARKERS))})(?P<gap>\s*)(?P<text>\S.*)"
)
_PICTURE = ("[图：", "[图:")
_BETWEEN = re.compile("[｜|]")
_RULE = re.compile(r"-{3,}")
_ESCAPED = re.compile(r"\\([\\|n])")
_BAR = re.compile(r"\\[\\|n]|\|")
_IN_CELL = re.compile(r"\n|\||\\(?=[\\|n\n])")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line as it was typed, blanks at its beginning included."""

    text: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Item:
    """A line with a number or a bullet; `before` and `gap` are the blanks around the marker."""

    marker: str
    text: str
    before: str = ""
    gap: str = ""
    line: int = field(default=0, compare=False)

    @property
    def rank(self) -> int:
        """Which kind of marker it is, the outermost first."""
        return next(rank for rank, pattern in enumerate(_MARKERS) if re.fullmatch(pattern, self.marker))

    @property
    def whole(self) -> str:
        """The line as it was typed."""
        return f"{self.before}{self.marker}{self.gap}{self.text}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of equal length; with `header` the first is one."""

    rows: tuple[tuple[str, ...], ...]
    header: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by its name among the attachments."""

    name: str
    caption: str = ""
    line: int = field(default=0, compare=False)


Block = Paragraph | Item | Table | Picture


class Fault(NamedTuple):
    """What stands against freezing, and the last part of its code; `line` counts from 1."""

    kind: str
    line: int
    values: tuple[int, ...]

    @property
    def message(self) -> str:
        """What is wrong and what to do about it, after the name of the field."""
        line, values = self.line, self.values
        match self.kind:
            case "columns":
                return _(
                    "第 {line} 行起的表格有 {count} 列，最多 {most} 列，请分成两个表格，或者作为附件上传"
                ).format(line=line, count=values[0], most=MOST_COLUMNS)
            case "rows":
                return _(
                    "第 {line} 行起的表格有 {count} 行，最多 {most} 行，请分成几个表格（中间空一行），或者作为附件上传"
                ).format(line=line, count=values[0], most=MOST_ROWS)
            case "pictures":
                return _("图片有 {count} 张，最多 {most} 张，请删去 {extra} 张").format(
                    count=values[0], most=MOST_PICTURES, extra=values[0] - MOST_PICTURES
                )
            case _:
                first, odd, here = values
                return _(
                    "第 {line} 行起的表格各行的格数不一样：第一行 {first} 格，第 {odd} 行 {here} 格。"
                    "请补上或者删去竖线“|”，让每行一样多"
                ).format(line=line, first=first, odd=odd, here=here)


@dataclass(frozen=True, slots=True)
class Prose:
    """A long answer as blocks in their order."""

    blocks: tuple[Block, ...]

    @property
    def pictures(self) -> list[Picture]:
        """Its pictures in order."""
        return [block for block in self.blocks if isinstance(block, Picture)]

    @property
    def levels(self) -> dict[int, int]:
        """The level of each kind of marker that occurs, from 1."""
        ranks = sorted({block.rank for block in self.blocks if isinstance(block, Item)})
        return {rank: level for level, rank in enumerate(ranks, start=1)}


def parse(text: str) -> Prose:
    """The blocks of any text; blank lines are none."""
    return _parsed(text)[0]


def faults(text: str) -> list[Fault]:
    """What looks like a table and is none, and too many pictures; pictures that are not there are told elsewhere."""
    prose, found = _parsed(text)
    if len(prose.pictures) > MOST_PICTURES:
        extra = prose.pictures[MOST_PICTURES]
        return [*found, Fault("pictures", extra.line + 1, (len(prose.pictures),))]
    return list(found)


def serialise(prose: Prose) -> str:
    """The text of blocks; parsing it gives the same blocks."""
    lines: list[str] = []
    for block in prose.blocks:
        own = lines_of(block)
        if lines and is_row(lines[-1]) and is_row(own[0]):
            lines.append("")  # or they would be rows of one table
        lines.extend(own)
    return "\n".join(lines)


def lines_of(block: Block) -> list[str]:
    """The lines of one block."""
    match block:
        case Paragraph(text=text):
            return [text]
        case Item():
            return [block.whole]
        case Picture(name=name, caption=caption):
            return [picture_line(name, caption)]
        case Table():
            return table_lines(block.rows, header=block.header)


def picture_line(name: str, caption: str = "") -> str:
    """A picture as a line of text."""
    return f"[图：{name}｜{caption}]" if caption else f"[图：{name}]"


def table_lines(rows: Sequence[Sequence[str]], *, header: bool = False) -> list[str]:
    """A table as lines of text."""
    lines = [_row_line(row) for row in rows]
    if header and rows:
        lines.insert(1, _row_line(["---"] * len(rows[0])))
    return lines


def canonical(text: str) -> str:
    """The text with its tables and pictures written in the one way, blank lines kept; for comparing."""
    lines = text.split("\n")
    kept: list[str] = []
    at = 0
    for block in parse(text).blocks:
        kept.extend(lines[at : block.line])
        kept.extend(lines_of(block))
        at = block.line + _height(block)
    return "\n".join([*kept, *lines[at:]])


def visible(text: str) -> str:
    """What of the text can be seen: without bars, escapes and the marks of pictures."""
    lines = text.split("\n")
    for block in parse(text).blocks:
        if isinstance(block, Picture):
            lines[block.line] = block.caption
        elif isinstance(block, Table):
            for number, cells in enumerate(_with_rule(block)):
                lines[block.line + number] = "".join(cells)
    return "\n".join(lines)


def length(text: str) -> int:
    """How many characters count: those that can be seen, and the line ends between them, as in any other text."""
    return len(visible(text)) if "|" in text or "[图" in text else len(text)


def words(text: str) -> str:
    """The text for reading where only text can stand: the cells of a row between ｜, pictures by their name."""
    if "|" not in text and "[图" not in text:
        return text
    lines: list[str] = []
    at = 0
    source = text.split("\n")
    for block in parse(text).blocks:
        lines.extend(source[at : block.line])
        match block:
            case Table():
                lines.extend(" ｜ ".join(" ".join(cell.split("\n")) for cell in row) for row in block.rows)
            case Picture():
                lines.append(f"［图片：{block.name}］{block.caption}")
            case _:
                lines.extend(lines_of(block))
        at = block.line + _height(block)
    return "\n".join([*lines, *source[at:]])


def printable(text: str) -> list[dict[str, Any]]:
    """The blocks as a paper wants them; see `printing`."""
    prose = parse(text)
    levels = prose.levels
    return [_printed(block, levels) for block in prose.blocks]


def _printed(block: Block, levels: dict[int, int]) -> dict[str, Any]:
    match block:
        case Paragraph(text=text):
            return {"kind": "paragraph", "text": text.strip()}
        case Item(marker=marker, text=text):
            level = levels[block.rank]
            return {"kind": "item", "marker": marker, "level": level, "text": text.rstrip()}
        case Table(rows=rows, header=header):
            return {"kind": "table", "header": header, "rows": [list(row) for row in rows]}
        case Picture(name=name, caption=caption):
            return {"kind": "picture", "name": name, "caption": caption}


# Parsing


@lru_cache(maxsize=64)
def _parsed(text: str) -> tuple[Prose, tuple[Fault, ...]]:
    blocks: list[Block] = []
    found: list[Fault] = []
    rows: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if is_row(line):
            rows.append(line)
            continue
        if rows:
            blocks.extend(_table(rows, number - len(rows), found))
            rows = []
        if line and not line.isspace():
            blocks.append(_line(line, number))
    if rows:
        blocks.extend(_table(rows, len(lines) - len(rows), found))
    return Prose(tuple(blocks)), tuple(found)


def is_row(line: str) -> bool:
    """True for a line that begins and ends with a bar."""
    plain = line.strip()
    return len(plain) > 1 and plain[0] == "|" and plain[-1] == "|" and not _is_escaped_end(plain)


def _is_escaped_end(plain: str) -> bool:
    # `| a \|` has no end: its last bar is a character of the cell.
    before = len(plain) - 1 - len(plain[:-1].rstrip("\\"))
    return before % 2 == 1


def _line(line: str, number: int) -> Block:
    if (picture := _picture(line.strip(), number)) is not None:
        return picture
    if (found := _ITEM.fullmatch(line)) is not None and found.lastgroup:
        marker = line[found.end("before") : found.start("gap")]
        return Item(marker, found["text"], found["before"], found["gap"], number)
    return Paragraph(line, number)


def _picture(plain: str, number: int) -> Picture | None:
    if not plain.startswith(_PICTURE) or not plain.endswith("]"):
        return None
    name, *caption = _BETWEEN.split(plain[3:-1], maxsplit=1)
    return Picture(name.strip(), "".join(caption).strip(), number) if name.strip() else None


def _table(lines: Sequence[str], first: int, found: list[Fault]) -> Iterator[Block]:
    """The table of consecutive rows, or their lines as paragraphs with what is wrong with them."""
    rows = [_cells(line) for line in lines]
    header = len(rows) > 1 and all(map(_RULE.fullmatch, rows[1]))
    fault = _misshapen(rows, first, header=header) if len(rows) > 1 else None
    if fault is not None:
        found.append(fault)
    if fault is not None or len(rows) == 1:
        yield from (_line(line, first + number) for number, line in enumerate(lines))
        return
    kept = [rows[0], *rows[2:]] if header else rows
    yield Table(tuple(kept), header, first)


def _misshapen(rows: Sequence[tuple[str, ...]], first: int, *, header: bool) -> Fault | None:
    widest = max(map(len, rows))
    if widest > MOST_COLUMNS:
        return Fault("columns", first + 1, (widest,))
    if len(rows) - header > MOST_ROWS:
        return Fault("rows", first + 1, (len(rows) - header,))
    for number, row in enumerate(rows):
        if len(row) != len(rows[0]):
            return Fault("table", first + 1, (len(rows[0]), first + number + 1, len(row)))
    return None


def _cells(line: str) -> tuple[str, ...]:
    plain = line.strip()
    cells: list[str] = []
    start = 1
    for found in _BAR.finditer(plain, 1):
        if found.group() == "|":
            cells.append(_decoded(plain[start : found.start()].strip()))
            start = found.end()
    return tuple(cells)


def _decoded(cell: str) -> str:
    if "\\" not in cell:
        return cell
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], cell)


def _encoded(cell: str) -> str:
    return _IN_CELL.sub(lambda found: "\\n" if found.group() == "\n" else "\\" + found.group(), cell)


def _row_line(row: Iterable[str]) -> str:
    return f"| {' | '.join(map(_encoded, row))} |"


def _with_rule(table: Table) -> list[tuple[str, ...]]:
    return [table.rows[0], (), *table.rows[1:]] if table.header else list(table.rows)


def _height(block: Block) -> int:
    return len(_with_rule(block)) if isinstance(block, Table) else 1
