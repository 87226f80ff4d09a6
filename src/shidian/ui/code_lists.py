"""The long lists of the form (divisions, industries, economic types) as groups for a select."""

from functools import cache

from shidian.organisations.codes import economic_types, industries, regions

from .options import Option, OptionGroup

# A plain heading of the register, not a name that belongs above a list of districts.
_NO_HEADING = ("市辖区", "县")


def provinces(chosen: str) -> tuple[OptionGroup, ...]:
    """All provinces in one group."""
    return (
        OptionGroup(
            "",
            tuple(Option(r.code, r.name, r.code == chosen) for r in regions.provinces()),
        ),
    )


def counties(province: str, chosen: str) -> tuple[OptionGroup, ...]:
    """The counties of a province by city; an empty group while no province is chosen.

    An answer that no list has (typed before, or a code no longer given out) stays and is chosen.
    """
    groups = [
        OptionGroup(
            "" if city in _NO_HEADING else city,
            tuple(Option(region.code, region.name, region.code == chosen) for region in members),
        )
        for city, members in regions.counties_by_city(province)
    ]
    if chosen and not any(option.checked for group in groups for option in group.options):
        groups.append(OptionGroup("", (Option(chosen, regions.name(chosen) or chosen, True),)))
    return tuple(groups) or (OptionGroup("", ()),)


@cache
def _economic_type_groups() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    types = economic_types.all_types()
    parents = {each.parent for each in types}
    groups: dict[str, list[tuple[str, str]]] = {}
    for each in types:
        if each.code not in parents:
            groups.setdefault(economic_types.name(each.parent), []).append((each.code, each.name))
    return tuple((heading, tuple(entries)) for heading, entries in groups.items())


def economic_type_groups(chosen: str) -> tuple[OptionGroup, ...]:
    """The economic types under the name of the type above them; what does not apply comes first."""
    return _with_chosen(_economic_type_groups(), chosen, economic_types.name(chosen))


def _with_chosen(
    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...], chosen: str, name: str
) -> tuple[OptionGroup, ...]:
    shown = [
        OptionGroup(
            heading,
            tuple(Option(code, label, code == chosen) for code, label in entries),
        )
        for heading, entries in groups
    ]
    if chosen and not any(option.checked for group in shown for option in group.options):
        shown.append(OptionGroup("", (Option(chosen, name or chosen, True),)))
    return tuple(shown)


@cache
def _industry_groups() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    return tuple(
        (f"{letter.code} {letter.name}", tuple(_industry_entries(letter.code, 0)))
        for letter in industries.children()
    )


def _industry_entries(parent: str, depth: int) -> list[tuple[str, str]]:
    entries = []
    for industry in industries.children(parent):
        entries.append((industry.code, f"{'　' * depth}{industry.code} {industry.name}"))
        entries += _industry_entries(industry.code, depth + 1)
    return entries


def industry_groups(chosen: str) -> tuple[OptionGroup, ...]:
    """The industries under their letter, deeper classes indented."""
    return _with_chosen(_industry_groups(), chosen, industries.name(chosen))
