"""What is shown of two texts of one field."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shidian.portal.merging import _marked, two_texts, word_changes
from shidian.questionnaires.definition import Field

WHEN = datetime(2023, 7, 3, tzinfo=UTC)


def test_two_texts_can_be_put_together_where_they_are_text():
    both = two_texts(
        Field(key="b", label="乙", type="long_text"), "我的", "他的", who="李", number=3, at=WHEN
    )
    chosen = two_texts(Field(key="c", label="丙", type="yes_no"), "yes", "no", who="李", number=3, at=WHEN)

    assert (both.mergeable, both.together, both.mine_value) == (True, "我的\n他的", "我的")
    assert not chosen.mergeable
    assert "".join(piece.text for piece in chosen.mine) == "是"


@given(st.text(alphabet="一二三\n", max_size=40), st.text(alphabet="一二三\n", max_size=40))
def test_what_became_of_a_text_holds_both_of_them(before, after):
    changes = word_changes(before, after)

    assert "".join(each.text for each in changes if each.kind != "new") == before
    assert "".join(each.text for each in changes if each.kind != "gone") == after
    assert (before == after) == all(each.kind == "same" for each in changes)


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
