"""Handing in to an office, the receipt, and withdrawing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.applications import actions, papers, rules
from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import round_of
from shidian.calls.queries import offices_at, window
from shidian.core.errors import Refused
from shidian.portal import overview
from shidian.portal.access import own_application, person, seen_application
from shidian.portal.forms.reasons import ReasonForm
from shidian.signoffs.queries import parties
from shidian.ui import files


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lodgement(request: HttpRequest, reference: str) -> HttpResponse:
    """Choose the office, then see what is handed in, to whom, by when and what follows; then hand in."""
    application = own_application(request, reference)
    user = person(request)
    choices = _offices(request, application)
    named = request.POST.get("office") or request.GET.get("office", "")
    chosen = next((row for row in choices if row["office"].key == named), None)
    problem = ""
    if request.method == "POST":
        if chosen is None:
            problem = _("请选择递交给哪个受理机构")
        else:
            try:
                arrival = actions.lodge(application, chosen["office"], by=user)
            except Refused as refused:
                problem = refused.reason
            else:
                return redirect(overview.url("receipt", application, number=arrival.number))
    elif ("office" in request.GET or "go" in request.GET) and chosen is None:
        problem = _("请选择递交给哪个受理机构")
    if chosen is None and len(choices) == 1:
        chosen = choices[0]
    round_ = round_of(application)
    context = {
        "application": application,
        "definition": application.call.definition,
        "kinds": _by_kind(application, choices),
        "chosen": chosen,
        "handed_in": application.state not in ("draft", "returned", "signing"),
        "parties": [party for party in parties(round_) if party.signature] if round_ else [],
        "attachments": application.version.data["attachments"] if application.version else [],
        "form_problems": [{"message": problem, "anchor": "office" if chosen is None else ""}]
        if problem
        else [],
        "problem": problem,
    }
    return render(request, "portal/lodgement.html", context)


def _offices(request: HttpRequest, application: Application) -> list[dict[str, Any]]:
    """Where it may be handed in; a corrected application goes back to its office. The unit's own region comes first."""
    call = application.call
    if application.office is not None:
        found = [application.office]
    else:
        found = offices_at(call, call.definition.stages[0].key)
    region = application.lead.region
    ready = rules.is_ready_to_lodge(person(request), application)
    rows = [
        {
            "office": office,
            "near": bool(region) and office.region == region,
            "verdict": rules.takes_from(office, application) if ready else ready,
            "until": window(call, office, application.lead).hand_in_until
            if application.office is None
            else None,
        }
        for office in found
    ]
    return sorted(rows, key=lambda row: not row["near"])


def _by_kind(application: Application, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    labels = {kind.kind: kind.label for kind in application.call.definition.office_kinds}
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["office"].kind, []).append(row)
    return [{"label": labels.get(kind, kind), "rows": found} for kind, found in groups.items()]


def _lodgement(request: HttpRequest, reference: str, number: str) -> Lodgement:
    application = seen_application(request, reference)
    found = (
        application.lodgements.filter(number=number, sent_by__isnull=True)
        .select_related("office", "version__document", "by", "application__call", "application__lead")
        .first()
    )
    if found is None:
        raise Http404
    return found


@login_required
@never_cache
@require_safe
def receipt(request: HttpRequest, reference: str, number: str) -> HttpResponse:
    """The receipt: number, server time, digest, and what happens next."""
    found = _lodgement(request, reference, number)
    return render(request, "portal/receipt.html", {"lodgement": found, "application": found.application})


@login_required
@require_safe
def receipt_pdf(request: HttpRequest, reference: str, number: str) -> HttpResponse:
    """The receipt as a paper."""
    found = _lodgement(request, reference, number)
    return files.pdf(papers.receipt(found), name=f"回执-{found.number}.pdf")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdrawal(request: HttpRequest, reference: str) -> HttpResponse:
    """End the application; said before it happens."""
    application = own_application(request, reference)
    allowed = rules.can_withdraw(person(request), application)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.withdraw(application, by=person(request), reason=form.cleaned_data["reason"])
        messages.success(request, _("申请 {application} 已撤回。").format(application=application.reference))
        return redirect(overview.url("application", application))
    round_ = round_of(application)
    given = [p for p in parties(round_) if p.signature] if round_ and round_.state != "void" else []
    consequences = [
        _("这次申请到此结束，不能恢复；要再申请，须另起一份。"),
        _("填写的内容、版本和意见都保留，可以随时查看和下载。"),
    ]
    if given:
        names = _("、").join(
            _("{party}“{party_2}”").format(party=party.label, party_2=party.name) for party in given
        )
        consequences.insert(1, _("已经取得的意见失效：{names}。").format(names=names))
    if application.office is not None and application.state in ("lodged", "recommended"):
        consequences.insert(1, _("{office}不再审查这份申请。").format(office=application.office.name))
    context = {
        "application": application,
        "form": form,
        "consequences": consequences,
        "refused": "" if allowed else allowed.reason,
        "back_url": overview.url("application", application),
        "form_problems": form.problems(),
    }
    return render(request, "portal/withdrawal.html", context)
