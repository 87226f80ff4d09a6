"""The clock of a rehearsal: it moves only when told to, along the calendar of the call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from shidian.calls.definition import CallDefinition, in_zone

DAYS_WITHOUT_DEADLINE = 30


class Timetable:
    """Tells the time of the rehearsal; call it for the present moment (UTC), as `core.clock` does."""

    def __init__(self, start: datetime, step: timedelta) -> None:
        self._now = start.astimezone(UTC)
        self._step = step

    def __call__(self) -> datetime:
        """The present moment."""
        return self._now

    def tick(self) -> None:
        """Let a little time pass: two verbs never happen at the same moment."""
        self._now += self._step

    def reach(self, moment: datetime) -> None:
        """Go on to `moment`, or, when it has passed, only a little further."""
        self._now = max(self._now + self._step, moment.astimezone(UTC))


def opening(call: CallDefinition) -> datetime:
    """When the first stage opens."""
    midnight = datetime.combine(call.issued_on, datetime.min.time(), tzinfo=call.zone)
    return in_zone(call.stages[0].opens, call.zone) or midnight


def closing(call: CallDefinition, own: Sequence[datetime | None]) -> datetime:
    """When the first of the offices taking part stops taking hand-ins; `own` are their own earlier times."""
    stage = in_zone(call.stages[0].hand_in_until, call.zone)
    given = [found for moment in own if (found := in_zone(moment, call.zone))]
    return min(
        [*given, *([stage] if stage else [])], default=opening(call) + timedelta(days=DAYS_WITHOUT_DEADLINE)
    )


def spans(call: CallDefinition, start: datetime) -> list[tuple[datetime, datetime]]:
    """For each stage the time in which it works: up to its own deadline.

    Stages without a deadline share the time with the one before them that has one (a city that has none of its own
    must be done when the districts' time is over), or with the next.
    """
    ends = [in_zone(stage.dispatch_until, call.zone) for stage in call.stages]
    last = max((end for end in ends if end), default=start + timedelta(days=DAYS_WITHOUT_DEADLINE))
    groups: list[tuple[int, datetime]] = []
    waiting = 0
    for end in ends:
        waiting += 1
        if end is not None:
            groups.append((waiting, end))
            waiting = 0
    if waiting:
        count, end = groups.pop() if groups else (0, last)
        groups.append((count + waiting, end))
    found: list[tuple[datetime, datetime]] = []
    begin = start
    for count, end in groups:
        share = (end - begin) / count
        found += [(begin + share * turn, begin + share * (turn + 1)) for turn in range(count)]
        begin = end
    return found


def working(span: tuple[datetime, datetime], share: float) -> datetime:
    """The half of a working day that lies nearest to `share` of a span: half past nine, or two in the afternoon."""
    begin, end = span
    moment = begin + (end - begin) * share
    hour, minute = (9, 30) if moment.hour < 12 else (14, 0)
    return moment.replace(hour=hour, minute=minute, second=0, microsecond=0)
