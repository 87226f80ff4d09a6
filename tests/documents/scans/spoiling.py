"""What happens to a print on its way back: pens, seals and staples, then scanners, telephones and fax machines.

Sheets are pictures of a page at 300 dots to the inch, blue-green-red; lengths are millimetres from the upper left
corner. Everything drawn by chance comes from the generator that is handed in: the same seed gives the same bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from shidian import documents
from shidian.documents.scans.findings import HEIGHT, WIDTH, Box

Picture = np.ndarray[Any, np.dtype[np.uint8]]

DOTS = 300
_FONTS = Path(documents.__file__).parent / "fonts"
_FONT = _FONTS / "ShidianSong-Bold.ttf"
RED = (40, 30, 200)
BLUE = (130, 50, 30)
BLACK = (35, 35, 35)


def px(millimetres: float, dots: float = DOTS) -> int:
    """Millimetres in dots."""
    return round(millimetres * dots / 25.4)


@cache
def _page(pdf: bytes, page: int) -> Picture:
    with pypdfium2.PdfDocument(pdf) as document:
        drawn = document[page - 1].render(scale=DOTS / 72).to_numpy()[:, :, :3]
    return cv2.resize(drawn, (px(WIDTH), px(HEIGHT)))


def sheet(pdf: bytes, page: int) -> Picture:
    """The page as it leaves the printer."""
    return _page(pdf, page).copy()


# --- on paper ----------------------------------------------------------------------------------------------------


def _ink(
    picture: Picture, layer: Picture, at: tuple[int, int], colour: tuple[int, int, int], strength: float
) -> Picture:
    """Lay ink on, the upper left dot of its layer `at` x, y: it darkens what is below, as ink does, and hides nothing."""
    out = picture.copy()
    left, top = at
    into = out[max(top, 0) : max(top + layer.shape[0], 0), max(left, 0) : max(left + layer.shape[1], 0)]
    layer = layer[max(-top, 0) :, max(-left, 0) :][: into.shape[0], : into.shape[1]]
    share = (layer.astype(np.float32) / 255 * strength)[:, :, None]
    through = 1 - share * (1 - np.array(colour, np.float32) / 255)
    into[:] = (into * through).astype(np.uint8)
    return out


def seal(
    picture: Picture, x: float, y: float, *, chance: Generator, name: str = "天津市和平区示范应急服务中心",
    diameter: float = 42, strength: float = 0.9,
) -> Picture:  # fmt: skip
    """A round seal with its middle at x, y: ring, star, the name along the ring; uneven, as rubber prints."""
    scale = 4
    side = px(diameter + 4)
    big = Image.new("L", (side, side))
    draw = ImageDraw.Draw(big)
    middle, radius = side / 2, px(diameter) / 2
    draw.ellipse(
        [middle - radius, middle - radius, middle + radius, middle + radius], outline=255, width=px(1.1)
    )
    points = []
    for corner in range(10):
        angle = np.pi * corner / 5 - np.pi / 2
        reach = radius * (0.32 if corner % 2 == 0 else 0.13)
        points.append((middle + reach * np.cos(angle), middle + reach * np.sin(angle)))
    draw.polygon(points, fill=255)
    height = min(px(5.2), round(radius * 4.2 / max(len(name), 8)))
    font = ImageFont.truetype(str(_FONT), height)
    spread = min(4.6, 0.42 * len(name))
    for at, char in enumerate(name):
        turn = -spread / 2 + spread * (at + 0.5) / len(name)
        glyph = Image.new("L", (height * 2, height * 2))
        ImageDraw.Draw(glyph).text((height, height), char, font=font, fill=255, anchor="mm")
        glyph = glyph.rotate(-np.degrees(turn), resample=Image.Resampling.BICUBIC)
        reach = radius - px(1.6) - height * 0.62
        place = (round(middle + reach * np.sin(turn) - height), round(middle - reach * np.cos(turn) - height))
        big.paste(255, place, glyph)
    layer = np.array(big.rotate(float(chance.uniform(-12, 12)), resample=Image.Resampling.BICUBIC))
    patches = cv2.resize(chance.random((side // 40 + 2, side // 40 + 2), np.float32), (side, side))
    grain = chance.random((side // scale + 1, side // scale + 1), np.float32)
    grain = cv2.resize(grain, (side, side))
    layer = (layer * np.clip(0.55 + 0.6 * patches, 0, 1) * np.clip(0.75 + 0.5 * grain, 0, 1)).astype(np.uint8)
    return _ink(picture, layer, (px(x) - side // 2, px(y) - side // 2), RED, strength)


def pen(
    picture: Picture, strokes: Sequence[Sequence[tuple[float, float]]], *, colour: tuple[int, int, int] = BLUE,
    width: float = 0.5,
) -> Picture:  # fmt: skip
    """Lines by hand."""
    lines = [np.array([[px(x), px(y)] for x, y in stroke], np.int32) for stroke in strokes]
    around = px(width) + 2
    left, top = (np.min([line.min(axis=0) for line in lines], axis=0) - around).tolist()
    right, bottom = (np.max([line.max(axis=0) for line in lines], axis=0) + around + 1).tolist()
    layer = np.zeros((bottom - top, right - left), np.uint8)
    for line in lines:
        cv2.polylines(
            layer, [line - [left, top]], isClosed=False, color=255, thickness=px(width), lineType=cv2.LINE_AA
        )
    return _ink(picture, layer, (left, top), colour, 0.92)


def signature(
    picture: Picture, x: float, y: float, *, chance: Generator, colour: tuple[int, int, int] = BLACK
) -> Picture:
    """Something like a name of three characters, 30 mm long."""
    strokes = []
    for at in range(9):
        start = np.array([x + at * 3.3, y + chance.uniform(-3, 3)])
        steps = chance.uniform(-2.6, 2.6, (6, 2))
        path = start + np.cumsum(steps * 0.7, axis=0)
        strokes.append([(float(a), float(b)) for a, b in path])
    return pen(picture, strokes, colour=colour, width=0.45)


def written(
    picture: Picture,
    x: float,
    y: float,
    text: str,
    *,
    height: float = 5,
    colour: tuple[int, int, int] = BLACK,
) -> Picture:
    """Digits and characters as if by a tidy hand, the middle of the first at x, y."""
    font = ImageFont.truetype(str(_FONTS / "ShidianKai-Regular.ttf"), px(height))
    left, top, right, bottom = (round(side) for side in font.getbbox(text, anchor="lm"))
    layer = Image.new("L", (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(layer).text((2 - left, 2 - top), text, font=font, fill=255, anchor="lm")
    return _ink(picture, np.array(layer), (px(x) + left - 2, px(y) + top - 2), colour, 0.92)


def staple(picture: Picture, x: float = 12, y: float = 12) -> Picture:
    """A staple across the corner, with its shadow."""
    out = picture.copy()
    ends = (px(x - 4), px(y + 4)), (px(x + 4), px(y - 4))
    cv2.line(out, *ends, (190, 190, 190), px(1.4), cv2.LINE_AA)
    cv2.line(out, *ends, (70, 70, 75), px(0.6), cv2.LINE_AA)
    return out


def cut_corner(picture: Picture, corner: int, size: float, *, ground: int = 40) -> Picture:
    """A corner torn or folded away: 0 upper left, 1 upper right, 2 lower right, 3 lower left; the lid shows."""
    out = picture.copy()
    high, wide = out.shape[:2]
    x, y = (0, wide, wide, 0)[corner], (0, 0, high, high)[corner]
    along, down = (1, -1, -1, 1)[corner] * px(size), (1, 1, -1, -1)[corner] * px(size * 0.8)
    cv2.fillPoly(
        out, [np.array([[x, y], [x + along, y], [x, y + down]], np.int32)], (ground,) * 3, cv2.LINE_AA
    )
    return out


def holes(picture: Picture, *, ground: int = 30) -> Picture:
    """Two punched holes at the left edge."""
    out = picture.copy()
    for y in (HEIGHT / 2 - 40, HEIGHT / 2 + 40):
        cv2.circle(out, (px(12), px(y)), px(3), (ground,) * 3, -1, cv2.LINE_AA)
    return out


def paste(picture: Picture, patch: Picture, box: Box) -> Picture:
    """Glue the place `box` of another sheet onto the same place of this one."""
    out = picture.copy()
    where = np.s_[px(box.y) : px(box.y + box.height), px(box.x) : px(box.x + box.width)]
    out[where] = patch[where]
    return out


def blank_back(front: Picture) -> Picture:
    """The empty back of a sheet: the front shows through a little, and so do its seals."""
    through = cv2.GaussianBlur(cv2.flip(front, 1), (0, 0), 4).astype(np.float32)
    return (250 - (255 - through) * 0.09).astype(np.uint8)


# --- machines ----------------------------------------------------------------------------------------------------


def scanned(
    picture: Picture, *, chance: Generator, dots: int = 200, angle: float = 0.0, shift: tuple[float, float] = (0, 0),
    noise: float = 3.0, blur: float = 0.5, gain: float = 1.0, ground: int = 235, stretch: float = 1.0,
    grey: bool = False, turned: int = 0, lid: int = 245,
) -> Picture:  # fmt: skip
    """A flat-bed or sheet-fed scanner: angle in degrees, `blur` in dots, `ground` the white of the paper.

    `stretch` is the transport of the paper, 1.01 being one percent too long.
    """
    wide, high = px(WIDTH, dots), px(HEIGHT, dots)
    scale = dots / DOTS
    turn = cv2.getRotationMatrix2D((picture.shape[1] / 2, picture.shape[0] / 2), angle, scale)
    turn[:, 2] += [wide / 2 - picture.shape[1] / 2, high / 2 - picture.shape[0] / 2]
    turn[:, 2] += [px(shift[0], dots), px(shift[1], dots)]
    turn[1] *= stretch
    source = cv2.GaussianBlur(picture, (0, 0), max(0.3, 0.45 / scale)) if scale < 1 else picture
    out = cv2.warpAffine(source, turn, (wide, high), flags=cv2.INTER_LINEAR, borderValue=(lid,) * 3)
    if blur:
        out = cv2.GaussianBlur(out, (0, 0), blur)
    tones = 255 * (np.arange(256) / 255) ** gain * (ground / 255) + 6
    out = _noisy(cv2.LUT(out, np.clip(tones, 0, 255).astype(np.uint8)), noise, chance)
    return turn_by(cv2.cvtColor(out, cv2.COLOR_BGR2GRAY) if grey else out, turned)


@cache
def _grain() -> np.ndarray[Any, np.dtype[np.float32]]:
    """Four million dots of noise: to draw them anew for every dot of every picture would take longer than all else."""
    return np.random.default_rng(0).standard_normal(1 << 22, np.float32)


def _noisy(picture: Picture, strength: float, chance: Generator) -> Picture:
    """The picture with noise in each dot, from pieces of the grain that begin anywhere."""
    grain = np.rint(_grain() * strength).astype(np.int8)
    out = np.empty_like(picture)
    here, there = picture.reshape(-1), out.reshape(-1)
    piece = grain.size // 4
    for begins in range(0, here.size, piece):
        part = here[begins : begins + piece]
        first = int(chance.integers(grain.size - piece))
        there[begins : begins + piece] = cv2.add(
            part, grain[first : first + part.size], dtype=cv2.CV_8U
        ).ravel()
    return out


def turn_by(picture: Picture, degrees: int) -> Picture:
    """Turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(picture, -(degrees // 90)))


def photographed(
    picture: Picture, *, chance: Generator, tilt: float = 0.06, angle: float = 3.0, shadow: float = 0.4,
    fill: float = 0.85, curl: float = 0.004, noise: float = 4.0, blur: float = 1.0, long_side: int = 4000,
    turned: int = 0, ground: tuple[int, int, int] = (70, 95, 120),
) -> Picture:  # fmt: skip
    """A telephone: perspective by `tilt` (part of the page), a shadow, uneven light, a desk around the page."""
    high, wide = long_side, long_side * 3 // 4
    tall = fill * high
    broad = tall * WIDTH / HEIGHT
    if broad > fill * wide:
        broad, tall = fill * wide, fill * wide * HEIGHT / WIDTH
    corners = np.array([[-broad, -tall], [broad, -tall], [broad, tall], [-broad, tall]], np.float32) / 2
    turn = np.radians(angle)
    corners @= np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]], np.float32)
    corners += chance.uniform(-tilt, tilt, (4, 2)).astype(np.float32) * broad
    # Whoever takes a photograph of a page sees to it that all of it is in the picture.
    corners *= min(1.0, 0.98 * wide / np.ptp(corners[:, 0]), 0.98 * high / np.ptp(corners[:, 1]))
    corners += np.array([wide, high], np.float32) / 2 - (corners.max(axis=0) + corners.min(axis=0)) / 2
    source = picture
    if curl:
        across = np.arange(picture.shape[1], dtype=np.float32)
        bend = np.sin(across / picture.shape[1] * np.pi) * curl * picture.shape[0]
        rows = np.arange(picture.shape[0], dtype=np.float32)[:, None] + bend
        columns = np.broadcast_to(across, rows.shape).copy()
        source = cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderValue=(225, 228, 230))
    size = picture.shape[1], picture.shape[0]
    frame = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    matrix = cv2.getPerspectiveTransform(frame, corners.astype(np.float32))
    desk = chance.standard_normal((high // 16, wide // 16, 3), np.float32) * 6 + np.array(ground, np.float32)
    out = cv2.resize(np.clip(desk, 0, 255).astype(np.uint8), (wide, high))
    cv2.warpPerspective(source, matrix, (wide, high), out, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    out = cv2.multiply(out, _light(wide, high, shadow, chance), scale=1 / 255)
    out = cv2.GaussianBlur(out, (0, 0), blur) if blur else out
    middle = np.full((high // 2, wide // 2, 3), 128, np.uint8)
    grain = cv2.resize(_noisy(middle, noise, chance), (wide, high))
    return turn_by(cv2.addWeighted(out, 1, grain, 1, -128), turned)


def _light(wide: int, high: int, shadow: float, chance: Generator) -> Picture:
    """How bright it is where, of 255: uneven, yellowish, with the shadow of whoever holds the telephone."""
    small = wide // 4, high // 4
    light = cv2.resize(
        chance.uniform(0.72, 1.0, (3, 3)).astype(np.float32), small, interpolation=cv2.INTER_CUBIC
    )
    down = np.linspace(-0.2, 0.2, small[1], dtype=np.float32)[:, None]
    edge = (chance.uniform(0.2, 0.8) + down) * small[0]
    dark = 1 - shadow / (1 + np.exp((edge - np.arange(small[0], dtype=np.float32)) / (0.02 * small[0])))
    bright = (light * dark)[:, :, None] * np.array([0.9, 0.97, 1.0], np.float32)
    return cv2.resize(np.clip(bright * 255, 0, 255).astype(np.uint8), (wide, high))


def faxed(picture: Picture, *, chance: Generator, fine: bool, angle: float = 0.3) -> Picture:
    """A fax of group 3: 204 dots across, 98 or 196 lines down to the inch, black or white and nothing between."""
    wide, high = 1728, round(HEIGHT / 25.4 * (196 if fine else 98))
    turn = cv2.getRotationMatrix2D((picture.shape[1] / 2, picture.shape[0] / 2), angle, 1.0)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    turned = cv2.warpAffine(grey, turn, (picture.shape[1], picture.shape[0]), borderValue=255)
    across = px(WIDTH, 204)
    small = cv2.resize(turned, (across, high), interpolation=cv2.INTER_AREA)
    page = np.full((high, wide), 255, np.uint8)
    left = (wide - across) // 2
    page[:, max(left, 0) : max(left, 0) + across] = small[:, max(-left, 0) : max(-left, 0) + wide]
    out = np.where(_noisy(page, 12, chance) < 150, 0, 255).astype(np.uint8)
    specks = chance.integers(out.size, size=round(out.size * 0.0004))
    out.reshape(-1)[specks] = 255 - out.reshape(-1)[specks]
    return out


# --- files -------------------------------------------------------------------------------------------------------


def jpeg(picture: Picture, quality: int = 80) -> bytes:
    """The picture as a JPEG file."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def pdf(pictures: Sequence[bytes], dots: int = 200) -> bytes:
    """JPEG pictures as the pages of a PDF, as scanners write it."""
    images = [Image.open(BytesIO(each)) for each in pictures]
    out = BytesIO()
    images[0].save(out, "PDF", save_all=True, append_images=images[1:], resolution=dots)
    return out.getvalue()


def tiff(pictures: Sequence[Picture], dots: tuple[int, int] = (200, 200)) -> bytes:
    """Pictures as the pages of a TIFF; what is black and white is packed as a fax packs it."""
    images = []
    for each in pictures:
        image = Image.fromarray(each if each.ndim == 2 else each[:, :, ::-1])
        images.append(
            image.convert("1", dither=Image.Dither.NONE) if set(np.unique(each)) <= {0, 255} else image
        )
    out = BytesIO()
    packing = "group4" if images[0].mode == "1" else "tiff_lzw"
    images[0].save(out, "TIFF", save_all=True, append_images=images[1:], compression=packing, dpi=dots)
    return out.getvalue()


def png_that_says(wide: int, high: int) -> bytes:
    """A small PNG that says of itself that it has so many dots."""
    small = BytesIO()
    Image.new("1", (8, 8)).save(small, "PNG")
    content = bytearray(small.getvalue())
    content[16:24] = struct.pack(">II", wide, high)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)
