"""The stage board of a call: how every office stands whose lists arrive at the reader's own, with totals that add up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shidian.accounts.models import User
from shidian.applications.models import Lodgement
from shidian.calls.definition import Stage
from shidian.calls.models import Call
from shidian.calls.queries import office_after, offices_at, stage_of, window
from shidian.core import clock
from shidian.desk.access import officers_only, person
from shidian.dispatch.models import CandidateList
from shidian.dispatch.publishing.queries import numbers
from shidian.dispatch.queries import calls_of, is_last_stage, works_as_registry
from shidian.documents.sheets import write_rows
from shidian.organisations.models import Office
from shidian.reviews.queries import Counts, counts
from shidian.ui.files import sheet


@dataclass(frozen=True, slots=True)
class Row:
    """One office: its counts, its lists, and whether it is late."""

    office: Office
    counted: Counts
    lists: int
    last: datetime | None
    until: datetime | None
    state: str  # of the list that is not sent yet, in words
    overdue: bool

    @property
    def tone(self) -> str:
        """The colour of its chip."""
        if self.overdue:
            return "stop"
        if self.lists:
            return "done"
        return "wait" if self.counted.received else "idle"

    @property
    def word(self) -> str:
        """How it stands in one word."""
        if self.overdue:
            return _("逾期未报")
        if self.lists:
            return _("已报送")
        return self.state or (_("审查中") if self.counted.received else _("没有收到"))


@dataclass(frozen=True, slots=True)
class Board:
    """One stage with its offices and their total."""

    stage: Stage
    rows: list[Row]
    total: Counts

    @property
    def adds_up(self) -> bool:
        """Whether the parts of the total make the whole."""
        return self.total.adds_up


@require_safe
@officers_only
def overview(request: HttpRequest, call: str) -> HttpResponse:
    """All stages below the reader's own."""
    user = person(request)
    here, office, boards = _boards(user, call)
    return render(
        request,
        "desk/overview.html",
        {
            "call": here,
            "office": office,
            "boards": boards,
            "lists": _lists(here, boards),
            "links": office is not None and stage_of(here, office) is not None,
            "decides": user.is_auditor or (office is not None and is_last_stage(here, office)),
            "public": numbers(here),
        },
    )


@require_safe
@officers_only
def overview_xlsx(request: HttpRequest, call: str) -> HttpResponse:
    """The same as a sheet."""
    here, _rest, boards = _boards(person(request), call)
    columns = [
        _("环节"),
        _("机构"),
        _("收到"),
        _("待审查"),
        _("退回补正"),
        _("不予推荐"),
        _("已推荐"),
        _("已报送"),
        _("已撤回"),
        _("并入或撤下"),
        _("报送次数"),
        _("最近报送"),
        _("情况"),
    ]
    rows: list[list[Any]] = []
    for board in boards:
        for row in board.rows:
            last = row.last.astimezone(here.zone).replace(microsecond=0) if row.last else None
            rows.append([board.stage.label, row.office.name, *_cells(row.counted), row.lists, last, row.word])
        rows.append(
            [
                board.stage.label,
                _("合计"),
                *_cells(board.total),
                sum(row.lists for row in board.rows),
                None,
                "",
            ]
        )
    now = clock.now().astimezone(here.zone)
    title = _("{batch}各机构进度").format(batch=here.definition.batch)
    return sheet(write_rows(title, columns, rows, created=now), name=f"{title}-{now:%Y%m%d-%H%M}.xlsx")


def _cells(counted: Counts) -> list[int]:
    return [
        counted.received,
        counted.to_review,
        counted.returned,
        counted.declined,
        counted.recommended,
        counted.sent,
        counted.withdrawn,
        counted.elsewhere,
    ]


def _boards(user: User, key: str) -> tuple[Call, Office | None, list[Board]]:
    """The stages that a person may look down upon: those before the own office, all for a registry and an auditor."""
    mine = [(call, office) for call, office in calls_of(user) if call.key == key]
    if user.is_auditor:
        found = Call.objects.public().filter(key=key).first()
        if found is None:
            raise Http404
        return (
            found,
            None,
            [_board(found, stage, offices_at(found, stage.key)) for stage in found.definition.stages],
        )
    for call, office in mine:
        stages = call.definition.stages
        if works_as_registry(call, office):
            until = [stage.key for stage in stages].index(call.definition.delivery.after_stage) + 1
            below = [(stage, offices_at(call, stage.key)) for stage in stages[:until]]
            return call, office, [_board(call, stage, offices) for stage, offices in below]
        here = stage_of(call, office)
        if here is not None and here.key != stages[0].key:
            at = [stage.key for stage in stages].index(here.key)
            below = [
                (stage, [sender for sender in offices_at(call, stage.key) if _reaches(call, sender, office)])
                for stage in stages[:at]
            ]
            return (
                call,
                office,
                [_board(call, stage, offices) for stage, offices in [*below, (here, [office])]],
            )
    raise Http404


def _reaches(call: Call, sender: Office, office: Office) -> bool:
    """Whether what an office sends comes to another, at whatever later stage."""
    following = office_after(call, sender)
    while following is not None and following.pk != office.pk:
        following = office_after(call, following)
    return following is not None


def _board(call: Call, stage: Stage, offices: list[Office]) -> Board:
    sent: dict[int, dict[str, Any]] = {
        row["office"]: {**row}
        for row in CandidateList.objects.filter(call=call, state="dispatched", office__in=offices)
        .values("office")
        .annotate(lists=Count("pk"), last=Max("dispatched_at"))
        .order_by()
    }
    waiting = {
        listed.office_id: listed.state_label
        for listed in CandidateList.objects.filter(call=call, office__in=offices).exclude(state="dispatched")
    }
    busy = set(
        Lodgement.objects.filter(application__call=call, office__in=offices).values_list("office", flat=True)
    )
    rows = [
        _row(call, office, sent.get(office.pk), waiting.get(office.pk, ""), office.pk in busy)
        for office in offices
    ]
    return Board(stage, rows, _total(rows))


def _row(call: Call, office: Office, sent: dict[str, Any] | None, state: str, busy: bool) -> Row:
    counted = counts(call, office) if busy else Counts(0, 0, 0, 0, 0, 0, 0)
    until = window(call, office).dispatch_until
    left = counted.to_review + counted.recommended
    return Row(
        office=office,
        counted=counted,
        lists=sent["lists"] if sent else 0,
        last=sent["last"] if sent else None,
        until=until,
        state=state,
        overdue=bool(left and until and clock.now() > until),
    )


def _total(rows: list[Row]) -> Counts:
    """The counts of all offices together."""
    return Counts(
        received=sum(row.counted.received for row in rows),
        to_review=sum(row.counted.to_review for row in rows),
        returned=sum(row.counted.returned for row in rows),
        declined=sum(row.counted.declined for row in rows),
        recommended=sum(row.counted.recommended for row in rows),
        sent=sum(row.counted.sent for row in rows),
        withdrawn=sum(row.counted.withdrawn for row in rows),
        merged=sum(row.counted.merged for row in rows),
        called_back=sum(row.counted.called_back for row in rows),
    )


def _lists(call: Call, boards: list[Board]) -> list[CandidateList]:
    """The lists that arrived from these offices, the newest first."""
    offices = [row.office for board in boards for row in board.rows]
    return list(
        CandidateList.objects.filter(call=call, office__in=offices, state="dispatched")
        .select_related("office")
        .annotate(count=Count("items"))
        .order_by("-dispatched_at")
    )
