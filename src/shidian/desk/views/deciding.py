"""What the last stage decides: one table over all candidates, one confirmation by another person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.audit.queries import timeline
from shidian.calls.models import Call
from shidian.calls.queries import stage
from shidian.core import clock
from shidian.core.errors import Invalid
from shidian.desk.access import deciding_office, last_office, officers_only, own_ruling, person, seen_ruling
from shidian.desk.cases import short_area
from shidian.desk.forms.checks import Problem
from shidian.desk.forms.words import ReasonForm, posted
from shidian.dispatch import ranking
from shidian.dispatch.models import ListItem
from shidian.dispatch.queries import first_offices
from shidian.documents.sheets import write_rows
from shidian.organisations.models import Office
from shidian.reviews import deciding
from shidian.reviews.deciding import Candidate, Typed, candidates, open_ruling
from shidian.reviews.models import Choice, Ruling
from shidian.reviews.rules import can_confirm_ruling, can_rule, can_send_ruling_back
from shidian.ui.files import sheet
from shidian.ui.history import entries
from shidian.ui.templatetags.ui import form_problems

GET_POST = ("GET", "HEAD", "POST")
PER_PAGE = 50
CHOICE_TONES = {Choice.SELECT: "done", Choice.NOT_SELECT: "stop", Choice.PUT_OFF: "wait"}
DECISION_TONES = {
    "recommend": "done",
    "decline": "stop",
    "put_off": "wait",
    "strike_off": "stop",
    "return": "void",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate as its row shows it: what is typed, or what was decided."""

    candidate: Candidate
    area: str
    sender: str
    rank: int | None
    choice: str
    reason: str
    number: int
    choice_wrong: str
    reason_wrong: str
    word: str
    tone: str
    scores: list[tuple[str, Any]]  # what others worked out, by its words


@require_http_methods(GET_POST)
@officers_only
def decisions(request: HttpRequest, call: str) -> HttpResponse:
    """All candidates: decision and reason typed in the row, saved as drafts."""
    user = person(request)
    here, office = last_office(user, call) if request.method == "POST" else deciding_office(user, call)
    allowed = can_rule(user, here, office)
    typed: dict[str, Typed] = {}
    faults: list[deciding.Fault] = []
    if request.method == "POST":
        typed = _typed(request.POST.dict())
        faults = deciding.save(here, office, typed, by=user)
        if not faults and "propose" in request.POST:
            _chosen, unfit = deciding.ready(candidates(here, office), by=user)
            faults = [fault for fault in unfit if fault.reference in typed]
            if not faults:
                return redirect("desk:decisions-proposal", here.key)
            typed = {}  # it is all saved: the rows are shown as they stand, with what is wrong
        elif not faults:
            messages.success(request, _("已保存 {count} 行。").format(count=len(typed)))
            at = request.POST.get("page", "")
            return redirect(
                reverse("desk:decisions", args=(here.key,)) + (f"?page={at}" if at.isdecimal() else "")
            )
    everything = candidates(here, office)
    page = Paginator(everything, PER_PAGE).get_page(request.POST.get("page") or request.GET.get("page"))
    open_rows = [row for row in everything if row.is_open]
    chosen = [row for row in open_rows if row.draft and row.draft.choice]
    context = {
        "call": here,
        "office": office,
        "page": page,
        "rows": _rows(here, office, list(page.object_list), typed, faults),
        "choices": Choice.choices,
        "deciding": allowed,
        "ruling": open_ruling(here, office),
        "earlier": Ruling.objects.filter(call=here, office=office)
        .select_related("proposed_by", "closed_by")
        .order_by("-pk")[:20],
        "open": len(open_rows),
        "chosen": len(chosen),
        "total": len(everything),
        "form_problems": [Problem(fault.message, f"{fault.place}-{fault.reference}") for fault in faults],
    }
    return render(request, "desk/decisions.html", context, status=422 if faults else 200)


def _typed(data: Mapping[str, str]) -> dict[str, Typed]:
    found = {}
    for name, choice in data.items():
        if name.startswith("choice-"):
            reference = name.removeprefix("choice-")
            number = data.get(f"number-{reference}", "0")
            reason = data.get(f"reason-{reference}", "").replace("\r\n", "\n").strip()
            found[reference] = Typed(
                choice, reason, int(number) if number.isdecimal() and len(number) < 10 else 0
            )
    return found


def _rows(
    call: Call,
    office: Office,
    shown: list[Candidate],
    typed: Mapping[str, Typed],
    faults: list[deciding.Fault],
) -> list[Row]:
    senders = first_offices([row.application for row in shown])
    ranks = dict(
        ListItem.objects.filter(
            application__in=[row.application.pk for row in shown],
            list__reference__in=[row.lodgement.via for row in shown],
        ).values_list("application", "rank")
    )
    wrong = {(fault.reference, fault.place): fault.message for fault in faults}
    offered = ranking.offered(call, office)
    return [
        _row(
            row,
            typed.get(row.application.reference),
            wrong,
            area=short_area(call, row.application.area),
            sender=senders.get(row.application.pk, ""),
            rank=ranks.get(row.application.pk),
            scores=[
                (_(label), scores[row.application.pk])
                for label, scores in offered
                if row.application.pk in scores
            ],
        )
        for row in shown
    ]


def _row(
    row: Candidate,
    given: Typed | None,
    wrong: Mapping[tuple[str, str], str],
    *,
    area: str,
    sender: str,
    rank: int | None,
    scores: list[tuple[str, Any]],
) -> Row:
    draft, reference = row.draft, row.application.reference
    clashed = (reference, "reason") in wrong and draft is not None
    choice = given.choice if given else draft.choice if draft else ""
    reason = given.reason if given else draft.reason if draft else ""
    word, tone = _standing(row)
    return Row(
        candidate=row,
        area=area,
        sender=sender,
        rank=rank,
        choice=choice,
        reason=reason,
        # Whoever was told of a colleague's text has seen it: saving again writes over it.
        number=draft.number if draft and (clashed or not given) else given.number if given else 0,
        choice_wrong=wrong.get((reference, "choice"), ""),
        reason_wrong=wrong.get((reference, "reason"), ""),
        word=word,
        tone=tone,
        scores=scores,
    )


def _standing(row: Candidate) -> tuple[str, str]:
    if row.item is not None:
        return _("{choice}，待确认").format(choice=row.item.get_choice_display()), "wait"
    decision = row.decision
    if row.application.state == "lodged":
        if decision is not None and decision.kind == "put_off":
            return str(decision.get_kind_display()), "wait"
        return _("待决定"), "turn"
    tone = DECISION_TONES.get(decision.kind, "idle") if decision else "idle"
    if row.application.state == "recommended":
        here = stage(row.application.call, row.application.stage)
        return _("已{verb}").format(verb=here.verb_recommend), tone
    return row.application.state_label, tone


@require_safe
@officers_only
def decisions_xlsx(request: HttpRequest, call: str) -> HttpResponse:
    """The same table as a sheet."""
    here, office = deciding_office(person(request), call)
    shown = _rows(here, office, candidates(here, office), {}, [])
    title = _("{batch}逐件决定").format(batch=here.definition.batch)
    columns = (
        _("申请编号"), _("试点名称"), _("承担单位"), _("推荐单位"), _("推荐排序"), _("领域"), _("情况"), _("决定"), _("理由"),
    )  # fmt: skip
    names = dict(Choice.choices)
    cells: list[list[Any]] = [
        [
            row.candidate.application.reference,
            row.candidate.application.name,
            row.candidate.application.lead.name,
            row.sender,
            row.rank,
            row.area,
            row.word,
            str(names.get(row.choice, "")),
            row.reason or _reasons(row.candidate),
        ]
        for row in shown
    ]
    now = clock.now().astimezone(here.zone)
    return sheet(write_rows(title, columns, cells, created=now), name=f"{title}-{now:%Y%m%d-%H%M}.xlsx")


def _reasons(row: Candidate) -> str:
    return "\n".join(reason.text for reason in row.decision.reasons.all()) if row.decision else ""


@require_http_methods(GET_POST)
@officers_only
def proposal(request: HttpRequest, call: str) -> HttpResponse:
    """The one confirmation of the handler: everything chosen goes to the approver."""
    user = person(request)
    here, office = last_office(user, call)
    allowed = can_rule(user, here, office)
    back = reverse("desk:decisions", args=(here.key,))
    if request.method == "POST":
        try:
            ruling = deciding.propose(here, office, by=user)
        except Invalid:
            return redirect("desk:decisions-proposal", here.key)
        messages.success(request, _("已提交 {reference}，等审批人确认。").format(reference=ruling.reference))
        return redirect("desk:ruling", ruling.reference)
    chosen, faults = deciding.ready(candidates(here, office), by=user) if allowed else ([], [])
    refusal = "" if allowed else allowed.reason
    if not refusal and open_ruling(here, office) is not None:
        refusal = _("上一批决定还没有确认，确认或者退回以后再提交。")
    if not refusal and not chosen:
        refusal = _("还没有写好的决定：先在表里选，再提交。")
    if not refusal and faults:
        refusal = _("；").join(fault.message for fault in faults[:10])
    context = {
        "crumbs": [(back, _("逐件决定"))],
        "title": _("提交这一批决定"),
        "verb": _("提交确认（{count} 件）").format(count=len(chosen)),
        "consequences": [
            *(
                _("{choice}：{count} 件").format(
                    choice=label,
                    count=sum(row.draft is not None and row.draft.choice == choice for row in chosen),
                )
                for choice, label in Choice.choices
            ),
            _("提交以后这些行不能再改；审批人（另一个人）确认才生效，也可以退回。"),
            _("确认以后，选报的列入清单，不予选报的到此结束，理由显示给承担单位；暂缓的留着以后决定。"),
        ],
        "refused": refusal,
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context)


@require_safe
@officers_only
def ruling(request: HttpRequest, reference: str) -> HttpResponse:
    """Decisions put forward together: what each says, and who confirmed them."""
    user = person(request)
    found = seen_ruling(user, reference)
    items = list(found.items.select_related("lodgement__application__lead").order_by("pk"))
    for item in items:
        item.lodgement.application.call = found.call
    context = {
        "ruling": found,
        "call": found.call,
        "rows": [(item, CHOICE_TONES[Choice(item.choice)]) for item in items],
        "sums": [
            (label, CHOICE_TONES[Choice(choice)], sum(item.choice == choice for item in items))
            for choice, label in Choice.choices
        ],
        "confirming": can_confirm_ruling(user, found),
        "sending_back": can_send_ruling_back(user, found),
        "tone": {"proposed": "turn", "confirmed": "done"}.get(found.state, "void"),
        "history": entries(timeline(found.chain)),
    }
    return render(request, "desk/ruling.html", context)


@require_http_methods(GET_POST)
@officers_only
def ruling_confirmation(request: HttpRequest, reference: str) -> HttpResponse:
    """The second person confirms; every decision takes effect at once."""
    user = person(request)
    found = own_ruling(user, reference)
    if request.method == "POST":
        deciding.confirm(found, by=user)
        messages.success(request, _("已确认，{count} 件决定生效。").format(count=found.items.count()))
        return redirect("desk:ruling", reference)
    verdict = can_confirm_ruling(user, found)
    context = _ruling_page(
        found,
        title=_("确认这一批决定"),
        verb=_("确认"),
        consequences=[
            _("共 {count} 件，由 {who} 提出；您以审批人身份负责。").format(
                count=found.items.count(), who=found.proposed_by.label
            ),
            _("选报的列入清单；不予选报的到此结束，理由显示给承担单位；暂缓的留着以后决定。"),
            _("有一件与提交时不同，就一件也不生效。"),
        ],
        refused="" if verdict else verdict.reason,
    )
    return render(request, "desk/confirmation.html", context)


@require_http_methods(GET_POST)
@officers_only
def ruling_sending_back(request: HttpRequest, reference: str) -> HttpResponse:
    """Give it back with a reason."""
    user = person(request)
    found = own_ruling(user, reference)
    form = ReasonForm(*posted(request), hint=_("写清楚哪一件要怎样改。"))
    if request.method == "POST" and form.is_valid():
        deciding.send_back(found, by=user, reason=form.cleaned_data["reason"])
        messages.success(request, _("已退回，表里的决定和理由都还在。"))
        return redirect("desk:decisions", found.call.key)
    verdict = can_send_ruling_back(user, found)
    context = _ruling_page(
        found,
        title=_("退回这一批决定"),
        verb=_("退回"),
        stop=True,
        consequences=[_("一件也不生效；经办人可以改了再提交。")],
        form=form,
        form_problems=form_problems(form),
        refused="" if verdict else verdict.reason,
    )
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


def _ruling_page(found: Ruling, **more: Any) -> dict[str, Any]:
    back = reverse("desk:ruling", args=(found.reference,))
    crumbs = [(reverse("desk:decisions", args=(found.call.key,)), _("逐件决定")), (back, found.reference)]
    return {"crumbs": crumbs, "back_url": back, **more}
