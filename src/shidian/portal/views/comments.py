"""Comments on fields: the threads of a field, of a section, and saying, answering, resolving and opening again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.accounts.models import User
from shidian.applications import comments, rules
from shidian.applications.models import Application, Thread
from shidian.applications.queries import people, written_in
from shidian.core.errors import Invalid
from shidian.portal import remarks
from shidian.portal.access import person, read_application
from shidian.portal.overview import url
from shidian.portal.views.sections import section_of
from shidian.ui.questionnaire import shown_text

NEW = "new"
"""The form that begins a thread; the others carry the key of theirs."""


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def field(request: HttpRequest, reference: str, section: str, field: str) -> HttpResponse:
    """The threads of one field. What was typed stays when it cannot be taken."""
    application = read_application(request, reference)
    asked = section_of(application, section)
    if field not in asked.by_key:
        raise Http404
    one = asked.field(field)
    user = person(request)
    found = comments.threads(application, section=section, field=field)
    wrong: dict[str, Any] = {}
    if request.method == "POST":
        try:
            thread, words = _do(request, application, (section, field), found, user)
        except Invalid as invalid:
            wrong = {"at": request.POST.get("thread") or NEW, "problems": invalid.problems}
        else:
            messages.success(request, words)
            return redirect(
                f"{url('comments', application, section=section, field=field)}#thread-{thread.pk}"
            )
    row = written_in(application, section).get(field)
    context = {
        "application": application,
        "asked": asked,
        "field": one,
        "value": shown_text(one, row.value) if row else "",
        "threads": [_shown(thread, request, wrong) for thread in found],
        "new": _form(NEW, request, wrong),
        "people": [each for each in people(application) if each.pk != user.pk],
        "allowed": rules.can_comment(user, application),
        "longest": comments.LONGEST,
        "form_problems": [
            {"message": words, "anchor": f"{place}-{wrong['at']}"}
            for place, words in wrong.get("problems", [])
        ],
    }
    return render(request, "portal/comments.html", context)


def _do(
    request: HttpRequest, application: Application, place: tuple[str, str], found: list[Thread], user: User
) -> tuple[Thread, str]:
    text, named = request.POST.get("text", ""), _named(request)
    do = request.POST.get("do", "")
    if do == "begin":
        thread = comments.begin(application, *place, text=text, mentions=named, by=user)
        return thread, _("批注已写下。")
    thread = next((each for each in found if str(each.pk) == request.POST.get("thread")), Thread())
    if thread.pk is None:
        raise Http404
    thread.application = application
    if do == "reply":
        comments.reply(thread, text=text, mentions=named, by=user)
        return thread, _("回复已写下。")
    if do == "resolve":
        comments.resolve(thread, by=user)
        return thread, _("已标为解决。")
    if do == "reopen":
        comments.reopen(thread, by=user)
        return thread, _("已重新打开。")
    raise Http404


def _named(request: HttpRequest) -> set[int]:
    given = request.POST.getlist("mentions")
    return {int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0 for key in given}


def _form(at: str, request: HttpRequest, wrong: dict[str, Any]) -> dict[str, Any]:
    """One form: its own text and people come back when it was refused."""
    mine = wrong.get("at") == at
    problems = dict(wrong["problems"]) if mine else {}
    return {
        "id": at,
        "text": request.POST.get("text", "") if mine else "",
        "named": _named(request) if mine else set(),
        "wrong": problems,
    }


def _shown(thread: Thread, request: HttpRequest, wrong: dict[str, Any]) -> dict[str, Any]:
    return {"thread": thread, "form": _form(str(thread.pk), request, wrong)}


@login_required
@never_cache
@require_safe
def section(request: HttpRequest, reference: str, section: str) -> HttpResponse:
    """All threads of one section, field by field."""
    application = read_application(request, reference)
    asked = section_of(application, section)
    context = {
        "application": application,
        "asked": asked,
        "lines": remarks.lines(application, comments.threads(application, section=section)),
    }
    return render(request, "portal/section_comments.html", context)
