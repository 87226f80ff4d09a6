"""Mails that came back: reads delivery reports (RFC 3464) and marks the message that they are about.

A report counts only by the Message-ID of the mail that it gives back, which nobody else knows: whoever writes a false one
could at most mark a mail that it received itself.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.message import Message as Part
from enum import StrEnum

from shidian.audit.actions import SYSTEM, move
from shidian.core.errors import Stale
from shidian.notifications.models import Message

_ID = re.compile(r"<\s*([\w-]{20,40})@[^<>\s]+>")


class Outcome(StrEnum):
    """What came of one report."""

    BOUNCED = "bounced"  # a message was marked
    KNOWN = "known"  # it was marked before, or did not leave
    DELAYED = "delayed"  # the server still tries, or it did arrive
    UNKNOWN = "unknown"  # no mail of ours
    NO_REPORT = "no_report"  # not a delivery report


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery report says: the tokens of the mails that it may be about, and whether they came back for good."""

    tokens: tuple[str, ...]
    failed: bool
    words: str


def take(raw: bytes) -> Outcome:
    """Read one mail; mark the message that it gives back."""
    report = read(raw)
    if report is None:
        return Outcome.NO_REPORT
    message = Message.objects.filter(token__in=report.tokens, channel=Message.Channel.MAIL).first()
    if message is None:
        return Outcome.UNKNOWN
    if not report.failed:
        return Outcome.DELAYED
    try:
        move(message, "bounce", by=SYSTEM, detail={"fault": report.words}, fault=report.words)
    except Stale:
        return Outcome.KNOWN
    return Outcome.BOUNCED


def read(raw: bytes) -> Report | None:
    """A delivery report; None for any other mail, and for what cannot be read."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    if not isinstance(mail, EmailMessage) or mail.get_content_type() != "multipart/report":
        return None
    parts = list(mail.walk())
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if status is None:
        return None
    groups = [group for group in _groups(status) if group.get("Action") or group.get("Status")]
    failed = next((group for group in groups if _failed(group)), None)
    return Report(tuple(_tokens(parts)), failed is not None, _words(failed) if failed is not None else "")


def _groups(status: Part) -> Iterable[Part]:
    found = status.get_payload()
    return [part for part in found if isinstance(part, Part)] if isinstance(found, list) else []


def _failed(group: Part) -> bool:
    action = str(group.get("Action", "")).strip().lower()
    return action == "failed" or (not action and str(group.get("Status", "")).strip().startswith("5"))


def _words(group: Part) -> str:
    status = str(group.get("Status", "")).split("(")[0].strip()
    said = " ".join(str(group.get("Diagnostic-Code", "")).split())
    said = said.partition(";")[2].strip() or said
    return f"{status} {said}".strip()[:300]


def _tokens(parts: Iterable[Part]) -> Iterator[str]:
    """The Message-IDs of the mail that is given back, whole or with its headers alone."""
    for part in parts:
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload()
            held = inner[0] if isinstance(inner, list) and inner else None
            text = f"Message-ID: {held.get('Message-ID', '')}" if isinstance(held, Part) else ""
        elif part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
        else:
            continue
        header = re.search(r"^Message-ID:\s*(.*)$", text, re.IGNORECASE | re.MULTILINE)
        if header and (found := _ID.search(header[1])):
            yield found[1]
