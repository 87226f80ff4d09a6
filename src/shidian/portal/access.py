"""Finding what a person may see; everybody else gets 404 and learns nothing."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from shidian.accounts.models import User
from shidian.applications.models import Application, Attachment
from shidian.applications.queries import held, visible_to, working_applications
from shidian.applications.rules import can_read
from shidian.documents.models import DocumentVersion


def person(request: HttpRequest) -> User:
    """The one who is signed in; the view is behind `login_required`."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    return user


def own_application(request: HttpRequest, reference: str) -> Application:
    """An application on which the person works, in whatever role, or 404."""
    return _one(working_applications(person(request)), reference)


def held_application(request: HttpRequest, reference: str) -> Application:
    """The same, locked until the transaction ends, for saving in it."""
    found = held(person(request), reference)
    if found is None:
        raise Http404
    return found


def read_application(request: HttpRequest, reference: str) -> Application:
    """An application whose working answers the person may read, as one who works on it or as auditor, or 404."""
    found = seen_application(request, reference)
    if not sees_everything(person(request), found):
        raise Http404
    return found


def seen_application(request: HttpRequest, reference: str) -> Application:
    """An application that the person may see in any part, or 404."""
    return _one(visible_to(person(request)), reference)


def _one(rows: QuerySet[Application], reference: str) -> Application:
    found = rows.filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def sees_everything(user: User, application: Application) -> bool:
    """Whether a person sees the working answers and every version: those who work on them, and auditors."""
    return can_read(user, application)


def seen_versions(user: User, application: Application) -> list[DocumentVersion]:
    """The versions a person may open, the newest first; offices only those that were handed in."""
    versions = application.document.versions.select_related("document").order_by("-number")
    if not sees_everything(user, application):
        versions = versions.filter(pk__in=application.lodgements.values("version"))
    return list(versions)


def seen_version(user: User, application: Application, number: int) -> DocumentVersion:
    """One of those versions, or 404."""
    for version in seen_versions(user, application):
        if version.number == number:
            return version
    raise Http404


def sees_attachment(user: User, attachment: Attachment) -> bool:
    """Whether a person may open a file of the working application; offices when a version handed in holds it."""
    application = attachment.application
    if sees_everything(user, application):
        return True
    return any(
        held["sha256"] == attachment.file.sha256
        for version in seen_versions(user, application)
        for held in version.data["attachments"]
    )
