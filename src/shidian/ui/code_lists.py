"""The long lists of the form: divisions and economic types as groups for a select, industries as a list to search.

A select's list is kept ready for each known answer; an answer that no list has is added at its end and never kept, since
it may be any text. The industries are too many for a page: the browser fetches them once, when they are wanted.
"""

import gzip
import json
from collections.abc import Callable
from functools import cache, lru_cache

from shidian.organisations.codes import economic_types, industries, regions

from .options import Option, OptionGroup

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


def classes_above(code: str) -> str:
    """The classes above an industry, the letter first: S 公共管理… › 92 国家机构; nothing for a letter or no code."""
    return " › ".join(industry.label for industry in industries.path(code)[:-1])


def industry_offers(words: str) -> tuple[Option, ...]:
    """The industries that may be meant by words that are no code; none for a code or no words."""
    if not words.strip() or industries.exists(words):
        return ()
    return tuple(Option(found.code, found.label, False) for found in industries.suggestions(words))


@cache
def industry_list() -> bytes:
    """Every industry as JSON, ready to send: {"codes": [["A", "农、林、牧、渔业"], …], "words": {"养老院": "8514", …}}."""
    codes = [[industry.code, industry.name] for industry in industries.all_industries()]
    lists = {"codes": codes, "words": industries.everyday_words()}
    return json.dumps(lists, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def industry_list_packed() -> bytes:
    """The same, packed by gzip; the same bytes each time."""
    return gzip.compress(industry_list(), mtime=0)


@cache
def list_version() -> str:
    """Part of the address of every list, so that a browser may keep it until it changes."""
    return industries.version() + regions.version()


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
        (city, tuple((region.code, region.name) for region in members))
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
