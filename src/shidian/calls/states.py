"""The life of a call: loaded, then published. Whether it takes applications is told by its windows, not by a state."""

from shidian.core.transitions import machine

CALL = machine(
    "call",
    {"draft": "未发布", "published": "已发布"},
    [("publish", "draft", "published", "call.published")],
)
