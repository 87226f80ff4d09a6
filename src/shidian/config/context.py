"""What every page needs to know of the site and of who looks at it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.notifications.models import Notice
from shidian.organisations.models import Membership, Office, Officer, Organisation
from shidian.reviews.models import Expert

_KNOWN = """
SELECT
  (SELECT COUNT(*) FROM {notice} WHERE user_id = %(user)s AND read_at IS NULL),
  (SELECT name FROM {organisation} WHERE id =
    (SELECT organisation_id FROM {membership} WHERE user_id = %(user)s ORDER BY id LIMIT 1)),
  (SELECT name FROM {office} WHERE id =
    (SELECT office_id FROM {officer} WHERE user_id = %(user)s ORDER BY id LIMIT 1)),
  EXISTS (SELECT 1 FROM {expert} WHERE user_id = %(user)s AND active)
""".format(  # noqa: S608 (constants)
    **{
        model.__name__.lower(): model._meta.db_table
        for model in (Notice, Organisation, Membership, Office, Officer, Expert)
    }
)


def known_of(user: User) -> tuple[int, str | None, str | None, bool]:
    """Unread notices, the name of the unit, the name of the office, and whether an expert in use.

    Every page asks, so it is one statement: four queries by models took a quarter of a plain page.
    """
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"user": user.pk})
        unread, unit, office, expert = cursor.fetchone()
    return unread, unit, office, bool(expert)


def site(request: HttpRequest) -> dict[str, Any]:
    """The header's name, navigation by role, and the strip of a demonstration."""
    user = getattr(request, "user", None)
    links: list[tuple[str, str]] = []
    host = settings.SITE_HOST
    label, search, told, expert = "", "", {}, False
    if user is not None and user.is_authenticated:
        label = user.label
        unread, unit, office, expert = known_of(user)
        told = {"messages_url": reverse("ui:messages"), "unread": unread}
        host = office or unit or host
        if unit or not (office or expert or user.is_administrator or user.is_auditor):
            # People without a unit may have been asked to work on one application.
            links.append((reverse("portal:applications"), _("我的申请")))
        if office:
            links.append((reverse("desk:home"), _("工作台")))
        if expert:
            links.append((reverse("desk:readings"), _("专家评审")))
        if user.is_administrator:
            links.append((reverse("desk:administration"), _("系统管理")))
        if user.is_auditor:
            links.append((reverse("desk:audit"), _("审计")))
        at_desk = (office or user.is_auditor) and (request.path.startswith(reverse("desk:home")) or not unit)
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
