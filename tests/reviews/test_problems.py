"""A problem list from the first mark to the third round; one handler at a time; no decision on a stale page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications import corrections
from shidian.applications.models import Application, Correction, CorrectionItem, Lodgement
from shidian.applications.queries import answers, lodgement_here
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, NotPermitted, Stale
from shidian.reviews import actions as reviews
from shidian.reviews import checklist, claims, problems
from shidian.reviews.actions import Said
from shidian.reviews.freshness import Overtaken, mark, since
from shidian.reviews.models import Claim, Decision, Draft
from tests import steps
from tests.steps import refused


def arrival(application: Application) -> Lodgement:
    found = lodgement_here(steps.fresh(application))
    assert found is not None
    return found


def draft(application: Application, by: User, place: str = "f:goals.goals", text: str = "没有指标") -> Draft:
    return problems.draft(arrival(application), place=place, text=text, severity="must", by=by)


def second_handler(cast: steps.Cast) -> User:
    steps.appoint(cast.heping_approver, cast.heping, "handler")
    return cast.heping_approver


# Drafting


def test_what_is_marked_stays_until_it_is_sent(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    by = cast.heping_handler
    first, gone = draft(application, by), draft(application, by, "r:plan.plan.2")
    problems.change(first, place="f:cover.name", text="名称不对", severity="should", by=by)
    problems.drop(gone, by=by)
    draft(application, by, "")

    assert [row.place for row in problems.drafts_of(arrival(application))] == ["", "f:cover.name"]
    decision = reviews.return_for_correction(application, by=by)

    assert not Draft.objects.exists()
    items = list(CorrectionItem.objects.values_list("place", "severity", "text"))
    assert items == [("", "must", "没有指标"), ("f:cover.name", "should", "名称不对")]
    assert [reason.section for reason in decision.reasons.all()] == ["", "cover"]
    assert decision.kind == Decision.Kind.RETURN


@pytest.mark.parametrize(
    ("place", "text", "severity"),
    [
        ("f:no.such", "不对", "must"),
        ("r:plan.plan.9", "不对", "must"),
        ("p:99", "不对", "must"),
        ("garbage", "不对", "must"),
        ("f:goals.goals", "  ", "must"),
        ("f:goals.goals", "字" * 2001, "must"),
        ("f:goals.goals", "不对", "awful"),
    ],
)
def test_what_cannot_be_an_entry_is_refused(
    cast: steps.Cast, call: Call, place: str, text: str, severity: str
) -> None:
    lodgement = arrival(steps.lodged(cast, call))

    refused(
        Invalid,
        lambda: problems.draft(lodgement, place=place, text=text, severity=severity, by=cast.heping_handler),
    )


def test_only_handlers_of_the_office_mark(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)

    for person in (cast.heping_approver, cast.other_handler, cast.lead_writer, cast.administrator):
        refused(NotPermitted, lambda by=person: draft(application, by))


def test_nothing_is_sent_empty(cast: steps.Cast, call: Call) -> None:
    refused(Invalid, lambda: reviews.return_for_correction(steps.lodged(cast, call), by=cast.heping_handler))


# Three rounds


def test_three_rounds_of_correction(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    by = cast.heping_handler
    draft(application, by)
    for number in (1, 2):
        reviews.return_for_correction(application, by=by)
        correction = Correction.objects.latest("pk")
        item = correction.items.get()
        corrections.reply(item, text=f"第 {number} 次改", by=cast.lead_writer)
        steps.write(steps.fresh(application), cast.lead_writer, goals__goals=f"第 {number} 次改的目标")
        refused(NotNow, lambda item=item: problems.resolve(item, by=by), match="退回补正")
        application = steps.hand_in_again(application, cast)
        problems.reopen(item, text="还差完成时间", by=by)
        refused(NotNow, lambda item=item: problems.reopen(item, text="再说", by=by))
        assert Draft.objects.get().again == item
    reviews.return_for_correction(application, by=by)
    steps.write(steps.fresh(application), cast.lead_writer, goals__goals="第三次改的目标")
    application = steps.hand_in_again(application, cast)
    third = Correction.objects.latest("pk")
    problems.resolve(third.items.get(), by=by)
    refused(NotNow, lambda: problems.resolve(third.items.get(), by=by))
    older = Correction.objects.get(number=2)
    refused(NotNow, lambda: problems.resolve(older.items.get(), by=by), match="更早")
    steps.judge(application, by)
    reviews.recommend(application, by=by)

    references = list(Correction.objects.order_by("pk").values_list("reference", flat=True))
    assert references == ["TJ10-0001-Q01", "TJ10-0001-Q02", "TJ10-0001-Q03"]
    chain = [item.again_id for item in CorrectionItem.objects.order_by("pk")]
    assert chain[0] is None
    assert chain[1:] == [item.pk for item in CorrectionItem.objects.order_by("pk")][:-1]
    assert [found.number for found in corrections.lists_of(application)] == [3, 2, 1]
    assert verify().faults == []


def test_resolving_takes_back_what_was_put_forward_again(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    by = cast.heping_handler
    draft(application, by, "r:plan.plan.2")
    reviews.return_for_correction(application, by=by)
    rows = answers(steps.fresh(application))["plan"]["plan"]
    steps.write(steps.fresh(application), cast.lead_writer, plan__plan=rows[:1])
    application = steps.hand_in_again(application, cast)
    item = CorrectionItem.objects.get()

    problems.reopen(item, text="不该删", by=by)
    assert Draft.objects.get().place == "f:plan.plan"  # the row is gone
    problems.resolve(item, by=by)

    assert not Draft.objects.exists()


# One handler at a time


def test_one_claims_and_the_other_takes_over(cast: steps.Cast, call: Call) -> None:
    application, other = steps.lodged(cast, call), second_handler(cast)
    first = cast.heping_handler
    claim = claims.claim(application, by=first)
    assert claims.claim(application, by=first) == claim

    refused(Stale, lambda: claims.claim(application, by=other))
    refused(NotNow, lambda: draft(application, other), match="接手")
    refused(NotNow, lambda: reviews.return_for_correction(application, by=other, reasons=[Said("不对")]))
    refused(NotNow, lambda: claims.release(application, by=other))
    refused(Stale, lambda: claims.take_over(application, seen=claim.pk + 1, by=other))
    claims.take_over(application, seen=claim.pk, by=other)

    refused(NotNow, lambda: draft(application, first))
    claims.release(application, by=other)
    draft(application, first)
    names = [event.name for event in steps.events(application.chain)][-3:]
    assert names == ["review.claimed", "review.taken_over", "review.released"]
    reviews.return_for_correction(application, by=first)
    assert not Claim.objects.filter(ended_at__isnull=True).exists()


def test_a_stranger_claims_nothing(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)

    for person in (cast.heping_approver, cast.other_handler, cast.lead_writer):
        refused(NotPermitted, lambda by=person: claims.claim(application, by=by))


def test_who_else_reads_is_told_for_a_minute(cast: steps.Cast, call: Call, clock_at: Any) -> None:
    application = steps.lodged(cast, call)

    assert claims.arrive(application, cast.heping_handler) == []
    assert claims.arrive(application, cast.heping_approver) == [cast.heping_handler.name]
    now = clock.now().astimezone(call.zone) + timedelta(seconds=61)
    clock_at(now.year, now.month, now.day, now.hour, now.minute, now.second)
    assert claims.others(application, cast.heping_approver) == []


# Stale pages


def test_a_decision_on_a_stale_page_says_who_did_what(cast: steps.Cast, call: Call) -> None:
    application, other = steps.judged(cast, call), second_handler(cast)
    seen = mark(application)
    key = checklist.points(arrival(application))[0].key
    reviews.record_checks(arrival(application), {key: ("not_met", "缺证明")}, by=other)

    said = [Said("不对")]
    verbs = (
        lambda: reviews.return_for_correction(application, by=cast.heping_handler, reasons=said, seen=seen),
        lambda: reviews.decline(application, by=cast.heping_handler, reasons=said, seen=seen),
        lambda: reviews.recommend(application, by=cast.heping_handler, seen=seen),
        lambda: reviews.record_checks(
            arrival(application), {key: ("met", "")}, by=cast.heping_handler, seen=seen
        ),
    )
    for verb in verbs:
        with pytest.raises(Overtaken) as caught:
            verb()
        assert [(one.who, one.words) for one in caught.value.done] == [(other.label, "判定了 1 个审查要点")]
    reviews.return_for_correction(application, by=cast.heping_handler, reasons=said, seen=mark(application))


def test_ones_own_doing_makes_no_page_stale(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    seen = mark(application)
    claims.claim(application, by=cast.heping_handler)
    draft(application, cast.heping_handler)

    assert since(application, seen, cast.heping_handler) == []
    assert since(application, "garbage", cast.heping_approver) == []
    assert [one.who for one in since(application, seen, cast.heping_approver)] == [cast.heping_handler.label]


# Whatever the order


class Rounds(RuleBasedStateMachine):
    """Marking, sending, writing, asking, handing in and finding in any order: only what is open ever changes."""

    cast: steps.Cast
    call: Call

    def __init__(self) -> None:
        super().__init__()
        self.application = steps.lodged(self.cast, self.call)
        self.base = dict(answers(self.application))
        self.count = 0

    @property
    def state(self) -> str:
        return steps.fresh(self.application).state

    @precondition(lambda self: self.state == "lodged")
    @rule()
    def mark_goals(self) -> None:
        draft(self.application, self.cast.heping_handler)

    @precondition(
        lambda self: self.state == "lodged" and Draft.objects.filter(lodgement=arrival(self.application))
    )
    @rule()
    def send(self) -> None:
        reviews.return_for_correction(self.application, by=self.cast.heping_handler)
        self.base = dict(answers(self.application))

    @rule()
    def write_goals(self) -> None:
        self.count += 1
        self._try(f"目标 {self.count}", "goals", "goals", may=self.state == "returned")

    @rule()
    def write_elsewhere(self) -> None:
        self._try("别人", "cover", "contact", may=False)

    def _try(self, text: str, section: str, field: str, *, may: bool) -> None:
        try:
            steps.write(steps.fresh(self.application), self.cast.lead_writer, **{f"{section}__{field}": text})
        except NotNow:
            assert not may
        else:
            assert may

    @precondition(lambda self: self.state == "returned")
    @rule()
    def hand_in(self) -> None:
        steps.hand_in_again(self.application, self.cast)

    @invariant()
    def nothing_else_changed(self) -> None:
        assert answers(self.application)["cover"] == self.base["cover"]
        assert Correction.objects.filter(application=self.application).count() == (
            Decision.objects.filter(lodgement__application=self.application, kind="return").count()
        )


@pytest.mark.long(2)
def test_only_what_is_open_changes_whatever_the_order(cast: steps.Cast, call: Call) -> None:
    machine = type("Rounds", (Rounds,), {"cast": cast, "call": call})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=4, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_reopening_needs_words(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    draft(application, cast.heping_handler)
    reviews.return_for_correction(application, by=cast.heping_handler)
    application = steps.hand_in_again(application, cast)
    item = CorrectionItem.objects.get()

    refused(Invalid, lambda: problems.reopen(item, text=" ", by=cast.heping_handler))
    refused(NotPermitted, lambda: problems.resolve(item, by=cast.lead_writer))
    applications.withdraw(application, by=cast.lead_writer, reason="不报了")
    refused(NotNow, lambda: problems.resolve(item, by=cast.heping_handler))
