"""The cast, the call, and the database: SQLite, or with `--postgres` a private PostgreSQL cluster."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings as hypothesis

from tests.dealing import dealt

# In CI the same examples in every run: what it says depends on the change alone. Elsewhere they are drawn anew each
# time. No example fails for being slow: a machine that has other work is slow now and then.
hypothesis.register_profile("shidian", derandomize=os.environ.get("CI") == "true", deadline=None)
hypothesis.load_profile("shidian")


TESTS = Path(__file__).parent
PAGES = {"browser", "desk", "portal", "public", "ui"}
"""Folders with tests of pages: they run on SQLite, and on PostgreSQL each page is opened once (tests/test_access.py)."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="run on a private PostgreSQL cluster")
    parser.addoption(
        "--browser", action="store_true", help="run the tests that drive a browser, and only those"
    )


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # nothing that is imported and collected can be given back
    if not config.getoption("--postgres") and not hasattr(config, "workerinput"):
        from tests import template

        template.begin()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files none of whose tests will run are not read."""
    if collection_path.parent != TESTS:
        return None
    if config.getoption("--browser"):
        return None
    left = PAGES if config.getoption("--postgres") else {"browser"}
    return True if collection_path.name in left else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    on_postgres, in_browser = config.getoption("--postgres"), config.getoption("--browser")
    chosen, left = [], []
    for item in items:
        browser = item.get_closest_marker("browser") is not None
        wants = browser == in_browser and (_uses_database(item) if on_postgres else not _needs_postgres(item))
        (chosen if wants else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
    long = sorted((item for item in chosen if item.get_closest_marker("long")), key=_seconds, reverse=True)
    # Those that need no database begin, since its template is still being made.
    long.sort(key=_uses_database)
    short = [item for item in chosen if not item.get_closest_marker("long")]
    # In a browser the longest makes the stage, and the other workers begin with what needs none.
    beside = [item for item in short if "stage" not in item.fixturenames] if in_browser else []  # type: ignore[attr-defined]
    items[:] = dealt(long, short, beside, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def pytest_collection_finish() -> None:
    """What is imported and collected stays to the end: going through it again and again took 7 % of the whole time."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(2_000_000, 20, 50)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object:
    """Run each test with room for its frames in one piece.

    Python 3.11 takes memory for frames in pieces of 16 KiB and gives a piece back as soon as it is empty, so a
    loop that stands at the end of one asks the system for memory at every call (10 µs instead of 0.1). Below the many
    frames of pytest most requests stand at such an end somewhere: they took up to twice as long.
    """
    return _roomy(item.config.pluginmanager.get_plugin("runner").pytest_runtest_protocol, item, nextitem)


def _roomy(function: Callable[..., object], *given: object) -> object:
    return function(*given)


# A frame that says it needs 100,000 places gets a piece of 1 MiB, and what it does not use is there for the next.
_roomy.__code__ = _roomy.__code__.replace(co_stacksize=100_000)


def _seconds(item: pytest.Item) -> int:
    mark = item.get_closest_marker("long")
    return int(mark.args[0]) if mark and mark.args else 0


def _needs_postgres(item: pytest.Item) -> bool:
    return item.get_closest_marker("postgres") is not None


def _uses_database(item: pytest.Item) -> bool:
    """What never asks the database, or tests what lies above it, need not run twice."""
    if item.get_closest_marker("above_database"):
        return False
    fixtures = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """The tables are copied from a template before Django looks for them (tests/template.py)."""
    from django.db import connection

    from tests import template

    held = None
    if connection.vendor == "sqlite":
        held = template.fill_memory()
    else:
        template.await_postgres(os.environ["DATABASE_URL"].rpartition("/")[0])
    yield
    if held is not None:
        held.close()


@pytest.fixture(autouse=True)
def files_root(settings: object, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Each test keeps its files in its own folder, and what is counted in the cache too.

    The key of the marks is always the same: pages look the same in every run, and so do scans of them.
    """
    settings.MARK_KEYS = tmp_path_factory.getbasetemp() / "mark-keys"
    if not settings.MARK_KEYS.exists():
        settings.MARK_KEYS.write_text(f"{b'key of all tests'.hex() * 2}\n")
    folder = tmp_path / "files"
    settings.FILES_ROOT = folder
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": str(tmp_path / "cache")}}
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _watched(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the steps of tests/steps.py leave behind is made once (tests/kept.py)."""
    from tests import kept

    mark = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or bool(mark and mark.kwargs.get("transaction"))
    with kept.watched(commits=commits):
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, one for all tests of a process; without it the tests are skipped, except in CI."""
    from playwright.sync_api import sync_playwright

    from tests.browser import chromium

    program = chromium.program()
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not installed")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=chromium.UNPAINTED)
        yield launched
        launched.close()


SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def clock_at() -> Iterator[object]:
    """The clock stands inside the call's window; call the fixture with a local time to set it elsewhere."""
    from shidian.core import clock

    moment = datetime(2023, 7, 3, 10, 0, tzinfo=SHANGHAI)

    def source() -> datetime:
        return moment.astimezone(ZoneInfo("UTC"))

    def at(*when: int) -> None:
        nonlocal moment
        moment = datetime(*when, tzinfo=SHANGHAI)

    clock.set_source(source)
    yield at
    clock.set_source(None)


@pytest.fixture
def call(db: None, clock_at: object) -> object:
    """The Tianjin call, loaded and published."""
    from tests import steps

    return steps.tianjin()


@pytest.fixture
def cast(call: object) -> object:
    """Everybody who takes part, by role."""
    from tests import steps

    return steps.make_cast(call)


@pytest.fixture
def test_ca(
    clock_at: object, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, settings: Any
) -> Iterator[Any]:
    """The trial platform (authority, time stamps, seals) on this machine; its root is trusted, and it stamps the time.

    Its keys are made once for all tests of a process; what a test adds to them is its own.
    """
    import threading

    from shidian.documents.certificates.trial import Trial

    kept = tmp_path_factory.getbasetemp() / "test-ca"
    if not kept.exists():
        Trial(kept).server_close()
    shutil.copytree(kept, tmp_path / "test-ca")
    platform = Trial(tmp_path / "test-ca")
    # It looks that often whether it is to stop.
    thread = threading.Thread(target=platform.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    settings.TRUST_FOLDER = tmp_path / "test-ca" / "roots"
    settings.TSA = f"{platform.address}/tsa"
    yield platform
    platform.silence.set()
    platform.shutdown()
    platform.server_close()
    thread.join()
