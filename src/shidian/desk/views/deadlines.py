"""Deadlines of a call and the extensions granted: who gave whom how much time, and why."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from shidian.accounts.models import User
from shidian.calls.actions import extend, take_extension_back
from shidian.calls.models import Call, Extension
from shidian.calls.queries import offices_at, stage
from shidian.calls.rules import can_extend
from shidian.core.errors import Invalid
from shidian.desk.access import officers_only, person
from shidian.desk.forms.deadlines import ExtensionForm, deadlines
from shidian.desk.forms.words import ReasonForm, posted
from shidian.dispatch.queries import calls_of
from shidian.organisations.models import Office
from shidian.ui.templatetags.ui import form_problems


def _call_of(user: User, key: str) -> Call:
    """A call in which the person acts for an office; everybody there sees what time was given."""
    if user.is_auditor:
        return get_object_or_404(Call, key=key)
    found = next((call for call, _office in calls_of(user) if call.key == key), None)
    if found is None:
        raise Http404
    return found


def _offices(call: Call) -> list[Office]:
    found = [office for each in call.definition.stages for office in offices_at(call, each.key)]
    return list({office.pk: office for office in found}.values())


@require_http_methods(("GET", "HEAD", "POST"))
@officers_only
def page(request: HttpRequest, call: str) -> HttpResponse:
    """The deadlines as they stand, every extension with its reason, and the form for another one."""
    user = person(request)
    here = _call_of(user, call)
    verdict = can_extend(user, here)
    form = ExtensionForm(here, _offices(here), *posted(request))
    if request.method == "POST" and verdict and form.is_valid():
        try:
            made = extend(here, by=user, **form.target())
        except Invalid as invalid:
            for key, message in invalid.problems:
                form.add_error("day" if key == "until" else key, message)
        else:
            messages.success(request, _("已延期：{whom}。").format(whom=made.whom))
            return redirect("desk:deadlines", call=here.key)
    rows = list(
        Extension.objects.filter(call=here).order_by("-pk").select_related("office", "lead", "by", "call")
    )
    here.__dict__.pop("extensions", None)
    force = {row.pk for row in here.extensions}
    context = {
        "call": here,
        "deadlines": [
            {"parts": key.partition("."), "words": words, "until": until}
            for key, words, until in deadlines(here)
        ],
        "rows": [
            {"row": row, "stage": stage(here, row.stage).label, "force": row.pk in force} for row in rows
        ],
        "form": form,
        "form_problems": form_problems(form),
        "allowed": verdict,
    }
    return render(request, "desk/deadlines.html", context, status=422 if form.errors else 200)


@require_http_methods(("GET", "HEAD", "POST"))
@officers_only
def taking_back(request: HttpRequest, call: str, pk: int) -> HttpResponse:
    """End an extension, with the reason."""
    user = person(request)
    here = _call_of(user, call)
    found = get_object_or_404(Extension.objects.select_related("office", "lead", "call"), pk=pk, call=here)
    verdict = can_extend(user, here)
    back = reverse("desk:deadlines", args=(here.key,))
    form = ReasonForm(*posted(request), hint=_("例如：写错了机构，已另行延期。"))
    if request.method == "POST" and verdict and form.is_valid():
        take_extension_back(found, by=user, reason=form.cleaned_data["reason"])
        messages.success(request, _("已收回：{whom}。").format(whom=found.whom))
        return redirect(back)
    in_force = found.pk in {row.pk for row in here.extensions}
    refused = "" if verdict else verdict.reason
    context: dict[str, Any] = {
        "crumbs": [(back, _("期限和延期"))],
        "title": _("收回延期：{whom}").format(whom=found.whom),
        "verb": _("收回延期"),
        "stop": True,
        "consequences": [
            _("从现在起按原来的期限。已经递交或者报送的不受影响。"),
            _("延期和收回都留在历史里。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": refused or ("" if in_force else _("这次延期已经不在了：已收回，或者已被后来的延期取代。")),
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)
