"""Numbers of official documents (发文字号, GB/T 9704-2012): 国标委发〔2023〕27号."""

import re
import unicodedata

from django.utils.translation import gettext as _

_NUMBER = re.compile(r"[\u4e00-\u9fa5]{2,20}〔(?:19|20)[0-9]{2}〕[1-9][0-9]{0,4}号", re.ASCII)
_LOOSE = re.compile(
    r"(.{1,30}?)[〔\[(【{「<]([0-9]{2,4})年?[〕\])】}」>](?:第)?0*([0-9]{1,6})[号號]?", re.ASCII
)
_PARTS = re.compile(r"(.*)〔([0-9]*)〕([0-9]*)号", re.ASCII)
_LONGEST = 100


def normalise(text: str) -> str:
    """The official spelling of a number written with other brackets, blanks, 第, leading zeros or without 号."""
    if len(text) > _LONGEST:
        return text
    plain = unicodedata.normalize("NFKC", "".join(unicodedata.normalize("NFKC", text).split()))
    found = _LOOSE.fullmatch(plain)
    return f"{found[1]}〔{found[2]}〕{found[3]}号" if found else plain


def check(number: str) -> str | None:
    """None for 机关代字〔四位年份〕序号号."""
    if _NUMBER.fullmatch(number):
        return None
    return _("发文字号{fault}，应写成“机关代字〔年份〕序号号”，例如“国标委发〔2023〕27号”").format(
        fault=_fault(number)
    )


def _fault(number: str) -> str:
    found = _PARTS.fullmatch(number)
    if not found:
        return _("的写法不对")
    office, year, serial = found.groups()
    if not re.fullmatch(r"(?:19|20)[0-9]{2}", year, re.ASCII):
        return _("的年份要写四位")
    if not re.fullmatch(r"[\u4e00-\u9fa5]{2,20}", office):
        return _("的机关代字应为 2 至 20 个汉字")
    if not serial or serial.startswith("0"):
        return _("的序号从 1 开始，前面不加零")
    return _("的写法不对")
