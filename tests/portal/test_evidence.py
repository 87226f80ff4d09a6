"""Conditions as questions: each leads to the files that prove it, and each slot back to its questions."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.urls import reverse

from shidian.applications import actions
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.portal.evidence import questions
from tests import steps
from tests.portal.pages import signed_in, text_of


@pytest.fixture
def draft(cast: steps.Cast, call: Call) -> Application:
    return actions.start(call, cast.lead, by=cast.lead_writer)


def page(cast: steps.Cast, draft: Application, section: str = "conditions") -> str:
    address = reverse("portal:section", kwargs={"reference": draft.reference, "section": section})
    return signed_in(cast.lead_writer).get(address).content.decode()


def test_each_question_that_wants_evidence_leads_to_its_slot(cast: steps.Cast, draft: Application) -> None:
    place = reverse("portal:attachments", kwargs={"reference": draft.reference})
    shown = page(cast, draft)
    assert shown.count(f'<a href="{place}#slot-registration">') == 2
    assert shown.count(f'<a href="{place}#slot-staff">') == 2
    assert shown.count("还没有文件") == len(draft.call.definition.evidence_slots)
    assert "证明材料：<a" not in page(cast, draft, "cover")


def test_the_files_are_counted(cast: steps.Cast, draft: Application) -> None:
    slot = next(slot for slot in draft.call.definition.attachments if slot.key == "registration")
    for name in ("证书.pdf", "续页.pdf"):
        actions.attach(draft, slot, BytesIO(steps.pdf_bytes()), name=name, by=cast.lead_writer)
    assert page(cast, draft).count("已有 2 个文件") == 2


def test_a_slot_leads_back_to_its_questions(cast: steps.Cast, draft: Application) -> None:
    found = questions(draft)
    assert [question.words for question in found["staff"]] == [
        "（二）本单位是否设置了标准化管理内设机构？",
        "（二）本单位是否配备了专职或者兼职标准化人员？",
    ]
    assert found["staff"][0].url.endswith("/sections/conditions/#f-foundation-body")
    answer = signed_in(cast.lead_writer).get(
        reverse("portal:attachments", kwargs={"reference": draft.reference})
    )
    assert ">（二）本单位是否设置了标准化管理内设机构？</a>" in text_of(answer)


def test_an_answer_that_does_not_qualify_is_a_warning_that_says_who_judges(
    cast: steps.Cast, call: Call
) -> None:
    draft = steps.start_filled(cast, call)
    steps.fill(
        draft, {"conditions": {"function-liability": "no", "record-accidents": "yes"}}, cast.lead_writer
    )
    answer = signed_in(cast.lead_writer).get(reverse("portal:check", kwargs={"reference": draft.reference}))
    words = text_of(answer)
    assert "“本单位是否能够独立承担法律责任？”答的是“否”。" in words
    assert "“三年内是否发生过重大服务质量、安全、环境保护等事故？”答的是“是”。" in words
    assert words.count("是否符合，由受理机构判断。") >= 2
    assert "不影响冻结，由受理机构判断" in words
    assert not [problem for problem in actions.problems(draft) if problem.severity == "error"]
    shown = page(cast, draft)
    assert shown.count("照实回答即可，不妨碍填写和递交；是否符合，由受理机构判断。") == shown.count(
        "data-unless="
    )
    assert shown.count("仍由本单位申请的，请在依据里说明理由。") == 2
