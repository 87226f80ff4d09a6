"""Prints a form as .docx: the official words in tables with merged cells, the answers as plain paragraphs.

The label cells are the anchors by which the answers are found again; there are no content controls, because
LibreOffice 7.4 destroys them. The same values give the same bytes.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from shidian.documents.word.form import (
    Box,
    Cell,
    Drawing,
    Form,
    Grid,
    Inset,
    Jpeg,
    Line,
    LongAnswer,
    Marks,
    Opinions,
    RowsTable,
    Values,
)  # fmt: skip

PROPERTIES = {"call": "shidian-call", "reference": "shidian-reference", "version": "shidian-version"}
"""Names in docProps/custom.xml."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SONG, _HEI, _FANG, _KAI = "宋体", "黑体", "仿宋", "楷体"
_BODY, _COVER, _TITLE, _SMALL = 24, 32, 44, 21
"""Half points: 小四, 三号, 二号, 五号."""
_STAMP = (1980, 1, 1, 0, 0, 0)


def write(
    form: Form,
    values: Values,
    *,
    marks: Marks | None = None,
    foot: str = "",
    pinned: datetime,
    pictures: Mapping[str, Jpeg] | None = None,
) -> bytes:
    """The form with `values` filled in; empty values leave the boxes as the notice has them.

    `foot` stands before the page number on every page; without `marks` and `foot` it is the blank official form.
    `pictures` are those that long answers name.
    """
    at = pinned.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    drawn = _Pictures(pictures or {}, first=3 if foot else 2)
    body = "".join(_document(form, values, drawn))
    section = (
        ('<w:footerReference w:type="default" r:id="rId2"/>' if foot else "")
        + '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1588"'
        ' w:header="851" w:footer="1134" w:gutter="0"/>'
    )
    document = f'{_HEAD}<w:document xmlns:w="{_W}" xmlns:r="{_R}"><w:body>{body}<w:sectPr>{section}</w:sectPr></w:body></w:document>'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _content_types(bool(foot), marks is not None),
        "_rels/.rels": _root_links(marks is not None),
        "word/document.xml": document,
        "word/_rels/document.xml.rels": _links(bool(foot), drawn),
        "word/styles.xml": _STYLES,
        "docProps/core.xml": _core(form.title, at),
    }
    if foot:
        parts["word/footer1.xml"] = _footer(foot)
    if marks is not None:
        parts["docProps/custom.xml"] = _custom(marks)
    parts.update(drawn.parts())
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content.encode("utf-8") if isinstance(content, str) else content)
    return out.getvalue()


def clean(text: str) -> str:
    """`text` as XML can carry it: one kind of line end, no control characters, no half pairs."""
    return _NOT_XML.sub("", _BREAKS.sub("\n", text))


# Runs and paragraphs


def _run(text: str, *, font: str = _SONG, size: int = _BODY, bold: bool = False, line: bool = False) -> str:
    pieces = []
    for number, row in enumerate(clean(text).split("\n")):
        if number:
            pieces.append("<w:br/>")
        for position, piece in enumerate(row.split("\t")):
            if position:
                pieces.append("<w:tab/>")
            if piece:
                pieces.append(f'<w:t xml:space="preserve">{escape(piece)}</w:t>')
    style = (
        f'<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{font}" w:cs="Times New Roman" w:hint="eastAsia"/>'
        + ("<w:b/>" if bold else "")
        + f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/>'
        + ('<w:u w:val="single"/>' if line else "")
    )
    return f"<w:r><w:rPr>{style}</w:rPr>{''.join(pieces)}</w:r>"


def _paragraph(runs: str, *, align: str = "", style: str = "", outline: int | None = None) -> str:
    # The schema wants them in this order, and Word calls a file damaged that has another.
    properties = (
        style
        + (f'<w:jc w:val="{align}"/>' if align else "")
        + ("" if outline is None else f'<w:outlineLvl w:val="{outline}"/>')
    )
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{runs}</w:p>"


def _space(before: int = 0, after: int = 0) -> str:
    return f'<w:spacing w:before="{before}" w:after="{after}"/>'


_PAGE_BREAK = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
_THIN = '<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/></w:pPr></w:p>'
"""Between two tables that touch: without a paragraph programs join them into one with a wrong grid."""


# The document


def _document(form: Form, values: Values, drawn: _Pictures) -> Iterator[str]:
    if form.top:
        yield _paragraph(_run(form.top, font=_HEI, size=_COVER))
    yield _paragraph(
        _run(form.title, size=_TITLE, bold=True), align="center", style=_space(1800, 1600), outline=0
    )
    for line in form.cover:
        yield _cover_line(line, values)
    if form.cover_date:
        filled = _text(values, "date")
        yield _paragraph(_run(filled or form.cover_date, size=_COVER), align="center", style=_space(1200))
    if form.instructions:
        yield _PAGE_BREAK
        yield _paragraph(
            _run(form.instructions_title, size=_TITLE, bold=True), align="center", style=_space(0, 480)
        )
        for item in form.instructions:
            yield _paragraph(
                _run(item, font=_FANG, size=_COVER),
                style='<w:spacing w:line="560" w:lineRule="exact"/><w:ind w:firstLineChars="200" w:firstLine="640"/>',
            )
    yield _PAGE_BREAK
    for block in form.blocks:
        yield _grid(block, values, drawn) if isinstance(block, Grid) else _rows_table(block, values)
        yield _THIN
    if form.opinions:
        yield from _opinions(form.opinions, values)


def _cover_line(line: Line, values: Values) -> str:
    text = _text(values, line.path)
    style = _space(720 if line.gap else 240)
    if line.blank:
        return _paragraph(_run(f"{line.label}{text or line.blank}", size=_COVER), style=style)
    tabs = '<w:tabs><w:tab w:val="right" w:pos="8400"/></w:tabs>'
    runs = _run(line.label, size=_COVER) + _run(f"{text}\t", font=_FANG, size=_COVER, line=True)
    return _paragraph(runs, style=tabs + style)


def _text(values: Values, path: str) -> str:
    value = values.get(path) or ""
    return "、".join(value) if isinstance(value, list) else str(value)


# Tables


def _table(widths: Sequence[float], rows: Iterable[str]) -> str:
    return _framed([_twips(width) for width in widths], "".join(rows))


def _framed(twips: Sequence[int], rows: str) -> str:
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in twips)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(twips)}" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders>'
        '<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="85" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
    )


def _twips(millimetres: float) -> int:
    return round(millimetres * 1440 / 25.4)


def _row(cells: str, *, height: float = 8, whole: bool = True) -> str:
    properties = (
        "<w:cantSplit/>" if whole else ""
    ) + f'<w:trHeight w:val="{_twips(height)}" w:hRule="atLeast"/>'
    return f"<w:tr><w:trPr>{properties}</w:trPr>{cells}</w:tr>"


def _cell(content: str, *, width: int, span: int = 1, top: bool = False) -> str:
    properties = (
        f'<w:tcW w:w="{width}" w:type="dxa"/>'
        + (f'<w:gridSpan w:val="{span}"/>' if span > 1 else "")
        + f'<w:vAlign w:val="{"top" if top else "center"}"/>'
    )
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


def _title_row(title: str, widths: Sequence[float]) -> str:
    content = _paragraph(_run(title), style=f"<w:keepNext/>{_space(60, 60)}", outline=1)
    return _row(_cell(content, width=sum(map(_twips, widths)), span=len(widths)), height=10)


def _words(label: str, *, left: bool = False) -> str:
    return _paragraph(_run(label), align="" if left else "center")


def _paragraphs(text: str, *, align: str = "", indent: bool = False) -> str:
    style = '<w:ind w:firstLineChars="200" w:firstLine="480"/>' if indent else ""
    return "".join(
        _paragraph(_run(line, font=_FANG) if line else "", align=align, style=style if line else "")
        for line in clean(text).split("\n")
    )


def _grid(block: Grid, values: Values, drawn: _Pictures) -> str:
    return _table(block.widths, [_title_row(block.title, block.widths), *_grid_rows(block, values, drawn)])


def _grid_rows(block: Grid, values: Values, drawn: _Pictures) -> Iterator[str]:
    for row in block.rows:
        at, cells, height, long = 0, "", 8.0, False
        for cell in row:
            width = sum(map(_twips, block.widths[at : at + cell.span]))
            at += cell.span
            text = _text(values, cell.path) if cell.path else ""
            held = values.get(cell.path) if cell.path else None
            if isinstance(held, LongAnswer) and cell.left:
                content = _long_answer(held, width - 170, drawn)
                long = long or any(isinstance(piece, (Inset, Drawing)) for piece in held.pieces)
            else:
                content = _content(cell, text)
            cells += _cell(content, width=width, span=cell.span, top=cell.left and bool(cell.path))
            height = max(height, min(cell.height, 24) if text else cell.height)
            long = long or len(text) > 240
        yield _row(cells, height=height, whole=not long)


def _content(cell: Cell, text: str) -> str:
    if not cell.path:
        return _words(cell.label, left=cell.left)
    if not text:
        return _words(cell.blank, left=cell.left) if cell.blank else "<w:p/>"
    if cell.left:
        return _paragraphs(text, indent=True)
    return _paragraph(_run(text, font=_FANG), align="center")


# Long answers


class _Pictures:
    """The pictures of a file: each once, however often it is shown."""

    def __init__(self, held: Mapping[str, Jpeg], *, first: int) -> None:
        self.held, self.first = held, first
        self.numbers: dict[str, int] = {}
        self.shown = 0

    def parts(self) -> dict[str, bytes]:
        """The parts of the file that hold them."""
        return {f"word/{target}": self.held[name].content for name, target in self.targets()}

    def targets(self) -> Iterator[tuple[str, str]]:
        """Names and places in the file, in the order of their links."""
        yield from ((name, f"media/image{number}.jpeg") for name, number in self.numbers.items())

    def draw(self, piece: Drawing, width: int) -> str:
        """A picture as wide as it is printed, at most as wide as its box, and low enough for a page."""
        jpeg = self.held[piece.name]
        number = self.numbers.setdefault(piece.name, len(self.numbers) + 1)
        self.shown += 1
        # 635 units of a drawing are a twip; at 150 dots to the inch a dot is 6096.
        scale = min(width * 635 / jpeg.width, 130 * 36000 / jpeg.height, 6096.0)
        across, down = round(jpeg.width * scale), round(jpeg.height * scale)
        name, said = quoteattr(clean(piece.name)), quoteattr(clean(piece.caption or piece.name))
        return (
            f'<w:r><w:drawing><wp:inline xmlns:wp="{_DRAWING}/wordprocessingDrawing" distT="0" distB="0" distL="0" distR="0">'
            f'<wp:extent cx="{across}" cy="{down}"/><wp:docPr id="{self.shown}" name={name} descr={said}/>'
            f'<a:graphic xmlns:a="{_DRAWING}/main"><a:graphicData uri="{_DRAWING}/picture">'
            f'<pic:pic xmlns:pic="{_DRAWING}/picture"><pic:nvPicPr><pic:cNvPr id="{self.shown}" name={name}/><pic:cNvPicPr/>'
            f'</pic:nvPicPr><pic:blipFill><a:blip r:embed="rId{self.first + number - 1}"/><a:stretch><a:fillRect/></a:stretch>'
            f'</pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{across}" cy="{down}"/></a:xfrm>'
            '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
            "</wp:inline></w:drawing></w:r>"
        )


_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"


def _long_answer(answer: LongAnswer, width: int, drawn: _Pictures) -> str:
    content, ended = "", True
    for piece in answer.pieces:
        ended = not isinstance(piece, Inset)
        match piece:
            case Inset():
                content += _inset(piece, width)
            case Drawing() if piece.name in drawn.held:
                content += _paragraph(drawn.draw(piece, width), align="center", style="<w:keepNext/>")
                if piece.caption:
                    content += _paragraph(
                        _run(piece.caption, font=_KAI, size=_SMALL),
                        align="center",
                        style='<w:pStyle w:val="Caption"/>',
                    )
            case Drawing():
                content += _paragraphs(piece.line, indent=True)
            case _ if piece.level:
                hang = 120 * _signs(piece.lead)
                left = 480 + 240 * (piece.level - 1) + hang
                hanging = f'<w:ind w:left="{left}" w:hanging="{hang}"/>'
                content += _paragraph(_run(piece.text, font=_FANG), style=hanging)
            case _:
                content += _paragraphs(piece.text, indent=True)
    # A cell ends with a paragraph, or Word calls the file damaged.
    return content if ended and content else f"{content}{_THIN}"


def _signs(text: str) -> int:
    """How wide a line is in halves of a Chinese sign."""
    return sum(1 if char.isascii() else 2 for char in text)


def _inset(piece: Inset, width: int) -> str:
    """A table as the printed form has it: columns by what they hold, smaller signs where there are many."""
    columns = len(piece.rows[0])
    size = 15 if columns > 9 else 18 if columns > 6 else _SMALL
    weights = [
        min(40, max(4, *(_signs(line) for row in piece.rows for line in row[at].split("\n"))))
        for at in range(columns)
    ]
    least = min(24 * size + 100, width // columns)
    spare = width - columns * least
    widths = [least + spare * weight // sum(weights) for weight in weights]
    rows = ""
    for number, row in enumerate(piece.rows):
        head = piece.header and number == 0
        cells = ""
        for text, each in zip(row, widths, strict=True):
            short = head or (len(text) <= 24 and "\n" not in text)
            content = _run(text, font=_SONG if head else _FANG, size=size, bold=head)
            cells += _cell(_paragraph(content, align="center" if short else ""), width=each)
        whole = all(len(text) <= 600 for text in row)
        properties = f"{'<w:cantSplit/>' if whole else ''}{'<w:tblHeader/>' if head else ''}"
        rows += f"<w:tr>{f'<w:trPr>{properties}</w:trPr>' if properties else ''}{cells}</w:tr>"
    return _framed(widths, rows)


def _rows_table(block: RowsTable, values: Values) -> str:
    rows: list[dict[str, Any]] = list(values.get(block.path) or [])
    widths = [_twips(width) for width in block.widths]
    heads = "".join(_cell(_words(head), width=width) for head, width in zip(block.heads, widths, strict=True))
    lines = [_title_row(block.title, block.widths), _row(heads)]
    for row in rows:
        texts = [str(row.get(key) or "") for key in block.keys]
        cells = "".join(
            _cell(_paragraphs(text, align="" if "\n" in text or len(text) > 20 else "center"), width=width)
            for text, width in zip(texts, widths, strict=True)
        )
        lines.append(_row(cells, whole=sum(map(len, texts)) < 900))
    empty = "".join(_cell("<w:p/>", width=width) for width in widths)
    lines.extend(_row(empty) for _ in range(max(0, block.least - len(rows))))
    return _table(block.widths, lines)


def _opinions(opinions: Opinions, values: Values) -> Iterator[str]:
    widths = [156.0]
    yield _paragraph("", style='<w:pageBreakBefore/><w:spacing w:line="20" w:lineRule="exact"/>')
    rows = [_title_row(opinions.title, widths)]
    for box in opinions.boxes:
        rows.extend(_box(box, name, opinions.lines) for name in _names(box, values))
    yield _table(widths, rows)
    yield _THIN


def _names(box: Box, values: Values) -> list[str]:
    value = values.get(box.path) if box.path else None
    names = [value] if isinstance(value, str) else list(value or [])
    # The blank form is the notice's, and there every box is empty.
    return names or [box.fixed if values else ""]


def _box(box: Box, name: str, lines: Sequence[str]) -> str:
    first, *others = lines or ("",)
    content = _paragraph(_run(f"{box.label}{first}") + (_run(name, font=_FANG) if name else ""))
    for number, line in enumerate(others):
        last = number == len(others) - 1
        content += _paragraph(
            _run(line),
            align="right" if last else "",
            style=(_space(900) + '<w:ind w:right="480"/>') if last else _space(60),
        )
    return _row(_cell(content, width=_twips(156), top=True), height=41)


# The other parts of the file


def _content_types(foot: bool, custom: bool) -> str:
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    overrides = [
        ("/word/document.xml", f"{main}.document.main+xml"),
        ("/word/styles.xml", f"{main}.styles+xml"),
    ]
    overrides.append(("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"))
    if foot:
        overrides.append(("/word/footer1.xml", f"{main}.footer+xml"))
    if custom:
        overrides.append(
            ("/docProps/custom.xml", "application/vnd.openxmlformats-officedocument.custom-properties+xml")
        )
    lines = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in overrides)
    return (
        f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="jpeg" ContentType="image/jpeg"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{lines}</Types>'
    )


_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def _relationships(links: Sequence[tuple[str, str]]) -> str:
    lines = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(links, start=1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _root_links(custom: bool) -> str:
    links = [
        (f"{_R}/officeDocument", "word/document.xml"),
        (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
    ]
    if custom:
        links.append((f"{_R}/custom-properties", "docProps/custom.xml"))
    return _relationships(links)


def _links(foot: bool, drawn: _Pictures) -> str:
    links = [(f"{_R}/styles", "styles.xml")]
    if foot:
        links.append((f"{_R}/footer", "footer1.xml"))
    links += [(f"{_R}/image", target) for _, target in drawn.targets()]
    return _relationships(links)


def _core(title: str, at: str) -> str:
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(clean(title))}</dc:title><dc:language>zh-CN</dc:language>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{at}</dcterms:created></cp:coreProperties>'
    )


def _custom(marks: Marks) -> str:
    lines = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{number}" name={quoteattr(name)}>'
        f"<vt:lpwstr>{escape(clean(getattr(marks, key)))}</vt:lpwstr></property>"
        for number, (key, name) in enumerate(PROPERTIES.items(), start=2)
    )
    return (
        f'{_HEAD}<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"'
        f' xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">{lines}</Properties>'
    )


def _footer(foot: str) -> str:
    def page(code: str) -> str:
        return f'<w:fldSimple w:instr=" {code} ">{_run("1", size=18)}</w:fldSimple>'

    runs = (
        _run(f"{foot}  ·  第 ", size=18)
        + page("PAGE")
        + _run(" 页 共 ", size=18)
        + page("NUMPAGES")
        + _run(" 页", size=18)
    )
    return f'{_HEAD}<w:ftr xmlns:w="{_W}">{_paragraph(runs, align="center")}</w:ftr>'


_STYLES = (
    f'{_HEAD}<w:styles xmlns:w="{_W}"><w:docDefaults><w:rPrDefault><w:rPr>'
    f'<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{_SONG}" w:cs="Times New Roman"/>'
    f'<w:sz w:val="{_BODY}"/><w:szCs w:val="{_BODY}"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/>'
    "</w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>"
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Caption"><w:name w:val="caption"/><w:basedOn w:val="Normal"/></w:style></w:styles>'
)
