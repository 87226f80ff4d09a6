"""Looks at pictures of pages in a process that may crash, stall or run out of memory; see `documents.intake_worker`."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, BinaryIO

from shidian.core.said import pack, say
from shidian.documents import intake_worker
from shidian.documents.intake import Rejected
from shidian.documents.scans.findings import Box
from shidian.documents.scans.pictures import DPI, Picture, decode, encode, marks, opinion, pages
from shidian.documents.scans.pictures.blank import is_blank, is_grey
from shidian.documents.scans.pictures.likeness import compare
from shidian.documents.scans.pictures.upright import straighten

MEMORY = 3 << 30
"""Of a child: a page of 120 million dots in colour is 360 MB, and is there twice while it is made smaller."""


def serve() -> None:
    """Be the kept worker of `asking`."""
    intake_worker.serve(_answer, memory=MEMORY)


def _answer(file: BinaryIO, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return _TASKS[asked["task"]](file, asked)
    except (Rejected, MemoryError):
        raise
    except Exception as error:  # readers raise whatever they like at what is damaged
        raise Rejected("damaged", say("这一页读不出来，可能已损坏。请重新扫描这一页。")) from error


def _count(file: BinaryIO, asked: dict[str, Any]) -> dict[str, Any]:
    return {"pages": pages.count(file, asked["format"])}


def _page(file: BinaryIO, asked: dict[str, Any]) -> dict[str, Any]:
    return see(pages.page(file, asked["format"], asked["page"]))


def see(picture: Picture) -> dict[str, Any]:
    """What a `Sheet` says of a page, as JSON."""
    found = marks.find(picture)
    upright = straighten(picture, found)
    grey = is_grey(upright.picture)
    kept = upright.picture if not grey or upright.picture.ndim == 2 else upright.picture[:, :, 1].copy()
    text, fault = found[0].text if found else "", None
    if len({mark.page for mark in found}) > 1:
        text, fault = "", say("两个角上的标记说的不是同一页，这张纸可能是拼贴的。请看原件。")
    return {
        "picture": base64.b64encode(encode(kept)).decode(),
        "dpi": DPI,
        "turned": upright.turned,
        "skew": upright.skew,
        "blank": not found and is_blank(upright.picture),
        "grey": grey,
        "text": text,
        "corners": sorted(mark.corner for mark in found),
        "registered": upright.registered,
        "fault": pack(fault) if fault else None,
    }


def _compare(file: BinaryIO, asked: dict[str, Any]) -> dict[str, Any]:
    picture, printed = _contents(file, asked["sizes"])
    places = [Box(*place) for place in asked["places"]]
    likeness = compare(decode(picture), printed, asked["page"], places)
    return {
        "same": likeness.same,
        "share": likeness.share,
        "differences": [[box.x, box.y, box.width, box.height] for box in likeness.differences],
    }


def _contents(file: BinaryIO, sizes: list[int]) -> list[bytes]:
    file.seek(0)
    return [file.read(size) for size in sizes]


def _seal(file: BinaryIO, asked: dict[str, Any]) -> dict[str, Any]:
    (picture,) = _contents(file, asked["sizes"])
    return {"seal": opinion.seal(decode(picture), Box(*asked["box"]))}


def _box(file: BinaryIO, asked: dict[str, Any]) -> dict[str, Any]:
    (content,) = _contents(file, asked["sizes"])
    picture, box = decode(content), Box(*asked["box"])
    seal = opinion.seal(picture, box)
    grey = seal["seal"] == "unclear"
    return {
        "seal": seal,
        "signature": opinion.signature(picture, [Box(*each) for each in asked["signature"]], grey=grey),
        "day": opinion.day(picture, [Box(*each) for each in asked["day"]], grey=grey),
        "picture": base64.b64encode(encode(opinion.cut_out(picture, box))).decode(),
    }


_TASKS: dict[str, Callable[[BinaryIO, dict[str, Any]], dict[str, Any]]] = {
    "count": _count,
    "page": _page,
    "compare": _compare,
    "seal": _seal,
    "box": _box,
}
