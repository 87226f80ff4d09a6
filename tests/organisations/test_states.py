"""Every verb tried in every state of a unit's account."""

from __future__ import annotations

import pytest

from shidian.organisations import actions as organisations
from shidian.organisations.actions import Person
from shidian.organisations.links import head_of
from shidian.organisations.models import Organisation
from shidian.organisations.states import ORGANISATION
from tests import steps

CODE = "12120101PDY00001X0"


def register(email: str) -> Organisation:
    return organisations.register(
        name="和平区示范应急服务中心",
        code=CODE,
        region="120101",
        address="示范路 1 号",
        writer=Person("王经办", email),
        password="a-long-password",
        head=Person("李负责", "head@unit.example"),
    )


STATES = [("pending", {"confirm", "refuse"}), ("confirmed", set()), ("refused", {"register_again"})]


def test_all_pairs_are_here() -> None:
    told = {(state, verb) for state, verbs in STATES for verb in verbs}

    assert told == {
        (state, verb) for verb, step in ORGANISATION.transitions.items() for state in step.sources
    }


@pytest.mark.parametrize(("state", "may"), STATES)
def test_a_verb_leads_on_or_changes_nothing(db: None, clock_at: object, state: str, may: set[str]) -> None:
    thing = register("first@unit.example")
    head = head_of(thing)
    assert head is not None
    if state == "confirmed":
        organisations.confirm(thing, by=head)
    if state == "refused":
        organisations.refuse(thing, by=head)
    thing = Organisation.objects.get(pk=thing.pk)

    steps.try_every_verb(
        thing,
        {
            "confirm": lambda: organisations.confirm(thing, by=head),
            "refuse": lambda: organisations.refuse(thing, by=head),
            "register_again": lambda: register("second@unit.example"),
        },
        may=may,
    )
