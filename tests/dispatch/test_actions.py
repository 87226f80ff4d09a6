"""What the verbs on lists, on paper and on packages make true, what they record, and what they refuse."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import IntegrityError, transaction

from shidian.applications import actions as applications
from shidian.applications import papers
from shidian.applications.models import Application, Attestation
from shidian.applications.signing import give_mandate
from shidian.audit.queries import verify as verify_history
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.digests import sha256_of_bytes
from shidian.core.errors import Invalid, NotNow, NotPermitted, Stale
from shidian.dispatch import actions as dispatch
from shidian.dispatch import packages
from shidian.dispatch.bag import BagWriter
from shidian.dispatch.models import CandidateList, PaperCopy
from shidian.dispatch.models import Package as Sent
from shidian.dispatch.queries import entries, registered
from shidian.dispatch.verify import verify
from shidian.documents.actions import keep
from shidian.documents.storage import file_store
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from shidian.signoffs.actions import Evidence, record_signature
from shidian.signoffs.models import Signature
from shidian.signoffs.queries import parties
from tests import steps
from tests.steps import refused


def three(cast: steps.Cast, call: Call) -> list[Application]:
    return [steps.recommended(cast, call) for _ in range(3)]


def seal(listed: CandidateList, by: Any) -> None:
    dispatch.seal(listed, steps.scan(by), by=by)


# rank, propose


def test_the_list_writes_itself_and_is_put_in_order(cast: steps.Cast, call: Call) -> None:
    first, second, third = three(cast, call)
    assert [row.application.reference for row in entries(call, cast.heping)] == [
        first.reference,
        second.reference,
        third.reference,
    ]

    listed = dispatch.rank(
        call, cast.heping, [third.reference], by=cast.heping_handler, remarks={third.reference: "首推"}
    )

    assert listed.reference == "TJ10-HEPING-1"
    rows = [(row.application.reference, row.rank, row.remark) for row in entries(call, cast.heping)]
    assert rows == [(third.reference, 1, "首推"), (first.reference, 2, ""), (second.reference, 3, "")]
    assert [event.name for event in steps.events(listed.chain)] == ["list.started", "list.ranked"]


def test_ordering_is_refused_to_others_and_for_what_is_not_recommended(cast: steps.Cast, call: Call) -> None:
    application = steps.recommended(cast, call)
    for person in (cast.heping_approver, cast.other_handler, cast.lead_writer, cast.auditor):
        refused(NotPermitted, lambda by=person: dispatch.rank(call, cast.heping, [], by=by))
    reviews.take_back(application, by=cast.heping_handler, reason="复核")

    refused(Stale, lambda: dispatch.rank(call, cast.heping, [application.reference], by=cast.heping_handler))


def test_an_empty_list_is_not_put_forward(cast: steps.Cast, call: Call) -> None:
    refused(NotNow, lambda: dispatch.propose(call, cast.heping, by=cast.heping_handler), match="空的")


def test_a_list_with_an_opinion_missing_is_not_put_forward(cast: steps.Cast, call: Call) -> None:
    application, _ = steps.dispatched(cast, call)
    steps.judge(application, cast.commission_officer)
    reviews.recommend(application, by=cast.commission_officer)

    refused(
        NotNow, lambda: dispatch.propose(call, cast.commission, by=cast.commission_officer), match="管理单位"
    )


# confirm, send back, revoke


def test_a_second_person_approves_and_the_list_is_frozen(cast: steps.Cast, call: Call) -> None:
    first, second, _ = three(cast, call)
    dispatch.rank(call, cast.heping, [second.reference], by=cast.heping_handler)
    listed = dispatch.propose(call, cast.heping, by=cast.heping_handler)

    listed = dispatch.confirm(listed, by=cast.heping_approver)

    assert listed.version is not None
    data = listed.version.data
    assert [row["reference"] for row in data["applications"]][:2] == [second.reference, first.reference]
    assert data["rows"][0][0] == "1"
    assert (listed.proposed_by, listed.confirmed_by) == (cast.heping_handler, cast.heping_approver)
    event = steps.last_event(listed.chain)
    assert (event.name, event.detail["digest"]) == ("list.confirmed", listed.version.digest)


def test_nobody_approves_a_list_of_the_own_hand(cast: steps.Cast, call: Call) -> None:
    steps.appoint(cast.heping_handler, cast.heping, "approver")
    steps.recommended(cast, call)
    listed = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    refused(NotPermitted, lambda: dispatch.confirm(listed, by=cast.heping_handler), match="提交清单的人")

    another = steps.make_user("another", "钱经办")
    steps.appoint(another, cast.heping, "handler")
    dispatch.send_back(listed, by=cast.heping_approver, reason="换人提交")
    listed = dispatch.propose(call, cast.heping, by=another)
    refused(NotPermitted, lambda: dispatch.confirm(listed, by=cast.heping_handler), match="本人经办推荐")
    refused(NotPermitted, lambda: dispatch.confirm(listed, by=another))


def test_the_database_itself_refuses_one_person_for_both(cast: steps.Cast, call: Call) -> None:
    _, listed = steps.listed(cast, call)

    with pytest.raises(IntegrityError), transaction.atomic():
        CandidateList.objects.filter(pk=listed.pk).update(confirmed_by=cast.heping_handler)
    with pytest.raises(IntegrityError), transaction.atomic():
        CandidateList.objects.filter(pk=listed.pk).update(state="dispatched", sealed_scan=None)


def test_a_list_is_sent_back_with_a_reason_and_put_forward_again(cast: steps.Cast, call: Call) -> None:
    steps.recommended(cast, call)
    listed = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    refused(Invalid, lambda: dispatch.send_back(listed, by=cast.heping_approver, reason=" "))

    dispatch.send_back(listed, by=cast.heping_approver, reason="请重排")

    assert steps.last_event(listed.chain).detail == {"reason": "请重排"}
    assert dispatch.propose(call, cast.heping, by=cast.heping_handler).pk == listed.pk


def test_an_approval_taken_back_takes_the_seal_with_it(cast: steps.Cast, call: Call) -> None:
    _, listed = steps.listed(cast, call)
    refused(NotPermitted, lambda: dispatch.revoke(listed, by=cast.heping_handler, reason="有误"))

    dispatch.revoke(listed, by=cast.heping_approver, reason="有误")

    listed.refresh_from_db()
    assert (listed.state, listed.sealed_scan) == ("draft", None)


# seal, dispatch


def test_dispatch_moves_everything_on_at_once(cast: steps.Cast, call: Call) -> None:
    first, second, third = three(cast, call)
    listed = dispatch.confirm(
        dispatch.propose(call, cast.heping, by=cast.heping_handler), by=cast.heping_approver
    )
    refused(NotNow, lambda: dispatch.dispatch(listed, by=cast.heping_approver), match="盖章")
    seal(listed, cast.heping_handler)

    dispatch.dispatch(listed, by=cast.heping_approver)

    for application in (first, second, third):
        here = steps.fresh(application)
        arrival = here.lodgements.latest("pk")
        assert (here.state, here.stage, here.office) == ("lodged", "city", cast.commission)
        assert (arrival.via, arrival.sent_by, arrival.digest) == (
            listed.reference,
            cast.heping,
            here.version.digest,
        )
        assert steps.last_event(here.chain).name == "application.passed_on"
    event = steps.last_event(listed.chain)
    assert (event.name, event.detail["count"]) == ("list.dispatched", 3)


def test_dispatch_is_refused_to_the_handler_and_after_the_deadline(
    cast: steps.Cast, call: Call, clock_at: Any
) -> None:
    _, listed = steps.listed(cast, call)
    for person in (cast.heping_handler, cast.commission_approver, cast.lead_writer):
        refused(NotPermitted, lambda by=person: dispatch.dispatch(listed, by=by))
    clock_at(2023, 8, 1, 0, 0, 0)
    refused(NotNow, lambda: dispatch.dispatch(listed, by=cast.heping_approver), match="截止")

    clock_at(2023, 7, 31, 23, 59, 59)
    assert dispatch.dispatch(listed, by=cast.heping_approver).state == "dispatched"


def test_a_list_that_no_longer_tells_the_truth_is_not_dispatched(cast: steps.Cast, call: Call) -> None:
    application, listed = steps.listed(cast, call)
    applications.withdraw(application, by=cast.lead_head, reason="不再承担")

    refused(NotNow, lambda: dispatch.dispatch(listed, by=cast.heping_approver), match="已撤回")


def test_a_newer_version_than_the_one_approved_is_not_dispatched(cast: steps.Cast, call: Call) -> None:
    """Taken back, returned, corrected and recommended again while the approved list waits for its seal."""
    application, listed = steps.listed(cast, call)
    reviews.take_back(application, by=cast.heping_handler, reason="复核")
    reviews.return_for_correction(application, by=cast.heping_handler, reasons=[Said("请补充")])
    application = steps.hand_in_again(application, cast)
    steps.judge(application, cast.heping_handler)
    reviews.recommend(application, by=cast.heping_handler)

    refused(NotNow, lambda: dispatch.dispatch(listed, by=cast.heping_approver), match="新版本")

    dispatch.revoke(listed, by=cast.heping_approver, reason="有新版本")
    listed = dispatch.confirm(
        dispatch.propose(call, cast.heping, by=cast.heping_handler), by=cast.heping_approver
    )
    seal(listed, cast.heping_approver)
    assert dispatch.dispatch(listed, by=cast.heping_approver).state == "dispatched"


def test_a_seal_needs_an_approved_list_a_right_file_and_the_own_office(cast: steps.Cast, call: Call) -> None:
    steps.recommended(cast, call)
    listed = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    refused(NotNow, lambda: seal(listed, cast.heping_handler))
    dispatch.confirm(listed, by=cast.heping_approver)
    refused(NotPermitted, lambda: seal(listed, cast.other_handler))
    seal(listed, cast.heping_handler)
    seal(listed, cast.heping_approver)

    assert [event.name for event in steps.events(listed.chain)][-2:] == ["list.sealed", "list.sealed"]


def test_what_is_recommended_later_goes_on_a_second_list(cast: steps.Cast, call: Call) -> None:
    steps.dispatched(cast, call)
    steps.recommended(cast, call)

    assert dispatch.propose(call, cast.heping, by=cast.heping_handler).reference == "TJ10-HEPING-2"


# The registry


def test_copies_are_counted_one_by_one_and_what_is_missing_is_named(cast: steps.Cast, call: Call) -> None:
    application, _ = steps.dispatched(cast, call)
    by, office = cast.institute_clerk, cast.institute

    dispatch.count_copy(call, office, application, 1, by=by)
    dispatch.count_copy(call, office, application, 3, by=by, note="页角有折")
    assert [row.missing for row in registered(call)] == [["第 2 份纸质材料", "电子材料"]]
    dispatch.register_electronic(call, office, application, by=by)
    dispatch.count_copy(call, office, application, 2, by=by)

    assert [row.missing for row in registered(call)] == [[]]
    names = [event.name for event in steps.events(application.chain)]
    assert names[-4:] == ["paper.counted", "paper.counted", "electronic.registered", "paper.counted"]


def test_a_copy_counted_by_mistake_is_corrected_and_both_stay_on_record(cast: steps.Cast, call: Call) -> None:
    application, _ = steps.dispatched(cast, call)
    counted = dispatch.count_copy(call, cast.institute, application, 2, by=cast.institute_clerk)
    refused(
        Invalid, lambda: dispatch.void_copy(call, cast.institute, counted, by=cast.institute_clerk, reason="")
    )

    dispatch.void_copy(call, cast.institute, counted, by=cast.institute_clerk, reason="误登")

    assert "第 2 份纸质材料" in registered(call)[0].missing
    refused(
        Stale,
        lambda: dispatch.void_copy(call, cast.institute, counted, by=cast.institute_clerk, reason="误登"),
    )
    dispatch.count_copy(call, cast.institute, application, 2, by=cast.institute_clerk)
    assert PaperCopy.objects.count() == 2


def test_counting_is_refused_to_others_twice_beyond_and_before_arrival(cast: steps.Cast, call: Call) -> None:
    early = steps.recommended(cast, call)
    clerk, office = cast.institute_clerk, cast.institute
    refused(NotNow, lambda: dispatch.count_copy(call, office, early, 1, by=clerk), match="还没有随清单")
    refused(NotNow, lambda: dispatch.register_electronic(call, office, early, by=clerk))
    application, _ = steps.dispatched(cast, call)
    for person in (cast.commission_officer, cast.lead_writer, cast.heping_handler, cast.auditor):
        refused(NotPermitted, lambda by=person: dispatch.count_copy(call, office, application, 1, by=by))
    refused(NotPermitted, lambda: dispatch.count_copy(call, cast.commission, application, 1, by=clerk))
    for copy in (0, 4):
        refused(Invalid, lambda number=copy: dispatch.count_copy(call, office, application, number, by=clerk))
    dispatch.count_copy(call, office, application, 1, by=clerk)
    refused(Stale, lambda: dispatch.count_copy(call, office, application, 1, by=clerk))
    dispatch.register_electronic(call, office, application, by=clerk)
    refused(Stale, lambda: dispatch.register_electronic(call, office, application, by=clerk))


# The package


def test_the_last_list_nominates_and_its_package_holds_everything(cast: steps.Cast, call: Call) -> None:
    application, listed = steps.nominated(cast, call)

    package = Sent.objects.get(list=listed)
    assert (application.state, package.state) == ("nominated", "ready")
    assert package.file is not None
    path = file_store().path(package.file.sha256)
    report = verify(path)
    assert (report.ok, report.digest) == (True, package.manifest_digest)
    with ZipFile(path) as archive:
        names = {name.partition("/data/")[2] for name in archive.namelist()}
        folder = f"applications/001-{application.reference}"
        data = json.loads(archive.read(f"{listed.reference}/data/{folder}/data.json"))
        opinions = json.loads(archive.read(f"{listed.reference}/data/{folder}/opinions.json"))
    assert {
        f"{folder}/申请书.pdf",
        f"{folder}/history.json",
        "history/anchor.json",
        "history/list.json",
    } <= names
    assert {
        "试点备选项目汇总清单.pdf",
        "试点备选项目汇总清单.xlsx",
        "试点备选项目汇总清单-盖章扫描.pdf",
    } <= names
    assert data == application.version.data
    assert {row["digest"] for row in opinions} == {application.version.digest}
    assert len([name for name in names if name.startswith(f"{folder}/opinions/")]) == 4
    assert len([name for name in names if name.startswith(f"{folder}/attachments/")]) == 2
    assert verify_history().faults == []


def test_the_package_holds_what_each_opinion_rests_on(cast: steps.Cast, call: Call, tmp_path: Path) -> None:
    """The sealed page, the statement of an opinion on screen with the mandate it was given by, the certified PDF."""
    application = steps.frozen(cast, call)
    lead, guarantor, guidance, _ = parties(application.version.round)
    steps.sign_one(application, lead, cast.lead_writer)
    today = steps.today(call)
    give_mandate(
        application,
        guarantor,
        delegate="郑科长",
        given_by="周区长",
        since=today,
        until=today,
        file=steps.scan(cast.lead_writer, "委托书.pdf"),
        by=cast.lead_writer,
    )
    on_screen = steps.sign_by_link(application, guarantor, cast.lead_writer, signatory="郑科长")
    certified = keep(BytesIO(steps.pdf_bytes(2)), name="签名.pdf", media_type="application/pdf")
    record_signature(
        guidance,
        by=cast.lead_writer,
        decision=Signature.Decision.AGREE,
        signatory="吴局长",
        signed_on=today,
        evidence=Evidence(Signature.Means.CERTIFICATE, certified=certified),
    )
    cms = keep(BytesIO(b"any"), name="签名.p7s", media_type="application/pkcs7-signature")
    Attestation.objects.create(party=guidance, file=cms, digest="", subject="CN=x", at=clock.now())

    path = tmp_path / "bag.zip"
    with BagWriter(path, stamp=clock.now()) as bag:
        packages.add_opinions(bag, "one", application.version.round)
        bag.close()
    with ZipFile(path) as archive:
        held = {
            name.partition("/one/opinions/")[2]: sha256_of_bytes(archive.read(name))
            for name in archive.namelist()
            if "/one/opinions/" in name
        }
        told = json.loads(archive.read("bag/data/one/opinions.json"))

    statement = papers.statement(on_screen)
    assert on_screen.mandate is not None
    assert held[f"02-保证单位-{guarantor.name}.pdf"] == statement.sha256
    assert held[f"02-保证单位-{guarantor.name}-委托书.pdf"] == on_screen.mandate.file.sha256
    assert held[f"03-业务指导单位-{guidance.name}.pdf"] == certified.sha256
    assert held[f"03-业务指导单位-{guidance.name}-国密签名-1.p7s"] == cms.sha256
    assert [row["means"] for row in told] == ["paper", "screen", "certificate", None]
    assert told[1]["mandate"]["given_by"] == "周区长"
    assert told[1]["proof"]["to"] == "s***@unit.example"
    assert told[2]["certified"] == certified.sha256
    # Its text is the opinion as it was given, and the same every time.
    assert papers.statement_bytes(on_screen) == papers.statement_bytes(Signature.objects.get(pk=on_screen.pk))
