"""Lists and cover letters as Word documents, with the words of the printed papers, to be worked on elsewhere.

What is sealed and kept is the PDF. Fonts are named as Chinese offices have them, 方正小标宋 and 仿宋_GB2312 among them;
Word takes its own when they are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from shidian.dispatch.letters import NO_NUMBER

FANG, TITLE, HEI, SONG = "仿宋_GB2312", "方正小标宋简体", "黑体", "宋体"
PITCH = Pt(28.95)  # 225 mm in 22 lines
RED = RGBColor(0xD7, 0x00, 0x0F)


def _document(title: str, created: datetime) -> Any:
    document = docx.Document()
    properties = document.core_properties
    properties.title = title
    properties.author = properties.last_modified_by = ""
    properties.comments = ""
    moment = created.replace(tzinfo=None, microsecond=0)
    properties.created = properties.modified = moment
    normal = document.styles["Normal"]
    _font(normal, SONG, Pt(10.5))
    return document


def _font(holder: Any, name: str, size: Pt, *, bold: bool = False, colour: RGBColor | None = None) -> None:
    holder.font.name = name
    holder.font.size = size
    holder.font.bold = bold
    if colour is not None:
        holder.font.color.rgb = colour
    fonts = holder.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(attribute), name)


def _line(
    document: Any,
    text: str,
    *,
    font: str = FANG,
    size: float = 16,
    align: WD_ALIGN_PARAGRAPH | None = None,
    indent: float = 0,
    left: float = 0,
    right: float = 0,
    bold: bool = False,
    colour: RGBColor | None = None,
    exact: bool = True,
    before: float = 0,
) -> Any:
    paragraph = document.add_paragraph()
    shape = paragraph.paragraph_format
    shape.space_before, shape.space_after = Pt(before), Pt(0)
    if exact:
        shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, PITCH
    if align is not None:
        paragraph.alignment = align
    shape.first_line_indent = Pt(indent) if indent else None
    shape.left_indent = Pt(left) if left else None
    shape.right_indent = Pt(right) if right else None
    _font(paragraph.add_run(text), font, Pt(size), bold=bold, colour=colour)
    return paragraph


def _rule(paragraph: Any, side: str, *, eighths: int, colour: str) -> None:
    borders = OxmlElement("w:pBdr")
    edge = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", str(eighths)), ("space", "1"), ("color", colour)):
        edge.set(qn(f"w:{name}"), value)
    borders.append(edge)
    paragraph._p.get_or_add_pPr().append(borders)


def _page_number(paragraph: Any) -> None:
    for kind, text in (("begin", ""), ("", " PAGE "), ("end", "")):
        run = paragraph.add_run()
        _font(run, SONG, Pt(14))
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = text
        run._r.append(mark)


def _footer(footer: Any, align: WD_ALIGN_PARAGRAPH) -> None:
    paragraph = footer.paragraphs[0]
    paragraph.alignment = align
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Pt(14)
    _font(paragraph.add_run("— "), SONG, Pt(14))
    _page_number(paragraph)
    _font(paragraph.add_run(" —"), SONG, Pt(14))


def letter_document(letter: dict[str, Any], *, created: datetime) -> bytes:
    """A cover letter by GB/T 9704-2012: margins, 22 lines a page, red head, title, text, attachments, signature, 版记."""
    document = _document(letter["title"], created)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(25)
    document.settings.odd_and_even_pages_header_footer = True
    _footer(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
    _footer(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)
    centre = WD_ALIGN_PARAGRAPH.CENTER
    office = letter["office"]
    size = min(48.0, 397 / len(office))
    if letter["draft"]:
        _line(document, "（草稿）", font=HEI, align=centre)
    _line(
        document, office, font=TITLE, size=size, align=centre, bold=True, colour=RED, exact=False, before=99
    )
    _line(document, "")
    number = _line(document, letter["number"] or NO_NUMBER, align=centre, before=28.95)
    _rule(number, "bottom", eighths=12, colour="D7000F")
    _line(document, "")
    _line(document, "")
    _line(document, letter["title"], font=TITLE, size=22, align=centre, bold=True, exact=False)
    _line(document, "")
    _line(document, letter["addressee"])
    for paragraph in letter["paragraphs"]:
        _line(document, paragraph, indent=32)
    attachments = letter["attachments"]
    if attachments:
        _line(document, "")
        for at, name in enumerate(attachments):
            numbered = name if len(attachments) == 1 else f"{at + 1}．{name}"
            _line(document, ("附件：" if at == 0 else "　　　") + numbered, left=32)
    _line(document, "")
    _line(document, "")
    dated = letter["dated"]
    beyond = (
        len(office) - _width(dated)
    ) / 2  # the office stands centred above the day, four characters inside
    right = WD_ALIGN_PARAGRAPH.RIGHT
    _line(document, office, align=right, right=16 * max(0.0, 4 - beyond))
    _line(document, dated, align=right, right=16 * (4 + max(0.0, beyond - 4)))
    _line(document, "")
    if letter["copy_to"]:
        copied = _line(document, f"抄送：{letter['copy_to']}", size=14, left=14, right=14)
        _rule(copied, "top", eighths=8, colour="000000")
    issued = _line(document, f"{office}　　{dated}印发", size=14, left=14, right=14)
    _rule(issued, "bottom", eighths=8, colour="000000")
    return _bytes(document)


def _width(text: str) -> float:
    """How many Chinese characters wide a text is."""
    return sum(0.5 if character.isascii() else 1 for character in text)


def list_document(paper: dict[str, Any], *, created: datetime) -> bytes:
    """A list on A4 across: head of the table on every page, changes of a supplement, total, place for the seal."""
    document = _document(paper["title"], created)
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin = section.right_margin = Mm(15)
    centre = WD_ALIGN_PARAGRAPH.CENTER
    draft = "（草稿）" if paper["draft"] else ""
    _line(document, paper["title"] + draft, font=TITLE, size=22, align=centre, bold=True, exact=False)
    _line(document, paper["call"], font=SONG, size=12, align=centre, exact=False)
    _line(document, f"报送单位：{paper['office']}", font=SONG, size=10.5, exact=False, before=6)
    if paper["supplements"]:
        _line(document, f"补充更正的清单：{paper['supplements']}", font=SONG, size=10.5, exact=False)
        _line(document, f"理由：{paper['reason']}", font=SONG, size=10.5, exact=False)
    if paper["rows"] or not paper["changes"]:
        _table(document, paper["columns"], paper["rows"])
    if paper["changes"]:
        _line(document, "撤下和更正", font=HEI, size=12, exact=False, before=8)
        _table(document, paper["change_columns"], paper["changes"])
    _line(document, paper["total_text"], font=SONG, size=10.5, exact=False, before=6)
    right = WD_ALIGN_PARAGRAPH.RIGHT
    _line(
        document, f"{paper['sealed_by']}（盖章）", font=SONG, size=10.5, align=right, exact=False, before=24
    )
    _line(document, paper["dated"], font=SONG, size=10.5, align=right, exact=False)
    if paper["code"]:
        _line(document, f"核对码 {paper['code']}", font=SONG, size=9, exact=False)
    return _bytes(document)


def _table(document: Any, columns: Sequence[dict[str, Any]], rows: Sequence[Sequence[str]]) -> None:
    table = document.add_table(rows=1, cols=len(columns))
    table.style = "Table Grid"
    table.autofit = False
    whole = sum(column["width"] for column in columns)
    widths = [Mm(267 * column["width"] / whole) for column in columns]
    size = 8.0 if len(columns) > 10 else 10.0
    for cell, column in zip(table.rows[0].cells, columns, strict=True):
        _cell(cell, column["label"], HEI, size, WD_ALIGN_PARAGRAPH.CENTER)
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)
    for row in rows:
        made = table.add_row()
        whole_row = OxmlElement("w:cantSplit")
        made._tr.get_or_add_trPr().append(whole_row)
        for cell, text, column in zip(made.cells, row, columns, strict=True):
            centred = column.get("align") == "center"
            _cell(cell, text, SONG, size, WD_ALIGN_PARAGRAPH.CENTER if centred else WD_ALIGN_PARAGRAPH.LEFT)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width


def _cell(cell: Any, text: str, font: str, size: float, align: WD_ALIGN_PARAGRAPH) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(0)
    _font(paragraph.add_run(text), font, Pt(size))


def _bytes(document: Any) -> bytes:
    out = BytesIO()
    document.save(out)
    return out.getvalue()
