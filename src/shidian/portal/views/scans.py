"""The inbox of scans of a unit."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shidian.applications.inbox import can_see
from shidian.documents.inbox import Inbox
from shidian.organisations.models import Organisation
from shidian.portal import overview
from shidian.portal.access import person
from shidian.ui.scans import Place


def place(request: HttpRequest, unit: int) -> Place:
    """The inbox of a confirmed unit for which the person acts, or 404."""
    user = person(request)
    found = Organisation.objects.filter(pk=unit).first()
    if found is None or not can_see(user, Inbox(unit=found)):
        raise Http404
    return Place(
        inbox=Inbox(unit=found),
        user=user,
        space="portal",
        arguments={"unit": unit},
        base="portal/base.html",
        home=(reverse("portal:applications"), _("我的申请")),
        opinion=lambda application, party: overview.url("opinion", application, party=party.pk),
    )
