"""What the loaded lists say of the units of one application, for the conditions that ask about such lists.

The machine tells what it found, by what, from where and as of when; whether it matters is for a person to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from shidian.applications.content import at_path
from shidian.calls.definition import CallDefinition
from shidian.core.language import date_words
from shidian.organisations.models import Watchlist
from shidian.organisations.queries import Match, Unit, listed


@dataclass(slots=True)
class Named:
    """A body of the application in the roles that it has, and where it was found."""

    label: str
    name: str
    code: str
    units: list[Unit]
    matches: list[Match] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Search:
    """What was searched for one condition: the lists, the kinds of which none is loaded, and every body."""

    lists: list[str]
    missing: list[str]
    bodies: list[Named]

    @property
    def words(self) -> str:
        """Which lists were searched, as of when, and which are missing; always said, so that nothing looks checked."""
        said = [_("已载入的名单：{lists}").format(lists=_("；").join(self.lists))] if self.lists else []
        said += (
            [_("没有载入{missing}，没有比对").format(missing=_("、").join(self.missing))]
            if self.missing
            else []
        )
        return _("。").join(said)

    @property
    def listed(self) -> list[Named]:
        """The bodies that stand on a list."""
        return [body for body in self.bodies if body.matches]

    @property
    def unlisted(self) -> list[Named]:
        """The bodies that were not found."""
        return [body for body in self.bodies if not body.matches]


def bodies(definition: CallDefinition, content: Mapping[str, Any]) -> list[Named]:
    """The lead and every named party of a frozen version; a body in several roles stands once."""
    lead, answers = content["lead"], content["answers"]
    label = next(
        (party.label for party in definition.parties if party.names_from == definition.uses.lead_name),
        _("承担单位"),
    )
    first = Named(label, lead["name"], lead["code"], [Unit(lead["code"], lead["name"])])
    typed = Unit(
        str(at_path(answers, definition.uses.lead_code) or ""),
        str(at_path(answers, definition.uses.lead_name) or ""),
    )
    # The account and the form may give two spellings; both are looked for.
    if (typed.body, typed.key) != (first.units[0].body, first.units[0].key):
        first.units.append(typed)
    found = [first]
    for party in content["parties"]:
        unit = Unit(party["code"], party["name"])
        same = next((body for body in found if any(_same(unit, other) for other in body.units)), None)
        if same is None:
            found.append(Named(party["label"], party["name"], party["code"], [unit]))
        else:
            if party["label"] not in same.label.split("、"):
                same.label += _("、{party}").format(party=party["label"])
            if unit.body or all(unit.key != other.key for other in same.units):
                same.units.append(unit)
    return found


def _same(one: Unit, other: Unit) -> bool:
    if one.body and other.body:
        return one.body == other.body
    return bool(one.key) and one.key == other.key


def searches(definition: CallDefinition, content: Mapping[str, Any]) -> dict[str, Search]:
    """For each condition that names kinds of lists, what they say; two queries, none when no condition does."""
    asked = {
        condition.key: kinds
        for condition in definition.conditions
        if (kinds := {part.watchlist for part in condition.parts if part.watchlist})
    }
    if not asked:
        return {}
    named = bodies(definition, content)
    result = listed([unit for body in named for unit in body.units], set().union(*asked.values()))
    found: dict[str, Search] = {}
    for key, kinds in asked.items():
        lists = [row for row in result.watchlists if row.kind in kinds]
        loaded = {row.kind for row in lists}
        missing = [
            str(label) for kind, label in Watchlist.Kind.choices if kind in kinds and kind not in loaded
        ]
        found[key] = Search(
            [
                _("{kind}（{source}，截至 {as_of}）").format(
                    kind=row.get_kind_display(), source=row.source, as_of=date_words(row.as_of)
                )
                for row in lists
            ],
            missing,
            [
                Named(body.label, body.name, body.code, body.units, _matches(body, result.matches, kinds))
                for body in named
            ],
        )
    return found


def _matches(body: Named, matches: Mapping[Unit, list[Match]], kinds: set[Any]) -> list[Match]:
    rows: dict[int, Match] = {}
    for unit in body.units:
        for match in matches.get(unit, []):
            if match.watchlist.kind in kinds:
                rows.setdefault(
                    match.entry.pk, match
                )  # the spelling that comes first tells by what it was found
    return [rows[pk] for pk in sorted(rows)]
