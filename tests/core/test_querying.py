"""The query language: every text has an answer, and what is written is read as the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shidian.core.querying import And, Node, Not, Or, Test, Word, parse, with_test, written

TEXTS = st.text(
    st.sampled_from('标准化ab1 OR-:：,，、()（）"“”|><=≥≤\t\n' + "状态"), min_size=0, max_size=40
) | st.text(max_size=40)


@given(TEXTS)
def test_any_text_is_read_and_read_again_as_the_same(text: str) -> None:
    first = parse(text)
    again = parse(written(first.tree))

    assert again.tree == first.tree
    if first.tree is not None:
        assert not again.problems
    assert all(0 <= each.start <= each.end <= len(text) for each in first.problems)


CLEAN = st.text(
    st.characters(exclude_characters='"“”＂', exclude_categories=["Cs"]), min_size=1, max_size=8
).map(lambda text: parse(f'"{text}"').tree)
LEAVES = CLEAN.filter(lambda tree: isinstance(tree, Word) and bool(tree.text.strip())) | st.builds(
    Test,
    st.sampled_from(["状态", "area", "受理"]),
    st.sampled_from(["", ">=", "<"]),
    st.tuples(
        st.text(st.sampled_from("甲乙ab -,、:"), min_size=1, max_size=5).filter(lambda t: t == t.strip())
    ),
)


def grown(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    pairs = st.lists(children, min_size=2, max_size=3).map(tuple)
    return (
        pairs.filter(lambda parts: not any(isinstance(part, And) for part in parts)).map(And)
        | pairs.filter(lambda parts: not any(isinstance(part, Or) for part in parts)).map(Or)
        | children.filter(lambda part: not isinstance(part, Not)).map(Not)
    )


@given(st.recursive(LEAVES, grown, max_leaves=6))
def test_every_tree_is_written_and_read_back(tree: Node) -> None:
    found = parse(written(tree))

    assert (found.tree, found.problems) == (tree, [])


def test_a_query_is_read_as_meant() -> None:
    tree = parse("应急 “综合 减灾” -状态：退回,填写 (区:和平 OR 领域:a/b) 受理:>=2023-07-01").tree

    assert tree == And(
        (
            Word("应急"),
            Word("综合 减灾"),
            Not(Test("状态", "", ("退回", "填写"))),
            Or((Test("区", "", ("和平",)), Test("领域", "", ("a/b",)))),
            Test("受理", ">=", ("2023-07-01",)),
        )
    )


@pytest.mark.parametrize(
    ("text", "start", "words"),
    [
        ("标准 “应急", 3, "引号没有关上"),
        ("(标准", 0, "少了一个右括号"),
        ("标准)", 2, "多了一个右括号"),
        ("状态：", 0, "后面要写值"),
        ("标准 - 应急", 3, "减号后面"),
        ("标准 OR", 3, "OR 后面"),
        ("OR 标准", 0, "OR 前面"),
        ("受理:>=1,2", 0, "只能跟一个值"),
        ("字" * 501, 500, "最多 500 个字"),
        ("(" * 30, 12, "太深"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_place(text: str, start: int, words: str) -> None:
    found = parse(text).problems

    assert any(words in each.message and each.start == start for each in found), found


def test_a_click_puts_a_condition_in_the_place_of_the_old_one() -> None:
    tree = parse("应急 状态:退回 区:和平").tree

    assert written(with_test(tree, Test("状态", "", ("待审查",)), "state")) == "应急 区:和平 状态:待审查"
