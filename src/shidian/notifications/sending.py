"""Every letter, short message and post is a row that waits until it has left (`Message`); the worker sends it.

What cannot be sent is tried again, ever more seldom, and then stands as failed until somebody presses "send again". A
worker that was killed between sending and noting it leaves a message under way: it goes out again after a while with the
same Message-ID, which mail programs show once.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import parseaddr
from smtplib import SMTPRecipientsRefused
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django_q.tasks import async_task

from shidian.accounts.models import User
from shidian.audit.actions import SYSTEM, Actor, move
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import NotNow, Stale
from shidian.notifications.letter import Letter
from shidian.notifications.messages import NotSent, sender, webhook
from shidian.notifications.models import Message

logger = logging.getLogger(__name__)

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""How long after each attempt the next one follows; after the last of them a message has failed."""
_TAKEN = timedelta(minutes=10)
"""After this time whoever took a message is thought to be gone."""
_AT_ONCE = 200
"""Messages that one round of the schedule sends."""

Composer = Callable[[Message], Letter | None]
composers: dict[str, Composer] = {}
"""What a kind of message says, made when it leaves; None when there is no need any more. Filled in `apps.py`."""
unsent: dict[str, Callable[[Message], None]] = {}
"""Who else wants to know that a message of a kind did not leave at once; filled in `apps.py`."""


def send(
    kind: str,
    args: Mapping[str, Any],
    *,
    to: str,
    channel: Message.Channel = Message.Channel.MAIL,
    user: User | None = None,
    call: Call | None = None,
    about: str = "",
    key: str | None = None,
) -> Message:
    """Have something sent, once for each `key`; it leaves after the commit of what caused it."""
    now = clock.now()
    fields = {
        "kind": kind,
        "channel": channel,
        "address": to[:254],
        "user": user,
        "call": call,
        "about": about,
        "args": dict(args),
        "made_at": now,
        "due_at": now,
        "token": secrets.token_urlsafe(24),
    }
    if key is None:
        made, fresh = Message.objects.create(**fields), True
    else:
        made, fresh = Message.objects.get_or_create(key=key, defaults=fields)
    if fresh:
        async_task("shidian.notifications.sending.deliver", made.pk)
    return made


@sensitive_variables()
def deliver(pk: int) -> None:
    """Send one message that waits; nothing when it does not wait any more, or another worker is at it."""
    now = clock.now()
    free = Q(taken_at__isnull=True) | Q(taken_at__lt=now - _TAKEN)
    if not Message.objects.filter(free, pk=pk, state="waiting").update(taken_at=now):
        return
    message = Message.objects.select_related("user", "call").get(pk=pk)
    with translation.override(settings.LANGUAGE_CODE):
        try:
            made = composers[message.kind](message)
        except ObjectDoesNotExist:
            made = None
        if made is None or (message.user is not None and not message.user.is_active):
            move(message, "drop", by=SYSTEM, taken_at=None)
            return
        _leave(message, made)


@sensitive_variables()
def _leave(message: Message, made: Letter) -> None:
    attempts = message.attempts + 1
    try:
        _by_channel(message, made)
    except (NotSent, OSError, ValueError) as fault:
        # What the letter said stands in no log.
        words = _fault_words(fault)
        logger.warning("message %s (%s) was not sent: %s", message.pk, message.kind, words)
        _not_sent(message, attempts, words, for_good=_for_good(fault))
        return
    with transaction.atomic():
        move(
            message,
            "send",
            by=SYSTEM,
            detail={"attempts": attempts},
            attempts=attempts,
            sent_at=clock.now(),
            taken_at=None,
            fault="",
            subject=made.subject[:200],
            text="" if made.secret else made.text,
        )


@sensitive_variables()
def _by_channel(message: Message, made: Letter) -> None:
    if message.channel == Message.Channel.SMS:
        sender().send(message.address, made.text)
    elif message.channel == Message.Channel.WEBHOOK:
        webhook().send(
            {
                "id": message.token,
                "kind": message.kind,
                "to": message.address,
                "about": message.about,
                "title": made.subject,
                "text": made.text,
            }
        )
    else:
        mail = EmailMultiAlternatives(
            made.subject, made.text, None, [message.address], headers={"Message-ID": message_id(message)}
        )
        mail.attach_alternative(made.html, "text/html")
        for each in made.enclosed:
            mail.attach(each.name, each.content, each.media_type)
        mail.send()


def message_id(message: Message) -> str:
    """The Message-ID of a mail: its token, at the host of the sender."""
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    host = address.rpartition("@")[2] or urlsplit(settings.ADDRESS).hostname or "localhost"
    return f"<{message.token}@{host}>"


def _fault_words(fault: Exception) -> str:
    if isinstance(fault, SMTPRecipientsRefused):
        code, words = next(iter(fault.recipients.values()), (0, b""))
        said = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        return f"{code} {said}"[:300]
    if isinstance(fault, NotSent):
        return str(fault)[:300]
    number = getattr(fault, "smtp_code", "") or getattr(fault, "errno", "") or ""
    return f"{type(fault).__name__} {number}".strip()


def _for_good(fault: Exception) -> bool:
    """Whether it will never do: the mail server said so of the address, or there is a sign in it that no header takes."""
    if isinstance(fault, ValueError):
        return True
    if not isinstance(fault, SMTPRecipientsRefused):
        return False
    return all(code >= 500 for code, _words in fault.recipients.values())


def _not_sent(message: Message, attempts: int, fault: str, *, for_good: bool) -> None:
    if message.kind in unsent and attempts == 1:
        unsent[message.kind](message)
    if for_good or attempts > len(BACKOFF):
        detail = {"attempts": attempts, "fault": fault}
        move(message, "fail", by=SYSTEM, detail=detail, attempts=attempts, fault=fault, taken_at=None)
        return
    Message.objects.filter(pk=message.pk).update(
        attempts=attempts, fault=fault, taken_at=None, due_at=clock.now() + BACKOFF[attempts - 1]
    )


def tend() -> int:
    """Send what waits for another attempt, and what a killed worker left; how many. Asked every minute."""
    now = clock.now()
    # What was made a moment ago has a task of its own in the queue.
    waits = Q(due_at__lte=now, attempts__gt=0) | Q(due_at__lte=now - _TAKEN)
    rows = Message.objects.filter(waits, state="waiting").order_by("due_at").values_list("pk", flat=True)
    found = list(rows[:_AT_ONCE])
    for pk in found:
        deliver(pk)
    return len(found)


@transaction.atomic
def try_again(message: Message, *, by: Actor) -> None:
    """Send a message again that failed or came back; refused (`Stale`) in any other state."""
    if not message.MACHINE.allows(message.state, "try_again"):
        raise Stale(_("这条消息现在是“{label}”，不用重新发送。").format(label=message.state_label))
    if message.kind not in composers:
        raise NotNow(_("这种消息不再发送。"))
    move(message, "try_again", by=by, attempts=0, fault="", due_at=clock.now(), taken_at=None)
    async_task("shidian.notifications.sending.deliver", message.pk)


def empty_old() -> int:
    """Empty the texts of messages that are older than the installation keeps them; how many. Asked every day."""
    before = clock.now() - timedelta(days=settings.MESSAGE_DAYS)
    rows = Message.objects.filter(made_at__lt=before, emptied_at__isnull=True).exclude(state="waiting")
    return rows.update(text="", subject="", emptied_at=clock.now())
