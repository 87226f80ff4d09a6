"""Words that changed are marked, and nothing else; what people typed is never taken for markup."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shidian.ui.changes import LONGEST, marked, marked_rows


def stripped(text: str, drop: str, keep: str) -> str:
    """The text without what stands in one tag, and without the other tag itself."""
    import re
    from html import unescape

    text = re.sub(rf"<{drop}>.*?</{drop}>", "", text, flags=re.DOTALL)
    return unescape(text.replace(f"<{keep}>", "").replace(f"</{keep}>", ""))


def test_equal_texts_carry_no_mark() -> None:
    assert marked("没有改动", "没有改动") == "没有改动"


def test_numbers_are_marked_whole() -> None:
    assert marked("收集标准 68 项", "收集标准 142 项") == "收集标准 <del>68</del><ins>142</ins> 项"


def test_typed_markup_is_shown_as_text() -> None:
    shown = marked("<b>旧</b>", "<script>新</script>")
    assert "<script>" not in shown
    assert "&lt;" in shown


def test_crumbs_between_changes_are_joined() -> None:
    shown = marked("甲乙丙丁戊", "子乙丑丁寅")
    assert shown == "<del>甲乙丙丁戊</del><ins>子乙丑丁寅</ins>"


def test_very_long_texts_are_compared_by_sentence() -> None:
    sentence = "本单位建立标准化工作机制。"
    before = sentence * (LONGEST // len(sentence) + 10)
    after = before + "新增一句。"
    assert marked(before, after) == before + "<ins>新增一句。</ins>"


@given(st.text("甲乙丙丁1 2ab。\n", max_size=60), st.text("甲乙丙丁1 2ab。\n", max_size=60))
def test_both_texts_can_be_read_off_the_marks(before: str, after: str) -> None:
    shown = str(marked(before, after))
    assert stripped(shown, "ins", "del") == (before if before != after else after)
    assert stripped(shown, "del", "ins") == after


def test_rows_that_came_and_went_are_marked() -> None:
    shown = marked_rows([["一", "宣传"], ["二", "实施"]], [["一", "宣传"], ["三", "评估"], ["四", "总结"]])
    assert shown[0] == ["一", "宣传"]
    assert shown[1] == ["<del>二</del><ins>三</ins>", "<del>实施</del><ins>评估</ins>"]
    assert shown[2] == ["<ins>四</ins>", "<ins>总结</ins>"]
