"""The letters and short messages that a demonstration would have sent, so that its links and codes can be used."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shidian.notifications.messages import log_sender

_MOST = 50
_BETWEEN = re.compile(rb"\n-{79}\n")


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The newest letters; only where `settings.DEMONSTRATION`, anywhere else there is no such page."""
    if not settings.DEMONSTRATION:
        raise Http404
    letters = list(islice(_letters(Path(settings.EMAIL_FILE_PATH)), _MOST))
    messages = [
        {"to": told["to"], "subject": _("短信"), "at": told["at"], "text": told["text"]}
        for told in islice(log_sender().sent(), _MOST)
    ]
    oldest = datetime.min.replace(tzinfo=UTC)
    letters = sorted([*letters, *messages], key=lambda each: each["at"] or oldest, reverse=True)[:_MOST]
    return render(request, "portal/mailbox.html", {"letters": letters})


def _letters(folder: Path) -> Iterator[dict[str, Any]]:
    files = (
        sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
        if folder.is_dir()
        else []
    )
    for path in files:
        for raw in reversed(_BETWEEN.split(path.read_bytes())):
            if raw.strip():
                yield _letter(raw)


def _letter(raw: bytes) -> dict[str, Any]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
    sent = message.get("Date")
    at = getattr(sent, "datetime", None)
    if isinstance(at, datetime) and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)  # written as -0000: UTC, from nowhere in particular
    return {
        "to": str(message.get("To", "")),
        "subject": str(message.get("Subject", "")),
        "at": at if isinstance(at, datetime) else None,
        "text": body.get_content() if isinstance(body, EmailMessage) else "",
    }
