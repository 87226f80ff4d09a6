"""Short messages to mobile phones, and posts to a system of the operator. Which way they go is a setting (`settings.SMS`).

`log`    kept as lines of JSON in the data folder: for a demonstration, whose mailbox page shows them, and for trials
https:…  posted to a gateway of the operator: see docs/operator

Without the setting no message can be sent, and codes go by mail.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from django.conf import settings

from shidian.core import clock

TIMEOUT = 15
"""Seconds that a gateway has to answer."""


class NotSent(Exception):
    """A message did not leave; says why without what stood in it."""


class Sender(Protocol):
    """A way for short messages."""

    def send(self, number: str, text: str) -> None:
        """Send `text` to a mobile number; `NotSent` when it does not leave."""


class LogSender:
    """Keeps messages in a file of the data folder that only this system reads."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, number: str, text: str) -> None:
        """Append one line."""
        line = json.dumps({"at": clock.now().isoformat(), "to": number, "text": text}, ensure_ascii=False)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def sent(self) -> Iterator[dict[str, Any]]:
        """What was sent, the newest first: at, to, text."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        for line in reversed(lines):
            told = json.loads(line)
            yield {**told, "at": datetime.fromisoformat(told["at"])}


class Post:
    """Posts JSON to an address of the operator: its own time `at` is in it, and its HMAC-SHA256 in `X-Signature`.

    Whoever receives checks the signature over the body as it came, and refuses an `at` that is long past. Any 2xx means
    taken; the answer is not read beyond its status.
    """

    def __init__(self, url: str, secret: str) -> None:
        self.url, self.secret = url, secret

    def post(self, told: Mapping[str, Any]) -> None:
        """Post one thing; `NotSent` when it is not taken."""
        at = clock.now().isoformat(timespec="seconds")
        body = json.dumps({**told, "at": at}, ensure_ascii=False).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Timestamp": at,
            "X-Signature": f"sha256={signature}",
        }
        request = Request(self.url, data=body, headers=headers, method="POST")  # noqa: S310 (http or https, see settings)
        try:
            with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                status = answer.status
        except HTTPError as fault:
            raise NotSent(f"HTTP {fault.code}") from None
        except (URLError, TimeoutError, OSError) as fault:
            raise NotSent(type(fault).__name__) from None
        if not 200 <= status < 300:
            raise NotSent(f"HTTP {status}")


class HttpSender(Post):
    """Posts {"to", "text", "at"} to a gateway for short messages."""

    def send(self, number: str, text: str) -> None:
        """Post one message."""
        self.post({"to": number, "text": text})


class Webhook(Post):
    """Posts what people are told to a system of the operator: {"id", "kind", "to", "about", "title", "text", "at"}."""

    def send(self, told: Mapping[str, Any]) -> None:
        """Post one thing; its `id` stays the same when it is posted again."""
        self.post(told)


def log_sender() -> LogSender:
    """The file in the data folder."""
    return LogSender(settings.DATA / "messages.jsonl")


def sender() -> Sender:
    """The configured way; `NotSent` when there is none."""
    if settings.SMS == "log":
        return log_sender()
    if settings.SMS:
        return HttpSender(settings.SMS, settings.SMS_SECRET)
    raise NotSent("SHIDIAN_SMS is not set")


def webhook() -> Webhook:
    """The operator's system that hears what people are told; `NotSent` when there is none."""
    if settings.WEBHOOK:
        return Webhook(settings.WEBHOOK, settings.WEBHOOK_SECRET)
    raise NotSent("SHIDIAN_WEBHOOK is not set")
