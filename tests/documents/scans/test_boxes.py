"""Opinion boxes: seals of any strength, what is red and no seal, signatures and dates, and what a grey page cannot tell."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from shidian.documents.scans import boxes, seals
from shidian.documents.scans.findings import Box, Parts
from shidian.documents.scans.pictures import decode
from shidian.documents.scans.reading import read
from tests.documents.scans import seals as measured
from tests.documents.scans import spoiling as s
from tests.documents.scans.prints import Prints

pytestmark = pytest.mark.above_database


def chance(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def scanned(sheet: s.Picture, *, grey: bool = False) -> bytes:
    content = s.jpeg(s.scanned(sheet, chance=chance(), angle=0.6, grey=grey), 75)
    (seen,) = read(BytesIO(content), "image/jpeg", name="意见页.jpg")
    return seen.picture


def places(prints: Prints) -> list[Box]:
    return prints.newer.boxes[6]


def test_the_blanks_of_a_box_are_found_by_its_words(prints: Prints) -> None:
    box = places(prints)[0]

    found = boxes.parts(prints.newer.pdf, 6, box)

    (signature,) = found.signature
    assert (signature.x, signature.y) == pytest.approx((62, 54.7), abs=1.0)
    assert [blank.x for blank in found.day] == pytest.approx([127, 149, 162], abs=1.0)
    assert all(box.y < blank.y and blank.y + blank.height < box.y + box.height for blank in found.day)


def test_a_box_without_words_has_no_blanks(prints: Prints) -> None:
    assert boxes.parts(prints.newer.pdf, 1, Box(20, 20, 30, 10)) == Parts((), ())
    assert boxes.parts(prints.newer.pdf, 99, places(prints)[0]) == Parts((), ())


def filled(prints: Prints) -> s.Picture:
    """The first box sealed, signed and dated; the second without anything; the third only signed."""
    first, _, third, *_ = places(prints)
    sheet = s.seal(
        s.sheet(prints.newer.pdf, 6),
        first.x + 70,
        first.y + 18,
        chance=chance(),
        name="天津市和平区示范服务中心",
    )
    sheet = s.signature(sheet, first.x + 40, first.y + 13, chance=chance(2), colour=s.BLUE)
    for right, digits in ((54, "2023"), (33.5, "7"), (21, "12")):
        sheet = s.written(
            sheet, first.x + first.width - right, first.y + first.height - 5, digits, height=4.5
        )
    return s.signature(sheet, third.x + 40, third.y + 13, chance=chance(3))


def test_a_box_is_cut_out_with_what_is_in_it(prints: Prints) -> None:
    picture = scanned(filled(prints))

    seen = [boxes.cut(picture, box, boxes.parts(prints.newer.pdf, 6, box)) for box in places(prints)[:3]]

    assert [(each.seal.seal, each.signature, each.day) for each in seen] == [
        ("present", "present", "present"),
        ("absent", "absent", "absent"),
        ("absent", "present", "absent"),
    ]
    seal = seen[0].seal
    assert seal.box is not None
    assert seal.diameter == pytest.approx(42, abs=2)
    middle = seal.box.x + seal.box.width / 2, seal.box.y + seal.box.height / 2
    assert middle == pytest.approx((places(prints)[0].x + 70, places(prints)[0].y + 18), abs=1.5)
    # Read from worn rubber: what is read is advice.
    assert "天津" in seal.name
    assert "2023" in seen[0].day_text
    assert decode(seen[0].picture).shape[1] == pytest.approx((156 + 8) * 200 / 25.4, abs=2)


def test_a_grey_page_cannot_tell_a_seal(prints: Prints) -> None:
    picture = scanned(filled(prints), grey=True)

    first, second = (
        boxes.cut(picture, box, boxes.parts(prints.newer.pdf, 6, box)) for box in places(prints)[:2]
    )

    assert (first.seal.seal, first.seal.box, first.signature, first.day) == (
        "unclear",
        None,
        "unclear",
        "unclear",
    )
    assert (second.seal.seal, second.signature, second.day) == ("unclear", "absent", "absent")


def test_touching_seals_are_told_apart(prints: Prints) -> None:
    first, second, *_ = places(prints)
    sheet = s.sheet(prints.newer.pdf, 6)
    for number, box in enumerate((first, second)):
        sheet = s.seal(sheet, box.x + 60 + 5 * number, box.y + 20, chance=chance(number), diameter=43)

    picture = scanned(sheet)

    for number, box in enumerate((first, second)):
        seal = seals.look(picture, box, named=False)
        assert (seal.seal, seal.box is not None) == ("present", True)
        assert seal.box is not None
        assert seal.box.x + seal.box.width / 2 == pytest.approx(box.x + 60 + 5 * number, abs=3)
        assert seal.box.y + seal.box.height / 2 == pytest.approx(box.y + 20, abs=3)


def test_seals_are_found_and_other_red_things_are_not(prints: Prints) -> None:
    found, false = measured.measure(prints, pages=4)

    assert len(found) > 5
    assert len(false) > 5
    assert sum(found) >= len(found) - 1
    assert not any(false)
