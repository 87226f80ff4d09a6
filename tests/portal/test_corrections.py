"""The problem list as the lead works it off: what is locked, replies, asking for more."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from shidian.applications.models import Application, Correction, CorrectionEntry, OpeningRequest
from shidian.applications.queries import answers, lodgement_here
from shidian.calls.models import Call
from shidian.reviews import actions as reviews
from shidian.reviews import problems
from tests import steps
from tests.portal.pages import at, signed_in, text_of


def returned(cast: steps.Cast, call: Call, *places: str) -> Application:
    application = steps.lodged(cast, call)
    lodgement = lodgement_here(application)
    assert lodgement is not None
    for place in places or ("f:cover.contact",):
        problems.draft(lodgement, place=place, text="不对，请改", severity="must", by=cast.heping_handler)
    reviews.return_for_correction(application, by=cast.heping_handler)
    return steps.fresh(application)


def test_the_form_shows_what_is_locked_and_why(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call)
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(at("section", application, section="cover")))

    assert 'name="contact"' in page
    assert 'name="name"' not in page
    assert "没有列入问题清单，这次补正不能改。" in page
    assert "不对，请改" in page
    closed = text_of(client.get(at("section", application, section="goals")))
    assert "现在只能看，不能改。" in closed
    assert "申请开放" in closed


def test_only_the_open_row_can_be_typed_in(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "r:plan.plan.2")

    page = text_of(signed_in(cast.lead_writer).get(at("section", application, section="plan")))

    first = page[page.index('id="f-plan-1-content"') :][:400]
    second = page[page.index('id="f-plan-2-content"') :][:400]
    assert " readonly" in first.split(">")[0]
    assert " readonly" not in second.split(">")[0]
    assert "只开放了第 2 行" in page


def test_a_whole_section_is_saved_without_the_locked_fields(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call)

    signed_in(cast.lead_writer).post(
        at("section", application, section="cover"),
        {"contact": "新联系人", "numbers": '{"contact": 1}', "go": "save"},
    )

    cover = answers(application)["cover"]
    assert cover["contact"] == "新联系人"
    assert cover["name"] == steps.filled(call)["cover"]["name"]


def test_autosave_and_whole_pages_are_refused_at_a_locked_field(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call)
    client = signed_in(cast.lead_writer)

    answer = client.post(
        at("field", application, section="cover", field="name"), {"name": "别的名称", "number": "1"}
    )
    assert answer.status_code == 403
    assert "没有列入问题清单" in answer.json()["refused"]
    answer = client.post(
        at("section", application, section="goals"), {"goals": "改", "numbers": '{"goals": 1}'}
    )
    assert answer.status_code == 409
    assert "没有列入问题清单" in text_of(answer)


def test_attachments_are_locked_but_for_what_is_named(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "a:support")
    client = signed_in(cast.lead_writer)
    held = application.attachments.first()
    assert held is not None

    page = text_of(client.get(at("attachments", application)))
    assert 'id="file-support"' in page
    assert f'id="file-{held.slot}"' not in page
    removal = client.get(at("attachment-removal", application, pk=held.pk))
    assert "没有列入问题清单" in text_of(removal)
    file = BytesIO(steps.pdf_bytes())
    file.name = "文件.pdf"
    answer = client.post(at("attachments", application), {"slot": held.slot, "files": file})
    assert "没有列入问题清单" in text_of(answer)


def test_the_list_is_read_replied_to_and_printed(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "f:cover.contact", "p:1", "a:", "")
    client = signed_in(cast.lead_writer)
    there = at("correction", application, number=1)
    item = Correction.objects.get().items.first()
    assert item is not None

    page = text_of(client.get(there))
    assert f"{at('section', application, section='cover')}#f-contact" in page
    wrong = client.post(there, {"item": item.pk, "do": "reply", "text": " "})
    assert wrong.status_code == 422
    assert "请写下回复的内容" in text_of(wrong)
    answer = client.post(there, {"item": item.pk, "do": "reply", "text": "已经改了"}, follow=True)
    assert "已经改了" in text_of(answer)
    assert CorrectionEntry.objects.get().text == "已经改了"
    assert client.post(there, {"item": 0, "do": "reply", "text": "x"}).status_code == 404
    assert client.get(at("correction", application, number=9)).status_code == 404
    paper = client.get(at("correction-pdf", application, number=1))
    assert paper["Content-Type"] == "application/pdf"


def test_more_is_asked_for(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call)
    client = signed_in(cast.lead_writer)
    there = at("correction", application, number=1)
    assert "selected" in text_of(client.get(there, {"place": "f:goals.goals"}))

    wrong = client.post(there, {"do": "ask", "place": "f:goals.goals", "reason": ""})
    assert wrong.status_code == 422
    wrong = client.post(there, {"do": "ask", "place": "f:cover.contact", "reason": "写好的理由"})
    assert wrong.status_code == 422
    assert "写好的理由" in text_of(wrong)
    answer = client.post(there, {"do": "ask", "place": "f:goals.goals", "reason": "要跟着改"}, follow=True)

    assert "等受理机构答复" in text_of(answer)
    assert OpeningRequest.objects.get().place == "f:goals.goals"


def test_the_overview_and_the_end(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call)
    client = signed_in(cast.lead_writer)
    assert "问题清单 TJ10-0001-Q01" in text_of(client.get(at("application", application)))
    steps.write(application, cast.lead_writer, cover__contact="新联系人")
    application = steps.hand_in_again(application, cast)

    page = text_of(client.get(at("correction", application, number=1)))
    assert "已经办完" in page
    assert "TJ10-0001-Q01" in text_of(client.get(at("application", application)))
    item = Correction.objects.get().items.get()
    late: Any = client.post(
        at("correction", application, number=1), {"item": item.pk, "do": "reply", "text": "还有"}
    )
    assert late.status_code == 409
