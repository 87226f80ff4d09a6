"""What the last stage decides on its candidates: saved as drafts, put forward together, confirmed by a second person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications.models import Application, Lodgement
from shidian.audit.actions import move, record
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, Stale, require
from shidian.core.verdict import YES, Verdict, not_now
from shidian.documents.actions import freeze
from shidian.documents.models import Document
from shidian.organisations.models import Office
from shidian.reviews.models import Choice, Decision, DraftDecision, Reason, Ruling, RulingItem
from shidian.reviews.queries import arrived_at
from shidian.reviews.rules import can_confirm_ruling, can_recommend, can_rule, can_send_ruling_back

LONGEST = 2_000
NEEDS_REASON = (Choice.NOT_SELECT, Choice.PUT_OFF)
_KINDS = {
    Choice.SELECT: Decision.Kind.RECOMMEND,
    Choice.NOT_SELECT: Decision.Kind.DECLINE,
    Choice.PUT_OFF: Decision.Kind.PUT_OFF,
}


@dataclass(slots=True)
class Candidate:
    """An application that arrived at the last stage, with its draft, the ruling that holds it, or what was decided."""

    application: Application
    lodgement: Lodgement
    draft: DraftDecision | None
    item: RulingItem | None
    decision: Decision | None

    @property
    def is_open(self) -> bool:
        """Whether something can be typed in its row."""
        return self.application.state == "lodged" and self.item is None


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in a row: the choice, the reason, and the number of the draft that it started from."""

    choice: str
    reason: str
    number: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a row; `place` is choice or reason."""

    reference: str
    place: str
    message: str


def candidates(call: Call, office: Office) -> list[Candidate]:
    """Everything that arrived at an office of the last stage and is not withdrawn; a fixed number of queries."""
    rows = list(arrived_at(call, office).exclude(state="withdrawn").order_by("reference"))
    arrivals: dict[int, Lodgement] = {}
    for lodgement in Lodgement.objects.filter(
        application__in=[row.pk for row in rows], office=office
    ).order_by("pk"):
        arrivals[lodgement.application_id] = lodgement
    keys = [lodgement.pk for lodgement in arrivals.values()]
    drafts = {
        row.lodgement_id: row
        for row in DraftDecision.objects.filter(lodgement__in=keys).select_related("saved_by")
    }
    held = {
        row.lodgement_id: row
        for row in RulingItem.objects.filter(lodgement__in=keys, ruling__state="proposed").select_related(
            "ruling"
        )
    }
    decided: dict[int, Decision] = {}
    for decision in (
        Decision.objects.filter(lodgement__in=keys)
        .select_related("by", "confirmed_by")
        .prefetch_related("reasons")
        .order_by("pk")
    ):
        decided[decision.lodgement_id] = decision
    found = []
    for row in rows:
        arrival = arrivals[row.pk]
        arrival.application = row
        found.append(
            Candidate(row, arrival, drafts.get(arrival.pk), held.get(arrival.pk), decided.get(arrival.pk))
        )
    return found


def open_ruling(call: Call, office: Office) -> Ruling | None:
    """The ruling that waits for its approver."""
    return (
        Ruling.objects.filter(call=call, office=office, state="proposed")
        .select_related("proposed_by", "office", "call", "version")
        .first()
    )


@transaction.atomic
def save(call: Call, office: Office, typed: Mapping[str, Typed], *, by: User) -> list[Fault]:
    """Keep what was typed in the rows (by reference) as drafts; returns what could not be kept, each with its place.

    A row that somebody else saved meanwhile is not overwritten. Rows that cannot be decided now are refused by a fault.
    """
    require(can_rule(by, call, office))
    Office.objects.select_for_update().get(pk=office.pk)
    known = {row.application.reference: row for row in candidates(call, office)}
    faults = []
    for reference, given in typed.items():
        row = known.get(reference)
        if row is None or not row.is_open:
            faults.append(
                Fault(
                    reference,
                    "choice",
                    _("{reference} 现在不在待决定之列，请刷新页面。").format(reference=reference),
                )
            )
            continue
        if given.choice and given.choice not in Choice.values:
            faults.append(Fault(reference, "choice", _("请重新选择决定")))
            continue
        if len(given.reason) > LONGEST:
            message = _("理由最多 {longest} 字，现在 {count} 字").format(
                longest=LONGEST, count=len(given.reason)
            )
            faults.append(Fault(reference, "reason", message))
            continue
        draft = row.draft
        if draft is None:
            if given.choice or given.reason:
                DraftDecision.objects.create(
                    lodgement=row.lodgement,
                    choice=given.choice,
                    reason=given.reason,
                    number=1,
                    saved_at=clock.now(),
                    saved_by=by,
                )
            continue
        if (draft.choice, draft.reason) == (given.choice, given.reason):
            continue
        if draft.number != given.number:
            message = _("{who} 刚才改过这一行：{choice}，{reason}。请看过以后再保存。").format(
                who=draft.saved_by.label,
                choice=draft.get_choice_display() or _("未定"),
                reason=draft.reason or _("没有理由"),
            )
            faults.append(Fault(reference, "reason", message))
            continue
        draft.choice, draft.reason, draft.number = given.choice, given.reason, draft.number + 1
        draft.saved_at, draft.saved_by = clock.now(), by
        draft.save()
    return faults


def ready(rows: Sequence[Candidate], *, by: User) -> tuple[list[Candidate], list[Fault]]:
    """The open rows with a choice, and what stands against putting them forward."""
    chosen = [row for row in rows if row.is_open and row.draft is not None and row.draft.choice]
    faults = []
    for row in chosen:
        draft, reference = row.draft, row.application.reference
        if draft is None:
            continue
        if draft.choice in NEEDS_REASON and not draft.reason.strip():
            message = _("{reference}：不予选报和暂缓都要写明理由").format(reference=reference)
            faults.append(Fault(reference, "reason", message))
        elif draft.choice == Choice.SELECT and not (verdict := can_recommend(by, row.application)):
            message = _("{reference}：{reason}").format(reference=reference, reason=verdict.reason)
            faults.append(Fault(reference, "choice", message))
    return chosen, faults


@transaction.atomic
def propose(call: Call, office: Office, *, by: User) -> Ruling:
    """Put every row with a choice before the approver, together and frozen; refused while one is not fit (`Invalid`)."""
    require(can_rule(by, call, office))
    Office.objects.select_for_update().get(pk=office.pk)
    if open_ruling(call, office) is not None:
        raise NotNow(_("上一批决定还没有确认，确认或者退回以后再提交。"))
    chosen, faults = ready(candidates(call, office), by=by)
    if faults:
        raise Invalid(faults[0].message, faults)
    if not chosen:
        raise NotNow(_("还没有写好的决定：先在表里选，再提交。"))
    number = Ruling.objects.filter(call=call, office=office).count() + 1
    reference = f"{call.definition.prefix}-{office.key.upper()}-R{number}"
    document = Document.objects.create(kind="ruling", reference=reference)
    version = freeze(document, _content(reference, call, office, chosen), by=by)
    try:
        with transaction.atomic():
            ruling = Ruling.objects.create(
                reference=reference,
                call=call,
                office=office,
                document=document,
                version=version,
                proposed_by=by,
                proposed_at=clock.now(),
            )
    except IntegrityError as taken:
        raise Stale(_("上一批决定还没有确认，确认或者退回以后再提交。")) from taken
    RulingItem.objects.bulk_create(
        RulingItem(
            ruling=ruling, lodgement=row.lodgement, choice=row.draft.choice, reason=row.draft.reason.strip()
        )
        for row in chosen
        if row.draft is not None
    )
    detail = {"count": len(chosen), "code": version.code, "digest": version.digest}
    record("ruling.proposed", ruling.chain, by=by, detail=detail)
    return ruling


def _content(reference: str, call: Call, office: Office, chosen: Sequence[Candidate]) -> dict[str, Any]:
    return {
        "schema": "shidian/ruling/1",
        "reference": reference,
        "call": call.key,
        "office": office.name,
        "decisions": [
            {
                "reference": row.application.reference,
                "name": row.application.title,
                "lead": row.application.lead.name,
                "digest": row.lodgement.digest,
                "choice": row.draft.choice,
                "reason": row.draft.reason.strip(),
            }
            for row in chosen
            if row.draft is not None
        ],
    }


def _locked(ruling: Ruling) -> Ruling:
    return (
        Ruling.objects.select_for_update(of=("self",))
        .select_related("call", "office", "proposed_by", "version")
        .get(pk=ruling.pk)
    )


@transaction.atomic
def send_back(ruling: Ruling, *, by: User, reason: str) -> None:
    """Give the decisions back to be changed, with a reason; the drafts are as they were."""
    ruling = _locked(ruling)
    require(can_send_ruling_back(by, ruling))
    if not reason.strip():
        raise Invalid(_("请写明理由。"), [("reason", _("请写明理由。"))])
    move(
        ruling,
        "send_back",
        by=by,
        closed_by=by,
        closed_at=clock.now(),
        why=reason[:500],
        detail={"reason": reason},
    )


@transaction.atomic
def confirm(ruling: Ruling, *, by: User) -> Ruling:
    """Confirm: every decision takes effect in one transaction, or none does. Refused (`Stale`) when one no longer stands."""
    ruling = _locked(ruling)
    require(can_confirm_ruling(by, ruling))
    items = list(ruling.items.select_related("lodgement__application__call", "lodgement__office"))
    for item in items:
        _take_effect(ruling, item, by=by)
    DraftDecision.objects.filter(lodgement__in=[item.lodgement_id for item in items]).delete()
    move(ruling, "confirm", by=by, closed_by=by, closed_at=clock.now(), detail={"count": len(items)})
    return ruling


def _take_effect(ruling: Ruling, item: RulingItem, *, by: User) -> None:
    application = applications.locked(item.lodgement.application)
    newest = application.lodgements.order_by("-pk").values_list("pk", flat=True).first()
    if application.state != "lodged" or newest != item.lodgement_id:
        raise Stale(
            _("{application} 现在是“{state_label}”，与提交时不同，请退回这一批决定。").format(
                application=application.reference, state_label=application.state_label
            )
        )

    def may(user: User, held: Application) -> Verdict:
        return YES if held.state == "lodged" else not_now(held.state_label)

    if item.choice == Choice.SELECT:
        require(can_recommend(ruling.proposed_by, application))
        applications.recommend(application, by=by, may=may, ruling=ruling.reference)
    elif item.choice == Choice.NOT_SELECT:
        applications.decline(application, by=by, reasons=item.reason, may=may, ruling=ruling.reference)
    else:
        detail = {"office": ruling.office.name, "reasons": item.reason, "ruling": ruling.reference}
        record("application.put_off", application.chain, by=by, detail=detail)
    decision = Decision.objects.create(
        lodgement=item.lodgement,
        kind=_KINDS[Choice(item.choice)],
        at=clock.now(),
        by=ruling.proposed_by,
        confirmed_by=by,
    )
    if item.reason:
        Reason.objects.create(decision=decision, position=1, text=item.reason)


@transaction.atomic
def strike_off(application: Application, *, handler: User, by: User, reason: str, objection: str) -> Decision:
    """Take an application out of what was decided after an upheld objection; `handler` proposed it, `by` confirms."""
    applications.strike_off(application, by=by, reasons=reason, objection=objection)
    lodgement = application.lodgements.order_by("-pk").first()
    if lodgement is None:
        raise NotNow(_("没有收到递交的材料。"))
    decision = Decision.objects.create(
        lodgement=lodgement, kind=Decision.Kind.STRIKE_OFF, at=clock.now(), by=handler, confirmed_by=by
    )
    Reason.objects.create(decision=decision, position=1, text=reason)
    return decision
