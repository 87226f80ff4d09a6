"""Scans: how many pages are filed by machine, how many wrongly, and how fast; the corpus is that of tests/documents/scans.

All scans are simulated from real prints. `SCAN_SHARE=0.1` measures a tenth of the corpus, evenly; `SCAN_JOBS` processes
work on it (the number of cores, when left out) and change nothing but the time: a case makes itself from its own seed.
`SCAN_CASES=file` keeps what became of each case, one line each, so that two runs can be compared with `diff`.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import cache
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

_TOLD_EVERY = 20.0
"""Seconds between two words about how far it is."""


def run(out: dict[str, Any]) -> dict[str, Any]:
    """Add `scan.*` and `seal.*`; every page that was left to a person, or filed wrongly, is named on the way."""
    _set_up()
    from tests.documents.scans import prints

    made = prints.alone()
    share = float(os.environ.get("SCAN_SHARE", "1"))
    right: dict[str, list[bool]] = defaultdict(list)
    wrong = 0
    kept = os.environ.get("SCAN_CASES")
    with Path(kept).open("w") if kept else nullcontext() as cases:
        for case in _outcomes(made, share):
            if case["due"]:
                right[case["group"]].append(case["right"])
            wrong += case["wrong"]
            if case["wrong"] or (case["due"] and not case["right"]):
                word = "WRONG " if case["wrong"] else ""
                print(f"  {word}{case['group']}: {case['name']}: {case['why']}", flush=True)
            if cases:
                print(case["group"], case["name"], case["filed"], sep="\t", file=cases)
    for group, name in (
        ("scanner", "scanner"),
        ("coarse", "scanner_150_dpi"),
        ("phone", "phone"),
        ("fax", "fax"),
    ):
        out[f"scan.filed.{name}"] = _percent(right[group])
    out["scan.pages"] = {"value": sum(len(each) for each in right.values()), "unit": "pages"}
    out["scan.wrong"] = {"value": wrong, "unit": "pages"}
    _speed(out, made)
    _seals(out, made)
    return out


def _set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()


def _outcomes(made: Any, share: float) -> Iterator[dict[str, Any]]:
    """What became of each case, in the order of the corpus, whoever worked on it; how far it is goes to stderr."""
    from tests.documents.scans import corpus

    total = sum(1 for _case in corpus.cases(made, share=share))
    jobs = min(int(os.environ.get("SCAN_JOBS") or os.cpu_count() or 1), total)
    began = told = time.monotonic()
    wrong = 0
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_begin, initargs=(pickle.dumps(made), share)
    ) as pool:
        for done, case in enumerate(pool.map(_outcome, range(total)), start=1):
            wrong += case["wrong"]
            now = time.monotonic()
            if now - told > _TOLD_EVERY or done == total:
                told, left = now, (now - began) / done * (total - done)
                print(
                    f"  {done} of {total} cases by {jobs} processes, {wrong} wrong, about {left / 60:.0f} min left",
                    file=sys.stderr,
                    flush=True,
                )
            yield case


_given: list[Any] = []


def _begin(made: bytes, share: float) -> None:
    """The start of a process that works on cases: the prints are made once, by the first one."""
    _set_up()
    _given[:] = [pickle.loads(made), share]


@cache
def _cases() -> tuple[Any, ...]:
    from tests.documents.scans import corpus

    made, share = _given
    return tuple(corpus.cases(made, share=share))


def _outcome(number: int) -> dict[str, Any]:
    from tests.documents.scans import corpus

    case = _cases()[number]
    found = corpus.outcome(case, _given[0])
    return {
        "name": case.name, "group": case.group, "due": case.truth is not None, "filed": found.filed,
        "right": found.right, "wrong": found.wrong, "why": found.why,
    }  # fmt: skip


def _percent(right: list[bool]) -> dict[str, Any]:
    return {"value": round(100 * sum(right) / len(right), 2) if right else 0.0, "unit": "%"}


def _speed(out: dict[str, Any], made: Any) -> None:
    """Processor time of one page of 200 dpi in colour, read from a PDF; and of comparing it, which filing needs as well."""
    import numpy as np
    from tests.documents.scans import spoiling

    from shidian.documents.scans import worker
    from shidian.documents.scans.pictures import decode, encode, likeness, marks, pages, upright

    reading, comparing = [], []
    for number in range(1, made.newer.pages + 1):
        picture = spoiling.scanned(
            spoiling.sheet(made.newer.pdf, number), chance=np.random.default_rng(number), angle=0.7
        )
        file = BytesIO(spoiling.pdf([spoiling.jpeg(picture, 80)]))

        def read(file: BytesIO = file) -> object:
            return worker.see(pages.page(file, "pdf", 1))

        straight = upright.straighten(picture, marks.find(picture)).picture
        kept = encode(straight)

        def compare(kept: bytes = kept, number: int = number) -> object:
            return likeness.compare(decode(kept), made.newer.pdf, number, ())

        reading.append(_milliseconds(read))
        comparing.append(_milliseconds(compare))
    out["scan.ms_per_page"] = {"value": round(sum(reading) / len(reading), 1), "unit": "ms"}
    out["scan.ms_compared"] = {"value": round(sum(comparing) / len(comparing), 1), "unit": "ms"}


def _milliseconds(job: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        start = time.process_time()
        job()
        times.append((time.process_time() - start) * 1000)
    return sorted(times)[len(times) // 2]


def _seals(out: dict[str, Any], made: Any) -> None:
    """Seals of three strengths by scanner and telephone in the boxes of an opinion page; and boxes without one."""
    from tests.documents.scans import seals

    found, false = seals.measure(made, pages=int(60 * float(os.environ.get("SCAN_SHARE", "1"))) or 3)
    out["seal.found"] = _percent(found)
    out["seal.false"] = _percent(false)
