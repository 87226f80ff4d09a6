"""A panel's meeting as it is kept and as its members follow it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.accounts.models import User
from shidian.core.errors import Invalid
from shidian.desk.access import person
from shidian.desk.forms.scoring import PlanForm
from shidian.desk.forms.words import ReasonForm, posted
from shidian.desk.judging import looked_panel, run_panel, seen_panel, way
from shidian.desk.views.reader import title_of
from shidian.reviews.experts.models import Panel
from shidian.reviews.experts.queries import readable
from shidian.reviews.scoring import meeting as verbs
from shidian.reviews.scoring import papers, queries, rules
from shidian.reviews.scoring.meeting import Turn, meeting_of, members, turns
from shidian.reviews.scoring.models import Meeting, Vote
from shidian.ui.files import made, stored
from shidian.ui.templatetags.ui import form_problems

GET_POST = ("GET", "HEAD", "POST")
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _to(panel: Panel, anchor: str = "") -> HttpResponseRedirect:
    return redirect(reverse("desk:meeting", args=(panel.pk,)) + (f"#{anchor}" if anchor else ""))


@require_safe
@login_required
def meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """The meeting as its keeper works on it: who is there, the order, who leaves, votes, notes, minutes."""
    return _page(request, looked_panel(person(request), pk))


def _page(
    request: HttpRequest, panel: Panel, *, invalid: Invalid | None = None, item: int | None = None
) -> HttpResponse:
    """The page; after a refused post with what was typed and what is wrong with it."""
    user = person(request)
    found = meeting_of(panel)
    scoring = queries.scoring_of(panel)
    typed = request.POST.dict() if invalid else {}
    wrong = {problem.anchor: problem.message for problem in invalid.problems} if invalid else {}
    context: dict[str, Any] = {
        "panel": panel,
        "crumbs": way(user, panel),
        "meeting": found,
        "scoring": scoring,
        "terms": verbs.terms_in_words(scoring.meeting),
        "keeping": rules.can_keep_meeting(user, panel, found),
        "runs": bool(rules.can_run(user, panel)),
        "form_problems": invalid.problems if invalid else [],
    }
    if found is not None:
        everybody = members(found)
        rows = [_row(turn, typed if turn.item.pk == item else {}, wrong, found) for turn in turns(found)]
        context |= {
            "members": everybody,
            "present": sum(member.present for member in everybody),
            "rows": rows,
            "recording": rules.can_record(user, found),
            "reopening": rules.can_reopen_meeting(user, found),
            "notes": typed.get("notes", found.notes) if item is None else found.notes,
            "choices": Vote.Choice.choices,
        }
    return render(request, "desk/meeting.html", context, status=422 if invalid else 200)


def _row(turn: Turn, typed: Mapping[str, str], wrong: Mapping[str, str], found: Meeting) -> dict[str, Any]:
    pk = turn.item.pk
    counts = {"agree": turn.tally.agree, "against": turn.tally.against, "abstain": turn.tally.abstain}
    return {
        "turn": turn,
        "item": turn.item,
        "current": found.current_id == pk,
        "note": typed.get("note", turn.item.note),
        "reason": typed.get("reason", ""),
        "reason_wrong": wrong.get(f"reason-{pk}", ""),
        "named": [
            {
                "member": member,
                "choice": typed.get(f"vote-{member.pk}", turn.votes.get(member.pk, "")),
                "wrong": wrong.get(f"vote-{pk}-{member.pk}", ""),
            }
            for member in turn.room
        ],
        "counted": [
            {
                "choice": choice,
                "label": label,
                "typed": typed.get(f"vote-{choice}", str(counts[choice]) if turn.tally.cast else ""),
                "wrong": wrong.get(f"vote-{pk}-{choice}", ""),
            }
            for choice, label in Vote.Choice.choices
        ],
    }


def _kept(panel: Panel) -> Meeting:
    found = meeting_of(panel)
    if found is None:
        raise Http404
    return found


@require_http_methods(GET_POST)
@login_required
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan the meeting, or change its plan."""
    user = person(request)
    panel = run_panel(user, pk)
    found = meeting_of(panel)
    initial = {}
    if found is not None:
        at = timezone.localtime(found.held_at, panel.call.zone)
        initial = {
            "day": f"{at:%Y-%m-%d}",
            "clock": f"{at:%H:%M}",
            "place": found.place,
            "chair": found.chair,
        }
    form = PlanForm(*posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.plan(panel, by=user, **form.facts(panel.call.zone))
        except Invalid as invalid:
            for problem in invalid.problems:
                form.add_error(problem.anchor.removeprefix("id_"), problem.message)
        else:
            messages.success(request, _("评审会的安排已保存。"))
            return _to(panel)
    allowed = rules.can_keep_meeting(user, panel, found)
    context = {
        "crumbs": [
            (reverse("desk:panel", args=(pk,)), panel.name),
            (reverse("desk:meeting", args=(pk,)), _("评审会")),
        ],
        "title": _("更改评审会的安排") if found else _("安排“{panel}”的评审会").format(panel=panel.name),
        "verb": _("保存安排"),
        "consequences": [
            _("评审组分到的申请都列入议程，专家都列为成员；以后新分配的，再保存一次就补上。"),
            _("有利害关系的专家自动列为回避，不能参加那一项的讨论和表决。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": "" if allowed else allowed.reason,
        "back_url": reverse("desk:meeting", args=(pk,)),
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


def _keys(request: HttpRequest, name: str) -> list[int]:
    return [int(value) for value in request.POST.getlist(name) if value.isdecimal() and len(value) < 18]


def _order(request: HttpRequest, found: Meeting, user: User) -> None:
    """Numbers as typed, or one step by a button."""
    rows = [turn.item for turn in turns(found)]
    places = {row.pk: at for at, row in enumerate(rows, start=1)}
    wanted = []
    for row in rows:
        typed = request.POST.get(f"place-{row.pk}", "").strip()
        place = int(typed) if typed.isdecimal() and len(typed) < 6 else places[row.pk]
        moved = (place > places[row.pk]) - (place < places[row.pk])
        wanted.append((place, moved, places[row.pk], row.pk))
    order = [pk for *_rest, pk in sorted(wanted)]
    for name, step in (("up", -1), ("down", 1)):
        for pk in _keys(request, name):
            if pk in order:
                at = order.index(pk)
                order.insert(max(at + step, 0), order.pop(at))
    verbs.order(found, order, by=user)


def _attend(request: HttpRequest, found: Meeting, user: User) -> None:
    verbs.attend(found, _keys(request, "present"), by=user)


def _start(request: HttpRequest, found: Meeting, user: User) -> None:
    verbs.start(found, by=user)


def _notes(request: HttpRequest, found: Meeting, user: User) -> None:
    verbs.note(found, request.POST.get("notes", ""), by=user)


ACTS: dict[str, tuple[Callable[[HttpRequest, Meeting, User], None], str]] = {
    "order": (_order, "h-agenda"),
    "attendance": (_attend, "h-members"),
    "start": (_start, "h-agenda"),
    "notes": (_notes, "h-notes"),
}
"""What is posted for the whole meeting, and where the page is read on."""


@require_POST
@login_required
def act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one thing for the whole meeting."""
    user = person(request)
    panel = run_panel(user, pk)
    found = _kept(panel)
    if act not in ACTS:
        raise Http404
    verb, anchor = ACTS[act]
    try:
        verb(request, found, user)
    except Invalid as invalid:
        return _page(request, panel, invalid=invalid)
    return _to(panel, anchor)


def _call(request: HttpRequest, found: Meeting, user: User, item: int) -> None:
    verbs.call_item(found, item, by=user)


def _end(request: HttpRequest, found: Meeting, user: User, item: int) -> None:
    _note(request, found, user, item)
    verbs.end_item(found, item, by=user)


def _member(request: HttpRequest) -> int:
    return next(iter(_keys(request, "member")), 0)


def _leave(request: HttpRequest, found: Meeting, user: User, item: int) -> None:
    if "note" in request.POST:
        verbs.note(found, request.POST["note"], by=user, pk=item)
    verbs.leave(found, item, _member(request), by=user, reason=request.POST.get("reason", ""))


def _come_back(request: HttpRequest, found: Meeting, user: User, item: int) -> None:
    verbs.come_back(found, item, _member(request), by=user)


def _vote(request: HttpRequest, found: Meeting, user: User, item: int) -> None:
    verbs.vote(found, item, _votes(request), by=user)


def _votes(request: HttpRequest) -> dict[str, str]:
    return {
        name.removeprefix("vote-"): value
        for name, value in request.POST.dict().items()
        if name.startswith("vote-")
    }


def _note(request: HttpRequest, found: Meeting, user: User, item: int) -> None:
    """What was said of an item, with its votes when there are any: the two stand in one form, and none is lost."""
    if "note" in request.POST:
        verbs.note(found, request.POST["note"], by=user, pk=item)
    if any(value.strip() for value in _votes(request).values()):
        _vote(request, found, user, item)


ITEM_ACTS: dict[str, Callable[[HttpRequest, Meeting, User, int], None]] = {
    "call": _call,
    "end": _end,
    "leave": _leave,
    "return": _come_back,
    "vote": _vote,
    "note": _note,
}
"""What is posted for one item of the agenda."""


@require_POST
@login_required
def item_act(request: HttpRequest, pk: int, item: int, act: str) -> HttpResponse:
    """Do one thing for an item of the agenda."""
    user = person(request)
    panel = run_panel(user, pk)
    found = _kept(panel)
    if act not in ITEM_ACTS:
        raise Http404
    try:
        ITEM_ACTS[act](request, found, user, item)
    except Invalid as invalid:
        return _page(request, panel, invalid=invalid, item=item)
    return _to(panel, f"item-{item}")


@require_http_methods(GET_POST)
@login_required
def closing(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the meeting and freeze its minutes."""
    user = person(request)
    panel = run_panel(user, pk)
    found = _kept(panel)
    if request.method == "POST":
        closed = verbs.close(found, by=user)
        code = closed.version.code if closed.version else ""
        messages.success(request, _("已散会，会议纪要冻结，版本码 {code}。").format(code=code))
        return _to(panel)
    everything = turns(found)
    left = [turn for turn in everything if not turn.is_over]
    unvoted = [turn for turn in everything if turn.is_over and not turn.tally.cast]
    consequences = [
        _("会议纪要冻结，得到版本码，可以打印成 PDF 或者下载 Word，由到会成员签名。"),
        _("散会以后要更正，须写明理由重新打开，冻结成新的一版。"),
    ]
    if unvoted:
        consequences.insert(0, _("有 {count} 项讨论了但没有表决。").format(count=len(unvoted)))
    if left:
        consequences.insert(0, _("还有 {count} 项没有讨论，纪要里写“没有讨论”。").format(count=len(left)))
    allowed = rules.can_record(user, found)
    refused = "" if allowed else allowed.reason
    if allowed and found.current_id is not None:
        refused = _("还有一项正在讨论，请先结束这一项。")
    context = {
        "crumbs": [(reverse("desk:meeting", args=(pk,)), _("评审会"))],
        "title": _("散会并冻结会议纪要"),
        "verb": _("散会"),
        "consequences": consequences,
        "refused": refused,
        "back_url": reverse("desk:meeting", args=(pk,)),
    }
    return render(request, "desk/confirmation.html", context)


@require_http_methods(GET_POST)
@login_required
def reopening(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct closed minutes."""
    user = person(request)
    panel = run_panel(user, pk)
    found = _kept(panel)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        verbs.reopen(found, by=user, reason=form.cleaned_data["reason"])
        messages.success(request, _("会议记录已重新打开，更正以后请再次散会。"))
        return _to(panel)
    allowed = rules.can_reopen_meeting(user, found)
    context = {
        "crumbs": [(reverse("desk:meeting", args=(pk,)), _("评审会"))],
        "title": _("更正会议纪要"),
        "verb": _("重新打开"),
        "consequences": [_("已冻结的纪要保留；更正以后再次散会，冻结成新的一版。")],
        "form": form,
        "form_problems": form_problems(form),
        "refused": "" if allowed else allowed.reason,
        "back_url": reverse("desk:meeting", args=(pk,)),
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


# What members follow


@never_cache
@require_safe
@login_required
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """The order as it stands, for members and for the screen in the room; the page keeps itself up to date."""
    panel, looks = seen_panel(person(request), pk)
    return render(request, "desk/meeting_live.html", _live(request, panel, looks=looks))


@never_cache
@require_safe
@login_required
def live_part(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that is asked for again and again."""
    panel, looks = seen_panel(person(request), pk)
    return render(request, "desk/parts/meeting_live.html", _live(request, panel, looks=looks))


def _live(request: HttpRequest, panel: Panel, *, looks: bool) -> dict[str, Any]:
    """The agenda as this person may see it: who must leave for an item, or never read it, does not learn what it is."""
    found = meeting_of(panel)
    rows: list[dict[str, Any]] = []
    if found is not None:
        mine = (
            {}
            if looks
            else {row.application_id: row for row in readable(person(request)).filter(panel=panel)}
        )
        for number, turn in enumerate(turns(found), start=1):
            application = turn.item.application
            own = mine.get(application.pk)
            me = any(row.member.expert.user_id == person(request).pk for row in turn.out)
            known = looks or (own is not None and not me)
            name = application.name if looks or own is None else title_of(own)
            rows.append(
                {
                    "number": number,
                    "turn": turn,
                    "current": found.current_id == turn.item.pk,
                    "name": name if known else "",
                    "reference": application.reference if known else "",
                    "leaves": me,
                }
            )
    return {
        "panel": panel,
        "meeting": found,
        "rows": rows,
        "now": next((row for row in rows if row["current"]), None),
        "looks": looks,
    }


# Minutes


@require_safe
@login_required
def minutes_pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The frozen minutes as paper."""
    version = _kept(looked_panel(person(request), pk)).version
    if version is None:
        raise Http404
    return stored(papers.minutes_pdf(version))


@require_safe
@login_required
def minutes_docx(request: HttpRequest, pk: int) -> HttpResponse:
    """The frozen minutes for Word."""
    version = _kept(looked_panel(person(request), pk)).version
    if version is None:
        raise Http404
    name = f"{version.data['title']}-{version.data['panel']}.docx"
    return made(papers.minutes_docx(version), name=name, media_type=DOCX, download=True)
