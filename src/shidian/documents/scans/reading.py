"""Files of scans, page by page."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import IO, Any, BinaryIO

from shidian.core.said import say, unpacked
from shidian.documents import intake
from shidian.documents.scans.asking import ask_about, on_disk
from shidian.documents.scans.findings import Sheet

MOST_PAGES = 1000
"""Of one file: four applications of a hundred pages, both sides, and some more."""
MOST_STOPPED = 3
"""Pages that ran out of time or memory, after which the rest of a file is left alone."""

_KINDS = {
    known.media_type: kind for kind, known in intake.FORMATS.items() if kind in ("pdf", "jpeg", "png", "tiff")
}


def read(file: BinaryIO, media_type: str, *, name: str) -> Iterator[Sheet]:
    """Every page of a PDF, JPEG, PNG or TIFF file, in its order, each as soon as it is ready.

    `name` is the file's name, for words about it. A page that is broken, too large or takes too long is a Sheet with
    a `fault`; so is a file that cannot be opened at all (one Sheet, number 1) and, once, what lies beyond
    `MOST_PAGES`. `intake.Rejected` with code "busy" when no turn came: try again later, from the beginning.
    """
    kind = _KINDS.get(media_type, "")
    if not kind:
        yield _faulty(1, say("“{name}”不是能读的扫描件（只读 PDF、JPEG、PNG、TIFF）。", name=name))
        return
    with on_disk(file) as kept:
        yield from _pages(kept, kind, name)


def _pages(file: IO[bytes], kind: str, name: str) -> Iterator[Sheet]:
    try:
        pages = int(ask_about(file, "count", format=kind)["pages"])
    except intake.Rejected as error:
        _unless_busy(error)
        yield _faulty(1, say("“{name}”打不开，可能已损坏。请重新扫描后再交。", name=name))
        return
    stopped = 0
    for number in range(1, min(pages, MOST_PAGES) + 1):
        if stopped >= MOST_STOPPED:
            yield _faulty(
                number, say("“{name}”有几页都处理不完，从这一页起没有再看。请重新扫描。", name=name)
            )
            return
        try:
            yield _sheet(number, ask_about(file, "page", format=kind, page=number))
        except intake.Rejected as error:
            _unless_busy(error)
            stopped += error.code == "too_complex"
            yield _faulty(number, error.said)
    if pages > MOST_PAGES:
        left = pages - MOST_PAGES
        yield _faulty(
            MOST_PAGES + 1,
            say(
                "“{name}”超过 {most} 页，后面的 {left} 页没有看。请拆分成几个文件。",
                name=name, most=MOST_PAGES, left=left,
            ),
        )  # fmt: skip


def _unless_busy(error: intake.Rejected) -> None:
    if error.code == "busy":
        raise error


def _sheet(number: int, seen: dict[str, Any]) -> Sheet:
    return Sheet(
        number=number,
        picture=base64.b64decode(seen["picture"]),
        dpi=seen["dpi"],
        turned=seen["turned"],
        skew=seen["skew"],
        blank=seen["blank"],
        grey=seen["grey"],
        text=seen["text"],
        corners=tuple(seen["corners"]),
        registered=seen["registered"],
        fault=unpacked(seen["fault"]) if seen["fault"] else "",
    )


def _faulty(number: int, fault: str) -> Sheet:
    return Sheet(number, b"", 0, 0, 0.0, False, False, "", (), False, fault)
