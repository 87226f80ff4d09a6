"""The evidence: files in their slots, several at once, each refused one named with its reason."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.applications import actions, rules
from shidian.applications.models import Application, Attachment
from shidian.applications.queries import answers
from shidian.calls.definition import AttachmentSlot
from shidian.core.errors import NotNow
from shidian.documents.intake import FORMATS, Rejected, safe_name
from shidian.portal.access import own_application, person, seen_application, sees_attachment
from shidian.portal.overview import ATTACHMENTS, open_reasons, tasks, url
from shidian.ui import files
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
        taken, wrong = _take(request, application, slot)
        if taken:
            names = "、".join(taken)
            messages.success(request, f"“{slot.label}”已收下 {len(taken)} 个文件：{names}。")
        if not wrong:
            return redirect(f"{url('attachments', application)}#slot-{slot.key}")
        problems[slot.key] = wrong
    if "check" in request.GET:
        held = set(application.attachments.values_list("slot", flat=True))
        for slot in application.call.definition.attachments:
            if slot.required and slot.key not in held:
                problems.setdefault(slot.key, []).append(f"请上传“{slot.label}”")
    decision, reasons = open_reasons(application)
    context = {
        "application": application,
        "allowed": allowed,
        "slots": _slots(application, problems),
        "listed": tasks(application, answers(application), current=ATTACHMENTS, reasons=reasons),
        "decision": decision,
        "reasons": [reason for reason in reasons if reason.section == ATTACHMENTS],
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
) -> tuple[list[str], list[str]]:
    """Put every posted file into the slot; returns the names taken, and what was wrong with the others."""
    if why := refused(request):
        return [], [why]
    given = request.FILES.getlist("files")
    if not given:
        return [], [f"请先为“{slot.label}”选择文件，再按“上传”"]
    taken, wrong = [], []
    for file in given:
        name = safe_name(file.name or "")
        try:
            actions.attach(application, slot, cast(BinaryIO, file), name=file.name or "", by=person(request))
        except Rejected as rejected:
            wrong.append(f"“{name}”没有收下：{rejected}")
        except NotNow as full:
            wrong.append(f"“{name}”没有收下：{full.reason}")
        else:
            taken.append(name)
    return taken, wrong


def _slots(application: Application, problems: dict[str, list[str]]) -> list[dict[str, Any]]:
    held: dict[str, list[Attachment]] = {}
    for row in application.attachments.select_related("file"):
        held.setdefault(row.slot, []).append(row)
    return [
        {
            "slot": slot,
            "files": held.get(slot.key, []),
            "left": slot.maximum - len(held.get(slot.key, [])),
            "formats": "、".join(FORMATS[name].label for name in slot.formats),
            "accept": ",".join(
                f".{extension}" for name in slot.formats for extension in FORMATS[name].extensions
            ),
            "wrong": problems.get(slot.key, []),
        }
        for slot in application.call.definition.attachments
    ]


@login_required
@require_safe
def attachment_file(request: HttpRequest, reference: str, pk: int) -> HttpResponseBase:
    """A file of the working application."""
    application = seen_application(request, reference)
    found = get_object_or_404(
        Attachment.objects.select_related("file", "application__lead"), application=application, pk=pk
    )
    if not sees_attachment(person(request), found):
        raise Http404
    return files.stored(found.file, download="download" in request.GET)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def removal(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Ask before a file is taken out."""
    application = own_application(request, reference)
    found = get_object_or_404(application.attachments.select_related("file"), pk=pk)
    allowed = rules.can_edit(person(request), application)
    back = f"{url('attachments', application)}#slot-{found.slot}"
    if request.method == "POST":
        name = found.file.name
        actions.detach(found, by=person(request))
        messages.success(request, f"已删去“{name}”。")
        return redirect(back)
    slot = next((each for each in application.call.definition.attachments if each.key == found.slot), None)
    context = {
        "application": application,
        "file": found.file,
        "consequences": [
            f"从“{slot.label if slot else '证明材料'}”里删去这个文件，需要时可以重新上传。",
            "以前冻结的版本里如果有它，仍然保留。",
        ],
        "refused": "" if allowed else allowed.reason,
        "back_url": back,
    }
    return render(request, "portal/attachment_removal.html", context)
