"""Postcodes, telephone numbers and e-mail addresses: one spelling, and what is wrong with one."""

import re
import unicodedata
from functools import cache

from django.utils.translation import gettext as _

from shidian.organisations.codes import regions
from shidian.organisations.codes.table import rows

_LONGEST = 500
_DASHES = re.compile(r"[‐-―−﹣ー—–]")
_POSTCODE = re.compile(r"[0-9]{6}", re.ASCII)
_POSTCODE_LABEL = re.compile(r"^(?:邮政编码|邮编)[:：]?")
_SEPARATORS = re.compile(r"[、,;/|\n]+|(?<=[0-9)])\s*(?:或者?|及|和)\s*(?=[0-9(+])")
_PHONE_LABEL = re.compile(
    r"^(?:(?:联系|办公|固定|单位)?电话|联系方式|座机|固话|移动电话|手机(?:号码?)?|传真|tel|phone|mobile|mob|fax)[.:：]*",
    re.IGNORECASE,
)
_EXTENSION_WORD = re.compile(r"(?:转?分机号?|转|ext\.?|x)[:：]?(?=[0-9]{1,6}$)", re.IGNORECASE)
_ABROAD = re.compile(
    r"(?:\+|00)86-?(?:\(0\)|0)?((?:10|2[0-9]|[3-9][0-9]{2})-?[2-9][0-9]{6,7}.*|1[3-9][0-9-]{9,11})", re.ASCII
)
_MOBILE = re.compile(r"(?:\+?86-?)?1[3-9][0-9]-?[0-9]{4}-?[0-9]{4}", re.ASCII)
_LANDLINE = re.compile(
    r"(?:\+?86-?)?(?:\(?0(?:10|2[0-9])\)?-?[2-9][0-9]{7}|\(?0[3-9][0-9]{2}\)?-?[2-9][0-9]{6,7}|[2-9][0-9]{6,7})"
    r"(?:(?:转|-)[0-9]{1,6})?",
    re.ASCII,
)
_SERVICE = re.compile(r"(?:400|800)-?[0-9]{3}-?[0-9]{4}|1[0-9]{4}|12[0-9]{3}", re.ASCII)
_SHORT_AREA = re.compile(r"\(?(0(?:10|2[0-9]))\)?-?([0-9]*)", re.ASCII)
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
    re.ASCII,
)
_EMAIL_LABEL = re.compile(r"^(?:电子邮[箱件](?:地址)?|邮箱(?:地址)?|e-?mail)[:：]", re.IGNORECASE)


def _plain(text: str) -> str:
    return _DASHES.sub("-", unicodedata.normalize("NFKC", text)).strip()


def _bare(text: str, label: re.Pattern[str]) -> str:
    # Taking blanks out can bring a letter and its mark together, and a label can stand behind a label.
    while (bare := label.sub("", unicodedata.normalize("NFKC", "".join(text.split())))) != text:
        text = bare
    return text


def normalise_postcode(text: str) -> str:
    """Half-width without blanks and label."""
    if len(text) > _LONGEST:
        return text
    return _bare(_plain(text), _POSTCODE_LABEL)


def normalise_phone(text: str) -> str:
    """Half-width; several numbers are separated by 、, an extension follows 转, labels and blanks inside are gone."""
    if text.isascii() and text.isdigit():
        return text
    if len(text) > _LONGEST:
        return text
    parts: list[str] = []
    for part in _SEPARATORS.split(_plain(text)):
        joined = _number(part)
        words = part.split()
        # Blanks part either the groups of one number or several numbers.
        apart = [_number(word) for word in words]
        if len(words) > 1 and not _is_number(joined) and all(map(_is_number, apart)):
            parts += apart
        elif joined:
            parts.append(joined)
    return "、".join(parts)


def _number(text: str) -> str:
    number = _bare(text, _PHONE_LABEL)
    if found := _ABROAD.fullmatch(number):
        number = found[1] if found[1].startswith("1") and not found[1].startswith("10") else "0" + found[1]
    return _EXTENSION_WORD.sub("转", number)


def _is_number(number: str) -> bool:
    return bool(_MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number) or _SERVICE.fullmatch(number))


def normalise_email(text: str) -> str:
    """Half-width without blanks and label; a Chinese full stop becomes a dot."""
    if text.isascii() and ":" not in text:
        return text.strip()
    if len(text) > _LONGEST:
        return text
    return _bare(_plain(text).replace("。", "."), _EMAIL_LABEL)


def check_postcode(code: str) -> str | None:
    """None for six digits."""
    if _POSTCODE.fullmatch(code):
        return None
    if code.isascii() and code.isdigit():
        return _("邮编应为 6 位数字，现有 {count} 位，例如 300000").format(count=len(code))
    return _("邮编应为 6 位数字，例如 300000")


def doubt_postcode(code: str, region_code: str) -> str | None:
    """What is odd: a postcode whose first digits are not those of the province."""
    prefixes = _prefixes().get(regions.province_of(region_code))
    if not prefixes or code.startswith(prefixes):
        return None
    province = regions.name(regions.province_of(region_code))
    return _("邮编“{code}”不像{province}的邮编（一般以 {prefixes} 开头），请确认").format(
        code=code, province=province, prefixes=_("、").join(prefixes)
    )


def check_phone(text: str) -> str | None:
    """None for one or several numbers: mobile, landline with or without area code and extension, 400 and the like."""
    if len(text) > _LONGEST:
        return _("电话太长，现有 {count} 个字符，请只填号码").format(count=len(text))
    for number in text.split("、"):
        if not _is_number(number):
            return _("电话“{number}”的写法不对：{fault}；多个号码用顿号隔开").format(
                number=number, fault=_phone_fault(number)
            )
    return None


def _phone_fault(number: str) -> str:
    digits = number.removeprefix("+86").removeprefix("-").replace("-", "")
    if digits.isascii() and digits.isdigit():
        if digits.startswith("1") and len(digits) > 6:
            if len(digits) != 11:
                return _("手机号码应为 11 位，现有 {count} 位").format(count=len(digits))
            return _("手机号码的第 2 位应为 3 至 9")
        area = _SHORT_AREA.fullmatch(number)
        if area and len(area[2]) != 8:
            return _("区号 {area} 后面的固定电话应为 8 位，现有 {count} 位").format(
                area=area[1], count=len(area[2])
            )
        if len(digits) < 7:
            return _("号码太短，请写完整的号码")
    return _("请填手机号码，或者区号加固定电话，例如 022-27110000，分机写成 022-27110000转801")


def check_email(text: str) -> str | None:
    """None for an address with an ASCII local part and a domain of at least two labels."""
    if len(text) > 254:
        return _("电子邮箱太长，现有 {count} 个字符").format(count=len(text))
    local = text.partition("@")[0]
    if _EMAIL.fullmatch(text) and not local.startswith(".") and not local.endswith(".") and ".." not in local:
        return None
    if "@" not in text:
        why = _("缺少“@”")
    elif text.count("@") > 1:
        why = _("只能填一个邮箱")
    elif not text.isascii():
        why = _("不能有汉字和中文标点")
    else:
        why = _("请检查“@”前后的内容")
    return _("电子邮箱的写法不对：{why}，例如应为 name@example.cn").format(why=why)


@cache
def _prefixes() -> dict[str, tuple[str, ...]]:
    return {row["province"]: tuple(row["prefixes"].split()) for row in rows("postcodes.csv")}
