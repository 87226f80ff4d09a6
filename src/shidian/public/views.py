"""Public pages: everything about a call that anybody may know, and help."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shidian.applications import word_form
from shidian.applications.papers import blank_form
from shidian.calls.models import Call

from . import notice, procedure
from .standing import standing


def _find(key: str) -> Call:
    """The published call, or 404; a call that is being prepared is nobody's business here."""
    call = Call.objects.public().filter(key=key).first()
    if call is None:
        raise Http404
    return call


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Open and past calls, and what to do first."""
    entries: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for found in Call.objects.public():
        entry = {"call": found, "definition": found.definition, "standing": standing(found)}
        entries[found.is_over].append(entry)
    return render(request, "public/home.html", {"current": entries[False], "past": entries[True]})


@require_safe
def call(request: HttpRequest, key: str) -> HttpResponse:
    """A call: what, who, how, until when, what to hand in."""
    found = _find(key)
    package = found.package
    plans = package.call.copies
    return render(
        request,
        "public/call.html",
        {
            **_heading(found),
            "picture": procedure.picture(package),
            "deadlines": procedure.deadlines(package),
            "delivery": package.office(package.call.delivery.office),
            "copies_differ": len({plan.total for plan in plans}) > 1,
            "decisions": package.call.accepted_warnings,
        },
    )


@require_safe
def call_notice(request: HttpRequest, key: str) -> HttpResponse:
    """The notice word by word."""
    found = _find(key)
    text, attachment = notice.split(found.package.notice)
    return render(
        request,
        "public/notice.html",
        {
            **_heading(found),
            "paragraphs": notice.paragraphs(text),
            "attachment": [line for line in attachment.splitlines() if line.strip()],
        },
    )


@require_safe
def call_form(request: HttpRequest, key: str) -> HttpResponse:
    """The blank official form as PDF."""
    found = _find(key)
    response = HttpResponse(blank_form(found), content_type="application/pdf")
    name = _("{questionnaire}（空白）.pdf").format(questionnaire=found.package.questionnaire.title)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=False, filename=name) or "inline"
    )
    return response


@require_safe
def call_form_word(request: HttpRequest, key: str) -> HttpResponse:
    """The blank official form as .docx, to fill in with any program."""
    found = _find(key)
    response = HttpResponse(word_form.blank_docx(found), content_type=word_form.MEDIA_TYPE)
    name = _("{questionnaire}（空白）.docx").format(questionnaire=found.package.questionnaire.title)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=name) or "attachment"
    )
    return response


@require_safe
def help_index(request: HttpRequest) -> HttpResponse:
    """Where help is found."""
    return render(request, "public/help.html")


@require_safe
def help_applicant(request: HttpRequest) -> HttpResponse:
    """Help for units."""
    return render(request, "public/help_applicant.html")


@require_safe
def help_official(request: HttpRequest) -> HttpResponse:
    """Help for offices."""
    return render(request, "public/help_official.html")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement."""
    return render(request, "public/accessibility.html")


def _heading(found: Call) -> dict[str, Any]:
    """What the head of every page of a call shows."""
    package = found.package
    original = package.call.issued_on - timedelta(days=package.shifted_days)
    return {
        "call": found,
        "definition": package.call,
        "questionnaire": package.questionnaire,
        "standing": standing(found),
        "issued_originally": original if package.shifted_days else None,
    }
