"""Filling in one section: the page, saving it whole without script, and rows without script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shidian.applications import rules
from shidian.applications.models import Answer, Application
from shidian.applications.openings import Opening, opening
from shidian.applications.pictures import missing
from shidian.applications.presence import arrive
from shidian.applications.queries import answers, unsettled, value_at, written_in
from shidian.applications.reusing import newer_in_profile
from shidian.applications.writing import Contested, Writing, save_fields
from shidian.portal.access import own_application, person
from shidian.portal.correcting import (
    lines,
    may_add_pictures,
    open_fields,
    section_verdict,
    with_locks,
)
from shidian.portal.evidence import with_evidence
from shidian.portal.overview import open_reasons, presence_words, tasks, url
from shidian.portal.pictures import pictures_of, takes_pictures, with_pictures
from shidian.portal.remarks import with_links
from shidian.questionnaires import forms
from shidian.questionnaires.checks import Problem, check_part, check_section, is_blank
from shidian.questionnaires.definition import Section
from shidian.questionnaires.visibility import sections, visible
from shidian.ui.questionnaire import bind, shown_text


def section_of(application: Application, key: str) -> Section:
    """The section of the application's form with this key, or 404."""
    try:
        return application.call.questionnaire.section(key)
    except KeyError:
        raise Http404 from None


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def section(request: HttpRequest, reference: str, section: str) -> HttpResponse:
    """One section: shown with its problems when asked for (`?check`), saved by post, read-only when it is not the time."""
    application = own_application(request, reference)
    asked = section_of(application, section)
    rows = written_in(application, asked.key)
    if request.method == "POST":
        return _save(request, application, asked, rows)
    return _page(request, application, asked, rows)


def posted(request: HttpRequest) -> dict[str, list[str]]:
    """The posted controls with all their values."""
    return {name: [str(value) for value in values] for name, values in request.POST.lists()}


def numbers_of(request: HttpRequest) -> dict[str, int]:
    """The number of each field that the writer saw; a page without them cannot overwrite anybody."""
    try:
        given = json.loads(request.POST.get("numbers", ""))
    except ValueError:
        return {}
    return (
        {key: value for key, value in given.items() if isinstance(value, int)}
        if isinstance(given, dict)
        else {}
    )


def _save(
    request: HttpRequest, application: Application, asked: Section, rows: Mapping[str, Answer]
) -> HttpResponse:
    numbers = numbers_of(request)
    values = forms.read(asked, posted(request))
    held = {key: row.value for key, row in rows.items()}
    _move_rows(asked, values, held, request)
    writings = {}
    for key, value in values.items():
        seen = numbers.get(key, -1)
        before = value_at(rows.get(key), seen)
        if value != before and not (is_blank(value) and is_blank(before)):
            writings[f"{asked.key}.{key}"] = Writing(value, seen)
    user = person(request)
    others = [
        row
        for key, row in rows.items()
        if row.number != numbers.get(key, row.number) and row.saved_by_id != user.pk
    ]
    outcomes = save_fields(application, writings, by=user)
    if any(isinstance(outcome, Contested) for outcome in outcomes):
        return redirect(url("conflict", application, section=asked.key))
    if others:
        messages.info(
            request,
            _("{saved_by}刚才也改了这一部分的其他栏目，两人的修改都已保存。").format(
                saved_by=others[-1].saved_by.label
            ),
        )
    saved = {**held, **{path.partition(".")[2]: writing.value for path, writing in writings.items()}}
    return _go_on(request, application, asked, saved)


def _move_rows(asked: Section, values: dict[str, Any], held: Mapping[str, Any], request: HttpRequest) -> None:
    """Carry out the row buttons of a page without script: up, down, drop. A blank row is always there to add."""
    for verb in ("rows-up", "rows-down", "rows-drop"):
        key, _rest, number = request.POST.get(verb, "").rpartition("-")
        rows = values.get(key, held.get(key))
        if key not in asked.by_key or not isinstance(rows, list) or not number.isdigit():
            continue
        at = int(number) - 1
        if not 0 <= at < len(rows):
            continue
        rows = list(rows)
        if verb == "rows-drop":
            del rows[at]
        else:
            other = at + (1 if verb == "rows-down" else -1)
            if 0 <= other < len(rows):
                rows[at], rows[other] = rows[other], rows[at]
        values[key] = rows


def _go_on(
    request: HttpRequest, application: Application, asked: Section, values: Mapping[str, Any]
) -> HttpResponse:
    here = url("section", application, section=asked.key)
    go = request.POST.get("go", "")
    table = request.POST.get("rows-add") or next(
        (
            request.POST[verb].rpartition("-")[0]
            for verb in ("rows-up", "rows-down", "rows-drop")
            if verb in request.POST
        ),
        "",
    )
    if table:
        return HttpResponseRedirect(f"{here}#f-{table}") if table in asked.by_key else redirect(here)
    if go == "list":
        messages.success(request, _("“{asked}”已保存。").format(asked=asked.title))
        return redirect(url("application", application))
    if go == "next" and not filled_wrongly(asked, values):
        messages.success(request, _("“{asked}”已保存。").format(asked=asked.title))
        return redirect(_next(application, asked, {**answers(application), asked.key: dict(values)}))
    if go == "stay" or "check" in request.GET:
        return redirect(request.get_full_path())
    messages.success(request, _("已保存。"))
    return redirect(f"{here}?check=filled" if filled_wrongly(asked, values) else here)


def _next(application: Application, asked: Section, everything: Mapping[str, Any]) -> str:
    keys = _shown_sections(application, everything)
    order = list(application.call.questionnaire.by_key)
    for key in order[order.index(asked.key) + 1 :]:
        if key in keys:
            return url("section", application, section=key)
    if application.call.definition.attachments:
        return url("attachments", application)
    return url("check", application)


def _previous(application: Application, asked: Section, everything: Mapping[str, Any]) -> str:
    keys = _shown_sections(application, everything)
    order = list(application.call.questionnaire.by_key)
    for key in reversed(order[: order.index(asked.key)]):
        if key in keys:
            return url("section", application, section=key)
    return url("application", application)


def _shown_sections(application: Application, everything: Mapping[str, Any]) -> set[str]:
    questionnaire = application.call.questionnaire
    return {section.key for section in sections(questionnaire, visible(questionnaire, everything))}


def filled_wrongly(asked: Section, values: Mapping[str, Any]) -> list[Problem]:
    """The errors of fields that are not blank: worth saying at once, unlike what is only missing."""
    return [
        problem
        for problem in check_section(asked, values)
        if problem.severity == "error" and not is_blank(values.get(problem.field))
    ]


def _newer(
    application: Application, asked: Section, rows: Mapping[str, Answer], opened: Opening | None
) -> dict[str, Any]:
    """What the unit's profile says differently since, with the numbers of those fields."""
    found = newer_in_profile(application, asked, rows) if application.is_editable else []
    if opened is not None:
        found = [each for each in found if opened.has_field(f"{asked.key}.{each.field.key}")]
    return {
        "lines": [{"field": each.field, "text": shown_text(each.field, each.value)} for each in found],
        "numbers": json.dumps({each.field.key: each.number for each in found}),
    }


def _page(
    request: HttpRequest,
    application: Application,
    asked: Section,
    rows: Mapping[str, Answer],
) -> HttpResponse:
    user = person(request)
    values = {key: row.value for key, row in rows.items()}
    opened = opening(application)
    allowed = section_verdict(opened, asked, rules.can_write(user, application, asked.key))
    want = request.GET.get("check", "")
    questionnaire = application.call.questionnaire
    everything = {**answers(application), asked.key: values}
    found = check_part(questionnaire, asked.key, everything)
    held = pictures_of(application, asked)
    found += missing(questionnaire, everything, held, only=asked.key)
    warnings = [
        problem
        for problem in found
        if problem.severity == "warning" and not is_blank(values.get(problem.field))
    ]
    wrong = [problem for problem in found if problem.severity == "error"]
    if want != "all":
        wrong = [problem for problem in wrong if not is_blank(values.get(problem.field))]
    present = arrive(application, asked.key, user)
    decision, reasons = open_reasons(application)
    listed = tasks(
        application,
        everything,
        current=asked.key,
        reasons=reasons,
        wrong=len(wrong) if want else 0,
        present=present,
    )
    context = {
        "application": application,
        "asked": asked,
        "takes_pictures": takes_pictures(application, asked),
        "saved_at": max((row.saved_at for row in rows.values()), default=None),
        "written": [{"field": field, "row": rows[field.key]} for field in asked.fields if field.key in rows],
        "numbers": json.dumps(
            {field.key: rows[field.key].number if field.key in rows else 0 for field in asked.fields}
        ),
        "unsettled": unsettled(application, user, asked.key),
        "fields": with_locks(
            with_links(
                application,
                asked.key,
                with_pictures(
                    with_evidence(
                        bind(
                            asked,
                            values,
                            [*wrong, *warnings],
                            open_fields=open_fields(opened, asked) if allowed else frozenset(),
                            known=visible(questionnaire, everything),
                        ),
                        application,
                        asked,
                    ),
                    application,
                    asked,
                    held,
                    may_add=bool(rules.can_edit(user, application)) and may_add_pictures(opened),
                ),
                may_comment=bool(rules.can_comment(user, application)),
            ),
            opened if allowed else None,
            asked,
        ),
        "allowed": allowed,
        "form_problems": wrong if want else [],
        "listed": listed,
        "newer": _newer(application, asked, rows, opened),
        "present": presence_words(application, present, asked.key),
        "decision": decision,
        "reasons": [reason for reason in reasons if reason.section == asked.key],
        "problems": lines(application, asked.key) if opened else [],
        "correction": opened.correction if opened else None,
        "previous": _previous(application, asked, everything),
        "next": _next(application, asked, everything),
        "sources": [line for line in (asked.paper_title,) if line],
    }
    return render(request, "portal/section.html", context)
