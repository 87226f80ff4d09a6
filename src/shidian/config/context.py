"""What every page needs to know of the site and of who looks at it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shidian.notifications.queries import unread
from shidian.organisations.models import Membership, Officer
from shidian.reviews.models import Expert


def site(request: HttpRequest) -> dict[str, Any]:
    """The header's name, navigation by role, and the strip of a demonstration."""
    user = getattr(request, "user", None)
    links: list[tuple[str, str]] = []
    host = settings.SITE_HOST
    label, search, told, expert = "", "", {}, False
    if user is not None and user.is_authenticated:
        label = user.label
        told = {"messages_url": reverse("ui:messages"), "unread": unread(user)}
        member = Membership.objects.filter(user=user).select_related("organisation").first()
        officer = Officer.objects.filter(user=user).select_related("office").first()
        if member:
            host = member.organisation.name
        expert = Expert.objects.filter(user=user, active=True).exists()
        if member or not (officer or expert or user.is_administrator or user.is_auditor):
            # People without a unit may have been asked to work on one application.
            links.append((reverse("portal:applications"), _("我的申请")))
        if officer:
            host = officer.office.name
            links.append((reverse("desk:home"), _("工作台")))
        if expert:
            links.append((reverse("desk:readings"), _("专家评审")))
        if user.is_administrator:
            links.append((reverse("desk:administration"), _("系统管理")))
        if user.is_auditor:
            links.append((reverse("desk:audit"), _("审计")))
        at_desk = (officer or user.is_auditor) and (
            request.path.startswith(reverse("desk:home")) or not member
        )
        search = reverse("desk:search" if at_desk else "portal:search")
    links.append((reverse("public:home"), _("征集批次")))
    links.append((reverse("public:help"), _("帮助")))
    path = request.path
    current = max(
        (url for url, _rest in links if path == url or (url != "/" and path.startswith(url))),
        key=len,
        default="",
    )
    if not current and expert and path.startswith(reverse("desk:home")):
        current = reverse("desk:readings")  # sheets, discussions and the meeting belong to it
    return {
        "site": {
            "name": _(settings.SITE_NAME),
            "host": host,
            "organiser": settings.SITE_HOST,
            "nav": [{"url": url, "label": words, "current": url == current} for url, words in links],
            "user_label": label,
            "user_url": reverse("account"),
            "search_url": search,
            "demonstration": settings.DEMONSTRATION,
            **told,
        }
    }
