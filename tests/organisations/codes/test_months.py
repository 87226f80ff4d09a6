import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.organisations.codes import months


@pytest.mark.parametrize(
    "typed",
    [
        "2024-01",
        "2024年1月",
        "2024年01月",
        "2024.1",
        "2024/1",
        "２０２４－０１",
        "2024 年 1 月",
        "202401",
        "2024年1月份",
        "二〇二四年一月",
        "二○二四年元月",
        "2024-1",
    ],
)
def test_months_as_people_write_them(typed):
    assert months.normalise_month(typed) == "2024-01"


@pytest.mark.parametrize(
    "typed", ["尚未建立", "2024", "2024年", "2024-01-05", "24-01", "运行一年", "9" * 100_000]
)
def test_what_is_no_month_comes_back(typed):
    assert months.normalise_month(typed) == typed


@pytest.mark.parametrize(
    "month", ["2023-13", "2023-00", "0000-00", "0000-05", "1899-12", "2101-01", "2023-1", "x", ""]
)
def test_months_that_do_not_exist(month):
    assert months.check_month(month)


def test_the_message_names_the_month():
    assert months.check_month("2023-13") == "没有 13 月，请填 1 至 12 月"


@pytest.mark.parametrize("day", ["2023-02-29", "2023-13-01", "0000-00-00", "2023-06-31", "1600-01-01", "x"])
def test_days_that_do_not_exist(day):
    assert months.check_day(day)


def test_days():
    assert months.check_day("2024-02-29") is None
    assert months.normalise_day("2023年7月10日") == "2023-07-10"
    assert months.normalise_day("二〇二三年七月十日") == "2023-07-10"
    assert months.normalise_day("二〇二三年十二月三十一日") == "2023-12-31"
    assert months.normalise_day("二〇二三年十月二十日") == "2023-10-20"
    assert months.written_day("2023-07-10") == "2023年7月10日"
    assert months.written_day("2023-02-30") == "2023-02-30"


def test_written_has_no_leading_zero():
    assert months.written("2024-01") == "2024年1月"


def test_length_counts_both_ends():
    assert months.length("2024-01", "2025-12") == 24
    assert months.length("2024-01", "2024-01") == 1
    assert months.length("2024-02", "2024-01") == 0


@settings(deadline=None)
@given(st.integers(1900, 2100), st.integers(1, 12))
def test_every_month_survives_writing_and_reading(year, month):
    value = f"{year}-{month:02}"
    assert months.check_month(value) is None
    assert months.normalise_month(months.written(value)) == value


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_answered_and_normalising_twice_changes_nothing_more(text):
    for normalise in (months.normalise_month, months.normalise_day):
        once = normalise(text)
        assert normalise(once) == once
    months.check_month(months.normalise_month(text))
    months.check_day(months.normalise_day(text))
