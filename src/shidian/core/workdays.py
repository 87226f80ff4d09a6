"""Working days: Monday to Friday, but for the holidays and exchanged days of the State Council's yearly notices.

The table is data (`workdays.toml` beside this module, each year with its source). A year that it does not hold is
counted by weekdays alone; `knows` says so, and whoever shows a day that was counted with it should say so too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).with_suffix(".toml")
_DAY = timedelta(days=1)
_SATURDAY = 5


class WrongTable(ValueError):
    """A table of working days that cannot be right; the message names the year and the entry."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked on. `sources` is the notice by year; `off` and `on` are the days that differ from the week."""

    sources: Mapping[int, str]
    off: frozenset[date]
    on: frozenset[date]

    def knows(self, day: date) -> bool:
        """Whether the table holds the year of that day."""
        return day.year in self.sources

    def is_working(self, day: date) -> bool:
        """Whether offices work on that day."""
        return day in self.on or (day.weekday() < _SATURDAY and day not in self.off)

    def after(self, day: date, count: int) -> date:
        """The `count`-th working day after `day` (which does not count itself); `day` for 0. ValueError below 0."""
        if count < 0:
            raise ValueError("count must not be negative")
        while count:
            day += _DAY
            count -= self.is_working(day)
        return day

    def before(self, day: date, count: int) -> date:
        """The `count`-th working day before `day` (which does not count itself); `day` for 0. ValueError below 0."""
        if count < 0:
            raise ValueError("count must not be negative")
        while count:
            day -= _DAY
            count -= self.is_working(day)
        return day

    def between(self, first: date, last: date) -> int:
        """How many working days come after `first` up to and with `last`; 0 when `last` is not later."""
        days = (first + _DAY * number for number in range(1, (last - first).days + 1))
        return sum(map(self.is_working, days))


@lru_cache(maxsize=8)
def calendar(own: Path | None = None) -> Calendar:
    """The shipped table, with the years of the installation's `own` file before it. `WrongTable` says what is wrong."""
    years = _years(SHIPPED)
    if own is not None:
        years |= _years(own)
    off: set[date] = set()
    on: set[date] = set()
    for year, entry in years.items():
        off |= {day for text in entry["off"] for day in _days(year, text)}
        on |= {day for text in entry["on"] for day in _days(year, text)}
    if both := off & on:
        raise WrongTable(f"{min(both)} 既放假又上班")
    return Calendar(
        {year: entry["source"] for year, entry in sorted(years.items())}, frozenset(off), frozenset(on)
    )


def _years(path: Path) -> dict[int, dict[str, Any]]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise WrongTable(f"工作日表读不出来：{fault}") from fault
    years = {}
    for key, entry in table.items():
        if not (key.isascii() and key.isdigit() and len(key) == 4):
            raise WrongTable(f"“{key}”不是年份")
        if not isinstance(entry, dict) or set(entry) != {"source", "off", "on"} or not entry["source"]:
            raise WrongTable(f"{key} 年要写 source（出处）、off（放假）、on（周末上班）")
        years[int(key)] = entry
    return years


def _days(year: int, text: object) -> Iterator[date]:
    """The days of `2023-01-21` or `2023-01-21/2023-01-27`; a holiday may begin at the end of the year before."""
    try:
        first, _, last = str(text).partition("/")
        begin = date.fromisoformat(first)
        end = date.fromisoformat(last) if last else begin
    except ValueError as fault:
        raise WrongTable(f"{year} 年：“{text}”不是日期") from fault
    if not (0 <= (end - begin).days < 15) or end.year != year:
        raise WrongTable(f"{year} 年：“{text}”的起止不对")
    yield from (begin + _DAY * number for number in range((end - begin).days + 1))
