"""The evidence: files in their slots, several at once, each refused one named with its reason.

A plain form brings small files whole; where scripts run, files come in pieces (`ui.tus`) and may be large.
"""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.accounts.models import User
from shidian.applications import actions, attaching, pictures, rules
from shidian.applications.models import Application, Attachment
from shidian.applications.openings import Opening, current, opening
from shidian.applications.queries import answers, working_applications
from shidian.calls.definition import AttachmentSlot
from shidian.core.errors import NotNow
from shidian.core.language import in_words
from shidian.documents import previews, scanner, uploads
from shidian.documents.intake import FORMATS, Rejected, format_size, safe_name
from shidian.documents.models import Upload
from shidian.portal.access import own_application, person, seen_application, sees_attachment
from shidian.portal.correcting import lines
from shidian.portal.evidence import questions
from shidian.portal.overview import ATTACHMENTS, open_reasons, tasks, url
from shidian.ui import files, tus
from shidian.ui.uploads import refused


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def attachments(request: HttpRequest, reference: str) -> HttpResponse:
    """All slots with their rules and files; posting adds files to one of them."""
    application = own_application(request, reference)
    allowed = rules.can_edit(person(request), application)
    problems: dict[str, list[str]] = {}
    if request.method == "POST":
        slot = _slot(application, request.POST.get("slot", ""))
        taken, waiting, wrong = _take(request, application, slot)
        for line in waiting:
            messages.warning(request, line)
        if taken:
            names = _("、").join(taken)
            messages.success(
                request,
                _("“{slot}”已收下 {count} 个文件：{names}。").format(
                    slot=slot.label, count=len(taken), names=names
                ),
            )
        if not wrong:
            return redirect(f"{url('attachments', application)}#slot-{slot.key}")
        problems[slot.key] = wrong
    if "check" in request.GET:
        held = set(application.attachments.values_list("slot", flat=True))
        for slot in application.call.definition.attachments:
            if slot.required and slot.key not in held:
                problems.setdefault(slot.key, []).append(_("请上传“{slot}”").format(slot=slot.label))
    decision, reasons = open_reasons(application)
    context = {
        "application": application,
        "allowed": allowed,
        "slots": _slots(application, problems, person(request), allowed=bool(allowed)),
        "limit": settings.UPLOAD_LIMIT // 1_000_000,
        "listed": tasks(application, answers(application), current=ATTACHMENTS, reasons=reasons),
        "decision": decision,
        "reasons": [reason for reason in reasons if reason.section == ATTACHMENTS],
        "problems": lines(application, ATTACHMENTS),
        "correction": current(application),
        "form_problems": [
            {"message": message, "anchor": f"slot-{key}"}
            for key, lines in problems.items()
            for message in lines
        ],
    }
    return render(request, "portal/attachments.html", context)


def _slot(application: Application, key: str) -> AttachmentSlot:
    for slot in application.call.definition.attachments:
        if slot.key == key:
            return slot
    raise Http404


def _take(
    request: HttpRequest, application: Application, slot: AttachmentSlot
) -> tuple[list[str], list[str], list[str]]:
    """Put every posted file into the slot: the names taken, what is held for the scanner, what was wrong with others."""
    if why := refused(request):
        return [], [], [why]
    given = request.FILES.getlist("files")
    if not given:
        return [], [], [_("请先为“{slot}”选择文件，再按“上传”").format(slot=slot.label)]
    taken: list[str] = []
    waiting: list[str] = []
    wrong: list[str] = []
    for file in given:
        name = safe_name(file.name or "")
        content = cast(BinaryIO, file)
        try:
            if not scanner.configured():
                actions.attach(application, slot, content, name=file.name or "", by=person(request))
                taken.append(name)
                continue
            upload = attaching.attach_whole(
                application, slot, content, name=file.name or "", length=file.size or 0, by=person(request)
            )
        except Rejected as rejected:
            wrong.append(
                _("“{name}”没有收下：{rejected}").format(name=name, rejected=in_words(rejected.said))
            )
        except NotNow as full:
            wrong.append(_("“{name}”没有收下：{reason}").format(name=name, reason=full.reason))
        else:
            _sort(upload, name, taken, waiting, wrong)
    return taken, waiting, wrong


def _sort(upload: Upload, name: str, taken: list[str], waiting: list[str], wrong: list[str]) -> None:
    if upload.taken_at:
        taken.append(name)
    elif upload.refused_at:
        wrong.append(_("“{name}”没有收下：{reason}").format(name=name, reason=uploads.reason(upload)))
        uploads.abandon(upload)  # said here, and not again in the list
    else:
        waiting.append(_("“{name}”{words}").format(name=name, words=uploads.words(upload)))


def _slots(
    application: Application, problems: dict[str, list[str]], user: User, *, allowed: bool
) -> list[dict[str, Any]]:
    held: dict[str, list[Attachment]] = {}
    for row in application.attachments.select_related("file", "added_by"):
        held.setdefault(row.slot, []).append(row)
    coming: dict[str, list[dict[str, Any]]] = {}
    for upload in attaching.uploads_of(application).order_by("pk"):
        mine = upload.owner_id == user.pk
        if mine or not upload.refused_at:
            coming.setdefault(upload.place.partition("/")[2], []).append(_row(application, upload, mine=mine))
    found = []
    asked = questions(application)
    opened = opening(application) if allowed else None
    for slot in application.call.definition.attachments:
        closed = opened.may_attach(slot.key).reason if opened else ""
        here, more = held.get(slot.key, []), coming.get(slot.key, [])
        on_their_way = sum(1 for each in more if each["upload"].stands != "refused")
        found.append(
            {
                "slot": slot,
                "asked": asked.get(slot.key, []),
                "files": [_held(each, allowed=allowed and _may_detach(opened, each)) for each in here],
                "closed": closed,
                "coming": more,
                "left": slot.maximum - len(here) - on_their_way,
                "most": slot.max_mb * 1_000_000,
                "plain": min(slot.max_mb, settings.UPLOAD_LIMIT // 1_000_000),
                "formats": _("、").join(in_words(FORMATS[name].label) for name in slot.formats),
                "accept": ",".join(
                    f".{extension}" for name in slot.formats for extension in FORMATS[name].extensions
                ),
                "wrong": problems.get(slot.key, []),
            }
        )
    return found


def _may_detach(opened: Opening | None, row: Attachment) -> bool:
    return opened is None or bool(opened.may_detach(row.slot, row.file.sha256))


def _held(row: Attachment, *, allowed: bool) -> dict[str, Any]:
    return {
        "row": row,
        "shown": previews.can_be_shown(row.file),
        "size": in_words(format_size(row.file.size)),
        "ending": row.file.name.rpartition(".")[2][:5].upper(),
        "allowed": allowed,
    }


def _row(application: Application, upload: Upload, *, mine: bool) -> dict[str, Any]:
    return {
        "upload": upload,
        "size": in_words(format_size(upload.length)),
        "mine": mine,
        "url": url("attachment-upload", application, token=upload.token) if mine else "",
        "words": uploads.words(upload) if mine else _("{owner}正在上传").format(owner=upload.owner.label),
        "percent": uploads.offset(upload) * 100 // upload.length,
    }


@tus.signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def upload_creation(request: HttpRequest, reference: str) -> HttpResponse:
    """Where a tus client begins an upload; the metadata `slot` says for which slot."""
    application = own_application(request, reference)
    if request.method in ("GET", "HEAD"):
        return redirect(url("attachments", application))

    def begin(announced: tus.Announced) -> Upload:
        return attaching.announce(
            application,
            _slot(application, announced.metadata.get("slot", "")),
            name=announced.name,
            length=announced.length,
            mark=announced.metadata.get("mark", ""),
            by=person(request),
        )

    return tus.creation(
        request, begin, lambda upload: url("attachment-upload", application, token=upload.token)
    )


@tus.signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "PATCH", "DELETE", "POST", "OPTIONS"])
def upload(request: HttpRequest, reference: str, token: str) -> HttpResponse:
    """One upload, for the one who began it: its pieces, where it stands, and giving it up (also by a plain form)."""
    application = own_application(request, reference)
    found = get_object_or_404(
        attaching.uploads_of(application, over=True), token=token, owner=person(request)
    )
    if request.method == "POST" and not tus.speaks_tus(request):
        uploads.abandon(found)
        messages.success(request, _("已放弃上传“{name}”。").format(name=found.name))
        return redirect(f"{url('attachments', application)}#slot-{found.place.partition('/')[2]}")
    return tus.resource(request, found)


@login_required
@require_safe
def attachment_file(request: HttpRequest, reference: str, pk: int) -> HttpResponseBase:
    """A file of the working application."""
    return files.stored(_seen(request, reference, pk).file, download="download" in request.GET)


def _seen(request: HttpRequest, reference: str, pk: int) -> Attachment:
    application = seen_application(request, reference)
    found = get_object_or_404(
        Attachment.objects.select_related("file", "application__lead"), application=application, pk=pk
    )
    if not sees_attachment(person(request), found):
        raise Http404
    return found


@login_required
@require_safe
def thumbnail(request: HttpRequest, reference: str, pk: int) -> HttpResponseBase:
    """The first page, small."""
    return files.drawn(previews.picture(_seen(request, reference, pk).file))


@login_required
@require_safe
def page(request: HttpRequest, reference: str, pk: int, number: int) -> HttpResponseBase:
    """One page as a picture to read."""
    file = _seen(request, reference, pk).file
    return files.drawn(previews.picture(file, page=number, width=previews.PAGE))


@login_required
@never_cache
@require_safe
def viewer(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """A file page by page inside the site: nothing of it runs in the browser, and a phone needs no other program."""
    found = _seen(request, reference, pk)
    if not previews.can_be_shown(found.file):
        raise Http404
    pages = found.file.pages or 1
    asked = request.GET.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    number = min(max(number, 1), pages)
    application = found.application
    slot = next((each for each in application.call.definition.attachments if each.key == found.slot), None)
    context = {
        "application": application,
        "attachment": found,
        "size": in_words(format_size(found.file.size)),
        "label": slot.label if slot else _("证明材料"),
        "number": number,
        "pages": pages,
        "drawn": previews.picture(found.file, page=number, width=previews.PAGE) is not None,
        "own": application in working_applications(person(request)),
    }
    return render(request, "portal/attachment_view.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def removal(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Ask before a file is taken out."""
    application = own_application(request, reference)
    found = get_object_or_404(application.attachments.select_related("file"), pk=pk)
    allowed = rules.can_edit(person(request), application)
    opened = opening(application) if allowed else None
    if opened is not None:
        allowed = opened.may_detach(found.slot, found.file.sha256)
    back = f"{url('attachments', application)}#slot-{found.slot}"
    if request.method == "POST":
        name = found.file.name
        actions.detach(found, by=person(request))
        messages.success(request, _("已删去“{name}”。").format(name=name))
        return redirect(back)
    slot = next((each for each in application.call.definition.attachments if each.key == found.slot), None)
    context = {
        "application": application,
        "file": found.file,
        "consequences": [
            *_used(application, found),
            _("从“{slot}”里删去这个文件，需要时可以重新上传。").format(
                slot=slot.label if slot else _("证明材料")
            ),
            _("以前冻结的版本里如果有它，仍然保留。"),
        ],
        "refused": "" if allowed else allowed.reason,
        "back_url": back,
    }
    return render(request, "portal/attachment_removal.html", context)


def _used(application: Application, attachment: Attachment) -> list[str]:
    questionnaire = application.call.questionnaire
    if attachment.slot != questionnaire.pictures:
        return []
    fields = pictures.using(questionnaire, answers(application), attachment.file.name)
    if not fields:
        return []
    names = _("、").join(f"“{field.name}”" for field in fields)
    return [
        _("{fields}里用到了这张图片。删去以后那里就没有图了，冻结以前要重新上传，或者删去那一行。").format(
            fields=names
        )
    ]
