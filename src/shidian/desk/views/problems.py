"""Problem lists at the desk: marking while reading, the lists with what was said, who works on an application."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.accounts.models import User
from shidian.applications import corrections, places
from shidian.applications.correction_papers import problem_list
from shidian.applications.corrections import can_answer_opening, lists_of
from shidian.applications.models import Correction, CorrectionItem, OpeningRequest
from shidian.applications.papers import package_of
from shidian.applications.places import Place
from shidian.applications.rules import can_decide
from shidian.core.errors import Invalid
from shidian.desk import marking
from shidian.desk.access import Seen, held_application, officers_only, person, seen_application
from shidian.desk.forms.problems import WHOLE, ProblemForm
from shidian.reviews import claims, problems
from shidian.reviews.models import Draft
from shidian.reviews.queries import claim_on
from shidian.reviews.rules import can_check
from shidian.ui import files
from shidian.ui.reading import NOTE, read
from shidian.ui.templatetags.ui import form_problems

GET_POST = ("GET", "HEAD", "POST")


@require_http_methods(GET_POST)
@officers_only
def new(request: HttpRequest, reference: str) -> HttpResponse:
    """Write down what is wrong at the place that was pointed at."""
    seen = held_application(person(request), reference)
    asked = _place(request.GET.get("place", ""), seen)
    return _writing(request, seen, asked, None)


@require_http_methods(GET_POST)
@officers_only
def problem(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Change a drafted entry, or take it out."""
    user = person(request)
    seen = held_application(user, reference)
    row = get_object_or_404(
        Draft.objects.select_related("again__correction", "saved_by"), pk=pk, lodgement=seen.lodgement
    )
    row.lodgement = seen.lodgement
    if request.method == "POST" and request.POST.get("do") == "drop":
        problems.drop(row, by=user)
        messages.success(request, _("已从问题清单里删去这一条。"))
        return redirect(_back(request, reference, marking.anchor(Place.read(row.place))))
    return _writing(request, seen, Place.read(row.place), row)


def _place(text: str, seen: Seen) -> Place:
    try:
        place = Place.read(text)
    except ValueError:
        raise Http404 from None
    version = seen.lodgement.version
    if not places.exists(place, package_of(version), version.data):
        raise Http404
    return place


def _back(request: HttpRequest, reference: str, anchor: str) -> str:
    kept = (request.GET.get("list") or request.POST.get("list") or "")[:600]
    query = "?" + urlencode({"list": kept}) if kept else ""
    return reverse("desk:application", args=(reference,)) + query + f"#{anchor}"


def _writing(request: HttpRequest, seen: Seen, asked: Place, row: Draft | None) -> HttpResponse:
    user, lodgement = person(request), seen.lodgement
    first = {"place": str(asked) or WHOLE}
    if row is not None:
        first |= {"text": row.text, "severity": row.severity}
    form = ProblemForm(
        request.POST if request.method == "POST" else None,
        places=marking.choices(lodgement, asked),
        phrases=[] if row else marking.phrases(lodgement, asked),
        initial=first,
    )
    allowed = can_check(user, lodgement)
    if request.method == "POST" and allowed and form.is_valid() and _written(form, seen, row, user):
        messages.success(request, _("已改好这一条。") if row else _("已记入问题清单，发出以前对方看不到。"))
        return redirect(_back(request, seen.application.reference, marking.anchor(asked)))
    version = lodgement.version
    context = {
        "application": seen.application,
        "lodgement": lodgement,
        "place": places.words(asked, package_of(version), version.data),
        "shown": _shown(seen, asked),
        "row": row,
        "form": form,
        "form_problems": form_problems(form),
        "refused": "" if allowed else allowed.reason,
        "list_query": (request.GET.get("list") or request.POST.get("list") or "")[:600],
        "back_url": _back(request, seen.application.reference, marking.anchor(asked)),
    }
    return render(request, "desk/problem.html", context, status=422 if form.errors else 200)


def _shown(seen: Seen, asked: Place) -> list[Any]:
    """What stands at the place, as frozen."""
    if asked.kind not in ("field", "row"):
        return []
    parts = read(seen.lodgement.version)
    path = asked.path.removesuffix(NOTE)
    return [
        answer
        for part in parts
        if part.key == asked.section
        for answer in part.answers
        if answer.path == path
    ]


def _written(form: ProblemForm, seen: Seen, row: Draft | None, user: User) -> bool:
    values = form.cleaned_data
    said = {"place": values["place"], "text": values["words"], "severity": values["severity"], "by": user}
    try:
        if row is None:
            problems.draft(seen.lodgement, **said)
        else:
            problems.change(row, **said)
    except Invalid as refused:
        for place, words in refused.problems:
            form.add_error(place if place in form.fields else None, words)
        return False
    return True


# The lists that were sent


@never_cache
@require_http_methods(GET_POST)
@officers_only
def lists(request: HttpRequest, reference: str) -> HttpResponse:
    """All problem lists of an application with everything that was said; what the lead asks for is answered here."""
    user = person(request)
    seen = seen_application(user, reference)
    if not seen.judges:
        raise Http404
    found = lists_of(seen.application)
    wrong: dict[str, Any] = {}
    if request.method == "POST":
        if seen.office is None:
            raise Http404
        try:
            words, anchor = _do(request, found, user)
        except Invalid as invalid:
            wrong = {"at": request.POST.get("item") or request.POST.get("request"), "words": invalid.reason}
        else:
            messages.success(request, words)
            if request.POST.get("from") == "review":
                return redirect(reverse("desk:application", args=(reference,)) + f"#{anchor}")
            return redirect(reverse("desk:correction", args=(reference,)) + f"#{anchor}")
    context = {
        "application": seen.application,
        "lists": [_list(row, user, seen) for row in found],
        "wrong": wrong,
        "typed": request.POST.get("text", ""),
        "form_problems": [{"message": wrong["words"], "anchor": f"text-{wrong['at']}"}] if wrong else [],
        "back_url": reverse("desk:application", args=(reference,)),
    }
    return render(request, "desk/corrections.html", context, status=422 if wrong else 200)


def _list(correction: Correction, user: User, seen: Seen) -> dict[str, Any]:
    correction.application = seen.application
    requests = list(correction.requests.all())
    for request in requests:
        request.correction = correction
    items = list(correction.items.all())
    waiting = next((request for request in requests if request.outcome is None), None)
    allowed = waiting is not None and bool(can_answer_opening(user, waiting))  # the same for all that wait
    return {
        "correction": correction,
        "items": items,
        "open": sum(not item.is_resolved for item in items),
        "requests": [
            {
                "request": request,
                "answer": request.outcome,
                "allowed": allowed and request.outcome is None,
            }
            for request in requests
        ],
    }


def _do(request: HttpRequest, found: list[Correction], user: User) -> tuple[str, str]:
    do, text = request.POST.get("do", ""), request.POST.get("text", "")
    if do in ("resolve", "reopen"):
        item = _item(found, request.POST.get("item", ""))
        if do == "resolve":
            problems.resolve(item, by=user)
            return _("第 {number} 条已确认改好。").format(number=item.position), f"item-{item.pk}"
        problems.reopen(item, text=text, by=user)
        words = _("第 {number} 条仍未改好，已记入下一份问题清单。").format(number=item.position)
        return words, f"item-{item.pk}"
    asked = _request(found, request.POST.get("request", ""))
    opened = do == "open"
    if do not in ("open", "refuse"):
        raise Http404
    corrections.answer_opening(asked, opened=opened, words=text, by=user)
    words = _("已开放“{place}”。") if opened else _("已答复，没有开放“{place}”。")
    return words.format(place=asked.label), f"request-{asked.pk}"


def _item(found: list[Correction], key: str) -> CorrectionItem:
    for correction in found:
        for item in correction.items.all():
            if str(item.pk) == key:
                item.correction = correction
                return item
    raise Http404


def _request(found: list[Correction], key: str) -> OpeningRequest:
    for correction in found:
        for asked in correction.requests.all():
            if str(asked.pk) == key:
                asked.correction = correction
                return asked
    raise Http404


@require_safe
@officers_only
def paper(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """A problem list as a paper."""
    seen = seen_application(person(request), reference)
    rows = Correction.objects.select_related("application__lead", "lodgement__version", "lodgement__office")
    correction = get_object_or_404(rows, application=seen.application, number=number)
    name = f"问题清单-{correction.reference}.pdf"
    return files.pdf(problem_list(correction), name=name)


# Who works on it


@require_POST
@officers_only
def claim(request: HttpRequest, reference: str) -> HttpResponse:
    """Claim what lies at the office, or leave it to others."""
    user = person(request)
    seen = held_application(user, reference)
    if request.POST.get("do") == "release":
        claims.release(seen.application, by=user)
        messages.success(request, _("已放开，别人可以认领；判定和写好的问题都在。"))
    else:
        claims.claim(seen.application, by=user)
        messages.success(request, _("已由您办理。别人仍可以看，要办须先接手。"))
    return redirect(reverse("desk:application", args=(reference,)))


@require_http_methods(GET_POST)
@officers_only
def taking_over(request: HttpRequest, reference: str) -> HttpResponse:
    """Take over from the person who claimed it, after a warning."""
    user = person(request)
    found = held_application(user, reference).application
    held = claim_on(found)
    back = reverse("desk:application", args=(reference,))
    if request.method == "POST":
        key = request.POST.get("claim", "")
        claims.take_over(found, seen=int(key) if key.isdecimal() and len(key) < 18 else 0, by=user)
        messages.success(request, _("已由您接手办理。"))
        return redirect(back)
    if held is None or held.user_id == user.pk:
        return redirect(back)
    verdict = can_decide(user, found)
    here = held.user.label in claims.others(found, user) or held.user.name in claims.others(found, user)
    context = {
        "application": found,
        "title": _("接手办理"),
        "verb": _("接手办理"),
        "consequences": [
            _("{who}认领了这件申请，现在{there}。").format(
                who=held.user.label, there=_("正打开着这一页") if here else _("没有打开这一页")
            ),
            _("接手以后由您办理，{who}不能再判定、退回或者推荐，除非再接回去。").format(who=held.user.label),
            _("已有的判定和写好的问题都保留；接手记在历史记录里。请先打个招呼。"),
        ],
        "hidden": {"claim": held.pk},
        "refused": "" if verdict else verdict.reason,
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context)


@never_cache
@require_POST
def readers(request: HttpRequest, reference: str) -> JsonResponse:
    """The heartbeat of the review page: answers {"words", "changed": {}} as js/presence.js reads it; 401 when signed out."""
    if not isinstance(request.user, User):
        return JsonResponse({"sign_in": reverse("account_login")}, status=401)
    seen = held_application(request.user, reference)
    words = presence_words(claims.arrive(seen.application, request.user))
    return JsonResponse({"words": words, "changed": {}}, json_dumps_params={"ensure_ascii": False})


def presence_words(names: list[str]) -> str:
    """Who else has the page open, in words."""
    return _("{names}也打开着这件申请。").format(names=_("、").join(names)) if names else ""
