"""Incoming and outgoing reconciled (对账), for an office and for everything whose lists come to it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.applications.queries import visible_to
from shidian.calls.models import Call
from shidian.calls.queries import office_after, offices_at, stage_of
from shidian.core import clock
from shidian.desk.access import officers_only, person, workplace
from shidian.dispatch.reconciling import Account, Number, accounts
from shidian.documents.sheets import write_rows
from shidian.organisations.models import Office
from shidian.ui.files import sheet

GROUPS = (
    ("in", ("received", "handed_in", "from_lists", "below_sent")),
    (
        "now",
        (
            "to_review",
            "returned",
            "declined",
            "recommended",
            "listed",
            "sent",
            "withdrawn",
            "merged",
            "called_back",
        ),
    ),
    ("out", ("on_lists", "arrived")),
    ("paper", ("paper_due", "paper_here", "paper_missing")),
)
COLUMNS = [key for _group, keys in GROUPS for key in keys]


def _below(call: Call, office: Office) -> list[Office]:
    """The offices whose lists come to an office, stage by stage, and the office itself at the end."""
    here = stage_of(call, office)
    if here is None:
        raise Http404
    found: list[Office] = []
    for stage in call.definition.stages:
        if stage.key == here.key:
            break
        for sender in offices_at(call, stage.key):
            following = office_after(call, sender)
            while following is not None and following.pk != office.pk:
                following = office_after(call, following)
            if following is not None:
                found.append(sender)
    return [*found, office]


def _titles() -> dict[str, str]:
    return {"in": _("收进来"), "now": _("现在在哪里"), "out": _("送出去"), "paper": _("纸质材料")}


def _opened(user: User, account: Account, key: str) -> dict[str, Any] | None:
    """The applications that make one number; the names only of those that the person may see."""
    number = account.numbers.get(key)
    if number is None:
        return None
    rows = Application.objects.filter(pk__in=number.applications).select_related("lead").order_by("reference")
    seen = set(visible_to(user).filter(pk__in=number.applications).values_list("pk", flat=True))
    return {
        "number": number,
        "account": account,
        "rows": [{"application": row, "seen": row.pk in seen} for row in rows],
    }


def _odd(account: Account) -> dict[int, str]:
    keys = {pk for proof in account.faults for pk in proof.odd}
    return dict(Application.objects.filter(pk__in=keys).values_list("pk", "reference"))


@require_safe
@officers_only
def office_page(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The accounts of one office: its numbers, what makes them, and the proofs."""
    user = person(request)
    here, place = workplace(user, call, office)
    if stage_of(here, place) is None:
        raise Http404
    [account] = accounts(here, [place])
    names = _odd(account)
    titles = _titles()
    context = {
        "call": here,
        "office": place,
        "account": account,
        "groups": [
            (titles[group], [account.numbers[key] for key in keys if key in account.numbers])
            for group, keys in GROUPS
            if any(key in account.numbers for key in keys)
        ],
        "proofs": [
            {"proof": proof, "odd": sorted(names[pk] for pk in proof.odd if pk in names)}
            for proof in account.proofs
        ],
        "opened": _opened(user, account, request.GET.get("show", "")),
        "over": len(_below(here, place)) > 1,
    }
    return render(request, "desk/reconciliation.html", context)


@require_safe
@officers_only
def all_page(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The accounts of every office whose lists come to this one, with totals for each stage."""
    user = person(request)
    here, place = workplace(user, call, office)
    found = accounts(here, _below(here, place))
    shown = request.GET.get("office", "")
    chosen = next((account for account in found if account.office.key == shown), None)
    context = {
        "call": here,
        "office": place,
        "stages": _stages(here, found),
        "faults": [
            {"account": account, "proof": proof, "odd": sorted(_odd(account).values())}
            for account in found
            for proof in account.faults
        ],
        "proved": sum(len(account.proofs) for account in found),
        "opened": _opened(user, chosen, request.GET.get("show", "")) if chosen else None,
    }
    return render(request, "desk/reconciliation_all.html", context)


def _stages(call: Call, found: list[Account]) -> list[dict[str, Any]]:
    stages = []
    for stage in call.definition.stages:
        rows = [account for account in found if account.stage.key == stage.key]
        if not rows:
            continue
        empty = [row for row in rows if row.holds and not row.numbers["received"].count]
        rows = [row for row in rows if row not in empty] or rows[:1]
        keys = [
            key
            for key in COLUMNS
            if key != "below_sent"
            and any(
                key in row.numbers and (row.numbers[key].count or key in ("received", "sent")) for row in rows
            )
        ]
        stages.append(
            {
                "stage": stage,
                "empty": [row for row in empty if row not in rows],
                "labels": [rows[0].numbers[key].label for key in keys if key in rows[0].numbers],
                "rows": [
                    {"account": row, "cells": [row.numbers[key] for key in keys if key in row.numbers]}
                    for row in rows
                ],
                "totals": [
                    sum(row.numbers[key].count for row in rows if key in row.numbers)
                    for key in keys
                    if key in rows[0].numbers
                ],
            }
        )
    return stages


def _sheet(call: Call, found: list[Account], title: str) -> HttpResponse:
    labels: dict[str, str] = {}
    for account in found:
        labels |= {key: number.label for key, number in account.numbers.items()}
    keys = [key for key in COLUMNS if key in labels]
    now = clock.now().astimezone(call.zone)
    columns = [_("环节"), _("机构"), *(labels[key] for key in keys), _("核对"), _("各式")]
    rows: list[list[Any]] = [
        [
            account.stage.label,
            account.office.name,
            *(_count(account.numbers.get(key)) for key in keys),
            _("相符") if account.holds else _("不符"),
            _("；").join(proof.words for proof in account.proofs),
        ]
        for account in found
    ]
    return sheet(write_rows(title, columns, rows, created=now), name=f"{title}-{now:%Y%m%d-%H%M}.xlsx")


def _count(number: Number | None) -> int | str:
    return number.count if number is not None else ""


@require_safe
@officers_only
def office_xlsx(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The accounts of an office as a sheet."""
    here, place = workplace(person(request), call, office)
    if stage_of(here, place) is None:
        raise Http404
    title = _("{office}对账").format(office=place.short)
    return _sheet(here, accounts(here, [place]), title)


@require_safe
@officers_only
def all_xlsx(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The accounts of all offices as a sheet."""
    here, place = workplace(person(request), call, office)
    title = _("{batch}对账").format(batch=here.definition.batch)
    return _sheet(here, accounts(here, _below(here, place)), title)
