"""Pictures of sealed pages and attachments, drawn so that the same words give the same bytes on any machine.

They stand for what a scanner would give: a page with text, a signature and a red seal, as PDF, JPEG or PNG.
"""

from __future__ import annotations

import struct
import zlib
from datetime import date
from functools import cache, lru_cache
from io import BytesIO
from math import cos, pi, sin
from pathlib import Path
from typing import Literal
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from PIL import Image, ImageDraw, ImageFont

Kind = Literal["pdf", "jpeg", "png"]
KINDS: tuple[Kind, ...] = ("pdf", "jpeg", "png")
SUFFIXES = {"pdf": ".pdf", "jpeg": ".jpg", "png": ".png", "docx": ".docx", "xlsx": ".xlsx"}

WIDTH, HEIGHT, MARGIN = 480, 340, 30
STAMP = 70  # radius of a seal
PAPER, INK, SEAL = 0, 1, 2
PALETTE = ((255, 255, 255), (40, 40, 60), (200, 30, 30))

_FONTS = Path(__file__).parents[1] / "documents" / "fonts"


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    # The basic layout needs no library of the machine that could differ.
    return ImageFont.truetype(_FONTS / "ShidianKai-Regular.ttf", size, layout_engine=ImageFont.Layout.BASIC)


def page(lines: list[str], *, seal: str = "", signature: str = "", kind: Kind = "pdf") -> bytes:
    """A page with `lines`, the first as its heading, and at the foot a signature and the round red seal of a body."""
    picture = _draw(lines, seal, signature)
    if kind == "png":
        return _png(picture)
    out = BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=60, subsampling=2)
    return out.getvalue() if kind == "jpeg" else _pdf(out.getvalue())


def opinion_page(
    *,
    title: str,
    reference: str,
    version: str,
    code: str,
    label: str,
    name: str,
    agrees: bool,
    signatory: str,
    day: date,
    kind: Kind,
) -> bytes:
    """The page on which a party gives its opinion on one version, sealed, signed and dated."""
    lines = [
        title,
        f"{label}（盖章）：{name}",
        f"意见：{'同意' if agrees else '不同意'}",
        f"负责人（签名）：{signatory}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{reference} · {version} · {code}",
    ]
    return page(lines, seal=name, signature=signatory, kind=kind)


def sealed_list(
    *, title: str, office: str, reference: str, code: str, count: int, day: date, kind: Kind = "pdf"
) -> bytes:
    """The last page of a printed list with the office's seal."""
    lines = [
        title,
        f"共 {count} 项",
        office,
        f"{day.year}年{day.month}月{day.day}日",
        f"{reference} · {code}",
    ]
    return page(lines, seal=office, kind=kind)


def attachment(*, label: str, unit: str, code: str, day: date, kind: str) -> bytes:
    """A certificate or a document that a unit adds, in the format asked for."""
    lines = [
        label,
        unit,
        f"统一社会信用代码或组织机构代码：{code}",
        "（演示材料，不具效力）",
        f"{day.year}年{day.month}月{day.day}日",
    ]
    if kind == "docx":
        return _docx(lines)
    if kind == "xlsx":
        return _xlsx(lines)
    if kind in ("pdf", "jpeg", "png"):
        found: Kind = "pdf" if kind == "pdf" else "jpeg" if kind == "jpeg" else "png"
        return page(lines, seal=unit, kind=found)
    raise ValueError(f"no attachment of format {kind}")


def _draw(lines: list[str], seal: str, signature: str) -> Image.Image:
    picture = Image.new("P", (WIDTH, HEIGHT), PAPER)
    picture.putpalette([part for colour in PALETTE for part in colour])
    pen = ImageDraw.Draw(picture)
    pen.fontmode = "1"  # hard edges: three colours, and nothing that depends on blending
    pen.rectangle((8, 8, WIDTH - 9, HEIGHT - 9), outline=INK)
    top = MARGIN
    for position, line in enumerate(lines):
        size = 20 if position == 0 else 16
        for part in _broken(line, size):
            pen.text((MARGIN, top), part, fill=INK, font=_font(size))
            top += size + 10
    if signature:
        pen.text((WIDTH - 210, HEIGHT - 70), signature, fill=INK, font=_font(30))
    if seal:
        stamp = _stamp(seal.replace("（演示）", ""))
        picture.paste(SEAL, (WIDTH - 95 - STAMP, HEIGHT - 95 - STAMP), stamp)
    return picture


def _broken(line: str, size: int) -> list[str]:
    fits = (WIDTH - 2 * MARGIN) // size
    return [line[start : start + fits] for start in range(0, len(line), fits)] or [""]


@lru_cache(maxsize=256)
def _stamp(name: str) -> Image.Image:
    """A ring, a star, and the body's name around it, as the dots that are inked."""
    stamp = Image.new("1", (2 * STAMP + 1, 2 * STAMP + 1))
    pen = ImageDraw.Draw(stamp)
    pen.fontmode = "1"
    for inset in range(3):
        pen.ellipse((inset, inset, 2 * STAMP - inset, 2 * STAMP - inset), outline=1)
    star = [
        (
            round(STAMP + (18 if tip % 2 == 0 else 7) * sin(tip * pi / 5)),
            round(STAMP - (18 if tip % 2 == 0 else 7) * cos(tip * pi / 5)),
        )
        for tip in range(10)
    ]
    pen.polygon(star, fill=1)
    signs = name[:18]
    for position, sign in enumerate(signs):
        angle = (position - (len(signs) - 1) / 2) * min(0.36, 4.6 / max(len(signs), 1))
        across, down = STAMP + 52 * sin(angle), STAMP - 52 * cos(angle)
        pen.text((round(across) - 7, round(down) - 8), sign, fill=1, font=_font(14))
    return stamp


def _png(picture: Image.Image) -> bytes:
    """The picture with two bits a dot in stored blocks: a compressor's version would change the bytes."""
    dots = picture.tobytes()
    first, second, third, last = (int.from_bytes(dots[place::4], "big") for place in range(4))
    packed = (first << 6 | second << 4 | third << 2 | last).to_bytes(len(dots) // 4, "big")
    across = WIDTH // 4
    rows = b"".join(b"\0" + packed[top * across : (top + 1) * across] for top in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 2, 3, 0, 0, 0)
    palette = bytes(part for colour in PALETTE for part in colour)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _pdf(jpeg: bytes) -> bytes:
    """One A5 page that shows the picture, written by hand: no date, no random identifier."""
    content = b"q 595 0 0 420 0 0 cm /Page Do Q"
    image = (
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8"
        % (
            WIDTH,
            HEIGHT,
        )
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 420] /Contents 4 0 R /Resources << /XObject << /Page 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        image + b" /Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream" % (len(jpeg), jpeg),
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places: list[int] = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


_OFFICE = "http://schemas.openxmlformats.org"
_MARK = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def _archive(parts: dict[str, str]) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for name, text in parts.items():
            archive.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), _MARK + text)
    return out.getvalue()


def _office_parts(main: str, kind: str) -> dict[str, str]:
    relation = f"{_OFFICE}/officeDocument/2006/relationships/officeDocument"
    return {
        "[Content_Types].xml": f'<Types xmlns="{_OFFICE}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main}" ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/>'
        + (
            '<Override PartName="/xl/worksheets/sheet1.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            if kind.startswith("spreadsheet")
            else ""
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relation}" Target="{main}"/></Relationships>',
    }


def _docx(lines: list[str]) -> bytes:
    """The smallest document that Word opens."""
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    parts = _office_parts("word/document.xml", "wordprocessingml.document")
    parts["word/document.xml"] = (
        f'<w:document xmlns:w="{_OFFICE}/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
    )
    return _archive(parts)


def _xlsx(lines: list[str]) -> bytes:
    """The smallest workbook that Excel opens."""
    rows = "".join(
        f'<row r="{number}"><c r="A{number}" t="inlineStr"><is><t>{line}</t></is></c></row>'
        for number, line in enumerate(lines, start=1)
    )
    space, relations = f"{_OFFICE}/spreadsheetml/2006/main", f"{_OFFICE}/officeDocument/2006/relationships"
    parts = _office_parts("xl/workbook.xml", "spreadsheetml.sheet")
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{space}" xmlns:r="{relations}"><sheets><sheet name="材料" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    )
    parts["xl/worksheets/sheet1.xml"] = (
        f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'
    )
    return _archive(parts)
