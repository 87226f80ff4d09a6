"""The life of a unit's account, confirmed by its head; the life of a loaded list of units."""

from shidian.core.transitions import machine

ORGANISATION = machine(
    "organisation",
    {"pending": "待负责人确认", "confirmed": "已确认", "refused": "负责人未认可"},
    [
        ("confirm", "pending", "confirmed", "organisation.confirmed"),
        ("register_again", "refused", "pending", "organisation.registered_again"),
        ("refuse", "pending", "refused", "organisation.refused"),
    ],
)

WATCHLIST = machine(
    "watchlist",
    {
        "received": "等待确认",
        "loading": "正在载入",
        "failed": "载入失败",
        "current": "现行",
        "superseded": "已被取代",
        "withdrawn": "已撤下",
        "discarded": "没有载入",
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
