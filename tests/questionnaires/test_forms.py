import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.questionnaires import forms
from tests.questionnaires.form import EVERYTHING, GOOD


def field(key):
    return EVERYTHING.field(key)


def posted(values):
    data = {}
    for key, value in values.items():
        if isinstance(value, dict):
            data |= {f"{key}-{part}": [text] for part, text in value.items()}
        elif isinstance(value, list):
            for number, row in enumerate(value, 1):
                data |= {f"{key}-{number}-{column}": [text] for column, text in row.items()}
        else:
            data[key] = [value]
    return data


def test_what_was_posted_is_read_back():
    assert forms.read(EVERYTHING, posted(GOOD)) == GOOD


def test_a_field_that_was_not_posted_is_left_out():
    assert forms.read(EVERYTHING, {"name": ["甲"]}) == {"name": "甲"}
    assert forms.read(EVERYTHING, {}) == {}


def test_a_table_posted_blank_is_empty():
    assert forms.read(EVERYTHING, {"plan-1-time": [""], "plan-1-content": [" "]}) == {"plan": []}


def test_rows_come_in_the_order_of_their_numbers_and_blank_ones_are_dropped():
    data = {"plan-10-time": ["三"], "plan-2-time": ["二"], "plan-3-time": [""], "plan-1-time": ["一"]}
    assert [row["time"] for row in forms.read(EVERYTHING, data)["plan"]] == ["一", "二", "三"]


def test_strange_row_names_are_ignored():
    data = {
        "plan-0-time": ["x"],
        "plan-1-other": ["x"],
        "plan-99999-time": ["x"],
        "plan-１-time": ["x"],
        "plan-": ["x"],
    }
    assert forms.read(EVERYTHING, data) == {}


@pytest.mark.parametrize(
    ("key", "typed", "stored"),
    [
        ("start", "２０２４年１月", "2024-01"),
        ("start", "2023-13", "2023-13"),
        ("day", "2023年7月10日", "2023-07-10"),
        ("built", "尚未建立", "尚未建立"),
        ("built", "2022年6月", "2022-06"),
        ("code", " １２120101pdy00001x0 ", "12120101PDY00001X0"),
        ("postcode", "３００ ０００", "300000"),
        ("phone", "022－27113062", "022-27113062"),
        ("email", " a@example.cn ", "a@example.cn"),
        ("accident", "是", "yes"),
        ("accident", "也许", "也许"),
        ("industry", "S92", "92"),
        ("industry", "s", "S"),
        ("industry", "9221 综合事务管理机构", "9221"),
        ("industry", "社区居民自治组织", "961"),
        ("industry", "养老院", "养老院"),
        ("economic", "国有全资", "110"),
        ("paper", "国标委服务联(2013) 61號", "国标委服务联〔2013〕61号"),
        ("standard", "gb/t24421.1-2023", "GB/T 24421.1—2023"),
        ("economic", "N/A", "n/a"),
        ("name", "  甲\r\n乙\t丙 ", "甲 乙 丙"),
        ("name", "一\x00二\x1b三\u200b四\u202e", "一二三四"),
        ("name", "张\U0002b7a9", "张\U0002b7a9"),
        ("name", "𬭎 𠅤 㛃", "𬭎 𠅤 㛃"),
        ("name", "e\u0301", "\u00e9"),
        ("name", "half \ud800", "half \ufffd"),
        ("name", "\ud83d\ude00", "\U0001f600"),
        ("story", "\n\n　　第一段\r第二段\n\n", "　　第一段\n第二段"),
    ],
)
def test_text_is_normalised_by_type(key, typed, stored):
    assert forms.clean(field(key), typed) == stored


def test_a_county_alone_names_its_province():
    assert forms.clean(field("place"), {"county": "120101"}) == {
        "province": "120000",
        "county": "120101",
        "detail": "",
    }


def test_very_long_text_is_kept_whole():
    assert forms.clean(field("story"), "长" * 100_000) == "长" * 100_000
    for section_field in EVERYTHING.fields:
        forms.clean(section_field, "1" * 100_000)


@pytest.mark.parametrize("raw", [None, [], {}, ["x"], {"a": 1}, 3, True, 1.5, [[1]], [{"time": ["x"]}]])
def test_wrong_shapes_become_blank_and_never_raise(raw):
    for section_field in EVERYTHING.fields:
        value = forms.clean(section_field, raw)
        expected = list if section_field.type == "rows" else dict if section_field.controls[1:] else str
        assert isinstance(value, expected)


@settings(deadline=None)
@given(st.sampled_from([f.key for f in EVERYTHING.fields]), st.text(st.characters(codec=None), max_size=80))
def test_cleaning_twice_changes_nothing_and_can_be_stored(key, text):
    kind = field(key)
    raw = (
        [{"time": text, "unit": text}]
        if kind.type == "rows"
        else {"from": text, "county": text}
        if kind.controls[1:]
        else text
    )
    once = forms.clean(kind, raw)
    assert forms.clean(kind, once) == once
    repr(once).encode("utf-8")
    str(once).encode("utf-8")
