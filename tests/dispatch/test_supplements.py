"""What was sent is corrected by a supplement: it adds, withdraws, corrects, with a letter and an approval of its own."""

from __future__ import annotations

import pytest

from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, NotPermitted, Stale
from shidian.dispatch import actions as dispatch
from shidian.dispatch import papers, supplementing
from shidian.dispatch.models import CandidateList, ListChange
from shidian.dispatch.queries import effective, entries, lists_visible_to, order_mark, registered
from shidian.dispatch.reconciling import accounts
from shidian.dispatch.supplementing import Wanted
from shidian.reviews import actions as reviews
from shidian.reviews.queries import counts
from tests import steps
from tests.steps import refused

pytestmark = pytest.mark.above_database

WITHDRAW, CORRECT = ListChange.Kind.WITHDRAW, ListChange.Kind.CORRECT


def send(cast: steps.Cast, call: Call) -> CandidateList:
    rows = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    rows = dispatch.confirm(rows, by=cast.heping_approver)
    dispatch.seal(rows, steps.scan(cast.heping_approver), by=cast.heping_approver)
    return dispatch.dispatch(rows, by=cast.heping_approver)


@pytest.fixture
def sent(cast: steps.Cast, call: Call) -> list[Application]:
    """Three applications on a list that was sent."""
    found = [steps.recommended(cast, call) for _ in range(3)]
    send(cast, call)
    return [steps.fresh(row) for row in found]


def order(cast: steps.Cast, call: Call) -> list[str]:
    return [row.application.reference for row in effective(call, cast.heping)]


def test_a_supplement_withdraws_corrects_and_adds(
    cast: steps.Cast, call: Call, sent: list[Application]
) -> None:
    first, second, third = (row.reference for row in sent)
    new = steps.recommended(cast, call)
    by = cast.heping_handler
    supplementing.change(call, cast.heping, first, Wanted(WITHDRAW, "单位停办"), by=by)
    supplementing.change(call, cast.heping, third, Wanted(CORRECT, "笔误", place=1, remark="首推"), by=by)
    refused(NotNow, lambda: dispatch.propose(call, cast.heping, by=by), match="理由")
    supplementing.give_reason(call, cast.heping, "情况变化", by=by)

    listed = send(cast, call)

    assert listed.reference == "TJ10-HEPING-2"
    assert order(cast, call) == [third, second, new.reference]
    assert effective(call, cast.heping)[0].remark == "首推"
    back = steps.fresh(sent[0])
    assert (back.state, back.office) == ("lodged", cast.heping)
    assert steps.last_event(back.chain).name == "application.called_back"
    assert {row.application.reference for row in registered(call)} == {second, third, new.reference}
    assert listed.version is not None
    content = listed.version.data
    assert content["supplements"] == ["TJ10-HEPING-1"]
    assert [row["kind"] for row in content["changes"]] == ["withdraw", "correct"]
    assert [row["reference"] for row in content["effective"]] == [third, second, new.reference]
    # The receiving office sees both lists; its own numbers and the district's add up.
    seen = lists_visible_to(cast.commission_officer).values_list("reference", flat=True)
    assert set(seen) == {"TJ10-HEPING-1", "TJ10-HEPING-2"}
    assert counts(call, cast.commission).called_back == 1
    assert counts(call, cast.commission).adds_up
    assert all(account.holds for account in accounts(call, [cast.heping, cast.commission]))
    assert "撤下和更正" in steps_text(papers.list_pdf(listed, listed.version).open().read())


def steps_text(content: bytes) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    try:
        return "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def test_a_supplement_that_only_corrects_is_seen_and_may_come_after_the_deadline(
    cast: steps.Cast, call: Call, sent: list[Application], settings: object
) -> None:
    second = sent[1].reference
    wanted = Wanted(CORRECT, "笔误", remark="更正")
    supplementing.change(call, cast.heping, second, wanted, by=cast.heping_handler)
    supplementing.give_reason(call, cast.heping, "笔误", by=cast.heping_handler)
    listed = send(cast, call)

    assert lists_visible_to(cast.commission_officer).filter(pk=listed.pk).exists()
    assert effective(call, cast.heping)[1].changed == listed


def test_what_was_decided_on_is_not_withdrawn(cast: steps.Cast, call: Call, sent: list[Application]) -> None:
    steps.judge(sent[0], cast.commission_officer)
    reviews.decline(sent[0], by=cast.commission_officer, reasons=[reviews.Said("不符合")])
    wanted = Wanted(WITHDRAW, "有误")
    at = (call, cast.heping, sent[0].reference)

    refused(NotNow, lambda: supplementing.change(*at, wanted, by=cast.heping_handler), match="不予推荐")


def test_a_withdrawal_overtaken_by_a_decision_is_not_sent(
    cast: steps.Cast, call: Call, sent: list[Application]
) -> None:
    by = cast.heping_handler
    supplementing.change(call, cast.heping, sent[0].reference, Wanted(WITHDRAW, "有误"), by=by)
    supplementing.give_reason(call, cast.heping, "有误", by=by)
    listed = dispatch.propose(call, cast.heping, by=by)
    listed = dispatch.confirm(listed, by=cast.heping_approver)
    dispatch.seal(listed, steps.scan(cast.heping_approver), by=cast.heping_approver)
    reviews.decline(sent[0], by=cast.commission_officer, reasons=[reviews.Said("不符合")])

    refused(NotNow, lambda: dispatch.dispatch(listed, by=cast.heping_approver), match="不予推荐")


def test_what_a_change_needs(cast: steps.Cast, call: Call, sent: list[Application]) -> None:
    at = (call, cast.heping, sent[0].reference)
    for wanted in (
        Wanted(WITHDRAW, " "),
        Wanted(CORRECT, "笔误"),
        Wanted(CORRECT, "笔误", place=4),
        Wanted(CORRECT, "笔误", remark="长" * 201),
    ):
        refused(Invalid, lambda wanted=wanted: supplementing.change(*at, wanted, by=cast.heping_handler))
    refused(
        NotPermitted, lambda: supplementing.change(*at, Wanted(WITHDRAW, "有误"), by=cast.heping_approver)
    )
    refused(
        Stale,
        lambda: supplementing.change(
            call, cast.heping, "TJ10-9999", Wanted(WITHDRAW, "有误"), by=cast.heping_handler
        ),
    )


def test_before_anything_was_sent_there_is_nothing_to_supplement(cast: steps.Cast, call: Call) -> None:
    found = steps.recommended(cast, call)
    at = (call, cast.heping, found.reference)

    refused(NotNow, lambda: supplementing.change(*at, Wanted(WITHDRAW, "有误"), by=cast.heping_handler))
    refused(NotNow, lambda: supplementing.give_reason(call, cast.heping, "有误", by=cast.heping_handler))


def test_a_change_is_taken_out_again(cast: steps.Cast, call: Call, sent: list[Application]) -> None:
    by, reference = cast.heping_handler, sent[0].reference
    supplementing.change(call, cast.heping, reference, Wanted(WITHDRAW, "有误"), by=by)
    supplementing.unchange(call, cast.heping, reference, by=by)

    refused(Stale, lambda: supplementing.unchange(call, cast.heping, reference, by=by))
    refused(NotNow, lambda: dispatch.propose(call, cast.heping, by=by), match="空的")


def test_what_was_nominated_comes_back_to_the_last_stage(cast: steps.Cast, call: Call) -> None:
    found, _listed = steps.nominated(cast, call)
    by = cast.commission_officer
    supplementing.change(call, cast.commission, found.reference, Wanted(WITHDRAW, "有误"), by=by)
    supplementing.give_reason(call, cast.commission, "有误", by=by)
    listed = dispatch.propose(call, cast.commission, by=by)
    listed = dispatch.confirm(listed, by=cast.commission_approver)
    dispatch.seal(listed, steps.scan(cast.commission_approver), by=cast.commission_approver)
    dispatch.dispatch(listed, by=cast.commission_approver)

    found = steps.fresh(found)
    assert (found.state, found.office) == ("lodged", cast.commission)
    assert effective(call, cast.commission) == []
    assert all(account.holds for account in accounts(call, [cast.heping, cast.commission]))


def test_two_people_who_rank_do_not_overwrite_each_other(cast: steps.Cast, call: Call) -> None:
    first, second = (steps.recommended(cast, call).reference for _ in range(2))
    listed = dispatch.rank(call, cast.heping, [first, second], by=cast.heping_handler)
    seen = order_mark(listed)
    dispatch.rank(call, cast.heping, [second, first], by=cast.heping_handler, seen=seen)

    again = (call, cast.heping, [first, second])
    refused(Stale, lambda: dispatch.rank(*again, by=cast.heping_handler, seen=seen), match="张经办")
    assert [row.application.reference for row in entries(call, cast.heping)] == [second, first]
