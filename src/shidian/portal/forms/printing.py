"""What of a print pack is to be printed: chosen on the page, carried in the address of the PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.http import QueryDict

from shidian.applications.packs import PARTS, Choice, Part
from shidian.calls.definition import CopyHolder, CopyPlan
from shidian.calls.queries import PlannedCopy
from shidian.signoffs.models import Party


@dataclass(frozen=True, slots=True)
class Held:
    """The copies of one holder, as one thing to choose."""

    holder: CopyHolder
    numbers: list[int]
    value: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A plan of copies with its holders."""

    plan: CopyPlan
    holders: list[Held]


@dataclass(frozen=True, slots=True)
class PartyOffer:
    """A party for which a sheet can be printed."""

    party: Party
    chosen: bool


@dataclass(frozen=True, slots=True)
class PackOffer:
    """Everything that can be chosen, and what is; `choice` is what to print."""

    plans: list[PlanOffer]
    parties: list[PartyOffer]
    choice: Choice


def offered(
    planned: Sequence[PlannedCopy], parties: Sequence[Party], usual: Choice, given: QueryDict
) -> PackOffer:
    """What is offered, and chosen by `given`: everything usual when nothing was said yet (no `chosen` in it).

    `only` narrows the kinds of sheets to one of PARTS. What is not offered is left out.
    """
    said = "chosen" in given
    plans = [
        PlanOffer(
            plan, [_held(holder, list(mine), usual, given) for holder, mine in groupby(rows, _holder_of)]
        )
        for plan, rows in groupby(planned, lambda copy: copy.plan)
    ]
    wanted = set(given.getlist("party"))
    people = [
        PartyOffer(party, str(party.position) in wanted if said else party.position in usual.parties)
        for party in parties
    ]
    ticked = given.getlist("part")
    parts: frozenset[Part] = frozenset(part for part in PARTS if part == "copies" or part in ticked)
    only = frozenset(part for part in PARTS if part == given.get("only"))
    choice = Choice(
        frozenset(
            number for plan in plans for held in plan.holders if held.chosen for number in held.numbers
        ),
        frozenset(offer.party.position for offer in people if offer.chosen),
        only or (parts if said else usual.parts),
        "duplex" in given,
    )
    return PackOffer(plans, people, choice)


def _holder_of(copy: PlannedCopy) -> CopyHolder:
    return copy.holder


def _held(holder: CopyHolder, mine: Sequence[PlannedCopy], usual: Choice, given: QueryDict) -> Held:
    value = f"{mine[0].plan.key}.{holder.key}"
    numbers = [copy.number for copy in mine]
    chosen = value in given.getlist("holder") if "chosen" in given else usual.copies.issuperset(numbers)
    return Held(holder, numbers, value, chosen)
