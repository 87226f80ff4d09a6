"""The refusals of the system.

Refused
├── NotPermitted       you may not (403)
├── NotNow             not in this state, or not at this time (409)
│   └── Stale          somebody was faster; the page shows how it stands now (409)
└── Invalid            what was given is wrong; carries one message per place (422)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shidian.core.verdict import Verdict


class Refused(Exception):
    """Something was asked for and is not done; `reason` says why in plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotPermitted(Refused):
    """This person may not."""


class NotNow(Refused):
    """It cannot be done in this state or at this time, by nobody."""


class Stale(NotNow):
    """The thing changed since the page was opened."""


class Invalid(Refused):
    """What was given cannot be taken; `problems` names each place."""

    def __init__(self, reason: str, problems: Sequence[Any] = ()) -> None:
        super().__init__(reason)
        self.problems = list(problems)


def require(verdict: Verdict) -> None:
    """Raise the refusal that belongs to a verdict, or return when it allows."""
    if verdict:
        return
    raise (NotNow if verdict.not_now else NotPermitted)(verdict.reason)
