"""How a call wants its parties to agree: in which order, who signs again after an edit, who may not be one person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from shidian.questionnaires.definition import Key, Value


class Terms(Value):
    """The terms of a round.

    `order`: all at once, one after the other as the call lists them, or by the `step` of each role. `again`: after an
    edit those sign again whose part changed, or all. `separate`: roles for which one person may not sign, even where
    one body holds both; a person never signs for two different bodies, unless `one_person` allows it. A link to sign by
    lives for `link_days`; who is waited for is reminded `remind_before` so many days before hand-ins close, `remind_hours`
    before (0: never), and every `remind_every` days, counted from the day it was first asked (0: never).
    """

    order: Literal["parallel", "sequential", "staged"] = "parallel"
    again: Literal["changed", "all"] = "changed"
    separate: list[list[Key]] = Field(default=[])
    one_person: bool = False
    link_days: int = Field(default=7, ge=1, le=60)
    remind_before: list[int] = Field(default=[7, 3, 1])
    remind_hours: int = Field(default=4, ge=0, le=23)
    remind_every: int = Field(default=5, ge=0, le=60)

    @classmethod
    def stored(cls, value: Mapping[str, Any]) -> Terms:
        """The terms as a round keeps them."""
        return cls.model_validate(value)


ORDINARY = Terms()
"""The terms of a call that says nothing about them."""
