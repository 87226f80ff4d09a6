"""The desk's pages of messages: what did not arrive, sending again, and the words of letters."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shidian.accounts.models import User
from shidian.audit.actions import SYSTEM, move
from shidian.calls.models import Call
from shidian.core import clock
from shidian.notifications.kinds import KINDS
from shidian.notifications.models import Message
from shidian.notifications.telling import tell_people
from tests import steps

PAGE = "/desk/messages/"


def bounced(user: User, call: Call, key: str = "a") -> Message:
    values = {"reference": "TJ10-0001", "name": "某试点", "office": "某局", "reasons": "缺证明"}
    tell_people(
        KINDS["returned"],
        [user],
        key=key,
        values=values,
        place="/x/",
        call=call,
        about="application:TJ10-0001",
    )
    message = Message.objects.latest("pk")
    move(message, "bounce", by=SYSTEM, detail={"fault": "550 full"}, fault="550 full")
    return message


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_what_did_not_arrive_is_found_and_sent_again(cast: steps.Cast, call: Call) -> None:
    message = bounced(cast.lead_head, call)
    client = signed_in(cast.commission_officer)
    page = text(client.get(f"{PAGE}?state=bounced&q={cast.lead_head.email}"))
    assert "550 full" in page and cast.lead_head.email in page
    assert "缺证明" in text(client.get(reverse("desk:message", args=(message.pk,))))
    mail.outbox.clear()

    answer = client.post(reverse("desk:message", args=(message.pk,)), follow=True)

    assert "正在重新发送" in text(answer)
    assert len(mail.outbox) == 1
    assert client.post(reverse("desk:message", args=(message.pk,))).status_code == 409


def test_an_administrator_sees_the_way_and_not_the_words(cast: steps.Cast, call: Call) -> None:
    message = bounced(cast.lead_head, call)
    client = signed_in(cast.administrator)

    page = text(client.get(reverse("desk:message", args=(message.pk,))))
    assert "缺证明" not in page and "看不到内容" in page
    assert "<b>1</b>消息没有送到" in text(client.get(reverse("desk:administration")))
    assert client.post(reverse("desk:message", args=(message.pk,))).status_code == 302


def test_an_auditor_only_looks(cast: steps.Cast, call: Call) -> None:
    message = bounced(cast.lead_head, call)
    client = signed_in(cast.auditor)

    assert "缺证明" in text(client.get(reverse("desk:message", args=(message.pk,))))
    assert client.post(reverse("desk:message", args=(message.pk,))).status_code == 403


def test_officers_see_the_messages_of_their_calls_alone(cast: steps.Cast, call: Call) -> None:
    now = clock.now()
    other = Message.objects.create(
        kind="password", channel="mail", address="x@y.example", made_at=now, due_at=now, token="other"
    )
    client = signed_in(cast.commission_officer)

    assert client.get(reverse("desk:message", args=(other.pk,))).status_code == 404
    assert "还没有发出过消息" in text(client.get(PAGE))


def test_the_list_does_not_ask_for_each_row_and_is_exported(cast: steps.Cast, call: Call) -> None:
    client = signed_in(cast.commission_officer)
    bounced(cast.lead_head, call)
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    for number in range(6):
        bounced(cast.lead_head, call, f"more{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(PAGE)

    assert len(many) == len(few)
    answer = client.get(f"{PAGE[:-1]}.xlsx?state=bounced")
    assert answer.status_code == 200 and b"".join(answer)[:2] == b"PK"  # type: ignore[arg-type]
    assert client.get(f"{PAGE}?state=x&channel=x&q=%00&page=x").status_code == 200


# The words of letters


def at(call: Call, kind: str = "returned") -> str:
    return reverse("desk:wording", args=(call.key, kind))


def test_words_are_looked_at_kept_and_reset(cast: steps.Cast, call: Call) -> None:
    client = signed_in(cast.commission_officer)
    words = {"subject": "请修改 {reference}", "text": "{person}：\n\n{reasons}\n\n{link}"}
    preview = text(client.post(at(call), {**words, "do": "preview"}))
    assert "请修改 TJ10-0001" in preview and "〔理由〕" in preview
    assert "系统原文" in preview

    client.post(at(call), {**words, "do": "save"})

    assert "本机构改写" in text(client.get(reverse("desk:wordings", args=(call.key,))))
    assert "请修改 {reference}" in text(client.get(at(call)))
    client.post(at(call), {"do": "reset"})
    assert "本机构改写" not in text(client.get(reverse("desk:wordings", args=(call.key,))))


@pytest.mark.parametrize("do", ["save", "preview"])
def test_wrong_words_are_told_at_their_place_and_stay(cast: steps.Cast, call: Call, do: str) -> None:
    answer = signed_in(cast.commission_officer).post(
        at(call), {"subject": "{name} 的事", "text": "{nothing}", "do": do}
    )

    assert answer.status_code == 422
    page = text(answer)
    assert "主题里不能用 {name}" in page and "没有占位符 {nothing}" in page
    assert "{name} 的事" in page


def test_only_letters_that_a_call_may_word(cast: steps.Cast, call: Call) -> None:
    client = signed_in(cast.commission_officer)

    for kind in ("mentioned", "deadline", "nothing"):
        assert client.get(at(call, kind)).status_code == 404
    for kind in ("arrived", "progress", "settled", "package", "result"):
        assert (
            "{"
            not in text(client.get(at(call, kind))).partition('id="h-preview"')[2].partition("</section>")[0]
        )
