"""The answer of a rule: allowed, or not allowed and why in plain words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Truthy when allowed; otherwise `reason` is shown beside the button and raised by the verb.

    `not_now` tells a refusal by circumstances (state, time) from one by rights.
    """

    allowed: bool
    reason: str = ""
    not_now: bool = False

    def __bool__(self) -> bool:
        return self.allowed


YES = Verdict(True)


def no(reason: str) -> Verdict:
    """Refuse by rights: this person may not."""
    return Verdict(False, reason)


def not_now(reason: str) -> Verdict:
    """Refuse by circumstances: nobody can at present."""
    return Verdict(False, reason, not_now=True)
