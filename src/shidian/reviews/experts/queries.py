"""Who reads what. What an expert may see begins with `readable`, and nowhere else."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.applications.queries import with_access
from shidian.reviews.experts.conflicts import Conflict, Pair, between
from shidian.reviews.experts.models import Assignment, Expert, Panel
from shidian.reviews.queries import arrived_at

READING = ("reviewing", "discussing")
"""The states of a panel in which its experts read."""


def expert_of(user: User) -> Expert | None:
    """The person in the pool, unless it was put out of it."""
    return Expert.objects.filter(user=user, active=True).select_related("user", "office").first()


def readable(user: User) -> QuerySet[Assignment]:
    """What an expert may read now: assigned in a panel that reads, and not one with a conflict, whenever it arose.

    The one place that keeps a conflicted expert away: every page, list, count, search and export of an expert, and
    every score, starts here.
    """
    expert = expert_of(user)
    if expert is None:
        return Assignment.objects.none()
    mine = _whole(Assignment.objects.filter(expert=expert, panel__state__in=READING))
    return mine.exclude(pk__in=_suspended(mine))


def visible_to(user: User) -> QuerySet[Application]:
    """The applications that a person may see as an expert: those it may read."""
    rows = Application.objects.filter(pk__in=readable(user).values("application"))
    return with_access(rows.select_related("call", "lead", "office", "version"), user).defer(
        "version__content"
    )


def assignments_of(panel: Panel) -> QuerySet[Assignment]:
    """Who reads what in a panel: not taken back, and not suspended by a conflict."""
    rows = _whole(panel.assignments.all())
    return rows.exclude(pk__in=_suspended(rows))


def suspended_of(panel: Panel) -> list[tuple[Assignment, list[Conflict]]]:
    """The assignments of a panel that nobody took back, but a conflict keeps from being read, with why."""
    return standing_of(panel)[1]


def standing_of(panel: Panel) -> tuple[list[Assignment], list[tuple[Assignment, list[Conflict]]]]:
    """Both at once: who reads what, and what is suspended and why."""
    rows = list(_whole(panel.assignments.all()))
    found = _conflicts(rows)
    told = [(row, found.get((row.expert_id, row.application_id), [])) for row in rows]
    return [row for row, reasons in told if not reasons], [(row, reasons) for row, reasons in told if reasons]


def _whole(rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
    return (
        rows.filter(withdrawn_at__isnull=True)
        .select_related("expert__user", "application__call", "application__lead", "panel__office", "version")
        .defer("version__content")
    )


def _conflicts(rows: Sequence[Assignment]) -> dict[Pair, list[Conflict]]:
    experts = list({row.expert_id: row.expert for row in rows}.values())
    applications = list({row.application_id: row.application for row in rows}.values())
    return between(experts, applications)


def _suspended(rows: QuerySet[Assignment]) -> list[int]:
    assigned = list(rows)
    found = _conflicts(assigned)
    return [row.pk for row in assigned if (row.expert_id, row.application_id) in found]


def applications_of(panel: Panel) -> QuerySet[Application]:
    """What the panel is about: what lies at its office, in its areas, and is neither returned nor declined."""
    rows = arrived_at(panel.call, panel.office).filter(
        office=panel.office, stage=panel.stage, state__in=("lodged", "recommended")
    )
    if panel.areas:
        inside = [Q(area=area) | Q(area__startswith=f"{area}/") for area in panel.areas]
        rows = rows.filter(functools.reduce(operator.or_, inside))
    return rows.order_by("reference")


def experts_for(panel: Panel) -> QuerySet[Expert]:
    """Who can be asked: the active experts of the office's pool."""
    return Expert.objects.filter(office=panel.office, active=True).select_related("user")


def conflicts_of(panel: Panel) -> dict[Pair, list[Conflict]]:
    """Every pair of an expert of the pool and an application of the panel that shall not be, with the reasons."""
    return between(list(experts_for(panel)), list(applications_of(panel)))
