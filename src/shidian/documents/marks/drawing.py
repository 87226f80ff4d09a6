"""Draws the marks of a paper: the codes of two corners of every page, and the text at its foot."""

from __future__ import annotations

from collections.abc import Sequence

import segno

from shidian.documents.marks.keys import address, keys
from shidian.documents.marks.payload import Corner, Mark, encode, spoken
from shidian.documents.render.compiler import Layout, Marking

MASKS: dict[Corner, int] = {"T": 2, "B": 5}
"""Of the eight masks of a code one for each corner: trying all of them costs five times as much, and reads no better."""
# Neighbouring rows overlap by a little, or viewers draw hairlines between them.
_ROW = 1.02


def marking(
    reference: str, version: int, *, copy: int = 0, party: int = 0, aside: bool = False, note: str = ""
) -> Marking:
    """Marks for every page of a paper, by the newest key; the one in the upper right has the address of the site in it.

    The other has not: its modules are larger for that, and a blurred copy can still be read.

    `version` is 0 for a draft. `party` is the position of the party whose sheet the whole paper is; otherwise a page
    that carries the box of one party alone (a <box> with its `position`) names that party. `aside`: it is a sheet that
    only goes with the document. `note` stands in the foot of
    every page: which copy, and whose.
    """

    def mark(layout: Layout) -> Sequence[dict[str, str]]:
        known, before = keys(), address()
        marks = [
            Mark(reference, version, page, layout.pages, copy, party or _only_party(layout, page), aside)
            for page in range(1, layout.pages + 1)
        ]
        return [
            {
                "T": code(encode(each, "T", key=known[0], address=before), MASKS["T"]),
                "B": code(encode(each, "B", key=known[0]), MASKS["B"]),
                "text": spoken(each, keys=known),
                "note": note,
            }
            for each in marks
        ]

    return mark


def _only_party(layout: Layout, page: int) -> int:
    boxes = [box for box in layout.boxes if box.get("page") == page]
    return int(boxes[0].get("position") or 0) if len(boxes) == 1 else 0


def code(text: str, mask: int) -> str:
    """A QR code (level M) as SVG, without its quiet zone; one module is one unit."""
    matrix = segno.make(text, error="m", mask=mask, boost_error=False, micro=False).matrix
    size = len(matrix)
    path = "".join(_runs(row, y) for y, row in enumerate(matrix))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {size} {size}">'
        f'<path d="{path}"/></svg>'
    )


def _runs(row: bytearray, y: int) -> str:
    """The dark stretches of a row as rectangles."""
    parts, x = [], 0
    for stretch in bytes(row).split(b"\0"):
        if stretch:
            parts.append(f"M{x} {y}h{len(stretch)}v{_ROW}h-{len(stretch)}z")
        x += len(stretch) + 1
    return "".join(parts)
