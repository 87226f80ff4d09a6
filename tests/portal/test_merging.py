"""What comes out when two people changed one section."""

from hypothesis import given
from hypothesis import strategies as st

from shidian.portal.merging import _marked, contested, merged
from shidian.questionnaires.definition import Field, Section

SECTION = Section(
    key="s",
    mark="一",
    title="部分",
    fields=[Field(key="a", label="甲", type="text"), Field(key="b", label="乙", type="long_text")],
)


def test_what_only_one_changed_is_taken_from_that_one():
    assert merged({"a": "1", "b": "1"}, {"a": "2", "b": "1"}, {"a": "1", "b": "3"}) == {"a": "2", "b": "3"}


def test_what_both_changed_is_left_as_stored_until_somebody_chooses():
    assert merged({"a": "1"}, {"a": "2"}, {"a": "3"}) == {"a": "3"}
    assert [each.field.key for each in contested(SECTION, {"a": "1"}, {"a": "2"}, {"a": "3"})] == ["a"]


def test_the_same_change_twice_is_no_conflict():
    assert contested(SECTION, {"a": "1"}, {"a": "2"}, {"a": "2"}) == []


@given(st.text(alphabet="一二三\n", max_size=40), st.text(alphabet="一二三\n", max_size=40))
def test_marking_differences_keeps_every_letter(left, right):
    ours, theirs = _marked(left, right)

    assert "".join(piece.text for piece in ours) == left
    assert "".join(piece.text for piece in theirs) == right
    assert (left == right) == (not any(piece.new for piece in (*ours, *theirs)))


def test_very_long_texts_are_compared_by_paragraphs():
    same = "同样的一段。\n" * 2000

    ours, _ = _marked(same + "我的结尾", same + "他的结尾")

    assert ours[-1].text == "我的结尾"
    assert ours[-1].new
