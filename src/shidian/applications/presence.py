"""Who is on the pages of an application now, and what others changed since a page was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Value
from django.db.models.fields import CharField

from shidian.accounts.models import User
from shidian.applications.models import Answer, Application, Presence
from shidian.core import clock

GONE = timedelta(seconds=60)
"""Who has not been seen for so long is no longer there."""

_FRESH = timedelta(seconds=20)

Present = dict[str, list[str]]
"""The names of the others by section."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A field that somebody else wrote after the page was read."""

    number: int
    who: str
    at: datetime


def note(application: Application, section: str, user: User) -> None:
    """Note that a person is on the page of a section. One query."""
    row = Presence(application=application, section=section, user=user, seen_at=clock.now())
    Presence.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["application", "section", "user"],
        update_fields=["seen_at"],
    )


def others(application: Application, user: User) -> Present:
    """Who else is there now. One query."""
    return _others(_rows(application), user)


def arrive(application: Application, section: str, user: User) -> Present:
    """Note that a person opened the page of a section, and tell who else is there; writes only what is not fresh."""
    rows = _rows(application)
    since = clock.now() - _FRESH
    if not any(row["user"] == user.pk and row["section"] == section and row["at"] > since for row in rows):
        note(application, section, user)
    return _others(rows, user)


def _rows(application: Application) -> list[dict[str, Any]]:
    rows = Presence.objects.filter(application=application, seen_at__gt=clock.now() - GONE).order_by("pk")
    return [dict(row) for row in rows.values("section", "user", who=F("user__name"), at=F("seen_at"))]


def _others(rows: list[dict[str, Any]], user: User) -> Present:
    found: Present = {}
    for row in rows:
        if row["user"] != user.pk:
            found.setdefault(row["section"], []).append(row["who"])
    return found


def beat(
    application: Application, section: str, user: User, numbers: Mapping[str, int]
) -> tuple[Present, dict[str, Changed]]:
    """Note that a person is still there; tell who else is, and which fields others wrote since the page's `numbers`.

    Two queries: what is asked every few seconds by everybody is asked at once.
    """
    note(application, section, user)
    there = Presence.objects.filter(application=application, seen_at__gt=clock.now() - GONE).values_list(
        Value("there", CharField()), F("section"), F("user_id"), F("user__name"), Value(0), F("seen_at")
    )
    written = Answer.objects.filter(application=application, section=section).values_list(
        Value("written", CharField()),
        F("field"),
        F("saved_by_id"),
        F("saved_by__name"),
        F("number"),
        F("saved_at"),
    )
    present: Present = {}
    changed: dict[str, Changed] = {}
    for row in there.union(written, all=True):
        kind, key, who_id, who, count, at = row
        if who_id == user.pk:
            continue
        if kind == "there":
            present.setdefault(key, []).append(who)
        elif count > numbers.get(key, count):
            changed[key] = Changed(count, who, at)
    return present, changed
