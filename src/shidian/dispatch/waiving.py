"""More than the quota: asked for by the office that sends, given as evidence by whom the call names."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import record
from shidian.audit.models import Event
from shidian.calls.models import Call
from shidian.calls.queries import stage_after, stage_of
from shidian.core import clock
from shidian.core.errors import Invalid, require
from shidian.dispatch import rules
from shidian.dispatch.actions import locked, started
from shidian.dispatch.models import CandidateList, QuotaWaiver
from shidian.dispatch.queries import open_list
from shidian.dispatch.quotas import Standing, quotas
from shidian.documents.models import StoredFile
from shidian.organisations.models import Office


def _require_reason(reason: str) -> str:
    words = reason.strip()
    if not words:
        raise Invalid(_("请写明理由。"), [("reason", _("请写明理由。"))])
    return words[:200]


@transaction.atomic
def ask_waiver(call: Call, office: Office, *, by: User, reason: str) -> CandidateList:
    """Ask whoever may waive the quota to let the list pass as it stands; refused while it keeps within it."""
    require(rules.can_ask_waiver(by, call, office, open_list(call, office)))
    words = _require_reason(reason)
    listed = started(call, office, by=by)
    over = [row.words for row in quotas(call, office, listed) if row.blocks]
    record("list.waiver_asked", listed.chain, by=by, detail={"over": "".join(over), "reason": words})
    return listed


@transaction.atomic
def waive(
    listed: CandidateList, scope: str, *, by: User, reason: str, file: StoredFile | None = None
) -> QuotaWaiver:
    """Let a list pass with as many as it holds now; one more, and it has to be asked again."""
    listed = locked(listed)
    require(rules.can_waive(by, listed, scope))
    words = _require_reason(reason)
    row = next(row for row in quotas(listed.call, listed.office, listed) if row.scope == scope)
    made = QuotaWaiver.objects.create(
        list=listed,
        scope=scope,
        maximum=row.maximum or 0,
        count=row.count,
        office=rules.waives(listed.call, listed.office) or listed.office,
        reason=words,
        file=file,
        at=clock.now(),
        by=by,
    )
    detail = {
        "label": row.label,
        "count": row.count,
        "maximum": row.maximum,
        "office": made.office.name,
        "reason": words,
        "file": file.sha256 if file else "",
    }
    record("list.quota_waived", listed.chain, by=by, detail=detail)
    return made


@transaction.atomic
def refuse(listed: CandidateList, *, by: User, reason: str) -> None:
    """Answer that a list shall keep within its quota, with the reason; it may be asked again."""
    listed = locked(listed)
    require(rules.can_waive(by, listed))
    office = rules.waives(listed.call, listed.office) or listed.office
    detail = {"office": office.name, "reason": _require_reason(reason)}
    record("list.waiver_refused", listed.chain, by=by, detail=detail)


def asked(listed: CandidateList) -> Event | None:
    """The newest request for a waiver."""
    return _newest(listed, "list.waiver_asked")


def refusal(listed: CandidateList) -> Event | None:
    """The answer no to the newest request, unless it was asked again since; a later waiver overtakes it."""
    found = _newest(listed, "list.waiver_refused", "list.waiver_asked", "list.quota_waived")
    return found if found is not None and found.name == "list.waiver_refused" else None


def _newest(listed: CandidateList, *names: str) -> Event | None:
    return Event.objects.filter(chain=listed.chain, name__in=names).order_by("-number").first()


def waiting_for(call: Call, office: Office) -> list[tuple[CandidateList, list[Standing]]]:
    """The open lists over their quota on which an office decides: those sent to it, and its own where the call says so."""
    found: list[tuple[CandidateList, list[Standing]]] = []
    rows = (
        CandidateList.objects.filter(call=call).exclude(state="dispatched").select_related("office", "call")
    )
    for listed in rows.order_by("pk"):
        who = rules.waives(call, listed.office)
        if who is not None and who.pk == office.pk:
            over = [row for row in quotas(call, listed.office, listed) if row.blocks]
            if over or asked(listed) is not None:
                found.append((listed, over))
    return found


def receives(call: Call, office: Office) -> bool:
    """Whether an office may have to decide on a quota: its own, or that of the stage before."""
    here = stage_of(call, office)
    if here is None:
        return False
    if here.quota is not None and here.quota.waived_by == "approver":
        return True
    return any(
        stage.quota is not None
        and stage.quota.waived_by == "receiver"
        and (following := stage_after(call, stage.key)) is not None
        and following.key == here.key
        for stage in call.definition.stages
    )
