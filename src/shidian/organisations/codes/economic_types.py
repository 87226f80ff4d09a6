"""Economic types (GB/T 12402-2000), and `n/a` for bodies to which none applies.

The standard sorts enterprises by who owns them: state organs, public institutions and associations have no type.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from django.utils.translation import gettext as _

from shidian.organisations.codes.table import rows

NOT_APPLICABLE = "n/a"
_LONGEST = 60
_SIGNS = re.compile(r"[\W_]+")
_CODE = re.compile(r"([1-9][0-9]{2})(?![0-9])(.*)", re.ASCII)
_SAID = ("不适用", "无经济类型", "无", "NA")
# Departments of GB 32100-2015 whose bodies are no enterprises: 机构编制, 外交, 司法行政, 文化, 民政, 宗教, 工会, 军队, 农业.
_NO_ENTERPRISE = "1234578AN"


@dataclass(frozen=True, slots=True)
class EconomicType:
    """A type; `parent` is the code above it, or empty."""

    code: str
    name: str
    parent: str


@cache
def _table() -> dict[str, EconomicType]:
    return {
        row["code"]: EconomicType(row["code"], row["name"], row["parent"])
        for row in rows("economic_types.csv")
    }


@cache
def _by_name() -> dict[str, str]:
    return {_letters(found.name): found.code for found in _table().values()}


def all_types() -> tuple[EconomicType, ...]:
    """Every type, `n/a` first, then in the order of the standard."""
    return tuple(_table().values())


def exists(code: str) -> bool:
    """True when the code is a type or `n/a`."""
    return code in _table()


def name(code: str) -> str:
    """The name of a type, or nothing when the code is unknown."""
    found = _table().get(code)
    return found.name if found else ""


def normalise(text: str) -> str:
    """The code that is meant by a code, a name or both (`110 国有全资`); 不适用 and the like become `n/a`; else the text."""
    if text in _table() or len(text) > _LONGEST:
        return text
    plain = unicodedata.normalize("NFKC", text).strip()
    key = _letters(plain)
    if key in _by_name():
        return _by_name()[key]
    if key in _SAID or key.startswith("不适用"):
        return NOT_APPLICABLE
    found = _CODE.fullmatch(plain)
    if found and found[1] in _table() and _letters(found[2]) in ("", _letters(name(found[1]))):
        return found[1]
    return text


def doubt(code: str, unit_code: str) -> str | None:
    """What is odd: a type of enterprise for a body that is none by its unit code, or `n/a` for an enterprise."""
    if len(unit_code) != 18 or code not in _table():
        return None
    if code == NOT_APPLICABLE and unit_code[0] == "9":
        return _("这个代码是企业（工商登记）的代码，企业有经济类型，请按营业执照选择")
    if code not in (NOT_APPLICABLE, "900", "110") and unit_code[0] in _NO_ENTERPRISE:
        return _(
            "经济类型是给企业分的类；机关、事业单位、社会团体等请选“不适用”，确有需要的选“国有全资”或者“其他”"
        )
    return None


def _letters(text: str) -> str:
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text)).upper()
