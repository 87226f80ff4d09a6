"""Working days by the State Council's notices."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shidian.core.workdays import Calendar, WrongTable, calendar

days = st.dates(date(2023, 1, 3), date(2026, 12, 1))


def working(year: int) -> int:
    return calendar().between(date(year - 1, 12, 31), date(year, 12, 31))


def test_years_are_as_long_as_the_notices_make_them() -> None:
    """Weekdays of the year less the statutory holidays: 11 a year until 2024, 13 from 2025 (全国年节及纪念日放假办法)."""
    weekdays = {
        year: sum(
            (date(year, 1, 1) + timedelta(n)).weekday() < 5
            for n in range(366)
            if (date(year, 1, 1) + timedelta(n)).year == year
        )
        for year in range(2023, 2027)
    }

    # A holiday on a weekend is made up for, so that every statutory day costs a working day.
    assert {year: weekdays[year] - working(year) for year in weekdays} == {
        2023: 11,
        2024: 11,
        2025: 13,
        2026: 13,
    }


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2023, 6, 22), False),  # 端午节
        (date(2023, 6, 25), True),  # 星期日，调休上班
        (date(2023, 7, 1), False),  # 星期六
        (date(2023, 7, 31), True),
        (date(2026, 2, 28), True),
        (date(2026, 10, 8), True),
    ],
)
def test_single_days(day: date, works: bool) -> None:
    assert calendar().is_working(day) is works


def test_days_are_counted_over_a_holiday() -> None:
    table = calendar()

    assert table.after(date(2023, 6, 21), 1) == date(2023, 6, 25)
    assert table.after(date(2023, 9, 28), 5) == date(2023, 10, 11)
    assert table.before(date(2023, 6, 25), 1) == date(2023, 6, 21)
    assert table.between(date(2023, 6, 21), date(2023, 6, 25)) == 1
    assert table.between(date(2023, 6, 25), date(2023, 6, 21)) == 0


@given(days, st.integers(0, 60))
def test_counting_on_and_counting_between_agree(day: date, count: int) -> None:
    table = calendar()
    there = table.after(day, count)

    assert table.between(day, there) == count
    assert count == 0 or table.is_working(there)
    assert not table.is_working(day) or table.before(there, count) == day


def test_an_unknown_year_is_counted_by_the_week_and_says_so() -> None:
    table = calendar()

    assert table.knows(date(2026, 12, 31)) and not table.knows(date(2031, 1, 1))
    assert table.is_working(date(2031, 1, 1))


def test_an_installation_adds_its_years(tmp_path: Path) -> None:
    own = tmp_path / "workdays.toml"
    own.write_text('[2031]\nsource = "通知"\noff = ["2031-01-01"]\non = []\n', encoding="utf-8")

    table: Calendar = calendar(own)

    assert table.knows(date(2031, 1, 1)) and not table.is_working(date(2031, 1, 1))
    assert table.knows(date(2023, 1, 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2031 = 1\n", "2031"),
        ('[31]\nsource = "x"\noff = []\non = []\n', "不是年份"),
        ('[2031]\nsource = ""\noff = []\non = []\n', "source"),
        ('[2031]\nsource = "x"\noff = ["2031-13-01"]\non = []\n', "不是日期"),
        ('[2031]\nsource = "x"\noff = ["2031-03-09/2031-03-01"]\non = []\n', "起止不对"),
        ('[2031]\nsource = "x"\noff = ["2030-03-01"]\non = []\n', "起止不对"),
        ('[2031]\nsource = "x"\noff = ["2031-03-01"]\non = ["2031-03-01"]\n', "既放假又上班"),
        ("[2031\n", "读不出来"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    own = tmp_path / "workdays.toml"
    own.write_text(text, encoding="utf-8")

    with pytest.raises(WrongTable, match=words):
        calendar(own)
