"""More time than the call gives: for everybody, for an office, for one unit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from shidian.applications import actions as applications
from shidian.applications.queries import standing
from shidian.applications.rules import can_lodge, can_start
from shidian.audit.models import Event
from shidian.calls.actions import extend, take_extension_back
from shidian.calls.models import Call, Extension
from shidian.calls.queries import window
from shidian.core.errors import Invalid, NotPermitted, Stale
from shidian.dispatch.rules import can_dispatch
from tests import steps
from tests.conftest import SHANGHAI

HAND_IN, DISPATCH = Extension.Deadline.HAND_IN, Extension.Deadline.DISPATCH


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=SHANGHAI)


def give(cast: steps.Cast, call: Call, **more: Any) -> Extension:
    values: dict[str, Any] = {
        "by": cast.commission_officer, "stage": "district", "deadline": HAND_IN, "until": at(2023, 7, 28, 17),
        "reason": "系统故障",
    }  # fmt: skip
    return extend(Call.objects.get(pk=call.pk), **(values | more))


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def test_everybody_gets_the_time_of_an_outage(
    cast: steps.Cast, call: Call, clock_at: Callable[..., None]
) -> None:
    application = steps.signed(cast, call)
    clock_at(2023, 7, 25, 9)
    assert not can_lodge(cast.lead_writer, application, cast.heping)
    assert not fresh(call).is_open

    give(cast, call)

    assert fresh(call).is_open
    assert can_start(cast.lead_head, cast.lead, fresh(call))
    applications.lodge(application, cast.heping, by=cast.lead_writer)
    event = Event.objects.filter(chain=call.chain, name="call.extended").get()
    assert event.detail["until"] == "2023-07-28 17:00" and event.detail["reason"] == "系统故障"


def test_one_unit_gets_more_time_and_no_other(
    cast: steps.Cast, call: Call, clock_at: Callable[..., None]
) -> None:
    application = steps.signed(cast, call)
    give(cast, call, lead=cast.lead, reason="负责人住院")
    clock_at(2023, 7, 25, 9)

    application.refresh_from_db()
    assert can_lodge(cast.lead_writer, application, cast.heping)
    assert standing(application).until == at(2023, 7, 28, 17)
    here = fresh(call)
    assert not here.is_open
    assert not window(here, cast.heping, cast.other_unit).takes_hand_ins()
    assert window(here, cast.other_district, cast.lead).takes_hand_ins()


def test_an_office_dispatches_later(cast: steps.Cast, call: Call, clock_at: Callable[..., None]) -> None:
    _application, listed = steps.listed(cast, call)
    clock_at(2023, 8, 1, 9)
    assert not can_dispatch(cast.heping_approver, listed)

    give(cast, call, deadline=DISPATCH, until=at(2023, 8, 2, 12), office=cast.heping)

    listed.refresh_from_db()
    assert can_dispatch(cast.heping_approver, listed)
    assert not window(fresh(call), cast.other_district).may_dispatch()
    assert not fresh(call).is_over


def test_whichever_reaches_farthest_counts(cast: steps.Cast, call: Call) -> None:
    give(cast, call, until=at(2023, 7, 27))
    give(cast, call, until=at(2023, 7, 29), office=cast.heping)
    give(cast, call, until=at(2023, 7, 28), lead=cast.lead)

    here = fresh(call)

    assert window(here, cast.heping, cast.lead).hand_in_until == at(2023, 7, 29)
    assert window(here, cast.other_district, cast.lead).hand_in_until == at(2023, 7, 28)
    assert window(here, cast.other_district, cast.other_unit).hand_in_until == at(2023, 7, 27)


def test_a_later_one_takes_the_place_and_is_taken_back(cast: steps.Cast, call: Call) -> None:
    first = give(cast, call)
    second = give(cast, call, until=at(2023, 7, 30))

    with pytest.raises(Stale, match="取代"):
        take_extension_back(first, by=cast.commission_officer, reason="写错了")
    take_extension_back(second, by=cast.commission_approver, reason="写错了")

    assert fresh(call).extensions == []
    assert window(fresh(call), cast.heping).hand_in_until == at(2023, 7, 24, 17)
    assert Extension.objects.count() == 3
    with pytest.raises(Stale):
        take_extension_back(second, by=cast.commission_officer, reason="再收一次")


@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        ({"until": at(2023, 7, 1)}, "until", "已经过了"),
        ({"until": at(2023, 7, 20)}, "until", "2023-07-24 17:00"),
        ({"stage": "city", "deadline": DISPATCH}, "until", "没有规定"),
        ({"reason": "  "}, "reason", "理由"),
        ({"reason": "长" * 501}, "reason", "501"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_place(
    cast: steps.Cast, call: Call, more: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(Invalid) as caught:
        give(cast, call, **more)

    assert [(key, words in message) for key, message in caught.value.problems] == [(field, True)]
    assert not Extension.objects.exists()


@pytest.mark.parametrize("who", ["heping_handler", "institute_clerk", "lead_head", "administrator"])
def test_only_the_last_stage_gives_time(cast: steps.Cast, call: Call, who: str) -> None:
    with pytest.raises(NotPermitted, match="市市场监管委"):
        give(cast, call, by=getattr(cast, who))


def test_the_database_refuses_what_has_two_targets(cast: steps.Cast, call: Call) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        give(cast, call, office=cast.heping, lead=cast.lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        give(cast, call, deadline=DISPATCH, until=at(2023, 8, 2), lead=cast.lead)
