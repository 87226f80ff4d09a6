"""What can go wrong with an application beyond the refusals of `core.errors`.

Conflict    a save started from a version of the section that is no longer the latest; both texts are kept
"""

from __future__ import annotations

from typing import Any

from shidian.core.errors import Stale


class Conflict(Stale):
    """Two people changed one section: carries what is stored now (`theirs`), and what came second (`mine`)."""

    def __init__(
        self, *, theirs: dict[str, Any], mine: dict[str, Any], base: dict[str, Any], number: int, who: str
    ) -> None:
        super().__init__(f"{who}刚才也改了这一部分。两份内容都在，请选定后再保存。")
        self.theirs = theirs
        self.mine = mine
        self.base = base
        self.number = number
        self.who = who
