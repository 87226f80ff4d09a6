"""Which units stand on the lists that are loaded, and by what they were found. Nothing is judged here."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shidian.core import clock
from shidian.organisations.codes import unit_code
from shidian.organisations.models import Watchlist, WatchlistEntry
from shidian.organisations.names import comparable


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit to look for: its code (any spelling) and its name; either may be empty."""

    code: str
    name: str

    @property
    def body(self) -> str:
        """The nine characters that a code of 18 contains; nothing when the code is not well made."""
        code = unit_code.normalise(self.code)
        return unit_code.organisation_code(code) if code and unit_code.check(code) is None else ""

    @property
    def key(self) -> str:
        """The name in its comparable form."""
        return comparable(self.name)


@dataclass(frozen=True, slots=True)
class Match:
    """One row of one current list on which a unit was found; `by` says in words what agreed."""

    watchlist: Watchlist
    entry: WatchlistEntry
    by: str

    @property
    def is_over(self) -> bool:
        """Whether the list itself says that the unit was removed from it."""
        day = self.entry.removed_on
        return bool(day) and day <= timezone.localtime(clock.now()).date().isoformat()


@dataclass(frozen=True, slots=True)
class Listed:
    """What the lists say of many units: the lists that were searched, and the matches by unit."""

    watchlists: list[Watchlist]
    matches: dict[Unit, list[Match]]

    def of(self, unit: Unit) -> list[Match]:
        """The matches of one unit."""
        return self.matches.get(unit, [])


def current_watchlists(kinds: Iterable[str] | None = None) -> list[Watchlist]:
    """The lists that are searched now, by kind and source."""
    rows = Watchlist.objects.filter(state="current").defer("reading")
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    order = {kind: position for position, kind in enumerate(Watchlist.Kind.values)}
    return sorted(rows, key=lambda row: (order[row.kind], row.source))


def listed(units: Sequence[Unit], kinds: Iterable[str] | None = None) -> Listed:
    """Look for units on the current lists of `kinds` (all when None), in two queries however many units there are.

    Found by the code (18 characters, or the nine inside it), by the name, or by a name that the list gives as former.
    """
    watchlists = current_watchlists(kinds)
    bodies = {unit.body for unit in units} - {""}
    keys = {unit.key for unit in units} - {""}
    if not watchlists or not (bodies or keys):
        return Listed(watchlists, {})
    by_pk = {watchlist.pk: watchlist for watchlist in watchlists}
    by_body: dict[str, list[WatchlistEntry]] = {}
    by_key: dict[str, list[WatchlistEntry]] = {}
    # One index for each alternative; asking for the lists too would make SQLite read all of their rows instead.
    for entry in WatchlistEntry.objects.filter(_any_of(bodies, keys)).order_by():
        if entry.watchlist_id not in by_pk:
            continue
        if entry.body:
            by_body.setdefault(entry.body, []).append(entry)
        for key in {entry.name_key, entry.former_key} - {""}:
            by_key.setdefault(key, []).append(entry)
    matches: dict[Unit, list[Match]] = {}
    for unit in dict.fromkeys(units):
        found = {entry.pk: entry for entry in (*by_body.get(unit.body, ()), *by_key.get(unit.key, ()))}
        if found:
            matches[unit] = [
                Match(by_pk[entry.watchlist_id], entry, _by(unit, entry))
                for _rest, entry in sorted(found.items())
            ]
    return Listed(watchlists, matches)


def _any_of(bodies: set[str], keys: set[str]) -> Q:
    parts = [Q(body__in=bodies)] * bool(bodies) + [Q(name_key__in=keys), Q(former_key__in=keys)] * bool(keys)
    return functools.reduce(operator.or_, parts)


def _by(unit: Unit, entry: WatchlistEntry) -> str:
    """What agreed, in words; what is against it is said too, so that a person can tell namesakes apart."""
    words: list[str] = []
    code = unit_code.normalise(unit.code)
    if unit.body and unit.body == entry.body:
        same = code == entry.code
        words.append(
            _("代码相同") if same else _("代码中的 9 位组织机构代码相同（{code}）").format(code=entry.code)
        )
    if unit.key and unit.key == entry.name_key:
        words.append(_("名称相同"))
    elif unit.key and unit.key == entry.former_key:
        words.append(_("名称与名单上的曾用名相同（现名“{entry}”）").format(entry=entry.name))
    elif entry.name:
        words.append(_("名单上的名称是“{entry}”").format(entry=entry.name))
    if entry.body and unit.body and unit.body != entry.body:
        words.append(_("名单上的代码是 {code}，与本单位不同").format(code=entry.code))
    elif not entry.body and entry.code:
        words.append(_("名单上的代码是“{code}”").format(code=entry.code))
    return _("，").join(words)
