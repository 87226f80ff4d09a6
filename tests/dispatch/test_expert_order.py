"""A list may be put into the order that frozen results of experts give."""

from __future__ import annotations

from shidian.calls.models import Call
from shidian.dispatch import ranking
from shidian.reviews.scoring import actions as scoring
from tests import steps
from tests.reviews.scoring import panel


def test_only_a_frozen_result_offers_an_order(cast: steps.Cast, call: Call) -> None:
    world = panel.reviewing(cast, call, experts=2, applications=2)
    for (_expert, application), assignment in world.assignments.items():
        panel.submitted(assignment, panel.FULL | ({"plan": "20"} if application == 0 else {}))
    panel.discussing(world)
    before = ranking.offered(call, cast.heping)

    scoring.freeze_result(world.panel, by=world.officer)

    [(label, scores)] = ranking.offered(call, cast.heping)
    first, second = world.applications
    assert before == []
    assert label == "专家评审得分"
    assert ranking.by_score([first, second], scores) == [second.reference, first.reference]
