"""Hooks: the few places where a lower layer must call a higher one.

One handler for each key, called in the caller's transaction; a second registration, or a call
without a handler, is an error. The list of hooks stands in ARCHITECTURE.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Hook(Generic[P]):
    """A named place for one handler a key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._handlers: dict[str, Callable[P, None]] = {}

    def register(self, key: str, handler: Callable[P, None]) -> None:
        """Let `handler` answer for `key`; ValueError when another one already does."""
        known = self._handlers.get(key)
        if known is not None and known is not handler:
            raise ValueError(f"{self.name}[{key}] has a handler already")
        self._handlers[key] = handler

    def call(self, key: str, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call the handler of `key`; LookupError when there is none."""
        try:
            handler = self._handlers[key]
        except KeyError:
            raise LookupError(f"{self.name}[{key}] has no handler") from None
        handler(*args, **kwargs)
