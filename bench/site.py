"""Opening a section and saving a field, on SQLite and PostgreSQL, beside the bare framework.

Starts the real server on a fresh database with 64 writers and as many full applications: first one client alone, for
the time a request takes (`.ms`), then 64 at once on all cores (`.rps`). Every answer must be the one expected.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests import postgres

from bench import ROOT, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLIENTS = 64
SEATS = CLIENTS + 1  # the first is for the client that is alone
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
TEXT = "本单位承担本辖区的公共服务职能，已建立标准化工作机制，制定并实施内部标准，定期检查改进。" * 8


def run(out: dict[str, Any]) -> dict[str, Any]:
    """Add `section.*`, `save.field.*`, `bare.*`: milliseconds alone, requests a second together; an error ends the run."""
    _measure(out, "sqlite", {})
    if postgres.programs() is not None:
        _measure(out, "postgres", {"DATABASE_URL": postgres.start()})
    return out


def _measure(out: dict[str, Any], engine: str, extra: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="shidian-bench-") as folder:
        env = {
            **os.environ, **extra, "SHIDIAN_MODE": "demonstration", "SHIDIAN_DATA": folder,
            "DJANGO_SETTINGS_MODULE": "shidian.config.settings",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
        }  # fmt: skip
        if engine == "postgres":
            _create_database(extra["DATABASE_URL"])
        _command(env, "-m", "shidian", "prepare")
        seats = json.loads(_command(env, "-m", "bench.seats", str(SEATS)))
        with _server(env, "bench.bare") as port:
            _both(out, f"bare.{engine}", port, _bare, seats)
        with _server(env, "shidian.config.settings") as port:
            _both(out, f"section.{engine}", port, _reader, seats)
            _both(out, f"save.field.{engine}", port, _writer, seats)
        over = out[f"save.field.{engine}.ms"]["value"] - out[f"bare.{engine}.ms"]["value"]
        out[f"save.field.{engine}.over_bare"] = {"value": round(over, 2), "unit": "ms"}
    if engine == "sqlite":
        out["section.ms"] = out["section.sqlite.ms"]


def _both(
    out: dict[str, Any],
    name: str,
    port: int,
    client: Callable[[dict[str, Any]], load.Client],
    seats: list[dict[str, Any]],
) -> None:
    alone = load.run(port, [client(seats[0])], seconds=SECONDS / 2, warm=3.0)
    if alone.errors:
        raise SystemExit(f"{name}: {alone.errors[0]}")
    out[f"{name}.ms"] = {"value": round(alone.p50, 2), "unit": "ms"}
    _note(out, name, load.run(port, [client(seat) for seat in seats[1:]], seconds=SECONDS))


def _create_database(url: str) -> None:
    import psycopg

    base, _, name = url.rpartition("/")
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")


def _command(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


@contextmanager
def _server(env: dict[str, str], settings: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
            "--workers", str(os.cpu_count() or 1), "--blocking-threads", "1", "--backlog", "2048", "--no-ws",
            "--log-level", "error", "shidian.config.wsgi:application",
        ],
        env={**env, "DJANGO_SETTINGS_MODULE": settings}, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    try:
        _wait(port)
        yield port
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=20)


def _wait(port: int) -> None:
    """Until every worker has answered: the first requests of each import the site."""
    answered, deadline = 0, time.monotonic() + 60
    while answered < 8 * (os.cpu_count() or 1):
        if time.monotonic() > deadline:
            raise SystemExit("the server did not answer within a minute")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
            answered += 1
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()


def _note(out: dict[str, Any], name: str, result: load.Result) -> None:
    if result.errors:
        raise SystemExit(f"{name}: {len(result.errors)} errors, first: {result.errors[0]}")
    out[f"{name}.rps"] = {"value": round(result.rps, 1), "unit": "1/s"}
    out[f"{name}.p50"] = {"value": round(result.p50, 1), "unit": "ms"}
    out[f"{name}.p99"] = {"value": round(result.p99, 1), "unit": "ms"}


def _head(verb: str, path: str, cookie: str, more: str = "") -> str:
    return f"{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n{more}"


def _bare(seat: dict[str, str]) -> load.Client:
    request = (_head("GET", "/", seat["bare"]) + "\r\n").encode()
    return load.Client(lambda number, body: request)


def _reader(seat: dict[str, str]) -> load.Client:
    request = (_head("GET", seat["page"], seat["cookie"]) + "\r\n").encode()
    return load.Client(lambda number, body: request)


def _writer(seat: dict[str, Any]) -> load.Client:
    started_from = seat["number"]

    def ask(number: int, body: bytes) -> bytes:
        nonlocal started_from
        if body:
            started_from = json.loads(body)["number"]
        values = {
            seat["field"]: f"{TEXT}（第 {number} 次）",
            "number": str(started_from),
            "csrfmiddlewaretoken": seat["csrf"],
        }
        posted = urlencode(values)
        more = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(posted)}\r\n"
        return (_head("POST", seat["save"], seat["cookie"], more) + "\r\n" + posted).encode()

    return load.Client(ask)
