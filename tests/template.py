"""An empty database with all tables, made once and copied: the migrations take half a minute, a copy no time.

It lies in `build/` under the digest of everything that makes the tables, so a changed migration makes another one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests import postgres

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src" / "shidian"
FOLDER = ROOT / "build" / "test-template"
IN_MEMORY = "file:memorydb_default?mode=memory&cache=shared"
"""What Django calls the test database of SQLite."""
POSTGRES = postgres.TEMPLATE


@cache
def sqlite_file() -> Path:
    """The template as a SQLite file; made when it is asked for first, by one process while the others wait."""
    path = FOLDER / f"{_digest()}.sqlite3"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for old in FOLDER.glob("*.sqlite3*"):
                old.unlink()
            making = path.with_suffix(".making")
            making.unlink(missing_ok=True)
            migrate(f"sqlite:///{making}")
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


def migrate(url: str) -> None:
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
