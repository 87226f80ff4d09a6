"""Postcodes, telephone numbers and e-mail addresses: one spelling, and what is wrong with one."""

import re
import unicodedata
from functools import cache

from shidian.organisations.codes import regions
from shidian.organisations.codes.table import rows

_LONGEST = 500
_DASHES = re.compile(r"[‐-―−﹣ー—–]")
_POSTCODE = re.compile(r"[0-9]{6}", re.ASCII)
_SEPARATORS = re.compile(r"[、,;/]+")
_MOBILE = re.compile(r"(?:\+?86-?)?1[3-9][0-9]{9}", re.ASCII)
_EXTENSION = r"(?:(?:转|-|x|ext\.?)[0-9]{1,6})?"
_LANDLINE = re.compile(
    r"(?:\+?86-?)?(?:\(?0(?:10|2[0-9])\)?-?[2-9][0-9]{7}|\(?0[3-9][0-9]{2}\)?-?[2-9][0-9]{6,7}|[2-9][0-9]{6,7})"
    + _EXTENSION,
    re.ASCII | re.IGNORECASE,
)
_SERVICE = re.compile(r"(?:400|800)-?[0-9]{3}-?[0-9]{4}|1[0-9]{4}|12[0-9]{3}", re.ASCII)
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
    re.ASCII,
)


def _plain(text: str) -> str:
    if len(text) > _LONGEST:
        return text
    return _DASHES.sub("-", unicodedata.normalize("NFKC", text)).strip()


def normalise_postcode(text: str) -> str:
    """Half-width without blanks."""
    return "".join(_plain(text).split())


def normalise_phone(text: str) -> str:
    """Half-width; several numbers are separated by 、 and blanks inside a number are gone."""
    if text.isascii() and text.isdigit():
        return text
    plain = _plain(text)
    if len(plain) > _LONGEST:
        return text
    parts = (re.sub(r"\s+", "", part) for part in _SEPARATORS.split(plain))
    return "、".join(part for part in parts if part)


def normalise_email(text: str) -> str:
    """Half-width without blanks."""
    return text.strip() if text.isascii() else "".join(_plain(text).split())


def check_postcode(code: str) -> str | None:
    """None for six digits."""
    if _POSTCODE.fullmatch(code):
        return None
    return "邮编应为 6 位数字，例如 300000"


def doubt_postcode(code: str, region_code: str) -> str | None:
    """What is odd: a postcode whose first digits are not those of the province."""
    prefixes = _prefixes().get(regions.province_of(region_code))
    if not prefixes or code.startswith(prefixes):
        return None
    province = regions.name(regions.province_of(region_code))
    return f"邮编“{code}”不像{province}的邮编（一般以 {'、'.join(prefixes)} 开头），请确认"


def check_phone(text: str) -> str | None:
    """None for one or several numbers: mobile, landline with or without area code and extension, 400 and the like."""
    if len(text) > _LONGEST:
        return f"电话太长，现有 {len(text)} 个字符，请只填号码"
    for number in text.split("、"):
        if not (_MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number) or _SERVICE.fullmatch(number)):
            return f"电话“{number}”的写法不对，请填手机号码，或者区号加固定电话，例如 022-27110000；多个号码用顿号隔开"
    return None


def check_email(text: str) -> str | None:
    """None for an address with an ASCII local part and a domain of at least two labels."""
    if len(text) > 254:
        return f"电子邮箱太长，现有 {len(text)} 个字符"
    local = text.partition("@")[0]
    if not _EMAIL.fullmatch(text) or local.startswith(".") or local.endswith(".") or ".." in local:
        return "电子邮箱的写法不对，例如应为 name@example.cn"
    return None


@cache
def _prefixes() -> dict[str, tuple[str, ...]]:
    return {row["province"]: tuple(row["prefixes"].split()) for row in rows("postcodes.csv")}
