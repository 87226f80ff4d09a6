"""Who may see how messages went, read them, and send them again."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.calls.rules import can_extend
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.dispatch.queries import calls_of
from shidian.notifications.models import Message


def calls_followed(user: User) -> list[Call]:
    """The calls whose messages a person follows as an officer of the last stage, the newest first."""
    found = {call.pk: call for call, _office in calls_of(user) if can_extend(user, call)}
    return list(found.values())


def can_follow(user: User) -> bool:
    """Whether somebody sees how messages went at all."""
    return user.is_administrator or user.is_auditor or bool(calls_followed(user))


def can_read(user: User, message: Message) -> Verdict:
    """Whether somebody may read what a message said: administrators see no content."""
    if user.is_auditor:
        return YES
    if message.call_id is not None and any(call.pk == message.call_id for call in calls_followed(user)):
        return YES
    return no(_("系统管理员看不到内容，只看寄到没有。"))


def can_try_again(user: User, message: Message) -> Verdict:
    """Whether somebody may have a message sent again."""
    if user.is_auditor:
        return no(_("审计员只看不办。"))
    if not message.MACHINE.allows(message.state, "try_again"):
        return not_now(_("现在是“{label}”，不用重新发送。").format(label=message.state_label))
    return YES
