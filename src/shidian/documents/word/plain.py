"""Prints a plain document as .docx: a title, headings, paragraphs and tables. The same blocks give the same bytes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from xml.sax.saxutils import escape

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_SONG, _HEI, _FANG = "宋体", "黑体", "仿宋"
_TITLE, _BODY, _SMALL = 44, 32, 24
"""Half points: 二号, 三号, 小四."""
_STAMP = (1980, 1, 1, 0, 0, 0)
_WIDTH = 8844
"""Between the margins of GB/T 9704, in twentieths of a point."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within the document."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """Paragraphs, one a line; indented as prose is, unless said otherwise."""

    text: str
    indented: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its heads; `widths` are shares of the line."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]


Block = Heading | Text | Table


def write_plain(title: str, blocks: Sequence[Block], *, foot: str, pinned: datetime) -> bytes:
    """The document on A4 with the margins of GB/T 9704; `foot` stands before the page number on every page."""
    body = "".join(
        [_paragraph(_run(title, font=_SONG, size=_TITLE, bold=True), align="center", after=480, level=0)]
        + [piece for block in blocks for piece in _block(block)]
    )
    section = (
        '<w:sectPr><w:footerReference w:type="default" r:id="rId2"/><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1588" w:header="851" w:footer="1134" w:gutter="0"/>'
        "</w:sectPr>"
    )
    at = pinned.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _links(
            (f"{_R}/officeDocument", "word/document.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "word/document.xml": f'{_HEAD}<w:document xmlns:w="{_W}" xmlns:r="{_R}"><w:body>{body}{section}</w:body></w:document>',
        "word/_rels/document.xml.rels": _links(
            (f"{_R}/styles", "styles.xml"), (f"{_R}/footer", "footer1.xml")
        ),
        "word/styles.xml": _STYLES,
        "word/footer1.xml": _footer(foot),
        "docProps/core.xml": _core(title, at),
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content.encode("utf-8"))
    return out.getvalue()


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(text):
            yield _paragraph(_run(text, font=_HEI), before=240, after=120, level=1, keep=True)
        case Text(text, indented):
            for line in text.split("\n"):
                yield _paragraph(_run(line, font=_FANG), indent=indented)
        case Table():
            yield _table(block)
            yield _paragraph("", after=0)


def _run(text: str, *, font: str = _FANG, size: int = _BODY, bold: bool = False) -> str:
    said = escape(_NOT_XML.sub("", text))
    return (
        f'<w:r><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{font}"'
        f' w:cs="Times New Roman" w:hint="eastAsia"/>{"<w:b/>" if bold else ""}<w:sz w:val="{size}"/>'
        f'<w:szCs w:val="{size}"/></w:rPr><w:t xml:space="preserve">{said}</w:t></w:r>'
    )


def _paragraph(
    runs: str,
    *,
    align: str = "",
    before: int = 0,
    after: int = 0,
    indent: bool = False,
    keep: bool = False,
    level: int | None = None,
) -> str:
    # The schema wants them in this order.
    properties = (
        ("<w:keepNext/>" if keep else "")
        + f'<w:spacing w:before="{before}" w:after="{after}"/>'
        + ('<w:ind w:firstLineChars="200" w:firstLine="640"/>' if indent else "")
        + (f'<w:jc w:val="{align}"/>' if align else "")
        + ("" if level is None else f'<w:outlineLvl w:val="{level}"/>')
    )
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"


def _table(table: Table) -> str:
    whole = sum(table.widths)
    widths = [_WIDTH * width // whole for width in table.widths]
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    head = "".join(_cell(text, width, font=_HEI) for text, width in zip(table.heads, widths, strict=True))
    rows = f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>"
    for row in table.rows:
        cells = "".join(_cell(text, width) for text, width in zip(row, widths, strict=True))
        rows += f"<w:tr>{cells}</w:tr>"
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders>'
        '<w:tblLayout w:type="fixed"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
    )


def _cell(text: str, width: int, *, font: str = _SONG) -> str:
    content = "".join(_paragraph(_run(line, font=font, size=_SMALL)) for line in text.split("\n"))
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{content}</w:tc>'


def _links(*links: tuple[str, str]) -> str:
    lines = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(links, start=1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _footer(foot: str) -> str:
    def page(code: str) -> str:
        return f'<w:fldSimple w:instr=" {code} ">{_run("1", font=_SONG, size=18)}</w:fldSimple>'

    def said(text: str) -> str:
        return _run(text, font=_SONG, size=18)

    runs = said(f"{foot}  ·  第 ") + page("PAGE") + said(" 页 共 ") + page("NUMPAGES") + said(" 页")
    return f'{_HEAD}<w:ftr xmlns:w="{_W}">{_paragraph(runs, align="center")}</w:ftr>'


def _core(title: str, at: str) -> str:
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title><dc:language>zh-CN</dc:language>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{at}</dcterms:created></cp:coreProperties>'
    )


_TYPES = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_MAIN}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_MAIN}.styles+xml"/>'
    f'<Override PartName="/word/footer1.xml" ContentType="{_MAIN}.footer+xml"/>'
    '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
    "</Types>"
)
_STYLES = (
    f'{_HEAD}<w:styles xmlns:w="{_W}"><w:docDefaults><w:rPrDefault><w:rPr>'
    f'<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{_FANG}" w:cs="Times New Roman"/>'
    f'<w:sz w:val="{_BODY}"/><w:szCs w:val="{_BODY}"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/>'
    "</w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>"
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>'
)
