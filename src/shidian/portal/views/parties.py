"""How one party of a round is reached, as the lead arranges it (see `ui.parties`); links for all who are waited for."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.applications import signing
from shidian.portal import overview
from shidian.portal.access import own_application, person
from shidian.signoffs.models import Mandate, Party
from shidian.ui import files, parties


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def party(request: HttpRequest, reference: str, party: int) -> HttpResponse:
    """Everything about reaching one party of the own application."""
    application = own_application(request, reference)
    found = get_object_or_404(
        Party.objects.select_related("round__version"),
        pk=party,
        round__version__document=application.document_id,
    )
    here = overview.url("application", application)
    frame = parties.Frame(
        "portal/base.html",
        [(reverse("portal:applications"), _("我的申请")), (here, application.reference)],
        board=f"{here}#board",
        opinion=overview.url("opinion", application, party=found.pk),
        mandate=lambda pk: overview.url("mandate", application, mandate=pk),
    )
    return parties.party_page(request, application, found, by=person(request), frame=frame)


@login_required
@require_POST
def links(request: HttpRequest, reference: str) -> HttpResponse:
    """Send a link to everybody who is waited for, has an address and no usable link."""
    application = own_application(request, reference)
    sent = signing.send_links(application, by=person(request))
    if sent:
        names = _("、").join(link.party.name for link in sent)
        messages.success(request, _("会签链接正在寄往：{names}。").format(names=names))
    else:
        messages.info(request, _("没有要寄的：等候的单位都有可用的链接，或者还没有填写邮箱。"))
    return redirect(f"{overview.url('application', application)}#board")


@login_required
@require_safe
def mandate(request: HttpRequest, reference: str, mandate: int) -> HttpResponseBase:
    """The file of a mandate, to those who work on the application."""
    application = own_application(request, reference)
    rows = Mandate.objects.filter(pk=mandate, party__round__version__document=application.document_id)
    found = rows.select_related("file").first()
    if found is None:
        raise Http404
    return files.stored(found.file)
