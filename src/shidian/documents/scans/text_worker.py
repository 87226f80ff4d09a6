"""Reads words in pictures, in a process of its own: the models need half a second to load and a gigabyte to work."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any, BinaryIO

import numpy as np

from shidian.documents import intake_worker
from shidian.documents.scans.pictures import DOTS, Picture, decode

MEMORY = 6 << 30
"""Of a child, as address space; a page needs a sixth of it in earnest."""
_SURE = 0.5
_WIDE_ENOUGH = 1184
"""Pixels of the longer side in which the smallest print of a page is still found as a line."""


def serve() -> None:
    """Be the kept worker of `text`."""
    logging.disable(logging.CRITICAL)
    _engine()  # what is loaded here, no child has to load
    intake_worker.serve(_answer, memory=MEMORY)


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    # One thread: a child that is forked has none of the threads that a session had made.
    return RapidOCR(
        params={
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            # Lines are looked for in the page at half its size, a sixth of the time, and read at its own.
            "Det.limit_type": "max",
            "Det.limit_side_len": _WIDE_ENOUGH,
            "Global.log_level": "critical",
        }
    )


def _answer(file: BinaryIO, asked: dict[str, Any]) -> dict[str, Any]:
    file.seek(0)
    picture = decode(file.read())
    if asked["task"] == "page":
        return {"lines": _page(picture)}
    if asked["task"] == "box":
        picture = _cut(picture, asked["box"])
    return {"lines": _line(picture)}


def _page(picture: Picture) -> list[str]:
    found = _engine()(picture, use_cls=False)
    if found.txts is None:
        return []
    lines = sorted(
        zip(found.boxes, found.txts, found.scores, strict=True), key=lambda each: float(each[0][0][1])
    )
    return [text for _, text, sure in lines if sure >= _SURE]


def _line(picture: Picture) -> list[str]:
    if picture.ndim == 2:
        picture = np.dstack([picture] * 3)
    found = _engine()(picture, use_det=False, use_cls=False, use_rec=True)
    return [
        text
        for text, sure in zip(found.txts or (), found.scores or (), strict=True)
        if text and sure >= _SURE
    ]


def _cut(picture: Picture, box: list[float]) -> Picture:
    left, top, right, bottom = (
        round(each * DOTS) for each in (box[0], box[1], box[0] + box[2], box[1] + box[3])
    )
    return np.ascontiguousarray(picture[max(top, 0) : bottom, max(left, 0) : right])
