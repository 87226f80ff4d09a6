"""Word files: how many fields are found again, how exactly, and how fast; the corpus is that of tests/documents/word."""

from __future__ import annotations

import os
import time
from io import BytesIO
from typing import Any


def run(_options: dict[str, Any]) -> dict[str, Any]:
    """Read the whole corpus; conversions take a minute or two, and are left out where LibreOffice is not installed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shidian.config.settings")
    os.environ.setdefault("SHIDIAN_MODE", "development")
    os.environ.setdefault("SHIDIAN_DATA", "var/development")
    import django

    django.setup()
    from tests.documents.word import corpus

    from shidian.applications import word_form
    from shidian.documents.word.conversion import program
    from shidian.documents.word.reader import read

    chosen = os.environ.get("WORD_ONLY", "")
    outcomes = []
    for case in corpus.cases():
        if chosen not in case.name or (case.formats and program() is None):
            continue
        outcome = corpus.measure(case, case.make())
        outcomes.append(outcome)
        if outcome.missing or outcome.unlike or outcome.wrong:
            lines = [f"missing {', '.join(outcome.missing)}"] if outcome.missing else []
            lines += [f"unlike {', '.join(outcome.unlike)}"] if outcome.unlike else []
            lines += [f"WRONG {', '.join(outcome.wrong)}"] if outcome.wrong else []
            print(f"  {case.name}: {'; '.join(lines)}", flush=True)
    figures: dict[str, Any] = {"word.files": {"value": len(outcomes), "unit": "files"}}
    for origin in ("own", "foreign"):
        of_origin = [outcome for outcome in outcomes if outcome.case.origin == origin]
        there = sum(outcome.there for outcome in of_origin)
        found = sum(len(outcome.found) for outcome in of_origin)
        figures[f"word.found.{origin}"] = _share(found, there)
    found = sum(len(outcome.found) for outcome in outcomes)
    figures["word.exact"] = _share(sum(len(outcome.exact) for outcome in outcomes), found)
    figures["word.wrong_field"] = {"value": sum(len(outcome.wrong) for outcome in outcomes), "unit": "fields"}
    content, form = corpus.own("long"), word_form.form_of(corpus.package())
    figures["word.ms_20_pages"] = {"value": _milliseconds(lambda: read(BytesIO(content), form)), "unit": "ms"}
    return figures


def _share(part: int, whole: int) -> dict[str, Any]:
    return {"value": round(100 * part / whole, 2) if whole else 0.0, "unit": "%"}


def _milliseconds(job: Any) -> float:
    times = []
    for _ in range(7):
        start = time.perf_counter()
        job()
        times.append((time.perf_counter() - start) * 1000)
    return round(sorted(times)[len(times) // 2], 1)
