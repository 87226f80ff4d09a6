"""Where an officer begins: every call and office worked for, what lies there, and the one next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.calls.queries import Window, stage_of, window
from shidian.desk import cases
from shidian.desk.access import officers_only, person
from shidian.desk.cases import Tab
from shidian.desk.turns import turn
from shidian.dispatch.models import CandidateList
from shidian.dispatch.queries import calls_of, is_last_stage, open_list, registered, works_as_registry
from shidian.dispatch.rules import can_approve, can_dispatch, can_seal
from shidian.dispatch.waiving import receives
from shidian.organisations.models import Office, Officer
from shidian.organisations.rules import holds_office
from shidian.reviews.queries import Counts, counts


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next here: words, where, and whether it is this person's turn at all."""

    text: str
    label: str = ""
    url: str = ""
    tone: str = "wait"


@dataclass(frozen=True, slots=True)
class Place:
    """One office in one call, as its officer needs it."""

    call: Call
    office: Office
    roles: str
    stage: str
    window: Window | None
    counted: Counts | None
    tabs: list[Tab]
    listed: CandidateList | None
    sent: int
    step: Step
    paper_total: int
    paper_missing: int
    until: datetime | None
    sees_others: bool
    keeps_lists: bool
    keeps_paper: bool
    waives: bool = False

    @property
    def closed(self) -> bool:
        """The call is over and nothing is left in hand: its dates are past, not overdue."""
        left = self.counted.to_review + self.counted.recommended if self.counted else self.paper_missing
        return self.call.is_over and not left


@require_safe
@officers_only
def home(request: HttpRequest) -> HttpResponse:
    """All places of the person, each with its counts and its next step."""
    user = person(request)
    places = [_place(user, call, office) for call, office in calls_of(user)]
    first = next((place for place in places if place.step.url and place.step.tone == "turn"), None)
    return render(request, "desk/home.html", {"places": places, "first": first, "auditor": user.is_auditor})


def _place(user: User, call: Call, office: Office) -> Place:
    roles = Officer.objects.filter(user=user, office=office)
    words = _("、").join(officer.get_role_display() for officer in roles)
    here = stage_of(call, office)
    if here is None:
        return _registry(user, call, office, words)
    counted = counts(call, office)
    listed = open_list(call, office)
    limits = window(call, office)
    last = is_last_stage(call, office)
    waiting = turn(user, call, office) if last else None
    return Place(
        call=call,
        office=office,
        roles=words,
        stage=here.label,
        window=limits,
        counted=counted,
        tabs=cases.tabs(call, office, counted),
        listed=listed,
        sent=CandidateList.objects.filter(call=call, office=office, state="dispatched").count(),
        step=Step(*waiting, tone="turn") if waiting else _step(user, (call, office), counted, listed),
        paper_total=0,
        paper_missing=0,
        until=limits.dispatch_until,
        sees_others=here.key != call.definition.stages[0].key,
        keeps_lists=last and holds_office(user, office, Officer.Role.HANDLER, Officer.Role.APPROVER),
        keeps_paper=last,
        waives=receives(call, office),
    )


def _step(user: User, place: tuple[Call, Office], counted: Counts, listed: CandidateList | None) -> Step:
    """The most urgent thing first: a list under way, then what is to be reviewed, then a list to be begun."""
    call, office = place
    here = {"call": call.key, "office": office.key}
    desk, paper = reverse("desk:applications", kwargs=here), reverse("desk:list", kwargs=here)
    handles = holds_office(user, office, Officer.Role.HANDLER)
    under_way = _list_step(user, listed, paper) if listed is not None else None
    if under_way is not None and (under_way.tone == "turn" or not (handles and counted.to_review)):
        return under_way
    if counted.to_review:
        if handles:
            return Step(
                _("有 {to_review} 件申请等着审查").format(to_review=counted.to_review),
                _("去审查"),
                f"{desk}?state=to_review",
                "turn",
            )
        return Step(
            _("经办人正在审查 {to_review} 件申请").format(to_review=counted.to_review), _("看申请"), desk
        )
    if counted.recommended:
        if handles:
            return Step(
                _("有 {recommended} 件可以列入清单").format(recommended=counted.recommended),
                _("编制清单"),
                paper,
                "turn",
            )
        return Step(_("经办人正在编制清单"), _("看清单"), paper)
    if not counted.received and call.is_over:
        return Step(_("本批次已经结束"), tone="over")
    if not counted.received:
        return Step(_("还没有收到申请；有单位递交，这里就会出现"), tone="idle")
    return Step(_("现在没有要办的事"), _("看申请"), desk, "done")


def _list_step(user: User, listed: CandidateList, url: str) -> Step | None:
    """What a list that was put forward needs next; None while it is being prepared."""
    if listed.state == "proposed":
        if can_approve(user, listed):
            return Step(
                _("清单 {listed} 等您审批").format(listed=listed.reference), _("审批清单"), url, "turn"
            )
        return Step(_("清单已提交，等审批人审批"), _("看清单"), url)
    if listed.state == "confirmed":
        if can_dispatch(user, listed):
            return Step(_("清单已盖章，可以报送"), _("报送清单"), url, "turn")
        if listed.sealed_scan_id is None and can_seal(user, listed):
            return Step(_("清单已审批：打印、盖章，再上传扫描件"), _("盖章和报送"), url, "turn")
        return Step(_("清单已审批，等审批人报送"), _("看清单"), url)
    return None


def _registry(user: User, call: Call, office: Office, words: str) -> Place:
    rows = registered(call) if works_as_registry(call, office) else []
    missing = sum(bool(row.missing) for row in rows)
    url = reverse("desk:registry", kwargs={"call": call.key})
    if not rows:
        step = Step(_("还没有清单报送来；推荐单位报送以后，这里就会出现"), tone="idle")
    elif missing:
        step = Step(
            _("有 {missing} 件申请的材料还没有到齐").format(missing=missing),
            _("登记材料"),
            f"{url}?missing=1",
            "turn",
        )
    else:
        step = Step(_("所有申请的材料都已到齐"), _("看登记表"), url, "done")
    return Place(
        call=call,
        office=office,
        roles=words,
        stage=_("登记纸质和电子材料"),
        window=None,
        counted=None,
        tabs=[],
        listed=None,
        sent=0,
        step=step,
        paper_total=len(rows),
        paper_missing=missing,
        until=None,
        sees_others=True,
        keeps_lists=False,
        keeps_paper=bool(rows),
    )
