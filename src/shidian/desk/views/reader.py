"""The desk of an expert: what it may read, reading it, and saying that it should not. All of it begins with `readable`."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.applications.papers import form as printed_form
from shidian.applications.papers import package_of
from shidian.calls.queries import area_label
from shidian.core import clock
from shidian.core.errors import Invalid
from shidian.desk.access import experts_only, own_reading, person
from shidian.desk.forms.experts import DeclarationForm, UnitDeclarationForm
from shidian.desk.forms.words import posted
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.documents.sheets import Cell, write_rows
from shidian.reviews.experts import declaring
from shidian.reviews.experts.masking import masked, masker
from shidian.reviews.experts.pool import speciality_words
from shidian.reviews.experts.queries import expert_of, readable
from shidian.reviews.models import Assignment, ConflictDeclaration, Expert
from shidian.reviews.scoring.models import ScoreSheet
from shidian.ui.answer import Address
from shidian.ui.files import sheet, stored
from shidian.ui.filters import words_of
from shidian.ui.reading import enclosures, read
from shidian.ui.templatetags.ui import form_problems

GET_POST = ("GET", "HEAD", "POST")


def _expert(request: HttpRequest) -> Expert:
    found = expert_of(person(request))
    if found is None:
        raise Http404
    return found


def title_of(row: Assignment) -> str:
    """The name of the pilot as this expert sees it."""
    name = row.application.name
    return masker(row.version)(name) if row.panel.blind else name


def lead_of(row: Assignment) -> str:
    """Who applied, or nothing where the panel is blind."""
    return "" if row.panel.blind else row.application.lead.name


def _readings(request: HttpRequest) -> list[Assignment]:
    words = words_of(request.GET)
    rows = list(readable(person(request)).order_by("panel__closes_at", "panel", "application__reference"))
    blind = [row for row in rows if row.panel.blind]
    whole = DocumentVersion.objects.in_bulk([row.version_id for row in blind])
    for row in blind:
        row.version = whole[row.version_id]  # masking a title needs the names that stand in the version
    for word in words.casefold().split():
        rows = [
            row
            for row in rows
            if word in f"{row.application.reference} {title_of(row)} {lead_of(row)}".casefold()
        ]
    return rows


@require_safe
@experts_only
def readings(request: HttpRequest) -> HttpResponse:
    """What this expert may read now, panel by panel, the nearest deadline first."""
    panels: dict[int, dict[str, Any]] = {}
    rows = _readings(request)
    sheets = ScoreSheet.objects.filter(assignment__in=rows)
    submitted = {sheet.assignment_id: sheet.state == "submitted" for sheet in sheets}
    for row in rows:
        group = panels.setdefault(row.panel_id, {"panel": row.panel, "rows": []})
        area = area_label(row.application.call, row.application.area)
        group["rows"].append((row, title_of(row), lead_of(row), area, submitted.get(row.pk)))
    context = {
        "expert": _expert(request),
        "panels": list(panels.values()),
        "words": words_of(request.GET),
        "scores": any(group["panel"].call.package.scoring for group in panels.values()),
        "any": readable(person(request)).exists() if not panels else True,
    }
    return render(request, "desk/readings.html", context)


@require_safe
@experts_only
def readings_xlsx(request: HttpRequest) -> HttpResponse:
    """The same list as a sheet."""
    table: list[list[Cell]] = [
        [
            row.panel.name, row.application.reference, title_of(row), lead_of(row),
            area_label(row.application.call, row.application.area),
            row.panel.closes_at.astimezone(row.application.call.zone).replace(microsecond=0),
        ]
        for row in _readings(request)
    ]  # fmt: skip
    heads = [_("评审组"), _("申请编号"), _("试点名称"), _("承担单位"), _("重点领域"), _("评审截止")]
    title = _("待评申请")
    now = clock.now()
    return sheet(write_rows(title, heads, table, created=now), name=f"{title}-{now:%Y%m%d}.xlsx")


@require_safe
@experts_only
def reading(request: HttpRequest, pk: int) -> HttpResponse:
    """One application in the version that was handed in; where the panel is blind, without who applied."""
    found = own_reading(person(request), pk)
    version = masked(found.version) if found.panel.blind else found.version
    order = [row.pk for row in readable(person(request)).filter(panel=found.panel_id).order_by("pk")]
    at = order.index(found.pk)
    context = {
        "assignment": found,
        "panel": found.panel,
        "application": found.application,
        "title": title_of(found),
        "lead": lead_of(found),
        "area": area_label(found.application.call, found.application.area),
        "parts": read(version, address=pictures_of(found)),
        "enclosures": enclosures(version)[0],
        "version": found.version,
        "previous": order[at - 1] if at else None,
        "following": order[at + 1] if at + 1 < len(order) else None,
        "number": at + 1,
        "total": len(order),
    }
    return render(request, "desk/reading.html", context)


def pictures_of(found: Assignment) -> Address:
    """Where the pictures of long answers are; nowhere where the panel is blind."""
    slot = package_of(found.version).questionnaire.pictures
    places = (
        {
            row["name"]: number
            for number, row in enumerate(found.version.data["attachments"], start=1)
            if slot and row["slot"] == slot
        }
        if not found.panel.blind
        else {}
    )
    return lambda name: (
        reverse("desk:reading-file", args=(found.pk, places[name])) if name in places else None
    )


@require_safe
@experts_only
def reading_file(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """One attachment by its place in the version; none where the panel is blind."""
    found = own_reading(person(request), pk)
    rows = [] if found.panel.blind else found.version.data["attachments"]
    if not 0 < number <= len(rows):
        raise Http404
    row = rows[number - 1]
    file = (
        StoredFile.objects.filter(sha256=row["sha256"], media_type=row["media_type"]).order_by("pk").first()
    )
    if file is None:
        raise Http404
    return stored(file, name=row["name"])


@require_safe
@experts_only
def reading_form(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The official form of the version; none where the panel is blind, since it names everybody."""
    found = own_reading(person(request), pk)
    if found.panel.blind:
        raise Http404
    return stored(printed_form(found.version))


@require_http_methods(GET_POST)
@experts_only
def reading_conflict(request: HttpRequest, pk: int) -> HttpResponse:
    """Declare that one should not judge this application; it is gone at once, and the office is told."""
    found = own_reading(person(request), pk)
    form = DeclarationForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            declaring.declare(
                found.expert, application=found.application, by=person(request), **form.cleaned_data
            )
        except Invalid as invalid:
            for place, message in invalid.problems:
                form.add_error(place if place in form.fields else None, message)
        else:
            messages.success(request, _("已申报回避，这件申请不再显示，管理评审组的机构已收到通知。"))
            return redirect("desk:readings")
    context = {
        "crumbs": [(reverse("desk:readings"), _("专家评审"))],
        "title": _("申报回避：{reference}").format(reference=found.application.reference),
        "verb": _("申报回避"),
        "stop": True,
        "consequences": [
            _("这件申请马上从您的清单里消失，您不能再看它，也不再评审它。"),
            _("管理评审组的机构会收到通知，另请专家；只有该机构能撤销申报。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "back_url": reverse("desk:reading", args=(pk,)),
    }
    return render(request, "desk/reading_conflict.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_POST)
@experts_only
def own(request: HttpRequest) -> HttpResponse:
    """What the pool holds of oneself, what one declared, and declaring that one is close to a unit."""
    expert = _expert(request)
    form = UnitDeclarationForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            declaring.declare(expert, by=person(request), **form.cleaned_data)
        except Invalid as invalid:
            for place, message in invalid.problems:
                form.add_error(place if place in form.fields else None, message)
        else:
            messages.success(request, _("已申报回避；与这个单位有关的申请不会分配给您。"))
            return redirect("desk:expert-own")
    rows = ConflictDeclaration.objects.filter(expert=expert, withdraws__isnull=True)
    context = {
        "expert": expert,
        "specialities": speciality_words(expert.specialities),
        "declarations": rows.select_related("withdrawal", "by").order_by("-pk"),
        "form": form,
        "form_problems": form_problems(form),
    }
    return render(request, "desk/expert_own.html", context, status=422 if form.errors else 200)
