"""Names of bodies as they are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shidian.organisations.names import LONGEST, comparable


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("天津市示范（集团）有限公司", "天津市示范(集团)有限公司"),
        ("天津市示范〔集团〕有限公司", "天津市示范【集团】有限公司"),
        ("天津市 示范\u3000有限公司", "天津市示范有限公司"),
        ("ＡＢＣ示范中心", "abc示范中心"),
        ("“示范”服务中心", "示范服务中心"),
        ("爱新觉罗•示范工作室", "爱新觉罗·示范工作室"),
        ("天津市示范有限公司\u200b。", "天津市示范有限公司"),
        ("a“\u0304示范", "ā示范"),
    ],
)
def test_spellings_of_one_name_agree(one: str, other: str) -> None:
    assert comparable(one) == comparable(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("天津市示范有限公司", "天津示范有限公司"),
        ("示范（集团）有限公司", "示范有限公司"),
        ("示范有限公司", "示范有限公司分公司"),
    ],
)
def test_names_that_differ_stay_different(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


def test_a_text_too_long_to_be_a_name_matches_nothing() -> None:
    assert comparable("示" * (LONGEST + 1)) == ""
    assert comparable("㌖" * 100) == ""  # one character becomes six


@given(st.text(max_size=300))
def test_comparing_twice_changes_nothing_more_and_fits_the_column(text: str) -> None:
    key = comparable(text)
    assert len(key) <= LONGEST
    assert comparable(key) == key
