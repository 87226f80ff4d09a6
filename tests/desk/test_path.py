"""One application through a district, the institute and the commission, by the screens alone."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shidian.applications.models import Application
from shidian.applications.queries import lodgement_here, round_of
from shidian.calls.models import Call
from shidian.dispatch.models import CandidateList, Package
from shidian.reviews.checklist import judged
from tests import steps
from tests.desk.pages import signed_in, text_of


def judge_all(client: Client, found: Application) -> None:
    lodgement = lodgement_here(found)
    assert lodgement is not None
    verdicts = {f"verdict-{row.item.key}": "met" for row in judged(lodgement)}
    assert client.post(reverse("desk:checks", args=(found.reference,)), verdicts).status_code == 302


def send(handler: Client, approver: Client, keys: dict[str, str]) -> CandidateList:
    """Propose, approve, seal and dispatch."""
    assert handler.post(reverse("desk:proposal", kwargs=keys)).status_code == 302
    listed = CandidateList.objects.get(call__key=keys["call"], office__key=keys["office"])
    one: Any = (listed.reference,)
    assert approver.post(reverse("desk:approval", args=one)).status_code == 302
    scan = SimpleUploadedFile("清单盖章.pdf", steps.pdf_bytes())
    assert approver.post(reverse("desk:seal", args=one), {"scan": scan}).status_code == 302
    assert approver.post(reverse("desk:dispatch", args=one)).status_code == 302
    listed.refresh_from_db()
    assert listed.state == "dispatched"
    return listed


def test_from_the_district_to_the_national_package(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    handler, approver = signed_in(cast.heping_handler), signed_in(cast.heping_approver)
    judge_all(handler, found)
    handler.post(reverse("desk:recommendation", args=(found.reference,)))
    send(handler, approver, {"call": call.key, "office": cast.heping.key})

    clerk = signed_in(cast.institute_clerk)
    for number in (1, 2, 3):
        clerk.post(reverse("desk:copy", args=(call.key, found.reference)), {"copy": str(number)})
    clerk.post(reverse("desk:electronic", args=(call.key, found.reference)))
    assert "已到齐 1 ＋ 有缺 0 ＝ 1 件" in text_of(clerk.get(reverse("desk:registry", args=(call.key,))))

    officer, head = signed_in(cast.commission_officer), signed_in(cast.commission_approver)
    round_ = round_of(steps.fresh(found))
    assert round_ is not None
    party = round_.parties.get(role="managing")
    officer.post(
        reverse("desk:opinion", args=(found.reference, party.pk)),
        {
            "decision": "agree",
            "signatory": "某主任",
            "signed_on": "2023-07-03",
            "scan": SimpleUploadedFile("意见页.pdf", steps.pdf_bytes()),
        },
    )
    judge_all(officer, steps.fresh(found))
    officer.post(reverse("desk:recommendation", args=(found.reference,)))
    listed = send(officer, head, {"call": call.key, "office": cast.commission.key})

    assert steps.fresh(found).state == "nominated"
    assert Package.objects.get(list=listed).state == "ready"
    page = text_of(head.get(reverse("desk:list-detail", args=(listed.reference,))))
    assert "报送部级联席办公室" in page
    assert "已生成，可以下载" in page
