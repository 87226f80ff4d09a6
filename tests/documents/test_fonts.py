"""The shipped fonts: what they cover, where they come from, and that they are what fonts.toml says."""

import hashlib
import tomllib
from functools import cache

import pytest
from fontTools.ttLib import TTFont
from tools import build_fonts

from shidian.documents.render.compiler import FONTS, SHIPPED, load_fonts

ENTRIES = tomllib.loads((FONTS / "fonts.toml").read_text(encoding="utf-8"))["font"]
FILES = [entry["file"] for entry in ENTRIES]
WIDE = ["ShidianSong-Regular.ttf", "ShidianHei-Regular.ttf", "ShidianKai-Regular.ttf"]


@cache
def points(file: str) -> frozenset[int]:
    return frozenset(TTFont(FONTS / file, lazy=True).getBestCmap())


def missing(file: str, characters: set[int]) -> str:
    return "".join(map(chr, sorted(characters - points(file))))


def test_listing_names_every_font_file_and_no_other():
    assert sorted(FILES) == sorted(path.name for path in FONTS.glob("*.[to]tf"))


@pytest.mark.parametrize("entry", ENTRIES, ids=FILES)
def test_listed_font_is_the_file_that_was_built(entry):
    data = (FONTS / entry["file"]).read_bytes()

    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    assert len(data) == entry["bytes"]


@pytest.mark.parametrize("entry", ENTRIES, ids=FILES)
def test_every_font_has_its_licence_beside_it(entry):
    texts = [(FONTS / name).read_text(encoding="utf-8") for name in entry["licence_files"]]

    wanted = "GNU GENERAL PUBLIC LICENSE" if entry["licence"].startswith("GPL") else "SIL OPEN FONT LICENSE"
    assert any(wanted in text for text in texts)


def test_gpl_font_carries_the_font_exception():
    assert "GPL font exception" in (FONTS / "ShidianFangSong.README.txt").read_text(encoding="utf-8")


def test_fonts_stay_small_enough_to_install():
    assert sum((FONTS / file).stat().st_size for file in FILES) < 45_500_000


@pytest.mark.parametrize("file", WIDE)
def test_wide_fonts_cover_gbk(file):
    assert missing(file, set(build_fonts.encodable("gbk"))) == ("︴﹉﹊﹋﹌﹍﹎﹏" if "Kai" in file else "")


@pytest.mark.parametrize("file", WIDE)
def test_wide_fonts_cover_the_standard_characters_beyond_gbk(file):
    beyond = build_fonts.STANDARD_BEYOND_BASIC_PLANE + build_fonts.STANDARD_BEYOND_GBK

    assert missing(file, set(map(ord, beyond))) == ""


@pytest.mark.parametrize("file", FILES)
def test_every_font_covers_gb2312_ideographs(file):
    ideographs = {point for point in build_fonts.encodable("gb2312") if 0x4E00 <= point < 0xA000}

    assert len(ideographs) == 6763
    assert missing(file, ideographs) == ""


def test_last_resort_covers_extension_a():
    assert missing("ShidianSong-Regular.ttf", set(range(0x3400, 0x4DC0))) == ""


def test_standard_list_has_the_published_size():
    assert len(set(build_fonts.STANDARD_BEYOND_BASIC_PLANE)) == 196
    assert len(set(build_fonts.STANDARD_BEYOND_GBK)) == 80
    assert set("𬭎𠅤") < set(build_fonts.STANDARD_BEYOND_BASIC_PLANE)
    assert "㛃" in build_fonts.STANDARD_BEYOND_GBK


@pytest.mark.parametrize("file", FILES)
def test_every_font_draws_ticks_and_boxes(file):
    font = TTFont(FONTS / file)

    drawn = {sign: font["glyf"][font.getBestCmap()[ord(sign)]].numberOfContours for sign in "□☐☑☒✔"}
    assert all(contours > 0 for contours in drawn.values())


@pytest.mark.parametrize("file", FILES)
def test_outlines_are_truetype(file):
    tables = TTFont(FONTS / file, lazy=True).keys()

    assert "glyf" in tables
    assert "CFF " not in tables


@pytest.mark.parametrize("file", FILES)
def test_subsets_do_not_bear_reserved_names(file):
    names = TTFont(FONTS / file, lazy=True)["name"].names
    shown = " ".join(record.toUnicode() for record in names if record.nameID in (1, 2, 4, 6, 16, 17))

    assert "Shidian" in shown
    assert not any(reserved in shown for reserved in ("LXGW", "霞鹜", "Source", "Noto", "Fandol"))


def test_typesetter_finds_every_family():
    assert set(SHIPPED.values()) <= set(load_fonts().loaded.families())
