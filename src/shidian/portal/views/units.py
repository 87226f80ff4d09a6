"""The unit one acts for: who belongs to it, how its account stands, and asking the head once more."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shidian.applications.queries import lead_applications
from shidian.organisations.actions import ask_head_again
from shidian.organisations.links import head_of
from shidian.organisations.models import Membership, Organisation
from shidian.portal.access import person


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """Shown to its members; posting sends the head's letter again while the unit waits for it."""
    user = person(request)
    found = Organisation.objects.filter(pk=pk, memberships__user=user).first()
    if found is None:
        raise Http404
    if request.method == "POST" and found.state == "pending":
        ask_head_again(found, by=user)
        messages.success(request, _("确认邮件已经重新发出。"))
        return redirect("portal:unit", pk=found.pk)
    context = {
        "unit": found,
        "members": Membership.objects.filter(organisation=found).select_related("user").order_by("pk"),
        "head": head_of(found),
        "applications": lead_applications(user).filter(lead=found),
        "tone": {"confirmed": "done", "pending": "wait", "refused": "stop"}[found.state],
        "label": _(Organisation.MACHINE.labels[found.state]),
    }
    return render(request, "portal/unit.html", context)
