"""Every verb tried in every state of a panel and of a plan."""

from __future__ import annotations

import pytest

from shidian.audit.actions import move
from shidian.calls.models import Call
from shidian.reviews.experts import assignment, panels
from shidian.reviews.experts.states import PANEL, PLAN
from shidian.reviews.models import AssignmentPlan, Panel
from tests import steps
from tests.reviews.experts import scene

PANEL_WAYS = {
    "preparing": (),
    "reviewing": ("open",),
    "discussing": ("open", "discuss"),
    "closed": ("open", "close"),
}
PLAN_WAYS = {
    "waiting": (),
    "computing": ("compute",),
    "ready": ("compute", "finish"),
    "failed": ("compute", "fail"),
    "confirmed": ("compute", "finish", "confirm"),
    "discarded": ("discard",),
}


@pytest.mark.parametrize("state", PANEL.states)
def test_a_verb_leads_a_panel_on_or_changes_nothing(cast: steps.Cast, call: Call, state: str) -> None:
    application = scene.there(cast, call)
    panel = scene.panel(cast, call)
    assignment.assign(panel, [(scene.expert(cast), application)], by=cast.commission_officer)
    for verb in PANEL_WAYS[state]:
        move(panel, verb, by=cast.commission_officer)
    panel = Panel.objects.select_related("office", "call").get(pk=panel.pk)
    assert panel.state == state

    by = cast.commission_officer
    steps.try_every_verb(
        panel,
        {
            "open": lambda: panels.open_panel(panel, by=by),
            "discuss": lambda: panels.discuss(panel, by=by),
            "close": lambda: panels.close(panel, by=by),
            "reopen": lambda: panels.reopen(panel, by=by, reason="理由"),
        },
        may={verb for verb, step in PANEL.transitions.items() if state in step.sources},
    )


@pytest.mark.parametrize("state", PLAN.states)
def test_a_verb_leads_a_plan_on_or_changes_nothing(cast: steps.Cast, call: Call, state: str) -> None:
    scene.there(cast, call)
    scene.expert(cast)
    panel = scene.panel(cast, call)
    by = cast.commission_officer
    asked = {"readers": 1, "most": 1, "strict": False}
    plan = AssignmentPlan.objects.create(panel=panel, means="automatic", asked=asked, at=panel.at, by=by)
    for verb in PLAN_WAYS[state]:
        move(plan, verb, by=by, found={"pairs": [], "short": []} if verb == "finish" else {})
    plan = AssignmentPlan.objects.select_related("panel__office", "panel__call").get(pk=plan.pk)
    assert plan.state == state

    def compute() -> None:
        assignment.compute(plan.pk)

    # Computing leads on to its end at once; it has no verbs of its own for people.
    may = {verb for verb, step in PLAN.transitions.items() if state in step.sources} & {"confirm", "discard"}
    steps.try_every_verb(
        plan,
        {
            "compute": lambda: None,
            "finish": lambda: None,
            "fail": lambda: None,
            "confirm": lambda: assignment.confirm(plan, by=by),
            "discard": lambda: assignment.discard(plan, by=by),
        },
        may=may,
        quiet=("compute", "finish", "fail"),
    )
    before = AssignmentPlan.objects.get(pk=plan.pk).state
    compute()
    after = AssignmentPlan.objects.get(pk=plan.pk).state
    assert after == ("ready" if state in ("waiting", "computing", "failed") else before)


def test_a_panel_is_not_opened_for_nobody_and_not_led_on_by_others(cast: steps.Cast, call: Call) -> None:
    from shidian.core.errors import Invalid, NotNow, NotPermitted

    panel = scene.panel(cast, call)
    steps.refused(NotNow, lambda: panels.open_panel(panel, by=cast.commission_officer), match="还没有分配")
    steps.refused(NotPermitted, lambda: panels.open_panel(panel, by=cast.heping_handler))
    steps.refused(Invalid, lambda: panels.reopen(panel, by=cast.commission_officer, reason=" "))
