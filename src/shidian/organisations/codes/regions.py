"""Administrative divisions (GB/T 2260): provinces, cities, counties, with some codes that are no longer given out.

A county that became a district keeps its old code inside unit codes issued before, so old codes stay known.
"""

from dataclasses import dataclass
from functools import cache

from shidian.organisations.codes.table import rows

_GROUPS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
"""Names at city level that only gather counties and belong in no address."""


@dataclass(frozen=True, slots=True)
class Region:
    """A division: level 1 province, 2 city, 3 county; `legacy` when the code is no longer given out."""

    code: str
    name: str
    level: int
    legacy: bool = False


@cache
def _table() -> dict[str, Region]:
    return {
        row["code"]: Region(row["code"], row["name"], int(row["level"]), row["status"] == "legacy")
        for row in rows("regions.csv")
    }


def get(code: str) -> Region | None:
    """The division with this six-digit code, also one that is no longer given out."""
    return _table().get(code)


def exists(code: str) -> bool:
    """True when the code is or was a division."""
    return code in _table()


def name(code: str) -> str:
    """Its own name, or nothing when the code is unknown."""
    region = _table().get(code)
    return region.name if region else ""


def full_name(code: str) -> str:
    """Its name with those above it, as in an address: 天津市和平区; nothing when the code is unknown."""
    region = _table().get(code)
    if region is None:
        return ""
    names = [name(code[:2] + "0000")] if region.level > 1 else []
    city = _table().get(code[:4] + "00")
    if region.level == 3 and city and city is not region and city.name not in _GROUPS:
        names.append(city.name)
    return "".join([*names, region.name])


def province_of(code: str) -> str:
    """The code of the province in which a division lies."""
    return code[:2] + "0000"


@cache
def provinces() -> tuple[Region, ...]:
    """All provinces, in the order of their codes."""
    return tuple(region for region in _table().values() if region.level == 1)


@cache
def counties(province: str) -> tuple[Region, ...]:
    """The counties and districts of a province that exist today; none when the province is unknown or has no list."""
    return tuple(
        region
        for region in _table().values()
        if region.level == 3 and not region.legacy and region.code[:2] == province[:2]
    )


@cache
def counties_by_city(province: str) -> tuple[tuple[str, tuple[Region, ...]], ...]:
    """The counties of a province in groups with the name of their city, for a long list to choose from."""
    groups: dict[str, list[Region]] = {}
    for region in counties(province):
        city = _table().get(region.code[:4] + "00", region)
        groups.setdefault(city.name, []).append(region)
    return tuple((city, tuple(members)) for city, members in groups.items())
