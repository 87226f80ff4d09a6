"""Words of a filter are what a database can look for, whatever was put into the address."""

import pytest

from shidian.ui.filters import LONGEST, words_of


@pytest.mark.parametrize(
    ("typed", "words"),
    [("  和平区　应急 ", "和平区 应急"), ("a\0b", "a b"), ("长" * 300, "长" * LONGEST), ("\0", "")],
)
def test_words_are_joined_cut_and_without_what_no_database_keeps(typed: str, words: str) -> None:
    assert words_of({"q": typed}) == words
    assert words_of({}) == ""
