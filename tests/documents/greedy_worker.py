"""A worker like that of intake whose children take as much memory as they are asked to."""

from typing import Any, BinaryIO

from shidian.documents import intake_worker


def serve() -> None:
    """Be that worker; each child has 256 MiB."""
    intake_worker.serve(_answer, memory=256 << 20)


def _answer(_file: BinaryIO, asked: dict[str, Any]) -> dict[str, Any]:
    return {"kind": asked["kind"], "pages": len(bytes(asked["takes"]))}
