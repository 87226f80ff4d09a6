"""The life of a round: open until every party agreed, void as soon as its version is."""

from shidian.core.transitions import machine

ROUND = machine(
    "round",
    {"open": "会签中", "complete": "各方已同意", "void": "已失效"},
    [
        ("complete", "open", "complete", "signoff.completed"),
        ("void", ("open", "complete"), "void", "signoff.voided"),
    ],
)
