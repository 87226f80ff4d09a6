"""Compound files (MS-CFB: .doc, .xls, .wps) read with distrust: the directory, and single streams piece by piece.

Chains that run in circles, leave the file or are longer than the file are refused; memory grows with the table of
sectors only (4 MB for a file of 500 MB).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STORAGE, STREAM, ROOT = 1, 2, 5

_HEADER = struct.Struct("<8s16s5H6s9I")
_ENTRY_SIZE = 128
_MOST_ENTRIES = 20_000
_LAST_SECTOR = 0xFFFFFFFA  # everything above marks an end or an empty place
_NOTHING = 0xFFFFFFFF


class BadCompound(Exception):
    """The file is not what its header says."""


@dataclass(frozen=True, slots=True)
class Part:
    """One storage or stream; `path` holds the names from the root downwards, the root's own left out."""

    path: tuple[str, ...]
    kind: int
    start: int
    size: int

    @property
    def name(self) -> str:
        return self.path[-1] if self.path else ""


class Compound:
    """An opened compound file; BadCompound when it is damaged."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._length = file.seek(0, 2)
        file.seek(0)
        head = file.read(512)
        if len(head) < 512 or not head.startswith(MAGIC):
            raise BadCompound("no header")
        (_, _, _, major, order, shift, mini_shift, _, _, _, first_directory, _, self._cutoff, first_mini, _,
         first_more, _) = _HEADER.unpack_from(head)  # fmt: skip
        if order != 0xFFFE or (major, shift) not in ((3, 9), (4, 12)) or mini_shift != 6:
            raise BadCompound("unknown version")
        self._sector = 1 << shift
        self._mini = 1 << mini_shift
        self._most = self._length // self._sector + 1
        self._next = self._read_table(head, first_more)
        self._root = Part((), ROOT, 0, 0)
        self.parts = self._read_directory(first_directory)
        self._mini_next = self._numbers(self._chain(first_mini)) if first_mini < _LAST_SECTOR else array("I")

    def read(self, part: Part, most: int | None = None) -> Iterator[bytes]:
        """Yield a stream's content piece by piece, `most` bytes of it at the most."""
        left = part.size if most is None else min(part.size, most)
        pieces: Iterator[bytes] = (
            (self._at(sector) for sector in self._chain(part.start))
            if part.size >= self._cutoff
            else self._small(part.start)
        )
        for piece in pieces:
            if left <= 0:
                return
            yield piece[:left]
            left -= len(piece)
        if left > 0:
            raise BadCompound("a stream is cut")

    def _at(self, sector: int) -> bytes:
        self._file.seek((sector + 1) * self._sector)
        return self._file.read(self._sector)

    def _numbers(self, sectors: Iterator[int]) -> array[int]:
        found = array("I")
        for sector in sectors:
            piece = self._at(sector)
            found.frombytes(piece[: len(piece) // 4 * 4])
        if sys.byteorder == "big":
            found.byteswap()
        return found

    def _read_table(self, head: bytes, first_more: int) -> array[int]:
        """The table that names the sector after each; its own sectors are listed in the header, and in a chain."""
        places = list(struct.unpack_from("<109I", head, 76))
        more = first_more
        for _ in range(self._most):
            if more >= _LAST_SECTOR:
                break
            piece = self._at(more)
            if len(piece) < self._sector:
                raise BadCompound("cut")
            listed = struct.unpack(f"<{self._sector // 4}I", piece)
            places += listed[:-1]
            more = listed[-1]
        else:
            raise BadCompound("a chain in a circle")
        used = [place for place in places if place < _LAST_SECTOR]
        if len(used) > self._most:
            raise BadCompound("more table than file")
        return self._numbers(iter(used))

    def _chain(self, start: int) -> Iterator[int]:
        sector = start
        for _ in range(self._most + 1):
            if sector >= _LAST_SECTOR:
                return
            if sector >= len(self._next) or (sector + 1) * self._sector >= self._length:
                raise BadCompound("a chain leaves the file")
            yield sector
            sector = self._next[sector]
        raise BadCompound("a chain in a circle")

    def _small(self, start: int) -> Iterator[bytes]:
        """Streams below the cutoff lie in pieces of 64 bytes inside the root's own stream."""
        whole = b"".join(self._at(sector) for sector in self._chain(self._root.start))
        sector = start
        for _ in range(len(self._mini_next) + 1):
            if sector >= _LAST_SECTOR:
                return
            piece = whole[sector * self._mini : (sector + 1) * self._mini]
            if sector >= len(self._mini_next) or not piece:
                raise BadCompound("a chain leaves the file")
            yield piece
            sector = self._mini_next[sector]
        raise BadCompound("a chain in a circle")

    def _read_directory(self, first: int) -> list[Part]:
        raw = bytearray()
        for sector in self._chain(first):
            raw += self._at(sector)
            if len(raw) > _MOST_ENTRIES * _ENTRY_SIZE:
                raise BadCompound("too many parts")
        rows = [bytes(raw[at : at + _ENTRY_SIZE]) for at in range(0, len(raw) - _ENTRY_SIZE + 1, _ENTRY_SIZE)]
        if not rows or rows[0][66] != ROOT:
            raise BadCompound("no root")
        self._root = Part((), ROOT, *struct.unpack_from("<IQ", rows[0], 116))
        found: list[Part] = []
        seen: set[int] = set()
        waiting: list[tuple[int, tuple[str, ...]]] = [(struct.unpack_from("<I", rows[0], 76)[0], ())]
        while waiting:
            number, above = waiting.pop()
            if number == _NOTHING:
                continue
            if number in seen or number >= len(rows):
                raise BadCompound("the directory runs in a circle")
            seen.add(number)
            row = rows[number]
            length = struct.unpack_from("<H", row, 64)[0]
            if row[66] not in (STORAGE, STREAM) or not 2 <= length <= 64:
                raise BadCompound("a damaged entry")
            path = (*above, row[: length - 2].decode("utf-16-le", "replace"))
            left, right, child = struct.unpack_from("<3I", row, 68)
            start, size = struct.unpack_from("<IQ", row, 116)
            if self._sector == 512:  # version 3 leaves the upper half undefined
                size &= 0xFFFFFFFF
            if size > self._length and row[66] == STREAM:
                raise BadCompound("a stream larger than the file")
            found.append(Part(path, row[66], start, size))
            waiting += [(left, above), (right, above), (child, path)]
        return found
