"""Months and days: reads what people write, and says what is wrong with it."""

import re
import unicodedata
from datetime import date

from django.utils.translation import gettext as _

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_WRITTEN_MONTH = re.compile(r"([0-9]{4})\s*(?:年|[-./])\s*([0-9]{1,2})\s*(?:月份?)?", re.ASCII)
_SOLID_MONTH = re.compile(r"((?:19|20)[0-9]{2})(0[1-9]|1[0-2])", re.ASCII)
_WRITTEN_DAY = re.compile(
    r"([0-9]{4})\s*(?:年|[-./])\s*([0-9]{1,2})\s*(?:月|[-./])\s*([0-9]{1,2})\s*日?", re.ASCII
)
_CHINESE = re.compile(
    r"([〇零○一二三四五六七八九]{4})年(元|十[一二]?|[一二三四五六七八九])月份?(?:(三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])日)?"
)
_NUMERALS = {sign: str(value) for value, sign in enumerate("零一二三四五六七八九")} | {
    "〇": "0",
    "○": "0",
}
_LONGEST = 40
FIRST_YEAR, LAST_YEAR = 1900, 2100


def normalise_month(text: str) -> str:
    """`2024-01` for what is written as a month (2024年1月, 2024.1, ２０２４－０１, 202401); anything else comes back."""
    if len(text) > _LONGEST or _MONTH.fullmatch(text):
        return text
    plain = _arabic(unicodedata.normalize("NFKC", text).strip())
    found = _WRITTEN_MONTH.fullmatch(plain) or _SOLID_MONTH.fullmatch(plain)
    return f"{found[1]}-{int(found[2]):02}" if found else text


def normalise_day(text: str) -> str:
    """`2023-07-10` for what is written as a day; anything else comes back."""
    if len(text) > _LONGEST or _DAY.fullmatch(text):
        return text
    found = _WRITTEN_DAY.fullmatch(_arabic(unicodedata.normalize("NFKC", text).strip()))
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else text


def _arabic(text: str) -> str:
    """二〇二四年十二月 as 2024年12月; anything else comes back."""
    found = _CHINESE.fullmatch(text)
    if not found:
        return text
    year = "".join(_NUMERALS[sign] for sign in found[1])
    month = "1" if found[2] == "元" else _small(found[2])
    return f"{year}年{month}月" + (f"{_small(found[3])}日" if found[3] else "")


def _small(numeral: str) -> str:
    tens, ten, ones = numeral.rpartition("十")
    if not ten:
        return _NUMERALS[numeral]
    return (_NUMERALS[tens] if tens else "1") + (_NUMERALS[ones] if ones else "0")


def check_month(text: str) -> str | None:
    """None for a month of the years 1900 to 2100."""
    found = _MONTH.fullmatch(text)
    if not found:
        return _("年月的写法不对，请写成 2024-01 或者 2024年1月")
    year, month = int(found[1]), int(found[2])
    if not 1 <= month <= 12:
        return _("没有 {month} 月，请填 1 至 12 月").format(month=found[2])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return _("年份 {year} 不对，请检查").format(year=found[1])
    return None


def check_day(text: str) -> str | None:
    """None for a day that exists, of the years 1900 to 2100."""
    found = _DAY.fullmatch(text)
    if not found:
        return _("日期的写法不对，请写成 2023-07-10 或者 2023年7月10日")
    if not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return _("年份 {year} 不对，请检查").format(year=found[1])
    try:
        date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return _("没有 {year} 年 {month} 月 {day} 日这一天，请检查").format(
            year=int(found[1]), month=int(found[2]), day=int(found[3])
        )
    return None


def is_month(text: str) -> bool:
    """True when the text is a month that exists."""
    return check_month(text) is None


def length(first: str, last: str) -> int:
    """The number of months from one month to another, both counted; zero or less when the order is wrong."""
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:7]) - int(first[5:7]) + 1


def written(text: str) -> str:
    """`2024年1月` for a month, as documents write it; anything else comes back."""
    return f"{text[:4]}年{int(text[5:7])}月" if is_month(text) else text


def written_day(text: str) -> str:
    """`2023年7月10日` for a day; anything else comes back."""
    if check_day(text) is not None:
        return text
    return f"{text[:4]}年{int(text[5:7])}月{int(text[8:10])}日"
