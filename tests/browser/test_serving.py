"""The service as a whole: what it starts lives and ends with it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.browser.server import Server, family, parent

pytestmark = pytest.mark.browser


def gone(pids: list[int]) -> bool:
    """Whether all have ended, at once or within two seconds."""
    end = time.monotonic() + 2
    while any(runs(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def runs(pid: int) -> bool:
    """Whether it has not ended; one that has, and whose end nobody asked after yet, is a zombie."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_stopping_ends_all_that_was_started(stage: Path, tmp_path: Path) -> None:
    with Server(tmp_path / "site", processes=2).on(stage) as server:
        assert server.process
        pids = family(server.process.pid)
        assert len(pids) > 5

        server.process.send_signal(signal.SIGTERM)

        assert server.process.wait(timeout=25) == 0
        assert gone(pids)


@pytest.mark.parametrize("part", [0, 1])
def test_when_one_part_dies_all_end_and_the_operator_is_told(stage: Path, tmp_path: Path, part: int) -> None:
    with Server(tmp_path / "site").on(stage) as server:
        assert server.process
        pids = family(server.process.pid)
        pages_and_jobs = [pid for pid in pids if parent(pid) == server.process.pid]
        assert len(pages_and_jobs) == 2

        os.kill(pages_and_jobs[part], signal.SIGKILL)

        assert server.process.wait(timeout=25) != 0
        assert "服务意外结束" in server.log.read_text()
        assert gone(pids)
