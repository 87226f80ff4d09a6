"""Files by content: once, whole, or not at all."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from shidian.documents.store import FileStore, NotStored, Stored

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_content_lies_under_its_digest(tmp_path: Path) -> None:
    store = FileStore(tmp_path)

    stored = store.put(io.BytesIO(b"abc"))

    assert stored == Stored(ABC, 3)
    assert files(tmp_path) == [f"ba/78/{ABC}"]
    assert store.path(ABC).read_bytes() == b"abc"
    with store.open(ABC) as file:
        assert file.read() == b"abc"
    assert store.exists(ABC)
    assert store.verify(ABC)


def test_same_content_is_kept_once_and_not_touched(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put(io.BytesIO(b"abc"))
    before = store.path(ABC).stat()

    assert store.put(io.BytesIO(b"abc")) == Stored(ABC, 3)

    after = store.path(ABC).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert files(tmp_path) == [f"ba/78/{ABC}"]


def test_empty_content_is_content(tmp_path: Path) -> None:
    stored = FileStore(tmp_path).put(io.BytesIO())

    assert stored == Stored(hashlib.sha256().hexdigest(), 0)
    assert FileStore(tmp_path).verify(stored.sha256)


def test_stored_files_are_read_only(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put(io.BytesIO(b"abc"))

    assert store.path(ABC).stat().st_mode & 0o222 == 0


def test_unknown_digest_is_not_stored(tmp_path: Path) -> None:
    store = FileStore(tmp_path)

    assert not store.exists(ABC)
    with pytest.raises(NotStored):
        store.open(ABC)
    with pytest.raises(NotStored):
        store.verify(ABC)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "ba/78/" + ABC, ABC.upper(), ABC + "\n", ABC[:-1]])
def test_a_name_that_is_no_digest_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    store = FileStore(tmp_path)

    for ask in (store.path, store.open, store.exists, store.verify):
        with pytest.raises(ValueError, match="not a SHA-256"):
            ask(name)


def test_a_changed_file_does_not_verify(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put(io.BytesIO(b"abc"))
    store.path(ABC).chmod(0o640)
    store.path(ABC).write_bytes(b"abd")

    assert not store.verify(ABC)


def test_a_cut_file_is_replaced_when_its_content_comes_again(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put(io.BytesIO(b"abc"))
    store.path(ABC).chmod(0o640)
    store.path(ABC).write_bytes(b"a")

    store.put(io.BytesIO(b"abc"))

    assert store.verify(ABC)


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.RawIOBase):
        def __init__(self) -> None:
            self.pieces = [b"half of the file"]

        def read(self, size: int = -1) -> bytes:
            if self.pieces:
                return self.pieces.pop()
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        FileStore(tmp_path).put(Broken())

    assert files(tmp_path) == []


def test_a_killed_process_leaves_no_content_and_its_rest_is_swept(tmp_path: Path) -> None:
    program = """
import sys, os, signal
from pathlib import Path
from shidian.documents.store import FileStore
class Dying:
    left = 3
    def read(self, size):
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"x" * size
FileStore(Path(sys.argv[1])).put(Dying())
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    died = subprocess.run([sys.executable, "-c", program, tmp_path], env=environment, check=False)
    assert died.returncode == -signal.SIGKILL
    (left,) = files(tmp_path)
    assert left.startswith("incoming/")
    store = FileStore(tmp_path)

    assert store.sweep() == 0
    assert store.sweep(older_than=0) == 1

    assert files(tmp_path) == []


def test_many_threads_keep_the_same_and_different_content_at_once(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    contents = [bytes([number % 4]) * 300_000 for number in range(16)]
    start = threading.Barrier(len(contents))
    results: list[Stored] = []

    def keep(content: bytes) -> None:
        start.wait()
        results.append(store.put(io.BytesIO(content)))

    threads = [threading.Thread(target=keep, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    expected = {hashlib.sha256(content).hexdigest() for content in contents}
    assert len(results) == 16
    assert {stored.sha256 for stored in results} == expected
    assert {Path(name).name for name in files(tmp_path)} == expected
    assert all(store.verify(sha256) for sha256 in expected)
