"""The life of a message: it waits, leaves, and may come back."""

from django.utils.translation import gettext_noop

from shidian.core.transitions import machine

MESSAGE = machine(
    "message",
    {
        "waiting": gettext_noop("等待发送"),
        "sent": gettext_noop("已发出"),
        "failed": gettext_noop("没有发出"),
        "bounced": gettext_noop("被退回"),
        "dropped": gettext_noop("不用再发"),
    },
    [
        ("send", "waiting", "sent", "message.sent"),
        ("fail", "waiting", "failed", "message.failed"),
        ("drop", "waiting", "dropped", "message.dropped"),
        ("bounce", "sent", "bounced", "message.bounced"),
        ("try_again", ("failed", "bounced"), "waiting", "message.tried_again"),
    ],
)
