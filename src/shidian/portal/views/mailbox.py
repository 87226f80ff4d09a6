"""The letters that a demonstration would have sent, so that its one-time links can be opened."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

_MOST = 50
_BETWEEN = re.compile(rb"\n-{79}\n")


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The newest letters; only where `settings.DEMONSTRATION`, anywhere else there is no such page."""
    if not settings.DEMONSTRATION:
        raise Http404
    letters = []
    for letter in _letters(Path(settings.EMAIL_FILE_PATH)):
        letters.append(letter)
        if len(letters) == _MOST:
            break
    return render(request, "portal/mailbox.html", {"letters": letters})


def _letters(folder: Path) -> Iterator[dict[str, object]]:
    files = (
        sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
        if folder.is_dir()
        else []
    )
    for path in files:
        for raw in reversed(_BETWEEN.split(path.read_bytes())):
            if raw.strip():
                yield _letter(raw)


def _letter(raw: bytes) -> dict[str, object]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
    sent = message.get("Date")
    at = getattr(sent, "datetime", None)
    return {
        "to": str(message.get("To", "")),
        "subject": str(message.get("Subject", "")),
        "at": at if isinstance(at, datetime) else None,
        "text": body.get_content() if isinstance(body, EmailMessage) else "",
    }
