"""Searching at the desk: among what arrived at one's offices; for auditors among everything that arrived anywhere."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shidian.desk.access import person
from shidian.organisations.models import Officer
from shidian.ui.searching import Place


def place(request: HttpRequest) -> Place:
    """Who searches here, or 404 for whoever acts for no office."""
    user = person(request)
    if not (user.is_auditor or Officer.objects.filter(user=user).exists()):
        raise Http404
    return Place(user, "desk", "desk/base.html", (reverse("desk:home"), _("工作台")))
