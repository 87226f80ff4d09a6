"""Decisions of the last stage: drafts, one confirmation, two people, all or nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shidian.applications.models import Application
from shidian.audit.queries import verify
from shidian.calls.definition import CallDefinition
from shidian.calls.models import Call
from shidian.calls.queries import gates_until
from shidian.core.errors import Invalid, NotNow, NotPermitted, Stale
from shidian.reviews import actions as reviews
from shidian.reviews import deciding
from shidian.reviews.actions import Said
from shidian.reviews.deciding import Typed, candidates
from shidian.reviews.models import Decision, DraftDecision, Ruling
from shidian.reviews.states import RULING
from tests import steps


def ready(cast: steps.Cast, call: Call) -> Application:
    """At the last stage, judged, with every opinion, not decided."""
    application = steps.at_last_stage_waiting(cast, call)
    steps.sign(application, gates_until(call, call.definition.destination.key), cast.commission_officer)
    steps.judge(application, cast.commission_officer)
    return steps.fresh(application)


def typed(application: Application, choice: str, reason: str = "", number: int = 0) -> dict[str, Typed]:
    return {application.reference: Typed(choice, reason, number)}


def proposed(cast: steps.Cast, call: Call, choice: str = "select", reason: str = "符合条件") -> Ruling:
    application = ready(cast, call)
    assert (
        deciding.save(call, cast.commission, typed(application, choice, reason), by=cast.commission_officer)
        == []
    )
    return deciding.propose(call, cast.commission, by=cast.commission_officer)


def confirmed(cast: steps.Cast, call: Call) -> Ruling:
    return deciding.confirm(proposed(cast, call), by=cast.commission_approver)


def sent_back(cast: steps.Cast, call: Call) -> Ruling:
    ruling = proposed(cast, call)
    deciding.send_back(ruling, by=cast.commission_approver, reason="再议")
    return Ruling.objects.get(pk=ruling.pk)


STATES = [
    (proposed, "proposed", {"confirm", "send_back"}),
    (confirmed, "confirmed", set()),
    (sent_back, "sent_back", set()),
]


def test_all_pairs_are_here() -> None:
    table = {(state, verb) for verb, step in RULING.transitions.items() for state in step.sources}
    assert {(state, verb) for _, state, verbs in STATES for verb in verbs} == table


@pytest.mark.parametrize(("reach", "state", "may"), STATES, ids=[state for _, state, _ in STATES])
def test_a_verb_leads_on_or_changes_nothing(
    cast: steps.Cast, call: Call, reach: Callable[..., Ruling], state: str, may: set[str]
) -> None:
    thing = reach(cast, call)
    assert thing.state == state

    steps.try_every_verb(
        thing,
        {
            "confirm": lambda: deciding.confirm(thing, by=cast.commission_approver),
            "send_back": lambda: deciding.send_back(thing, by=cast.commission_approver, reason="再议"),
        },
        may=may,
    )


@pytest.mark.parametrize(
    ("choice", "state", "kind"),
    [
        ("select", "recommended", "recommend"),
        ("not_select", "declined", "decline"),
        ("put_off", "lodged", "put_off"),
    ],
)
def test_a_confirmed_decision_takes_effect(
    cast: steps.Cast, call: Call, choice: str, state: str, kind: str
) -> None:
    ruling = proposed(cast, call, choice, "会议研究的意见")
    application = ruling.items.get().lodgement.application
    assert application.state == "lodged"

    deciding.confirm(ruling, by=cast.commission_approver)

    assert steps.fresh(application).state == state
    decision = Decision.objects.filter(lodgement__application=application).latest("pk")
    assert (decision.kind, decision.by, decision.confirmed_by) == (
        kind,
        cast.commission_officer,
        cast.commission_approver,
    )
    assert decision.reasons.get().text == "会议研究的意见"
    assert not DraftDecision.objects.exists()
    assert verify().ok


def test_nobody_confirms_what_they_put_forward(cast: steps.Cast, call: Call) -> None:
    ruling = proposed(cast, call)
    steps.appoint(cast.commission_officer, cast.commission, "approver")

    steps.refused(NotPermitted, lambda: deciding.confirm(ruling, by=cast.commission_officer))
    steps.refused(NotPermitted, lambda: deciding.confirm(ruling, by=cast.heping_approver))


def test_a_refusal_without_a_reason_and_an_unfit_selection_are_not_put_forward(
    cast: steps.Cast, call: Call
) -> None:
    application = steps.at_last_stage_waiting(cast, call)
    by = cast.commission_officer
    deciding.save(call, cast.commission, typed(application, "not_select"), by=by)
    with pytest.raises(Invalid) as refusal:
        deciding.propose(call, cast.commission, by=by)
    assert refusal.value.problems[0].place == "reason"

    deciding.save(call, cast.commission, typed(application, "select", "好", 1), by=by)
    with pytest.raises(Invalid) as refusal:
        deciding.propose(call, cast.commission, by=by)
    assert refusal.value.problems[0].place == "choice"


def test_a_row_that_a_colleague_saved_is_not_overwritten(cast: steps.Cast, call: Call) -> None:
    application = ready(cast, call)
    colleague = steps.make_user("colleague", "市委同事")
    steps.appoint(colleague, cast.commission, "handler")
    deciding.save(call, cast.commission, typed(application, "select", "甲"), by=cast.commission_officer)
    deciding.save(call, cast.commission, typed(application, "put_off", "乙", 1), by=colleague)

    [fault] = deciding.save(
        call, cast.commission, typed(application, "select", "丙", 1), by=cast.commission_officer
    )

    assert "市委同事" in fault.message and "乙" in fault.message
    assert DraftDecision.objects.get().reason == "乙"


def test_nothing_takes_effect_when_one_no_longer_stands(cast: steps.Cast, call: Call) -> None:
    ruling = proposed(cast, call)
    application = ruling.items.get().lodgement.application
    reviews.decline(application, by=cast.commission_officer, reasons=[Said("另行决定")])

    steps.refused(Stale, lambda: deciding.confirm(ruling, by=cast.commission_approver))


def test_one_batch_waits_at_a_time(cast: steps.Cast, call: Call) -> None:
    proposed(cast, call)

    steps.refused(NotNow, lambda: deciding.propose(call, cast.commission, by=cast.commission_officer))


def test_where_the_call_wants_it_nobody_decides_alone(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = ready(cast, call)
    definition: CallDefinition = call.definition
    stages = [*definition.stages[:-1], definition.stages[-1].model_copy(update={"confirmed": True})]
    monkeypatch.setattr(Call, "definition", definition.model_copy(update={"stages": stages}))

    steps.refused(NotNow, lambda: reviews.recommend(application, by=cast.commission_officer))
    steps.refused(
        NotNow, lambda: reviews.decline(application, by=cast.commission_officer, reasons=[Said("不符合")])
    )


def test_the_table_costs_the_same_for_any_number_of_rows(
    cast: steps.Cast, call: Call, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    ready(cast, call)

    with django_assert_max_num_queries(7):
        assert len(candidates(call, cast.commission)) == 1
