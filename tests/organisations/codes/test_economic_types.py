import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.organisations.codes import economic_types

CODES = (
    "n/a 100 110 120 130 140 141 142 143 149 150 151 159 160 170 171 172 173 174 175 179 190 "
    "200 210 220 230 240 290 300 310 320 330 340 390 900"
)


def test_the_list_is_whole():
    assert [found.code for found in economic_types.all_types()] == CODES.split()


def test_parents_are_types():
    assert all(
        not found.parent or economic_types.exists(found.parent) for found in economic_types.all_types()
    )


def test_names():
    assert economic_types.name("110") == "国有全资"
    assert economic_types.name("n/a") == "不适用（机关、事业单位、社会团体等）"
    assert economic_types.name("111") == ""


def test_there_are_34_types_of_the_standard_and_one_answer_for_bodies_without_type():
    types = [found.code for found in economic_types.all_types()]
    assert len(types) == 35
    assert types[0] == "n/a"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("110", "110"),
        ("１１０", "110"),
        ("国有全资", "110"),
        ("110 国有全资", "110"),
        ("110国有全资", "110"),
        ("其他有限责任(公司)", "159"),
        ("有限责任公司", "150"),
        ("不适用", "n/a"),
        ("N/A", "n/a"),
        ("不适用（机关法人）", "n/a"),
        ("110 集体全资", "110 集体全资"),
        ("民营", "民营"),
        ("", ""),
    ],
)
def test_a_code_or_a_name_is_understood(typed, code):
    assert economic_types.normalise(typed) == code


def test_a_type_that_does_not_fit_the_body_is_odd():
    assert economic_types.doubt("n/a", "12120101PDY00001X0") is None
    assert economic_types.doubt("110", "12120101PDY00001X0") is None
    assert "请选“不适用”" in str(economic_types.doubt("160", "12120101PDY00001X0"))
    assert "按营业执照" in str(economic_types.doubt("n/a", "91120111PDY0000440"))
    assert economic_types.doubt("160", "91120111PDY0000440") is None
    assert economic_types.doubt("160", "PDY00001X") is None


@settings(deadline=None)
@given(st.text(max_size=70))
def test_normalising_twice_changes_nothing_more(text):
    once = economic_types.normalise(text)
    assert economic_types.normalise(once) == once
