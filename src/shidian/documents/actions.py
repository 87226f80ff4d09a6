"""Taking files in and freezing versions."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction

from shidian.accounts.models import User
from shidian.core import clock
from shidian.core.canonical import canonical_json
from shidian.core.digests import CHUNK, sha256_of_bytes, sm3_of_bytes
from shidian.core.said import say
from shidian.documents import scanner
from shidian.documents.intake import Rejected, inspect, safe_name
from shidian.documents.models import Document, DocumentVersion, Print, StoredFile
from shidian.documents.storage import file_store


def take_in(
    file: BinaryIO,
    *,
    name: str,
    formats: Collection[str],
    max_bytes: int,
    by: User | None,
) -> StoredFile:
    """Inspect an upload by its structure and keep it; `intake.Rejected` says what is wrong and what to do.

    Where a scanner is configured it is asked first, and a file that it cannot judge now is refused: what goes through
    here has no quarantine to wait in (see `uploads`).
    """
    found = inspect(file, name=name, formats=formats, max_bytes=max_bytes)
    if scanner.configured():
        _require_clean(file)
    file.seek(0)
    stored = file_store().put(file)
    if stored.sha256 != found.sha256:  # what is kept must be what was inspected
        raise OSError("the upload changed while it was read")
    return StoredFile.objects.create(
        sha256=stored.sha256,
        name=safe_name(name),
        size=stored.size,
        media_type=found.media_type,
        pages=found.pages,
        stored_at=clock.now(),
        stored_by=by,
    )


def _require_clean(file: BinaryIO) -> None:
    with tempfile.NamedTemporaryFile(prefix="shidian-scan-") as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy, CHUNK)
        copy.flush()
        try:
            found = scanner.scan(Path(copy.name))
        except scanner.ScannerUnavailable as unavailable:
            raise Rejected(
                "scanner",
                say(
                    "{unavailable}，暂时不能收文件。请过几分钟再上传；一直不行的，请联系系统管理员。",
                    unavailable=unavailable.said,
                ),
            ) from unavailable
    if found:
        raise scanner.infected(found)


SCANS = ("pdf", "jpeg", "png")
SCAN_LIMIT = 50_000_000
"""What a sealed page may be, and how large (bytes)."""


def take_scan(file: BinaryIO, *, name: str, by: User | None) -> StoredFile:
    """Take in the scan of a sealed page; `intake.Rejected` says what is wrong with it.

    Inspecting takes its time, so this stands before the verb's transaction, and what was taken in can be used by a
    second try when the first one was refused for another reason.
    """
    return take_in(file, name=name, formats=SCANS, max_bytes=SCAN_LIMIT, by=by)


def keep(content: BinaryIO, *, name: str, media_type: str, by: User | None = None) -> StoredFile:
    """Keep a file that the system itself made."""
    stored = file_store().put(content)
    return StoredFile.objects.create(
        sha256=stored.sha256,
        name=name,
        size=stored.size,
        media_type=media_type,
        stored_at=clock.now(),
        stored_by=by,
    )


SECOND: dict[str, Callable[[bytes], str]] = {"sm3": sm3_of_bytes}
"""What a second digest may be, beside SHA-256."""


@transaction.atomic
def freeze(document: Document, content: Mapping[str, Any], *, by: User | None) -> DocumentVersion:
    """Make the next version of `document` from `content` (JSON values); its digest covers the canonical JSON.

    Where the setting asks for a second digest (SM3), it is made of the same bytes and kept beside the first. The version's own number stands in the content, so that no two versions share a digest.
    """
    Document.objects.select_for_update().get(pk=document.pk)
    last = document.versions.order_by("-number").values_list("number", flat=True).first()
    number = (last or 0) + 1
    text = canonical_json({**content, "version": number})
    return DocumentVersion.objects.create(
        document=document,
        number=number,
        content=text.decode(),
        digest=sha256_of_bytes(text),
        second_digest=SECOND[settings.SECOND_DIGEST](text) if settings.SECOND_DIGEST else "",
        second_algorithm=settings.SECOND_DIGEST,
        created_at=clock.now(),
        created_by=by,
    )


def printed(version: DocumentVersion, paper: str, make: Callable[[], bytes], *, name: str) -> StoredFile:
    """The PDF of `version` as `paper`, made once and kept; `make` renders it outside of any transaction."""
    found = Print.objects.filter(version=version, paper=paper).select_related("file").first()
    if found is None:
        content = BytesIO(make())
        with transaction.atomic():
            file = keep(content, name=name, media_type="application/pdf")
            found, _rest = Print.objects.get_or_create(version=version, paper=paper, defaults={"file": file})
    return found.file
