import inspect
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.questionnaires.functions import (
    FUNCTIONS,
    blank,
    covers,
    gaps,
    inside,
    is_number,
    join,
    length,
    missing,
    month_in,
    months,
    names_in,
    not_yet,
    number,
    others,
    readable,
    span,
    sum_of,
    written,
)

GUIDE = Path(__file__).parents[2] / "docs" / "developer" / "writing-rules.md"
PERIOD = {"from": "2024-01", "to": "2025-12"}
NAMES = ["和平区示范应急服务中心", "天津市示范应急管理局（演示）", "人力资源和社会保障局"]


def test_blank_is_blank_in_every_shape() -> None:
    assert all(map(blank, ("", "　 ", None, [], {}, [{"a": ""}], {"from": "", "to": ""})))
    assert not any(map(blank, ("一", [{"a": "一"}], {"from": "2024-01", "to": ""})))


def test_length_counts_what_is_seen() -> None:
    assert length("一二 三\n四") == 4
    assert length(None) == 0


@pytest.mark.parametrize("text", ["尚未建立", "没有", "未建", "正在建立", "计划2024年建立"])
def test_what_is_not_there_yet(text: str) -> None:
    assert not_yet(text)


@pytest.mark.parametrize("text", ["2022-06", "已建立", "", "2022年6月，还没有修订"])
def test_what_is_there(text: str) -> None:
    assert not not_yet(text)


def test_times() -> None:
    assert readable("2024年1月至3月")
    assert readable("2024-01")
    assert not readable("年初")
    assert span("2024年1月至3月") == {"from": "2024-01", "to": "2024-03"}
    assert span("年初") == {"from": "", "to": ""}
    assert months("2024-01", "2025-12") == 24
    assert months("2024-01", "年底") == 0


def test_inside_judges_only_what_can_be_read() -> None:
    assert inside("2024年1月至3月", PERIOD)
    assert not inside("2023年12月至2024年3月", PERIOD)
    assert not inside("2025年10月至2026年1月", PERIOD)
    assert inside("启动后三个月", PERIOD)
    assert inside("2019年", {"from": "", "to": ""})
    assert month_in(PERIOD, "2024-05")
    assert not month_in(PERIOD, "2026-01")


def test_gaps() -> None:
    assert gaps(["2024年", "2025年3月至12月"], PERIOD) == ["2025年1月至2025年2月"]
    assert gaps(["2024年", "", "2025年"], PERIOD) == []
    assert gaps(["2024年1月", "以后"], PERIOD) == []
    assert gaps([], PERIOD) == []
    assert gaps(["2024年"], {"from": "", "to": ""}) == []


def test_words_with_several_ways_to_say_them() -> None:
    rows = ["宣传培训", "编制标准，开展自我检查"]

    assert missing(rows, ["宣传", "自查|自我检查", "申请评估|评估申请"]) == ["申请评估"]
    assert covers(rows, ["宣传", "编制标准"])
    assert not covers([], ["宣传"])


@pytest.mark.parametrize(
    "cell",
    [
        "和平区示范应急服务中心",
        "天津市和平区示范应急服务中心",
        "和平区示范应急服务中心、示范应急管理局",
        "牵头：和平区示范应急服务中心；配合：天津市示范应急管理局(演示)",
        "人力资源和社会保障局和天津市示范应急管理局",
        "承担单位和各参加单位",
        "标准化办公室",
        "全体人员",
        "",
        None,
    ],
)
def test_bodies_that_are_among_the_names(cell) -> None:
    assert others(cell, NAMES) == []
    assert names_in(cell, NAMES)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("某某大学", ["某某大学"]),
        ("负责单位：和平区示范应急服务中心；参与单位：某某物业公司", ["某某物业公司"]),
        ("人力资源和社会保障局和甲乙学校", ["甲乙学校"]),
        ("承担单位及某某大学", ["某某大学"]),
        ("和平区示范街道办事处", ["和平区示范街道办事处"]),
    ],
)
def test_bodies_that_are_not(cell: str, found: list[str]) -> None:
    assert others(cell, NAMES) == found


def test_amounts_add_up_as_decimals() -> None:
    assert sum_of(["0.1", "0.2"]) == number("0.3")
    assert sum_of(["12,000.50", "１２", "", "三百"]) == 12012.5
    assert is_number("12,000.50")
    assert is_number(["1", "", "2"])
    assert not is_number("约300")
    assert not is_number(["1", "约300"])
    assert not is_number("")
    assert [written(value) for value in (12012.5, 100.0, 0.0, 0.1)] == ["12012.5", "100", "0", "0.1"]


def test_times_are_written_as_documents_write_them() -> None:
    assert written(PERIOD) == "2024年1月至2025年12月"
    assert written({"from": "2024-01", "to": ""}) == ""
    assert written("2024-05") == "2024年5月"
    assert written("其他") == "其他"


def test_join_leaves_out_what_is_no_text() -> None:
    assert join(["甲", "", None, "乙"]) == "甲、乙"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(FUNCTIONS)), st.tuples(ANYTHING, ANYTHING))
@settings(max_examples=400, deadline=None)
def test_no_function_fails_whatever_it_is_given(name: str, values: tuple) -> None:
    function = FUNCTIONS[name]

    function(*values[: len(inspect.signature(function).parameters)])


def test_every_function_is_explained() -> None:
    text = GUIDE.read_text(encoding="utf-8")

    assert [name for name in FUNCTIONS if f"`{name}(" not in text] == []
