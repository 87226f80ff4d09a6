"""How the office that holds an application reaches a party whose opinion is due behind its stage."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from shidian.applications import signing
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.calls.models import Call
from shidian.core.errors import NotNow, NotPermitted
from shidian.notifications.models import Notice
from shidian.signoffs.models import Link, Party, Signature
from shidian.signoffs.queries import standing
from tests import steps
from tests.portal.pages import signed_in, text_of


@pytest.fixture
def application(cast: steps.Cast, call: Call) -> Application:
    return steps.at_last_stage_waiting(cast, call)


def waited(application: Application) -> Party:
    round_ = round_of(application)
    assert round_ is not None
    gate = application.call.definition.destination.key
    return Party.objects.select_related("round__version").get(round=round_, gate=gate)


def board(client: Client, application: Application) -> str:
    page = text_of(client.get(reverse("desk:application", args=(application.reference,))))
    return page[page.index('id="h-parties"') : page.index('id="h-files"')]


def test_the_office_sends_reminds_revokes_and_sees_who_is_waited_for(
    cast: steps.Cast, application: Application, django_capture_on_commit_callbacks: Any
) -> None:
    client, party = signed_in(cast.commission_officer), waited(application)
    here = reverse("desk:party", args=(application.reference, party.pk))
    assert "纸质意见页，" in board(client, application) and "起等候" in board(client, application)

    bad = client.post(here, {"do": "contact", "email": "不是邮箱"})
    assert bad.status_code == 200 and "不是邮箱" in text_of(bad)
    client.post(here, {"do": "contact", "email": "li@guanli.example", "name": "李某"})
    sent = client.post(here, {"do": "send", "back": "board"})

    assert sent.url == reverse("desk:application", args=(application.reference,)) + "#h-parties"
    letter = mail.outbox[-1].body
    assert cast.commission.name in letter and "与承担单位联系" not in letter
    shown = board(client, application)
    for words in ("等对方", "链接寄往 l***@guanli.example", "验证码走", "前有效", "下次提醒", "作废链接"):
        assert words in shown
    assert "li@guanli.example" not in shown
    client.post(here, {"do": "remind", "back": "board"})
    assert "提醒过" in board(client, application)
    assert mail.outbox[-1].subject == "提醒：请出具会签意见"
    assert f"请与{cast.commission.name}联系" in mail.outbox[-1].body
    client.post(here, {"do": "revoke"})
    assert standing(Link.objects.get()).key == "revoked"
    # The lead sees that it is waited for, and arranges nothing.
    lead = text_of(
        signed_in(cast.lead_writer).get(reverse("portal:application", args=(application.reference,)))
    )
    assert "链接已作废" in lead and "寄链接" not in lead

    with django_capture_on_commit_callbacks(execute=True):
        steps.sign_by_link(application, party, cast.commission_officer)

    assert Signature.objects.get(party=party).means == "screen"
    assert f"签名，{party.name}负责人（主任）" in board(client, application) or "同意" in board(
        client, application
    )
    told = Notice.objects.filter(kind="opinion")
    assert {each.user for each in told} == {cast.commission_officer}


def test_only_the_office_that_holds_it_and_only_where_the_opinion_is_due_next(
    cast: steps.Cast, call: Call, application: Application
) -> None:
    party, said = waited(application), {"email": "li@guanli.example"}
    here = reverse("desk:party", args=(application.reference, party.pk))
    for user in (cast.heping_handler, cast.institute_clerk, cast.lead_writer, cast.auditor):
        assert signed_in(user).get(here).status_code == 404
    for user in (cast.heping_handler, cast.lead_writer, cast.institute_clerk):
        steps.refused(
            NotPermitted, lambda user=user: signing.give_contact(application, party, by=user, **said)
        )
    # Who agreed before is not asked again.
    first = party.round.parties.order_by("position")[0]
    page = signed_in(cast.commission_officer).get(
        reverse("desk:party", args=(application.reference, first.pk))
    )
    assert "现在只能看" in text_of(page) and 'value="send"' not in text_of(page)

    early = steps.lodged(cast, call)
    later = waited(early)
    steps.refused(NotNow, lambda: signing.give_contact(early, later, by=cast.heping_handler, **said))
    address = reverse("desk:party", args=(early.reference, later.pk))
    refused = signed_in(cast.heping_handler).post(address, {"do": "contact", **said})
    assert "以后的环节出具" in text_of(refused)
    assert "链接和委托" not in board(signed_in(cast.heping_handler), early)


def test_the_system_reminds_for_an_office_that_wrote_itself(
    cast: steps.Cast, application: Application, clock_at: Any
) -> None:
    party = waited(application)
    assert party in signing.waited_for(application)
    clock_at(2023, 7, 17, 9, 0)
    signing.give_contact(application, party, email="li@guanli.example", by=cast.commission_officer)
    mail.outbox.clear()
    days = []
    for day in range(17, 32):
        clock_at(2023, 7, day, 10, 0)
        days += [day] * signing.remind_all()

    assert days and {tuple(letter.to) for letter in mail.outbox} == {("li@guanli.example",)}
    assert all(f"{cast.commission.name}送来的纸质申请书" in letter.body for letter in mail.outbox)
