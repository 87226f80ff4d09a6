"""The life of a round: open until every party agreed, void as soon as its version is."""

from django.utils.translation import gettext_noop

from shidian.core.transitions import machine

ROUND = machine(
    "round",
    {"open": gettext_noop("会签中"), "complete": gettext_noop("各方已同意"), "void": gettext_noop("已失效")},
    [
        ("complete", "open", "complete", "signoff.completed"),
        ("void", ("open", "complete"), "void", "signoff.voided"),
    ],
)
