"""One field: saved by itself while it is being written, its earlier texts, and the choice between two people's texts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.accounts.models import User
from shidian.applications import rules
from shidian.applications.models import AnswerRevision, Application
from shidian.applications.queries import answers, unsettled, value_at, written_in
from shidian.applications.writing import (
    Contested,
    Outcome,
    Writing,
    restore,
    save_field,
    save_fields,
    settle_for_theirs,
)
from shidian.core.errors import Refused, Stale
from shidian.portal.access import held_application, own_application, person
from shidian.portal.merging import TwoTexts, readable, two_texts, word_changes
from shidian.portal.overview import url
from shidian.portal.views.sections import filled_wrongly, posted, section_of
from shidian.questionnaires import forms
from shidian.questionnaires.definition import Field, Section
from shidian.questionnaires.visibility import shown, steers
from shidian.ui.questionnaire import shown_text

HISTORY_SHOWN = 60
"""Revisions on one page of a field's history; each is compared with the one before it."""


def _field(application: Application, section: str, key: str) -> tuple[Section, Field]:
    asked = section_of(application, section)
    if key not in asked.by_key:
        raise Http404
    return asked, asked.field(key)


@never_cache
def session(request: HttpRequest) -> JsonResponse:
    """Who is signed in now, and the token for the next post: asked by a page that waits for signing in again."""
    user = request.user
    return JsonResponse(
        {
            "user": user.pk if isinstance(user, User) else None,
            "token": get_token(request),
            "sign_in": reverse("account_login"),
        }
    )


@never_cache
@login_required
@require_safe
def signed_in(request: HttpRequest) -> HttpResponse:
    """Where signing in within a page ends: it tells the page around it to go on."""
    return render(request, "portal/signed_in.html")


@never_cache
@require_POST
def field(request: HttpRequest, reference: str, section: str, field: str) -> HttpResponse:
    """Save one field, posted as its controls and the `number` that it started from; answers in JSON.

    200 {"number", "saved_at", "problems"}, and "visible" when what is shown depends on this field;
    409 {"contested": html, "number"} when somebody else wrote first;
    401 {"sign_in"} after the session has ended; 403 {"refused": words} when it is not the time or not the person.
    """
    if not isinstance(request.user, User):
        return JsonResponse({"sign_in": reverse("account_login")}, status=401)
    try:
        with transaction.atomic():
            # The row is read and locked at once: one query less in what happens most often.
            application = held_application(request, reference)
            asked, one = _field(application, section, field)
            values = forms.read(asked, posted(request))
            number = request.POST.get("number", "")
            if field not in values or not (number.isascii() and number.isdigit() and len(number) < 9):
                return _json({"refused": _("这一栏没有送到，请刷新页面再试。")}, 400)
            outcome = _save(request, application, f"{section}.{field}", values[field], int(number))
    except Stale:
        application = own_application(request, reference)
        return _contested(application, *_field(application, section, field), request.user)
    except Refused as refused:
        return _json({"refused": str(refused)}, 403)
    # From here on others may write: the answer is put together outside of the transaction.
    if outcome is None:
        return _now(application, asked, one)
    if isinstance(outcome, Contested):
        return _contested(application, asked, one, request.user)
    return _saved(application, asked, field, number=outcome.number, at=outcome.at, value=outcome.value)


def _save(
    request: HttpRequest, application: Application, path: str, value: Any, number: int
) -> Outcome | None:
    """What came of a text; None when its writer leaves what stands there."""
    user = person(request)
    if request.POST.get("keep", "") == "theirs":
        settle_for_theirs(application, path, by=user, started_from=number)
        return None
    return save_field(application, path, value, by=user, started_from=number)


def _json(content: dict[str, Any], status: int = 200) -> JsonResponse:
    return JsonResponse(content, status=status, json_dumps_params={"ensure_ascii": False})


def _saved(
    application: Application, asked: Section, key: str, *, number: int, at: Any, value: Any
) -> JsonResponse:
    problems = [problem for problem in filled_wrongly(asked, {key: value}) if problem.field == key]
    return _json(
        {
            "number": number,
            "saved_at": f"{timezone.localtime(at):%H:%M}",
            "problems": [{"anchor": problem.anchor, "message": problem.message} for problem in problems],
            **_visible(application, f"{asked.key}.{key}"),
        }
    )


def _visible(application: Application, path: str) -> dict[str, Any]:
    """What the page has to show and hide; nothing, and no query, where no condition looks at this field."""
    questionnaire = application.call.questionnaire
    return {"visible": shown(questionnaire, answers(application))} if steers(questionnaire, path) else {}


def _now(application: Application, asked: Section, one: Field) -> JsonResponse:
    row = written_in(application, asked.key)[one.key]
    return _saved(application, asked, one.key, number=row.number, at=row.saved_at, value=row.value)


def _contested(application: Application, asked: Section, one: Field, user: User) -> JsonResponse:
    found = [row for row in unsettled(application, user, asked.key) if row.answer.field == one.key]
    if not found:
        return _now(application, asked, one)
    shown = _two(found[-1], one, user)
    html = render_to_string("portal/parts/two_texts.html", {"entry": shown, "application": application})
    return _json({"contested": html, "number": shown.number, "who": shown.who}, 409)


def _two(mine: AnswerRevision, one: Field, user: User) -> TwoTexts:
    answer = mine.answer
    who = _("您在另一个窗口") if answer.saved_by_id == user.pk else answer.saved_by.label
    return two_texts(one, mine.value, answer.value, who=who, number=answer.number, at=answer.saved_at)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def conflict(request: HttpRequest, reference: str, section: str) -> HttpResponse:
    """Two people's texts side by side, field by field: mine, theirs, or put together by hand. Then it is saved."""
    application = own_application(request, reference)
    asked = section_of(application, section)
    user = person(request)
    found = {
        row.answer.field: _two(row, asked.field(row.answer.field), user)
        for row in unsettled(application, user, asked.key)
        if row.answer.field in asked.by_key
    }
    if not found:
        return redirect(url("section", application, section=asked.key))
    unclear: list[str] = []
    stale: list[str] = []
    if request.method == "POST":
        writings, theirs, unclear, stale = _chosen(request, asked, found, application, user)
        if not unclear and not stale:
            outcomes = save_fields(application, writings, by=user)
            for path, number in theirs.items():
                settle_for_theirs(application, path, by=user, started_from=number)
            if not any(isinstance(outcome, Contested) for outcome in outcomes):
                messages.success(request, _("已按您的选择保存。没有采用的一份也留在修改记录里。"))
                return redirect(url("section", application, section=asked.key))
            return redirect(request.path)
    context = {
        "application": application,
        "asked": asked,
        "found": [
            {
                "each": each,
                "keep": request.POST.get(f"keep-{key}", ""),
                "together": request.POST.get(f"together-{key}", each.together),
                "unclear": key in unclear,
            }
            for key, each in found.items()
        ],
        "stale": bool(stale),
        "form_problems": [
            {
                "message": _("请为“{name}”选一份").format(name=asked.field(key).name),
                "anchor": f"keep-{key}-mine",
            }
            for key in unclear
        ],
        "allowed": rules.can_write(user, application, asked.key),
    }
    return render(request, "portal/conflict.html", context)


def _chosen(
    request: HttpRequest, asked: Section, found: dict[str, TwoTexts], application: Application, user: User
) -> tuple[dict[str, Writing], dict[str, int], list[str], list[str]]:
    """What was chosen of each field; fields without a choice, and those in which yet another text stands by now."""
    writings: dict[str, Writing] = {}
    theirs: dict[str, int] = {}
    unclear, stale = [], []
    for key, each in found.items():
        path = f"{asked.key}.{key}"
        choice = request.POST.get(f"keep-{key}", "")
        if request.POST.get(f"number-{key}") != str(each.number):
            stale.append(key)  # what stands there now must be what was shown when the choice was made
        elif choice == "mine":
            writings[path] = Writing(each.mine_value, each.number)
        elif choice == "together" and f"together-{key}" in request.POST:
            value = forms.clean(asked.field(key), request.POST[f"together-{key}"])
            writings[path] = Writing(value, each.number)
        elif choice == "theirs":
            theirs[path] = each.number
        else:
            unclear.append(key)
    return writings, theirs, unclear, stale


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def history(request: HttpRequest, reference: str, section: str, field: str) -> HttpResponse:
    """Every earlier text of a field, who wrote it when, what changed with it; any of them can be brought back."""
    application = own_application(request, reference)
    asked, one = _field(application, section, field)
    user = person(request)
    row = written_in(application, asked.key).get(field)
    allowed = rules.can_write_field(user, application, f"{asked.key}.{field}")
    if request.method == "POST":
        return _restore(request, application, asked, one)
    before = request.GET.get("before", "")
    revisions = (
        AnswerRevision.objects.filter(answer=row).select_related("by").order_by("-pk") if row else None
    )
    if revisions is not None and before.isdigit():
        revisions = revisions.filter(pk__lt=int(before))
    shown = list(revisions[: HISTORY_SHOWN + 1]) if revisions is not None else []
    lines = []
    for each in shown[:HISTORY_SHOWN]:
        # A text that was not used is compared with what it started from, the others with the one before.
        earlier = value_at(row, each.base) if each.number is None else value_at(row, each.number - 1)
        lines.append(
            {
                "revision": each,
                "pieces": word_changes(
                    readable(one, shown_text(one, earlier)), readable(one, shown_text(one, each.value))
                ),
                "current": row is not None and each.number == row.number,
            }
        )
    context = {
        "application": application,
        "asked": asked,
        "field": one,
        "row": row,
        "lines": lines,
        "more": shown[HISTORY_SHOWN - 1].pk if len(shown) > HISTORY_SHOWN else None,
        "allowed": allowed,
        "versions": application.document.versions.order_by("number") if row else [],
    }
    return render(request, "portal/field_history.html", context)


def _restore(request: HttpRequest, application: Application, asked: Section, one: Field) -> HttpResponse:
    here = reverse("portal:field-history", args=(application.reference, asked.key, one.key))
    given, number = request.POST.get("revision", ""), request.POST.get("number", "")
    revision = (
        AnswerRevision.objects.select_related("answer__application")
        .filter(
            pk=int(given) if given.isdigit() else 0,
            answer__application=application,
            answer__section=asked.key,
            answer__field=one.key,
        )
        .first()
    )
    if revision is None or not number.isdigit():
        raise Http404
    outcome = restore(revision, by=person(request), started_from=int(number))
    if isinstance(outcome, Contested):
        messages.warning(request, _("{who}刚刚改了这一栏。请看最新的两份再选。").format(who=outcome.who))
        return redirect(url("conflict", application, section=asked.key))
    messages.success(request, _("“{one}”已恢复成所选的一份；原来的内容仍在修改记录里。").format(one=one.name))
    return redirect(here)
