"""Searching in the portal: among the applications on which one works."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shidian.portal.access import person
from shidian.ui.searching import Place


def place(request: HttpRequest) -> Place:
    """Who searches here: everybody who is signed in, among what is theirs."""
    return Place(
        person(request), "portal", "portal/base.html", (reverse("portal:applications"), _("我的申请"))
    )
