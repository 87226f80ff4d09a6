"""Industries (GB/T 4754-2017): letter, two, three and four digits; how complete the table is stands in README.md."""

from dataclasses import dataclass
from functools import cache

from shidian.organisations.codes.table import rows


@dataclass(frozen=True, slots=True)
class Industry:
    """A class; `parent` is the code above it, empty for a letter."""

    code: str
    name: str
    parent: str


@cache
def _table() -> dict[str, Industry]:
    return {row["code"]: Industry(row["code"], row["name"], row["parent"]) for row in rows("industries.csv")}


@cache
def _children() -> dict[str, tuple[Industry, ...]]:
    found: dict[str, list[Industry]] = {}
    for industry in _table().values():
        found.setdefault(industry.parent, []).append(industry)
    return {parent: tuple(children) for parent, children in found.items()}


def get(code: str) -> Industry | None:
    """The class with this code, at any level."""
    return _table().get(code)


def exists(code: str) -> bool:
    """True when the code is in the table."""
    return code in _table()


def name(code: str) -> str:
    """The name of a class, or nothing when the code is unknown."""
    found = _table().get(code)
    return found.name if found else ""


def children(code: str = "") -> tuple[Industry, ...]:
    """The classes directly below a code; below nothing, the letters."""
    return _children().get(code, ())


def path(code: str) -> tuple[Industry, ...]:
    """The class with all those above it, the letter first; empty when the code is unknown."""
    found = _table().get(code)
    return (*path(found.parent), found) if found else ()
