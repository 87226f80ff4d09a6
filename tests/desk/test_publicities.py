"""The last stage's screens: decisions in a table, publicities, objections, results."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.dispatch.publishing.models import Objection, Publicity, Result, ResultLetter
from shidian.documents.sheets import write_rows
from shidian.reviews.models import DraftDecision, Ruling
from tests import steps
from tests.desk.pages import sheet_of, signed_in, source_of, text_of
from tests.dispatch import publishing_steps as acts
from tests.reviews.test_deciding import ready


def test_decisions_are_typed_in_the_rows_and_confirmed_by_another(cast: steps.Cast, call: Call) -> None:
    application = ready(cast, call)
    reference = application.reference
    officer, approver = signed_in(cast.commission_officer), signed_in(cast.commission_approver)
    table = reverse("desk:decisions", args=(call.key,))
    typed = {f"choice-{reference}": "select", f"reason-{reference}": "符合条件", f"number-{reference}": "0"}

    assert "已保存" in text_of(officer.post(table, typed, follow=True))
    assert DraftDecision.objects.get().reason == "符合条件"
    answer = officer.post(table, {**typed, f"number-{reference}": "1", "propose": "1"}, follow=True)
    assert "选报：1 件" in text_of(answer)
    officer.post(reverse("desk:decisions-proposal", args=(call.key,)))
    ruling = Ruling.objects.get()
    assert "待确认" in text_of(officer.get(table))
    assert "确认决定" in text_of(approver.get(reverse("desk:home")))
    approver.post(reverse("desk:ruling-confirmation", args=(ruling.reference,)))

    assert steps.fresh(application).state == "recommended"
    assert sheet_of(officer.get(reverse("desk:decisions-xlsx", args=(call.key,))))[1][6] == "已选报"


def test_a_wrong_row_keeps_what_was_typed(cast: steps.Cast, call: Call) -> None:
    application = ready(cast, call)
    reference = application.reference
    officer = signed_in(cast.commission_officer)
    long = "很" * 2001

    answer = officer.post(
        reverse("desk:decisions", args=(call.key,)),
        {f"choice-{reference}": "put_off", f"reason-{reference}": long, f"number-{reference}": "0"},
    )

    assert answer.status_code == 422
    assert long in source_of(answer)
    assert f'href="#reason-{reference}"' in source_of(answer)


def test_what_is_not_fit_to_be_put_forward_is_said_in_its_row(cast: steps.Cast, call: Call) -> None:
    reference = ready(cast, call).reference
    officer, table = signed_in(cast.commission_officer), reverse("desk:decisions", args=(call.key,))
    typed = {f"choice-{reference}": "put_off", f"number-{reference}": "0", "propose": "1"}

    answer = officer.post(table, typed)

    assert answer.status_code == 422
    assert f'href="#reason-{reference}"' in source_of(answer)
    number = DraftDecision.objects.get().number
    assert f'name="number-{reference}" value="{number}"' in source_of(answer)
    right = {**typed, f"number-{reference}": str(number), f"reason-{reference}": "再议"}
    assert "暂缓：1 件" in text_of(officer.post(table, right, follow=True))


def test_what_was_sent_back_can_be_changed(cast: steps.Cast, call: Call) -> None:
    application = ready(cast, call)
    reference = application.reference
    officer, approver = signed_in(cast.commission_officer), signed_in(cast.commission_approver)
    officer.post(
        reverse("desk:decisions", args=(call.key,)),
        {f"choice-{reference}": "put_off", f"reason-{reference}": "再议", f"number-{reference}": "0"},
    )
    officer.post(reverse("desk:decisions-proposal", args=(call.key,)))
    ruling = Ruling.objects.get()
    back = reverse("desk:ruling-sending-back", args=(ruling.reference,))

    assert approver.post(back, {"reason": ""}).status_code == 422
    approver.post(back, {"reason": "写具体"})

    assert "写具体" in text_of(officer.get(reverse("desk:ruling", args=(ruling.reference,))))
    assert f'name="choice-{reference}"' in source_of(officer.get(reverse("desk:decisions", args=(call.key,))))


def test_a_publicity_goes_from_the_desk_to_the_public(cast: steps.Cast, call: Call) -> None:
    steps.at_last_stage(cast, call)
    officer, approver = signed_in(cast.commission_officer), signed_in(cast.commission_approver)

    officer.post(
        reverse("desk:publicity-new", args=(call.key,)), {"title": "拟报送项目公示", "text": "现予公示。"}
    )
    found = Publicity.objects.get()
    assert Client().get(reverse("public:publicity", args=(found.reference,))).status_code == 404
    page = approver.get(reverse("desk:publication", args=(found.reference,)))
    mark = re.search(r'name="mark" value="([^"]+)"', source_of(page))
    assert mark
    approver.post(reverse("desk:publication", args=(found.reference,)), {"mark": mark[1]})

    page = Client().get(reverse("public:publicity", args=(found.reference,)))
    words = text_of(page)
    assert "拟报送项目公示" in words and "和平区应急救援队伍建设" in words and "王**" in words
    assert "13800000000" not in page.content.decode() and "王经办" not in page.content.decode()
    assert found.reference in Client().get(reverse("public:call", args=(call.key,))).content.decode()
    pdf = Client().get(reverse("public:publicity-pdf", args=(found.reference,)))
    assert b"".join(pdf.streaming_content).startswith(b"%PDF-")


def test_extending_and_withdrawing_say_why_in_public(cast: steps.Cast, call: Call) -> None:
    found = acts.running(cast, call)
    approver = signed_in(cast.commission_approver)
    longer = reverse("desk:publicity-extension", args=(found.reference,))
    assert approver.post(longer, {"days": "0", "reason": ""}).status_code == 422
    approver.post(longer, {"days": "3", "reason": "系统停机"})
    public = reverse("public:publicity", args=(found.reference,))
    assert "系统停机" in text_of(Client().get(public))

    approver.post(reverse("desk:publicity-withdrawal", args=(found.reference,)), {"reason": "名单有误"})

    assert "名单有误" in text_of(Client().get(public))
    assert Client().get(reverse("public:objecting", args=(found.reference,))).status_code == 200


def test_a_correction_leaves_the_old_one_marked(cast: steps.Cast, call: Call) -> None:
    found = acts.running(cast, call)
    officer = signed_in(cast.commission_officer)
    page = reverse("desk:publicity-correction", args=(found.reference,))
    assert officer.post(page, {"title": "更正公示", "text": "更正如下。", "why": ""}).status_code == 422
    officer.post(page, {"title": "更正公示", "text": "更正如下。", "why": "单位名称有误"})
    newer = Publicity.objects.get(replaces=found)
    signed_in(cast.commission_approver).post(
        reverse("desk:publication", args=(newer.reference,)), {"mark": acts.publicity.seen(acts.fresh(newer))}
    )

    old = text_of(Client().get(reverse("public:publicity", args=(found.reference,))))
    assert "已更正" in old and newer.reference in old and "单位名称有误" in old


def test_an_objection_is_handled_at_the_desk(cast: steps.Cast, call: Call) -> None:
    found = acts.filed(cast, call)
    officer, approver = signed_in(cast.commission_officer), signed_in(cast.commission_approver)
    here = {"args": (found.number,)}
    assert "陈某某" in text_of(officer.get(reverse("desk:objection", **here)))
    officer.post(reverse("desk:objection-claim", **here))
    assert officer.post(reverse("desk:objection-note", **here), {"note": ""}).status_code == 422
    officer.post(reverse("desk:objection-note", **here), {"note": "已核实"})
    answer = reverse("desk:objection-answer", **here)
    wrong = officer.post(answer, {"outcome": "upheld", "text": "成立"})
    assert wrong.status_code == 422 and "成立" in source_of(wrong)
    letter = SimpleUploadedFile("答复函.pdf", steps.pdf_bytes(), "application/pdf")
    officer.post(answer, {"outcome": "upheld", "text": "情况属实", "strikes": "on", "scan": letter})
    approver.post(reverse("desk:objection-confirmation", **here))

    settled = acts.again(found)
    assert settled.state == "settled" and settled.decision_id
    assert steps.fresh(Application.objects.get(pk=settled.item.application_id)).state == "declined"
    # The unit learns of the decision, never of the objector.
    history = signed_in(cast.lead_writer).get(
        reverse("portal:history", args=(settled.item.application.reference,))
    )
    assert "异议" in text_of(history) and "陈某某" not in text_of(history)
    public = text_of(Client().get(reverse("public:publicity", args=(settled.publicity.reference,))))
    assert "已取消" not in public  # while it runs nothing is said
    assert sheet_of(officer.get(reverse("desk:objections-xlsx", args=(call.key,))))[1][0] == found.number


def test_an_objection_by_letter_is_entered(cast: steps.Cast, call: Call) -> None:
    found = acts.running(cast, call)
    page = reverse("desk:objection-new", args=(found.reference,))
    officer = signed_in(cast.commission_officer)
    assert officer.post(page, {"text": "来信", "name": "某人"}).status_code == 422
    officer.post(page, {"text": "来信", "name": "某人", "address": "某路 1 号"})

    assert Objection.objects.get().filed_with == cast.commission_officer


def record_letter(officer: Client, call: Call) -> ResultLetter:
    scan = SimpleUploadedFile("来文.pdf", steps.pdf_bytes(), "application/pdf")
    officer.post(
        reverse("desk:result-letter-new", args=(call.key,)),
        {"issuer": "国家标准委", "number": "1号", "title": "通知", "dated": "2023-07-01", "scan": scan},
    )
    return ResultLetter.objects.get()


def test_results_are_tried_before_they_are_recorded(cast: steps.Cast, call: Call) -> None:
    application, _ = steps.nominated(cast, call)
    reference = application.reference
    officer = signed_in(cast.commission_officer)
    assert officer.post(reverse("desk:result-letter-new", args=(call.key,)), {}).status_code == 422
    letter = record_letter(officer, call)
    page = reverse("desk:result-letter", args=(letter.pk,))
    wrong = officer.post(
        page, {f"outcome-{reference}": "approved", f"name-{reference}": "", f"unit-{reference}": "单位"}
    )
    assert wrong.status_code == 422 and "请写来文公布的名称" in text_of(wrong)
    trial = officer.post(
        page,
        {f"outcome-{reference}": "approved", f"name-{reference}": "公布名", f"unit-{reference}": "公布单位"},
    )
    assert not Result.objects.exists()
    ticket = re.search(r'name="ticket" value="([^"]+)"', source_of(trial))
    assert ticket
    recording = reverse("desk:result-recording", args=(letter.pk,))
    assert officer.post(recording, {"ticket": "forged"}).status_code == 409
    officer.post(recording, {"ticket": ticket[1]})

    assert Result.objects.get().issued_name == "公布名"
    public = text_of(Client().get(reverse("public:results", args=(call.key,))))
    assert "公布名" in public and application.name in public
    assert "公布名" in text_of(signed_in(cast.lead_writer).get(reverse("portal:history", args=(reference,))))
    assert "国家批准" in text_of(
        signed_in(cast.lead_writer).get(reverse("portal:application", args=(reference,)))
    )


def test_a_sheet_of_results_is_tried_row_by_row(cast: steps.Cast, call: Call) -> None:
    application, _ = steps.nominated(cast, call)
    officer = signed_in(cast.commission_officer)
    letter = record_letter(officer, call)
    page = reverse("desk:result-sheet", args=(letter.pk,))
    template = sheet_of(officer.get(reverse("desk:results-xlsx", args=(call.key,))))
    head = [str(cell) for cell in template[0]]
    rows = [
        [application.reference, "批准", "公布名", "公布单位", *[""] * (len(head) - 4)],
        ["TJ10-9999", "批准"] + [""] * (len(head) - 2),
    ]
    content = write_rows("结果", head, rows, created=steps.clock.now())

    answer = officer.post(page, {"sheet": SimpleUploadedFile("结果.xlsx", content)})

    assert answer.status_code == 422 and "TJ10-9999" in text_of(answer)
    broken = officer.post(page, {"sheet": SimpleUploadedFile("结果.xlsx", BytesIO(b"no").read())})
    assert broken.status_code == 422 and "读不出来" in text_of(broken)


@pytest.mark.parametrize("name", ["decisions", "publicities", "results"])
def test_empty_pages_say_what_fills_them(cast: steps.Cast, call: Call, name: str) -> None:
    page = signed_in(cast.auditor).get(reverse(f"desk:{name}", args=(call.key,)))

    assert page.status_code == 200
    assert "empty-title" in source_of(page)
