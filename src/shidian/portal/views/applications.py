"""One's applications, starting one, its overview and its history."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.applications import actions, rules
from shidian.applications.corrections import lists_of
from shidian.applications.openings import current
from shidian.applications.presence import others
from shidian.applications.queries import (
    access,
    answers,
    lead_applications,
    standing,
    working_applications,
)
from shidian.applications.signing import can_send_to, to_sign
from shidian.audit.queries import timeline
from shidian.calls.models import Call
from shidian.calls.queries import area_label
from shidian.core.errors import Refused
from shidian.organisations.models import Membership
from shidian.portal import overview, remarks
from shidian.portal.access import person, seen_application, seen_versions, sees_everything
from shidian.portal.correcting import lines
from shidian.reviews.models import Decision
from shidian.reviews.queries import decisions
from shidian.ui.history import entries

_LATEST = 8


@login_required
@never_cache
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """The applications of the units one acts for, the units themselves, and what can be started."""
    user = person(request)
    memberships = list(Membership.objects.filter(user=user).select_related("organisation").order_by("pk"))
    rows: list[dict[str, Any]] = [
        {"application": row, "standing": standing(row)} for row in working_applications(user)
    ]
    calls = []
    for call in Call.objects.public():
        verdicts = [rules.can_start(user, membership.organisation, call) for membership in memberships]
        if any(verdicts) or (verdicts and not call.is_over):
            refused = "" if any(verdicts) else verdicts[0].reason
            calls.append({"call": call, "definition": call.definition, "refused": refused})
    return render(
        request,
        "portal/applications.html",
        {
            "rows": rows,
            "memberships": memberships,
            "calls": calls,
            "named": remarks.naming_lines(user),
            "to_sign": to_sign(user),
            "signing": any(row["application"].state == "signing" for row in rows),
        },
    )


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def call_start(request: HttpRequest, key: str) -> HttpResponse:
    """Choose the unit that applies, see what will be asked, and start."""
    user = person(request)
    call = Call.objects.public().filter(key=key).first()
    if call is None:
        raise Http404
    units: list[dict[str, Any]] = [
        {"unit": membership.organisation, "verdict": rules.can_start(user, membership.organisation, call)}
        for membership in Membership.objects.filter(user=user).select_related("organisation").order_by("pk")
    ]
    problem = source_problem = ""
    chosen, named = request.POST.get("unit", ""), request.POST.get("source", "")
    own = list(lead_applications(user))
    if request.method == "POST":
        found = next((entry["unit"] for entry in units if str(entry["unit"].pk) == chosen), None)
        source = next((row for row in own if named and row.reference == named), None)
        if found is None:
            problem = _("请选择由哪个单位申请。")
        elif named and (source is None or source.lead_id != found.pk):
            source_problem = _("请选择同一个单位以前的申请，或者选“不带入”。")
        else:
            try:
                application = actions.start(call, found, by=user, source=source)
            except Refused as refused:
                problem = refused.reason
            else:
                return redirect(overview.url("copied" if source else "application", application))
    already = [
        row for row in own if row.call_id == call.pk and row.state not in ("withdrawn", "declined", "merged")
    ]
    context = {
        "call": call,
        "definition": call.definition,
        "units": units,
        "chosen": chosen or (str(units[0]["unit"].pk) if len(units) == 1 else ""),
        "open": any(entry["verdict"] for entry in units),
        "already": already,
        "earlier": own,
        "source": named,
        "problem": problem,
        "source_problem": source_problem,
        "form_problems": [
            {"message": words, "anchor": anchor}
            for words, anchor in ((problem, "unit"), (source_problem, "source"))
            if words
        ],
    }
    return render(request, "portal/call_start.html", context)


@login_required
@never_cache
@require_safe
def application(request: HttpRequest, reference: str) -> HttpResponse:
    """Everything about one application, and first of all whose turn it is."""
    user = person(request)
    found = seen_application(request, reference)
    whole = sees_everything(user, found)
    now = standing(found)
    seen = seen_versions(user, found)
    # An office sees what was handed in, never what the lead is writing or gathering opinions on since.
    version = found.version if whole else next(iter(seen), None)
    round_ = overview.round_on(version)
    values = answers(found) if whole else (version.data["answers"] if version else {})
    decision, reasons = overview.open_reasons(found)
    present = others(found, user) if whole else None
    listed = overview.tasks(found, values, reasons=reasons, present=present)
    versions = overview.versions(found, seen, now)
    role = access(user, found)
    lead = role.takes_part
    held = [row for row in decisions(found) if row.kind in (Decision.Kind.RETURN, Decision.Kind.DECLINE)]
    events = entries(timeline(found.chain))
    uses = found.call.definition.uses
    period = values.get(uses.period.partition(".")[0], {}).get(uses.period.partition(".")[2])
    lists = lists_of(found) if whole else []
    running = current(found) if whole else None
    context = {
        "correction": running,
        "problems": lines(found, lists=lists) if running else [],
        "lists": [row for row in lists if running is None or row.pk != running.pk],
        "application": found,
        "definition": found.call.definition,
        "standing": now,
        "area": area_label(found.call, found.area) if found.area else "",
        "period": period if isinstance(period, dict) and period.get("from") else None,
        "steps": overview.steps(found),
        "turn": overview.turn(user, found, now, round_, listed=listed, decision=decision),
        "board": overview.board(user, found, round_),
        "send_all": len(can_send_to(found)) if role.leads and found.state == "signing" else 0,
        "listed": listed,
        "whole": whole,
        "remarks": remarks.open_lines(found) if whole else [],
        "lead": lead,
        "versions": versions,
        "decision": decision,
        "reasons": reasons,
        "titles": {section.key: section for section in found.call.questionnaire.sections},
        "decisions": [row for row in held if row != decision],
        "lodgements": found.lodgements.filter(sent_by__isnull=True)
        .select_related("office", "version")
        .order_by("-pk"),
        "events": events[:_LATEST],
        "event_count": len(events),
        "can_withdraw": rules.can_withdraw(user, found) if role.leads else None,
    }
    return render(request, "portal/application.html", context)


@login_required
@never_cache
@require_safe
def history(request: HttpRequest, reference: str) -> HttpResponse:
    """The whole course of events."""
    found = seen_application(request, reference)
    return render(
        request, "portal/history.html", {"application": found, "events": entries(timeline(found.chain))}
    )
