"""Hands pictures to the process that looks at them, and takes its answers."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, BinaryIO, cast

from shidian.documents import intake
from shidian.documents.scans.findings import Box

_inspector = intake.Inspector("shidian.documents.scans.worker")
atexit.register(_inspector.stop)


def ask(task: str, *contents: bytes, **options: Any) -> dict[str, Any]:
    """What the worker answers about some contents; intake.Rejected when it refuses, runs out of limits or has no turn."""
    with tempfile.TemporaryFile(prefix="shidian-scan-") as file:
        for content in contents:
            file.write(content)
        file.flush()
        sizes = [len(content) for content in contents]
        return _inspector.inspect(file, "scan", 0, task=task, sizes=sizes, **options)


def ask_about(file: IO[bytes], task: str, **options: Any) -> dict[str, Any]:
    """The same about a whole file that lies on disk."""
    return _inspector.inspect(file, "scan", 0, task=task, **options)


@contextmanager
def on_disk(file: BinaryIO) -> Iterator[IO[bytes]]:
    """The file itself where it has a place on disk, else a copy of it."""
    try:
        file.fileno()
    except (AttributeError, OSError):
        with tempfile.TemporaryFile(prefix="shidian-scan-") as copy:
            file.seek(0)
            shutil.copyfileobj(file, copy)
            copy.flush()
            yield cast("IO[bytes]", copy)
    else:
        yield file


def packed(box: Box) -> list[float]:
    """A box as JSON."""
    return [box.x, box.y, box.width, box.height]


def unpacked(boxes: Sequence[Sequence[float]]) -> tuple[Box, ...]:
    """Boxes from JSON."""
    return tuple(Box(*each) for each in boxes)
