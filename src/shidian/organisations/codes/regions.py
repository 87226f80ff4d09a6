"""Administrative divisions (GB/T 2260): provinces, cities, counties, with the codes that are no longer given out.

A county that became a district keeps its old code inside unit codes issued before, so old codes stay known.
"""

from dataclasses import dataclass
from functools import cache

from shidian.organisations.codes.table import digest, rows

_GROUPS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
"""Names at city level that only gather counties and belong in no address."""


@dataclass(frozen=True, slots=True)
class Region:
    """A division: level 1 province, 2 city, 3 county; `until` is the last list that had it, empty when it exists."""

    code: str
    name: str
    level: int
    until: str = ""

    @property
    def legacy(self) -> bool:
        """True when the code is no longer given out."""
        return bool(self.until)


@cache
def _table() -> dict[str, Region]:
    return {
        row["code"]: Region(row["code"], row["name"], int(row["level"]), row["until"])
        for row in rows("regions.csv")
    }


@cache
def _counties() -> dict[str, tuple[Region, ...]]:
    """The counties that exist, by the first two digits of their code."""
    found: dict[str, list[Region]] = {}
    for region in _table().values():
        if region.level == 3 and not region.until:
            found.setdefault(region.code[:2], []).append(region)
    return {province: tuple(members) for province, members in found.items()}


def version() -> str:
    """Changes when the table changes; part of the address under which a browser keeps a list."""
    return digest("regions.csv")


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


def counties(province: str) -> tuple[Region, ...]:
    """The counties and districts of a province that exist today; none when the province is unknown or has no list."""
    return _counties().get(province[:2], ())


def counties_by_city(province: str) -> tuple[tuple[str, tuple[Region, ...]], ...]:
    """The counties of a province in groups with the name of their city, for a long list to choose from.

    Counties that no city stands above (municipalities, counties directly under the province) are in groups without a
    name; a city without counties is a county of its own and in a group without a name too.
    """
    groups: dict[str, tuple[str, list[Region]]] = {}
    for region in counties(province):
        city = _table().get(region.code[:4] + "00", region)
        named = "" if city.name in _GROUPS or city is region else city.name
        groups.setdefault(city.code if named else "", (named, []))[1].append(region)
    return tuple((named, tuple(members)) for named, members in groups.values())


def named(name: str) -> list[str]:
    """The codes of the counties of that name, also without its last character (区, 县); a code stands for itself."""
    if exists(name):
        return [name]
    return [
        region.code
        for region in _table().values()
        if region.level == 3 and (region.name == name or region.name[:-1] == name)
    ]
