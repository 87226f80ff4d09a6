"""Who was told what, and which addresses do not work."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from shidian.accounts.models import User
from shidian.notifications.models import Message, Notice
from shidian.notifications.rules import calls_followed


def unread(user: User) -> int:
    """How many notices a person has not read."""
    return Notice.objects.filter(user=user, read_at__isnull=True).count()


def messages_seen_by(user: User) -> QuerySet[Message]:
    """The messages whose way a person follows: all for administrators and auditors, those of its calls for offices."""
    rows = Message.objects.select_related("user", "call").order_by("-pk")
    if user.is_administrator or user.is_auditor:
        return rows
    return rows.filter(call__in=[call.pk for call in calls_followed(user)])


def broken(addresses: Iterable[str]) -> dict[str, Message]:
    """Of these addresses those to which the newest mail did not arrive, with that mail; in one query."""
    newest: dict[str, Message] = {}
    rows = Message.objects.filter(address__in=set(addresses), channel=Message.Channel.MAIL)
    for message in rows.exclude(state__in=("waiting", "dropped")).order_by("pk"):
        newest[message.address] = message
    return {address: found for address, found in newest.items() if found.state in ("failed", "bounced")}
