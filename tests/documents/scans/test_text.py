"""Reading words: lines of a page, one line in a box, and which page it may be."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pypdfium2
import pytest

from shidian.documents.scans import text
from shidian.documents.scans.findings import Box
from shidian.documents.scans.reading import read
from tests.documents.scans import spoiling as s
from tests.documents.scans.prints import Prints

pytestmark = [
    pytest.mark.above_database,
    pytest.mark.skipif(not text.available(), reason="the reader of words is not installed"),
]


@pytest.fixture
def picture(prints: Prints) -> bytes:
    content = s.jpeg(s.scanned(s.sheet(prints.newer.pdf, 1), chance=np.random.default_rng(1)), 80)
    (sheet,) = read(BytesIO(content), "image/jpeg", name="封面.jpg")
    return sheet.picture


def _words(pdf: bytes, page: int) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return str(document[page - 1].get_textpage().get_text_range())


def test_the_line_in_a_box_is_read(picture: bytes) -> None:
    lines = text.read(picture, Box(30, 83, 152, 10))

    assert "".join(lines) == "社会管理和公共服务综合标准化试点申请书"


@pytest.mark.long(5)
def test_candidates_are_ranked_by_the_words_of_the_page(picture: bytes, prints: Prints) -> None:
    candidates = {
        (printed.name, page): _words(printed.pdf, page)
        for printed in prints
        for page in range(1, printed.pages + 1)
    }

    ranked = text.rank(picture, candidates)

    assert ranked[0][0] in {("newer", 1), ("older", 1)}
    assert ranked[0][1] > ranked[-1][1] + 30
    assert ("other", 1) in [key for key, _ in ranked[:3]]


def test_a_page_without_words_ranks_nothing(prints: Prints) -> None:
    white = s.jpeg(np.full((1170, 827), 255, np.uint8))

    assert text.rank(white, {"a": "申请书"}) == []


def test_without_the_parts_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "find_spec", lambda name: None)
    text.available.cache_clear()
    try:
        assert not text.available()
        assert text.read(b"anything") == []
        assert text.rank(b"anything", {"a": "申请书"}) == []
    finally:
        text.available.cache_clear()
