"""Economic types (GB/T 12402-2000), and `n/a` for bodies to which none applies."""

from dataclasses import dataclass
from functools import cache

from shidian.organisations.codes.table import rows

NOT_APPLICABLE = "n/a"


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
