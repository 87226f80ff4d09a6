"""The inbox of scans of an office."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shidian.applications.inbox import can_see
from shidian.desk.access import person
from shidian.documents.inbox import Inbox
from shidian.organisations.models import Office
from shidian.ui.scans import Place


def place(request: HttpRequest, office: str) -> Place:
    """The inbox of an office for which the person acts, or 404."""
    user = person(request)
    found = Office.objects.filter(key=office).first()
    if found is None or not can_see(user, Inbox(office=found)):
        raise Http404
    return Place(
        inbox=Inbox(office=found),
        user=user,
        space="desk",
        arguments={"office": office},
        base="desk/base.html",
        home=(reverse("desk:home"), _("工作台")),
        opinion=lambda application, party: reverse("desk:opinion", args=(application.reference, party.pk)),
    )
