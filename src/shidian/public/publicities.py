"""What the city makes public, objections of anybody, and what the destination decided."""

from __future__ import annotations

from datetime import date
from typing import BinaryIO, cast

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from shidian.calls.models import Call
from shidian.calls.queries import area_label
from shidian.core.errors import Invalid
from shidian.core.language import in_words
from shidian.dispatch.publishing import objections as verbs
from shidian.dispatch.publishing import papers
from shidian.dispatch.publishing.models import Objection, Publicity, ResultLetter
from shidian.dispatch.publishing.objections import MOST_FILES, Who
from shidian.dispatch.publishing.queries import approved, published, struck
from shidian.dispatch.publishing.rules import can_object
from shidian.documents.actions import take_in
from shidian.documents.intake import Rejected
from shidian.documents.models import StoredFile
from shidian.ui.files import stored
from shidian.ui.objection_forms import ObjectionForm, labels_of
from shidian.ui.templatetags.ui import form_problems
from shidian.ui.uploads import refused

from . import guessing

FORMATS = ("pdf", "jpeg", "png", "docx", "xlsx")
MOST_BYTES = 20_000_000
_SALT = "shidian.public.objection"


def _find(reference: str) -> Publicity:
    """A publicity that was published, of a call that is; whatever became of it, it stays visible."""
    call = Call.objects.public()
    found = Publicity.objects.filter(reference=reference, published_at__isnull=False, call__in=call)
    row = found.select_related("call", "office", "version", "replaces", "corrected_by").first()
    if row is None:
        raise Http404
    return row


@require_safe
def publicity(request: HttpRequest, reference: str) -> HttpResponse:
    """The notice with its list, until when it runs, and how to object."""
    found = _find(reference)
    if found.version is None:
        raise Http404
    told = found.version.data
    out = struck(found) if found.state != "running" else set()
    newer = getattr(found, "corrected_by", None)
    context = {
        "publicity": found,
        "call": found.call,
        "told": told,
        "period": papers.period(told),
        "rows": [
            (list(zip(told["columns"], cells, strict=True)), listed["reference"] in out)
            for cells, listed in zip(told["rows"], told["applications"], strict=True)
        ],
        "begins": date.fromisoformat(told["begins"]),
        "ends": date.fromisoformat(told["ends"]),
        "objecting": can_object(found),
        "newer": newer if newer is not None and newer.published_at else None,
    }
    return render(request, "public/publicity.html", context)


@require_safe
def notice(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The same as the official notice, to print and to put up."""
    found = _find(reference)
    if found.version is None:
        raise Http404
    return stored(papers.notice_pdf(found, found.version))


@never_cache
@sensitive_post_parameters("name", "phone", "email", "address", "text")
@require_http_methods(["GET", "HEAD", "POST"])
def objecting(request: HttpRequest, reference: str) -> HttpResponse:
    """Object, with name and contact. Files that were taken in need not be chosen again when something else was wrong."""
    found = _find(reference)
    allowed = can_object(found)
    posted = request.method == "POST"
    form = ObjectionForm(request.POST if posted else None, items=found.items.all(), labels=labels_of(found))
    files = _kept(request.POST.get("kept", ""), reference) if posted else []
    status = 200
    if posted and not allowed:
        status = 409
    elif posted and not guessing.may_file(request):
        form.add_error(
            None, _("同一网络地址提出的异议太多，请过一小时再提，或者书面向公示上写明的机关反映。")
        )
        status = 429
    elif posted:
        problem = refused(request)
        problem = problem or _take_files(request, files)
        if form.is_valid() and not problem:
            made = _file(form, found, files)
            if made is not None:
                guessing.note_filed(request)
                messages.success(request, _("异议已提交，编号 {number}。").format(number=made.number))
                return redirect("public:objection", made.number, verbs.token(made))
        if problem:
            form.add_error(None, problem)
        status = 422
    context = {
        "publicity": found,
        "call": found.call,
        "form": form,
        "form_problems": form_problems(form) if posted else [],
        "refused": "" if allowed else allowed.reason,
        "files": files,
        "kept": signing.dumps([reference, [file.pk for file in files]], salt=_SALT) if files else "",
        "most_files": MOST_FILES,
        "answer_days": found.call.definition.publicity.answer_days,
    }
    return render(request, "public/objecting.html", context, status=status)


def _file(form: ObjectionForm, found: Publicity, files: list[StoredFile]) -> Objection | None:
    given = form.cleaned_data
    who = Who(given["name"], given["phone"], given["email"], given["address"])
    try:
        return verbs.file(found, who=who, text=given["text"], item=given["item"], files=files)
    except Invalid as refusal:
        for place, message in refusal.problems:
            form.add_error(place if place in form.fields else None, message)
        return None


def _take_files(request: HttpRequest, files: list[StoredFile]) -> str:
    """Take in what was chosen, beside what is kept; returns what is wrong with one."""
    chosen = request.FILES.getlist("files")
    if len(files) + len(chosen) > MOST_FILES:
        return _("最多 {most} 个文件。").format(most=MOST_FILES)
    if chosen:
        guessing.note_filed(request)
    for file in chosen:
        try:
            files.append(
                take_in(
                    cast(BinaryIO, file),
                    name=file.name or "file",
                    formats=FORMATS,
                    max_bytes=MOST_BYTES,
                    by=None,
                )
            )
        except Rejected as rejected:
            return _("{name}：{reason}").format(name=file.name, reason=in_words(rejected.said))
    return ""


def _kept(ticket: str, reference: str) -> list[StoredFile]:
    try:
        whose, keys = signing.loads(ticket, salt=_SALT, max_age=86_400)
    except (signing.BadSignature, ValueError, TypeError):
        return []
    if whose != reference:
        return []
    return list(StoredFile.objects.filter(pk__in=keys, stored_by__isnull=True).order_by("pk"))


def _by_address(request: HttpRequest, number: str, token: str) -> Objection:
    """The objection of a secret address; a wrong one is counted, and many wrong ones wait."""
    if guessing.is_too_many(request):
        raise Http404
    found = verbs.by_token(number, token)
    if found is None:
        guessing.note_wrong(request)
        raise Http404
    return found


def _quiet(response: HttpResponse) -> HttpResponse:
    """Nobody learns the address from us: no index, and no other site is told it.

    With no-referrer browsers send `Origin: null` with a post, which is refused as forged.
    """
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "same-origin"
    return response


@never_cache
@require_safe
def objection(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """How an objection stands, for whoever has its secret address."""
    found = _by_address(request, number, token)
    here = reverse("public:objection", args=(number, token))
    context = {
        "objection": found,
        "publicity": found.publicity,
        "call": found.publicity.call,
        "label": labels_of(found.publicity).get(found.item_id or 0, ""),
        "answer": found.answer if found.state == "settled" else None,
        "address": (settings.ADDRESS or request.build_absolute_uri("/").rstrip("/")) + here,
        "token": token,
    }
    return _quiet(render(request, "public/objection.html", context))


@never_cache
@require_safe
def letter(request: HttpRequest, number: str, token: str) -> HttpResponseBase:
    """The sealed letter of the answer."""
    found = _by_address(request, number, token)
    if found.state != "settled" or found.answer is None or found.answer.letter is None:
        raise Http404
    return stored(found.answer.letter, name=_("答复函-{number}.pdf").format(number=number))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdrawal(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """The objector takes the objection back."""
    found = _by_address(request, number, token)
    if request.method == "POST":
        verbs.withdraw(found)
        messages.success(request, _("异议已撤回。"))
        return redirect("public:objection", number, token)
    context = {"objection": found, "publicity": found.publicity, "token": token, "open": found.is_open}
    return _quiet(render(request, "public/objection_withdrawal.html", context))


@require_safe
def results(request: HttpRequest, key: str) -> HttpResponse:
    """What the destination approved, in the names that it issued."""
    call = Call.objects.public().filter(key=key).first()
    letters = list(ResultLetter.objects.filter(call=call)) if call else []
    if call is None or not letters:
        raise Http404
    context = {
        "call": call,
        "definition": call.definition,
        "letters": letters,
        "rows": [(row, area_label(call, row.application.area)) for row in approved(call)],
        "publicities": list(published(call)),
    }
    return render(request, "public/results.html", context)
