"""Files of scans: pages split, turned, straightened, read by their marks; what is broken harms nothing else."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pikepdf
import pytest
import zxingcpp
from PIL import Image

from shidian.documents.marks.payload import Forged
from shidian.documents.marks.payload import read as read_mark
from shidian.documents.scans.findings import HEIGHT, WIDTH, Sheet
from shidian.documents.scans.pictures import DOTS, decode
from shidian.documents.scans.reading import read
from tests.documents.scans import corpus
from tests.documents.scans import spoiling as s
from tests.documents.scans.prints import Prints

pytestmark = pytest.mark.above_database

PDF, TIFF, JPEG, PNG = "application/pdf", "image/tiff", "image/jpeg", "image/png"


def chance(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def sheets(content: bytes, media_type: str = PDF) -> list[Sheet]:
    return list(read(BytesIO(content), media_type, name="扫描.pdf"))


def misses(sheet: Sheet) -> float:
    """By how many millimetres the marks on the straightened page lie beside their places."""
    worst = 0.0
    for code in zxingcpp.read_barcodes(decode(sheet.picture), formats=zxingcpp.BarcodeFormat.QRCode):
        corner = code.position.top_left
        place = (WIDTH - 26, 8) if corner.y < 1000 else (8, HEIGHT - 26)
        worst = max(worst, abs(corner.x / DOTS - place[0]), abs(corner.y / DOTS - place[1]))
    return worst


def test_every_page_of_a_mixed_file_is_read_in_its_order(prints: Prints) -> None:
    newer, other = prints.newer, prints.other
    backs = s.scanned(s.blank_back(corpus.signed(newer, 6, chance())), chance=chance())
    pages = [
        s.scanned(s.sheet(newer.pdf, 3), chance=chance(), angle=1.2),
        backs,
        s.scanned(s.sheet(other.pdf, 2), chance=chance(), turned=180),
        s.scanned(s.sheet(newer.pdf, 1), chance=chance(), turned=90, dots=150, grey=True),
        s.scanned(s.sheet(newer.pdf, 5), chance=chance(), turned=270, angle=-0.8),
    ]

    seen = sheets(s.pdf([s.jpeg(page) for page in pages]))

    marks = [read_mark(sheet.text, keys=prints.keys).mark if sheet.text else None for sheet in seen]
    assert marks == [newer.mark(3), None, other.mark(2), newer.mark(1), newer.mark(5)]
    assert [sheet.number for sheet in seen] == [1, 2, 3, 4, 5]
    assert [sheet.turned for sheet in seen] == [0, 0, 180, 90, 270]
    assert [sheet.blank for sheet in seen] == [False, True, False, False, False]
    assert [sheet.grey for sheet in seen] == [False, False, False, True, False]
    assert abs(seen[0].skew) == pytest.approx(1.2, abs=0.25)
    for sheet in seen:
        assert not sheet.fault
        assert decode(sheet.picture).shape[:2] == (2339, 1654)
        assert sheet.blank or (sheet.registered and sheet.corners == ("B", "T") and misses(sheet) < 1.0)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_marks_of_the_front_seen_through_the_sheet_say_nothing(prints: Prints, turned: int) -> None:
    mirrored = cv2.flip(s.sheet(prints.newer.pdf, 3), 1)
    back = s.scanned(mirrored, chance=chance(), turned=turned)
    assert (
        len(zxingcpp.read_barcodes(back, formats=zxingcpp.BarcodeFormat.QRCode)) == 2
    )  # any reader sees them

    (sheet,) = sheets(s.jpeg(back), JPEG)

    assert not sheet.text
    assert sheet.corners == ()


@pytest.mark.parametrize("dots", [150, 300, 600])
def test_every_resolution_comes_out_the_same(prints: Prints, dots: int) -> None:
    picture = s.scanned(s.sheet(prints.newer.pdf, 2), chance=chance(), dots=dots, angle=0.7)

    (sheet,) = sheets(s.jpeg(picture, 70), JPEG)

    assert sheet.dpi == 200
    assert decode(sheet.picture).shape[:2] == (2339, 1654)
    assert misses(sheet) < 1.0


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_photograph_is_flattened_and_evened(prints: Prints, seed: int) -> None:
    picture = s.photographed(
        s.sheet(prints.newer.pdf, 4),
        chance=chance(seed),
        tilt=0.06,
        angle=9,
        shadow=0.5,
        turned=90 * (seed % 2),
    )

    (sheet,) = sheets(s.jpeg(picture, 85), JPEG)

    assert read_mark(sheet.text, keys=prints.keys).mark == prints.newer.mark(4)
    assert sheet.registered
    assert misses(sheet) < 2.5
    seen = decode(sheet.picture)
    light = cv2.medianBlur(
        cv2.resize(cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY)[200:-200, 100:-100], (40, 60)), 5
    )
    assert np.ptp(light.astype(int)) < 70


def test_a_fax_of_several_pages_has_square_dots_again(prints: Prints) -> None:
    pages = [s.faxed(s.sheet(prints.newer.pdf, page), chance=chance(), fine=False) for page in (1, 2)]

    seen = sheets(s.tiff(pages, (204, 98)), TIFF)

    assert [read_mark(sheet.text, keys=prints.keys).mark.page for sheet in seen] == [1, 2]
    assert all(sheet.grey and sheet.registered and misses(sheet) < 1.0 for sheet in seen)


@pytest.mark.parametrize("damage", ["seal over T", "seal over B", "seal over both"])
def test_marks_are_read_under_a_seal(prints: Prints, damage: str) -> None:
    sheet = corpus._damaged(s.sheet(prints.newer.pdf, 1), damage, chance(3))

    (seen,) = sheets(s.jpeg(s.scanned(sheet, chance=chance()), 60), JPEG)

    assert seen.corners == ("B", "T")


def test_one_mark_and_the_frame_are_enough(prints: Prints) -> None:
    sheet = s.cut_corner(s.sheet(prints.newer.pdf, 3), 1, 32)

    (seen,) = sheets(s.jpeg(s.scanned(sheet, chance=chance(), angle=1.3)), JPEG)

    assert (seen.corners, seen.registered) == (("B",), True)
    assert misses(seen) < 1.5


def test_marks_that_name_different_pages_are_told(prints: Prints) -> None:
    sheet = s.paste(s.sheet(prints.other.pdf, 2), s.sheet(prints.newer.pdf, 2), corpus.T)

    (seen,) = sheets(s.jpeg(s.scanned(sheet, chance=chance())), JPEG)

    assert not seen.text
    assert "不是同一页" in seen.fault


def test_an_edited_payload_is_told_by_its_authenticator(prints: Prints) -> None:
    sheet = corpus._edited(s.sheet(prints.newer.pdf, 2), prints.newer, 2, prints.keys[0])

    (seen,) = sheets(s.jpeg(s.scanned(sheet, chance=chance())), JPEG)

    with pytest.raises(Forged):
        read_mark(seen.text, keys=prints.keys)


def test_pages_without_marks_are_straightened_by_their_lines(prints: Prints) -> None:
    sheet = s.sheet(prints.newer.pdf, 3)
    for place in (corpus.T, corpus.B):
        sheet[s.px(place.y) : s.px(place.y + 22), s.px(place.x) : s.px(place.x + 22)] = 255

    (seen,) = sheets(s.jpeg(s.scanned(sheet, chance=chance(), angle=2.0)), JPEG)

    assert (seen.text, seen.corners, seen.registered, seen.blank) == ("", (), False, False)
    assert abs(seen.skew) == pytest.approx(2.0, abs=0.25)


def test_a_broken_page_harms_no_other(prints: Prints) -> None:
    good = [s.jpeg(s.scanned(s.sheet(prints.newer.pdf, page), chance=chance())) for page in (1, 2, 3)]
    out = BytesIO()
    with pikepdf.open(BytesIO(s.pdf(good))) as pdf:
        # A picture that says of itself that it is a square kilometre of paper.
        pdf.pages[1].Resources.XObject["/image"].Width = 900_000
        pdf.save(out)

    seen = sheets(out.getvalue())

    assert [bool(sheet.fault) for sheet in seen] == [False, True, False]
    assert "尺寸过大" in seen[1].fault
    assert seen[1].picture == b""


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(b"%PDF-1.7\nnothing", PDF), (b"\xff\xd8\xff\xe0junk", JPEG), (b"", TIFF), (b"GIF89a", "image/gif")],
)
def test_what_cannot_be_opened_is_one_faulty_sheet(content: bytes, media_type: str) -> None:
    (sheet,) = sheets(content, media_type)

    assert sheet.fault
    assert (sheet.number, sheet.picture, sheet.text, sheet.blank) == (1, b"", "", False)


def test_a_picture_of_too_many_dots_is_refused_before_it_is_unpacked() -> None:
    (sheet,) = sheets(s.png_that_says(29_000, 29_000), PNG)

    assert "尺寸过大" in sheet.fault


def test_only_so_many_pages_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shidian.documents.scans.reading.MOST_PAGES", 2)
    blank: Any = np.full((600, 424), 250, np.uint8)

    seen = sheets(s.pdf([s.jpeg(blank)] * 4, 72))

    assert [bool(sheet.fault) for sheet in seen] == [False, False, True]
    assert "后面的 2 页" in seen[2].fault


def test_transparent_and_deep_pictures_are_read(prints: Prints) -> None:
    # Without noise it is packed in a tenth of the time.
    grey = s.scanned(s.sheet(prints.newer.pdf, 2), chance=chance(), grey=True, noise=0)
    clear, deep = BytesIO(), BytesIO()
    Image.merge("LA", (Image.fromarray(np.zeros_like(grey)), Image.fromarray(255 - grey))).save(clear, "PNG")
    Image.fromarray(grey.astype(np.uint16) * 257).save(deep, "PNG")

    for content in (clear.getvalue(), deep.getvalue()):
        (sheet,) = sheets(content, PNG)
        assert read_mark(sheet.text, keys=prints.keys).mark == prints.newer.mark(2)
