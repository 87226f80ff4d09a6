"""Attachments that come in pieces: announced for a slot, put into it when they were found sound."""

from __future__ import annotations

from typing import BinaryIO

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.actions import PURPOSE, attach_stored, require_room
from shidian.applications.models import Application
from shidian.calls.definition import AttachmentSlot
from shidian.core.errors import NotNow
from shidian.documents import uploads
from shidian.documents.models import Upload


def place_of(application: Application, slot: str) -> str:
    """How an upload names the slot that it is for."""
    return f"{application.reference}/{slot}"


def announce(
    application: Application, slot: AttachmentSlot, *, name: str, length: int, mark: str = "", by: User
) -> Upload:
    """Begin to send a file for a slot of a draft.

    Refused as by `actions.attach`, with the files on their way counted in, and by `uploads.begin` (`intake.Rejected`:
    empty, too large, another format by its name).
    """
    require_room(application, slot, by, coming=coming(application, slot))
    return uploads.begin(
        owner=by,
        purpose=PURPOSE,
        place=place_of(application, slot.key),
        name=name,
        length=length,
        formats=slot.formats,
        max_bytes=slot.max_mb * 1_000_000,
        mark=mark,
    )


def attach_whole(
    application: Application, slot: AttachmentSlot, file: BinaryIO, *, name: str, length: int, by: User
) -> Upload:
    """The same for a file that a plain form brought, where it must wait for the scanner; `stands` says how it went."""
    upload = announce(application, slot, name=name, length=length, by=by)
    return uploads.fill(upload, file)


def attach_upload(upload: Upload) -> None:
    """Called when an upload was found sound: put it into its slot. Refused when the slot is full or the draft frozen."""
    reference, _rest, key = upload.place.partition("/")
    application = Application.objects.select_related("call", "lead").get(reference=reference)
    slot = next((each for each in application.call.definition.attachments if each.key == key), None)
    if slot is None or upload.file is None:
        raise NotNow(_("征集批次里已经没有这一类材料。"))
    attached = attach_stored(application, slot, upload.file, by=upload.owner)
    if attached.file_id != upload.file_id:  # it got another name; the page asks the upload for it
        upload.file = attached.file
        upload.save(update_fields=("file",))


def uploads_of(application: Application, *, over: bool = False) -> QuerySet[Upload]:
    """Files of an application that have not come to their place, the refused ones among them; `over`: all of them."""
    found = Upload.objects.filter(purpose=PURPOSE, place__startswith=place_of(application, ""))
    return (found if over else found.filter(taken_at=None)).select_related("owner")


def coming(application: Application, slot: AttachmentSlot) -> int:
    """How many files are on their way into a slot."""
    return _coming(application, slot).count()


def _coming(application: Application, slot: AttachmentSlot) -> QuerySet[Upload]:
    return uploads.unfinished().filter(purpose=PURPOSE, place=place_of(application, slot.key))
