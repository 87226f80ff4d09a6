"""Same or not: a scanned page beside the page that was printed."""

from __future__ import annotations

from collections.abc import Sequence

from shidian.documents.scans.asking import ask, packed, unpacked
from shidian.documents.scans.findings import Box, Likeness


def compare(picture: bytes, printed: bytes, page: int, *, places: Sequence[Box] = ()) -> Likeness:
    """Whether `picture` (of a Sheet) shows page `page` (from 1) of the PDF `printed`.

    `printed` is the very print: a further copy has another mark and another foot. What was added inside `places`
    (opinion boxes: they are there to be filled in) or within 18 mm of an edge (staples, holes, file numbers) is no
    difference, nor is red ink anywhere; what is missing there is one. A page that the PDF has not is not the same.
    `intake.Rejected` with code "busy" when no turn came, else when the picture is none.
    """
    found = ask("compare", picture, printed, page=page, places=[packed(place) for place in places])
    return Likeness(found["same"], found["share"], unpacked(found["differences"]))
