"""Pages of our own PDFs as pictures, for looking at them in a page; and pictures as a paper takes them.

Files of others are drawn by `documents.previews`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from io import BytesIO

import pypdfium2 as pdfium
from PIL import Image


def page_pictures(pdf: bytes, pages: Iterable[int], *, dots: int) -> dict[int, bytes]:
    """PNG in shades of grey by page number, from 1; numbers beyond the last page are left out."""
    document = pdfium.PdfDocument(pdf)
    try:
        return {
            number: _picture(document[number - 1], dots) for number in pages if 1 <= number <= len(document)
        }
    finally:
        document.close()


def _picture(page: pdfium.PdfPage, dots: int) -> bytes:
    bitmap = page.render(scale=dots / 72, grayscale=True)
    out = BytesIO()
    bitmap.to_pil().save(out, "PNG", compress_level=3)
    return out.getvalue()


def size(jpeg: bytes) -> tuple[int, int]:
    """Width and height of a picture in pixels."""
    with Image.open(BytesIO(jpeg)) as opened:
        return opened.size


_ACROSS, _APART = 240, 24
"""Two pictures are compared so many pixels wide, and no pixel may differ by more.

A picture stored anew at 40 % of its size differs by 10, one with another digit in a small label by 50.
"""


def alike(left: bytes, right: bytes) -> bool:
    """True when two pictures show the same, although one of them was stored anew or smaller."""
    with Image.open(BytesIO(left)) as one, Image.open(BytesIO(right)) as other:
        if abs(one.width * other.height - other.width * one.height) > 0.02 * one.width * other.height:
            return False
        shape = (_ACROSS, max(1, min(_ACROSS * 4, _ACROSS * one.height // one.width)))
        first, second = (
            each.convert("L").resize(shape, Image.Resampling.LANCZOS).tobytes() for each in (one, other)
        )
    return all(abs(a - b) <= _APART for a, b in zip(first, second, strict=True))


def framed(jpeg: bytes) -> bytes:
    """A JPEG as an SVG that holds nothing else.

    The typesetter takes only text from memory; the JPEG inside comes into the PDF as it is.
    """
    width, height = size(jpeg)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
    image = f'<image width="{width}" height="{height}" href="data:image/jpeg;base64,'
    return head.encode() + image.encode() + base64.b64encode(jpeg) + b'"/></svg>'
