"""What is changed of lists that were sent: a supplement, never a silent change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.calls.models import Call
from shidian.core.errors import Invalid
from shidian.desk.access import officers_only, person, seen_list, workplace
from shidian.desk.forms.lists import ChangeForm, SupplementReasonForm
from shidian.dispatch import papers, supplementing
from shidian.dispatch.models import ListChange
from shidian.dispatch.queries import effective, open_list, sent_lists
from shidian.dispatch.rules import can_change
from shidian.organisations.models import Office
from shidian.ui.files import sheet
from shidian.ui.templatetags.ui import form_problems


@require_http_methods(("GET", "HEAD", "POST"))
@officers_only
def supplement(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """Why a supplement is sent, what it withdraws and corrects; what it adds stands on the list itself."""
    user = person(request)
    here, place = workplace(user, call, office)
    lines = effective(here, place)
    listed = open_list(here, place)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    why = SupplementReasonForm(
        request.POST if act == "why" else None, initial={"why": listed.reason if listed else ""}
    )
    form = ChangeForm(lines, request.POST if act == "change" else None)
    if act and _done(request, (here, place), why, form):
        return redirect("desk:supplement", call=here.key, office=place.key)
    listed = open_list(here, place)
    context = {
        "call": here,
        "office": place,
        "listed": listed,
        "sent": sent_lists(here, place),
        "lines": lines,
        "why": why,
        "form": form,
        "form_problems": [*form_problems(why), *form_problems(form)],
        "allowed": can_change(user, here, place, listed),
        "changes": papers.change_rows(papers.supplement_content(listed)["changes"])
        if listed is not None and sent_lists(here, place)
        else [],
    }
    wrong = why.errors or form.errors
    return render(request, "desk/supplement.html", context, status=422 if wrong else 200)


def _done(
    request: HttpRequest,
    at: tuple[Call, Office],
    why: SupplementReasonForm,
    form: ChangeForm,
) -> bool:
    """Whether what was posted was done; what is wrong stands in the form then."""
    (call, office), user, act = at, person(request), request.POST.get("act", "")
    if act == "drop":
        supplementing.unchange(call, office, request.POST.get("reference", ""), by=user)
        messages.success(request, _("已从补充更正里去掉。"))
        return True
    current: Any = why if act == "why" else form
    if not current.is_valid():
        return False
    try:
        if act == "why":
            supplementing.give_reason(call, office, why.cleaned_data["why"], by=user)
            messages.success(request, _("理由已保存。"))
        else:
            values = form.cleaned_data
            wanted = supplementing.Wanted(
                kind=ListChange.Kind(values["kind"]),
                reason=values["reason"],
                place=values["place"],
                remark=values["remark"].strip() or None,
            )
            supplementing.change(call, office, values["reference"], wanted, by=user)
            messages.success(request, _("已写入补充更正。"))
    except Invalid as invalid:
        for key, message in invalid.problems:
            current.add_error(key, message)
        return False
    return True


@require_safe
@officers_only
def effective_xlsx(request: HttpRequest, reference: str) -> HttpResponse:
    """What the office of a list has sent in all, every supplement applied."""
    listed = seen_list(person(request), reference)
    content = papers.effective_xlsx(listed.call, listed.office)
    return sheet(content, name=f"现行有效清单-{listed.office.short}.xlsx")
