"""A small HTTP client that keeps many connections busy from one process, on loopback only.

Each connection sends its next request as soon as the answer to the last one is there. Bounded in time; every answer
that is not the one expected counts as an error.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Client:
    """One connection: `ask(number, body of the last answer)` returns the bytes of the next request."""

    ask: Callable[[int, bytes], bytes]
    expect: bytes = b"200"
    number: int = 0
    sent_at: float = 0.0
    buffer: bytes = b""
    errors: list[str] = field(default_factory=list)


@dataclass
class Result:
    """Requests a second, the errors, and latencies in milliseconds."""

    rps: float
    errors: list[str]
    p50: float
    p99: float


def run(port: int, clients: list[Client], *, seconds: float, warm: float = 1.0) -> Result:
    """Drive all clients against 127.0.0.1:port for `seconds` after a warm-up that is not counted."""
    selector = selectors.DefaultSelector()
    for client in clients:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ, client)
        _send(connection, client, b"")
    begin = time.perf_counter()
    counted_from, end = begin + warm, begin + warm + seconds
    times: list[float] = []
    while (now := time.perf_counter()) < end:
        for key, _ in selector.select(timeout=end - now):
            connection, client = key.fileobj, key.data
            assert isinstance(connection, socket.socket)
            received = connection.recv(262_144)
            if not received:
                client.errors.append("connection closed")
                selector.unregister(connection)
                continue
            client.buffer += received
            answer = _complete(client.buffer)
            if answer is None:
                continue
            status, body = answer
            if status != client.expect:
                client.errors.append(f"{status.decode()}: {body[:200]!r}")
            took = time.perf_counter()
            if took >= counted_from:
                times.append(took - client.sent_at)
            client.buffer = b""
            _send(connection, client, body)
    for key in list(selector.get_map().values()):
        assert isinstance(key.fileobj, socket.socket)
        key.fileobj.close()
    times.sort()
    errors = [error for client in clients for error in client.errors]
    if not times:
        return Result(0.0, errors or ["no answer"], 0.0, 0.0)
    return Result(
        rps=len(times) / seconds,
        errors=errors,
        p50=times[len(times) // 2] * 1000,
        p99=times[int(len(times) * 0.99)] * 1000,
    )


def _send(connection: socket.socket, client: Client, body: bytes) -> None:
    request = client.ask(client.number, body)
    client.number += 1
    client.sent_at = time.perf_counter()
    connection.sendall(request)


def _complete(buffer: bytes) -> tuple[bytes, bytes] | None:
    """Status and body once the answer is whole (by Content-Length), else None."""
    head, separator, rest = buffer.partition(b"\r\n\r\n")
    if not separator:
        return None
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at < 0:
        return None
    line_end = lower.find(b"\r\n", at)
    length = int(lower[at + 15 : line_end if line_end >= 0 else None])
    return (head[9:12], rest[:length]) if len(rest) >= length else None
