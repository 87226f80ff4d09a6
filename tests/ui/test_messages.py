"""The pages of one's messages, preferences and calendar."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.notifications import feeds
from shidian.notifications.kinds import KINDS
from shidian.notifications.models import Notice, Preference
from shidian.notifications.telling import tell_people
from tests import steps

PAGE = "/messages/"


def tell(user: User, count: int = 1, kind: str = "returned") -> list[Notice]:
    values = {"reference": "TJ10-0001", "name": "某试点", "office": "某局", "reasons": "缺<b>证明</b>"}
    return [
        tell_people(KINDS[kind], [user], key=f"{kind}{number}", values=values, place="/help/")[0]
        for number in range(count)
    ]


@pytest.fixture
def writer(client: Client, cast: steps.Cast) -> Client:
    client.force_login(cast.lead_writer)
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_an_empty_page_says_what_would_stand_there(writer: Client) -> None:
    page = text(writer.get(PAGE))

    assert "还没有消息" in page
    assert "site-count" not in page


def test_a_message_is_counted_in_the_header_opened_and_read(writer: Client, cast: steps.Cast) -> None:
    [notice] = tell(cast.lead_writer)
    page = text(writer.get(PAGE))
    assert '<span class="site-count num">1</span>' in page
    assert "申请 TJ10-0001 退回补正" in page and "缺&lt;b&gt;证明" in page

    answer = writer.get(reverse("ui:message", args=(notice.pk,)))

    assert answer.headers["Location"] == "/help/"
    assert "site-count" not in text(writer.get(PAGE))


def test_nobody_opens_the_message_of_another(writer: Client, cast: steps.Cast) -> None:
    [notice] = tell(cast.lead_head)

    assert writer.get(reverse("ui:message", args=(notice.pk,))).status_code == 404
    writer.post(reverse("ui:messages-read"), {"pk": [str(notice.pk)]})
    assert Notice.objects.get().read_at is None


def test_chosen_ones_and_all_are_marked(writer: Client, cast: steps.Cast) -> None:
    first, *_ = tell(cast.lead_writer, 3)
    url = reverse("ui:messages-read")
    writer.post(url, {"pk": [str(first.pk), "x", "9" * 30]})
    assert Notice.objects.filter(read_at=None).count() == 2
    answer = writer.post(url, {"all": "1", "query": "show=unread"})

    assert answer.headers["Location"] == "/messages/?show=unread"
    assert not Notice.objects.filter(read_at=None).exists()
    assert writer.post(url, {"query": "//evil.example"}).headers["Location"] == "/messages/"
    assert writer.get(url).status_code == 405


def test_the_list_is_filtered_and_does_not_ask_for_each_row(writer: Client, cast: steps.Cast) -> None:
    tell(cast.lead_writer, 2)
    tell(cast.lead_writer, 1, "declined")
    with CaptureQueriesContext(connection) as few:
        writer.get(PAGE)
    tell(cast.lead_writer, 40, "progress")
    with CaptureQueriesContext(connection) as many:
        writer.get(PAGE)

    assert len(many) == len(few)
    assert len(KINDS) > 30
    assert len(many) < 10  # nor for each kind of message
    assert text(writer.get(f"{PAGE}?kind=declined")).count("notice-title") == 1
    assert "没有符合条件的消息" in text(writer.get(f"{PAGE}?kind=seal"))
    assert text(writer.get(f"{PAGE}?page=2")).count("notice-title") == 13
    assert writer.get(f"{PAGE}?page=x&kind=%00&show=1").status_code == 200


def test_preferences_are_kept_and_what_is_compulsory_stays(writer: Client, cast: steps.Cast) -> None:
    url = reverse("ui:message-preferences")
    page = text(writer.get(url))
    assert "马上发邮件（不能关）" in page
    assert "清单等您审批" not in page  # an applicant approves none
    assert "没有接短信" in page

    writer.post(
        url, {"mail-progress": "now", "mail-deadline": "", "mail-returned": "", "mail-agreed": "nonsense"}
    )

    kept = dict(Preference.objects.values_list("kind", "mail"))
    assert (kept["progress"], kept["deadline"], kept["returned"]) == ("now", "", "now")
    assert "selected>马上发邮件" in text(writer.get(url)).replace(" ", "")


def test_a_wrong_number_is_refused_and_stays(writer: Client, cast: steps.Cast, settings: Any) -> None:
    settings.SMS = "log"
    url = reverse("ui:message-preferences")
    answer = writer.post(url, {"phone": "1380", "sms-returned": "1"})

    assert answer.status_code == 422
    assert 'value="1380"' in text(answer) and 'id="phone-wrong"' in text(answer)
    assert not Preference.objects.exists()
    assert writer.post(url, {"phone": "13800000000", "sms-returned": "1"}).status_code == 302
    assert Preference.objects.get(kind="returned").sms


def test_an_officer_sees_the_kinds_of_offices(client: Client, cast: steps.Cast) -> None:
    client.force_login(cast.heping_approver)

    assert "清单等您审批" in text(client.get(reverse("ui:message-preferences")))


def test_the_calendar_address_is_made_changed_and_ended(writer: Client, cast: steps.Cast, call: Call) -> None:
    url = reverse("ui:calendar")
    assert "生成日历地址" in text(writer.get(url))
    writer.post(url, {"do": "open"})
    feed = feeds.feed_of(cast.lead_writer)
    assert feed is not None
    assert feeds.token_of(feed) in text(writer.get(url))
    writer.post(url, {"do": "open"})
    assert feeds.token_of(feed) not in text(writer.get(url))
    writer.post(url, {"do": "close"})
    assert feeds.feed_of(cast.lead_writer) is None


def test_the_pages_are_said_in_english_too(writer: Client, cast: steps.Cast) -> None:
    tell(cast.lead_writer)
    writer.cookies["shidian_language"] = "en"

    for name in ("messages", "message-preferences", "calendar"):
        assert writer.get(reverse(f"ui:{name}")).status_code == 200
