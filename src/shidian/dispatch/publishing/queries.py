"""What may be made public, what stands on a publicity, and how objections and results stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.applications.states import LEFT
from shidian.calls.definition import PUBLIC_FACTS, ListColumn
from shidian.calls.models import Call
from shidian.core.masking import mask_numbers, mask_person
from shidian.core.workdays import Calendar, calendar
from shidian.dispatch.publishing.models import LIVE, OPEN, Objection, Publicity, PublicityItem, Result
from shidian.dispatch.queries import Entry, entries, first_offices, row_values
from shidian.organisations.models import Office


def workdays() -> Calendar:
    """The working days of this installation."""
    return calendar(settings.WORKDAYS)


def last_day(start: date, days: int) -> date:
    """The `days`-th working day after a day, which does not count itself."""
    return workdays().after(start, days)


def end_of(day: date, call: Call) -> datetime:
    """The first moment after a day, by the clock of the call."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=call.zone)


def publishable(call: Call, office: Office, replaces: Publicity | None = None) -> list[Entry]:
    """What is decided and stands on no publicity that counts, in the order of the list; `replaces` does not count."""
    live = PublicityItem.objects.filter(publicity__call=call, publicity__state__in=LIVE)
    if replaces is not None:
        live = live.exclude(publicity=replaces)
    held = set(live.values_list("application", flat=True))
    return [row for row in entries(call, office) if row.application.pk not in held]


def columns(call: Call) -> list[ListColumn]:
    """The columns of the public list: those of the call, or those of its candidate list that may be public."""
    terms = call.definition.publicity
    return terms.columns or [
        column
        for column in call.definition.list_columns
        if column.value in PUBLIC_FACTS and column.value not in ("contact", "remark")
    ]


def rows(call: Call, listed: Iterable[Entry]) -> list[list[str]]:
    """The cells of the public list; nobody's name in full, no number of a telephone or identity card."""
    wanted, found = columns(call), []
    shown = list(listed)
    offices = first_offices([row.application for row in shown])
    for position, row in enumerate(shown, start=1):
        if row.application.version is None:
            continue
        office = offices.get(row.application.pk, "")
        values = row_values(
            row.application, row.application.version, office=office, rank=position, remark=row.remark
        )
        found.append([masked(column.value, values.get(column.value, "")) for column in wanted])
    return found


def masked(fact: str, text: str) -> str:
    """A value as the public may see it."""
    return mask_person(text) if fact == "contact" else mask_numbers(text)


def predecessors(publicity: Publicity) -> list[int]:
    """The keys of a publicity and of those that it corrects."""
    found, current = [publicity.pk], publicity
    while current.replaces_id is not None and current.replaces is not None:
        current = current.replaces
        found.append(current.pk)
    return found


def open_objections(publicity: Publicity) -> QuerySet[Objection]:
    """Objections to a publicity, and to those that it corrects, which wait for their answer."""
    return Objection.objects.filter(publicity__in=predecessors(publicity), state__in=OPEN)


def waits(applications: Iterable[int]) -> list[str]:
    """The references of those applications that stood on no publicity which has passed."""
    keys = list(applications)
    passed = PublicityItem.objects.filter(application__in=keys, publicity__state="passed").values(
        "application"
    )
    left = Application.objects.filter(pk__in=keys).exclude(pk__in=passed)
    return list(left.order_by("reference").values_list("reference", flat=True))


def publicities(call: Call, office: Office | None = None) -> QuerySet[Publicity]:
    """The publicities of a call, the newest first, each with how many objections it has and how many are open."""
    found = Publicity.objects.filter(call=call).select_related(
        "office", "call", "replaces", "corrected_by", "version"
    )
    if office is not None:
        found = found.filter(office=office)
    return (
        found.defer("version__content")
        .annotate(
            count=Count("items", distinct=True),
            objected=Count("objections", distinct=True),
            waiting=Count("objections", filter=Q(objections__state__in=OPEN), distinct=True),
        )
        .order_by("-pk")
    )


def published(call: Call) -> QuerySet[Publicity]:
    """What the public may see: everything that was published, also when it was corrected or taken back."""
    return (
        Publicity.objects.filter(call=call, published_at__isnull=False)
        .select_related("office", "call", "version", "replaces", "corrected_by")
        .defer("version__content")
        .order_by("-published_at")
    )


def struck(publicity: Publicity) -> set[str]:
    """The references on a publicity that were taken out by an upheld objection."""
    found = publicity.items.filter(objections__decision__isnull=False).values_list(
        "application__reference", flat=True
    )
    return set(found)


def handled_by(user: User) -> Q:
    """The condition on objections: of an office for which the person acts, or all for auditors."""
    if user.is_auditor:
        return Q()
    return Q(
        publicity__office__officers__user=user, publicity__office__officers__role__in=("handler", "approver")
    )


@dataclass(frozen=True, slots=True)
class Gone:
    """An application that has left for the destination, with its newest result."""

    application: Application
    result: Result | None


def gone(call: Call) -> list[Gone]:
    """Everything that was nominated, by reference, with what the destination decided; two queries."""
    applications = list(
        Application.objects.filter(call=call, state__in=LEFT)
        .select_related("lead", "office", "call")
        .order_by("reference")
    )
    newest: dict[int, Result] = {}
    for row in Result.objects.filter(application__call=call).select_related("letter").order_by("pk"):
        newest[row.application_id] = row
    return [Gone(application, newest.get(application.pk)) for application in applications]


def approved(call: Call) -> list[Gone]:
    """What the destination approved, by the newest letter on each, in the order of the references."""
    return [row for row in gone(call) if row.result is not None and row.application.state == "approved"]


def numbers(call: Call) -> dict[str, Any]:
    """How decisions, publicities, objections and results of a call stand, for its overview."""
    objections = Objection.objects.filter(publicity__call=call)
    states = dict(
        Application.objects.filter(call=call, state__in=LEFT)
        .values_list("state")
        .annotate(Count("pk"))
        .order_by()
    )
    return {
        "publicities": Publicity.objects.filter(call=call, published_at__isnull=False).count(),
        "objections": objections.count(),
        "open": objections.filter(state__in=OPEN).count(),
        "left": sum(states.values()),
        "approved": states.get("approved", 0),
        "not_selected": states.get("not_selected", 0),
        "waiting": states.get("nominated", 0),
    }
