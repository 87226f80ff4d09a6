"""The virus scanner of this installation: clamd's protocol, spoken over a unix or TCP socket. Off unless configured.

One file, one connection: `zINSTREAM`, pieces with their lengths before them, an empty piece, one line of answer.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from shidian.core.said import say
from shidian.documents.intake import Rejected

_PIECE = 64 << 10
_CONNECT_SECONDS = 3
_ANSWER_SECONDS = 300


class ScannerUnavailable(Exception):
    """The scanner gave no verdict; `said` says why, in words for the one who uploaded."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


def configured() -> bool:
    """Whether files are scanned here."""
    return bool(settings.CLAMD)


def scan(path: Path) -> str | None:
    """Have the scanner read a file; the name of what it found, or None when it is clean.

    ScannerUnavailable when it cannot be reached, breaks off, or refuses to judge (most often a file larger than its
    StreamMaxLength).
    """
    try:
        with _connect() as connection:
            answer = _ask(connection, path)
    except OSError as error:
        raise ScannerUnavailable(say("病毒扫描程序现在连不上")) from error
    if answer == "stream: OK":
        return None
    if answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    if "size limit" in answer:
        raise ScannerUnavailable(say("文件超过了病毒扫描程序的大小限制，要由系统管理员调大"))
    raise ScannerUnavailable(say("病毒扫描程序没有给出结论"))


def infected(found: str) -> Rejected:
    """The refusal of a file in which the scanner found something."""
    return Rejected(
        "infected",
        say(
            "病毒扫描发现“{found}”，文件没有收下，已经删除。请先用杀毒软件检查您的电脑，换一份干净的文件再上传。",
            found=found,
        ),
    )


def _connect() -> socket.socket:
    if settings.CLAMD.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_CONNECT_SECONDS)
        try:
            connection.connect(settings.CLAMD.removeprefix("unix:"))
        except OSError:
            connection.close()
            raise
    else:
        parts = urlsplit(settings.CLAMD)
        connection = socket.create_connection((parts.hostname or "", parts.port or 3310), _CONNECT_SECONDS)
    connection.settimeout(_ANSWER_SECONDS)
    return connection


def _ask(connection: socket.socket, path: Path) -> str:
    cut = False
    try:
        connection.sendall(b"zINSTREAM\0")
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                connection.sendall(struct.pack(">I", len(piece)) + piece)
        connection.sendall(struct.pack(">I", 0))
    except (BrokenPipeError, ConnectionResetError):
        cut = True  # it stops listening when a file is too large for it, and has said so before
    answer = b""
    try:
        while not answer.endswith(b"\0") and (piece := connection.recv(4096)):
            answer += piece
    except ConnectionResetError as error:
        raise ScannerUnavailable(say("病毒扫描程序中途断开，文件可能超过了它的大小限制")) from error
    if cut and not answer:
        raise ScannerUnavailable(say("病毒扫描程序中途断开，文件可能超过了它的大小限制"))
    return answer.rstrip(b"\0").decode("utf-8", "replace").strip()
