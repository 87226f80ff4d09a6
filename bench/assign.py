"""Assigning 1,000 applications to 200 experts: three readers each, balanced, by field, past conflicts, areas spread."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

from shidian.reviews.experts.optimum import Reader, Work, fit, solve

APPLICATIONS, EXPERTS, READERS, MOST = 1_000, 200, 3, 20
CONFLICTS = 6_000
UNITS = 80


def assign() -> dict[str, Any]:
    """One run with drawn fields and conflicts, always the same; its time and how well it came out."""
    draw = random.Random(5)
    areas = [f"{top}/{below}" for top in ("emergency", "labour", "governance") for below in "abcd"]
    works = [Work(key, draw.choice(areas), READERS) for key in range(APPLICATIONS)]
    readers = [Reader(key, f"unit {key % UNITS}", frozenset(draw.sample(areas, 2))) for key in range(EXPERTS)]
    barred = {(draw.randrange(EXPERTS), draw.randrange(APPLICATIONS)) for _ in range(CONFLICTS)}
    begun, used = time.perf_counter(), time.process_time()
    pairs = solve(works, readers, most=MOST, barred=barred)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - used
    loads = Counter(reader for reader, _work in pairs)
    strange = sum(not fit(works[work].area, readers[reader].specialities) for reader, work in pairs)
    return {
        "assign.s": {"value": round(seconds, 2), "unit": "s"},
        "assign.cpu": {"value": round(cpu, 2), "unit": "s"},
        "assign.short": {"value": APPLICATIONS * READERS - len(pairs), "unit": "readers"},
        "assign.spread": {"value": max(loads.values()) - min(loads.values()), "unit": "applications"},
        "assign.strange": {"value": strange, "unit": "pairs"},
        "assign.conflicts": {"value": len(barred & set(pairs)), "unit": "pairs"},
    }


def run(_settings: dict[str, Any]) -> dict[str, Any]:
    """The figures of the target."""
    return assign()
