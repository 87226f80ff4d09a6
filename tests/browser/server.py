"""The real system in processes of its own: prepared, with people in it, served on a free port, ended by its own number."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext

from tests.browser import people

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds until the first answer; a machine that has other work takes a while to begin


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def parent(pid: int) -> int:
    """The process that started a process; OSError when it has ended."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def family(pid: int) -> list[int]:
    """A process and all that it started, parents first."""
    found = [pid]
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if parent(int(folder.name)) == pid:
                found += family(int(folder.name))
    return found


@dataclass
class Server:
    """One installation in a folder; `run` is a command in it, `start` and `stop` its service."""

    folder: Path
    mode: str = "demonstration"
    processes: int = 1
    port: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        self.folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def on(self, stage: Path, *, prepared_by: str = "") -> Iterator[Server]:
        """Serves a copy of the stage until the end, which is quick: nobody needs what is there any more.

        The module `prepared_by` adds to it before the start.
        """
        shutil.copytree(stage, self.folder / "data")
        if prepared_by:
            self.run(prepared_by)
        try:
            self.start()
            yield self
        finally:
            self.kill()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it has said."""
        return self.folder / "server.log"

    @property
    def environment(self) -> dict[str, str]:
        """Its settings; those of the tests themselves are left out."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("SHIDIAN_") and name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
        }
        return (
            kept
            | self.settings
            | {
                "SHIDIAN_MODE": self.mode,
                "SHIDIAN_DATA": str(self.folder / "data"),
                "SHIDIAN_ADDRESS": self.address,
                "DJANGO_SETTINGS_MODULE": "shidian.config.settings",
                "PYTHONUNBUFFERED": "1",
            }
        )

    def run(self, module: str, *words: str) -> str:
        """Run a module of Python to its end; what it printed, or AssertionError with all that it said.

        Its jobs (letters, the index) are done in it, once, instead of by each service that starts on a copy.
        """
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            env=self.environment | {"SHIDIAN_JOBS_INLINE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{module} {' '.join(words)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in its database, read beside the running service: tests with a browser cannot use the ORM."""
        path = self.folder / "data" / "shidian.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(query, values).fetchall()

    def admit(self, context: BrowserContext, email: str) -> None:
        """Give a browser the session of one of the accounts in tests/browser/people.py."""
        keys = json.loads((self.folder / "data" / people.SESSIONS).read_text())
        context.add_cookies([{"name": "shidian_session", "value": keys[email], "url": self.address}])

    def start(self) -> None:
        """Serve, and come back when it answers."""
        words = ["serve", "--port", str(self.port), "--processes", str(self.processes)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "shidian", *words],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + PATIENCE
        while not self.answers():
            dead = self.process.poll() is not None
            assert not dead and time.monotonic() < end, f"the server did not start:\n{self.log.read_text()}"
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether it serves pages."""
        try:
            with urllib.request.urlopen(self.address, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def kill(self) -> None:
        """End everything at once and without warning, as a failing power supply does (SIGKILL)."""
        if self.process is None:
            return
        # Parents first: one that lives starts another in place of a child that died.
        for pid in family(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        """End the service as an operator does; TimeoutExpired when it does not end everything that it started."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=25)
        finally:
            self.kill()
