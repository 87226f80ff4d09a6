"""The desks with many applications: working list and search pages at 1,000, 10,000 and 100,000, and texts compared.

Each page is asked through its real view in a process of its own, on SQLite and on PostgreSQL, for an office that has
them all and for one that has a part; a time is the median of seven. `.ms` is the slowest page of its kind by the clock,
`.cpu` its processor time, the database's included; `bare.*` is the bare framework's page in the same process.
Everything by page is in bench/out/desks-pages.json. `BENCH_SIZES=1000,10000` and `BENCH_DATABASES=sqlite` measure less.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

from tests import postgres

from bench import ROOT, assign

SIZES = os.environ.get("BENCH_SIZES", "1000,10000,100000").split(",")
DATABASES = os.environ.get("BENCH_DATABASES", "sqlite,postgres").split(",")
KINDS = ("bare", "list", "search", "figures")
TEXTS, LENGTH = 10_000, 5_000


def run(out: dict[str, Any]) -> dict[str, Any]:
    """Add `bare.*`, `list.*`, `search.*` and `figures.*` by database and size, `similar.s`, and `assign.*`."""
    pages: dict[str, Any] = {}
    if "sqlite" in DATABASES:
        _measure(out, pages, "sqlite", {})
    if "postgres" in DATABASES and postgres.programs() is not None:
        _measure(out, pages, "postgres", {"DATABASE_URL": postgres.start()})
    wall, cpu = similar()
    out["similar.s"], out["similar.cpu"] = {"value": wall, "unit": "s"}, {"value": cpu, "unit": "s"}
    out.update(assign.assign())
    kept = ROOT / "bench" / "out" / "desks-pages.json"
    kept.write_text(json.dumps(pages, indent=2, ensure_ascii=False))
    return out


def _measure(out: dict[str, Any], pages: dict[str, Any], engine: str, extra: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="shidian-bench-") as folder:
        env = {
            **os.environ, **extra, "SHIDIAN_MODE": "demonstration", "SHIDIAN_DATA": folder,
            "DJANGO_SETTINGS_MODULE": "shidian.config.settings",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
        }  # fmt: skip
        if engine == "postgres":
            _create_database(extra["DATABASE_URL"])
        subprocess.run(
            [sys.executable, "-m", "shidian", "prepare"],
            env=env,
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        many = subprocess.Popen(
            [sys.executable, "-m", "bench.many", *SIZES], env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        with many:
            for line in many.stdout or ():
                if line.startswith("{"):
                    _note(out, pages, engine, json.loads(line))
        if many.returncode:
            raise SystemExit(f"bench.many ended with {many.returncode}")


def _note(out: dict[str, Any], pages: dict[str, Any], engine: str, found: dict[str, Any]) -> None:
    """Keep what one size took, as it comes: the slowest page of each kind is its figure."""
    size = f"{found['size'] // 1000}k"
    pages[f"{engine}.{size}"] = found["times"]
    for kind in KINDS:
        mine = {page: took for page, took in found["times"].items() if page.startswith(kind)}
        slowest = max(mine, key=lambda page: mine[page]["wall"])
        for unit, name in (("wall", "ms"), ("cpu", "cpu")):
            figure = {"value": max(took[unit] for took in mine.values()), "unit": "ms"}
            out[f"{kind}.{engine}.{size}.{name}"] = figure
        if engine == "sqlite":
            out[f"{kind}.{size}.ms"] = out[f"{kind}.sqlite.{size}.ms"]
        took = mine[slowest]
        print(
            f"  {engine} {size}: {slowest}: {took['wall']} ms ({took['cpu']} of processors)",
            file=sys.stderr,
            flush=True,
        )


def _create_database(url: str) -> None:
    import psycopg

    base, _, name = url.rpartition("/")
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")


def similar() -> tuple[float, float]:
    """Seconds, by the clock and of processors, for ten thousand texts of five thousand characters: their fingerprints,
    and all pairs that share some.
    """
    from random import Random

    from bench.many import PLACES, SENTENCES, SUBJECTS
    from shidian.core.fingerprints import fingerprint, pairs

    chance = Random(10)
    signs = [chr(0x4E00 + number) for number in range(3000)]
    texts = []
    for _number in range(TEXTS):
        parts: list[str] = []
        length = 0
        while length < LENGTH:
            # Half of it in words of one's own: a corpus of stock sentences alone would be one single text.
            said = chance.choice(SENTENCES).format(
                place=chance.choice(PLACES), subject=chance.choice(SUBJECTS), number=chance.randint(2, 98)
            )
            said += "".join(chance.choices(signs, k=len(said)))
            parts.append(said)
            length += len(said)
        texts.append("。".join(parts)[:LENGTH])
    for number in range(0, 600, 10):  # sixty copies of six hundred characters
        texts[number + 1] = texts[number][1000:1600] + texts[number + 1][600:]
    begin, used = time.perf_counter(), time.process_time()
    found = pairs([fingerprint(text) for text in texts])
    took = time.perf_counter() - begin, time.process_time() - used
    missed = [number for number in range(0, 600, 10) if (number, number + 1) not in found]
    if missed:
        raise SystemExit(f"similar: {len(missed)} of 60 copies were not found")
    return round(took[0], 2), round(took[1], 2)
