"""Every verb tried in every state of an application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.applications.states import APPLICATION
from shidian.calls.models import Call
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from tests import steps


def draft(cast: steps.Cast, call: Call) -> Application:
    return steps.start_filled(cast, call)


def returned(cast: steps.Cast, call: Call) -> Application:
    application = steps.lodged(cast, call)
    reviews.return_for_correction(application, by=cast.heping_handler, reasons=[Said("请补充")])
    return steps.fresh(application)


def declined(cast: steps.Cast, call: Call) -> Application:
    application = steps.lodged(cast, call)
    reviews.decline(application, by=cast.heping_handler, reasons=[Said("不符合")])
    return steps.fresh(application)


def withdrawn(cast: steps.Cast, call: Call) -> Application:
    application = steps.signed(cast, call)
    applications.withdraw(application, by=cast.lead_head, reason="不再承担")
    return steps.fresh(application)


def nominated(cast: steps.Cast, call: Call) -> Application:
    return steps.nominated(cast, call)[0]


def approved(cast: steps.Cast, call: Call) -> Application:
    return recorded(nominated(cast, call), cast, approved=True)


def not_selected(cast: steps.Cast, call: Call) -> Application:
    return recorded(nominated(cast, call), cast, approved=False)


def recorded(application: Application, cast: steps.Cast, *, approved: bool) -> Application:
    applications.record_result(application, approved=approved, by=cast.commission_officer, detail={})
    return steps.fresh(application)


def merged(cast: steps.Cast, call: Call) -> Application:
    application, other = steps.recommended(cast, call), steps.recommended(cast, call)
    applications.merge(other, application, by=cast.heping_handler, reason="同一试点")
    return steps.fresh(other)


# (how the state is reached, its name, verbs that lead on from there). A recommended application is nominated from the
# last stage and passed on from all others.
STATES = [
    (draft, "draft", {"freeze", "withdraw"}),
    (steps.signed, "signing", {"reopen", "lodge", "withdraw"}),
    (steps.judged, "lodged", {"return_for_correction", "decline", "recommend", "merge", "withdraw"}),
    (returned, "returned", {"freeze", "withdraw"}),
    (steps.recommended, "recommended", {"take_back", "pass_on", "merge", "withdraw", "strike_off"}),
    (steps.at_last_stage, "recommended", {"take_back", "nominate", "merge", "withdraw", "strike_off"}),
    (nominated, "nominated", {"approve", "not_select", "strike_off", "call_back"}),
    (approved, "approved", {"not_select"}),
    (not_selected, "not_selected", {"approve"}),
    (declined, "declined", set()),
    (withdrawn, "withdrawn", set()),
    (merged, "merged", set()),
    (
        steps.at_last_stage_waiting,
        "lodged",
        {"return_for_correction", "decline", "merge", "withdraw", "call_back"},
    ),
]


def test_all_pairs_are_here() -> None:
    told = {(state, verb) for _, state, verbs in STATES for verb in verbs}
    table = {(state, verb) for verb, step in APPLICATION.transitions.items() for state in step.sources}

    assert told == table
    assert {state for _, state, _ in STATES} == set(APPLICATION.states)


@pytest.mark.parametrize(
    ("reach", "state", "may"), STATES, ids=[f"{reach.__name__}-{state}" for reach, state, _ in STATES]
)
def test_a_verb_leads_on_or_changes_nothing(
    cast: steps.Cast, call: Call, reach: Callable[..., Application], state: str, may: set[str]
) -> None:
    thing = reach(cast, call)
    assert thing.state == state
    last = thing.office == cast.commission
    officer = cast.commission_officer if last else cast.heping_handler
    said = [Said("理由")]
    verbs: dict[str, Callable[[], Any]] = {
        "freeze": lambda: applications.freeze(thing, by=cast.lead_writer),
        "reopen": lambda: applications.reopen(thing, by=cast.lead_writer, reason="修改"),
        "lodge": lambda: applications.lodge(thing, cast.heping, by=cast.lead_writer),
        "return_for_correction": lambda: reviews.return_for_correction(thing, by=officer, reasons=said),
        "decline": lambda: reviews.decline(thing, by=officer, reasons=said),
        "recommend": lambda: reviews.recommend(thing, by=officer),
        "take_back": lambda: reviews.take_back(thing, by=officer, reason="复核"),
        "pass_on": lambda: applications.pass_on(thing, cast.commission, by=cast.heping_approver, via="清单"),
        "nominate": lambda: applications.nominate(thing, by=cast.commission_approver, via="清单"),
        "strike_off": lambda: applications.strike_off(thing, by=officer, reasons="属实", objection="Y1"),
        "approve": lambda: applications.record_result(thing, approved=True, by=officer, detail={}),
        "not_select": lambda: applications.record_result(thing, approved=False, by=officer, detail={}),
        "call_back": lambda: applications.call_back(thing, by=officer, via="清单", reason="有误"),
        "merge": lambda: applications.merge(thing, thing, by=officer, reason="同一试点"),
        "withdraw": lambda: applications.withdraw(thing, by=cast.lead_head, reason="不再承担"),
    }

    steps.try_every_verb(thing, verbs, may=may)
