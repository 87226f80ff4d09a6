"""Builds the subset TrueType fonts in src/shidian/documents/fonts from the sources named in tools/README.md.

Run by hand when a source or the character set changes: `python tools/build_fonts.py SOURCES [--into FOLDER]`.
The same sources give the same files, so a rebuild shows in version control only when something changed.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

FOLDER = Path(__file__).parent.parent / "src/shidian/documents/fonts"

# 通用规范汉字表 (2013): the 196 characters outside the basic plane, and the 80 inside it that GBK lacks.
# Taken from the property kTGH of the Unihan database, version 15.0.
STANDARD_BEYOND_BASIC_PLANE = (
    "𠅤𠙶𠳐𡎚𡐓𣗋𣲗𣲘𣸣𤧛𤩽𤫉𥔲𥕢𥖨𥻗𦈡𦒍𦙶𦝼𦭜𦰡𧿹𨐈𨙸𨚕𨟠𨭉𨱇𨱏𨱑𨱔𨺙𩽾𩾃𩾌𪟝𪣻𪤗𪨰𪨶𪩘𪾢𫄧𫄨𫄷𫄸𫇭𫌀𫍣"
    "𫍯𫍲𫍽𫐄𫐐𫐓𫑡𫓧𫓯𫓶𫓹𫔍𫔎𫔶𫖮𫖯𫖳𫗧𫗴𫘜𫘝𫘦𫘧𫘨𫘪𫘬𫚕𫚖𫚭𫛭𫞩𫟅𫟦𫟹𫟼𫠆𫠊𫠜𫢸𫫇𫭟𫭢𫭼𫮃𫰛𫵷𫶇𫷷𫸩𬀩"
    "𬀪𬂩𬃊𬇕𬇙𬇹𬉼𬊈𬊤𬌗𬍛𬍡𬍤𬒈𬒔𬒗𬕂𬘓𬘘𬘡𬘩𬘫𬘬𬘭𬘯𬙂𬙊𬙋𬜬𬜯𬞟𬟁𬟽𬣙𬣞𬣡𬣳𬤇𬤊𬤝𬨂𬨎𬩽𬪩𬬩𬬭𬬮𬬱𬬸𬬹"
    "𬬻𬬿𬭁𬭊𬭎𬭚𬭛𬭤𬭩𬭬𬭯𬭳𬭶𬭸𬭼𬮱𬮿𬯀𬯎𬱖𬱟𬳵𬳶𬳽𬳿𬴂𬴃𬴊𬶋𬶍𬶏𬶐𬶟𬶠𬶨𬶭𬶮𬷕𬸘𬸚𬸣𬸦𬸪𬹼𬺈𬺓"
)
STANDARD_BEYOND_GBK = (
    "㑇㑊㕮㘎㙍㙘㙦㛃㛚㛹㟃㠇㠓㤘㥄㧐㧑㧟㫰㬊㬎㬚㭎㭕㮾㰀㳇㳘㳚㴔㵐㶲㸆㸌㺄㻬㽏㿠䁖䂮䃅䃎䅟䌹䎃䎖䏝䏡䏲䐃"
    "䓖䓛䓨䓫䓬䗖䗛䗪䗴䜣䝙䢺䢼䣘䥽䦃䲟䲠䲢䴓䴔䴕䴖䴗䴘䴙䶮鿍鿎鿏"
)

# Signs that people paste from word processors although GBK lacks them.
EXTRA_SIGNS = (
    "—…“”‘’•‥‹›€₽©®™°·×÷±≈≠≤≥∞√∑∏∫∆∇←↑→↓↔⇒⇔■□▪▫▲△▶▷▼▽◆◇○◎●★☆♀♂"
    "✓✗❶❷❸❹❺❻❼❽❾❿〇〓〖〗℃℉№℡㎡㎥㎏㎜㎝㎞㏄㈱¼½¾¹²³⁴₀₁₂₃₄‰′″§¶†‡‐‑‒–―‗\u00a0\u2002\u2003\u2009\u202f"
)

DRAWN_SIGNS = "☐☑☒✔≒"
INVISIBLE = "\u200b\u2060\ufeff\u200c\u200d"

KEPT_FEATURES = ["ccmp", "locl", "kern", "mark", "mkmk"]


@dataclass(frozen=True)
class Source:
    """One upstream font: where it lies in the sources folder, what it becomes, and how it may be passed on."""

    key: str
    archive: str  # glob of the package file in the sources folder
    member: str  # path of the font inside the unpacked package
    licences: tuple[tuple[str, str], ...]  # (path inside the package, name beside the built font)
    family: str
    subfamily: str
    weight: int
    characters: str  # "core": GB 2312; "wide": GBK and the standard table; "full": also extension A
    origin: str
    package: str
    version: str
    licence: str


SOURCES = (
    Source(
        key="ShidianSong-Regular",
        archive="*noto-serif-sc-*.tgz",
        member="package/400Regular/NotoSerifSC_400Regular.ttf",
        licences=(("package/LICENSE_FONT", "ShidianSong.OFL.txt"),),
        family="Shidian Song",
        subfamily="Regular",
        weight=400,
        characters="full",
        origin="Noto Serif SC",
        package="npm @expo-google-fonts/noto-serif-sc",
        version="0.4.3",
        licence="OFL-1.1",
    ),
    Source(
        key="ShidianSong-Bold",
        archive="*noto-serif-sc-*.tgz",
        member="package/700Bold/NotoSerifSC_700Bold.ttf",
        licences=(("package/LICENSE_FONT", "ShidianSong.OFL.txt"),),
        family="Shidian Song",
        subfamily="Bold",
        weight=700,
        characters="core",
        origin="Noto Serif SC",
        package="npm @expo-google-fonts/noto-serif-sc",
        version="0.4.3",
        licence="OFL-1.1",
    ),
    Source(
        key="ShidianHei-Regular",
        archive="*noto-sans-sc-*.tgz",
        member="package/400Regular/NotoSansSC_400Regular.ttf",
        licences=(("package/LICENSE_FONT", "ShidianHei.OFL.txt"),),
        family="Shidian Hei",
        subfamily="Regular",
        weight=400,
        characters="wide",
        origin="Noto Sans SC",
        package="npm @expo-google-fonts/noto-sans-sc",
        version="0.4.3",
        licence="OFL-1.1",
    ),
    Source(
        key="ShidianKai-Regular",
        archive="fonts-lxgw-wenkai_*.deb",
        member="usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf",
        licences=(("usr/share/doc/fonts-lxgw-wenkai/copyright", "ShidianKai.OFL.txt"),),
        family="Shidian Kai",
        subfamily="Regular",
        weight=400,
        characters="wide",
        origin="LXGW WenKai 1.250 (reserved font names: LXGW, 霞鹜; therefore renamed)",
        package="Debian 12 fonts-lxgw-wenkai",
        version="1.250+repack-1",
        licence="OFL-1.1",
    ),
    Source(
        key="ShidianFangSong-Regular",
        archive="texlive-lang-chinese_*.deb",
        member="usr/share/texlive/texmf-dist/fonts/opentype/public/fandol/FandolFang-Regular.otf",
        licences=(
            (
                "usr/share/doc/texlive-doc/fonts/fandol/README",
                "ShidianFangSong.README.txt",
            ),
            (
                "usr/share/doc/texlive-doc/fonts/fandol/COPYING.gz",
                "ShidianFangSong.GPL-3.txt",
            ),
        ),
        family="Shidian FangSong",
        subfamily="Regular",
        weight=400,
        characters="wide",
        origin="FandolFang 0.3 (cubic outlines turned into quadratic ones)",
        package="Debian 12 texlive-lang-chinese",
        version="2022.20230122-1",
        licence="GPL-3.0-or-later WITH Font-exception-2.0",
    ),
)


def encodable(codec: str) -> Iterator[int]:
    """The code points of the basic plane that `codec` can write, without its private area."""
    for point in range(0x20, 0x10000):
        if 0xD800 <= point < 0xF900 or 0x7F <= point < 0xA0:
            continue
        try:
            chr(point).encode(codec)
        except UnicodeEncodeError:
            continue
        yield point


def wanted(characters: str) -> set[int]:
    """The code points of a built font, by the sets named at `Source.characters`, with accented Latin and signs."""
    points = set(range(0x20, 0x7F)) | set(range(0xA0, 0x180))
    points.update(map(ord, EXTRA_SIGNS + INVISIBLE + DRAWN_SIGNS))
    points.update(encodable("gb2312" if characters == "core" else "gbk"))
    if characters != "core":
        points.update(map(ord, STANDARD_BEYOND_BASIC_PLANE + STANDARD_BEYOND_GBK))
    if characters == "full":
        points.update(range(0x3400, 0x4DC0))
    return points


def unpack(archive: Path, into: Path) -> None:
    """Unpacks a Debian package or a packed npm package."""
    into.mkdir(parents=True, exist_ok=True)
    command = (
        ["dpkg-deb", "-x", archive, into] if archive.suffix == ".deb" else ["tar", "xzf", archive, "-C", into]
    )
    subprocess.run([str(part) for part in command], check=True)


def to_truetype(font: TTFont) -> TTFont:
    """A font with quadratic outlines; checkers and older readers stumble over CFF ones."""
    if "glyf" in font:
        return font
    order = font.getGlyphOrder()
    glyphs, outlines = {}, font.getGlyphSet()
    for name in order:
        pen = TTGlyphPen(None)
        outlines[name].draw(Cu2QuPen(pen, max_err=0.8, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"] = newTable("loca")
    glyf = font["glyf"] = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, glyphs
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for name, value in {
        "maxZones": 1,
        "maxTwilightPoints": 0,
        "maxStorage": 0,
        "maxFunctionDefs": 0,
        "maxInstructionDefs": 0,
        "maxStackElements": 0,
        "maxSizeOfInstructions": 0,
        "maxComponentElements": 0,
        "maxPoints": 0,
        "maxContours": 0,
        "maxCompositePoints": 0,
        "maxCompositeContours": 0,
        "maxComponentDepth": 0,
    }.items():
        setattr(maxp, name, value)
    font["post"].formatType = 3.0
    for table in ("CFF ", "VORG"):
        if table in font:
            del font[table]
    font["head"].glyphDataFormat = 0
    font.sfntVersion = "\x00\x01\x00\x00"
    return font


def polygon(pen: TTGlyphPen, points: Iterable[tuple[int, int]]) -> None:
    """Draws one closed contour of straight lines."""
    first, *rest = points
    pen.moveTo(first)
    for point in rest:
        pen.lineTo(point)
    pen.closePath()


def box(pen: TTGlyphPen) -> None:
    """An empty square: outer contour clockwise, inner one the other way."""
    polygon(pen, [(120, -40), (120, 720), (880, 720), (880, -40)])
    polygon(pen, [(176, 16), (824, 16), (824, 664), (176, 664)])


def tick(pen: TTGlyphPen) -> None:
    polygon(pen, [(250, 340), (310, 394), (440, 250), (700, 590), (760, 544), (446, 130)])


def cross(pen: TTGlyphPen) -> None:
    polygon(pen, [(274, 150), (226, 198), (726, 550), (774, 502)])
    polygon(pen, [(226, 502), (274, 550), (774, 198), (726, 150)])


def dots_and_lines(pen: TTGlyphPen) -> None:
    for low in (220, 440):
        polygon(pen, [(120, low), (120, low + 50), (880, low + 50), (880, low)])
    for left, low in ((190, 570), (730, 110)):
        polygon(
            pen,
            [(left, low), (left, low + 80), (left + 80, low + 80), (left + 80, low)],
        )


def add_signs(font: TTFont) -> None:
    """Draws the ballot boxes and the few signs that the sources lack, and gives invisible characters a glyph."""
    present = font.getBestCmap()
    drawings = {
        "☐": [box],
        "☑": [box, tick],
        "☒": [box, cross],
        "✔": [tick],
        "≒": [dots_and_lines],
        **{sign: [] for sign in INVISIBLE},
    }
    order = font.getGlyphOrder()
    for sign, parts in drawings.items():
        if ord(sign) in present:
            continue
        pen = TTGlyphPen(None)
        for part in parts:
            part(pen)
        name = f"uni{ord(sign):04X}"
        order = [*order, name]
        font.setGlyphOrder(order)
        font["glyf"].glyphOrder = order
        font["glyf"].glyphs[name] = pen.glyph()
        font["hmtx"].metrics[name] = (1000 if parts else 0, 0)
        if "vmtx" in font:
            font["vmtx"].metrics[name] = (1000, 0)
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap[ord(sign)] = name


def rename(font: TTFont, source: Source) -> None:
    """Gives the built font its own name and keeps the copyright and licence records of the source."""
    kept = {0, 13, 14}
    table = font["name"]
    table.names = [record for record in table.names if record.nameID in kept and record.platformID == 3]
    texts = {
        1: source.family,
        2: source.subfamily,
        3: f"{source.key}; from {source.origin}",
        4: f"{source.family} {source.subfamily}",
        5: f"Version 1.000; subset of {source.origin}",
        6: source.key,
        10: f"Subset of {source.origin}, renamed. Built by tools/build_fonts.py of the Shidian project.",
    }
    for number, text in texts.items():
        table.setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = source.weight
    # Bit 5 of fsSelection and bit 0 of macStyle say "bold", bit 6 says "regular".
    bold = source.weight >= 700
    font["OS/2"].fsSelection = 0x20 if bold else 0x40
    font["head"].macStyle = 1 if bold else 0


def build(source: Source, unpacked: Path, target: Path) -> None:
    """Writes the subset of one source to `target`."""
    font = TTFont(unpacked / source.member, recalcTimestamp=False)
    options = subset.Options()
    options.layout_features = KEPT_FEATURES
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = ["*"]
    options.name_languages = ["*"]
    options.drop_tables += [
        "STAT",
        "BASE",
        "vhea",
        "vmtx",
        "VORG",
        "DSIG",
        "gasp",
        "prep",
        "GDEF",
    ]
    options.recalc_timestamp = False
    options.recalc_bounds = True
    maker = subset.Subsetter(options)
    maker.populate(unicodes=wanted(source.characters))
    maker.subset(font)
    font = to_truetype(font)
    add_signs(font)
    rename(font, source)
    font.flavor = None
    font.save(target, reorderTables=True)


def describe(source: Source, target: Path) -> str:
    """The entry of one built font in fonts.toml."""
    data = target.read_bytes()
    lines = [
        "[[font]]",
        f'file = "{target.name}"',
        f'family = "{source.family}"',
        f'style = "{source.subfamily}"',
        f"weight = {source.weight}",
        f'origin = "{source.origin}"',
        f'package = "{source.package}"',
        f'version = "{source.version}"',
        f'licence = "{source.licence}"',
        f"licence_files = {[name for _, name in source.licences]}".replace("'", '"'),
        f'sha256 = "{hashlib.sha256(data).hexdigest()}"',
        f"bytes = {len(data)}",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "sources",
        type=Path,
        help="folder with the package files named in tools/README.md",
    )
    parser.add_argument("--into", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    entries = []
    with tempfile.TemporaryDirectory() as scratch:
        for source in SOURCES:
            (archive,) = sorted(arguments.sources.glob(source.archive))
            unpacked = Path(scratch) / archive.name
            if not unpacked.exists():
                unpack(archive, unpacked)
            for member, name in source.licences:
                data = (unpacked / member).read_bytes()
                (arguments.into / name).write_bytes(gzip.decompress(data) if member.endswith(".gz") else data)
            target = arguments.into / f"{source.key}.ttf"
            build(source, unpacked, target)
            entries.append(describe(source, target))
            print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB", flush=True)
    listing = "# Written by tools/build_fonts.py; do not edit.\n\n" + "\n".join(entries)
    tomllib.loads(listing)
    (arguments.into / "fonts.toml").write_text(listing, encoding="utf-8")


if __name__ == "__main__":
    main()
