"""The printed pages of a section while it is being written, and which box runs over."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO

import pytest
from PIL import Image

from tests import steps
from tests.portal.pages import at, signed_in


@pytest.fixture
def filled(cast, call):
    return steps.start_filled(cast, call)


def look(cast, application, section):
    return signed_in(cast.lead_writer).get(at("section-preview", application, section=section)).json()


def test_the_pages_of_the_section_are_shown_as_they_print(cast, filled):
    shown = look(cast, filled, "goals")

    (page,) = shown["pages"]
    kind, _, data = page["picture"].partition(",")
    picture = Image.open(BytesIO(b64decode(data)))
    assert kind == "data:image/png;base64"
    assert picture.size == (794, 1123)  # A4 at 96 dots to the inch
    assert picture.convert("L").getextrema() == (0, 255)


def test_a_box_that_fits_and_one_that_runs_over_are_told_apart(cast, filled):
    (fits,) = look(cast, filled, "goals")["boxes"]
    steps.write(filled, cast.lead_writer, goals__goals="开展标准化试点，完善标准体系，提升服务质量。" * 150)
    shown = look(cast, filled, "goals")

    (box,) = shown["boxes"]
    assert (fits["over"], box["over"]) == (False, True)
    assert "占申请书上这一框的" in fits["words"]
    assert "续到第" in box["words"]
    assert len(shown["pages"]) > 1


def test_a_section_without_a_place_on_paper_has_no_page(cast, filled):
    assert look(cast, filled, "conditions") == {"pages": [], "boxes": []}


def test_a_character_that_cannot_print_is_named(cast, filled):
    steps.write(filled, cast.lead_writer, goals__goals="目标\U00012000")

    assert "没有字体含有字符" in look(cast, filled, "goals")["refused"]


def test_strangers_see_nothing(cast, filled):
    answer = signed_in(cast.outsider).get(at("section-preview", filled, section="goals"))

    assert answer.status_code == 404
