"""The life of a call: loaded, then published. Whether it takes applications is told by its windows, not by a state."""

from django.utils.translation import gettext_noop

from shidian.core.transitions import machine

CALL = machine(
    "call",
    {"draft": gettext_noop("未发布"), "published": gettext_noop("已发布")},
    [("publish", "draft", "published", "call.published")],
)
