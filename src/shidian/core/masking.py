"""Personal data as the public may see it: 张* for a name, ******** for numbers of telephones and identity cards."""

from __future__ import annotations

import re

_COMPOUND = frozenset(
    [
        "欧阳",
        "太史",
        "端木",
        "上官",
        "司马",
        "东方",
        "独孤",
        "南宫",
        "万俟",
        "闻人",
        "夏侯",
        "诸葛",
        "尉迟",
        "公羊",
        "赫连",
        "澹台",
        "皇甫",
        "宗政",
        "濮阳",
        "公冶",
        "太叔",
        "申屠",
        "公孙",
        "慕容",
        "仲孙",
        "钟离",
        "长孙",
        "宇文",
        "司徒",
        "鲜于",
        "司空",
        "令狐",
        "百里",
        "呼延",
        "东郭",
        "南门",
        "西门",
        "拓跋",
    ]
)
_NUMBERS = re.compile(
    r"(?<![0-9A-Za-z])(?:[1-9]\d{16}[0-9Xx]|(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}[- ]?[1-9]\d{6,7})(?![0-9A-Za-z])",
    re.ASCII,
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)


def mask_person(name: str) -> str:
    """The surname and a star for every further sign: 张*, 欧阳**; the first letter of a name in letters."""
    text = name.strip()
    if not text:
        return ""
    if text.isascii():
        return f"{text[0]}***"
    kept = 2 if text[:2] in _COMPOUND and len(text) > 2 else 1
    return text[:kept] + "*" * max(1, len(text) - kept)


def mask_numbers(text: str) -> str:
    """A text in which numbers of telephones and identity cards and addresses of mail are stars."""
    return _MAIL.sub("***", _NUMBERS.sub("********", text))
