"""Long answers as text and as blocks: nothing is refused, nothing visible is lost, both ways agree."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.questionnaires import prose
from shidian.questionnaires.checks import check_section
from shidian.questionnaires.definition import Field, Section
from shidian.questionnaires.printing import one_line
from shidian.questionnaires.prose import Item, Paragraph, Picture, Prose, Table

TEXT = "一、现状\n1．人员\n| 年度 | 项数 |\n| --- | --- |\n| 2022 | 36 |\n[图：结构图.png｜标准体系结构图]\n其余见附件。"

# Words of people, the signs of the grammar, and what comes with pasting.
SIGNS = st.text(st.sampled_from("甲乙 a1|\\n-—[]图：:｜（）()一二、．.①●·　\t{}<&\"'"), max_size=20)
LINES = st.one_of(
    SIGNS,
    st.text(max_size=20),
    st.sampled_from(
        [
            "| a | b |",
            "| --- | --- |",
            "|1|2|3|",
            "||",
            "|",
            "[图：a[1].png｜x]",
            "[图：]",
            "（一）甲",
            "- 乙",
            "",
            "  ",
        ]
    ),
)
TEXTS = st.lists(LINES, max_size=12).map("\n".join)

CELLS = st.text(st.sampled_from("甲 a|\\n-\n：。"), max_size=8).map(str.strip)
NAMES = st.text(st.sampled_from("图a1[]().-_ /\\."), min_size=1, max_size=8).map(str.strip).filter(bool)
CAPTIONS = st.text(st.sampled_from("图a1[]｜| "), max_size=8).map(str.strip)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    width = draw(st.integers(1, 12))
    rows = draw(st.lists(st.tuples(*[CELLS] * width), min_size=1, max_size=6))
    header = draw(st.booleans()) or len(rows) == 1
    if not header and all(re.fullmatch("-{3,}", cell) for cell in rows[1]):
        header = True
    return Table(tuple(rows), header)


BLOCKS = st.one_of(
    st.builds(Paragraph, st.text(st.sampled_from("甲乙 a。"), min_size=1, max_size=8).filter(str.strip)),
    st.builds(
        Item,
        st.sampled_from(["一、", "（十二）", "1．", "2.", "３、", "（1）", "(2)", "4)", "⑤", "a)", "●", "·", "-", "–"]),
        st.text(st.sampled_from("甲乙 a。|"), min_size=1, max_size=8).filter(lambda text: text.strip() == text != ""),
        st.sampled_from(["", " ", "　　"]),
        st.sampled_from(["", " ", "　"]),
    ),
    tables(),
    st.builds(Picture, NAMES, CAPTIONS),
)  # fmt: skip


def seen(text: str) -> str:
    """The characters that can be seen, without those of which tables are made."""
    return re.sub(r"[\s|\\\-n]", "", text.replace("：", ":").replace("｜", ""))


@settings(max_examples=300, deadline=None)
@given(st.lists(BLOCKS, max_size=8).map(lambda blocks: Prose(tuple(blocks))))
def test_blocks_come_back_from_their_text(given: Prose) -> None:
    assert prose.parse(prose.serialise(given)) == given


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_any_text_is_parsed_and_keeps_what_can_be_seen(text: str) -> None:
    parsed = prose.parse(text)

    assert seen(prose.serialise(parsed)) == seen(text)
    assert prose.parse(prose.serialise(parsed)) == parsed
    assert prose.parse(prose.canonical(text)) == parsed
    assert prose.canonical(prose.canonical(text)) == prose.canonical(text)
    assert prose.length(text) <= len(text)
    prose.faults(text), prose.words(text), prose.printable(text)


def test_a_text_becomes_blocks_for_the_paper() -> None:
    assert prose.printable(TEXT) == [
        {"kind": "item", "marker": "一、", "level": 1, "text": "现状"},
        {"kind": "item", "marker": "1．", "level": 2, "text": "人员"},
        {"kind": "table", "header": True, "rows": [["年度", "项数"], ["2022", "36"]]},
        {"kind": "picture", "name": "结构图.png", "caption": "标准体系结构图"},
        {"kind": "paragraph", "text": "其余见附件。"},
    ]


@pytest.mark.parametrize(
    "line",
    ["2024.5 起", "1.5 倍", "-5℃", "——甲", "--", "一", "（一）", "1．", "第一、甲", "2023、2024 年", "a. b"],
)
def test_what_only_looks_like_a_number_is_no_item(line: str) -> None:
    assert prose.parse(line).blocks == (Paragraph(line),)


def test_levels_are_those_that_occur() -> None:
    printed = prose.printable("（1）甲\n①乙\n1、丙\n● 丁")

    assert [block["level"] for block in printed] == [2, 3, 1, 4]


@pytest.mark.parametrize(
    ("name", "caption"),
    [("a[1].png", ""), ("图]1.png", "x]y"), ("../../etc/passwd", ""), ("a b.png", "一|二｜三")],
)
def test_pictures_keep_brackets_and_paths_as_names_only(name: str, caption: str) -> None:
    assert prose.parse(prose.picture_line(name, caption)).blocks == (Picture(name, caption),)


def test_only_visible_characters_count() -> None:
    assert prose.length("甲乙\n丙") == 4
    assert prose.length("| 甲 | 乙\\|丙 |\n| --- | --- |\n| 丁 |  |") == len("甲乙|丙\n\n丁")
    assert prose.length("[图：很长的文件名.png｜图一]") == 2
    assert prose.length("| 一行不是表格 |") == len("| 一行不是表格 |")


def test_words_can_be_read_where_only_text_stands() -> None:
    assert prose.words(TEXT) == (
        "一、现状\n1．人员\n年度 ｜ 项数\n2022 ｜ 36\n［图片：结构图.png］标准体系结构图\n其余见附件。"
    )


def test_a_table_that_is_none_stays_as_paragraphs_and_is_told() -> None:
    text = "前言\n| a | b |\n| c |"

    assert [type(block) for block in prose.parse(text).blocks] == [Paragraph] * 3
    assert [(fault.kind, fault.line) for fault in prose.faults(text)] == [("table", 2)]
    assert "第一行 2 格，第 3 行 1 格" in prose.faults(text)[0].message


def test_limits_are_told() -> None:
    wide = "\n".join([f"|{'a|' * 13}"] * 2)
    long = "\n".join(["| a | b |"] * 101)
    pictures = "\n".join(f"[图：{number}.png]" for number in range(21))

    assert "最多 12 列" in prose.faults(wide)[0].message
    assert "最多 100 行" in prose.faults(long)[0].message
    assert "最多 20 张" in prose.faults(pictures)[0].message
    assert prose.faults("\n".join(["| a | b |", "|---|---|", *["| a | b |"] * 99])) == []


@pytest.mark.parametrize(
    "text",
    ["甲" * 100_000, "|" * 5_000, "|" * 5_000 + "\n" + "|" * 5_000, "[图：" + " " * 100_000 + "]", " " * 100_000, "1．" * 50_000,
     "| " + "\\" * 50_000 + " |", "[图：" * 30_000, "\x00\x01|\x02|\n|\x03|", "-" * 100_000, "\n" * 100_000],
    ids=lambda text: f"{text[:2]!r}-{len(text)}",
)  # fmt: skip
def test_bad_input_takes_no_time(text: str) -> None:
    started = time.process_time()

    prose.parse(text)
    prose.faults(text)
    prose.printable(text)
    prose.length(text)

    assert time.process_time() - started < 0.5


def _section(**more: object) -> Section:
    field = Field(key="goals", label="目标", type="long_text", rich=True, max_chars=20, **more)  # type: ignore[arg-type]
    return Section(key="goals", mark="三", title="目标", fields=[field])


def test_checks_name_each_fault_and_count_what_can_be_seen() -> None:
    fits = "| 甲 | 乙 |\n| --- | --- |\n| 丙 | 丁 |"
    ragged = "| 甲 | 乙 |\n| 丙 |"

    assert check_section(_section(), {"goals": fits}) == []
    (found,) = check_section(_section(), {"goals": ragged})
    assert (found.severity, found.anchor, found.code) == ("error", "f-goals", "goals.goals:table[1]")
    assert found.message.startswith("“目标”第 1 行起的表格各行的格数不一样")
    (found,) = check_section(_section(), {"goals": f"{fits}\n{'字' * 20}"})
    assert "现有 27 字，请删减 7 字" in found.message


def test_rich_is_for_long_texts_only() -> None:
    with pytest.raises(ValueError, match="rich 只用于 type: long_text"):
        Field(key="a", label="甲", type="text", rich=True)


def test_one_line_shows_no_grammar() -> None:
    field = Field(key="a", label="甲", type="long_text", rich=True)

    assert one_line(field, "| 甲 | 乙 |\n| 丙 | 丁 |") == "甲 ｜ 乙 丙 ｜ 丁"
