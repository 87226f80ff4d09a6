"""Reading one application and judging it point by point; its history."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shidian.accounts.models import User
from shidian.applications.papers import package_of
from shidian.applications.queries import dispatch_until, standing, visible_to
from shidian.applications.rules import can_decide, can_reach, can_take_back, recommend_word
from shidian.audit.queries import timeline
from shidian.calls.queries import area_label, stage
from shidian.core.errors import Invalid
from shidian.desk import cases, marking, reading
from shidian.desk.access import Seen, held_application, officers_only, person, seen_application
from shidian.desk.corrected import corrected
from shidian.desk.forms.checks import ChecksForm
from shidian.desk.reading import done_lines
from shidian.desk.views.joint import links_of
from shidian.desk.views.problems import presence_words
from shidian.reviews import claims
from shidian.reviews.actions import record_checks
from shidian.reviews.checklist import judged
from shidian.reviews.freshness import Done, Overtaken, mark
from shidian.reviews.models import Check
from shidian.reviews.queries import claim_on, counts, decisions
from shidian.reviews.rules import can_check, can_recommend, can_settle
from shidian.ui import parties
from shidian.ui.answer import Address
from shidian.ui.history import entries


@require_safe
@officers_only
def application(request: HttpRequest, reference: str) -> HttpResponse:
    """All answers as frozen, what changed since the last time here, the check, and what may be decided."""
    user = person(request)
    seen = seen_application(user, reference)
    return _page(request, user, seen)


def _pictures(seen: Seen) -> Address:
    """Where the pictures of long answers are: among the attachments of the version that is read."""
    version = seen.lodgement.version
    slot = package_of(version).questionnaire.pictures
    places = {
        row["name"]: number
        for number, row in enumerate(version.data["attachments"], start=1)
        if slot and row["slot"] == slot
    }
    reference, label = seen.application.reference, version.label
    return lambda name: (
        reverse("desk:attachment", args=(reference, label, places[name])) if name in places else None
    )


def _page(
    request: HttpRequest,
    user: User,
    seen: Seen,
    form: ChecksForm | None = None,
    *,
    status: int = 200,
    done: list[Done] | None = None,
) -> HttpResponse:
    found, lodgement = seen.application, seen.lodgement
    old = reading.before(lodgement)
    old_version = old.version if old else None
    parts = reading.read(lodgement.version, old_version, address=_pictures(seen))
    enclosures, gone = reading.enclosures(lodgement.version, old_version)
    rows = judged(lodgement) if seen.judges else []
    earlier = _earlier_verdicts(old.pk) if old else {}
    checking = can_check(user, lodgement)
    # Asked for where it is needed to go on; at earlier stages the party has not seen the file (notice, 三（二）).
    here = seen.judges and seen.office is not None and seen.office.pk == found.office_id
    said = reading.opinions(lodgement)
    waited = parties.waited_for(found, [row.party for row in said]) if here else {}
    # Whoever has agreed is not asked again, so the rule need not be: it looks the round up for each party.
    opinions = [
        (
            row,
            here and not row.party.has_agreed and bool(can_reach(user, found, row.party)),
            waited.get(row.party.pk),
        )
        for row in said
    ]
    changes = sum(part.changes for part in parts)
    answered = corrected(lodgement, parts, enclosures, said) if seen.judges else None
    drafts = marking.marked(lodgement) if seen.judges and seen.office else []
    context: dict[str, Any] = {
        "application": found,
        "lodgement": lodgement,
        "seen": seen,
        "call": found.call,
        "standing": standing(found),
        "area": area_label(found.call, found.area),
        "parts": parts,
        "explained": reading.explained(lodgement.version, parts),
        "old": old,
        "changes": changes + len(gone) + sum(row.is_new for row in enclosures),
        "opinions": opinions,
        "enclosures": enclosures,
        "gone": gone,
        "corrected": answered,
        "asked": [] if answered else reading.asked_before(lodgement, parts),
        "drafts": drafts,
        "lists": found.corrections.count() if seen.judges else 0,
        "marked": marking.by_place(drafts),
        "may_mark": bool(checking),
        "mark": mark(found) if checking else "",
        "done": done_lines(done or []),
        **_work(user, seen),
        "decisions": decisions(found) if seen.judges else [],
        "times": found.lodgements.filter(office=lodgement.office_id, pk__lte=lodgement.pk).count(),
        "checking": checking,
        "checklist": (form or ChecksForm(rows)).groups(rows, earlier) if seen.judges else [],
        "judged": sum(row.check is not None for row in rows),
        "total": len(rows),
        "form_problems": form.problems if form else [],
        "word": recommend_word(found) if found.stage else "",
        "until": dispatch_until(found) if found.office_id == lodgement.office_id else None,
        "joint": links_of(found, user) if seen.judges else None,
        **_verdicts(user, seen, rows),
        **_place_in_list(request, seen),
    }
    return render(request, "desk/application.html", context, status=status)


def _work(user: User, seen: Seen) -> dict[str, Any]:
    """Who works on it here, and who else has the page open."""
    found = seen.application
    if seen.office is None or not seen.judges or found.office_id != seen.office.pk or found.state != "lodged":
        return {"present": "", "claim": None, "claiming": None}
    return {
        "present": presence_words(claims.arrive(found, user)),
        "claim": claim_on(found),
        "claiming": can_decide(user, found),
    }


def _earlier_verdicts(lodgement: int) -> dict[str, str]:
    """What was said about each item the last time, in words."""
    return {
        row.item: row.get_verdict_display() + (_("，{note}").format(note=row.note) if row.note else "")
        for row in Check.objects.filter(lodgement=lodgement).order_by("pk")
    }


def _verdicts(user: User, seen: Seen, rows: list[Any]) -> dict[str, Any]:
    """What may be decided, with the reason where it may not; nothing for people who decide nothing here."""
    found = seen.application
    if seen.office is None or not seen.judges or found.office_id != seen.office.pk:
        return {"decides": False}
    deciding, recommending = can_settle(user, found), can_recommend(user, found, rows)
    return {
        "decides": True,
        "deciding": deciding,
        "recommending": recommending,
        "taking_back": can_take_back(user, found),
        "problems": sum(row.check is not None and row.check.verdict == Check.Verdict.NOT_MET for row in rows),
        "stage": stage(found.call, found.stage),
    }


def _place_in_list(request: HttpRequest, seen: Seen) -> dict[str, Any]:
    """The way back to the list that the reader came from, and the applications before and after in it."""
    if seen.office is None or not seen.judges:
        return {}
    call, office = seen.application.call, seen.office
    known = cases.tabs(call, office, counts(call, office))
    asked = cases.Filter.read(_list_query(request), known)
    previous, following = cases.neighbours(call, office, seen.application.reference, asked, known)
    return {
        "previous": previous,
        "following": following,
        "list_query": asked.query(),
        "list_url": reverse("desk:applications", kwargs={"call": call.key, "office": office.key}),
    }


def _list_query(request: HttpRequest) -> dict[str, str]:
    """The filter of the list, carried in the address as `list`, so that it cannot be confused with the page's own."""
    return dict(parse_qsl((request.GET.get("list") or request.POST.get("list") or "")[:600]))


@require_POST
@officers_only
def checks(request: HttpRequest, reference: str) -> HttpResponse:
    """Save the verdicts; with a note that has no verdict nothing is saved, and the page shows all as typed."""
    user = person(request)
    seen = held_application(user, reference)
    rows = judged(seen.lodgement)
    form = ChecksForm(rows, request.POST)
    if not form.problems:
        try:
            count = record_checks(
                seen.lodgement, form.verdicts, by=user, seen=request.POST.get("seen", "")[:100]
            )
        except Overtaken as overtaken:
            form.refuse(overtaken.reason)
            return _page(request, user, seen, form, status=409, done=overtaken.done)
        except Invalid as refused:
            form.refuse(refused.reason)
        else:
            messages.success(
                request,
                _("已保存 {count} 个要点的判定。").format(count=count) if count else _("判定没有变化。"),
            )
            back = request.POST.get("list", "")[:600]
            query = "?" + urlencode({"list": back}) if back else ""
            return redirect(reverse("desk:application", args=(reference,)) + query + "#checks")
    return _page(request, user, seen, form, status=422)


@require_safe
@officers_only
def history(request: HttpRequest, reference: str) -> HttpResponse:
    """Everything that was recorded about the application, the newest first; for auditors also before it was handed in."""
    user = person(request)
    if user.is_auditor:
        found = get_object_or_404(visible_to(user), reference=reference)
    else:
        found = seen_application(user, reference).application
    context = {
        "application": found,
        "readable": found.lodgements.exists(),
        "entries": entries(timeline(found.chain)),
        "standing": standing(found),
    }
    return render(request, "desk/history.html", context)
