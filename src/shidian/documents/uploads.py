"""Files that come in pieces: begun, continued after any break, checked, scanned, and handed to whoever asked for them.

A partial file lies in `settings.UPLOADS_ROOT` under its token. Its length is how far it has come: a killed server, a
reloaded page and a second machine all read the same number. Nothing leaves that folder before it was inspected, and,
where a scanner is configured, found clean.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from shidian.accounts.models import User
from shidian.core import clock
from shidian.core.errors import NotNow, Refused, Stale
from shidian.core.hooks import Hook
from shidian.core.language import in_chinese, in_words
from shidian.core.said import listed, pack, say, unpacked
from shidian.documents import previews, scanner
from shidian.documents.intake import (
    FORMATS,
    InspectionUnavailable,
    Rejected,
    format_size,
    inspect_kept,
    safe_name,
    spaced,
    too_large,
)
from shidian.documents.models import StoredFile, Upload
from shidian.documents.storage import file_store
from shidian.documents.store import NotStored

log = logging.getLogger(__name__)

taken: Hook[[Upload]] = Hook("documents.uploads.taken")
"""An upload was found sound and kept: whoever asked for it (`purpose`) puts it in its place, in the same transaction.

A refusal (`core.errors.Refused`) ends the upload with its reason.
"""

PIECE = 64 << 10
AT_ONCE = 20_000_000
"""Files up to this size are looked at as soon as they are complete; larger ones by the worker."""

MOST_OPEN = 30
MOST_BYTES = 5_000_000_000
_SPARE = 1_000_000_000
_TRY_AGAIN = timedelta(minutes=1)
_FORGOTTEN = timedelta(minutes=5)


class Source(Protocol):
    """Where the bytes come from."""

    def read(self, size: int, /) -> bytes: ...


class WrongDigest(Exception):
    """A piece did not arrive as it was sent; nothing of it was kept."""


def begin(
    *,
    owner: User,
    purpose: str,
    place: str,
    name: str,
    length: int,
    formats: Collection[str],
    max_bytes: int,
    mark: str = "",
) -> Upload:
    """Announce a file of `length` bytes, so that nobody sends 500 MB to be refused at the end.

    Refused (`Rejected`): an empty or too large file, a name that ends like no format taken here. Refused (`NotNow`): too
    many unfinished files of this person, or no room on the disk.
    """
    if length == 0:
        raise Rejected("empty", say("文件是空的（0 字节）。请检查原文件能否正常打开，再重新上传。"))
    if length > max_bytes:
        raise too_large(length, max_bytes)
    _check_ending(name, formats)
    mine = unfinished().filter(owner=owner)
    if mine.count() >= MOST_OPEN or (mine.aggregate(all=Sum("length"))["all"] or 0) + length > MOST_BYTES:
        raise NotNow(_("您没有传完的文件太多了。请先传完或者取消几个，再传新的。"))
    root: Path = settings.UPLOADS_ROOT
    root.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(root).free < length + _SPARE:
        raise NotNow(_("服务器的磁盘空间不够了，现在不能收文件。请联系系统管理员。"))
    now = clock.now()
    upload = Upload(
        token=secrets.token_urlsafe(24),
        owner=owner,
        purpose=purpose,
        place=place,
        name=safe_name(name),
        mark=mark[:40],
        length=length,
        formats=" ".join(formats),
        max_bytes=max_bytes,
        begun_at=now,
        expires_at=now + timedelta(days=settings.UPLOAD_DAYS),
    )
    os.close(os.open(part(upload), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    upload.save()
    return upload


def _check_ending(name: str, formats: Collection[str]) -> None:
    _rest, dot, ending = safe_name(name).rpartition(".")
    known = {extension for key in formats for extension in FORMATS[key].extensions}
    if dot and re.fullmatch(r"[0-9A-Za-z]{1,10}", ending) and ending.lower() not in known:
        wanted = spaced(listed([FORMATS[key].label for key in FORMATS if key in formats]))
        raise Rejected(
            "format",
            say(
                "文件名以“.{ending}”结尾，这里只接收{wanted}。请转换格式后再上传。",
                ending=ending,
                wanted=wanted,
            ),
        )


def part(upload: Upload) -> Path:
    """Where the partial file lies."""
    root: Path = settings.UPLOADS_ROOT
    return root / f"{upload.token}.part"


def offset(upload: Upload) -> int:
    """How many bytes have come."""
    if upload.received_at:
        return upload.length
    try:
        return part(upload).stat().st_size
    except FileNotFoundError:
        return 0


def unfinished() -> QuerySet[Upload]:
    """Uploads of which something is still to come, or to be found."""
    return Upload.objects.filter(taken_at=None, refused_at=None)


def receive(
    upload: Upload, source: Source, *, start: int, length: int, digest: tuple[str, bytes] | None = None
) -> int:
    """Append the next `length` bytes, which begin at `start`; how many bytes have come now.

    Read and written in small pieces. Two senders never mix: each piece is put only where the file ends at that moment,
    and whoever is late gets `Stale`. With `digest` (algorithm, value) nothing is kept unless all of it arrived as it was
    sent (`WrongDigest`). Refused (`Rejected`): more than was announced. `NotNow`: it is complete, or over.
    """
    if upload.received_at or upload.is_over:
        raise NotNow(_("这个文件已经传完，不再接收内容。"))
    if start + length > upload.length:
        raise Rejected("too_large", say("传来的内容比文件本身还长。请重新选择文件上传。"))
    try:
        with part(upload).open("r+b") as file:
            if file.seek(0, os.SEEK_END) != start:
                raise Stale(_("这一段的起点与已收到的长度不一致。"))
            if digest is None:
                return _append(file, source, start, length)
            with tempfile.TemporaryFile(prefix="shidian-piece-") as piece:
                _verify(source, piece, length, digest)
                return _append(file, piece, start, length)
    except FileNotFoundError:
        raise NotNow(_("这次上传已经取消或者过期，请重新选择文件。")) from None
    finally:
        finish(upload)


def _append(file: IO[bytes], source: Source, start: int, length: int) -> int:
    at, end = start, start + length
    while at < end and (piece := source.read(min(PIECE, end - at))):
        with _alone(file):
            if file.seek(0, os.SEEK_END) != at:
                raise Stale(_("另一处正在传同一个文件。"))
            file.write(piece)
            file.flush()
        at += len(piece)
    return at


def _verify(source: Source, piece: IO[bytes], length: int, digest: tuple[str, bytes]) -> None:
    algorithm, wanted = digest
    found = hashlib.new(algorithm, usedforsecurity=False)
    left = length
    while left and (read := source.read(min(PIECE, left))):
        found.update(read)
        piece.write(read)
        left -= len(read)
    if found.digest() != wanted:
        raise WrongDigest
    piece.seek(0)


@contextmanager
def _alone(file: IO[bytes]) -> Iterator[None]:
    flock(file, LOCK_EX)
    try:
        yield
    finally:
        flock(file, LOCK_UN)


def finish(upload: Upload) -> None:
    """Note that the last byte has come, once, whoever notices it; looking at the file begins then."""
    if upload.received_at or upload.is_over or offset(upload) != upload.length:
        return
    now = clock.now()
    noted = Upload.objects.filter(pk=upload.pk, received_at=None, refused_at=None).update(received_at=now)
    upload.refresh_from_db()
    if noted and upload.length <= AT_ONCE:
        settle(upload.pk)
        upload.refresh_from_db()
    elif noted:
        async_task("shidian.documents.uploads.settle", upload.pk)


def fill(upload: Upload, file: BinaryIO) -> Upload:
    """Receive a file that has arrived all at once and bring it as far as it goes now; returns how it stands."""
    file.seek(0)
    receive(upload, file, start=0, length=upload.length)
    settle(upload.pk)
    upload.refresh_from_db()
    return upload


def abandon(upload: Upload) -> None:
    """Give an upload up, or put the notice of a refused one away; one that was taken stays where it was put."""
    with transaction.atomic():
        found = Upload.objects.select_for_update().filter(pk=upload.pk, taken_at=None)
        if found.delete()[0]:
            part(upload).unlink(missing_ok=True)


def settle(pk: int) -> None:
    """Look at a complete file and bring it to its end: inspect, scan, keep, hand over. Safe to repeat.

    Without an answer of the scanner the file stays where it is, held; `tend` tries again.
    """
    upload = Upload.objects.select_related("owner").filter(pk=pk).first()
    if upload is None or upload.is_over or not upload.received_at:
        return
    path = part(upload)
    with _held_alone(path) as mine:
        if not mine:
            return
        upload.refresh_from_db()
        if upload.is_over:
            return
        try:
            _inspect(upload, path)
            if scanner.configured() and path.exists() and not _is_clean(upload, path):
                return
            with in_chinese():
                _hand_over(upload, path)
        except InspectionUnavailable:
            log.exception("upload %s waits for the inspector", upload.pk)
        except Rejected as rejected:
            if rejected.code != "busy":  # no turn came: `tend` tries again
                _refuse(upload, rejected.code, rejected.said)
        except Refused as refused:
            _refuse(upload, "refused", say("文件没有问题，但是没有放进去：{reason}", reason=refused.reason))
        except NotStored:
            _refuse(upload, "lost", say("服务器上的文件不见了，请重新上传。"))


@contextmanager
def _held_alone(path: Path) -> Iterator[bool]:
    """Whether this process is the one that looks at the file now; one that has gone is nobody's."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield True
        return
    with file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _inspect(upload: Upload, path: Path) -> None:
    if upload.inspected_at:
        return
    if not path.exists():
        raise NotStored(upload.token)
    found = inspect_kept(path, name=upload.name, formats=upload.formats.split(), max_bytes=upload.max_bytes)
    upload.sha256, upload.media_type, upload.pages = found.sha256, found.media_type, found.pages
    upload.inspected_at = clock.now()
    upload.save(update_fields=("sha256", "media_type", "pages", "inspected_at"))


def _is_clean(upload: Upload, path: Path) -> bool:
    """Whether the scanner said that the file is clean; held when it said nothing, refused when it found something."""
    try:
        found = scanner.scan(path)
    except scanner.ScannerUnavailable as unavailable:
        upload.tried_at = clock.now()
        upload.held_at = upload.held_at or upload.tried_at
        upload.reason, upload.said = str(unavailable.said), pack(unavailable.said)
        # Held files wait for the scanner, however long that takes: they were sent in time.
        upload.expires_at = max(upload.expires_at, upload.tried_at + timedelta(days=settings.UPLOAD_DAYS))
        upload.save(update_fields=("tried_at", "held_at", "reason", "said", "expires_at"))
        return False
    if found:
        log.warning("upload %s of user %s: %s found in it", upload.pk, upload.owner_id, found)
        raise scanner.infected(found)
    return True


def _hand_over(upload: Upload, path: Path) -> None:
    stored = file_store().adopt(path, upload.sha256)
    now = clock.now()
    with transaction.atomic():
        upload.file = StoredFile.objects.create(
            sha256=stored.sha256,
            name=upload.name,
            size=stored.size,
            media_type=upload.media_type,
            pages=upload.pages,
            stored_at=now,
            stored_by=upload.owner,
        )
        upload.taken_at = now
        upload.reason = ""
        upload.save(update_fields=("file", "taken_at", "reason"))
        taken.call(upload.purpose, upload)
    with suppress(InspectionUnavailable):
        previews.picture(upload.file)


def _refuse(upload: Upload, code: str, said: str) -> None:
    part(upload).unlink(missing_ok=True)
    Upload.objects.filter(pk=upload.pk, taken_at=None).update(
        refused_at=clock.now(), code=code, reason=str(said), said=pack(said), file=None
    )


def words(upload: Upload) -> str:
    """Where an upload stands, in words for the one who sent it."""
    match upload.stands:
        case "uploading":
            got = in_words(format_size(offset(upload)))
            whole = in_words(format_size(upload.length))
            return _("没有传完，已收到 {got}（共 {whole}）").format(got=got, whole=whole)
        case "checking":
            return _("已传完，正在检查内容")
        case "held":
            return _("已传完，隔离保存，等候病毒扫描：{reason}。恢复后自动检查，不用重新上传。").format(
                reason=reason(upload)
            )
        case "refused":
            return reason(upload)
        case _:
            return _("已收下")


def reason(upload: Upload) -> str:
    """Why an upload was refused or waits, in the language of the page."""
    return in_words(unpacked(upload.said)) if upload.said else upload.reason


def tend() -> None:
    """Every minute: settle what was forgotten by a killed process or waits for the scanner, remove what has expired."""
    now = clock.now()
    forgotten = Q(held_at=None, received_at__lt=now - _FORGOTTEN)
    waiting = Q(tried_at__lt=now - _TRY_AGAIN)
    for upload in unfinished().filter(forgotten | waiting).order_by("pk"):
        settle(upload.pk)
        upload.refresh_from_db()
        if upload.tried_at and upload.tried_at >= now and "连不上" in upload.reason:
            break  # a scanner that does not answer one file does not answer the next
    for upload in Upload.objects.filter(expires_at__lt=now).order_by("pk"):
        with suppress(Upload.DoesNotExist):
            upload.delete()
        part(upload).unlink(missing_ok=True)


def sweep() -> None:
    """Every day: remove old pictures of pages, and what crashed uploads left in the store and beside it."""
    previews.sweep()
    file_store().sweep()
    before = clock.now().timestamp() - 86_400
    known = set(Upload.objects.values_list("token", flat=True))
    for each in Path(settings.UPLOADS_ROOT).glob("*.part"):
        with suppress(FileNotFoundError):
            if each.stem not in known and each.stat().st_mtime < before:
                each.unlink()
