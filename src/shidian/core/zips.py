"""Zip files read with distrust and written without surprise.

Reading checks every span, name and length itself, because CPython before 3.11.8 opens archives whose entries
overlap, and `zipfile` believes what the archive says of itself. Writing gives the same bytes for the same
content on any Python: complete local headers, no data descriptors, one time stamp, zip64 where needed.
"""

import struct
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from shidian.core.said import say

STORED = 0
DEFLATED = 8
CHUNK = 1 << 20

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR64 = struct.Struct("<4sIQI")
_FULL16 = 0xFFFF
_FULL32 = 0xFFFFFFFF
_ENCRYPTED = 0x1
_DESCRIPTOR = 0x8
_UTF8 = 0x800
_DESCRIPTOR_SIZE = 24
_CENTRAL_BYTES_PER_ENTRY = 1024
_NOT_ON_WINDOWS = frozenset('<>:"|?*')
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in "123456789")]
)
_LONGEST_PART = 255
_LONGEST_PATH = 1000
_BOMB_SIZE = 16 << 20
_BOMB_RATIO = 200
_REGULAR_FILE = 0o100644 << 16
_MADE_ON_UNIX = 3 << 8


class BadZip(Exception):
    """The archive is not what it says; `code` for programs, the text (Chinese) for people."""

    def __init__(self, code: str, message: str, name: str = "") -> None:
        super().__init__(message)
        self.said = message
        self.code = code
        self.name = name


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive, its place checked against all others."""

    name: str
    method: int
    crc: int
    size: int
    compressed: int
    offset: int
    data_start: int

    @property
    def is_directory(self) -> bool:
        return self.name.endswith("/")


def is_unsafe_name(name: str) -> bool:
    """Say whether unpacking `name` could write outside its folder or fool a reader."""
    path = name.removesuffix("/")
    parts = path.split("/")
    return (
        any(part in ("", ".", "..") for part in parts)
        or "\\" in path
        or path[1:2] == ":"
        or any(unicodedata.category(char) in ("Cc", "Cs") for char in path)
    )


def is_portable_name(name: str) -> bool:
    """Say whether Windows, macOS and Linux all unpack `name` under exactly this name."""
    return (
        unicodedata.normalize("NFC", name) == name
        and not _NOT_ON_WINDOWS & set(name)
        and len(name.encode("utf-8", "surrogatepass")) <= _LONGEST_PATH
        and all(
            part
            and part[-1] not in ". "
            and part[0] != " "
            and len(part.encode("utf-8", "surrogatepass")) <= _LONGEST_PART
            and part.partition(".")[0].rstrip().upper() not in _DEVICES
            for part in name.split("/")
        )
    )


def is_bomb(size: int, compressed: int) -> bool:
    """Say whether so few bytes grow so much that no honest document would."""
    return size > _BOMB_SIZE and size > compressed * _BOMB_RATIO


def ends_with_zip(file: BinaryIO) -> bool:
    """Say whether a zip archive hangs at the end of `file`, whatever the file begins with."""
    size = file.seek(0, 2)
    start = max(0, size - _END.size - _FULL16)
    file.seek(start)
    tail = file.read()
    at = len(tail)
    while (at := tail.rfind(b"PK\x05\x06", 0, at)) >= 0:
        if len(tail) - at >= _END.size:
            _, _, _, _, _, directory_size, _, comment = _END.unpack_from(tail, at)
            directory = start + at - directory_size
            if at + _END.size + comment == len(tail) and directory >= 0:
                file.seek(directory)
                if file.read(4) == b"PK\x01\x02":
                    return True
    return False


def read_entries(
    file: BinaryIO, *, max_entries: int = 200_000, tight: bool = False, legacy_names: str = ""
) -> list[Entry]:
    """Return the entries of the archive in the order of their bytes.

    Refuses with BadZip: no archive, a truncated one, bytes before or after it, several volumes, encryption,
    methods other than stored and deflated, unsafe names, two entries of one name, entries that overlap, local
    headers that differ from the directory, more than `max_entries`. With `tight`, also bytes between entries.
    Names are UTF-8, or else in the encoding `legacy_names` (what the archiver of a Chinese Windows writes is gb18030).
    Reads headers only; sizes are enforced by `read_chunks`.
    """
    directory, count, start = _read_directory(file, max_entries)
    entries: list[Entry] = []
    seen: set[str] = set()
    slack: dict[int, int] = {}
    at = 0
    while at < len(directory):
        if len(entries) >= max_entries:
            raise BadZip("too_many", say("压缩包里的文件超过 {max_entries} 个", max_entries=max_entries))
        entry, described, at = _read_central(file, directory, at, start, legacy_names)
        if entry.name in seen:
            raise BadZip("duplicate", say("压缩包里有两个同名文件“{entry}”", entry=entry.name), entry.name)
        seen.add(entry.name)
        slack[entry.offset] = _DESCRIPTOR_SIZE if described else 0
        entries.append(entry)
    if len(entries) != count:
        raise BadZip("damaged", say("压缩包目录中的文件数与实际不符"))
    entries.sort(key=lambda entry: (entry.offset, entry.data_start))
    _check_spans(entries, slack, start, tight)
    return entries


def read_chunks(file: BinaryIO, entry: Entry, chunk: int = CHUNK) -> Iterator[bytes]:
    """Yield the content of `entry` piece by piece; never more bytes than the directory declares.

    Raises BadZip at the end when length or CRC are wrong, and at once when the data is no deflate stream.
    """
    crc = done = 0
    for piece in _stored(file, entry, chunk) if entry.method == STORED else _inflated(file, entry, chunk):
        done += len(piece)
        if done > entry.size:
            raise BadZip("damaged", say("“{entry}”解压后比目录中写的大", entry=entry.name), entry.name)
        crc = zlib.crc32(piece, crc)
        yield piece
    if done != entry.size:
        raise BadZip("damaged", say("“{entry}”的长度与目录中写的不一致", entry=entry.name), entry.name)
    if crc != entry.crc:
        raise BadZip("damaged", say("“{entry}”的校验码不一致", entry=entry.name), entry.name)


def _read_directory(file: BinaryIO, max_entries: int) -> tuple[bytes, int, int]:
    size = file.seek(0, 2)
    file.seek(0)
    begins_as_zip = file.read(2) == b"PK"
    if size < _END.size:
        raise BadZip("truncated" if begins_as_zip else "not_zip", say("文件太短，不是完整的压缩包"))
    end_at = size - _END.size
    file.seek(end_at)
    end = file.read(_END.size)
    signature, disk, first_disk, here, count, length, start, comment = _END.unpack(end)
    if signature != b"PK\x05\x06" or comment:
        raise _no_end(file, begins_as_zip)
    directory_end = end_at
    if end_at >= _LOCATOR64.size:
        file.seek(end_at - _LOCATOR64.size)
        mark, locator_disk, end64_at, disks = _LOCATOR64.unpack(file.read(_LOCATOR64.size))
        if mark == b"PK\x06\x07":
            directory_end = end64_at
            count, length, start = _read_end64(
                file, end_at - _LOCATOR64.size, end64_at, (count, length, start)
            )
            here = count
            if locator_disk or disks > 1:
                raise BadZip("volumes", say("压缩包是分卷的一部分"))
    if {disk, first_disk} - {0, _FULL16} or here != count:
        raise BadZip("volumes", say("压缩包是分卷的一部分"))
    if start + length != directory_end:
        raise BadZip("damaged", say("压缩包的目录位置不对，前面或中间有多余的内容"))
    if count > max_entries or length > max_entries * _CENTRAL_BYTES_PER_ENTRY:
        raise BadZip("too_many", say("压缩包里的文件超过 {max_entries} 个", max_entries=max_entries))
    file.seek(start)
    directory = file.read(length)
    return directory, count, start


def _no_end(file: BinaryIO, begins_as_zip: bool) -> BadZip:
    if ends_with_zip(file):
        return BadZip("trailing", say("压缩包末尾有多余的内容"))
    if begins_as_zip:
        return BadZip("truncated", say("压缩包不完整，末尾的目录缺失"))
    return BadZip("not_zip", say("文件不是 zip 压缩包"))


def _read_end64(
    file: BinaryIO, locator_at: int, end64_at: int, short: tuple[int, int, int]
) -> tuple[int, int, int]:
    if end64_at + _END64.size > locator_at:
        raise BadZip("damaged", say("压缩包的目录位置不对"))
    file.seek(end64_at)
    mark, length64, _, _, disk, first_disk, here, count, length, start = _END64.unpack(file.read(_END64.size))
    if mark != b"PK\x06\x06" or end64_at + 12 + length64 != locator_at:
        raise BadZip("damaged", say("压缩包的目录位置不对"))
    if disk or first_disk or here != count:
        raise BadZip("volumes", say("压缩包是分卷的一部分"))
    for value, short_value, full in zip(
        (count, length, start), short, (_FULL16, _FULL32, _FULL32), strict=True
    ):
        if short_value not in (full, value):
            raise BadZip("damaged", say("压缩包的两份目录互相矛盾"))
    return count, length, start


def _read_central(
    file: BinaryIO, directory: bytes, at: int, start: int, legacy_names: str
) -> tuple[Entry, bool, int]:
    if at + _CENTRAL.size > len(directory):
        raise BadZip("damaged", say("压缩包的目录不完整"))
    (mark, _, _, flags, method, _, _, crc, compressed, size, name_length, extra_length, comment_length, disk, _, _,
     offset) = _CENTRAL.unpack_from(directory, at)  # fmt: skip
    name_at = at + _CENTRAL.size
    extra_at = name_at + name_length
    after = extra_at + extra_length + comment_length
    if mark != b"PK\x01\x02" or after > len(directory):
        raise BadZip("damaged", say("压缩包的目录不完整"))
    raw_name = directory[name_at:extra_at]
    name = _decode_name(raw_name, legacy_names)
    size, compressed, offset = _widen(directory[extra_at : extra_at + extra_length], size, compressed, offset)
    if is_unsafe_name(name):
        raise BadZip(
            "unsafe_name", say("压缩包里有不安全的文件路径“{printable}”", printable=printable(name)), name
        )
    if flags & _ENCRYPTED:
        raise BadZip("encrypted", say("压缩包里的“{name}”设有密码", name=name), name)
    if method not in (STORED, DEFLATED):
        raise BadZip("method", say("压缩包里的“{name}”用了不常见的压缩方法", name=name), name)
    if disk not in (0, _FULL16):
        raise BadZip("volumes", say("压缩包是分卷的一部分"))
    if (method == STORED and size != compressed) or (name.endswith("/") and size):
        raise BadZip("damaged", say("“{name}”的长度前后矛盾", name=name), name)
    data_start = _check_local(file, raw_name, name, (flags, method, crc, compressed, size, offset), start)
    entry = Entry(name, method, crc, size, compressed, offset, data_start)
    return entry, bool(flags & _DESCRIPTOR), after


def _check_local(
    file: BinaryIO, raw_name: bytes, name: str, central: tuple[int, int, int, int, int, int], start: int
) -> int:
    """Return where the data begins; a local header that tells another story than the directory is refused."""
    flags, method, crc, compressed, size, offset = central
    if offset + _LOCAL.size > start:
        raise BadZip("damaged", say("“{name}”的位置不在压缩包内", name=name), name)
    file.seek(offset)
    header = file.read(_LOCAL.size)
    (mark, _, local_flags, local_method, _, _, local_crc, local_compressed, local_size, name_length,
     extra_length) = _LOCAL.unpack(header)  # fmt: skip
    tail = file.read(name_length + extra_length)
    if len(tail) != name_length + extra_length:
        raise BadZip("truncated", say("“{name}”不完整", name=name), name)
    differs = BadZip("mismatch", say("“{name}”的文件头与压缩包目录不一致", name=name), name)
    if mark != b"PK\x03\x04" or tail[:name_length] != raw_name or local_method != method:
        raise differs
    telling = _ENCRYPTED | _DESCRIPTOR | (0 if raw_name.isascii() else _UTF8)
    if (local_flags ^ flags) & telling:
        raise differs
    local_size, local_compressed, _ = _widen(tail[name_length:], local_size, local_compressed, 0)
    told = (local_crc, local_compressed, local_size)
    if told != (crc, compressed, size) and not (flags & _DESCRIPTOR and not any(told)):
        raise differs
    return offset + _LOCAL.size + len(tail)


def _check_spans(entries: list[Entry], slack: dict[int, int], start: int, tight: bool) -> None:
    end = 0
    room = 0
    for entry in entries:
        if entry.offset < end:
            raise BadZip("overlap", say("压缩包里的“{entry}”与另一个文件重叠", entry=entry.name), entry.name)
        if tight and entry.offset - end > room:
            raise BadZip("gap", say("压缩包里“{entry}”之前藏有多余的内容", entry=entry.name), entry.name)
        end = entry.data_start + entry.compressed
        room = slack[entry.offset]
    if end > start:
        raise BadZip("overlap", say("压缩包里的文件与目录重叠"))
    if tight and start - end > room:
        raise BadZip("gap", say("压缩包的目录之前藏有多余的内容"))


def _widen(extra: bytes, size: int, compressed: int, offset: int) -> tuple[int, int, int]:
    """Take from the zip64 field what did not fit into 32 bits."""
    values = [size, compressed, offset]
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            for index, value in enumerate(values):
                if value == _FULL32:
                    if len(field) < 8:
                        raise BadZip("damaged", say("压缩包的目录不完整"))
                    values[index] = int.from_bytes(field[:8], "little")
                    field = field[8:]
            break
        at += 4 + length
    return values[0], values[1], values[2]


def _decode_name(raw: bytes, legacy: str) -> str:
    # Archivers on macOS write UTF-8 without saying so; anything else would be a guess.
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if legacy:
            with suppress(UnicodeDecodeError):
                return raw.decode(legacy)
        raise BadZip("name", say("压缩包里有文件名不是 UTF-8 编码")) from error


def printable(name: str) -> str:
    """Return `name` fit for a message: control characters shown as escapes, at most 120 characters."""
    shown = "".join(
        f"\\u{ord(char):04x}" if unicodedata.category(char) in ("Cc", "Cs", "Cf") else char for char in name
    )
    return shown if len(shown) <= 120 else shown[:119] + "…"


def _stored(file: BinaryIO, entry: Entry, chunk: int) -> Iterator[bytes]:
    at, left = entry.data_start, entry.compressed
    while left:
        file.seek(at)
        piece = file.read(min(chunk, left))
        if not piece:
            raise BadZip("truncated", say("“{entry}”不完整", entry=entry.name), entry.name)
        at += len(piece)
        left -= len(piece)
        yield piece


def _inflated(file: BinaryIO, entry: Entry, chunk: int) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-15)
    damaged = BadZip("damaged", say("“{entry}”的压缩数据已损坏", entry=entry.name), entry.name)
    try:
        for packed in _stored(file, entry, chunk):
            waiting = packed
            while waiting and not inflate.eof:
                if piece := inflate.decompress(waiting, chunk):
                    yield piece
                waiting = inflate.unconsumed_tail
            if waiting or inflate.unused_data:
                raise damaged
        while not inflate.eof:
            piece = inflate.decompress(b"", chunk)
            if not piece:
                raise damaged
            yield piece
    except zlib.error as error:
        raise damaged from error


class Sink(Protocol):
    """Takes the bytes of the archive in order; nothing is ever written twice or moved."""

    def write(self, data: bytes | memoryview, /) -> object: ...


class ZipWriter:
    """Writes an archive front to back into `sink`, every entry stamped with the same time."""

    def __init__(self, sink: Sink, stamp: datetime) -> None:
        if not 1980 <= stamp.year <= 2107:
            raise ValueError("a zip archive can only carry the years 1980 to 2107")
        self._sink = sink
        self._at = 0
        self._directory: list[bytes] = []
        self._time = stamp.hour << 11 | stamp.minute << 5 | stamp.second // 2
        self._date = (stamp.year - 1980) << 9 | stamp.month << 5 | stamp.day

    def add(
        self,
        name: str,
        content: Iterable[bytes | memoryview],
        *,
        method: int,
        crc: int,
        size: int,
        compressed: int,
    ) -> None:
        """Write one entry whose measures are known; `content` is already compressed as `method` says.

        Refuses with ValueError content whose length is not `compressed` (the archive is then of no use).
        """
        raw_name = name.encode("utf-8")
        big = size >= _FULL32 or compressed >= _FULL32
        extra = struct.pack("<2H2Q", 1, 16, size, compressed) if big else b""
        measures = (crc, _FULL32, _FULL32) if big else (crc, compressed, size)
        offset = self._at
        common = (45 if big else 20, _UTF8, method, self._time, self._date)
        self._write(
            _LOCAL.pack(b"PK\x03\x04", *common, *measures, len(raw_name), len(extra)) + raw_name + extra
        )
        start = self._at
        for piece in content:
            self._write(piece)
        if self._at - start != compressed:
            raise ValueError(f"{name}: {self._at - start} bytes came where {compressed} were announced")
        self._directory.append(self._central(raw_name, common, measures, (size, compressed, offset)))

    def finish(self) -> None:
        """Write the directory; nothing can be added afterwards."""
        start = self._at
        for record in self._directory:
            self._write(record)
        length, count = self._at - start, len(self._directory)
        if count >= _FULL16 or length >= _FULL32 or start >= _FULL32:
            end64_at = self._at
            self._write(
                _END64.pack(b"PK\x06\x06", 44, _MADE_ON_UNIX | 45, 45, 0, 0, count, count, length, start)
                + _LOCATOR64.pack(b"PK\x06\x07", 0, end64_at, 1)
            )
        short = min(count, _FULL16)
        self._write(
            _END.pack(b"PK\x05\x06", 0, 0, short, short, min(length, _FULL32), min(start, _FULL32), 0)
        )

    def _central(
        self,
        raw_name: bytes,
        common: tuple[int, int, int, int, int],
        measures: tuple[int, int, int],
        wide: tuple[int, int, int],
    ) -> bytes:
        size, compressed, offset = wide
        values = b"" if measures[1] != _FULL32 else struct.pack("<2Q", size, compressed)
        if offset >= _FULL32:
            values += struct.pack("<Q", offset)
        extra = struct.pack("<2H", 1, len(values)) + values if values else b""
        version = 45 if values else common[0]
        head = _CENTRAL.pack(
            b"PK\x01\x02", _MADE_ON_UNIX | version, version, *common[1:], *measures, len(raw_name), len(extra), 0, 0,
            0, _REGULAR_FILE, min(offset, _FULL32),
        )  # fmt: skip
        return head + raw_name + extra

    def _write(self, data: bytes | memoryview) -> None:
        self._sink.write(data)
        self._at += len(data)
