"""Quotas: counted, explained, a hindrance to dispatch, waived as evidence for as many as there are."""

from __future__ import annotations

import pytest

from shidian.calls.definition import Bounds, Quota
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.dispatch import actions as dispatch
from shidian.dispatch import supplementing, waiving
from shidian.dispatch.models import CandidateList, ListChange, QuotaWaiver
from shidian.dispatch.quotas import quotas
from tests import steps
from tests.steps import refused

pytestmark = pytest.mark.above_database


def limit(call: Call, monkeypatch: pytest.MonkeyPatch, quota: Quota) -> None:
    """Give the first stage of the call a quota; its package has none."""
    definition = call.definition
    stages = [definition.stages[0].model_copy(update={"quota": quota}), *definition.stages[1:]]
    monkeypatch.setitem(definition.__dict__, "stages", stages)


def sealed(cast: steps.Cast, call: Call) -> CandidateList:
    rows = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    rows = dispatch.confirm(rows, by=cast.heping_approver)
    dispatch.seal(rows, steps.scan(cast.heping_approver), by=cast.heping_approver)
    return CandidateList.objects.get(pk=rows.pk)


def test_over_the_quota_a_list_waits_for_a_waiver(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(call, monkeypatch, Quota(maximum=1))
    for _ in range(2):
        steps.recommended(cast, call)
    listed = sealed(cast, call)
    [row] = quotas(call, cast.heping, listed)
    assert (row.count, row.over, row.blocks) == (2, 1, True)
    assert row.words == "本机构：2 件，名额 1 件，超过 1 件。"

    refused(NotNow, lambda: dispatch.dispatch(listed, by=cast.heping_approver), match="超过 1 件")
    waiving.ask_waiver(call, cast.heping, by=cast.heping_handler, reason="两个都好")
    assert [found.reference for found, _over in waiving.waiting_for(call, cast.commission)] == [
        listed.reference
    ]
    for person in (cast.heping_approver, cast.commission_officer, cast.auditor):
        refused(NotPermitted, lambda by=person: waiving.waive(listed, "", by=by, reason="同意"))
    refused(Invalid, lambda: waiving.waive(listed, "", by=cast.commission_approver, reason=" "))
    for person in (cast.heping_approver, cast.commission_officer):
        refused(NotPermitted, lambda by=person: waiving.refuse(listed, by=by, reason="不行"))
    refused(Invalid, lambda: waiving.refuse(listed, by=cast.commission_approver, reason=" "))
    waiving.refuse(listed, by=cast.commission_approver, reason="先减一件")
    answered = waiving.refusal(listed)
    assert answered is not None
    assert answered.detail["reason"] == "先减一件"
    refused(NotNow, lambda: dispatch.dispatch(listed, by=cast.heping_approver), match="超过 1 件")
    waiving.ask_waiver(call, cast.heping, by=cast.heping_handler, reason="两个都好，请再考虑")
    assert waiving.refusal(listed) is None
    waiving.waive(
        listed, "", by=cast.commission_approver, reason="同意", file=steps.scan(cast.commission_approver)
    )

    assert steps.last_event(listed.chain).name == "list.quota_waived"
    refused(NotNow, lambda: waiving.refuse(listed, by=cast.commission_approver, reason="不行"))
    dispatch.dispatch(listed, by=cast.heping_approver)
    assert QuotaWaiver.objects.get().count == 2


def test_a_waiver_is_for_as_many_as_there_were(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(call, monkeypatch, Quota(maximum=1, waived_by="approver"))
    for _ in range(2):
        steps.recommended(cast, call)
    waiving.ask_waiver(call, cast.heping, by=cast.heping_handler, reason="两个都好")
    listed = CandidateList.objects.get()
    waiving.waive(listed, "", by=cast.heping_approver, reason="同意")
    assert not quotas(call, cast.heping, listed)[0].blocks
    steps.recommended(cast, call)

    assert quotas(call, cast.heping, listed)[0].blocks
    refused(NotNow, lambda: dispatch.dispatch(sealed(cast, call), by=cast.heping_approver), match="超过 2 件")


def test_areas_and_offices_have_their_own_and_what_was_withdrawn_does_not_count(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    area = call.definition.areas[0].key
    limit(
        call,
        monkeypatch,
        Quota(maximum=9, offices={"heping": Bounds(minimum=3)}, areas={area: Bounds(maximum=1)}),
    )
    first = steps.recommended(cast, call)
    dispatch.dispatch(sealed(cast, call), by=cast.heping_approver)
    steps.recommended(cast, call)
    whole, of_area = quotas(call, cast.heping, None)
    assert (whole.count, whole.under, whole.blocks) == (2, 1, False)
    assert "还差 1 件" in whole.words
    assert of_area.blocks

    wanted = supplementing.Wanted(ListChange.Kind.WITHDRAW, "有误")
    supplementing.change(call, cast.heping, first.reference, wanted, by=cast.heping_handler)
    listed = CandidateList.objects.exclude(state="dispatched").get()
    assert [row.count for row in quotas(call, cast.heping, listed)] == [1, 1]


def test_within_the_quota_nothing_is_asked_or_waived(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(call, monkeypatch, Quota(maximum=3))
    steps.recommended(cast, call)
    listed = sealed(cast, call)

    refused(NotNow, lambda: waiving.ask_waiver(call, cast.heping, by=cast.heping_handler, reason="想多报"))
    refused(NotNow, lambda: waiving.waive(listed, "", by=cast.commission_approver, reason="同意"))
