"""What a signature looks like on the page: the unit's seal from a PNG, or a plain box, with words in our fonts."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import cast

import typst
from PIL import Image, ImageChops

from shidian.core.said import say
from shidian.documents.certificates.findings import Unusable
from shidian.documents.render.compiler import load_fonts

LARGEST_PICTURE = 2_000_000
MOST_PIXELS = 6_000_000
_KEPT_SIDE = 700  # 42 mm at 420 dots an inch
_SEAL = 42 / 25.4 * 72
_TEMPLATE = Path(__file__).with_name("appearance.typ")


def clean_picture(content: bytes) -> bytes:
    """A seal picture as it is put into papers: PNG, small, without white ground and without anything else in it.

    Refuses with Unusable ("picture") what is neither PNG nor JPEG, too large, or all white.
    """
    if len(content) > LARGEST_PICTURE:
        raise Unusable("picture", say("印章图片超过 2 MB。请缩小到每边 700 像素左右后再上传。"))
    try:
        with Image.open(BytesIO(content), formats=["PNG", "JPEG"]) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Unusable("picture", say("印章图片的像素太多。请缩小到每边 700 像素左右后再上传。"))
            opened.thumbnail((_KEPT_SIDE, _KEPT_SIDE))
            picture = opened.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unusable(
            "picture", say("印章图片不是完好的 PNG 或 JPEG 文件。请另存为 PNG 后再上传。")
        ) from error
    picture = _without_white(picture)
    around = picture.getchannel("A").point(lambda value: 255 if value > 8 else 0).getbbox()
    if around is None:
        raise Unusable("picture", say("印章图片是空白的。请检查图片后重新上传。"))
    out = BytesIO()
    picture.crop(around).save(out, "PNG")
    return out.getvalue()


def _without_white(picture: Image.Image) -> Image.Image:
    """White becomes clear, so that the seal lies over the text as ink does."""
    red, green, blue, alpha = picture.split()
    ink = ImageChops.invert(ImageChops.darker(ImageChops.darker(red, green), blue))
    if alpha.getextrema() != (255, 255):
        return picture
    # A pale pixel is full ink laid on thinly: the colour is taken out of the white it was mixed with.
    solid = ink.point(lambda value: 255 if value > 24 else value)
    return Image.merge("RGBA", (red, green, blue, solid))


def draw(
    width: float,
    height: float,
    lines: Sequence[str],
    *,
    picture: bytes | None,
    extra_fonts: Path | None = None,
) -> bytes:
    """One page of `width` by `height` points as PDF: `lines`, and `picture` (from `clean_picture`) or a frame.

    What no font has is left out of the lines: a certificate may hold anything.
    """
    side = min(_SEAL, height - 4, width / 2) if picture else 0.0
    data: dict[str, object] = {
        "width": round(width, 2),
        "height": round(height, 2),
        "side": round(max(side, 1), 2),
        "size": 7 if height >= 60 else 5,
        "text_width": round(max(min(150.0, width - side - 16), 20), 2),
        "picture": picture is not None,
        "lines": list(lines),
    }
    try:
        return _compile(data, picture, extra_fonts)
    except typst.TypstError:
        plain = ["".join(char for char in line if _is_common(char)) for line in lines]
        return _compile(data | {"lines": plain}, picture, extra_fonts)


def _is_common(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return character.isprintable()


def _compile(data: dict[str, object], picture: bytes | None, extra_fonts: Path | None) -> bytes:
    fonts = load_fonts(extra_fonts)
    with tempfile.TemporaryDirectory(prefix="shidian-seal-") as folder:
        if picture is not None:
            (Path(folder) / "seal.png").write_bytes(picture)
        compiler = typst.Compiler(
            input=_TEMPLATE.read_bytes(),
            root=Path(folder),
            font_paths=fonts.loaded,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False), "fonts": fonts.roles},
        )
        pdf = compiler.compile(format="pdf", pdf_standards=["a-3b"], pdf_tags=False)
    return cast("bytes", pdf)
