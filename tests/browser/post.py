"""The letters of the mailbox in which a demonstration keeps everything it would send."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from tests.browser.test_phone import fits
from tests.browser.visitor import Visitor

LINK, CODE = r"(/sign/open/[\w-]+/)", r"会签验证码 (\d{6})"
PATIENCE = 30  # seconds for the worker to write a letter


@dataclass
class Post:
    """Opens the letters that come from now on; none of them is taken twice."""

    reader: Visitor
    taken: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.taken |= {pattern: self._newest(pattern) for pattern in (LINK, CODE)}

    def link(self) -> str:
        """Where the newest letter that asks for an opinion leads."""
        return self._next(LINK)

    def prove(self, party: Visitor) -> None:
        """Ask for the code and type it."""
        party.press("发验证码")
        party.reads("138****5678")
        fits(party, "验证并打开")
        party.page.fill("[name=code]", self._next(CODE))
        party.press("验证并打开")

    def opened(self, party: Visitor) -> Visitor:
        """The party has followed the newest link and proved itself."""
        party.go(self.link())
        self.prove(party)
        return party

    def _next(self, pattern: str) -> str:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = self._newest(pattern)
            if found != self.taken[pattern]:
                self.taken[pattern] = found
                return found
            time.sleep(0.2)
        raise AssertionError(f"no letter says {pattern}")

    def _newest(self, pattern: str) -> str:
        self.reader.page.goto(f"{self.reader.address}/mailbox/")
        found = re.search(pattern, self.reader.page.locator("main").inner_text())
        return found[1] if found else ""
