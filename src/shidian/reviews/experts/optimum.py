"""The best way to give applications to experts, as a linear programme of flows solved by HiGHS. Knows no database.

Every application wants `readers` experts. An expert reads `most` at most; the more one has, and the more of one area,
the dearer the next, so that loads and areas spread. Who knows the field comes before who does not, and two experts of
one unit on one application only where there is nobody else. What cannot be met is left short, never forced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

SHORT = 10_000.0
"""What a missing reader costs; more than everything else that one assignment can cost."""
STRANGE = 60.0
SAME_UNIT = 90.0
NEAR = 2.0
LOAD = 1.0
AREA = 0.25
SECONDS = 120.0
CANDIDATES = 8
"""How many experts are weighed for each reader wanted at first; all of them, should that leave anything short."""


class Unsolved(Exception):
    """The solver gave no answer in its time; the words are its own."""


@dataclass(frozen=True, slots=True)
class Reader:
    """An expert as the programme sees it: what it knows, how many it has, of which areas."""

    key: int
    unit: str
    specialities: frozenset[str]
    load: int = 0
    areas: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Work:
    """An application: its area, how many readers it lacks, and the units of those it has."""

    key: int
    area: str
    wants: int
    units: frozenset[str] = frozenset()


def fit(area: str, specialities: AbstractSet[str]) -> int:
    """How well somebody knows an area: 2 the area itself, 1 the one above or below it or beside it, 0 not."""
    if area in specialities:
        return 2
    top = area.partition("/")[0]
    return int(any(known.partition("/")[0] == top for known in specialities))


class _Programme:
    """A linear programme as it is put together: variables with cost and top, lines with low and high."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.tops: list[float] = []
        self.lows: list[float] = []
        self.highs: list[float] = []
        self.entries: tuple[list[int], list[int], list[float]] = ([], [], [])

    def variable(self, cost: float, top: float) -> int:
        """A new variable from 0 to `top`."""
        self.costs.append(cost)
        self.tops.append(top)
        return len(self.costs) - 1

    def line(self, low: float, high: float, columns: Sequence[int], value: float = 1.0) -> int:
        """A new line: the sum of these variables is between `low` and `high`."""
        self.lows.append(low)
        self.highs.append(high)
        number = len(self.lows) - 1
        for column in columns:
            self.put(number, column, value)
        return number

    def put(self, line: int, column: int, value: float) -> None:
        """Let a variable count in a line."""
        lines, columns, values = self.entries
        lines.append(line)
        columns.append(column)
        values.append(value)

    def stairs(self, columns: Sequence[int], begun: int, steps: int, cost: float) -> None:
        """The sum of these variables is at most `steps`; the first costs `cost` times `begun`, each further one more."""
        line = self.line(0.0, 0.0, columns)
        for step in range(steps):
            self.put(line, self.variable(cost * (begun + step), 1.0), -1.0)

    def solved(self, whole: int) -> Sequence[float]:
        """The cheapest values; the first `whole` variables are whole numbers."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import coo_array

        lines, columns, values = self.entries
        matrix = coo_array((values, (lines, columns)), shape=(len(self.lows), len(self.costs))).tocsr()
        found = milp(
            c=np.array(self.costs),
            constraints=LinearConstraint(matrix, np.array(self.lows), np.array(self.highs)),
            bounds=Bounds(np.zeros(len(self.costs)), np.array(self.tops)),
            integrality=np.arange(len(self.costs)) < whole,
            options={"time_limit": SECONDS, "mip_rel_gap": 1e-4},
        )
        if found.x is None:
            raise Unsolved(str(found.message))
        return [float(value) for value in found.x[:whole]]


def solve(
    works: Sequence[Work],
    readers: Sequence[Reader],
    *,
    most: int,
    barred: AbstractSet[tuple[int, int]],
    strict: bool = False,
) -> list[tuple[int, int]]:
    """Pairs of (reader, work). `barred` pairs (reader, work) never are; with `strict` only who knows the field reads."""
    possible = _possible(works, readers, most=most, barred=barred, strict=strict)
    weighed = {key: rows[: CANDIDATES * wants] for key, (wants, rows) in possible.items()}
    found = _solved(works, weighed, most)
    wanted = sum(min(wants, len(rows)) for wants, rows in possible.values())
    if len(found) < wanted and any(len(weighed[key]) < len(rows) for key, (_wants, rows) in possible.items()):
        found = _solved(works, {key: rows for key, (_wants, rows) in possible.items()}, most)
    return found


def _possible(
    works: Sequence[Work],
    readers: Sequence[Reader],
    *,
    most: int,
    barred: AbstractSet[tuple[int, int]],
    strict: bool,
) -> dict[int, tuple[int, list[Reader]]]:
    """For each work how many readers it wants, and who can be one: who knows the field first, each time turned on."""
    found: dict[int, tuple[int, list[Reader]]] = {}
    free = [reader for reader in readers if reader.load < most]
    for turn, work in enumerate(works):
        if work.wants < 1 or not free:
            continue
        start = turn * 7 % len(free)
        rows = [
            reader
            for reader in (*free[start:], *free[:start])
            if (reader.key, work.key) not in barred and (not strict or fit(work.area, reader.specialities))
        ]
        rows.sort(key=lambda reader: -fit(work.area, reader.specialities))
        found[work.key] = (work.wants, rows)
    return found


def _solved(
    works: Sequence[Work], weighed: Mapping[int, Sequence[Reader]], most: int
) -> list[tuple[int, int]]:
    programme = _Programme()
    pairs: list[tuple[Reader, Work]] = []
    by_work: dict[int, list[int]] = defaultdict(list)
    by_reader: dict[int, list[int]] = defaultdict(list)
    by_area: dict[tuple[int, str], list[int]] = defaultdict(list)
    by_unit: dict[tuple[int, str], list[int]] = defaultdict(list)
    for work in works:
        for reader in weighed.get(work.key, ()):
            known = fit(work.area, reader.specialities)
            same_unit = SAME_UNIT * (reader.unit in work.units)
            column = programme.variable((STRANGE, NEAR, 0.0)[known] + same_unit, 1.0)
            pairs.append((reader, work))
            by_work[work.key].append(column)
            by_reader[reader.key].append(column)
            by_area[reader.key, work.area].append(column)
            if reader.unit:
                by_unit[work.key, reader.unit].append(column)
    if not pairs:
        return []
    wants = {work.key: work.wants for work in works}
    for key, columns in by_work.items():
        short = programme.variable(SHORT, float(wants[key]))
        programme.line(wants[key], wants[key], [*columns, short])
    known_readers = {reader.key: reader for reader, _work in pairs}
    for key, columns in by_reader.items():
        reader = known_readers[key]
        programme.stairs(columns, reader.load, min(most - reader.load, len(columns)), LOAD)
    for (key, area), columns in by_area.items():
        reader = known_readers[key]
        begun = reader.areas.get(area, 0)
        programme.stairs(columns, begun, min(most - reader.load, len(columns)), AREA)
    for columns in by_unit.values():
        if len(columns) > 1:
            line = programme.line(float("-inf"), 1.0, columns)
            programme.put(line, programme.variable(SAME_UNIT, float(len(columns))), -1.0)
    values = programme.solved(len(pairs))
    return [
        (reader.key, work.key) for (reader, work), value in zip(pairs, values, strict=True) if value > 0.5
    ]
