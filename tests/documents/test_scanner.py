"""The scanner adapter against a server that speaks clamd's protocol."""

from __future__ import annotations

import io
import socket
import socketserver
import threading
from pathlib import Path

import pytest

from shidian.documents import scanner
from shidian.documents.actions import take_in
from shidian.documents.intake import Rejected
from shidian.documents.models import StoredFile
from tests import steps
from tests.clamd import EICAR, _Handler, clamd


@pytest.fixture
def at(tmp_path: Path, settings) -> Path:
    settings.CLAMD = f"unix:{tmp_path / 'clamd'}"
    return tmp_path / "clamd"


def kept(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def test_it_is_off_unless_configured() -> None:
    assert not scanner.configured()


def test_a_clean_file_of_many_pieces_arrives_whole(at: Path, tmp_path: Path) -> None:
    content = bytes(range(256)) * 2000

    with clamd(at) as seen:
        assert scanner.scan(kept(tmp_path, content)) is None

    assert seen == [content]


def test_what_was_found_is_named(at: Path, tmp_path: Path) -> None:
    with clamd(at):
        assert scanner.scan(kept(tmp_path, b"x" + EICAR)) == "Eicar-Test"


def test_it_speaks_over_tcp_too(tmp_path: Path, settings) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler) as server:
        server.most, server.seen = 1000, []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        settings.CLAMD = f"tcp://127.0.0.1:{server.server_address[1]}"
        assert scanner.scan(kept(tmp_path, b"abc")) is None
        server.shutdown()


def test_nobody_at_the_socket_is_no_verdict(at: Path, tmp_path: Path) -> None:
    with pytest.raises(scanner.ScannerUnavailable, match="连不上"):
        scanner.scan(kept(tmp_path, b"abc"))


@pytest.mark.parametrize("size", [20_000, 3_000_000])
def test_a_file_too_large_for_it_is_no_verdict(at: Path, tmp_path: Path, size: int) -> None:
    with clamd(at, most=10_000), pytest.raises(scanner.ScannerUnavailable, match="大小限制"):
        scanner.scan(kept(tmp_path, b"x" * size))


def test_a_scanner_that_breaks_off_is_no_verdict(at: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(at))
        listener.listen()

        def hang_up() -> None:
            listener.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()

        with pytest.raises(scanner.ScannerUnavailable):
            scanner.scan(kept(tmp_path, b"abc" * 100_000))


def test_a_file_of_a_plain_form_is_kept_only_when_it_is_clean(db, at: Path) -> None:
    def take(content: bytes) -> None:
        take_in(io.BytesIO(content), name="a.pdf", formats=["pdf"], max_bytes=10**6, by=None)

    with pytest.raises(Rejected) as unreachable:
        take(steps.pdf_bytes())
    with clamd(at):
        with pytest.raises(Rejected) as infected:
            take(steps.pdf_bytes() + b"%" + EICAR + b"\n%%EOF\n")
        take(steps.pdf_bytes())

    assert unreachable.value.code == "scanner"
    assert infected.value.code == "infected"
    assert "Eicar-Test" in str(infected.value)
    assert StoredFile.objects.count() == 1
