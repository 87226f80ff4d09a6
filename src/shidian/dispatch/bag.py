"""Writes a package: a BagIt bag (RFC 8493) inside one zip, front to back, in constant memory.

Two threads hash while the caller reads and writes, so a package grows as fast as the disk takes it. The zip is
byte for byte the same for the same names, content, order and stamp (deflated entries: with the same zlib); the
digest of the manifest depends on names and content alone.
"""

import hashlib
import os
import queue
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from shidian.core.zips import CHUNK, DEFLATED, STORED, ZipWriter, is_bomb, is_portable_name, is_unsafe_name

Source = bytes | Path | Iterable[bytes]

MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
EARLIEST = datetime(1980, 1, 1)

_DEFLATE = frozenset({"csv", "htm", "html", "json", "md", "svg", "txt", "typ", "xml", "yaml", "yml"})
_WHOLE = 4 << 20
_SMALL = 1 << 16
_SYNC_EVERY = 64 << 20
_WAITING = 4


class BagError(ValueError):
    """The bag cannot be written as asked: a name that does not travel, a name used twice, a closed bag."""


@dataclass(frozen=True, slots=True)
class BagFile:
    """One payload file as the manifest records it; `name` is relative to `data/`."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Bag:
    """A finished package: `digest` is the SHA-256 of its manifest, `sha256` that of the zip file."""

    path: Path
    digest: str
    sha256: str
    payload_bytes: int
    files: tuple[BagFile, ...]


class BagWriter:
    """Writes the bag to `path`; the file appears there complete at `close()`, or not at all.

    `root` is the folder inside the zip (default: the file's name without .zip), `stamp` the time given to every
    entry and the Bagging-Date, `info` further lines of bag-info.txt. Used as a context manager it removes what
    was begun when it is left without `close()`. One thread may use a writer.
    """

    def __init__(
        self,
        path: Path,
        *,
        root: str | None = None,
        stamp: datetime = EARLIEST,
        info: Mapping[str, str] | None = None,
    ) -> None:
        self._path = Path(path)
        self._root = self._path.stem if root is None else root
        _check_name(self._root)
        if "/" in self._root:
            raise BagError(f"the root of a bag is one folder: {self._root!r}")
        self._stamp = stamp
        self._info = dict(info or {})
        self._names: set[str] = set()
        self._payload: list[tuple[str, int, hashlib._Hash]] = []
        self._part, self._file = _open_part(self._path)
        self._sink = _Sink(self._file)
        self._hashing = _Hashing()
        self._zip = ZipWriter(self._sink, stamp)
        self._open = True

    def add(self, name: str, source: Source) -> None:
        """Add `source` as the payload file `name` (relative to `data/`).

        Text, JSON and XML are deflated, everything else is stored. A source longer than a few megabytes is read
        twice (a path) or kept in a temporary file (chunks), never in memory. Refuses with BagError a name that
        is unsafe, cannot be unpacked on Windows, or equals another but for case; a source that changed between
        the two readings. A refused source (not a refused name) ends the bag.
        """
        if not self._open:
            raise BagError("the bag is closed")
        _check_name(name)
        if name.casefold() in self._names:
            raise BagError(f"two files in a bag may not have one name: {name!r}")
        self._names.add(name.casefold())
        digest = hashlib.sha256()
        try:
            size = self._write(f"data/{name}", source, digest)
        except BaseException:
            # Half an entry is in the archive; nothing written after it could be trusted.
            self.discard()
            raise
        self._payload.append((name, size, digest))

    def close(self) -> Bag:
        """Write manifests and directory, bring the file safely to disk and to its name; return the Bag."""
        if not self._open:
            raise BagError("the bag is closed")
        self._hashing.finish()
        files = tuple(sorted(
            (BagFile(name, size, digest.hexdigest()) for name, size, digest in self._payload),
            key=lambda file: file.name.encode(),
        ))  # fmt: skip
        total = sum(file.size for file in files)
        manifest = "".join(f"{file.sha256}  {_encode_path('data/' + file.name)}\n" for file in files).encode()
        info = [*self._info.items(), ("Bagging-Date", self._stamp.date().isoformat())]
        info.append(("Payload-Oxum", f"{total}.{len(files)}"))
        tags = {
            "bag-info.txt": "".join(
                f"{label}: {' '.join(value.split())}\n" for label, value in info
            ).encode(),
            "bagit.txt": DECLARATION,
            MANIFEST: manifest,
        }
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in tags.items()}
        tags[TAG_MANIFEST] = "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()
        for name, content in tags.items():
            self._write(name, content, None)
        self._zip.finish()
        sha256 = self._sink.finish()
        self._file.close()
        os.replace(self._part, self._path)
        _sync_folder(self._path.parent)
        self._open = False
        return Bag(self._path, digests[MANIFEST], sha256, total, files)

    def discard(self) -> None:
        """Remove what was begun; does nothing after `close()`."""
        if not self._open:
            return
        self._open = False
        self._hashing.finish()
        self._sink.abandon()
        self._file.close()
        with suppress(FileNotFoundError):
            self._part.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def _write(self, path: str, source: Source, digest: "hashlib._Hash | None") -> int:
        """Write one entry and return its size; `digest` is fed in the background with the plain content."""
        method = DEFLATED if path.rpartition(".")[2].lower() in _DEFLATE else STORED
        pieces = _pieces(source)
        head, exhausted = _take(pieces, _WHOLE)
        if exhausted:
            if digest is not None and len(head) < _SMALL:
                digest.update(head)
            elif digest is not None:
                self._hashing.feed(digest, head)
            packed = _deflate(head) if method == DEFLATED else head
            self._entry(path, [packed], method, zlib.crc32(head), len(head), len(packed))
            return len(head)
        with tempfile.TemporaryFile(dir=self._path.parent, prefix=".bag-") as spool:
            # A stored path is the only source that can simply be read again.
            again = isinstance(source, Path) and method == STORED
            size = crc = 0
            pack = zlib.compressobj(6, zlib.DEFLATED, -15) if method == DEFLATED else None
            for piece in _chain(head, pieces):
                size += len(piece)
                crc = zlib.crc32(piece, crc)
                if digest is not None:
                    self._hashing.feed(digest, piece)
                if not again:
                    spool.write(pack.compress(piece) if pack else piece)
            if pack:
                spool.write(pack.flush())
            compressed = size if again else spool.tell()
            spool.seek(0)
            if isinstance(source, Path) and again:
                content = _rechecked(path, source, crc)
            elif is_bomb(size, compressed):
                # An honest but very monotonous text is stored: no reader shall take it for a zip bomb.
                content, method, compressed = _inflate(spool), STORED, size
            else:
                content = _read(spool)
            self._entry(path, content, method, crc, size, compressed)
        return size

    def _entry(
        self, path: str, content: Iterable[bytes], method: int, crc: int, size: int, compressed: int
    ) -> None:
        try:
            self._zip.add(
                f"{self._root}/{path}", content, method=method, crc=crc, size=size, compressed=compressed
            )
        except ValueError as error:
            raise BagError(f"{path} changed while it was read") from error


class _Hashing:
    """One thread that feeds digests in order; the queue is short, so memory stays small."""

    def __init__(self) -> None:
        self._queue: queue.Queue[tuple[hashlib._Hash, bytes] | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def feed(self, digest: "hashlib._Hash", data: bytes) -> None:
        self._queue.put((digest, data))

    def finish(self) -> None:
        """Return when everything fed has been hashed; may be called twice."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            digest, data = work
            digest.update(data)


class _Sink:
    """The file on disk, hashed as it grows and pushed to the disk on the way, not all at the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._hashing = _Hashing()
        self._syncing = ThreadPoolExecutor(1)
        self._last_sync: Future[None] | None = None
        self._unsynced = 0
        self._small: list[bytes] = []
        self._small_bytes = 0

    def write(self, data: bytes, /) -> None:
        # A package of ten thousand small files must not wait for a thread and the disk at every header.
        if len(data) < _SMALL:
            self._small.append(data)
            self._small_bytes += len(data)
            if self._small_bytes >= CHUNK:
                self._write_small()
        else:
            self._write_small()
            self._write_through(data)

    def _write_small(self) -> None:
        if self._small:
            self._write_through(b"".join(self._small))
            self._small.clear()
            self._small_bytes = 0

    def _write_through(self, data: bytes) -> None:
        self._hashing.feed(self._digest, data)
        written = self._file.write(data)
        while written < len(data):  # an unbuffered file may take less than it was given
            written += self._file.write(memoryview(data)[written:])
        self._unsynced += len(data)
        if self._unsynced >= _SYNC_EVERY and (self._last_sync is None or self._last_sync.done()):
            self._unsynced = 0
            self._last_sync = self._syncing.submit(os.fdatasync, self._file.fileno())

    def finish(self) -> str:
        """Bring everything to disk and return the SHA-256 of all that was written."""
        self._write_small()
        self.abandon()
        if self._last_sync is not None:
            self._last_sync.result()
        os.fsync(self._file.fileno())
        return self._digest.hexdigest()

    def abandon(self) -> None:
        self._hashing.finish()
        self._syncing.shutdown()


def _open_part(path: Path) -> tuple[Path, IO[bytes]]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    os.fchmod(handle, 0o644)
    # Unbuffered: pieces are large, and a second copy of each would only cost time.
    return Path(name), open(handle, "wb", buffering=0)


def _check_name(name: str) -> None:
    """Refuse names that a zip reader, a manifest or a Windows desktop would not give back unchanged."""
    if name.endswith("/") or is_unsafe_name(name) or not is_portable_name(name):
        raise BagError(f"this name would not survive a bag: {name!r}")


def _encode_path(path: str) -> str:
    """Encode as a manifest line needs it (RFC 8493 2.1.3); line breaks never get this far."""
    return path.replace("%", "%25")


def _pieces(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
    elif isinstance(source, Path):
        with source.open("rb", buffering=0) as file:
            # One read for a usual scan: fewer, larger pieces hash and write fastest.
            while piece := file.read(_WHOLE + 1):
                yield piece
    else:
        yield from source


def _take(pieces: Iterator[bytes], limit: int) -> tuple[bytes, bool]:
    """Return what comes first, up to about `limit` bytes, and whether that was all."""
    taken: list[bytes] = []
    length = 0
    for piece in pieces:
        taken.append(piece)
        length += len(piece)
        if length > limit:
            return b"".join(taken) if len(taken) > 1 else taken[0], False
    return b"".join(taken) if len(taken) != 1 else taken[0], True


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _deflate(data: bytes) -> bytes:
    pack = zlib.compressobj(6, zlib.DEFLATED, -15)
    return pack.compress(data) + pack.flush()


def _inflate(file: IO[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-15)
    while not inflate.eof:
        yield inflate.decompress(inflate.unconsumed_tail or file.read(CHUNK), CHUNK)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece


def _rechecked(path: str, source: Path, crc: int) -> Iterator[bytes]:
    seen = 0
    for piece in _pieces(source):
        seen = zlib.crc32(piece, seen)
        yield piece
    if seen != crc:
        raise BagError(f"{path} changed while it was read")


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
