"""The official form as PDF, and what a frozen version holds as a page."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shidian.applications import papers
from shidian.applications.models import Attachment, Attestation
from shidian.applications.queries import standing
from shidian.core.language import in_words
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.documents.render.compiler import PaperError
from shidian.portal import overview
from shidian.portal.access import (
    own_application,
    person,
    seen_application,
    seen_version,
    seen_versions,
    sees_everything,
)
from shidian.portal.pictures import version_address
from shidian.portal.reading import written
from shidian.signoffs.models import Round
from shidian.signoffs.queries import last_certified, parties
from shidian.ui import files


@login_required
@require_safe
def form(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The draft with its watermark while it is written, the clean form of the current version otherwise."""
    application = seen_application(request, reference)
    user = person(request)
    if application.is_editable and sees_everything(user, application):
        try:
            content = papers.draft_form(application)
        except PaperError as fault:
            messages.error(request, _("草稿打印不出来：{fault}").format(fault=in_words(fault.message)))
            return redirect(overview.url("check" if _own(request, reference) else "application", application))
        return files.pdf(content, name=f"申请书草稿-{application.reference}.pdf")
    newest = next(iter(seen_versions(user, application)), None)
    if newest is None:
        raise Http404
    return _form_of(newest)


def _own(request: HttpRequest, reference: str) -> bool:
    try:
        own_application(request, reference)
    except Http404:
        return False
    return True


def _form_of(version: DocumentVersion) -> HttpResponseBase:
    return files.stored(papers.form(version))


@login_required
@require_safe
def version_form(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """The official form of one version; the same bytes every time."""
    application = seen_application(request, reference)
    version = seen_version(person(request), application, number)
    try:
        return _form_of(version)
    except PaperError as fault:
        messages.error(request, _("申请书打印不出来：{fault}").format(fault=in_words(fault.message)))
        return redirect(overview.url("application", application))


@login_required
@never_cache
@require_safe
def version(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """What was frozen, to read: answers, parties with their opinions on it, files with their digests."""
    application = seen_application(request, reference)
    user = person(request)
    found = seen_version(user, application, number)
    content = found.data
    package = papers.package_of(found)
    round_ = Round.objects.filter(version=found).select_related("version").first()
    rows = overview.versions(application, [found], standing(application))
    context = {
        "application": application,
        "version": found,
        "state": rows[0],
        "written": written(
            package.questionnaire,
            content["answers"],
            address=version_address(application, found, package.questionnaire),
        ),
        "slots": {slot.key: slot.label for slot in package.call.attachments},
        "attachments": content["attachments"],
        "parties": [{"party": party, "signature": party.signature} for party in parties(round_)]
        if round_
        else [],
        "round": round_,
        "certified": round_ is not None
        and (last_certified(round_) is not None or Attestation.objects.filter(party__round=round_).exists()),
        "lead": sees_everything(user, application),
    }
    return render(request, "portal/version.html", context)


@login_required
@require_safe
def version_file(request: HttpRequest, reference: str, number: int, sha256: str) -> HttpResponseBase:
    """A file that a version holds, by its digest."""
    application = seen_application(request, reference)
    held = seen_version(person(request), application, number).data["attachments"]
    if not any(row["sha256"] == sha256 for row in held):
        raise Http404
    attached = (
        Attachment.objects.filter(application=application, file__sha256=sha256).select_related("file").first()
    )
    stored = attached.file if attached else StoredFile.objects.filter(sha256=sha256).first()
    if stored is None:
        raise Http404
    return files.stored(stored, download="download" in request.GET)
