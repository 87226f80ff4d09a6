"""Pages of our own PDFs as pictures, for looking at them in a page. Files of others are drawn by `documents.thumbnails`."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

import pypdfium2 as pdfium


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
