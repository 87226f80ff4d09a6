"""Files on disk under the SHA-256 of their content: `ab/cd/<sha256>`; the same content is kept once.

A file appears under its name complete and safe on disk, or not at all; it is never written again.
"""

import errno
import hashlib
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from shidian.core.digests import CHUNK, Readable, is_sha256, sha256_of_stream

_INCOMING = "incoming"


class NotStored(LookupError):
    """No content with this digest is in the store."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where content went: its digest is its name."""

    sha256: str
    size: int


class FileStore:
    """A content-addressed store in the folder `root`; any number of threads and processes may share it."""

    def __init__(self, root: Path) -> None:
        self._root = Path(root)
        self._incoming = self._root / _INCOMING
        self._incoming.mkdir(parents=True, exist_ok=True)

    def put(self, stream: Readable) -> Stored:
        """Keep what is left in `stream` and return its digest and size.

        When it returns the content survives a power cut. Content already there is not written twice; a copy of
        the wrong length (a damaged disk) is replaced. If it raises, nothing was added.
        """
        handle, name = tempfile.mkstemp(dir=self._incoming)
        part = Path(name)
        try:
            digest = hashlib.sha256()
            size = 0
            with os.fdopen(handle, "wb") as file:
                while piece := stream.read(CHUNK):
                    digest.update(piece)
                    file.write(piece)
                    size += len(piece)
                sha256 = digest.hexdigest()
                target = self.path(sha256)
                if _size(target) == size:
                    return Stored(sha256, size)
                file.flush()
                os.fchmod(file.fileno(), 0o440)
                os.fsync(file.fileno())
            self._make_folder(target.parent)
            part.replace(target)
            _sync_folder(target.parent)
            return Stored(sha256, size)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()

    def adopt(self, path: Path, sha256: str) -> Stored:
        """Keep the file at `path`, whose digest the caller has computed and which nobody writes to any more.

        The file changes its place and is not copied, where both lie on one disk. Safe to repeat: a `path` that has
        gone because an earlier try was cut off after moving it is no fault. NotStored when it is nowhere.
        """
        target = self.path(sha256)
        if not path.exists():
            size = _size(target)
            if size is None:
                raise NotStored(sha256)
            return Stored(sha256, size)
        size = path.stat().st_size
        if _size(target) == size:
            path.unlink()
            return Stored(sha256, size)
        with path.open("rb") as file:
            os.fsync(file.fileno())
        self._make_folder(target.parent)
        try:
            path.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            with path.open("rb") as file:
                stored = self.put(file)
            if stored.sha256 != sha256:
                raise OSError("the file changed after it was looked at") from error
            path.unlink()
            return stored
        target.chmod(0o440)
        _sync_folder(target.parent)
        return Stored(sha256, size)

    def open(self, sha256: str) -> BinaryIO:
        """Open the content for reading; NotStored if it is not there."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError as error:
            raise NotStored(sha256) from error

    def path(self, sha256: str) -> Path:
        """Return where content with this digest lies, or would lie; ValueError for anything but a digest."""
        if not is_sha256(sha256):
            raise ValueError(f"not a SHA-256: {sha256!r}")
        return self._root / sha256[:2] / sha256[2:4] / sha256

    def exists(self, sha256: str) -> bool:
        """Say whether content with this digest is there (not whether it is sound: see verify)."""
        return self.path(sha256).is_file()

    def verify(self, sha256: str) -> bool:
        """Read the content and say whether it still is what its name says; NotStored if it is not there."""
        with self.open(sha256) as file:
            return sha256_of_stream(file) == sha256

    def sweep(self, *, older_than: float = 86_400.0) -> int:
        """Remove what crashed uploads left behind, `older_than` seconds or more ago; return how many files."""
        removed = 0
        # File times are the machine's, so its own clock judges them, whatever day the system plays.
        now = time.time()
        for part in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if now - part.stat().st_mtime >= older_than:
                    part.unlink()
                    removed += 1
        return removed

    def _make_folder(self, folder: Path) -> None:
        """Make both levels, each entry safe on disk before anything is put under it."""
        for level in (folder.parent, folder):
            with suppress(FileExistsError):
                level.mkdir()
                _sync_folder(level.parent)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
