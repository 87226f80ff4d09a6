"""Same or not: what was changed on paper is found, what may be there is not, and marks alone convince nobody."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from shidian.documents.scans.comparing import compare
from shidian.documents.scans.findings import Box, Likeness
from shidian.documents.scans.reading import read
from tests.documents.scans import corpus
from tests.documents.scans import spoiling as s
from tests.documents.scans.prints import Printed, Prints

pytestmark = pytest.mark.above_database


def chance(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def scanned(sheet: s.Picture, *, grey: bool = False) -> bytes:
    content = s.jpeg(s.scanned(sheet, chance=chance(), angle=0.9, grey=grey), 70)
    (seen,) = read(BytesIO(content), "image/jpeg", name="一页.jpg")
    return seen.picture


def likeness(sheet: s.Picture, printed: Printed, page: int, *, grey: bool = False) -> Likeness:
    return compare(scanned(sheet, grey=grey), printed.pdf, page, places=printed.boxes.get(page, ()))


def near(difference: Box, x: float, y: float) -> bool:
    return (
        difference.x - 3 <= x <= difference.x + difference.width + 3
        and difference.y - 3 <= y <= difference.y + difference.height + 3
    )


@pytest.mark.parametrize("page", [1, 3, 6])
def test_a_page_is_like_its_print(prints: Prints, page: int) -> None:
    found = likeness(s.sheet(prints.newer.pdf, page), prints.newer, page)

    assert found == Likeness(same=True, share=found.share, differences=())
    assert found.share > 0.98


def test_seals_signatures_and_dates_in_their_boxes_are_no_difference(prints: Prints) -> None:
    sheet = corpus.signed(prints.newer, 6, chance(4))

    assert likeness(sheet, prints.newer, 6).same
    assert likeness(sheet, prints.newer, 6, grey=True).same


def test_red_ink_and_staples_are_no_difference_anywhere(prints: Prints) -> None:
    sheet = s.seal(s.staple(s.holes(s.sheet(prints.newer.pdf, 3))), 100, 120, chance=chance())

    assert likeness(sheet, prints.newer, 3).same


def test_a_signature_beside_its_box_is_one(prints: Prints) -> None:
    sheet = s.signature(s.sheet(prints.newer.pdf, 3), 60, 255, chance=chance())

    found = likeness(sheet, prints.newer, 3)

    assert found.same is False
    assert found.share > 0.95
    assert all(50 < difference.x < 110 and 235 < difference.y < 268 for difference in found.differences)


def test_another_version_is_told_by_its_digits(prints: Prints) -> None:
    found = likeness(s.sheet(prints.older.pdf, 3), prints.newer, 3)

    assert found.same is False
    assert found.share > 0.95
    # 18 became 13 ten thousand yuan, 217 mm from the top of the page.
    assert any(near(difference, 130, 218) for difference in found.differences)


def test_another_page_shares_little(prints: Prints) -> None:
    found = likeness(s.sheet(prints.newer.pdf, 4), prints.newer, 2)

    assert found.same is False
    assert found.share < 0.5


def test_there_is_no_page_beyond_the_last(prints: Prints) -> None:
    assert compare(scanned(s.sheet(prints.newer.pdf, 1)), prints.newer.pdf, 7) == Likeness(False, 0.0, ())


def test_an_empty_page_is_not_said_to_be_different_from_an_empty_print(prints: Prints) -> None:
    white = np.full((3508, 2480, 3), 255, np.uint8)

    assert compare(scanned(white), prints.newer.pdf, 3).same is not True


def test_what_is_too_blurred_is_not_judged(prints: Prints) -> None:
    picture = s.scanned(s.sheet(prints.newer.pdf, 3), chance=chance(), dots=150, blur=5.0)
    (seen,) = read(BytesIO(s.jpeg(picture, 60)), "image/jpeg", name="一页.jpg")

    assert compare(seen.picture, prints.newer.pdf, 3).same is not True


@pytest.mark.parametrize("page", [1, 2, 4])
def test_both_marks_on_another_application_are_not_enough(prints: Prints, page: int) -> None:
    sheet = corpus._glued(prints.other, page, prints.newer, page)
    (seen,) = read(BytesIO(s.jpeg(s.scanned(sheet, chance=chance()))), "image/jpeg", name="一页.jpg")

    filed, _ = corpus.file_by_machine(seen, prints)

    assert seen.corners == ("B", "T")
    assert filed is None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_corrections_by_hand_show_up_where_they_are(prints: Prints, seed: int) -> None:
    clean = s.sheet(prints.newer.pdf, 3)
    sheet = corpus.corrected(clean, prints.newer, 3, chance(seed))
    changed = np.argwhere((sheet != clean).any(axis=2)).mean(axis=0) * 25.4 / s.DOTS

    found = likeness(sheet, prints.newer, 3)

    assert found.same is False
    assert any(near(difference, changed[1], changed[0]) for difference in found.differences)


@pytest.mark.parametrize(
    ("page", "x", "y"), [(1, 90, 189.8), (1, 150, 207.4), (3, 60, 77.4), (4, 120, 187.9), (5, 80, 86.6)]
)
def test_words_written_across_a_rule_show_up(prints: Prints, page: int, x: float, y: float) -> None:
    sheet = s.written(s.sheet(prints.newer.pdf, page), x, y, "不含", height=3.2, colour=s.BLUE)

    found = likeness(sheet, prints.newer, page)

    assert found.same is False
    assert all(near(difference, x + 3.2, y) for difference in found.differences)


def test_the_smallest_words_of_the_corpus_show_up(prints: Prints) -> None:
    case = next(each for each in corpus.attacks(prints) if each.name == "words added, 5, scanned")

    assert corpus.outcome(case, prints).filed is None
