"""What each verb of an application makes true, what it records, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from shidian.applications import actions as applications
from shidian.applications.models import Attachment
from shidian.applications.queries import answers, round_of, visible_to
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.calls.queries import gates_until
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.documents.intake import Rejected
from shidian.organisations.models import Organisation
from shidian.questionnaires.checks import check_section
from shidian.questionnaires.visibility import counted
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from shidian.signoffs.models import Gate, Signature
from tests import steps
from tests.steps import refused

# start


def test_starting_gives_a_reference_and_what_the_account_tells(cast: steps.Cast, call: Call) -> None:
    application = applications.start(call, cast.lead, by=cast.lead_writer)

    assert (application.reference, application.state, application.lead) == ("TJ10-0001", "draft", cast.lead)
    assert applications.start(call, cast.other_unit, by=cast.outsider).reference == "TJ10-0002"
    lead = answers(application)["lead"]
    assert lead["unit_name"] == cast.lead.name
    assert lead["unit_code"] == cast.lead.code
    assert lead["legal_head"] == cast.lead_head.name
    assert lead["registered_region"] == {"province": "120000", "county": "120101", "detail": ""}
    section = call.questionnaire.section("lead")
    told = {"unit_name", "unit_code", "legal_head", "registered_region", "address"}
    assert not told & {problem.field for problem in check_section(section, lead)}
    event = steps.last_event(application.chain)
    assert (event.name, event.actor_label, event.number) == ("application.started", cast.lead_writer.name, 1)


def test_a_stranger_starts_nothing_for_a_unit(cast: steps.Cast, call: Call) -> None:
    refused(NotPermitted, lambda: applications.start(call, cast.lead, by=cast.outsider))


def test_an_unconfirmed_unit_starts_nothing(cast: steps.Cast, call: Call) -> None:
    Organisation.objects.filter(pk=cast.lead.pk).update(state="pending")
    cast.lead.refresh_from_db()

    refused(NotNow, lambda: applications.start(call, cast.lead, by=cast.lead_writer), match="负责人")


@pytest.mark.parametrize("when", [(2023, 6, 12, 23, 59, 59), (2023, 7, 24, 17, 0, 1)])
def test_nothing_starts_outside_of_the_window(
    cast: steps.Cast, call: Call, clock_at: Any, when: tuple[int, ...]
) -> None:
    clock_at(*when)

    refused(NotNow, lambda: applications.start(call, cast.lead, by=cast.lead_writer), match="不收申请")


# attach, detach


def test_files_come_and_go_in_a_draft_only(cast: steps.Cast, call: Call) -> None:
    slot = call.definition.attachments[0]
    application = applications.start(call, cast.lead, by=cast.lead_writer)

    row = applications.attach(
        application, slot, BytesIO(steps.pdf_bytes()), name="证书.pdf", by=cast.lead_writer
    )
    assert (row.slot, row.file.name, row.file.pages) == (slot.key, "证书.pdf", 1)
    applications.detach(row, by=cast.lead_head)
    assert not application.attachments.exists()

    application = steps.frozen(cast, call)
    held = Attachment.objects.filter(application=application).first()
    assert held is not None
    refused(NotNow, lambda: applications.detach(held, by=cast.lead_writer))


def test_a_full_slot_and_a_wrong_file_are_refused(cast: steps.Cast, call: Call) -> None:
    slot = call.definition.attachments[0]
    application = applications.start(call, cast.lead, by=cast.lead_writer)

    def attach(content: bytes, name: str) -> None:
        applications.attach(application, slot, BytesIO(content), name=name, by=cast.lead_writer)

    refused(Rejected, lambda: attach(b"MZ" + bytes(2000), "证书.pdf"))
    for number in range(slot.maximum):
        attach(steps.pdf_bytes(), f"{number}.pdf")
    refused(NotNow, lambda: attach(steps.pdf_bytes(), "多.pdf"), match=str(slot.maximum))


# freeze, reopen


def test_freezing_makes_a_version_that_holds_everything_and_opens_the_round(
    cast: steps.Cast, call: Call
) -> None:
    application = steps.start_filled(cast, call)

    version = applications.freeze(application, by=cast.lead_writer)

    application = steps.fresh(application)
    assert (application.state, application.version) == ("signing", version)
    data = version.data
    assert data["answers"] == counted(call.questionnaire, answers(application))
    assert [row["slot"] for row in data["attachments"]] == ["registration", "staff"]
    round_ = round_of(application)
    assert round_ is not None
    roles = list(round_.parties.order_by("position").values_list("role", flat=True))
    assert roles == ["lead", "guarantor", "guidance", "managing"]
    event = steps.last_event(application.chain)
    assert (event.name, event.detail["digest"]) == ("application.frozen", version.digest)


def test_freezing_lists_every_problem_with_its_place(cast: steps.Cast, call: Call) -> None:
    application = applications.start(call, cast.lead, by=cast.lead_writer)
    before = steps.traces()

    with pytest.raises(Invalid) as found:
        applications.freeze(application, by=cast.lead_writer)

    places = {(problem.section, problem.field) for problem in found.value.problems}
    assert {("cover", "name"), ("plan", "plan"), ("attachments", "registration")} <= places
    assert all(problem.severity == "error" for problem in found.value.problems)
    assert steps.traces() == before


def test_a_body_in_two_roles_is_two_parties(cast: steps.Cast, call: Call) -> None:
    application = steps.start_filled(cast, call)
    values = steps.filled(call)["parties"]
    values["guidance"] = [dict(values["guarantors"][0])]
    steps.fill(application, {"parties": values}, cast.lead_writer)

    applications.freeze(application, by=cast.lead_writer)

    round_ = round_of(steps.fresh(application))
    assert round_ is not None
    named = round_.parties.filter(name=values["guarantors"][0]["name"])
    assert sorted(named.values_list("role", flat=True)) == ["guarantor", "guidance"]
    first = named.first()
    assert first is not None
    steps.sign_one(application, first, cast.lead_writer)
    assert [party.has_agreed for party in named.order_by("position")] == [True, False]


def test_reopening_voids_what_was_agreed_and_the_next_version_is_asked_anew(
    cast: steps.Cast, call: Call
) -> None:
    application = steps.signed(cast, call)
    old = round_of(application)
    assert old is not None

    applications.reopen(application, by=cast.lead_writer, reason="改目标")
    steps.write(application, cast.lead_writer, goals__goals="目标改写。")

    application = steps.fresh(application)
    old.refresh_from_db()
    assert (application.state, old.state) == ("draft", "void")
    assert Signature.objects.filter(party__round=old).count() == 3
    event = steps.last_event(application.chain)
    assert (event.name, event.detail["reason"]) == ("application.reopened", "改目标")
    version = applications.freeze(application, by=cast.lead_writer)
    assert version.number == 2
    fresh = round_of(steps.fresh(application))
    assert fresh is not None
    assert not any(party.has_agreed for party in fresh.parties.all())
    party = old.parties.last()
    refused(NotNow, lambda: steps.sign_one(application, party, cast.lead_writer), match="失效")


def test_two_versions_with_the_same_answers_have_different_digests(cast: steps.Cast, call: Call) -> None:
    application = steps.frozen(cast, call)
    first = application.version
    applications.reopen(application, by=cast.lead_writer, reason="看错了")

    second = applications.freeze(application, by=cast.lead_writer)

    assert first is not None
    assert first.digest != second.digest


# record_opinion


def test_an_opinion_is_bound_to_the_digest_and_the_last_one_due_settles_the_gate(
    cast: steps.Cast, call: Call
) -> None:
    application = steps.frozen(cast, call)
    round_ = round_of(application)
    assert round_ is not None
    parties = list(round_.parties.order_by("position"))

    for party in parties[:3]:
        assert not Gate.objects.exists()
        signature = steps.sign_one(application, party, cast.lead_writer)
        assert signature.digest == application.version.digest

    assert list(Gate.objects.values_list("key", flat=True)) == ["district"]
    assert steps.last_event(application.chain).name == "application.signed"
    refused(NotNow, lambda: steps.sign_one(application, parties[0], cast.lead_writer), match="已经同意")


def test_who_disagreed_may_agree_later_and_the_latest_word_counts(cast: steps.Cast, call: Call) -> None:
    application = steps.frozen(cast, call)
    round_ = round_of(application)
    assert round_ is not None
    party = round_.parties.order_by("position").first()
    assert party is not None

    steps.sign_one(application, party, cast.lead_writer, "disagree")
    assert not party.has_agreed
    assert steps.last_event(application.chain).name == "signoff.declined"
    steps.sign_one(application, party, cast.lead_writer)

    assert party.has_agreed
    assert party.signatures.count() == 2


@pytest.mark.parametrize("days", [1, -1])
def test_a_date_ahead_or_before_the_version_is_refused(cast: steps.Cast, call: Call, days: int) -> None:
    application = steps.frozen(cast, call)
    round_ = round_of(application)
    assert round_ is not None
    party = round_.parties.first()
    assert party is not None

    def record() -> None:
        applications.record_opinion(
            application,
            party,
            by=cast.lead_writer,
            decision=Signature.Decision.AGREE,
            signatory="负责人",
            signed_on=steps.today(call) + timedelta(days=days),
            scan=steps.scan(cast.lead_writer),
        )

    refused(Invalid, record)


def test_others_record_no_opinion(cast: steps.Cast, call: Call) -> None:
    application = steps.frozen(cast, call)
    round_ = round_of(application)
    assert round_ is not None
    party = round_.parties.first()

    for person in (cast.outsider, cast.heping_handler, cast.auditor):
        refused(NotPermitted, lambda by=person: steps.sign_one(application, party, by))


def test_the_office_that_holds_the_application_records_the_opinion_due_later(
    cast: steps.Cast, call: Call
) -> None:
    application, _ = steps.dispatched(cast, call)
    round_ = round_of(application)
    assert round_ is not None
    managing = round_.parties.get(role="managing")

    refused(NotPermitted, lambda: steps.sign_one(application, managing, cast.lead_writer))
    refused(NotPermitted, lambda: steps.sign_one(application, managing, cast.heping_handler))
    steps.sign_one(application, managing, cast.commission_officer)

    round_.refresh_from_db()
    assert round_.state == "complete"
    assert list(Gate.objects.order_by("pk").values_list("key", flat=True)) == ["district", "national"]


# lodge


def test_handing_in_gives_a_receipt_with_number_time_and_digest(
    cast: steps.Cast, call: Call, clock_at: Any
) -> None:
    application = steps.signed(cast, call)
    clock_at(2023, 7, 24, 17, 0, 0)

    receipt = applications.lodge(application, cast.heping, by=cast.lead_head)

    application = steps.fresh(application)
    assert (application.state, application.office, application.stage) == ("lodged", cast.heping, "district")
    assert receipt.number == "TJ10-0001-01"
    assert receipt.at.isoformat() == "2023-07-24T09:00:00+00:00"
    assert receipt.digest == application.version.digest
    assert receipt.is_hand_in
    event = steps.last_event(application.chain)
    assert (event.name, event.detail["number"]) == ("application.lodged", receipt.number)


def test_handing_in_is_refused_too_late_too_early_incomplete_or_to_the_wrong_office(
    cast: steps.Cast, call: Call, clock_at: Any
) -> None:
    application = steps.frozen(cast, call)

    refused(
        NotNow, lambda: applications.lodge(application, cast.heping, by=cast.lead_writer), match="保证单位"
    )
    steps.sign(application, gates_until(call, "district"), cast.lead_writer)
    refused(NotPermitted, lambda: applications.lodge(application, cast.commission, by=cast.lead_writer))
    refused(NotPermitted, lambda: applications.lodge(application, cast.institute, by=cast.lead_writer))
    refused(NotPermitted, lambda: applications.lodge(application, cast.heping, by=cast.heping_handler))
    clock_at(2023, 7, 24, 17, 0, 1)
    refused(
        NotNow, lambda: applications.lodge(application, cast.heping, by=cast.lead_writer), match="收件时间"
    )
    clock_at(2023, 6, 12, 23, 59, 59)
    refused(NotNow, lambda: applications.lodge(application, cast.heping, by=cast.lead_writer))


def test_a_sector_authority_takes_hand_ins_too(cast: steps.Cast, call: Call) -> None:
    application = steps.signed(cast, call)

    assert applications.lodge(application, cast.sector, by=cast.lead_writer).office == cast.sector


def test_a_corrected_application_goes_back_to_its_office_whatever_the_time(
    cast: steps.Cast, call: Call, clock_at: Any
) -> None:
    application = steps.lodged(cast, call)
    reviews.return_for_correction(application, by=cast.heping_handler, reasons=[Said("请补充")])
    clock_at(2023, 7, 26, 9, 0, 0)
    steps.write(application, cast.lead_writer, goals__goals="目标改写。")
    applications.freeze(application, by=cast.lead_writer)
    refused(
        NotNow, lambda: applications.lodge(application, cast.heping, by=cast.lead_writer), match="还没有收到"
    )
    steps.sign(steps.fresh(application), gates_until(call, "district"), cast.lead_writer)

    refused(NotNow, lambda: applications.lodge(application, cast.sector, by=cast.lead_writer), match="交回")
    receipt = applications.lodge(application, cast.heping, by=cast.lead_writer)

    assert (receipt.number, receipt.version.number) == ("TJ10-0001-02", 2)


# withdraw, pass_on, nominate


def test_withdrawing_ends_it_and_keeps_everything(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    signatures = Signature.objects.count()

    refused(NotPermitted, lambda: applications.withdraw(application, by=cast.heping_handler, reason="不想办"))
    applications.withdraw(application, by=cast.lead_head, reason="职能调整")

    application = steps.fresh(application)
    round_ = round_of(application)
    assert round_ is not None
    assert (application.state, round_.state) == ("withdrawn", "void")
    assert Signature.objects.count() == signatures
    assert steps.last_event(application.chain).detail == {"reason": "职能调整"}


def test_nothing_leaves_for_the_destination_before_its_last_stage_or_its_last_opinion(
    cast: steps.Cast, call: Call
) -> None:
    application = steps.recommended(cast, call)

    refused(
        NotNow,
        lambda: applications.nominate(application, by=cast.heping_approver, via="清单"),
        match="最后一级",
    )

    application = steps.at_last_stage(cast, call)
    refused(
        NotNow,
        lambda: applications.pass_on(application, cast.commission, by=cast.commission_approver, via="清单"),
        match="最后一级",
    )


def test_each_sees_what_is_its_own(cast: steps.Cast, call: Call) -> None:
    application, _ = steps.dispatched(cast, call)

    seen = {
        name
        for name in (
            "lead_writer",
            "lead_head",
            "heping_handler",
            "heping_approver",
            "institute_clerk",
            "commission_officer",
            "auditor",
            "other_handler",
            "sector_officer",
            "outsider",
            "administrator",
            "expert",
            "partner",
        )
        if visible_to(getattr(cast, name)).filter(pk=application.pk).exists()
    }

    assert seen == {
        "lead_writer",
        "lead_head",
        "heping_handler",
        "heping_approver",
        "institute_clerk",
        "commission_officer",
        "auditor",
    }


def test_the_history_of_all_this_holds(cast: steps.Cast, call: Call) -> None:
    steps.nominated(cast, call)

    assert verify().faults == []
