"""Where the paper copies are: for every application which copy is for whom, and batches that go somewhere together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow
from shidian.core.language import in_words
from shidian.core.verdict import Verdict
from shidian.desk import cases
from shidian.desk.access import keeper_of, officers_only, person
from shidian.desk.forms import moving as moves
from shidian.desk.forms.moving import HAND, MovingForm
from shidian.desk.forms.words import posted, tell_refused, upload
from shidian.dispatch import registering
from shidian.dispatch.holdings import LONGEST_CODE, Folder, folders, held_by_code, held_by_key
from shidian.dispatch.models import PaperPlace
from shidian.dispatch.queries import works_as_registry
from shidian.dispatch.registering import MOST_AT_ONCE
from shidian.dispatch.rules import can_keep_paper
from shidian.documents.intake import Rejected
from shidian.documents.models import StoredFile
from shidian.organisations.models import Office
from shidian.ui import errors
from shidian.ui.csp import with_camera
from shidian.ui.files import stored
from shidian.ui.filters import words_of
from shidian.ui.kept import keep, ticket
from shidian.ui.kept import kept as kept_scan
from shidian.ui.templatetags.ui import form_problems
from shidian.ui.uploads import refused


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a person works: the call, the office, the person."""

    call: Call
    office: Office
    user: User

    @classmethod
    def of(cls, request: HttpRequest, call: str) -> Desk:
        """For the address; 404 for who follows no paper in this call."""
        user = person(request)
        return cls(*keeper_of(user, call), user)

    @property
    def keeping(self) -> Verdict:
        """Whether the person may say where copies went."""
        return can_keep_paper(self.user, self.call, self.office)


def _matches(folder: Folder, words: Sequence[str]) -> bool:
    application = folder.row.application
    places = " ".join(each.where for each in folder.held)
    text = f"{application.reference} {application.name} {application.lead.name} {places}".lower()
    return all(word in text for word in words)


@require_safe
@officers_only
def paper(request: HttpRequest, call: str) -> HttpResponse:
    """Every application with all its copies: for whom each is, where it is, and how it came there."""
    desk = Desk.of(request, call)
    words = words_of(request.GET)
    everything = folders(desk.call)
    found = [folder for folder in everything if _matches(folder, words.lower().split())]
    context = {
        "call": desk.call,
        "office": desk.office,
        "registry": works_as_registry(desk.call, desk.office),
        "words": words,
        "query": urlencode({"q": words}) if words else "",
        "total": len(everything),
        "page": Paginator(found, cases.PER_PAGE).get_page(request.GET.get("page")),
        "plans": desk.call.definition.copies,
        "keeping": desk.keeping,
    }
    return render(request, "desk/paper.html", context)


def _address(call: Call, keys: Sequence[str]) -> str:
    query = urlencode([("copy", key) for key in dict.fromkeys(keys)])
    return reverse("desk:paper-moving", args=(call.key,)) + (f"?{query}" if query else "")


@require_POST
@officers_only
def picking(request: HttpRequest, call: str) -> HttpResponse:
    """Put the copy whose code was scanned or typed to those that are going somewhere; JSON for a script, as `receiving`."""
    desk = Desk.of(request, call)
    code, keys = request.POST.get("code", ""), request.POST.getlist("copy")[:MOST_AT_ONCE]
    by_script = request.headers.get("X-Requested-With") == "scan"
    try:
        held = held_by_code(desk.call, code)
    except (Invalid, NotNow) as refusal:
        status = errors.UNPROCESSABLE.status if isinstance(refusal, Invalid) else errors.CONFLICT.status
        if by_script:
            return JsonResponse({"tone": "stop", "words": refusal.reason}, status=status)
        form = MovingForm(desk.call, initial={"verb": HAND})
        return _page(request, desk, form, keys, code=code, wrong=refusal.reason, status=status)
    words = _("{reference} 第 {copy} 份，{where}。").format(
        reference=held.application.reference, copy=held.planned.number, where=held.where
    )
    if by_script:
        row = render_to_string("desk/parts/picked.html", {"held": held, "checked": True}, request)
        return JsonResponse({"tone": "done", "words": words, "row": row, "key": held.key})
    return redirect(_address(desk.call, [*keys, held.key]))


@require_http_methods(("GET", "HEAD", "POST"))
@officers_only
def moving(request: HttpRequest, call: str) -> HttpResponse:
    """Hand a batch on, put it on a shelf, or take it in; with what was signed, when it was scanned."""
    desk = Desk.of(request, call)
    if request.method != "POST":
        keys = request.GET.getlist("copy")[:MOST_AT_ONCE]
        return _page(request, desk, MovingForm(desk.call, initial={"verb": HAND}), keys)
    keys = request.POST.getlist("copy")
    form = MovingForm(desk.call, *posted(request))
    kept = kept_scan(request.POST.get("kept", ""), by=desk.user, place=request.path)
    if desk.keeping:
        kept = _keep(form, kept, desk.user)
    tell_refused(form, "slip", refused(request))
    if form.is_valid():
        done = _moved(desk, form, keys, kept)
        if done:
            messages.success(request, done)
            return redirect("desk:paper", call)
    return _page(request, desk, form, keys, kept=kept, status=errors.UNPROCESSABLE.status)


def _keep(form: MovingForm, kept: StoredFile | None, user: User) -> StoredFile | None:
    """Take in the scan of what was signed, whatever else is wrong; a rejected one is a problem of its field."""
    form.is_valid()
    file = upload(form, "slip")
    if file is None:
        return kept
    try:
        return keep(file, by=user)
    except Rejected as rejected:
        form.add_error("slip", in_words(rejected.said))
        return kept


def _moved(desk: Desk, form: MovingForm, keys: Sequence[str], slip: StoredFile | None) -> str:
    """Do it, and what to say of it; empty when it was refused, with the reason in the form."""
    given = form.cleaned_data
    here, note = (desk.call, desk.office), given["note"]
    try:
        match given["verb"]:
            case moves.HAND:
                holder = given["holder"]
                places = registering.hand_on(
                    *here, keys, by=desk.user, holder=holder, to=given["to"], note=note, slip=slip
                )
                words = _("{count} 份已交出，记录在案。")
            case moves.SHELVE:
                places = registering.shelve(*here, keys, by=desk.user, shelf=given["shelf"], note=note)
                words = _("{count} 份的存放位置已记下。")
            case _:
                places = registering.take_back(*here, keys, by=desk.user, note=note)
                words = _("{count} 份已收回。")
    except (Invalid, NotNow) as refusal:
        for place, message in getattr(refusal, "problems", None) or [("", refusal.reason)]:
            form.add_error(place if place in form.fields else None, message)
        return ""
    return words.format(count=len(places))


def _page(
    request: HttpRequest,
    desk: Desk,
    form: MovingForm,
    keys: Sequence[str],
    *,
    kept: StoredFile | None = None,
    code: str = "",
    wrong: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "call": desk.call,
        "office": desk.office,
        "registry": works_as_registry(desk.call, desk.office),
        "form": form,
        "form_problems": form_problems(form),
        "chosen": held_by_key(desk.call, keys),
        "kept": kept,
        "ticket": ticket(kept, by=desk.user, place=reverse("desk:paper-moving", args=(desk.call.key,))),
        "code": code[:LONGEST_CODE],
        "wrong": wrong,
        "refused": "" if desk.keeping else desk.keeping.reason,
        "back_url": reverse("desk:paper", args=(desk.call.key,)),
    }
    return with_camera(render(request, "desk/moving.html", context, status=status))


@require_safe
@officers_only
def slip(request: HttpRequest, call: str, pk: int) -> HttpResponseBase:
    """The scan of what was signed when copies were handed on."""
    desk = Desk.of(request, call)
    place = (
        PaperPlace.objects.filter(pk=pk, paper_copy__application__call=desk.call, slip__isnull=False)
        .select_related("slip")
        .first()
    )
    if place is None or place.slip is None:
        raise Http404
    return stored(place.slip)
