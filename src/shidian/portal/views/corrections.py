"""A problem list as the lead sees it: every entry with what was said, replies, and what to ask to be opened besides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.applications import corrections
from shidian.applications.correction_papers import problem_list
from shidian.applications.corrections import can_ask_opening, can_reply, lists_of
from shidian.applications.models import Application, Correction
from shidian.applications.openings import opening
from shidian.core.errors import Invalid
from shidian.portal.access import person, read_application
from shidian.portal.correcting import choices, line_of
from shidian.portal.overview import url
from shidian.ui import files
from shidian.ui.templatetags.ui import form_problems


class AskForm(forms.Form):
    """What should be opened besides, and why."""

    place = forms.ChoiceField(
        label=gettext_lazy("要开放的地方"),
        error_messages={
            "required": gettext_lazy("请选择要开放的地方"),
            "invalid_choice": gettext_lazy("请选择要开放的地方"),
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("为什么要改"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("请写明为什么要改")},
    )

    def __init__(self, *args: Any, places: list[tuple[str, list[tuple[str, str]]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [("", _("请选择")), *places]  # type: ignore[attr-defined]


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def correction(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """One list. What was typed stays when it cannot be taken."""
    application = read_application(request, reference)
    user = person(request)
    everything = lists_of(application)
    found = next((row for row in everything if row.number == number), None)
    if found is None:
        raise Http404
    found.application = application
    opened = opening(application)
    running = opened is not None and opened.correction.pk == found.pk
    do = request.POST.get("do", "") if request.method == "POST" else ""
    form = AskForm(
        request.POST if do == "ask" else None,
        places=choices(opened) if running and opened else [],
        initial={"place": request.GET.get("place", "")},
    )
    wrong: dict[str, str] = {}
    answer = None
    if do == "reply":
        answer = _replied(request, application, found, wrong)
    elif do == "ask" and form.is_valid():
        answer = _asked(request, application, found, form)
    if answer is not None:
        return answer
    context = {
        "application": application,
        "correction": found,
        "running": running,
        "problems": [
            {
                **line_of(application, found, item),
                "wrong": wrong.get(str(item.pk), ""),
                "typed": request.POST.get("text", "") if str(item.pk) in wrong else "",
            }
            for item in found.items.all()
        ],
        "replying": bool(can_reply(user, found)),
        "requests": list(found.requests.all()),
        "asking": running and bool(can_ask_opening(user, found)) and not (opened and opened.whole),
        "form": form,
        "form_problems": [
            *({"message": words, "anchor": f"reply-{key}"} for key, words in wrong.items()),
            *(form_problems(form) if form.is_bound else []),
        ],
        "others": [row for row in everything if row.pk != found.pk],
    }
    failed = bool(wrong) or bool(form.is_bound and form.errors)
    return render(request, "portal/correction.html", context, status=422 if failed else 200)


def _replied(
    request: HttpRequest, application: Application, found: Correction, wrong: dict[str, str]
) -> HttpResponse | None:
    key = request.POST.get("item", "")
    item = next((row for row in found.items.all() if str(row.pk) == key), None)
    if item is None:
        raise Http404
    item.correction = found
    try:
        corrections.reply(item, text=request.POST.get("text", ""), by=person(request))
    except Invalid as invalid:
        wrong[key] = invalid.reason
        return None
    messages.success(request, _("第 {number} 条已回复。").format(number=item.position))
    return redirect(f"{url('correction', application, number=found.number)}#item-{item.pk}")


def _asked(
    request: HttpRequest, application: Application, found: Correction, form: AskForm
) -> HttpResponse | None:
    values = form.cleaned_data
    try:
        asked = corrections.ask_opening(
            found, place=values["place"], reason=values["reason"], by=person(request)
        )
    except Invalid as invalid:
        for place, words in invalid.problems:
            form.add_error(place, words)
        return None
    messages.success(request, _("已申请开放“{place}”，受理机构答复以后会告诉您。").format(place=asked.label))
    return redirect(f"{url('correction', application, number=found.number)}#ask")


@login_required
@require_safe
def paper(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """The list as a paper, to print."""
    application = read_application(request, reference)
    rows = Correction.objects.select_related("application__lead", "lodgement__version", "lodgement__office")
    found = get_object_or_404(rows, application=application, number=number)
    return files.pdf(problem_list(found), name=f"问题清单-{found.reference}.pdf")
