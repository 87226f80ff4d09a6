"""Deadlines for a calendar program (iCalendar, RFC 5545): all of one person by a secret address, and one by one."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import icalendar
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.queries import hand_in_until, working_applications
from shidian.calls.definition import Stage
from shidian.calls.models import Call, Extension
from shidian.calls.queries import stage_of, window
from shidian.core import clock
from shidian.dispatch.queries import calls_of
from shidian.notifications.hearers import WRITTEN
from shidian.notifications.models import CalendarFeed
from shidian.organisations.models import Membership


@dataclass(frozen=True, slots=True)
class Entry:
    """One deadline; `uid` stays the same when the deadline moves, so that calendar programs move it too."""

    uid: str
    at: datetime
    title: str
    place: str


# The secret address


@transaction.atomic
def open_feed(user: User) -> CalendarFeed:
    """Give a person an address; the one before ends."""
    close_feed(user)
    return CalendarFeed.objects.create(user=user, nonce=secrets.token_urlsafe(24), made_at=clock.now())


def close_feed(user: User) -> None:
    """End a person's address."""
    CalendarFeed.objects.filter(user=user, ended_at__isnull=True).update(ended_at=clock.now())


def feed_of(user: User) -> CalendarFeed | None:
    """The address that a person has now."""
    return CalendarFeed.objects.filter(user=user, ended_at__isnull=True).first()


def token_of(feed: CalendarFeed) -> str:
    """What stands in the address; it cannot be worked out from the database alone."""
    mark = salted_hmac("shidian.calendar", f"{feed.pk}:{feed.nonce}", algorithm="sha256").hexdigest()
    return f"{feed.pk}-{mark[:40]}"


def owner_of(token: str) -> User | None:
    """Whose address it is; None for one that is wrong or has ended."""
    key = token.partition("-")[0]
    if not (key.isascii() and key.isdigit() and len(key) < 18):
        return None
    rows = CalendarFeed.objects.filter(pk=int(key), ended_at__isnull=True, user__is_active=True)
    feed = rows.select_related("user").first()
    if feed is None or not constant_time_compare(token_of(feed), token):
        return None
    return feed.user


# What stands in it


def of_person(user: User) -> list[Entry]:
    """The deadlines that concern a person: its applications, the calls of its units, and the offices it acts for."""
    found = {entry.uid: entry for entry in (*_applied(user), *_received(user))}
    return sorted(found.values(), key=lambda entry: entry.at)


def _applied(user: User) -> Iterator[Entry]:
    if Membership.objects.filter(user=user, organisation__state="confirmed").exists():
        for call in Call.objects.public():
            if not call.is_over:
                yield from of_call(call)
    for application in working_applications(user).filter(state__in=WRITTEN):
        until = hand_in_until(application)
        if until is not None:
            yield Entry(
                f"{application.reference}-hand-in",
                until,
                _("申请 {reference} 递交截止").format(reference=application.reference),
                reverse("portal:application", args=(application.reference,)),
            )


def _received(user: User) -> Iterator[Entry]:
    for call, office in calls_of(user):
        here = stage_of(call, office)
        if here is None:
            continue
        times = window(call, office)
        for deadline, until in (
            (Extension.Deadline.HAND_IN, times.hand_in_until),
            (Extension.Deadline.DISPATCH, times.dispatch_until),
        ):
            if until is not None:
                title = f"{call.definition.batch} {here.label} {deadline.label}"
                place = reverse("desk:applications", args=(call.key, office.key))
                yield Entry(f"{call.key}-{here.key}-{office.key}-{deadline}", until, title, place)


def of_call(call: Call) -> Iterator[Entry]:
    """The public deadlines of a call: until when applications are handed in."""
    first = call.definition.stages[0]
    entry = of_deadline(call, first, Extension.Deadline.HAND_IN)
    if entry is not None:
        yield entry


def of_deadline(call: Call, stage: Stage, deadline: Extension.Deadline) -> Entry | None:
    """One deadline of a call as it stands for everybody; None where the call sets none."""
    until = call.until(stage, deadline)
    if until is None:
        return None
    title = f"{call.definition.batch} {stage.label} {deadline.label}"
    return Entry(f"{call.key}-{stage.key}-{deadline}", until, title, reverse("public:call", args=(call.key,)))


def ics(entries: Iterable[Entry], name: str) -> bytes:
    """The entries as a calendar."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Shidian//Deadlines//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    host = urlsplit(settings.ADDRESS).hostname or "localhost"
    for entry in entries:
        event = icalendar.Event()
        at = entry.at.astimezone(UTC)
        event.add("uid", f"{entry.uid}@{host}")
        event.add("dtstamp", clock.now().replace(microsecond=0))
        event.add("dtstart", at)
        event.add("summary", entry.title)
        event.add("url", settings.ADDRESS + entry.place)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content
