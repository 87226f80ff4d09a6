"""Compound files (.doc, .xls) put together by hand, sound and otherwise."""

from __future__ import annotations

import struct

SECTOR, MINI, CUTOFF = 512, 64, 4096
END, FREE, TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file with these streams; a name with "/" lies in storages, which are made."""
    nodes: list[tuple[str, int, int, bytes]] = [("Root Entry", 5, -1, b"")]  # name, kind, parent, content
    known = {"": 0}
    for path, content in streams.items():
        *storages, name = path.split("/")
        above = ""
        for storage in storages:
            here = f"{above}/{storage}"
            if here not in known:
                known[here] = len(nodes)
                nodes.append((storage, 1, known[above], b""))
            above = here
        nodes.append((name, 2, known[above], content))
    table: list[int] = []
    sectors: list[bytes] = []

    def put(content: bytes) -> int:
        if not content:
            return END
        pieces = [content[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, len(content), SECTOR)]
        first = len(sectors)
        for number, piece in enumerate(pieces):
            sectors.append(piece)
            table.append(first + number + 1 if number + 1 < len(pieces) else END)
        return first

    small, small_table, starts = b"", [], {}
    for number, (_, kind, _, content) in enumerate(nodes):
        if kind != 2:
            continue
        if len(content) >= CUTOFF:
            starts[number] = put(content)
            continue
        count = -(-len(content) // MINI)
        starts[number] = len(small_table) if count else END
        small_table += [len(small_table) + each + 1 for each in range(count - 1)] + ([END] if count else [])
        small += content.ljust(count * MINI, b"\0")
    root_start = put(small)
    mini_start = put(struct.pack(f"<{len(small_table)}I", *small_table))
    rows = b""
    for number, (name, kind, _, content) in enumerate(nodes):
        children = [each for each, node in enumerate(nodes) if node[2] == number]
        siblings = [each for each, node in enumerate(nodes) if node[2] == nodes[number][2] and each > number]
        raw = name.encode("utf-16-le") + b"\0\0"
        start, size = (root_start, len(small)) if kind == 5 else (starts.get(number, 0), len(content))
        rows += raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw), kind, 1)
        rows += struct.pack(
            "<3I", FREE, siblings[0] if siblings and number else FREE, children[0] if children else FREE
        )
        rows += b"\0" * 36 + struct.pack("<IQ", start, size)
    directory = put(rows.ljust(-(-len(rows) // SECTOR) * SECTOR, b"\0"))
    needed = 1
    while needed * SECTOR // 4 < len(table) + needed:
        needed += 1
    first_table = len(sectors)
    table += [TABLE] * needed
    raw_table = struct.pack(f"<{len(table)}I", *table).ljust(needed * SECTOR, b"\xff")
    head = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<5H", 62, 3, 0xFFFE, 9, 6) + b"\0" * 6
    )
    head += struct.pack("<9I", 0, needed, directory, 0, CUTOFF, mini_start, 1 if small_table else 0, END, 0)
    places = [first_table + each for each in range(needed)]
    head += struct.pack("<109I", *places, *[FREE] * (109 - needed))
    return head + b"".join(sectors) + raw_table


def word(text: bytes = b"", *, encrypted: bool = False, more: dict[str, bytes] | None = None) -> bytes:
    """A Word 97 document as far as its outside goes."""
    flags = 0x0100 if encrypted else 0
    document = b"\xec\xa5\xc1\x00" + b"\0" * 6 + struct.pack("<H", flags) + b"\0" * 500 + text
    return compound(
        {"WordDocument": document, "1Table": b"t" * 5000, "\x05SummaryInformation": b"s" * 80} | (more or {})
    )


def book(*records: tuple[int, bytes], more: dict[str, bytes] | None = None) -> bytes:
    """An Excel 97 workbook whose first part holds these records."""
    content = b"".join(struct.pack("<2H", kind, len(data)) + data for kind, data in (*records, (0x0A, b"")))
    return compound({"Workbook": content.ljust(5000, b"\0")} | (more or {}))


def sheet(kind: int = 0, name: bytes = b"Sheet1") -> tuple[int, bytes]:
    """The record that lists a sheet: 0 is a table, 1 a sheet of Excel 4 macros."""
    return 0x85, struct.pack("<IBB", 0, 0, kind) + bytes([len(name), 0]) + name
