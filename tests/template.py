"""An empty database with all tables, made once and copied: the migrations take half a minute, a copy no time.

That of SQLite lies in `build/` under the digest of everything that makes the tables, so a changed migration makes
another one. Both are made beside the tests, by `python -m tests.template [ADDRESS OF THE CLUSTER]`, while these are
being collected and those that need no database run.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import sqlite3
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import psycopg

from tests import postgres

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src" / "shidian"
FOLDER = ROOT / "build" / "test-template"
IN_MEMORY = "file:memorydb_default?mode=memory&cache=shared"
"""What Django calls the test database of SQLite."""
POSTGRES = postgres.TEMPLATE
PATIENCE = 120  # seconds for the template of a cluster


def begin(cluster: str = "") -> None:
    """Start to make the template of SQLite, or of a cluster; whoever needs it first waits for it."""
    if cluster or not _sqlite_path().exists():
        words = [sys.executable, "-m", "tests.template", *([cluster] if cluster else [])]
        atexit.register(subprocess.Popen(words, cwd=ROOT).wait)


@cache
def sqlite_file() -> Path:
    """The template as a SQLite file; made when it is asked for first, by one process while the others wait."""
    path = _sqlite_path()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for old in FOLDER.glob("*.sqlite3*"):
                old.unlink()
            making = path.with_suffix(".making")
            making.unlink(missing_ok=True)
            _migrate(f"sqlite:///{making}")
            with sqlite3.connect(making) as made:
                made.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                made.execute("PRAGMA journal_mode=DELETE")
            made.close()
            making.rename(path)
    return path


def fill_memory() -> sqlite3.Connection:
    """Copy the template into the test database in memory, which lives as long as the connection that is returned."""
    held = sqlite3.connect(IN_MEMORY, uri=True, check_same_thread=False)
    template = sqlite3.connect(sqlite_file())
    template.backup(held)
    template.close()
    return held


def await_postgres(cluster: str) -> None:
    """Come back when the template of a cluster is there; TimeoutError if that takes too long."""
    end = time.monotonic() + PATIENCE
    with psycopg.connect(f"{cluster}/postgres") as connection:
        while not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [POSTGRES]).fetchone():
            if time.monotonic() > end:
                raise TimeoutError("the template of the cluster was not made")
            connection.rollback()
            time.sleep(0.1)


def _make_postgres(cluster: str) -> None:
    making = f"{POSTGRES}_making"
    with psycopg.connect(f"{cluster}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {making}")
        _migrate(f"{cluster}/{making}")
        connection.execute(f"ALTER DATABASE {making} RENAME TO {POSTGRES}")


def _migrate(url: str) -> None:
    """Make the tables of an empty database."""
    subprocess.run(
        [sys.executable, "-m", "shidian", "migrate", "--verbosity=0"],
        check=True,
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "DATABASE_URL": url,
            "SHIDIAN_MODE": "development",
            "SHIDIAN_DATA": str(FOLDER / "data"),
        },
    )


def _sqlite_path() -> Path:
    return FOLDER / f"{_digest()}.sqlite3"


def _digest() -> str:
    found = hashlib.sha256(sys.version.encode())
    made_by = [
        *SOURCES.glob("*/migrations/*.py"),
        SOURCES / "audit/protection.py",
        SOURCES / "search/engine.py",
    ]
    for path in [*sorted(made_by), ROOT / "requirements-dev.lock"]:
        found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


if __name__ == "__main__":
    if sys.argv[1:]:
        _make_postgres(sys.argv[1])
    else:
        sqlite_file()
