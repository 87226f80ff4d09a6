"""Months from one to another as people write them in a cell: 2024年1月至3月, 2024.01-03, 2024年第一季度, 2024年下半年.

What cannot be read for certain is no span; nothing is guessed.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from shidian.organisations.codes import months

_LONGEST = 200
_QUARTERS = {"一": 1, "二": 4, "三": 7, "四": 10, "1": 1, "2": 4, "3": 7, "4": 10}
_TO = "[-~〜至到—–―─]+"
_YEAR = "(?:19|20)[0-9]{2}"
_TOKEN = re.compile(
    rf"""
    (?P<year>{_YEAR})年(?P<several>[0-9]{{1,2}}){_TO}(?P<last>[0-9]{{1,2}})月(?![0-9])
  | (?:(?P<qyear>{_YEAR})年|(?P<qnext>次年|翌年))?第?(?P<quarter>[一二三四1-4])季度
  | (?:(?P<hyear>{_YEAR})年|(?P<hnext>次年|翌年))?(?P<half>[上下])半年
  | (?:(?P<myear>{_YEAR})年|(?P<mnext>次年|翌年))?(?P<month>[0-9]{{1,2}})月(?:份|底|末|初|[上中下]旬)?(?:[0-9]{{1,2}}[日号])?
  | (?P<dyear>{_YEAR})(?P<dot>[-./])(?P<dmonth>[0-9]{{1,2}})(?:(?P=dot)[0-9]{{1,2}}(?![0-9])|[-~〜至到—–―─](?P<dlast>[0-9]{{1,2}})(?![-0-9./年]))?(?![0-9])
  | (?P<syear>{_YEAR})(?P<smonth>0[1-9]|1[0-2])(?![0-9])
  | (?P<whole>{_YEAR})年(?:度|全年)?(?P<edge>[初底末])?
    """,
    re.VERBOSE,
)
# Shortened ends are written out before anything else is read: 2024-2025年, 2024.1.1-3.31.
_SHORTENED = (
    (re.compile(rf"({_YEAR}){_TO}({_YEAR})年(?![0-9第上下])"), r"\1年至\2年"),
    (
        re.compile(
            rf"({_YEAR})\.([0-9]{{1,2}})\.([0-9]{{1,2}}){_TO}([0-9]{{1,2}})\.([0-9]{{1,2}})(?![0-9.年])"
        ),
        r"\1年\2月\3日至\4月\5日",
    ),
)
_COUNTED = re.compile("第[0-9]+(?:阶段|步|期|批)|^[0-9]{1,2}[.、)](?![0-9])")
_OPEN = re.compile("起$|以后|以前|之前|之后|以来|开始$|起步$")


class Span(NamedTuple):
    """Two months as `2024-01`, both counted."""

    first: str
    last: str

    @property
    def written(self) -> str:
        """As documents write it: 2024年1月至2024年3月, or one month."""
        if self.first == self.last:
            return months.written(self.first)
        return f"{months.written(self.first)}至{months.written(self.last)}"


def read(text: Any) -> Span | None:
    """The span that a cell tells; a month is a span of one, a year one of twelve. None when it cannot be told.

    A range answer (`{"from": …, "to": …}`) is read as well. Open ends (2024年1月起), months without any year and
    ends before their beginning are not read.
    """
    if isinstance(text, Mapping):
        first, last = text.get("from"), text.get("to")
        if not isinstance(first, str) or not isinstance(last, str):
            return None
        return Span(first, last) if _orderly(first, last) else None
    return _read(text) if isinstance(text, str) and len(text) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _read(text: str) -> Span | None:
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if not plain or _OPEN.search(plain):
        return None
    for shortened, full in _SHORTENED:
        plain = shortened.sub(full, plain)
    plain = _COUNTED.sub("", plain)
    found = list(_tokens(plain))
    # A number that belongs to no time means that something was not understood.
    if not found or not all(found) or re.search("[0-9]", _TOKEN.sub("", plain)):
        return None
    first, last = found[0], found[-1]
    return Span(first[0], last[1]) if first and last and _orderly(first[0], last[1]) else None


def index(month: str) -> int:
    """A month as a number that grows by one from month to month."""
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def month_of(number: int) -> str:
    """The month of such a number."""
    return f"{number // 12}-{number % 12 + 1:02d}"


def uncovered(spans: Iterable[Span], period: Span) -> list[Span]:
    """The stretches of a period that no span touches, in order."""
    taken = {month for span in spans for month in range(index(span.first), index(span.last) + 1)}
    found: list[Span] = []
    start: int | None = None
    end = index(period.last)
    for month in range(index(period.first), end + 2):
        free = month <= end and month not in taken
        if free and start is None:
            start = month
        elif not free and start is not None:
            found.append(Span(month_of(start), month_of(month - 1)))
            start = None
    return found


def _orderly(first: str, last: str) -> bool:
    return months.is_month(first) and months.is_month(last) and first <= last


def _tokens(plain: str) -> Iterator[tuple[str, str] | None]:
    """First and last month of every time that is named, in order; None for one that does not exist or has no year."""
    year = 0
    for found in _TOKEN.finditer(plain):
        part = found.groupdict()
        named = next((part[key] for key in _YEARS if part[key]), None)
        if named:
            year = int(named)
        elif part["qnext"] or part["hnext"] or part["mnext"]:
            year += 1 if year else 0
        first, last = _months(part)
        yield _pair(year, first, last) if year and 1 <= first <= last <= 12 else None


_YEARS = ("year", "qyear", "hyear", "myear", "dyear", "syear", "whole")


def _months(part: Mapping[str, str | None]) -> tuple[int, int]:
    if part["several"]:
        return int(part["several"]), int(part["last"] or 0)
    if part["quarter"]:
        first = _QUARTERS[part["quarter"]]
        return first, first + 2
    if part["half"]:
        return (1, 6) if part["half"] == "上" else (7, 12)
    if part["dmonth"]:
        return int(part["dmonth"]), int(part["dlast"] or part["dmonth"])
    if single := part["month"] or part["smonth"]:
        return int(single), int(single)
    edge = part["edge"]
    return (1, 1) if edge == "初" else (12, 12) if edge else (1, 12)


def _pair(year: int, first: int, last: int) -> tuple[str, str]:
    return f"{year}-{first:02d}", f"{year}-{last:02d}"
