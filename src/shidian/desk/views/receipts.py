"""Slips for paper that was received: made for each sending office, and printed again as often as needed."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.calls.queries import offices_at
from shidian.desk import cases
from shidian.desk.access import officers_only, person, registry_of
from shidian.dispatch import holdings, papers, registering
from shidian.dispatch.rules import can_register
from shidian.ui.files import stored


@require_http_methods(("GET", "HEAD", "POST"))
@officers_only
def receipts(request: HttpRequest, call: str) -> HttpResponse:
    """What has no slip yet, office by office, and all slips; a post makes the slip of one office."""
    user = person(request)
    here, office = registry_of(user, call)
    if request.method == "POST":
        senders = offices_at(here, here.definition.delivery.after_stage)
        sender = next((each for each in senders if each.key == request.POST.get("sender")), None)
        if sender is None:
            raise Http404
        made = registering.acknowledge(here, office, by=user, sender=sender)
        papers.slip_pdf(made)
        messages.success(
            request,
            _("回执 {number} 已开具：{sender}，{count} 份。打印一份交给送件人。").format(
                number=made.number, sender=sender.name, count=made.lines.count()
            ),
        )
        return redirect("desk:paper-receipts", call)
    page = Paginator(holdings.receipts(here), cases.PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "call": here,
        "office": office,
        "waiting": holdings.unacknowledged(here),
        "page": page,
        "registering": can_register(user, here, office),
    }
    return render(request, "desk/receipts.html", context)


@require_safe
@officers_only
def receipt_pdf(request: HttpRequest, number: str) -> HttpResponseBase:
    """A slip, for the registry that made it and for the office that delivered what it lists."""
    found = holdings.receipts_seen(person(request)).filter(number=number).first()
    if found is None:
        raise Http404
    return stored(papers.slip_pdf(found))
