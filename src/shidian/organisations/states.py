"""The life of a unit's account, confirmed by its head; the life of a loaded list of units."""

from django.utils.translation import gettext_noop

from shidian.core.transitions import machine

ORGANISATION = machine(
    "organisation",
    {
        "pending": gettext_noop("待负责人确认"),
        "confirmed": gettext_noop("已确认"),
        "refused": gettext_noop("负责人未认可"),
    },
    [
        ("confirm", "pending", "confirmed", "organisation.confirmed"),
        ("register_again", "refused", "pending", "organisation.registered_again"),
        ("refuse", "pending", "refused", "organisation.refused"),
    ],
)

WATCHLIST = machine(
    "watchlist",
    {
        "received": gettext_noop("等待确认"),
        "loading": gettext_noop("正在载入"),
        "failed": gettext_noop("载入失败"),
        "current": gettext_noop("现行"),
        "superseded": gettext_noop("已被取代"),
        "withdrawn": gettext_noop("已撤下"),
        "discarded": gettext_noop("没有载入"),
    },
    [
        ("confirm", ("received", "failed"), "loading", "watchlist.confirmed"),
        ("finish", "loading", "current", "watchlist.loaded"),
        ("fail", "loading", "failed", "watchlist.failed"),
        ("discard", ("received", "failed"), "discarded", "watchlist.discarded"),
        ("supersede", "current", "superseded", "watchlist.superseded"),
        ("withdraw", "current", "withdrawn", "watchlist.withdrawn"),
        ("reinstate", ("superseded", "withdrawn"), "current", "watchlist.reinstated"),
    ],
)
