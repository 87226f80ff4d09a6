"""The pages of comments."""

import pytest

from shidian.applications import actions, comments, sharing
from shidian.applications.models import Thread
from shidian.applications.roles import Role
from tests import steps
from tests.portal.pages import at, signed_in, text_of


@pytest.fixture
def draft(cast, call):
    return actions.start(call, cast.lead, by=cast.lead_writer)


def here(draft):
    return at("comments", draft, section="cover", field="name")


def test_a_thread_is_begun_answered_and_resolved_on_its_page(cast, draft):
    writer, head = signed_in(cast.lead_writer), signed_in(cast.lead_head)

    answer = writer.post(
        here(draft), {"do": "begin", "text": "<b>请看</b>", "mentions": [cast.lead_head.pk]}, follow=True
    )
    thread = Thread.objects.get()
    assert answer.redirect_chain[-1][0] == f"{here(draft)}#thread-{thread.pk}"
    assert "&lt;b&gt;请看" in answer.content.decode()
    assert "提到 李负责" in text_of(answer)
    assert "提到我的" in text_of(head.get("/applications/"))
    head.post(here(draft), {"do": "reply", "thread": thread.pk, "text": "好"})
    assert "未解决的批注" in text_of(head.get(at("application", draft)))
    section = text_of(head.get(at("section", draft, section="cover")))
    assert "批注 1 条，1 条未解决" in section
    assert "写批注" in section
    head.post(here(draft), {"do": "resolve", "thread": thread.pk})
    assert "未解决的批注" not in text_of(head.get(at("application", draft)))
    page = text_of(head.get(at("section-comments", draft, section="cover")))
    assert "已解决" in page
    head.post(here(draft), {"do": "reopen", "thread": thread.pk})
    assert Thread.objects.get().is_open


def test_what_was_typed_stays_when_it_is_refused(cast, draft):
    thread = comments.begin(draft, "cover", "name", text="第一条", by=cast.lead_head)
    client = signed_in(cast.lead_writer)
    long = "字" * 2001

    answer = client.post(
        here(draft), {"do": "reply", "thread": thread.pk, "text": long, "mentions": [cast.lead_head.pk]}
    )

    page = text_of(answer)
    assert answer.status_code == 200
    assert page.count(long) == 1
    assert f'href="#text-{thread.pk}"' in page
    assert "现在 2001 个" in page
    assert f'value="{cast.lead_head.pk}" checked' in page.replace("\n", " ").replace("  ", "")
    assert client.post(here(draft), {"do": "begin", "text": "", "mentions": ["x", "٣"]}).status_code == 200


@pytest.mark.parametrize("data", [{}, {"do": "reply", "thread": "x", "text": "a"}, {"do": "x", "text": "a"}])
def test_what_is_no_form_of_the_page_is_not_found(cast, draft, data):
    assert signed_in(cast.lead_writer).post(here(draft), data).status_code == 404


def test_fields_and_sections_that_are_none_are_not_found(cast, draft):
    client = signed_in(cast.lead_writer)

    assert client.get(at("comments", draft, section="cover", field="nothing")).status_code == 404
    assert client.get(at("section-comments", draft, section="nothing")).status_code == 404


def test_the_auditor_reads_and_an_office_never_sees_them(cast, call):
    application = steps.lodged(cast, call)
    comments.begin(application, "cover", "name", text="内部的话", by=cast.lead_writer)

    auditor = signed_in(cast.auditor)
    assert "内部的话" in text_of(auditor.get(here(application)))
    assert "内部的话" in text_of(auditor.get(at("application", application)))
    assert auditor.post(here(application), {"do": "begin", "text": "审计"}).status_code == 403
    office = signed_in(cast.heping_handler)
    assert office.get(here(application)).status_code == 404
    assert office.get(at("section-comments", application, section="cover")).status_code == 404
    for address in (
        at("application", application),
        at("history", application),
        f"/desk/applications/{application.reference}/",
    ):
        assert "内部的话" not in text_of(office.get(address)), address


def test_a_viewer_reads_without_a_way_to_write(cast, draft):
    comments.begin(draft, "cover", "name", text="看得到", by=cast.lead_writer)
    sharing.share(draft, Role.VIEWER, person=cast.partner, by=cast.lead_head)
    client = signed_in(cast.partner)

    page = text_of(client.get(here(draft)))
    assert "看得到" in page
    assert "<textarea" not in page
    section = text_of(client.get(at("section", draft, section="cover")))
    assert "批注 1 条" in section
    assert "写批注" not in section
    assert client.post(here(draft), {"do": "begin", "text": "不该有"}).status_code == 403
