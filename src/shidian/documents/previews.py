"""Small pictures of pages of kept files: drawn once in a limited process, kept by digest, made again when deleted."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from shidian.documents import intake
from shidian.documents.models import StoredFile
from shidian.documents.storage import file_store

SHOWN = ("application/pdf", "image/jpeg", "image/png", "image/tiff")
THUMBNAIL, PAGE = 240, 1400
"""How wide they are, in pixels: beside a name, and to be read."""

_DAYS = 30


def can_be_shown(file: StoredFile) -> bool:
    """Whether pages of this kind of file can be drawn."""
    return file.media_type in SHOWN


def picture(file: StoredFile, *, page: int = 1, width: int = THUMBNAIL) -> Path | None:
    """A page of a kept file as JPEG; None when there is no such page or it cannot be drawn."""
    if not can_be_shown(file) or page < 1 or (file.pages and page > file.pages):
        return None
    kept: Path = settings.PREVIEWS_ROOT / file.sha256[:2] / f"{file.sha256}-{page}-{width}.jpg"
    if not kept.exists():
        content = file_store().path(file.sha256)
        if not content.exists():
            return None
        try:
            drawn = intake.picture(content, file.media_type, page=page, width=width)
        except intake.Rejected:  # no turn: the next one who looks tries again
            return None
        # What cannot be drawn is remembered by an empty file, so that it is not tried at every look.
        _keep(kept, drawn or b"")
    return kept if kept.stat().st_size else None


def drawn(content: bytes, media_type: str, *, width: int) -> bytes | None:
    """A picture that is not kept, as JPEG; None when it cannot be drawn."""
    with tempfile.NamedTemporaryFile(prefix="shidian-picture-") as copy:
        copy.write(content)
        copy.flush()
        try:
            return intake.picture(Path(copy.name), media_type, page=1, width=width)
        except intake.Rejected:  # no turn
            return None


def _keep(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).replace(place)


def sweep() -> int:
    """Remove pictures made long ago; return how many."""
    removed = 0
    before = time.time() - _DAYS * 86_400
    for each in settings.PREVIEWS_ROOT.glob("*/*"):
        with suppress(FileNotFoundError):
            if each.stat().st_mtime < before:
                each.unlink()
                removed += 1
    return removed
