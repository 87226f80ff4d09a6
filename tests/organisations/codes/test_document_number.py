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
    ],
)
def test_normalise_brings_real_spellings_to_the_official_one(typed, meant):
    assert document_number.normalise(typed) == meant
    assert document_number.check(meant) is None


@settings(deadline=None)
@given(st.text(max_size=50))
def test_any_text_is_answered(text):
    document_number.check(document_number.normalise(text))
