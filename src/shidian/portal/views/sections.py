"""Filling in one section: autosave and plain saving, rows, and the page for two people's texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shidian.accounts.models import User
from shidian.applications import actions, rules
from shidian.applications.errors import Conflict
from shidian.applications.models import Application, SectionAnswers
from shidian.applications.queries import answers
from shidian.portal.access import own_application, person
from shidian.portal.merging import Contested, contested, merged
from shidian.portal.overview import open_reasons, tasks, url
from shidian.questionnaires import forms
from shidian.questionnaires.checks import Problem, check_section, is_blank
from shidian.questionnaires.definition import Section
from shidian.ui.questionnaire import bind

_AUTOSAVE = "autosave"


def _section(application: Application, key: str) -> Section:
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
    asked = _section(application, section)
    if request.method == "POST":
        return _save(request, application, asked)
    row = _row(application, asked)
    return _page(request, application, asked, row, _tidy(asked, row.data))


def _row(application: Application, asked: Section) -> SectionAnswers:
    # A section that a newer version of the call has added is made when it is first opened.
    row, _ = application.sections.select_related("saved_by").get_or_create(section=asked.key)
    return row


def _tidy(asked: Section, data: Mapping[str, Any]) -> dict[str, Any]:
    """The stored answers in the shapes that the page takes: what the unit's account filled in may be a plain code."""
    values = dict(data)
    for field in asked.fields:
        held = values.get(field.key)
        if field.type == "region" and isinstance(held, str):
            values[field.key] = forms.clean(field, {"county": held})
    return values


def _posted(request: HttpRequest) -> dict[str, list[str]]:
    return {name: [str(value) for value in values] for name, values in request.POST.lists()}


def _number(request: HttpRequest) -> int:
    # The number of the revision that the writer saw; a page without one cannot overwrite anybody.
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else -1


def _save(request: HttpRequest, application: Application, asked: Section) -> HttpResponse:
    started_from = _number(request)
    row = _row(application, asked)
    data = _posted(request)
    base = _base(row, started_from)
    values = {**base, **forms.read(asked, data)}
    _move_rows(asked, values, request)
    autosave = request.headers.get("X-Requested-With") == _AUTOSAVE
    try:
        row = actions.save_section(
            application, asked.key, values, by=person(request), started_from=started_from
        )
    except Conflict as conflict:
        combined = merged(conflict.base, conflict.mine, conflict.theirs)
        if autosave or contested(asked, conflict.base, conflict.mine, conflict.theirs):
            # Both texts are kept until somebody chooses: theirs is stored, mine waits in the session.
            _keep(request, application, asked, conflict)
            target = url("conflict", application, section=asked.key)
            return (
                JsonResponse({"conflict": True, "url": target}, status=409) if autosave else redirect(target)
            )
        row = actions.save_section(
            application, asked.key, combined, by=person(request), started_from=conflict.number
        )
        messages.info(request, f"{conflict.who}刚才也改了这一部分的其他栏目，两人的修改都已保存。")
    if autosave:
        return _autosaved(asked, row)
    return _go_on(request, application, asked, row)


def _base(row: SectionAnswers, started_from: int) -> dict[str, Any]:
    if started_from == row.number:
        return dict(row.data)
    data = row.revisions.filter(number=started_from).values_list("data", flat=True).first()
    return dict(data or {})


def _autosaved(asked: Section, row: SectionAnswers) -> JsonResponse:
    at = timezone.localtime(row.saved_at) if row.saved_at else None
    found = _filled_wrongly(asked, row.data)
    return JsonResponse(
        {
            "saved_at": f"{at:%H:%M}" if at else "",
            "version": row.number,
            "number": row.number,
            "problems": [{"anchor": problem.anchor, "message": problem.message} for problem in found],
        },
        json_dumps_params={"ensure_ascii": False},
    )


def _move_rows(asked: Section, values: dict[str, Any], request: HttpRequest) -> None:
    """Carry out the row buttons of a page without script: up, down, drop. A blank row is always there to add."""
    for verb in ("rows-up", "rows-down", "rows-drop"):
        key, _, number = request.POST.get(verb, "").rpartition("-")
        rows = values.get(key)
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
    request: HttpRequest, application: Application, asked: Section, row: SectionAnswers
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
        messages.success(request, f"“{asked.title}”已保存。")
        return redirect(url("application", application))
    if go == "next" and not _filled_wrongly(asked, row.data):
        messages.success(request, f"“{asked.title}”已保存。")
        return redirect(_next(application, asked))
    if go == "stay" or "check" in request.GET:
        return redirect(request.get_full_path())
    messages.success(request, "已保存。")
    return redirect(f"{here}?check=filled" if _filled_wrongly(asked, row.data) else here)


def _next(application: Application, asked: Section) -> str:
    keys = [section.key for section in application.call.questionnaire.sections]
    position = keys.index(asked.key) + 1
    if position < len(keys):
        return url("section", application, section=keys[position])
    if application.call.definition.attachments:
        return url("attachments", application)
    return url("check", application)


def _previous(application: Application, asked: Section) -> str:
    keys = [section.key for section in application.call.questionnaire.sections]
    position = keys.index(asked.key)
    return (
        url("section", application, section=keys[position - 1])
        if position
        else url("application", application)
    )


def _filled_wrongly(asked: Section, values: Mapping[str, Any]) -> list[Problem]:
    """The errors of fields that are not blank: worth saying at once, unlike what is only missing."""
    return [
        problem
        for problem in check_section(asked, values)
        if problem.severity == "error" and not is_blank(values.get(problem.field))
    ]


def _page(
    request: HttpRequest,
    application: Application,
    asked: Section,
    row: SectionAnswers,
    values: dict[str, Any],
) -> HttpResponse:
    user = person(request)
    allowed = rules.can_edit(user, application)
    want = request.GET.get("check", "")
    found = check_section(asked, values)
    warnings = [
        problem
        for problem in found
        if problem.severity == "warning" and not is_blank(values.get(problem.field))
    ]
    wrong = [problem for problem in found if problem.severity == "error"]
    if want != "all":
        wrong = [problem for problem in wrong if not is_blank(values.get(problem.field))]
    decision, reasons = open_reasons(application)
    everything = {**answers(application), asked.key: values}
    listed = tasks(
        application, everything, current=asked.key, reasons=reasons, wrong=len(wrong) if want else 0
    )
    context = {
        "application": application,
        "asked": asked,
        "row": row,
        "fields": bind(asked, values, [*wrong, *warnings], open_fields=None if allowed else frozenset()),
        "allowed": allowed,
        "form_problems": wrong if want else [],
        "listed": listed,
        "decision": decision,
        "reasons": [reason for reason in reasons if reason.section == asked.key],
        "previous": _previous(application, asked),
        "next": _next(application, asked),
        "sources": [line for line in (asked.paper_title,) if line],
    }
    return render(request, "portal/section.html", context)


# Two people's texts


def _place(application: Application, asked: Section) -> str:
    return f"conflict:{application.reference}:{asked.key}"


def _keep(request: HttpRequest, application: Application, asked: Section, conflict: Conflict) -> None:
    request.session[_place(application, asked)] = {"mine": conflict.mine, "base": conflict.base}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def conflict(request: HttpRequest, reference: str, section: str) -> HttpResponse:
    """Both texts side by side, field by field: mine, theirs, or put together by hand. Then it is saved."""
    application = own_application(request, reference)
    asked = _section(application, section)
    row = _row(application, asked)
    here = url("section", application, section=asked.key)
    kept = request.session.get(_place(application, asked))
    if kept is None:
        return redirect(here)
    mine, base = kept["mine"], kept["base"]
    found = contested(asked, base, mine, row.data)
    if request.method == "POST":
        values, unclear = _chosen(
            request, asked, merged(base, mine, row.data), mine, [each.field.key for each in found]
        )
        # What stands there now must be what was shown when the choice was made.
        if not unclear and _number(request) == row.number:
            _save_both(
                application,
                asked,
                row,
                by=person(request),
                mine=_whole(base, mine, row, found),
                values=values,
            )
            del request.session[_place(application, asked)]
            messages.success(request, "已按您的选择保存。没有采用的一份也留在修改记录里。")
            return redirect(here)
    else:
        unclear = []
    stale = request.method == "POST" and _number(request) != row.number
    context = {
        "application": application,
        "asked": asked,
        "row": row,
        "who": _saver(row, person(request)),
        "found": [
            {
                "each": each,
                "keep": request.POST.get(f"keep-{each.field.key}", ""),
                "together": request.POST.get(f"together-{each.field.key}", each.together),
                "unclear": each.field.key in unclear,
            }
            for each in found
        ],
        "stale": stale,
        "form_problems": [
            {"message": f"请为“{asked.field(key).name}”选一份", "anchor": f"keep-{key}-mine"}
            for key in unclear
        ],
        "allowed": rules.can_edit(person(request), application),
    }
    return render(request, "portal/conflict.html", context)


def _saver(row: SectionAnswers, user: User) -> str:
    if row.saved_by is None:
        return "另一处"
    return "您在另一个窗口" if row.saved_by_id == user.pk else row.saved_by.label


def _whole(
    base: Mapping[str, Any], mine: Mapping[str, Any], row: SectionAnswers, found: Sequence[Contested]
) -> dict[str, Any]:
    return {**merged(base, mine, row.data), **{each.field.key: mine[each.field.key] for each in found}}


@transaction.atomic
def _save_both(
    application: Application,
    asked: Section,
    row: SectionAnswers,
    *,
    by: User,
    mine: dict[str, Any],
    values: dict[str, Any],
) -> None:
    """Save what was chosen; a text that was not chosen is saved before it, so that the revisions keep it too."""
    first = actions.save_section(application, asked.key, mine, by=by, started_from=row.number)
    actions.save_section(application, asked.key, values, by=by, started_from=first.number)


def _chosen(
    request: HttpRequest, asked: Section, values: dict[str, Any], mine: Mapping[str, Any], keys: list[str]
) -> tuple[dict[str, Any], list[str]]:
    unclear = []
    for key in keys:
        choice = request.POST.get(f"keep-{key}", "")
        if choice == "mine":
            values[key] = mine[key]
        elif choice == "together" and f"together-{key}" in request.POST:
            values[key] = forms.clean(asked.field(key), request.POST[f"together-{key}"])
        elif choice != "theirs":
            unclear.append(key)
    return values, unclear
