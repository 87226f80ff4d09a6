"""A scan that was taken in stays with its page when something else on it was wrong: it need not be chosen again."""

from __future__ import annotations

from typing import BinaryIO, cast

from django.core import signing
from django.core.files.uploadedfile import UploadedFile

from shidian.accounts.models import User
from shidian.documents.actions import take_scan
from shidian.documents.models import StoredFile

_SALT = "shidian.ui.kept"
_HOURS = 24


def keep(file: UploadedFile[bytes], *, by: User) -> StoredFile:
    """Take a scan in; `Rejected` says what is wrong with it."""
    return take_scan(cast(BinaryIO, file), name=file.name or "scan", by=by)


def ticket(file: StoredFile | None, *, by: User | None, place: str) -> str:
    """What the page carries for a kept file: signed, for this person and this place; empty when nothing is kept.

    Without an account (`by` is nobody) the place alone says whose it is, so it has to be one that nobody else can open.
    """
    return signing.dumps([file.pk, by.pk if by else None, place], salt=_SALT) if file else ""


def kept(text: str, *, by: User | None, place: str) -> StoredFile | None:
    """The kept file of a ticket, or None when it is another person's, of another place, or too old."""
    try:
        pk, *whose = signing.loads(text, salt=_SALT, max_age=_HOURS * 3600)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return (
        StoredFile.objects.filter(pk=pk, stored_by=by).first()
        if whose == [by.pk if by else None, place]
        else None
    )
