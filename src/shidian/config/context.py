"""What every page needs to know of the site and of who looks at it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shidian.organisations.models import Membership, Officer


def site(request: HttpRequest) -> dict[str, Any]:
    """The header's name, navigation by role, and the strip of a demonstration."""
    user = getattr(request, "user", None)
    links: list[tuple[str, str]] = []
    host = settings.SITE_HOST
    label = ""
    if user is not None and user.is_authenticated:
        label = user.label
        member = Membership.objects.filter(user=user).select_related("organisation").first()
        officer = Officer.objects.filter(user=user).select_related("office").first()
        if member:
            host = member.organisation.name
        if member or not (officer or user.is_administrator or user.is_auditor):
            # People without a unit may have been asked to work on one application.
            links.append((reverse("portal:applications"), _("我的申请")))
        if officer:
            host = officer.office.name
            links.append((reverse("desk:home"), _("工作台")))
        if user.is_administrator:
            links.append((reverse("desk:administration"), _("系统管理")))
        if user.is_auditor:
            links.append((reverse("desk:audit"), _("审计")))
    links.append((reverse("public:home"), _("征集批次")))
    links.append((reverse("public:help"), _("帮助")))
    path = request.path
    current = max(
        (url for url, _rest in links if path == url or (url != "/" and path.startswith(url))),
        key=len,
        default="",
    )
    return {
        "site": {
            "name": settings.SITE_NAME,
            "host": host,
            "organiser": settings.SITE_HOST,
            "nav": [{"url": url, "label": words, "current": url == current} for url, words in links],
            "user_label": label,
            "user_url": reverse("account"),
            "demonstration": settings.DEMONSTRATION,
        }
    }
