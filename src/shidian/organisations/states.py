"""The life of a unit's account: registered by its writer, confirmed by its head."""

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
