"""The long lists of the form (divisions, industries, economic types) as groups for a select.

A list is kept ready for each known answer; an answer that no list has is added at its end and never kept, since it may be
any text.
"""

from collections.abc import Callable
from functools import cache, lru_cache

from shidian.organisations.codes import economic_types, industries, regions

from .options import Option, OptionGroup

# A plain heading of the register, not a name that belongs above a list of districts.
_NO_HEADING = ("市辖区", "县")

# How many differently answered copies of a list are kept ready.
KEPT = 256

Entries = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Headings with their codes and names."""


def provinces(chosen: str) -> tuple[OptionGroup, ...]:
    """All provinces in one group."""
    return _groups(_provinces, "", chosen, regions.name(chosen))


def counties(province: str, chosen: str) -> tuple[OptionGroup, ...]:
    """The counties of a province by city; an empty group while no province is chosen."""
    known = province if regions.exists(province) else ""
    return _groups(_counties, known, chosen, regions.name(chosen)) or (OptionGroup("", ()),)


def economic_type_groups(chosen: str) -> tuple[OptionGroup, ...]:
    """The economic types under the name of the type above them; what does not apply comes first."""
    return _groups(_economic_types, "", chosen, economic_types.name(chosen))


def industry_groups(chosen: str) -> tuple[OptionGroup, ...]:
    """The industries under their letter, deeper classes indented."""
    return _groups(_industries, "", chosen, industries.name(chosen))


def _groups(entries: Callable[[str], Entries], of: str, chosen: str, name: str) -> tuple[OptionGroup, ...]:
    listed = not chosen or any(code == chosen for _, under in entries(of) for code, _ in under)
    groups = _kept(entries, of, chosen if listed else "")
    return groups if listed else (*groups, OptionGroup("", (Option(chosen, name or chosen, True),)))


@lru_cache(maxsize=KEPT)
def _kept(entries: Callable[[str], Entries], of: str, chosen: str) -> tuple[OptionGroup, ...]:
    return tuple(
        OptionGroup(heading, tuple(Option(code, name, code == chosen) for code, name in under))
        for heading, under in entries(of)
    )


@cache
def _provinces(_of: str) -> Entries:
    return (("", tuple((region.code, region.name) for region in regions.provinces())),)


@lru_cache(maxsize=KEPT)
def _counties(province: str) -> Entries:
    return tuple(
        ("" if city in _NO_HEADING else city, tuple((region.code, region.name) for region in members))
        for city, members in (regions.counties_by_city(province) if province else ())
    )


@cache
def _economic_types(_of: str) -> Entries:
    types = economic_types.all_types()
    parents = {each.parent for each in types}
    under: dict[str, list[tuple[str, str]]] = {}
    for each in types:
        if each.code not in parents:
            under.setdefault(economic_types.name(each.parent), []).append((each.code, each.name))
    return tuple((heading, tuple(entries)) for heading, entries in under.items())


@cache
def _industries(_of: str) -> Entries:
    return tuple(
        (f"{letter.code} {letter.name}", tuple(_below(letter.code, 0))) for letter in industries.children()
    )


def _below(parent: str, depth: int) -> list[tuple[str, str]]:
    entries = []
    for industry in industries.children(parent):
        entries.append((industry.code, f"{'　' * depth}{industry.code} {industry.name}"))
        entries += _below(industry.code, depth + 1)
    return entries
