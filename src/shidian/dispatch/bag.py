"""Writes a package: a BagIt bag (RFC 8493) inside one zip, front to back, in constant memory.

Two threads hash while the caller reads and writes, through a few buffers that are used again and again (fresh
memory for every piece cost more than the hashing), so a package grows as fast as the disk takes it. The zip is
byte for byte the same for the same names, content, order and stamp (deflated entries: with the same zlib); the
digest of the manifest depends on names and content alone.
"""

import hashlib
import os
import queue
import tempfile
import threading
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from shidian.core.zips import CHUNK, DEFLATED, STORED, ZipWriter, is_bomb, is_portable_name, is_unsafe_name

Source = bytes | Path | Iterable[bytes]
Piece = bytes | memoryview

MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
EARLIEST = datetime(1980, 1, 1)  # noqa: DTZ001 (zip archives know no time zones)

_DEFLATE = frozenset({"csv", "htm", "html", "json", "md", "svg", "txt", "typ", "xml", "yaml", "yml"})
_WHOLE = 4 << 20
_SMALL = 1 << 16
_SYNC_EVERY = 64 << 20
_BUFFERS = 6


class Digest(Protocol):
    """A running hash of `hashlib`."""

    def update(self, data: Piece, /) -> object: ...

    def hexdigest(self) -> str: ...


_Work = queue.Queue[tuple[Digest | None, Piece, bytearray | None] | None]


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
        self._payload: list[tuple[str, int, Digest]] = []
        self._part, self._file = _open_part(self._path)
        self._sink = _Sink(self._file)
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
        self._sink.settle()
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
        self._part.replace(self._path)
        _sync_folder(self._path.parent)
        self._open = False
        return Bag(self._path, digests[MANIFEST], sha256, total, files)

    def discard(self) -> None:
        """Remove what was begun; does nothing after `close()`."""
        if not self._open:
            return
        self._open = False
        self._sink.stop()
        self._file.close()
        with suppress(FileNotFoundError):
            self._part.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def _write(self, path: str, source: Source, digest: Digest | None) -> int:
        """Write one entry and return its size; `digest` is fed in the background with the plain content."""
        method = DEFLATED if path.rpartition(".")[2].lower() in _DEFLATE else STORED
        with closing(self._pieces(source)) as pieces:
            head = next(pieces)
            if len(head) < _WHOLE:
                return self._write_whole(path, head, method, digest)
            if method == STORED and isinstance(source, Path):
                return self._write_twice_read(path, source, chain([head], pieces), digest)
            return self._write_spooled(path, chain([head], pieces), method, digest)

    def _write_whole(self, path: str, data: Piece, method: int, digest: Digest | None) -> int:
        packed: Piece = data
        if method == DEFLATED:
            pack = zlib.compressobj(6, zlib.DEFLATED, -15)
            packed = pack.compress(data) + pack.flush()
        self._sink.hash_payload(digest, data)
        self._entry(
            path, [packed], method=method, crc=zlib.crc32(data), size=len(data), compressed=len(packed)
        )
        return len(data)

    def _write_twice_read(
        self, path: str, source: Path, pieces: Iterable[Piece], digest: Digest | None
    ) -> int:
        """Measure first, then read again: the header of an entry stands before its content."""
        size = crc = 0
        for piece in pieces:
            size += len(piece)
            crc = zlib.crc32(piece, crc)
            self._sink.hash_payload(digest, piece)
        content = self._read_again(path, source, crc)
        self._entry(path, content, method=STORED, crc=crc, size=size, compressed=size)
        return size

    def _write_spooled(self, path: str, pieces: Iterable[Piece], method: int, digest: Digest | None) -> int:
        pack = zlib.compressobj(6, zlib.DEFLATED, -15) if method == DEFLATED else None
        size = crc = 0
        with tempfile.TemporaryFile(dir=self._path.parent, prefix=".bag-") as spool:
            for piece in pieces:
                size += len(piece)
                crc = zlib.crc32(piece, crc)
                self._sink.hash_payload(digest, piece)
                spool.write(pack.compress(piece) if pack else piece)
            spool.write(pack.flush() if pack else b"")
            compressed = spool.tell()
            spool.seek(0)
            if is_bomb(size, compressed):
                # An honest but very monotonous text is stored: no reader shall take it for a zip bomb.
                self._entry(path, _inflated(spool), method=STORED, crc=crc, size=size, compressed=size)
            else:
                content = self._sink.pieces_of(spool)
                self._entry(path, content, method=method, crc=crc, size=size, compressed=compressed)
        return size

    def _read_again(self, path: str, source: Path, crc: int) -> Iterator[Piece]:
        seen = 0
        for piece in self._pieces(source):
            seen = zlib.crc32(piece, seen)
            yield piece
        if seen != crc:
            raise BagError(f"{path} changed while it was read")

    def _pieces(self, source: Source) -> Generator[Piece, None, None]:
        """Yield pieces of exactly `_WHOLE` bytes, then one that is shorter, perhaps empty.

        A piece is valid until the next one is asked for; what the sink was given until then stays valid for it.
        """
        if isinstance(source, Path):
            with source.open("rb", buffering=0) as file:
                yield from self._sink.pieces_of(file)
        elif isinstance(source, bytes):
            yield from _cut([source])
        else:
            yield from _cut(source)

    def _entry(
        self, path: str, content: Iterable[Piece], *, method: int, crc: int, size: int, compressed: int
    ) -> None:
        try:
            self._zip.add(
                f"{self._root}/{path}", content, method=method, crc=crc, size=size, compressed=compressed
            )
        except ValueError as error:
            raise BagError(f"{path} changed while it was read") from error


class _Sink:
    """The file on disk, hashed as it grows and pushed to the disk on the way, not all at the end.

    Work goes through two queues in order: payload digests first, then the digest of the archive, which also
    gives the buffers back. So a buffer comes back only when nothing needs it any more.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._archive = hashlib.sha256()
        self._buffers: queue.SimpleQueue[bytearray] = queue.SimpleQueue()
        for _ in range(_BUFFERS):
            self._buffers.put(bytearray(_WHOLE))
        self._payload_work: _Work = queue.Queue(_BUFFERS)
        self._archive_work: _Work = queue.Queue(_BUFFERS)
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._hash_payloads, self._hash_archive)
        ]
        for thread in self._threads:
            thread.start()
        self._syncing = ThreadPoolExecutor(1)
        self._last_sync: Future[None] | None = None
        self._unsynced = 0
        self._small: list[bytes] = []
        self._small_bytes = 0

    def pieces_of(self, file: IO[bytes]) -> Generator[Piece, None, None]:
        """Yield the rest of `file` in lent buffers; full ones, then one that is not."""
        filled = _WHOLE
        while filled == _WHOLE:
            buffer = self._buffers.get()
            try:
                filled = _fill(file, buffer)
                yield memoryview(buffer)[:filled]
            finally:
                self._payload_work.put((None, b"", buffer))

    def hash_payload(self, digest: Digest | None, data: Piece) -> None:
        """Feed `digest` in the background; what is fed to one digest keeps its order."""
        if digest is not None:
            self._payload_work.put((digest, data, None))

    def settle(self) -> None:
        """Return when all payload digests have been fed."""
        self._payload_work.join()

    def write(self, data: Piece, /) -> None:
        # A package of ten thousand small files must not wait for a thread and the disk at every header.
        if len(data) < _SMALL:
            self._small.append(bytes(data))
            self._small_bytes += len(data)
            if self._small_bytes >= CHUNK:
                self._write_small()
        else:
            self._write_small()
            self._write_through(data)

    def finish(self) -> str:
        """Bring everything to disk and return the SHA-256 of all that was written."""
        self._write_small()
        self.stop()
        if self._last_sync is not None:
            self._last_sync.result()
        os.fsync(self._file.fileno())
        return self._archive.hexdigest()

    def stop(self) -> None:
        """End the threads when their work is done."""
        self._payload_work.put(None)
        for thread in self._threads:
            thread.join()
        self._syncing.shutdown()

    def _write_small(self) -> None:
        if self._small:
            self._write_through(b"".join(self._small))
            self._small.clear()
            self._small_bytes = 0

    def _write_through(self, data: Piece) -> None:
        self._payload_work.put((None, data, None))
        written = self._file.write(data)
        while written < len(data):  # an unbuffered file may take less than it was given
            written += self._file.write(memoryview(data)[written:])
        self._unsynced += len(data)
        if self._unsynced >= _SYNC_EVERY and (self._last_sync is None or self._last_sync.done()):
            self._unsynced = 0
            self._last_sync = self._syncing.submit(os.fdatasync, self._file.fileno())

    def _hash_payloads(self) -> None:
        while (work := self._payload_work.get()) is not None:
            digest, data, _ = work
            if digest is not None:
                digest.update(data)
            else:
                self._archive_work.put(work)
            self._payload_work.task_done()
        self._archive_work.put(None)

    def _hash_archive(self) -> None:
        while (work := self._archive_work.get()) is not None:
            _, data, buffer = work
            self._archive.update(data)
            if buffer is not None:
                self._buffers.put(buffer)


def _open_part(path: Path) -> tuple[Path, IO[bytes]]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    os.fchmod(handle, 0o644)
    # Unbuffered: pieces are large, and a second copy of each would only cost time.
    return Path(name), os.fdopen(handle, "wb", buffering=0)


def _check_name(name: str) -> None:
    """Refuse names that a zip reader, a manifest or a Windows desktop would not give back unchanged."""
    if name.endswith("/") or is_unsafe_name(name) or not is_portable_name(name):
        raise BagError(f"this name would not survive a bag: {name!r}")


def _encode_path(path: str) -> str:
    """Encode as a manifest line needs it (RFC 8493 2.1.3); line breaks never get this far."""
    return path.replace("%", "%25")


def _fill(file: IO[bytes], buffer: bytearray) -> int:
    """Read until `buffer` is full or `file` ends; return how much was read."""
    view, filled = memoryview(buffer), 0
    while filled < len(buffer) and (read := file.readinto(view[filled:])):  # type: ignore[attr-defined]
        filled += read
    return filled


def _cut(chunks: Iterable[bytes]) -> Generator[Piece, None, None]:
    """Join and cut chunks of any length into pieces of `_WHOLE` bytes and a shorter last one."""
    waiting: list[bytes] = []
    length = 0
    for chunk in chunks:
        waiting.append(chunk)
        length += len(chunk)
        if length >= _WHOLE:
            joined = memoryview(b"".join(waiting))
            at = 0
            while length - at >= _WHOLE:
                yield joined[at : at + _WHOLE]
                at += _WHOLE
            waiting, length = [bytes(joined[at:])], length - at
    yield b"".join(waiting)


def _inflated(file: IO[bytes]) -> Iterator[Piece]:
    inflate = zlib.decompressobj(-15)
    while not inflate.eof:
        yield inflate.decompress(inflate.unconsumed_tail or file.read(CHUNK), CHUNK)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
