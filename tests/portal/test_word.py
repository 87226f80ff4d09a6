"""The form as a Word file: out, and in again field by field."""

from __future__ import annotations

import io
import re
from typing import Any

from shidian.applications import word_form
from shidian.applications.models import AnswerRevision
from shidian.applications.queries import answers
from shidian.documents.word.reader import read
from tests import steps
from tests.documents.word import breaking as b
from tests.documents.word import corpus, foreign
from tests.documents.word.people import RESCUE
from tests.portal.pages import at, signed_in, text_of, title_of


def named(content: bytes, name: str = "申请书.docx") -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def uploaded(client: Any, application: Any, content: bytes, name: str = "申请书.docx") -> str:
    answer = client.post(at("word-upload", application), {"file": named(content, name)})
    assert answer.status_code == 302, text_of(answer)
    return str(answer.headers["Location"])


def numbers(page: Any) -> str:
    found = re.search(r'name="numbers" value="([^"]*)"', page.content.decode())
    assert found
    return found[1].replace("&quot;", '"')


def foreign_file() -> bytes:
    return foreign.docx_bytes(foreign.several_tables(RESCUE, foreign.Style()))


def test_the_draft_comes_as_word_and_is_read_back_unchanged(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)

    answer = client.get(at("word-form", application))
    page = client.get(uploaded(client, application, answer.content))

    assert "wordprocessingml" in answer["Content-Type"]
    assert "attachment" in answer["Content-Disposition"]
    assert "都与现在相同" in text_of(page)
    assert "读到的 28 栏" in text_of(page)


def test_a_version_comes_as_word_and_always_the_same(cast, call):
    application = steps.frozen(cast, call)
    client = signed_in(cast.lead_writer)

    first = client.get(at("word-version", application, number=1)).content

    assert first == client.get(at("word-version", application, number=1)).content
    assert read(io.BytesIO(first), word_form.form_of(call.package)).marks.version == "v1"


def test_the_blank_form_is_there_for_everybody(client, call):
    page = client.get(f"/calls/{call.key}/")
    answer = client.get(f"/calls/{call.key}/form.docx")

    assert f"/calls/{call.key}/form.docx" in page.content.decode()
    assert answer.status_code == 200
    reading = read(io.BytesIO(answer.content), word_form.form_of(call.package))
    assert not any(found.value for found in reading.found.values())


def test_nothing_is_written_before_it_is_chosen_and_only_what_was_chosen(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)
    before = answers(application)
    address = uploaded(client, application, foreign_file())
    page = client.get(address)

    assert answers(application) == before
    answer = client.post(
        address, {"numbers": numbers(page), "take": ["lead.legal_head", "plan.plan"], "do": "ticked"}
    )

    assert answer.status_code == 302
    after = answers(application)
    assert after["lead"].pop("legal_head") == "张建国"
    assert after["plan"].pop("plan") == RESCUE.answers["plan"]["plan"]
    del before["lead"]["legal_head"], before["plan"]["plan"]
    assert after == before
    revision = AnswerRevision.objects.filter(
        answer__application=application, answer__field="legal_head"
    ).last()
    assert revision is not None
    assert revision.how == AnswerRevision.How.IMPORTED


def test_everything_can_be_taken_at_once(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)
    address = uploaded(client, application, foreign_file())

    page = client.post(address, {"numbers": numbers(client.get(address)), "do": "all"}, follow=True)

    assert "已从 Word 采用" in text_of(page)
    after = answers(application)
    assert after["goals"]["goals"] == RESCUE.answers["goals"]["goals"]
    assert after["parties"]["guarantors"][0]["name"] == "和平区示范人民政府"


def test_taking_nothing_is_explained(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)
    address = uploaded(client, application, foreign_file())

    answer = client.post(address, {"numbers": "{}", "do": "ticked"})

    assert answer.status_code == 422
    assert title_of(answer).startswith("错误：")
    assert "还没有勾选要采用的内容" in text_of(answer)


def test_the_differences_are_marked(cast, call):
    application = steps.start_filled(cast, call)
    steps.write(application, cast.lead_writer, lead__address="天津市和平区示范路11号")
    client = signed_in(cast.lead_writer)

    page = client.get(uploaded(client, application, foreign_file())).content.decode()

    assert "天津市和平区示范路1<del>1</del><ins>2</ins>号" in page


def test_a_colleagues_newer_text_is_not_overwritten(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)
    address = uploaded(client, application, foreign_file())
    seen = numbers(client.get(address))
    steps.write(application, cast.lead_head, lead__legal_head="同事刚改的")

    answer = client.post(
        address, {"numbers": seen, "take": ["lead.legal_head", "lead.address"], "do": "ticked"}
    )

    assert answer.status_code == 200
    assert "“法定代表人（负责人）”没有写入" in text_of(answer)
    after = answers(application)["lead"]
    assert after["legal_head"] == "同事刚改的"
    assert after["address"] == "天津市和平区示范路12号"
    assert AnswerRevision.objects.filter(
        answer__application=application, value="张建国", how=AnswerRevision.How.ASIDE
    ).exists()


def test_a_loose_text_is_put_into_a_field_by_hand(cast, call):
    application = steps.start_filled(cast, call)
    steps.write(application, cast.lead_writer, lead__business_scope="原来的范围。")
    client = signed_in(cast.lead_writer)
    address = uploaded(client, application, b.changed(corpus.own("rescue"), b.extra_fact_row))
    page = client.get(address)

    assert "没有认出属于哪一栏的文字" in text_of(page)
    client.post(
        address,
        {
            "numbers": numbers(page),
            "loose-2": "lead.business_scope",
            "how-2": "append",
            "do": "ticked",
        },
    )

    assert answers(application)["lead"]["business_scope"] == "原来的范围。\n022-27119999"


def test_a_file_that_cannot_be_read_says_why_at_its_place(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)

    for content, words in (
        (b"", "0 字节"),
        (b"%PDF-1.7 x", "这是 PDF 文件"),
        (b"PK\x03\x04", "不完整或已损坏"),
    ):
        answer = client.post(at("word-upload", application), {"file": named(content)})
        assert answer.status_code == 422
        assert words in text_of(answer)
    assert "请先选择" in text_of(client.post(at("word-upload", application)))


def test_another_persons_upload_and_a_made_up_one_are_not_there(cast, call):
    application = steps.start_filled(cast, call)
    address = uploaded(signed_in(cast.lead_writer), application, foreign_file())

    assert signed_in(cast.lead_head).get(address).status_code == 404
    assert signed_in(cast.lead_writer).get(at("word-review", application, token="x")).status_code == 404


def test_a_frozen_application_takes_no_file(cast, call):
    application = steps.frozen(cast, call)
    client = signed_in(cast.lead_writer)

    page = client.post(at("word-upload", application), {"file": named(foreign_file())})

    assert "现在不能导入" in text_of(page)


def test_a_file_of_another_application_is_told(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)

    page = client.get(uploaded(client, application, corpus.own("rescue")))

    assert application.reference == "TJ10-0001" or "从另一份申请下载的（TJ10-0001）" in text_of(page)
