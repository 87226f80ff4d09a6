"""What an office's verbs make true, what they record, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from shidian.applications.queries import lodgement_here
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from shidian.reviews.checklist import items, judged
from shidian.reviews.models import Check, Decision, Reason
from shidian.reviews.queries import counts, decisions
from tests import steps
from tests.steps import refused


def test_the_checklist_is_made_from_the_call(cast: steps.Cast, call: Call) -> None:
    lodgement = lodgement_here(steps.lodged(cast, call))
    assert lodgement is not None

    found = {item.key: item for item in items(lodgement)}

    assert {f"condition-{condition.key}" for condition in call.definition.conditions} <= set(found)
    assert {f"extra-{extra.key}" for extra in call.definition.checklist} <= set(found)
    assert {"section-cover", "section-lead", "party-1", "party-4", "attachment-registration"} <= set(found)
    assert "attachment-other" not in found
    assert (found["party-1"].tone, found["party-4"].tone) == ("done", "")
    assert found["condition-record"].tone == "done"


def test_verdicts_are_rows_and_only_changes_are_added(cast: steps.Cast, call: Call) -> None:
    lodgement = lodgement_here(steps.lodged(cast, call))
    assert lodgement is not None

    assert reviews.record_checks(lodgement, {"party-1": ("met", "")}, by=cast.heping_handler) == 1
    assert reviews.record_checks(lodgement, {"party-1": ("met", "")}, by=cast.heping_handler) == 0
    assert reviews.record_checks(lodgement, {"party-1": ("not_met", "无章")}, by=cast.heping_handler) == 1

    latest = next(row.check for row in judged(lodgement) if row.item.key == "party-1")
    assert latest is not None
    assert (latest.verdict, latest.note, Check.objects.count()) == ("not_met", "无章", 2)


@pytest.mark.parametrize("verdicts", [{"nothing": ("met", "")}, {"party-1": ("perhaps", "")}])
def test_an_unknown_item_or_verdict_is_refused(cast: steps.Cast, call: Call, verdicts: Any) -> None:
    lodgement = lodgement_here(steps.lodged(cast, call))
    assert lodgement is not None

    refused(Invalid, lambda: reviews.record_checks(lodgement, verdicts, by=cast.heping_handler))


def test_only_the_handler_of_the_office_that_holds_it_checks_and_decides(
    cast: steps.Cast, call: Call
) -> None:
    application = steps.judged(cast, call)
    lodgement = lodgement_here(application)
    assert lodgement is not None
    said = [Said("理由")]

    for person in (
        cast.other_handler,
        cast.heping_approver,
        cast.commission_officer,
        cast.lead_writer,
        cast.administrator,
        cast.auditor,
    ):
        refused(NotPermitted, lambda by=person: reviews.record_checks(lodgement, {}, by=by))
        refused(NotPermitted, lambda by=person: reviews.recommend(application, by=by))
        refused(NotPermitted, lambda by=person: reviews.decline(application, by=by, reasons=said))
        refused(
            NotPermitted, lambda by=person: reviews.return_for_correction(application, by=by, reasons=said)
        )


def test_an_earlier_arrival_is_not_checked_any_more(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    old = lodgement_here(application)
    assert old is not None
    reviews.return_for_correction(application, by=cast.heping_handler, reasons=[Said("请补充")])
    steps.hand_in_again(application, cast)

    refused(NotNow, lambda: reviews.record_checks(old, {}, by=cast.heping_handler), match="以前递交")


# recommend


def test_recommending_needs_every_item_judged_and_none_against(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    refused(NotNow, lambda: reviews.recommend(application, by=cast.heping_handler), match="没有判定")
    steps.judge(application, cast.heping_handler)
    lodgement = lodgement_here(application)
    assert lodgement is not None
    reviews.record_checks(lodgement, {"extra-once": ("not_met", "")}, by=cast.heping_handler)
    refused(NotNow, lambda: reviews.recommend(application, by=cast.heping_handler), match="没有重复申报")
    reviews.record_checks(lodgement, {"extra-once": ("not_applicable", "")}, by=cast.heping_handler)

    decision = reviews.recommend(application, by=cast.heping_handler)

    application = steps.fresh(application)
    assert (application.state, decision.kind, decision.lodgement) == ("recommended", "recommend", lodgement)
    event = steps.last_event(application.chain)
    assert (event.name, event.detail["verb"]) == ("application.recommended", "推荐")


# return, decline


def test_returning_keeps_the_reasons_gives_it_back_and_voids_the_round(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)

    decision = reviews.return_for_correction(
        application, by=cast.heping_handler, reasons=[Said("金额不符", "funding"), Said("请补充指标")]
    )

    application = steps.fresh(application)
    assert (application.state, application.office) == ("returned", cast.heping)
    assert [(row.section, row.text) for row in decision.reasons.all()] == [
        ("funding", "金额不符"),
        ("", "请补充指标"),
    ]
    assert application.version.round.state == "void"
    names = [event.name for event in steps.events(application.chain)[-2:]]
    assert names == ["application.returned", "signoff.voided"]


def test_declining_ends_it_with_reasons(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)

    reviews.decline(application, by=cast.heping_handler, reasons=[Said("领域不符")])

    application = steps.fresh(application)
    assert application.state == "declined"
    assert steps.last_event(application.chain).detail["reasons"] == "领域不符"
    assert Reason.objects.get().text == "领域不符"


def test_nothing_is_returned_declined_or_taken_back_without_a_reason(cast: steps.Cast, call: Call) -> None:
    application = steps.judged(cast, call)
    for said in ([], [Said("  ")]):
        refused(
            Invalid,
            lambda reasons=said: reviews.return_for_correction(
                application, by=cast.heping_handler, reasons=reasons
            ),
        )
        refused(
            Invalid,
            lambda reasons=said: reviews.decline(application, by=cast.heping_handler, reasons=reasons),
        )
    reviews.recommend(application, by=cast.heping_handler)
    refused(Invalid, lambda: reviews.take_back(application, by=cast.heping_handler, reason=" "))


def test_taking_back_puts_it_under_review_again_with_its_verdicts(cast: steps.Cast, call: Call) -> None:
    application = steps.recommended(cast, call)

    reviews.take_back(application, by=cast.heping_handler, reason="复核")

    assert steps.fresh(application).state == "lodged"
    reviews.recommend(application, by=cast.heping_handler)
    kinds = [row.kind for row in decisions(application)]
    assert kinds == [Decision.Kind.RECOMMEND, Decision.Kind.TAKE_BACK, Decision.Kind.RECOMMEND]


def test_what_an_office_received_is_all_accounted_for(cast: steps.Cast, call: Call) -> None:
    reviews.decline(steps.lodged(cast, call), by=cast.heping_handler, reasons=[Said("不符")])
    reviews.return_for_correction(steps.lodged(cast, call), by=cast.heping_handler, reasons=[Said("补充")])
    steps.lodged(cast, call)
    steps.dispatched(cast, call)

    found = counts(call, cast.heping)

    assert found.adds_up
    assert (found.received, found.to_review, found.returned, found.declined, found.sent) == (4, 1, 1, 1, 1)
    assert counts(call, cast.commission).received == 1
