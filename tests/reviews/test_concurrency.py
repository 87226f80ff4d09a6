"""Two officials deciding at the same moment, on PostgreSQL with real threads."""

from __future__ import annotations

from functools import partial

import pytest

from shidian.applications import actions as applications
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core.errors import NotNow, Stale
from shidian.dispatch import actions as dispatch
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from shidian.reviews.models import Decision
from tests import steps
from tests.steps import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 8


def test_of_recommending_and_returning_exactly_one_wins(cast: steps.Cast, call: Call) -> None:
    second = steps.make_user("second", "钱经办")
    steps.appoint(second, cast.heping, "handler")
    application = steps.judged(cast, call)

    for number in range(1, ROUNDS + 1):
        raised = together(
            partial(reviews.recommend, application, by=cast.heping_handler),
            partial(reviews.return_for_correction, application, by=second, reasons=[Said("请补充")]),
        )

        assert len(raised) == 1
        assert isinstance(raised[0], NotNow | Stale)
        assert raised[0].reason
        application = steps.fresh(application)
        latest = Decision.objects.latest("pk")
        assert Decision.objects.exclude(kind="take_back").count() == number
        assert (application.state, latest.kind) in (("recommended", "recommend"), ("returned", "return"))
        if application.state == "recommended":
            reviews.take_back(application, by=second, reason="再来一次")
        else:
            steps.hand_in_again(application, cast)
            steps.judge(steps.fresh(application), second)
        application = steps.fresh(application)
    assert verify().faults == []


def test_two_who_recommend_are_one_recommendation(cast: steps.Cast, call: Call) -> None:
    second = steps.make_user("second", "钱经办")
    steps.appoint(second, cast.heping, "handler")
    application = steps.judged(cast, call)

    raised = together(
        lambda: reviews.recommend(application, by=cast.heping_handler),
        lambda: reviews.recommend(application, by=second),
    )

    assert [isinstance(fault, NotNow) for fault in raised] == [True]
    assert Decision.objects.count() == 1


def test_a_withdrawal_and_a_dispatch_at_the_same_moment_exclude_each_other(
    cast: steps.Cast, call: Call
) -> None:
    application, listed = steps.listed(cast, call)

    raised = together(
        lambda: dispatch.dispatch(listed, by=cast.heping_approver),
        lambda: applications.withdraw(application, by=cast.lead_head, reason="不再承担"),
    )

    application = steps.fresh(application)
    listed.refresh_from_db()
    # Sent on, an application may still be withdrawn: at its next office. Never is it sent on once withdrawn.
    assert all(isinstance(fault, NotNow) for fault in raised)
    if listed.state == "dispatched":
        assert application.office == cast.commission
    else:
        assert (application.state, application.office) == ("withdrawn", cast.heping)
    assert verify().faults == []


def test_two_approvers_dispatch_once(cast: steps.Cast, call: Call) -> None:
    second = steps.make_user("second-approver", "孙审批")
    steps.appoint(second, cast.heping, "approver")
    application, listed = steps.listed(cast, call)

    raised = together(
        lambda: dispatch.dispatch(listed, by=cast.heping_approver),
        lambda: dispatch.dispatch(listed, by=second),
    )

    assert len(raised) == 1
    assert isinstance(raised[0], NotNow)
    assert application.lodgements.filter(via=listed.reference).count() == 1
