"""Reminding those who are waited for: one letter for a person and day at most."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shidian.audit.actions import Actor, record
from shidian.core import clock
from shidian.core.errors import NotNow, Stale, require
from shidian.core.workdays import calendar
from shidian.signoffs import rules
from shidian.signoffs.contacts import contact_of, masked
from shidian.signoffs.hooks import reminded
from shidian.signoffs.models import Party, Reminder, Round
from shidian.signoffs.queries import asked
from shidian.signoffs.terms import Terms

_FURTHEST = 400
"""Days that are looked ahead for the next reminder."""


def is_due(day: date, *, asked_on: date, until: date | None, terms: Terms) -> bool:
    """Whether the terms have who was asked on a day reminded on another one; `until`: the day on which hand-ins close.

    Only on working days: what falls on a holiday is written on the last working day before it.
    """
    table = calendar(settings.WORKDAYS)
    if not table.is_working(day):
        return False
    days = [day]
    while not table.is_working(days[-1] + timedelta(days=1)):
        days.append(days[-1] + timedelta(days=1))
    return day > asked_on and any(
        _falls_on(each, asked_on=asked_on, until=until, terms=terms) for each in days
    )


def _falls_on(day: date, *, asked_on: date, until: date | None, terms: Terms) -> bool:
    if until is not None and day > until:
        return False
    if until is not None and (until - day).days in terms.remind_before:
        return True
    return bool(terms.remind_every) and (day - asked_on).days % terms.remind_every == 0


def next_day(after: date, *, asked_on: date, until: date | None, terms: Terms) -> date | None:
    """The first day after another one on which the terms remind; None when there is none."""
    days = (after + timedelta(days=number) for number in range(1, _FURTHEST))
    return next((day for day in days if is_due(day, asked_on=asked_on, until=until, terms=terms)), None)


def local_day(moment: datetime) -> date:
    """The day of a moment where the installation stands."""
    return timezone.localtime(moment, timezone.get_default_timezone()).date()


def reminded_today(email: str) -> bool:
    """Whether a letter of this kind went to an address today."""
    start = timezone.localtime(clock.now(), timezone.get_default_timezone()).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return Reminder.objects.filter(email=email, at__gte=start).exists()


@transaction.atomic
def remind(parties: Sequence[Party], *, by: Actor) -> list[Reminder]:
    """Remind the parties that are written to at one address, in one letter.

    Refused (`NotNow`) without an address, for a party that has said something or whose turn has not come, and when the address
    had its letter today; refused (`Stale`) once a round is void.
    """
    found: list[Reminder] = []
    email = ""
    for party in parties:
        round_ = Round.objects.select_for_update().get(pk=party.round_id)
        if round_.state == "void":
            raise Stale(_("申请内容已有新版本，这一版的会签已失效。"))
        everybody = asked(round_)
        here = next(each for each in everybody if each.pk == party.pk)
        if here.has_agreed:
            raise NotNow(_("{party}“{name}”已经同意这一版。").format(party=party.label, name=party.name))
        if here.signature is not None:
            raise NotNow(
                _("{party}“{name}”已经表示“{decision}”，不用提醒；改好以后请其重新表态。").format(
                    party=party.label, name=party.name, decision=here.signature.get_decision_display()
                )
            )
        require(rules.is_their_turn(here, everybody))
        contact = contact_of(party)
        if contact is None:
            raise NotNow(
                _("还没有{party}“{name}”的邮箱，请先填写。").format(party=party.label, name=party.name)
            )
        if not found and reminded_today(contact.email):
            raise NotNow(
                _("今天已经给 {to} 寄过提醒；同一个人一天最多一封，请明天再提醒。").format(
                    to=masked(contact.email)
                )
            )
        if found and contact.email != email:
            raise ValueError("one letter goes to one address")
        email = contact.email
        found.append(Reminder.objects.create(party=party, email=email, at=clock.now(), by_id=by.pk))
        record(
            "signoff.reminded",
            round_.chain,
            by=by,
            detail={"label": party.label, "name": party.name, "role": party.role, "to": masked(email)},
        )
    reminded.call("letters", found)
    return found
