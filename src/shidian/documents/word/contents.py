"""What stands in a Word file, in order: texts and tables, with everything a program or a reviser put around them undone.

Accepted are insertions, left out are deletions, hidden text and field codes; numbers that Word counts by itself are
written out; what has no place in plain text is counted under a name in Chinese.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from shidian.core.said import say
from shidian.documents.word.form import Grammar, Marks
from shidian.documents.word.numbers import Numbering
from shidian.documents.word.opening import Opened
from shidian.documents.word.writer import PROPERTIES

MOST_DEPTH = 20
MOST_NAMES = 2000
MOST_SPAN = 1000
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
MOST_PICTURES = 200
LARGEST_PICTURES = 60_000_000
"""Of one file, in bytes all together."""
PICTURE = "图片"
_BEHIND = 100
_PICTURE_NAME = re.compile(r"\S.*\.(?:png|jpe?g)", re.IGNORECASE)
_NO_NAME = re.compile(r"image[0-9]*\.\w+", re.IGNORECASE)
"""What programs call a picture that has no name."""
_NOT_IN_NAMES = re.compile(r"[|｜\s]+")
_UNDER_PICTURE = re.compile(r"图\s*[0-9０-９一二三四五六七八九十]{1,3}(?![0-9０-９、]).{0,80}")
"""The words under a picture where nothing but their place says that they are its caption."""
_CHECKBOXES = {
    "F0FE": "☑", "F052": "☑", "F0FD": "☒", "F053": "☒", "F0FC": "√", "F050": "√",
    "F06F": "☐", "F0A8": "☐", "F071": "☐", "F0A3": "☐", "F02A": "☐",
}  # fmt: skip
_LEFT_OUT = {
    "del", "moveFrom", "instrText", "delText", "delInstrText", "rt", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr",
    "sdtPr", "sdtEndPr", "commentRangeStart", "commentRangeEnd", "bookmarkStart", "bookmarkEnd", "proofErr",
}  # fmt: skip
_LOOKS = {
    "b": say("加粗"), "i": say("斜体"), "strike": say("删除线"), "dstrike": say("删除线"), "highlight": say("突出显示"), "em": say("着重号"),
}  # fmt: skip

_OFF = ("0", "false", "off", "none")
_NAMES: dict[Any, str] = {}
"""Names of elements without their namespace, which differs between the two kinds of .docx."""
_SIGNS = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "-"}
_COUNTED = {
    "footnoteReference": say("脚注或尾注（文字另列）"),
    "endnoteReference": say("脚注或尾注（文字另列）"),
    "object": say("嵌入的对象"),
}

_WRAPPED = {
    "ins": [say("修订中加入的内容（已采用）")],
    "oMath": [say("公式（只取文字）")],
}
"""Elements around text that is taken, and how they are told."""


@dataclass(slots=True, eq=False)
class Picture:
    """A picture of the file. `own`: it bears the name of a file, as those do that this system wrote."""

    content: bytes
    ending: str
    name: str = ""
    own: bool = False


@dataclass(slots=True)
class Text:
    """A paragraph; `looks` counts what the form has no place for, `boxed` when it stands in a text box.

    `pictures` stand in it each after so many signs of its text; `caption` when its style is that of captions.
    """

    text: str
    number: int
    looks: Counter[str] = field(default_factory=Counter)
    boxed: bool = False
    pictures: list[tuple[int, Picture]] = field(default_factory=list)
    caption: bool = False


@dataclass(slots=True)
class Cell:
    """A cell with its place in the grid, merged cells as one."""

    row: int
    column: int
    rows: int
    columns: int
    blocks: list[Text | Table]

    @property
    def last(self) -> int:
        """The first column behind it."""
        return self.column + self.columns

    def text(self) -> str:
        """Its paragraphs as lines, without empty ones around; tables inside as lines of cells."""
        return "\n".join(lines(self.blocks)).strip("\n")

    def answer(self, grammar: Grammar | None) -> str:
        """Its text as the answer of a box; where the answer may hold tables and pictures, with them."""
        return "\n".join(answer_lines(self.blocks, grammar)).strip("\n") if grammar else self.text()

    def begins_without_text(self) -> bool:
        """True when a table or a picture stands before any text."""
        first = next((each for each in self.blocks if not _is_empty(each)), None)
        return isinstance(first, Table) or (isinstance(first, Text) and not first.text.strip())


@dataclass(slots=True)
class Table:
    """A table: all its cells in the order of reading."""

    number: int
    rows: int
    columns: int
    cells: list[Cell]
    header: bool = False

    def fits(self, grammar: Grammar) -> bool:
        """True when it can stand in a long answer as a table."""
        return 2 <= self.rows <= grammar.most_rows and 1 <= self.columns <= grammar.most_columns

    def matrix(self) -> list[list[str]]:
        """The texts of its grid; a merged cell has its text in its first place."""
        rows = [[""] * self.columns for _ in range(self.rows)]
        for cell in self.cells:
            rows[cell.row][cell.column] = cell.text().strip()
        return rows


Block = Text | Table


@dataclass(frozen=True, slots=True)
class Contents:
    """A whole file: its blocks, the notes at its feet, what was left out, where it came from."""

    blocks: list[Block]
    notes: list[str]
    dropped: list[str]
    marks: Marks
    pictures: list[Picture]


def lines(blocks: Iterable[Block]) -> Iterator[str]:
    """The lines of text of some blocks; a row of a table is a line."""
    for block in blocks:
        if isinstance(block, Text):
            if not block.boxed:
                yield from block.text.split("\n")
            continue
        rows: dict[int, list[str]] = {}
        for cell in block.cells:
            rows.setdefault(cell.row, []).append(" ".join(cell.text().split("\n")))
        yield from ("　".join(text for text in row if text) for row in rows.values())


def answer_lines(blocks: Iterable[Block], grammar: Grammar) -> list[str]:
    """The lines of a long answer: tables and pictures as its grammar writes them."""
    found: list[str] = []
    drawn: Picture | None = None
    after_table = False
    for block in blocks:
        if isinstance(block, Table):
            fits = block.fits(grammar)
            if fits and after_table:
                found.append("")  # or they would be rows of one table
            found.extend(grammar.table(block.matrix(), block.header) if fits else lines([block]))
            drawn, after_table = None, fits
        elif not block.boxed:
            for line, picture in _in_line(block):
                if picture is None and drawn is not None and _is_caption(line, block, drawn):
                    found[-1] = grammar.picture(drawn.name, " ".join(line.split("\n")).strip())
                else:
                    found.extend([grammar.picture(picture.name, "")] if picture else line.split("\n"))
                drawn, after_table = picture, False
    return found


def _in_line(block: Text) -> Iterator[tuple[str, Picture | None]]:
    """The texts and pictures of a paragraph in their order; one without any is an empty text."""
    if not block.pictures:
        yield block.text, None
        return
    at = 0
    for place, picture in block.pictures:
        if before := block.text[at:place].strip("\n"):
            yield before, None
        yield picture.name, picture
        at = place
    if after := block.text[at:].strip("\n"):
        yield after, None


def _is_caption(line: str, block: Text, drawn: Picture) -> bool:
    if not line.strip():
        return False
    return block.caption or (not drawn.own and _UNDER_PICTURE.fullmatch(line.strip()) is not None)


def leftover(blocks: Iterable[Block], grammar: Grammar | None = None) -> Counter[str]:
    """What of some blocks an answer has no place for; with a grammar it has one for tables and pictures."""
    total: Counter[str] = Counter()
    for block in blocks:
        if isinstance(block, Text):
            total.update(block.looks)
            if block.pictures and (grammar is None or block.boxed):
                total[PICTURE] += len(block.pictures)
            continue
        for cell in block.cells:
            inside = leftover(cell.blocks)
            if grammar is not None and block.header and cell.row == 0:
                del inside[_LOOKS["b"]]  # so that is how a header looks
            total.update(inside)
    return total


def texts(blocks: Iterable[Block]) -> Iterator[Text]:
    """Every paragraph of some blocks, also inside tables."""
    for block in blocks:
        if isinstance(block, Text):
            yield block
        else:
            for cell in block.cells:
                yield from texts(cell.blocks)


def contents(opened: Opened) -> Contents:
    """Take the text out of an opened file."""
    marks = _marks(opened.custom)
    album = _Album(opened, own=bool(marks.call))
    walk = _Walk(Numbering(opened.numbering, opened.styles), album, _captions(opened.styles))
    body = next((child for child in opened.document if _tag(child) == "body"), None)
    blocks = walk.blocks(body, 0) if body is not None else []
    dropped = list(opened.never_read)
    dropped += [say("{what} {count} 处", what=what, count=count) for what, count in walk.dropped.items()]
    comments = _count(opened.comments, "comment")
    if comments:
        dropped.append(say("批注 {count} 条", count=comments))
    notes = [*_notes(opened.footnotes, "footnote"), *_notes(opened.endnotes, "endnote")]
    return Contents(blocks, notes, dropped, marks, album.named())


def _tag(element: Any) -> str:
    # Comments and processing instructions have a function for a tag.
    tag = element.tag
    name = _NAMES.get(tag)
    if name is None:
        name = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        if len(_NAMES) < MOST_NAMES:
            _NAMES[tag] = name
    return name


def _value(element: Any, name: str = "val") -> str:
    if element is None:
        return ""
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _child(element: Any, name: str) -> Any:
    if element is not None:
        for child in element:
            if _tag(child) == name:
                return child
    return None


def _on(properties: Any, name: str) -> bool:
    found = _child(properties, name)
    return found is not None and _value(found) not in _OFF


def _number(properties: Any, name: str) -> int:
    text = _value(_child(properties, name))
    return min(int(text), MOST_SPAN) if text.isascii() and text.isdigit() else 0


def _count(part: Any, name: str) -> int:
    return sum(1 for element in part.iter() if _tag(element) == name) if part is not None else 0


def _notes(part: Any, name: str) -> Iterator[str]:
    if part is None:
        return
    for note in part:
        if _tag(note) == name and not _value(note, "type"):
            text = "".join(str(each.text or "") for each in note.iter() if _tag(each) == "t").strip()
            if text:
                yield text


def _marks(custom: Any) -> Marks:
    if custom is None:
        return Marks()
    held = {
        _value(element, "name"): "".join(element.itertext()).strip()
        for element in custom
        if _tag(element) == "property"
    }
    return Marks(**{key: held.get(name, "") for key, name in PROPERTIES.items()})


def _captions(styles: Any) -> frozenset[str]:
    """The styles of captions, which have their own key in every language and program."""
    return frozenset(
        _value(style, "styleId")
        for style in (styles if styles is not None else ())
        if _tag(style) == "style" and _value(_child(style, "name")).casefold() == "caption"
    )


class _Album:
    """The pictures of a file: each content once."""

    def __init__(self, opened: Opened, *, own: bool) -> None:
        self.opened, self.own = opened, own
        self._by_part: dict[str, Picture | None] = {}
        self._by_digest: dict[str, Picture] = {}
        self._left = LARGEST_PICTURES

    def picture(self, link: str, called: Sequence[str]) -> Picture | None:
        """The picture behind a link, which somebody `called` so, the name of the drawing first.

        None when it is not in the file or too much.
        """
        part = self.opened.links.get(link, "")
        if part and part not in self._by_part:
            self._by_part[part] = self._read(part)
        found = self._by_part.get(part)
        named = [each for each in called if _PICTURE_NAME.fullmatch(each)]
        # Programs write 图片 7 where this system writes the name; the name of a file stands further inside.
        own = self.own and bool(called) and called[0] in named
        name = next((each for each in named if own or not _NO_NAME.fullmatch(each)), "")
        if found is not None and name and not found.name:
            # Paths come from other machines; bars would end the name.
            found.name = _NOT_IN_NAMES.sub(" ", re.split(r"[/\\]", name)[-1]).strip()
            found.own = own
        return found

    def _read(self, part: str) -> Picture | None:
        content = self.opened.media(part, self._left) if len(self._by_digest) < MOST_PICTURES else b""
        if not content:
            return None
        content = _trimmed(content)
        digest = sha256(content).hexdigest()
        if digest not in self._by_digest:
            self._left -= len(content)
            ending = part.rpartition(".")[2].casefold()
            self._by_digest[digest] = Picture(content, ending if ending.isalnum() else "")
        return self._by_digest[digest]

    def named(self) -> list[Picture]:
        """All of them, no two of one name."""
        taken: set[str] = set()
        number = 0
        for picture in self._by_digest.values():
            number += not picture.name
            picture.name = picture.name or f"{PICTURE}{number}.{picture.ending}"
            (stem, dot, ending), again = picture.name.rpartition("."), 1
            while picture.name in taken:
                again += 1
                picture.name = f"{stem}-{again}{dot}{ending}"
            taken.add(picture.name)
        return list(self._by_digest.values())


def _trimmed(picture: bytes) -> bytes:
    """A picture up to its end: what a file in the old format had behind it comes along otherwise."""
    for start, end in ((b"\xff\xd8\xff", b"\xff\xd9"), (b"\x89PNG", b"IEND\xaeB`\x82")):
        at = picture.rfind(end, -_BEHIND) if picture.startswith(start) else -1
        if at > 0:
            return picture[: at + len(end)]
    return picture


class _Walk:
    """One walk through a document; counts paragraphs and tables as a reader would."""

    def __init__(self, numbering: Numbering, album: _Album, captions: frozenset[str]) -> None:
        self.numbering, self.album, self.captions = numbering, album, captions
        self.called: tuple[str, ...] = ()
        self.drawn: list[tuple[int, Picture]] = []
        self.dropped: Counter[str] = Counter()
        self.paragraphs = 0
        self.tables = 0

    def blocks(self, parent: Any, depth: int) -> list[Block]:
        """The blocks directly in `parent`, through everything that only wraps."""
        if depth > MOST_DEPTH:
            self.dropped[say("嵌套过深的内容")] += 1
            return []
        found: list[Block] = []
        for child in parent:
            match _tag(child):
                case "p":
                    found.extend(self._paragraph(child, depth))
                case "tbl":
                    found.append(self._table(child, depth))
                case "sdt" | "sdtContent" | "customXml" | "ins" | "moveTo" | "smartTag":
                    found.extend(self.blocks(child, depth + 1))
                case "AlternateContent":
                    found.extend(self.blocks(_chosen(child), depth + 1))
                case "del" | "moveFrom":
                    self.dropped[say("修订中删去的内容（没有采用）")] += 1
        return found

    def _paragraph(self, element: Any, depth: int) -> list[Block]:
        self.paragraphs += 1
        text = Text("", self.paragraphs)
        boxes: list[Any] = []
        pieces: list[str] = []
        outer, self.drawn = self.drawn, text.pictures
        self._inline(element, pieces, text.looks, boxes, 0)
        self.drawn = outer
        properties = _child(element, "pPr")
        text.caption = _value(_child(properties, "pStyle")) in self.captions
        content = "".join(pieces)
        if content.strip() or pieces:
            number = self.numbering.label(properties, empty=not content.strip())
            text.pictures = [(at + len(number), picture) for at, picture in text.pictures]
            content = number + content
        text.text = content
        found: list[Block] = [text]
        for box in boxes:
            self.dropped[say("文本框（其中的文字另列）")] += 1
            inside = self.blocks(box, depth + 1)
            for each in texts(inside):
                each.boxed = True
            found.extend(inside)
        return found

    def _inline(
        self, parent: Any, pieces: list[str], looks: Counter[str], boxes: list[Any], depth: int
    ) -> None:
        """Everything in a line of text, through what only wraps it."""
        for child in parent if depth <= MOST_DEPTH * 2 else ():
            tag = _tag(child)
            match tag:
                case "r":
                    self._run(child, pieces, looks, boxes, depth)
                case "t":
                    pieces.append(str(child.text or ""))
                case "del" | "moveFrom":
                    self.dropped[say("修订中删去的内容（没有采用）")] += 1
                case "AlternateContent":
                    self._inline(_chosen(child), pieces, looks, boxes, depth + 1)
                case "txbxContent":
                    boxes.append(child)
                case "inline" | "anchor" | "pic":
                    outer, self.called = self.called, (*self.called, *_called(child))
                    self._inline(child, pieces, looks, boxes, depth + 1)
                    self.called = outer
                case "blip" | "imagedata" | "srcRect" | "chart" | "relIds":
                    self._picture(child, pieces, looks)
                case _ if tag not in _LEFT_OUT:
                    self.dropped.update(_WRAPPED.get(tag, ()))
                    self._inline(child, pieces, looks, boxes, depth + 1)

    def _picture(self, element: Any, pieces: Sequence[str], looks: Counter[str]) -> None:
        """A picture, what was cut away of it, or something drawn that is none."""
        match _tag(element):
            case "srcRect":
                if any(_is_cut(_value(element, side)) for side in "lrtb"):
                    looks[say("图片的裁剪")] += 1
            case "chart" | "relIds":
                looks[say("图表（可以另存为图片）")] += 1
            case tag:
                link = _value(element, "embed" if tag == "blip" else "id")
                picture = self.album.picture(link, self.called)
                if picture is None:
                    looks[PICTURE] += 1
                else:
                    self.drawn.append((sum(map(len, pieces)), picture))

    def _run(self, run: Any, pieces: list[str], looks: Counter[str], boxes: list[Any], depth: int) -> None:
        properties = _child(run, "rPr")
        if _on(properties, "vanish"):
            self.dropped[say("隐藏文字")] += 1
            return
        before = len(pieces)
        for child in run:
            tag = _tag(child)
            if tag == "t":
                pieces.append(str(child.text or ""))
            elif tag in _SIGNS:
                pieces.append(_SIGNS[tag])
            elif tag == "br":
                pieces.append("" if _value(child, "type") in ("page", "column") else "\n")
            elif tag == "sym":
                pieces.append(_CHECKBOXES.get(_value(child, "char").upper(), "□"))
            elif tag in _COUNTED:
                looks[_COUNTED[tag]] += 1
            elif tag in ("drawing", "pict", "ruby", "AlternateContent"):
                inside = _chosen(child) if tag == "AlternateContent" else child
                self._inline(inside, pieces, looks, boxes, depth + 1)
        if properties is not None and "".join(pieces[before:]).strip():
            looks.update(_looks(properties))

    def _table(self, element: Any, depth: int) -> Table:
        self.tables += 1
        number = self.tables
        cells: list[Cell] = []
        above: dict[int, Cell] = {}
        row = width = 0
        header = False
        for tr in _through(element, "tr"):
            properties = _child(tr, "trPr")
            if _child(properties, "del") is not None:
                self.dropped[say("修订中删去的内容（没有采用）")] += 1
                continue
            header = header or (row == 0 and _on(properties, "tblHeader"))
            column = _number(properties, "gridBefore")
            before: Cell | None = None
            now: dict[int, Cell] = {}
            for tc in _through(tr, "tc"):
                settings = _child(tc, "tcPr")
                span = max(1, _number(settings, "gridSpan"))
                merged = _child(settings, "hMerge")
                if merged is not None and _value(merged) != "restart" and before is not None:
                    before.columns += span
                    column += span
                    continue
                down = _child(settings, "vMerge")
                upper = above.get(column)
                inside = self.blocks(tc, depth + 1)
                if down is not None and _value(down) != "restart" and upper is not None:
                    upper.rows = row - upper.row + 1
                    upper.blocks.extend(block for block in inside if not _is_empty(block))
                    cell = upper
                else:
                    cell = Cell(row, column, 1, span, inside)
                    cells.append(cell)
                now[column] = before = cell
                column += span
            width = max(width, column)
            above = now
            row += 1
        self.tables = number  # people count those of the page, not those within a cell
        return Table(number, row, width, cells, header or (depth > 0 and _bold_head(cells)))


def _is_cut(share: str) -> bool:
    # In thousandths of a percent; what other programs write for nothing is a few of them.
    return share.isascii() and share.isdigit() and len(share) > 3


def _called(drawing: Any) -> Iterator[str]:
    """What a picture is called: its name, and what the program that wrote it says of it."""
    for child in drawing:
        if _tag(child) in ("docPr", "nvPicPr"):
            named = _child(child, "cNvPr") if _tag(child) == "nvPicPr" else child
            yield from (_value(named, key).strip() for key in ("name", "descr"))


def _bold_head(cells: Sequence[Cell]) -> bool:
    """A first row in bold above others that are not: not every program keeps what else says that it is the header."""

    def is_bold(cell: Cell) -> bool:
        return any(text.looks[_LOOKS["b"]] for text in texts(cell.blocks))

    head = [cell for cell in cells if cell.row == 0 and cell.text().strip()]
    body = [cell for cell in cells if cell.row > 0 and cell.text().strip()]
    return bool(head) and all(map(is_bold, head)) and not all(map(is_bold, body))


def _looks(properties: Any) -> Iterator[str]:
    """The looks of a run of text that plain text does not have."""
    for child in properties:
        name, value = _tag(child), _value(child)
        if name in _LOOKS and value not in _OFF:
            yield _LOOKS[name]
        elif name == "vertAlign" and value in ("superscript", "subscript"):
            yield say("上标或下标")
        elif name == "color" and value.lower() not in ("", "auto", "000000"):
            yield say("字体颜色")


def _is_empty(block: Block) -> bool:
    return isinstance(block, Text) and not (block.text.strip() or block.looks or block.pictures)


def _through(parent: Any, name: str) -> Iterator[Any]:
    """Children of that name, through what only wraps them."""
    for child in parent:
        tag = _tag(child)
        if tag == name:
            yield child
        elif tag in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"):
            yield from _through(child, name)


def _chosen(alternatives: Any) -> Any:
    """The newest form of something that a file holds twice; the other would read it double."""
    choice = alternatives.find(f"{_MC}Choice")
    fallback = alternatives.find(f"{_MC}Fallback")
    if choice is None:
        return fallback if fallback is not None else ()
    return choice
