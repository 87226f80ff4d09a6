"""The one clock of the system: every time that is stored, shown or judged is read here.

A rehearsal and the tests set it; nothing else calls `datetime.now` or `timezone.now`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """Return the present moment in UTC."""
    return _source()


def set_source(source: Callable[[], datetime] | None) -> None:
    """Let `source` tell the time for the whole process; None returns to the system's clock."""
    global _source
    _source = source or _system


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Hold the clock at `moment` (aware) for the length of a block."""
    global _source
    if moment.tzinfo is None:
        raise ValueError("the clock needs a time zone")
    before = _source
    _source = lambda: moment.astimezone(UTC)  # noqa: E731
    try:
        yield
    finally:
        _source = before
