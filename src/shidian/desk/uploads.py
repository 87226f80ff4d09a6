"""A file that was taken in stays with the page when something else on it was wrong: it need not be chosen again."""

from __future__ import annotations

from typing import BinaryIO, cast

from django.core import signing
from django.core.files.uploadedfile import UploadedFile

from shidian.accounts.models import User
from shidian.documents.actions import take_in
from shidian.documents.models import StoredFile

SCANS = ("pdf", "jpeg", "png")
MOST = 50_000_000
_SALT = "shidian.desk.uploads"
_HOURS = 12


def binary(file: UploadedFile[bytes]) -> BinaryIO:
    """An upload as the verbs take it."""
    return cast(BinaryIO, file)


def keep(file: UploadedFile[bytes], *, by: User) -> StoredFile:
    """Take a scan in; `Rejected` says what is wrong with it."""
    return take_in(binary(file), name=file.name or "scan", formats=SCANS, max_bytes=MOST, by=by)


def ticket(file: StoredFile, *, by: User) -> str:
    """What the page carries for a kept file: signed, for this person only."""
    return signing.dumps([file.pk, by.pk], salt=_SALT)


def kept(text: str, *, by: User) -> StoredFile | None:
    """The kept file of a ticket, or None when the ticket is not this person's or too old."""
    try:
        pk, owner = signing.loads(text, salt=_SALT, max_age=_HOURS * 3600)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return StoredFile.objects.filter(pk=pk, stored_by=by).first() if owner == by.pk else None
