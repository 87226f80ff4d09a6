"""Reading the words of a page, for pages whose marks cannot be read; needs the optional parts of `shidian[ocr]`."""

from __future__ import annotations

import atexit
import re
import tempfile
from collections.abc import Hashable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, TypeVar

from rapidfuzz import fuzz

from shidian.documents import intake
from shidian.documents.scans.asking import packed
from shidian.documents.scans.findings import Box

Key = TypeVar("Key", bound=Hashable)

_inspector = intake.Inspector("shidian.documents.scans.text_worker")
atexit.register(_inspector.stop)
_NO_WORD = re.compile(r"[\W_]+")
_SHORTEST = 4
_SECONDS = 120


@cache
def available() -> bool:
    """Whether words can be read on this machine: rapidocr and onnxruntime are installed."""
    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def read(picture: bytes, box: Box | None = None) -> list[str]:
    """The lines of a page from top to bottom; with `box`, the one line that stands in it.

    Empty when nothing was read or `available()` is False. A page takes seconds, a box tens of milliseconds.
    `intake.Rejected` with code "busy" when no turn came; a page that cannot be read in time has no words.
    """
    return _ask(picture, "box" if box else "page", box=packed(box) if box else None)


def line(picture: bytes) -> str:
    """What stands in a picture of one line."""
    return "".join(_ask(picture, "line"))


def rank(picture: bytes, candidates: Mapping[Key, str]) -> list[tuple[Key, float]]:
    """The candidates (text of a page by key) by how well the picture's words agree, best first; scores 0 to 100.

    Empty when `available()` is False or no words were found.
    """
    words = _NO_WORD.sub("", "".join(read(picture)))
    if len(words) < _SHORTEST:
        return []
    scored = [(key, round(fuzz.ratio(words, _NO_WORD.sub("", text)), 1)) for key, text in candidates.items()]
    return sorted(scored, key=lambda pair: -pair[1])


def _ask(picture: bytes, task: str, **options: Any) -> list[str]:
    if not available():
        return []
    with tempfile.TemporaryFile(prefix="shidian-words-") as file:
        file.write(picture)
        file.flush()
        try:
            lines: list[str] = _inspector.inspect(file, "words", 0, task=task, seconds=_SECONDS, **options)[
                "lines"
            ]
        except intake.Rejected as error:
            if error.code == "busy":
                raise
            return []
    return lines
