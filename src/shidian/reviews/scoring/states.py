"""The life of a score sheet (评分表) and of a panel's meeting (评审会)."""

from django.utils.translation import gettext_noop

from shidian.core.transitions import machine

SHEET = machine(
    "sheet",
    {"draft": gettext_noop("评分中"), "submitted": gettext_noop("已提交")},
    [
        ("submit", "draft", "submitted", "sheet.submitted"),
        ("reopen", "submitted", "draft", "sheet.reopened"),
    ],
)

MEETING = machine(
    "meeting",
    {
        "planned": gettext_noop("筹备中"),
        "open": gettext_noop("正在开会"),
        "closed": gettext_noop("已散会，纪要冻结"),
    },
    [
        ("start", "planned", "open", "meeting.started"),
        ("close", "open", "closed", "meeting.closed"),
        ("reopen", "closed", "open", "meeting.reopened"),
    ],
)
