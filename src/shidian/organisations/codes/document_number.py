"""Numbers of official documents (发文字号): 国标委发〔2023〕27号."""

import re
import unicodedata

_NUMBER = re.compile(r"[\u4e00-\u9fa5]{2,20}〔(?:19|20)[0-9]{2}〕[1-9][0-9]{0,4}号", re.ASCII)
_LOOSE = re.compile(r"(.{1,30}?)[〔\[(【{]([0-9]{2,4})[〕\])】}](?:第)?0*([0-9]+)[号號]", re.ASCII)
_LONGEST = 100


def normalise(text: str) -> str:
    """The official spelling of a number written with other brackets, blanks, 第 or leading zeros."""
    if len(text) > _LONGEST:
        return text
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    found = _LOOSE.fullmatch(plain)
    return f"{found[1]}〔{found[2]}〕{found[3]}号" if found else plain


def check(number: str) -> str | None:
    """None for 机关代字〔四位年份〕序号号 (GB/T 9704-2012)."""
    if _NUMBER.fullmatch(number):
        return None
    return "发文字号的写法不对，应写成“机关代字〔年份〕序号号”，例如“国标委发〔2023〕27号”，年份写四位，序号不加零"
