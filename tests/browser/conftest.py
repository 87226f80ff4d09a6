"""One running system for all browser tests, and a browser in which every person has a context of their own."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser

from tests import template
from tests.browser.server import Server
from tests.browser.visitor import AXE, Seen, Visitor

if TYPE_CHECKING:
    from shidian.documents.certificates.trial import Trial

WIDE = {"width": 1366, "height": 900}


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of a run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def stage(common: Path) -> Path:
    """A data folder with the people and the work of tests/browser/people.py; made once for all workers."""
    shared = common / "stage"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not (shared / "ready").exists():
            made = Server(shared)
            (shared / "data").mkdir()
            shutil.copy(template.sqlite_file(), shared / "data" / "shidian.sqlite3")
            made.run("shidian", "prepare")
            made.run("tests.browser.people")
            shutil.copy(AXE, shared / "data" / "static")
            (shared / "ready").touch()
    return shared / "data"


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """The test authority, with its time stamps and seals."""
    from shidian.documents.certificates.trial import Trial

    running = Trial(tmp_path_factory.mktemp("test-ca"))
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.silence.set()
    running.shutdown()
    running.server_close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, stage: Path, platform: Trial) -> Iterator[Server]:
    """The system as `make run` starts it, with that work; it trusts the test authority."""
    settings = {
        "SHIDIAN_TRUST": str(platform.authority.folder / "roots"),
        "SHIDIAN_TSA": f"{platform.address}/tsa",
        "SHIDIAN_SEAL_PLATFORM": platform.address,
        "SHIDIAN_SEAL_TOKEN": platform.token,
        "SHIDIAN_SECOND_DIGEST": "sm3",
    }
    with Server(tmp_path_factory.mktemp("site"), settings=settings).on(stage) as running:
        yield running


@pytest.fixture(scope="session")
def seen(common: Path) -> Seen:
    """Pages that axe has measured in this run."""
    return Seen(common / "seen")


@pytest.fixture
def arrive(browser: Browser, server: Server, seen: Seen) -> Iterator[Callable[..., Visitor]]:
    """Call it for a new person, who has signed in if you give the address of an account.

    All of them leave at the end, and every fault on the way fails the test.
    """
    visitors: list[Visitor] = []

    def arrive(email: str = "", **options: Any) -> Visitor:
        given = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "viewport": WIDE} | options
        context = browser.new_context(**given)
        if email:
            server.admit(context, email)
        scripts = bool(given.get("java_script_enabled", True))
        visitors.append(Visitor(context, server.address, seen, scripts=scripts))
        return visitors[-1]

    yield arrive
    faults = []
    for visitor in visitors:
        visitor.context.close()
        faults += visitor.faults
    if any(": 500 " in fault for fault in faults):
        faults.append(server.log.read_text()[-4000:])
    assert not faults, "\n".join(faults)
