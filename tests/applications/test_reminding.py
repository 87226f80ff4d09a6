"""Who is reminded when: before hand-ins close, every few days, and never twice on one day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail

from shidian.applications import actions as applications
from shidian.applications import signing
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.calls.models import Call
from shidian.core.errors import NotNow
from shidian.signoffs.models import Party, Reminder, Signature
from shidian.signoffs.queries import links_of
from shidian.signoffs.reminders import is_due, next_day
from shidian.signoffs.terms import Terms
from tests import steps

DAY = date(2023, 7, 3)


@pytest.fixture
def application(cast: steps.Cast, call: Call) -> Application:
    return steps.frozen(cast, call)


def party_of(application: Application, role: str = "guarantor") -> Party:
    round_ = round_of(application)
    assert round_ is not None
    return Party.objects.select_related("round__version").get(round=round_, role=role)


def at_mail(application: Application, cast: steps.Cast, role: str, email: str) -> None:
    signing.give_contact(application, party_of(application, role), email=email, by=cast.lead_writer)


def days_of(until: date | None, **terms: Any) -> list[str]:
    days = (DAY + timedelta(days=number) for number in range(40))
    told = Terms(**terms)
    return [f"{day:%m-%d}" for day in days if is_due(day, asked_on=DAY, until=until, terms=told)]


def test_the_days_are_those_before_the_end_and_every_few_since_it_was_asked() -> None:
    assert days_of(date(2023, 7, 20), remind_every=0) == ["07-13", "07-17", "07-19"]
    assert days_of(date(2023, 7, 10), remind_every=3, remind_before=[1]) == ["07-06", "07-07"]
    assert days_of(None, remind_every=10) == ["07-13", "07-21", "08-02", "08-11"]
    assert days_of(None, remind_every=0) == []


def test_the_next_day_is_told_or_none() -> None:
    terms = Terms(remind_every=0)
    until = date(2023, 7, 20)

    assert next_day(DAY, asked_on=DAY, until=until, terms=terms) == date(2023, 7, 13)
    assert next_day(date(2023, 7, 13), asked_on=DAY, until=until, terms=terms) == date(2023, 7, 17)
    assert next_day(date(2023, 7, 19), asked_on=DAY, until=until, terms=terms) is None


def test_who_is_waited_for_is_reminded_on_its_day_and_once(
    cast: steps.Cast, application: Application, clock_at: Any
) -> None:
    at_mail(application, cast, "guarantor", "a@unit.example")
    at_mail(application, cast, "managing", "later@unit.example")
    signing.send_link(application, party_of(application), by=cast.lead_writer)
    mail.outbox.clear()
    sent: dict[str, int] = {}
    for number in range(28):
        for hour in (6, 9, 10, 17, 20):
            clock_at(2023, 7, 3 + number, hour, 0)
            if letters := signing.remind_all():
                sent[f"{3 + number} {hour}"] = letters

    # Asked on the 3rd, hand-ins close on the 24th; every five days, and 7, 3 and 1 before; the 8th and 23rd are weekends.
    assert sent == {f"{day} 9": 1 for day in (7, 13, 17, 18, 21)}
    assert {letter.to[0] for letter in mail.outbox} == {"a@unit.example"}
    assert all(letter.subject == "提醒：请出具会签意见" for letter in mail.outbox)
    assert Reminder.objects.filter(by__isnull=True).count() == 5


def test_a_reminder_carries_the_living_link_and_replaces_one_that_expired(
    cast: steps.Cast, application: Application, clock_at: Any
) -> None:
    at_mail(application, cast, "guarantor", "a@unit.example")
    link = signing.send_link(application, party_of(application), by=cast.lead_writer)
    clock_at(2023, 7, 7, 9, 0)
    signing.remind_all()
    assert "/sign/open/" in mail.outbox[-1].body
    assert [each.pk for each in links_of(party_of(application))] == [link.pk]
    clock_at(2023, 7, 13, 9, 0)
    signing.remind_all()

    assert "/sign/open/" in mail.outbox[-1].body
    assert len(links_of(party_of(application))) == 2
    # One letter: the reminder brings the new link itself.
    assert len([letter for letter in mail.outbox if "出具会签意见" in letter.subject]) == 3


def test_a_link_that_was_revoked_is_not_made_again_by_a_reminder(
    cast: steps.Cast, application: Application, clock_at: Any
) -> None:
    at_mail(application, cast, "guarantor", "a@unit.example")
    link = signing.send_link(application, party_of(application), by=cast.lead_writer)
    signing.revoke_link(application, link, by=cast.lead_writer)
    clock_at(2023, 7, 7, 9, 0)
    signing.remind_all()

    assert "/sign/open/" not in mail.outbox[-1].body
    assert "纸质申请书" in mail.outbox[-1].body


def test_one_address_gets_one_letter_for_all_that_it_is_waited_for(
    cast: steps.Cast, application: Application, call: Call, clock_at: Any
) -> None:
    second = steps.start_filled(cast, call)
    applications.freeze(second, by=cast.lead_writer)
    for each in (application, steps.fresh(second)):
        at_mail(each, cast, "guarantor", "a@unit.example")
        at_mail(each, cast, "guidance", "a@unit.example")
    clock_at(2023, 7, 7, 9, 0)

    assert signing.remind_all() == 1
    assert len(mail.outbox) == 1
    assert mail.outbox[0].body.count("贵单位：") == 4
    assert "有 4 份" in mail.outbox[0].body
    with pytest.raises(NotNow, match="一天最多一封"):
        signing.remind(application, party_of(application), by=cast.lead_writer)


def test_nobody_is_reminded_after_it_has_said_anything_or_when_the_round_is_over(
    cast: steps.Cast, application: Application, clock_at: Any
) -> None:
    for role in ("lead", "guarantor", "guidance"):
        at_mail(application, cast, role, f"{role}@unit.example")
    steps.sign_one(application, party_of(application, "lead"), cast.lead_writer)
    steps.sign_one(application, party_of(application), cast.lead_writer, "disagree")
    clock_at(2023, 7, 7, 9, 0)
    signing.remind_all()
    assert [letter.to[0] for letter in mail.outbox] == ["guidance@unit.example"]
    with pytest.raises(NotNow, match="已经表示“不同意”"):
        signing.remind(application, party_of(application), by=cast.lead_writer)

    applications.reopen(application, by=cast.lead_writer, reason="修改")
    clock_at(2023, 7, 13, 9, 0)
    assert signing.remind_all() == 0


def test_a_carried_agreement_is_told_to_the_party(
    cast: steps.Cast, application: Application, django_capture_on_commit_callbacks: Any
) -> None:
    at_mail(application, cast, "guidance", "guidance@unit.example")
    steps.sign_one(application, party_of(application, "guidance"), cast.lead_writer)
    applications.reopen(application, by=cast.lead_writer, reason="修改")
    steps.write(application, cast.lead_writer, funding__sources="区财政另行安排经费。")
    mail.outbox.clear()

    with django_capture_on_commit_callbacks(execute=True):
        applications.freeze(application, by=cast.lead_writer)

    assert [letter.to for letter in mail.outbox] == [["guidance@unit.example"]]
    assert "同意沿用到 v2" in mail.outbox[0].body
    assert Signature.objects.count() == 1
