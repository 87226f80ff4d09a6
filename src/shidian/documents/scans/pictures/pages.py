"""The pages of a file as pictures, one at a time, at the resolution that they have or little more than is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import cv2
import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageOps

from shidian.core.said import say
from shidian.documents.intake_worker import check_pixels
from shidian.documents.scans.pictures import Picture

ENOUGH = 16_000_000
"""Pixels: A4 at 300 dpi has 9 million, a telephone makes 12. Larger pictures are halved as often as needed."""
_SHARP = 300
_LONGEST = 4300
_COVERS = 0.95


def count(file: BinaryIO, kind: str) -> int:
    """How many pages the file has."""
    if kind == "pdf":
        with pypdfium2.PdfDocument(file) as document:
            return len(document)
    if kind == "tiff":
        with _opened(file) as image:
            return int(getattr(image, "n_frames", 1))
    return 1


def page(file: BinaryIO, kind: str, number: int) -> Picture:
    """Page `number` (from 1) as a picture with square dots; Rejected when it has too many pixels.

    Whatever the readers raise on a damaged file comes through.
    """
    file.seek(0)
    if kind == "pdf":
        with pypdfium2.PdfDocument(file) as document:
            return _of_pdf(document[number - 1])
    if kind == "jpeg":
        return _of_jpeg(file, number)
    return _of_image(file, number)


def _of_pdf(sheet: pypdfium2.PdfPage) -> Picture:
    """What scanners write is one picture over the whole page: taken as it is where it is a JPEG, else drawn."""
    wide, high = sheet.get_size()
    scale = min(_SHARP / 72, _LONGEST / max(wide, high, 1))
    scan = _only_picture(sheet)
    if scan is not None:
        across, down = scan.get_px_size()
        check_pixels(across, down, say("PDF 中的一幅图片"))
        if (whole := _stored_jpeg(scan)) is not None:
            return np.ascontiguousarray(np.rot90(whole, -(sheet.get_rotation() // 90)))
        scale = min(max(across, down) / max(wide, high, 1), _LONGEST / max(wide, high, 1))
    drawn: Picture = sheet.render(scale=max(scale, 0.001), rev_byteorder=False).to_numpy()
    return drawn if drawn.ndim == 2 else np.ascontiguousarray(drawn[:, :, :3])


def _only_picture(sheet: pypdfium2.PdfPage) -> Any:
    """The picture that covers the page, when it is the only one; text over it is what reading programs add."""
    pictures = []
    for thing in sheet.get_objects(max_depth=2):
        if thing.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            pictures.append(thing)
        elif thing.type != pdfium.FPDF_PAGEOBJ_TEXT:
            return None
    if len(pictures) != 1:
        return None
    left, bottom, right, top = pictures[0].get_bounds()
    wide, high = right - left, top - bottom
    box = sheet.get_mediabox()
    covers = wide >= _COVERS * (box[2] - box[0]) and high >= _COVERS * (box[3] - box[1])
    return pictures[0] if covers else None


def _stored_jpeg(scan: Any) -> Picture | None:
    """The picture without drawing it; None when it lies there in another form, or turned."""
    a, b, c, d, _, _ = scan.get_matrix().get()
    if scan.get_filters() != ["DCTDecode"] or b or c or a <= 0 or d <= 0:
        return None
    if scan.get_metadata().colorspace not in (
        pdfium.FPDF_COLORSPACE_DEVICEGRAY,
        pdfium.FPDF_COLORSPACE_DEVICERGB,
        pdfium.FPDF_COLORSPACE_ICCBASED,
        pdfium.FPDF_COLORSPACE_CALGRAY,
        pdfium.FPDF_COLORSPACE_CALRGB,
    ):
        return None
    return _decoded(bytes(scan.get_data(decode_simple=False)), *scan.get_px_size())


def _of_jpeg(file: BinaryIO, number: int) -> Picture:
    if number != 1:
        raise IndexError(number)
    with _opened(file) as image:
        size = image.size
        check_pixels(*size, say("图片"))
        plain = image.mode in ("L", "RGB")
    file.seek(0)
    picture = _decoded(file.read(), *size) if plain else None
    return _of_image(file, number) if picture is None else picture


def _decoded(jpeg: bytes, wide: int, high: int) -> Picture | None:
    """Decoded at a half or a quarter where that is enough; a photograph that says how it was held is turned."""
    how = cv2.IMREAD_ANYCOLOR
    if wide * high > 4 * ENOUGH:
        how = cv2.IMREAD_REDUCED_COLOR_4
    elif wide * high > ENOUGH:
        how = cv2.IMREAD_REDUCED_COLOR_2
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), how)


def _of_image(file: BinaryIO, number: int) -> Picture:
    with _opened(file) as opened:
        opened.seek(number - 1)
        check_pixels(*opened.size, say("图片"))
        across, down = (float(dots) for dots in opened.info.get("dpi", (1, 1)))
        picture = _plain(ImageOps.exif_transpose(opened))
    high, wide = picture.shape[:2]
    if across > 0 and down > 0 and not 0.9 < across / down < 1.1 and 0.1 < across / down < 10:
        # A fax has half as many lines as dots.
        wide, high = (
            (wide, round(high * across / down)) if across > down else (round(wide * down / across), high)
        )
    while wide * high > ENOUGH:
        wide, high = wide // 2, high // 2
    if (wide, high) != picture.shape[1::-1]:
        smaller = wide < picture.shape[1]
        picture = cv2.resize(
            picture, (wide, high), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        )
    return picture


def _plain(image: Image.Image) -> Picture:
    """Eight bits, grey or colour, on white where it is transparent."""
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if image.mode.startswith(("I", "F")):
        deep = np.asarray(image, np.float32)
        return (deep * (255 / max(float(deep.max()), 1))).clip(0, 255).astype(np.uint8)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        image = Image.new("RGB", clear.size, "white")
        image.paste(clear, mask=clear.getchannel("A"))
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


@contextmanager
def _opened(file: BinaryIO) -> Iterator[Image.Image]:
    # Its own limit knows nothing of ours.
    Image.MAX_IMAGE_PIXELS = None
    file.seek(0)
    with Image.open(file) as image:
        yield image
