"""Archives that no honest program writes."""

import struct
import zlib


def zeros(size: int) -> bytes:
    """So many zeros as zlib packs them, a million at a time, but packing only two million of them."""
    piece = 1_000_000
    if size < 2 * piece:
        return zlib.compress(bytes(size), 9)
    pack = zlib.compressobj(9)
    first, again, last = (
        pack.compress(bytes(each)) + pack.flush(zlib.Z_FULL_FLUSH) for each in (piece, piece, size % piece)
    )
    end = b"\x03\x00" + struct.pack(
        ">I", size % 65521 << 16 | 1
    )  # an empty last block; the sum of that many zeros
    return first + again * (size // piece - 1) + last + end


def overlapping(outer_name: str, inner_name: str) -> bytes:
    """Two entries of which the second lies, whole and correct, inside the data of the first."""

    def header(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(data)
        return (
            struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, crc, len(data), len(data), len(name), 0)
            + name
        )

    def record(name: bytes, data: bytes, offset: int) -> bytes:
        sizes = (zlib.crc32(data), len(data), len(data), len(name))
        return (
            struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, *sizes, 0, 0, 0, 0, 0, offset) + name
        )

    inner = header(inner_name.encode(), b"kernel") + b"kernel"
    outer = header(outer_name.encode(), inner) + inner
    directory = record(outer_name.encode(), inner, 0)
    directory += record(inner_name.encode(), b"kernel", len(outer) - len(inner))
    return outer + directory + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 2, 2, len(directory), len(outer), 0)
