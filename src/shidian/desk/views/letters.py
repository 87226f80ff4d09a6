"""The cover letter of a list: written by the handler, looked at as it will print, frozen with the list."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import Invalid
from shidian.desk.access import officers_only, person, seen_list, workplace
from shidian.desk.forms.lists import LetterForm
from shidian.desk.forms.words import posted
from shidian.dispatch import papers
from shidian.dispatch.lettering import write_letter
from shidian.dispatch.letters import NO_NUMBER, drafted, is_outdated, letter_of, letter_paper, text_of
from shidian.dispatch.models import Letter
from shidian.dispatch.queries import open_list
from shidian.dispatch.rules import can_write_letter
from shidian.ui.files import made, pdf, stored
from shidian.ui.templatetags.ui import form_problems

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _now(call: Call) -> datetime:
    return clock.now().astimezone(call.zone).replace(microsecond=0)


@require_http_methods(("GET", "HEAD", "POST"))
@officers_only
def letter(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """Write the letter; what it looks like stands beside."""
    user = person(request)
    here, place = workplace(user, call, office)
    text = text_of(here, place)
    if text is None:
        raise Http404
    listed = open_list(here, place)
    allowed = can_write_letter(user, here, place, listed)
    kept = letter_of(here, place, listed)
    given, _files = posted(request)
    form = LetterForm(given, initial=kept)
    if request.method == "POST" and form.is_valid():
        try:
            write_letter(here, place, form.cleaned_data, by=user)
        except Invalid as invalid:
            for key, message in invalid.problems:
                form.add_error(key, message)
        else:
            messages.success(request, _("{label}已保存。").format(label=text.label))
            return redirect("desk:letter", call=here.key, office=place.key)
    shown = {**kept, **form.cleaned_data} if form.is_bound and form.is_valid() else kept
    context = {
        "call": here,
        "office": place,
        "text": text,
        "listed": listed,
        "form": form,
        "form_problems": form_problems(form),
        "allowed": allowed,
        "paper": letter_paper(shown, _now(here), draft=True),
        "blank_number": NO_NUMBER,
        "outdated": is_outdated(here, place, listed),
        "drafted": drafted(here, place, listed),
        "written": Letter.objects.filter(list=listed).select_related("by").first() if listed else None,
    }
    return render(request, "desk/letter.html", context, status=422 if form.errors else 200)


@require_safe
@officers_only
def draft_pdf(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The letter as it stands, as a paper marked as a draft."""
    here, place = workplace(person(request), call, office)
    text = text_of(here, place)
    if text is None:
        raise Http404
    content = papers.letter_draft_pdf(here, place, open_list(here, place))
    return pdf(content, name=f"{text.label}草稿-{place.short}.pdf")


@require_safe
@officers_only
def draft_docx(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The letter as it stands, as a Word document."""
    here, place = workplace(person(request), call, office)
    text = text_of(here, place)
    if text is None:
        raise Http404
    values = letter_of(here, place, open_list(here, place))
    content = papers.letter_docx(here, values, _now(here), draft=True)
    return made(content, name=f"{text.label}草稿-{place.short}.docx", media_type=DOCX, download=True)


@require_safe
@officers_only
def letter_pdf(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The letter that was approved with a list."""
    listed = seen_list(person(request), reference)
    final = listed.state in ("confirmed", "dispatched")
    file = papers.letter_pdf(listed, listed.version) if final and listed.version else None
    if file is None:
        raise Http404
    return stored(file)


@require_safe
@officers_only
def letter_docx(request: HttpRequest, reference: str) -> HttpResponse:
    """The same as a Word document."""
    listed = seen_list(person(request), reference)
    version = listed.version if listed.state in ("confirmed", "dispatched") else None
    values = version.data.get("letter") if version else None
    if version is None or values is None:
        raise Http404
    dated = version.created_at.astimezone(listed.call.zone)
    content = papers.letter_docx(listed.call, values, dated, draft=False)
    name = f"{values['label']}-{listed.office.short}-{listed.reference}.docx"
    return made(content, name=name, media_type=DOCX, download=True)
