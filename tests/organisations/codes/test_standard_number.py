import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.organisations.codes import standard_number

OFFICIAL = {
    "GB 11714—1997": "国家标准",
    "GB/T 24421.1—2023": "国家标准",
    "GB/Z 18728—2002": "国家标准",
    "DB12/T 1052—2021": "地方标准",
    "DB3206/T 1088—2024": "地方标准",
    "T/TJAS 12—2023": "团体标准",
    "Q/ABC 001—2022": "企业标准",
    "Q/和平养老 12.3—2022": "企业标准",
    "SB/T 10382—2004": "行业标准",
}


@pytest.mark.parametrize("number", OFFICIAL)
def test_official_numbers_pass_unchanged_and_name_their_kind(number):
    assert standard_number.normalise(number) == number
    assert standard_number.check(number) is None
    assert standard_number.kind(number) == OFFICIAL[number]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gb/t24421.1-2023", "GB/T 24421.1—2023"),
        ("ＧＢ／Ｔ ２４４２１．１－２０２３", "GB/T 24421.1—2023"),
        ("DB12/T 1052–2021", "DB12/T 1052—2021"),
        ("GB / T 13016 - 2018", "GB/T 13016—2018"),
        ("GB/T 13016——2018", "GB/T 13016—2018"),
    ],
)
def test_normalise_brings_real_spellings_to_the_official_one(typed, meant):
    assert standard_number.normalise(typed) == meant
    assert standard_number.check(meant) is None


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("GB/T 24421.1-09", "年份要写四位"),
        ("GB 32100", "缺少年份"),
        ("DB1/T 5—2020", "写法不对"),
        ("标准-2020", "写法不对"),
    ],
)
def test_what_is_wrong_is_said(typed, why):
    assert why in str(standard_number.check(standard_number.normalise(typed)))


@settings(deadline=None)
@given(
    st.text(max_size=50)
    | st.from_regex(
        r"(GB/T|gb|DB12/T|T/AB|Q/企业|SB/T) ?[0-9]{1,5}(\\.[0-9])? ?[-—–] ?(20)?[0-9]{2}", fullmatch=True
    )
)
def test_any_text_is_answered_and_normalising_twice_changes_nothing_more(text):
    once = standard_number.normalise(text)
    assert standard_number.normalise(once) == once
    assert (standard_number.check(once) is None) == bool(standard_number.kind(once))


def test_a_very_long_text_is_answered_at_once():
    assert standard_number.check(standard_number.normalise("GB" * 50_000))
