"""Numbers of standards: GB/T 24421.1—2023, DB12/T 1052—2021, T/TJAS 12—2023, Q/ABC 001—2022, SB/T 10382—2004."""

import re
import unicodedata

from django.utils.translation import gettext as _

_LONGEST = 100
_KINDS = (
    r"GB(?:/T|/Z)?|GBZ(?:/T)?|GJB(?:/Z)?|DB[0-9]{2}(?:[0-9]{2})?(?:/T)?|T/[A-Z0-9]{2,10}"
    r"|Q/[A-Z0-9\u4e00-\u9fa5]{1,12}|(?!DB|GB)[A-Z]{2}(?:/T|/Z)?"
)
_LOOSE = re.compile(
    rf"({_KINDS})\s*([A-Z]?[0-9]{{1,6}}(?:\.[0-9]{{1,3}}){{0,2}})\s*[-—–]+\s*((?:19|20)?[0-9]{{2}})", re.ASCII
)
_OFFICIAL = re.compile(
    rf"({_KINDS}) ([A-Z]?[0-9]{{1,6}}(?:\.[0-9]{{1,3}}){{0,2}})—((?:19|20)[0-9]{{2}})", re.ASCII
)
_SLASH = re.compile(r"\s*/\s*")
_KIND_NAMES = {
    "GB": "国家标准",
    "DB": "地方标准",
    "T/": "团体标准",
    "Q/": "企业标准",
}


def normalise(text: str) -> str:
    """The official spelling: capitals, one blank after the kind, a long dash before the year; else what was typed.

    A year of two digits is kept, for the check to ask for four.
    """
    if len(text) > _LONGEST:
        return text
    plain = _SLASH.sub("/", unicodedata.normalize("NFKC", text).strip().upper())
    plain = re.sub(r"[‐-―−﹣]", "-", plain)
    found = _LOOSE.fullmatch(plain)
    return f"{found[1]} {found[2]}—{found[3]}" if found else text


def check(number: str) -> str | None:
    """None for a number in the official spelling; it need not exist."""
    if _OFFICIAL.fullmatch(number):
        return None
    if re.fullmatch(r".*—[0-9]{2}", number, re.ASCII):
        return _("标准编号的年份要写四位，例如 GB/T 24421.1—2023")
    if "—" not in number and "-" not in number:
        return _("标准编号缺少年份，应写成 GB/T 24421.1—2023 这样")
    return _(
        "标准编号的写法不对，应写成 GB/T 24421.1—2023、DB12/T 1052—2021、T/TJAS 12—2023 或者 Q/ABC 001—2022 这样"
    )


def kind(number: str) -> str:
    """国家标准, 地方标准, 团体标准, 企业标准 or 行业标准; nothing for what is no number of a standard."""
    if not _OFFICIAL.fullmatch(number):
        return ""
    return _KIND_NAMES.get(number[:2], "行业标准")
