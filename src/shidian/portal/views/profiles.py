"""The unit's profile, asked once; what a draft takes over of it later; and what came from an earlier application."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.applications.reusing import take_newer
from shidian.applications.writing import Contested
from shidian.audit.queries import timeline
from shidian.organisations import profiles
from shidian.organisations.models import Organisation, UnitProfile
from shidian.portal.access import own_application, person, read_application
from shidian.portal.forms.spoken import profile_form
from shidian.portal.overview import url
from shidian.portal.views.sections import numbers_of, posted, section_of
from shidian.questionnaires import forms
from shidian.questionnaires.checks import Problem, check_section
from shidian.ui.questionnaire import bind, shown_text


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    """What the unit tells of itself, with all earlier states; what was typed stays when something is wrong."""
    user = person(request)
    unit = Organisation.objects.filter(pk=pk, memberships__user=user).first()
    if unit is None:
        raise Http404
    section = profile_form()
    kept = profiles.newest(unit)
    values = profiles.told(unit, kept)
    problems: list[Problem] = []
    if request.method == "POST":
        values = forms.read(section, posted(request))
        if request.POST.get("go") != "stay":
            problems = [problem for problem in check_section(section, values) if problem.severity == "error"]
            if not problems:
                row = profiles.keep(unit, values, by=user)
                words = (
                    _("单位资料已保存，以后的新申请会自动带入。") if row else _("没有改动，资料和原来一样。")
                )
                messages.success(request, words)
                return redirect("portal:unit-profile", pk=unit.pk)
    warnings = [problem for problem in check_section(section, values) if problem.severity == "warning"]
    context = {
        "unit": unit,
        "kept": kept,
        "fields": bind(section, values, [*problems, *warnings]),
        "history": _history(unit),
        "form_problems": problems,
    }
    return render(request, "portal/profile.html", context)


def _history(unit: Organisation) -> list[dict[str, Any]]:
    """Every change, the newest first, with what each changed attribute became."""
    lines: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    for row in UnitProfile.objects.filter(organisation=unit).select_related("by").order_by("pk"):
        changed = [
            {"label": field.name, "text": shown_text(field, row.data.get(field.key)) or _("（未填）")}
            for field in profile_form().fields
            if (row.data.get(field.key) or "") != (before.get(field.key) or "")
        ]
        lines.append({"row": row, "changed": changed})
        before = row.data
    return lines[::-1]


@login_required
@never_cache
@require_POST
def take(request: HttpRequest, reference: str, section: str) -> HttpResponse:
    """Take over what the profile says now into the fields of a section, as the person saw them (`numbers`)."""
    application = own_application(request, reference)
    asked = section_of(application, section)
    outcomes = take_newer(application, asked, numbers_of(request), by=person(request))
    if any(isinstance(outcome, Contested) for outcome in outcomes):
        return redirect(url("conflict", application, section=asked.key))
    words = _("已用新的单位资料，改了 {count} 栏；原来的内容在修改记录里。").format(count=len(outcomes))
    messages.success(request, words if outcomes else _("没有要改的，这一部分和单位资料一样。"))
    return redirect(url("section", application, section=asked.key))


@login_required
@never_cache
@require_safe
def copied(request: HttpRequest, reference: str) -> HttpResponse:
    """What came from the earlier application, and what did not and why."""
    application = read_application(request, reference)
    event = timeline(application.chain).filter(name="application.copied").first()
    if event is None:
        raise Http404
    came = set(event.detail["came"])
    context = {
        "application": application,
        "source": event.detail["source"],
        "count": event.detail["count"],
        "sections": [
            {"section": each, "fields": [field for field in each.fields if f"{each.key}.{field.key}" in came]}
            for each in application.call.questionnaire.sections
        ],
        "left": [{"section": title, "field": name, "why": why} for title, name, why in event.detail["left"]],
    }
    return render(request, "portal/copied.html", context)
