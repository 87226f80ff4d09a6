"""The life of a panel (评审组), and of a plan that proposes who reads what."""

from django.utils.translation import gettext_noop

from shidian.core.transitions import machine

PANEL = machine(
    "panel",
    {
        "preparing": gettext_noop("准备中"),
        "reviewing": gettext_noop("评审中"),
        "discussing": gettext_noop("合议中"),
        "closed": gettext_noop("已结束"),
    },
    [
        ("open", "preparing", "reviewing", "panel.opened"),
        ("discuss", "reviewing", "discussing", "panel.discussing"),
        ("close", ("reviewing", "discussing"), "closed", "panel.closed"),
        ("reopen", ("discussing", "closed"), "reviewing", "panel.reopened"),
    ],
)

PLAN = machine(
    "plan",
    {
        "waiting": gettext_noop("等待计算"),
        "computing": gettext_noop("正在计算"),
        "ready": gettext_noop("待确认"),
        "failed": gettext_noop("没有算成"),
        "confirmed": gettext_noop("已确认"),
        "discarded": gettext_noop("没有采用"),
    },
    [
        ("compute", ("waiting", "computing", "failed"), "computing", "plan.started"),
        ("finish", "computing", "ready", "plan.finished"),
        ("fail", "computing", "failed", "plan.failed"),
        ("confirm", "ready", "confirmed", "plan.confirmed"),
        ("discard", ("waiting", "failed", "ready"), "discarded", "plan.discarded"),
    ],
)
