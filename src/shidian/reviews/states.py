"""The life of a ruling: decisions on several candidates that one person puts forward and another confirms."""

from django.utils.translation import gettext_noop

from shidian.core.transitions import machine

RULING = machine(
    "ruling",
    {
        "proposed": gettext_noop("待确认"),
        "confirmed": gettext_noop("已确认"),
        "sent_back": gettext_noop("已退回"),
    },
    [
        ("confirm", "proposed", "confirmed", "ruling.confirmed"),
        ("send_back", "proposed", "sent_back", "ruling.sent_back"),
    ],
)
