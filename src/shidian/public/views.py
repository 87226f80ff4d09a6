"""Public pages: everything about a call that anybody may know, and help."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.applications import word_form
from shidian.applications.papers import blank_form
from shidian.calls.models import Call
from shidian.dispatch.publishing.models import ResultLetter
from shidian.dispatch.publishing.queries import published

from . import guessing, notice, procedure, sheets
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
    times = procedure.Times(package, found)
    return render(
        request,
        "public/call.html",
        {
            **_heading(found),
            "picture": procedure.picture(package, times),
            "deadlines": procedure.deadlines(package, times),
            "delivery": package.office(package.call.delivery.office),
            "copies_differ": len({plan.total for plan in plans}) > 1,
            "decisions": package.call.accepted_warnings,
            "publicities": list(published(found)),
            "letters": list(ResultLetter.objects.filter(call=found)),
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


@never_cache
@require_safe
def sheet(request: HttpRequest, payload: str) -> HttpResponse:
    """What the code of a printed page says, for whoever followed it: genuine or not, and whether it counts."""
    return _checked(request, payload)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sheet_check(request: HttpRequest) -> HttpResponse:
    """The same for what somebody types from the foot of a page, or a hand scanner reads into the field."""
    text = request.POST.get("text", "").strip()
    if request.method == "POST" and not text:
        return _sheet_page(request, problem=_("请扫码，或者输入页脚最下面一行字。"), status=422)
    return _checked(request, text, focus=True) if text else _sheet_page(request, focus=True)


def _checked(request: HttpRequest, text: str, *, focus: bool = False) -> HttpResponse:
    if guessing.is_too_many(request):
        problem = _("不对的码试得太多，请过十分钟再试。着急的，请联系受理机构。")
        return _sheet_page(request, problem=problem, status=429)
    found = sheets.check(text)
    if found.finding == "forged":
        guessing.note_wrong(request)
    return _sheet_page(request, sheet=found, focus=focus)


def _sheet_page(request: HttpRequest, *, problem: str = "", status: int = 200, **more: Any) -> HttpResponse:
    problems = [{"message": problem, "anchor": "text"}] if problem else []
    context = {"problem": problem, "form_problems": problems, **more}
    response = render(request, "public/sheet_check.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
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
