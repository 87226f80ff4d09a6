"""Before a deadline people are reminded: those with drafts, and offices that hold applications; and one mail a day.

Days and hours are those of the call (`CallDefinition.reminders`). What falls on a holiday goes out on the working day
before. Each reminder is a notice with a key of its own, so a round that was cut off goes on where it stopped. The mail of a
day holds everything that a person is told on it, what falls due later that day included; parties without an account are
reminded by `applications.signing.remind_all`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone, translation

from shidian.accounts.models import User
from shidian.applications.models import Application, Collaborator
from shidian.calls.definition import Reminders
from shidian.calls.models import Call, Extension
from shidian.calls.queries import offices_at
from shidian.core import clock
from shidian.core.workdays import calendar
from shidian.notifications.hearers import WRITTEN
from shidian.notifications.kinds import KINDS
from shidian.notifications.models import Message, Notice
from shidian.notifications.sending import send
from shidian.notifications.telling import tell_people
from shidian.organisations.models import Membership, Officer

MORNING, EVENING = 8, 20
"""Hours between which what is counted in days goes out."""
_MISSED = timedelta(days=1)
"""A reminder that nobody sent in time is sent until a day later."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """When to remind of a deadline: `label` says which of the call's reminders it is (7d, 4h, late1d)."""

    label: str
    at: datetime

    @property
    def late(self) -> bool:
        """Whether it comes after the deadline."""
        return self.label.startswith("late")


def moments(until: datetime, told: Reminders, zone: ZoneInfo) -> list[Moment]:
    """All moments of a deadline in their order; of several that fall together only the one closest to it."""
    table = calendar(settings.WORKDAYS)
    end = until.astimezone(zone)

    def before(day: date) -> date:
        return day if table.is_working(day) else table.before(day, 1)

    def morning(day: date) -> datetime:
        return datetime.combine(day, time(MORNING), tzinfo=zone)

    found: list[tuple[datetime, timedelta, str]] = [
        (morning(before(end.date() - _DAY * days)), timedelta(days=days), f"{days}d") for days in told.days
    ]
    for hours in told.hours:
        at = end - timedelta(hours=hours)
        moved = at if table.is_working(at.date()) else morning(before(at.date()))
        found.append((moved, timedelta(hours=hours), f"{hours}h"))
    for days in told.late_days:
        day = end.date() + _DAY * days
        late = day if table.is_working(day) else table.after(day, 1)
        found.append((morning(late), timedelta(days=days), f"late{days}d"))
    kept: dict[datetime, Moment] = {}
    for at, _distance, label in sorted(found, key=lambda each: each[1], reverse=True):
        kept[at] = Moment(label, at)
    return sorted(kept.values(), key=lambda each: each.at)


@dataclass(frozen=True, slots=True)
class _Due:
    """One thing of which one person is reminded today, now or later."""

    person: int
    kind: str
    key: str
    at: datetime
    values: dict[str, str]
    place: str
    about: str
    call: Call


def tend() -> int:
    """Remind whoever is to be reminded, and send the mail of the day; how many mails. Asked every ten minutes."""
    with translation.override(settings.LANGUAGE_CODE):
        now = clock.now()
        things: dict[int, list[_Due]] = defaultdict(list)
        for call in Call.objects.public():
            for due in _of_call(call, now):
                things[due.person].append(due)
        known = set(
            Notice.objects.filter(
                key__in=[f"{due.key}:{due.kind}:{due.person}" for some in things.values() for due in some]
            ).values_list("key", flat=True)
        )
        had = _had_today(now)
        waiting = _waiting(now) - had
        people = User.objects.in_bulk({*things, *waiting})
        mails = 0
        for pk, person in sorted(people.items()):
            new = [due for due in things[pk] if f"{due.key}:{due.kind}:{pk}" not in known]
            if person.is_active and (pk in waiting or any(due.at <= now for due in new)):
                mails += _tell(person, new, now, again=pk in had)
        return mails


def _of_call(call: Call, now: datetime) -> Iterator[_Due]:
    ends = call.ends_at
    if ends is None or now > ends + _DAY * (max(call.definition.reminders.late_days, default=0) + 14):
        return
    yield from _drafts(call, now)
    yield from _offices(call, now)


def _chosen(
    call: Call, until: datetime, since: datetime | None, now: datetime, *, late: bool
) -> Moment | None:
    """The moment of a deadline that is due now or later today; None when there is none, or it lies before `since`."""
    today = now.astimezone(call.zone).date()
    found = [each for each in moments(until, call.definition.reminders, call.zone) if late or not each.late]
    past = [each for each in found if each.at <= now and (each.late or now < until)]
    ahead = [each for each in found if each.at > now and each.at.date() == today and not each.late]
    granted = max(
        (row.at for row in call.extensions if row.until == until), default=None
    )  # nobody is reminded of what was given a moment ago
    begin = max((moment for moment in (since, granted) if moment is not None), default=None)
    last = past[-1] if past else None
    if last is not None and (now - last.at > _MISSED or (begin is not None and begin > last.at)):
        last = None
    if last is not None and "h" not in last.label and not MORNING <= now.astimezone(call.zone).hour < EVENING:
        last = None
    return last or (ahead[0] if ahead else None)


def _drafts(call: Call, now: datetime) -> Iterator[_Due]:
    """Those who write applications that nobody has handed in yet."""
    first = call.definition.stages[0]
    if not any(
        _chosen(call, until, None, now, late=False)
        for until in {call.until(first, Extension.Deadline.HAND_IN), *(row.until for row in call.extensions)}
        if until is not None
    ):
        return
    rows = Application.objects.filter(call=call, state__in=WRITTEN, office__isnull=True).select_related(
        "lead"
    )
    found = []
    for application in rows.defer("lead__address").order_by("pk"):
        until = call.until(first, Extension.Deadline.HAND_IN, lead=application.lead)
        moment = _chosen(call, until, application.started_at, now, late=False) if until else None
        if until is not None and moment is not None:
            found.append((application, until, moment))
    people = _people_of([application for application, _until, _moment in found])
    for application, until, moment in found:
        for person in sorted(people[application.pk]):
            yield _Due(
                person,
                "deadline",
                f"draft:{application.reference}:{until:%Y%m%dT%H%M}:{moment.label}",
                moment.at,
                {
                    "reference": application.reference,
                    "name": application.name,
                    "lead": application.lead.name,
                    "batch": call.definition.batch,
                    "stage": first.label,
                    "until": _words(call, until),
                },
                reverse("portal:application", args=(application.reference,)),
                application.chain,
                call,
            )


def _people_of(applications: list[Application]) -> dict[int, set[int]]:
    """Who works on each of these applications: the lead's people, and those named on it; in two queries."""
    units: dict[int, set[int]] = defaultdict(set)
    members = Membership.objects.filter(
        organisation__in={application.lead_id for application in applications},
        organisation__state="confirmed",
    )
    for unit, user in members.values_list("organisation", "user"):
        units[unit].add(user)
    found = {application.pk: set(units[application.lead_id]) for application in applications}
    named = Collaborator.objects.filter(application__in=list(found), ended_at__isnull=True)
    for application, user in named.values_list("application", "user"):
        found[application].add(user)
    return found


def _offices(call: Call, now: datetime) -> Iterator[_Due]:
    """The offices that still hold applications, before and after they must have dispatched."""
    held = {
        row["office"]: row["count"]
        for row in Application.objects.filter(call=call, state__in=("lodged", "recommended"))
        .values("office")
        .annotate(count=Count("pk"))
        .order_by()
    }
    if not held:
        return
    officers: dict[int, set[int]] = defaultdict(set)
    acting = Officer.objects.filter(
        office__in=list(held), role__in=(Officer.Role.HANDLER, Officer.Role.APPROVER)
    )
    for office_key, user in acting.values_list("office", "user"):
        officers[office_key].add(user)
    for stage in call.definition.stages:
        for office in offices_at(call, stage.key):
            until = call.until(stage, Extension.Deadline.DISPATCH, office=office)
            if until is None or office.pk not in held:
                continue
            moment = _chosen(call, until, None, now, late=True)
            if moment is None:
                continue
            for person in sorted(officers[office.pk]):
                yield _Due(
                    person,
                    "overdue" if moment.late else "desk_deadline",
                    f"office:{call.key}:{stage.key}:{office.key}:{until:%Y%m%dT%H%M}:{moment.label}",
                    moment.at,
                    {
                        "office": office.name,
                        "count": str(held[office.pk]),
                        "batch": call.definition.batch,
                        "stage": stage.label,
                        "until": _words(call, until),
                    },
                    reverse("desk:applications", args=(call.key, office.key)),
                    call.chain,
                    call,
                )


def _words(call: Call, until: datetime) -> str:
    return f"{until.astimezone(call.zone):%Y-%m-%d %H:%M}"


def _local(now: datetime) -> datetime:
    return timezone.localtime(now, timezone.get_default_timezone())


def _waiting(now: datetime) -> set[int]:
    """The people for whom something waits that goes with the mail of the day, when it is time for that."""
    local = _local(now)
    if not (MORNING <= local.hour < EVENING and calendar(settings.WORKDAYS).is_working(local.date())):
        return set()
    return set(_for_the_day().values_list("user", flat=True))


def _for_the_day() -> QuerySet[Notice]:
    return Notice.objects.filter(mail=Notice.Mail.DIGEST, carried__isnull=True, read_at__isnull=True)


def _key(person: int, now: datetime) -> str:
    return f"digest:{person}:{_local(now):%Y%m%d}"


def _had_today(now: datetime) -> set[int]:
    """Who had the mail of the day already."""
    start = _local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Message.objects.filter(kind="digest", made_at__gte=start, made_at__lte=now)
    return {user for user in rows.values_list("user", flat=True) if user is not None}


@transaction.atomic
def _tell(person: User, things: list[_Due], now: datetime, *, again: bool) -> int:
    """Give one person its reminders of today, those for later included, and everything that waits in one mail."""
    for each in things:
        tell_people(
            KINDS[each.kind],
            [person],
            key=each.key,
            values=each.values,
            place=each.place,
            about=each.about,
            call=each.call,
        )
    notices = list(_for_the_day().filter(user=person).order_by("pk").values_list("pk", flat=True))
    if not notices:
        return 0
    # Whoever had the mail of the day gets another one only for what came up since and cannot wait until tomorrow.
    key = _key(person.pk, now) + (f":{_local(now):%H%M}" if again else "")
    message = send("digest", {"notices": notices}, to=person.email, user=person, key=key)
    Notice.objects.filter(pk__in=notices).update(carried=message)
    return 1
