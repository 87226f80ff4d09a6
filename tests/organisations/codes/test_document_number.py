import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.organisations.codes import document_number


@pytest.mark.parametrize(
    "number",
    ["国标委发〔2023〕27号", "国标委服务联〔2013〕61号", "津政办发〔2015〕35号", "国市监标技发〔2022〕64号"],
)
def test_official_numbers_pass_unchanged(number):
    assert document_number.normalise(number) == number
    assert document_number.check(number) is None


@pytest.mark.parametrize(
    "number", ["国标委发[2023]27号", "国标委发〔23〕27号", "国标委发〔2023〕027号", "国标委发〔2023〕第27号"]
)
def test_other_spellings_are_refused(number):
    assert document_number.check(number)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("国标委服务联(2013)61號", "国标委服务联〔2013〕61号"),
        ("国标委发[2023]58号", "国标委发〔2023〕58号"),
        ("津政办发〔2015〕 35 号", "津政办发〔2015〕35号"),
        ("津政办发（２０１５）第０35号", "津政办发〔2015〕35号"),
        ("国标委发【2023】27", "国标委发〔2023〕27号"),
        ("国标委发﹝2023﹞27号", "国标委发〔2023〕27号"),
        ("国标委发〔2023年〕27号", "国标委发〔2023〕27号"),
    ],
)
def test_normalise_brings_real_spellings_to_the_official_one(typed, meant):
    assert document_number.normalise(typed) == meant
    assert document_number.check(meant) is None


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("国标委发〔23〕27号", "年份要写四位"),
        ("abc〔2023〕27号", "机关代字"),
        ("国标委发〔2023〕027号", "不加零"),
        ("国标委发27号", "写法不对"),
    ],
)
def test_what_is_wrong_is_said(number, why):
    assert why in str(document_number.check(number))


@settings(deadline=None)
@given(
    st.text(max_size=50) | st.from_regex(r"[国标委发]{2,4}\s?[〔\[(（]\d{2,4}[〕\])）]第?0?\d{1,3}[号號]?")
)
def test_any_text_is_answered_and_normalising_twice_changes_nothing_more(text):
    once = document_number.normalise(text)
    assert document_number.normalise(once) == once
    document_number.check(once)
