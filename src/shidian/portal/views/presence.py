"""The heartbeat of a section's page: who else is there, and what others changed meanwhile."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from shidian.accounts.models import User
from shidian.applications import presence
from shidian.portal.access import own_application
from shidian.portal.overview import presence_words
from shidian.portal.views.sections import section_of


@never_cache
@require_POST
def beat(request: HttpRequest, reference: str, section: str) -> JsonResponse:
    """Answers {"words", "others": {section: [name]}, "changed": {field: {"number", "who", "at"}}}; 401 when signed out.

    `numbers` (JSON) tells the number of each field that the page has.
    """
    if not isinstance(request.user, User):
        return JsonResponse({"sign_in": reverse("account_login")}, status=401)
    application = own_application(request, reference)
    asked = section_of(application, section)
    present, changed = presence.beat(application, asked.key, request.user, _numbers(request))
    content: dict[str, Any] = {
        "words": presence_words(application, present, asked.key),
        "others": present,
        "changed": {
            key: {"number": each.number, "who": each.who, "at": f"{timezone.localtime(each.at):%H:%M}"}
            for key, each in changed.items()
        },
    }
    return JsonResponse(content, json_dumps_params={"ensure_ascii": False})


def _numbers(request: HttpRequest) -> dict[str, int]:
    try:
        given = json.loads(request.POST.get("numbers", ""))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(given, dict):
        return {}
    return {key: value for key, value in given.items() if isinstance(value, int)}
