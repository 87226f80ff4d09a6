"""Preparing, approving, sealing and dispatching lists; counting paper; asking for the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.audit.actions import move, record
from shidian.audit.models import Event
from shidian.calls.models import Call
from shidian.calls.queries import office_after, stage_of
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, Stale, require
from shidian.dispatch import rules
from shidian.dispatch.models import (
    CandidateList,
    ElectronicMaterial,
    ListItem,
    Package,
    PaperCopy,
    PaperCopyVoid,
    PaperPlace,
)
from shidian.dispatch.packages import build_later
from shidian.dispatch.papers import list_content
from shidian.dispatch.queries import (
    entries,
    is_last_stage,
    items,
    open_list,
    order_mark,
    registered,
    withdrawals,
)
from shidian.documents.actions import freeze
from shidian.documents.models import Document, StoredFile
from shidian.organisations.models import Office


def locked(listed: CandidateList) -> CandidateList:
    return (
        CandidateList.objects.select_for_update(of=("self",))
        .select_related("call", "office", "version", "document")
        .get(pk=listed.pk)
    )


def started(call: Call, office: Office, *, by: User) -> CandidateList:
    """The open list of an office, made when it is first worked on."""
    Office.objects.select_for_update().get(pk=office.pk)
    found = open_list(call, office)
    if found is not None:
        return locked(found)
    here = stage_of(call, office)
    if here is None:
        raise NotNow(_("这个机构在本批次中没有清单。"))
    number = CandidateList.objects.filter(call=call, office=office).count() + 1
    reference = f"{call.definition.prefix}-{office.key.upper()}-{number}"
    listed = CandidateList.objects.create(
        reference=reference,
        call=call,
        office=office,
        stage=here.key,
        document=Document.objects.create(kind="candidate-list", reference=reference),
    )
    record("list.started", listed.chain, by=by, detail={"title": here.list_title, "office": office.name})
    return listed


@transaction.atomic
def rank(
    call: Call,
    office: Office,
    order: Sequence[str],
    *,
    by: User,
    remarks: Mapping[str, str] | None = None,
    seen: str | None = None,
) -> CandidateList:
    """Put the recommended applications in the order of `order` (references); those not named follow.

    Refused once the list is before the approver; `Stale` when `order` names what is no longer recommended here, or
    when the list is no longer as `seen` (`queries.order_mark`), so that nobody overwrites another's order unknowingly.
    """
    require(rules.can_rank(by, office, open_list(call, office)))
    listed = started(call, office, by=by)
    require(rules.can_rank(by, office, listed))
    if seen is not None and seen != order_mark(listed):
        last = Event.objects.filter(chain=listed.chain, name="list.ranked").order_by("-number").first()
        raise Stale(
            _("这份清单在您打开以后由{person}改过排序或备注，您的改动没有保存。").format(
                person=last.actor_label if last else ""
            )
        )
    present = {row.application.reference: row for row in entries(call, office)}
    if unknown := [reference for reference in order if reference not in present]:
        raise Stale(_("{unknown} 已不在推荐之列，请刷新页面后再排。").format(unknown=_("、").join(unknown)))
    wanted = list(dict.fromkeys(order))
    wanted += [reference for reference in present if reference not in wanted]
    given = remarks or {}
    listed.items.all().delete()
    ListItem.objects.bulk_create(
        ListItem(
            list=listed,
            application=present[reference].application,
            rank=position,
            remark=given.get(reference, present[reference].remark)[:200],
        )
        for position, reference in enumerate(wanted, start=1)
    )
    record("list.ranked", listed.chain, by=by, detail={"order": wanted})
    return listed


@transaction.atomic
def propose(call: Call, office: Office, *, by: User) -> CandidateList:
    """Put the list before the approver as it stands. Refused while it is empty or an opinion due is missing."""
    require(rules.can_propose(by, call, office, open_list(call, office)))
    listed = rank(call, office, [row.application.reference for row in entries(call, office)], by=by)
    move(
        listed,
        "propose",
        by=by,
        proposed_by=by,
        proposed_at=clock.now(),
        confirmed_by=None,
        confirmed_at=None,
        detail={"count": listed.items.count()},
    )
    return listed


@transaction.atomic
def send_back(listed: CandidateList, *, by: User, reason: str) -> None:
    """The approver gives the list back to be reordered, with a reason."""
    listed = locked(listed)
    require(rules.can_approve(by, listed))
    _require_reason(reason)
    move(listed, "send_back", by=by, detail={"reason": reason})


@transaction.atomic
def confirm(listed: CandidateList, *, by: User) -> CandidateList:
    """Approve: a second person freezes the list with its digest, to be printed and sealed."""
    listed = locked(listed)
    require(rules.can_approve(by, listed))
    require(rules.still_stands(listed))
    version = freeze(listed.document, list_content(listed), by=by)
    move(
        listed,
        "confirm",
        by=by,
        version=version,
        confirmed_by=by,
        confirmed_at=clock.now(),
        sealed_scan=None,
        detail={"code": version.code, "digest": version.digest},
    )
    return listed


@transaction.atomic
def revoke(listed: CandidateList, *, by: User, reason: str) -> None:
    """Take an approval back before the list has left; it is prepared and approved anew."""
    listed = locked(listed)
    require(rules.can_revoke(by, listed))
    _require_reason(reason)
    move(listed, "revoke", by=by, sealed_scan=None, detail={"reason": reason})


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(_("请写明理由。"), [("reason", _("请写明理由。"))])


@transaction.atomic
def seal(listed: CandidateList, scan: StoredFile, *, by: User, signed_by: Sequence[str] = ()) -> None:
    """Put the scan of the printed and sealed list to it; a better scan may replace it until it is dispatched.

    `signed_by` names the holders of the certificates where it is no scan but the signed PDF (`certified`).
    """
    listed = locked(listed)
    require(rules.can_seal(by, listed))
    listed.sealed_scan = scan
    listed.save(update_fields=("sealed_scan",))
    detail: dict[str, object] = {"scan": scan.sha256, "name": scan.name}
    if signed_by:
        signers = "、".join(signed_by)
        record("list.signed", listed.chain, by=by, detail=detail | {"signers": signers})
        return
    record("list.sealed", listed.chain, by=by, detail=detail)


@transaction.atomic
def dispatch(listed: CandidateList, *, by: User) -> CandidateList:
    """Send the list: every application on it moves on in the same transaction, or none does.

    What a supplement withdraws comes back to the office in the same act, and lies there for review again.
    At the last stage they are nominated, and the package is made in the background. Refused after the office's
    deadline, without the sealed scan, or when something on the list is no longer recommended (notice, 四).
    """
    listed = locked(listed)
    require(rules.can_dispatch(by, listed))
    call, last = listed.call, is_last_stage(listed.call, listed.office)
    target = None if last else office_after(call, listed.office)
    for item in items(listed):
        if target is None:
            applications.nominate(item.application, by=by, via=listed.reference)
        else:
            applications.pass_on(item.application, target, by=by, via=listed.reference)
    for change in withdrawals(listed):
        applications.call_back(change.application, by=by, via=listed.reference, reason=change.reason)
    move(
        listed,
        "dispatch",
        by=by,
        dispatched_by=by,
        dispatched_at=clock.now(),
        detail={
            "to": target.name if target else call.definition.destination.label,
            "count": listed.items.count(),
            "digest": listed.version.digest if listed.version else "",
        },
    )
    if last:
        package = Package.objects.create(list=listed, asked_at=clock.now(), total=listed.items.count())
        build_later(package)
    return listed


@transaction.atomic
def count_copy(
    call: Call, office: Office, application: Application, copy: int, *, by: User, note: str = ""
) -> PaperCopy:
    """Register one paper copy of the version that was sent. Refused for a number the call does not want, or twice."""
    require(rules.can_register(by, call, office))
    Application.objects.select_for_update().get(pk=application.pk)
    row = next(iter(registered(call, only=application)), None)
    if row is None:
        raise NotNow(_("这个申请还没有随清单报送来，不能登记。"))
    if copy not in row.copies:
        raise Invalid(
            _("本批次要求 {count} 份，没有第 {copy} 份。").format(count=len(row.copies), copy=copy),
            [("copy", _("份号不对。"))],
        )
    if row.copies[copy] is not None:
        raise Stale(_("第 {copy} 份已经登记过了。").format(copy=copy))
    counted = PaperCopy.objects.create(
        application=application, version=row.version, copy=copy, note=note[:200], at=clock.now(), by=by
    )
    PaperPlace.objects.create(
        paper_copy=counted, office=office, kind=PaperPlace.Kind.RECEIVED, at=counted.at, by=by
    )
    detail = {"copy": copy, "version": row.version.label, "digest": row.version.digest, "note": note}
    record("paper.counted", application.chain, by=by, detail=detail)
    return counted


@transaction.atomic
def void_copy(call: Call, office: Office, counted: PaperCopy, *, by: User, reason: str) -> None:
    """Correct a copy that was counted by mistake; the first record stays."""
    require(rules.can_register(by, call, office))
    _require_reason(reason)
    if PaperCopyVoid.objects.filter(paper_copy=counted).exists():
        raise Stale(_("这一份已经更正过了。"))
    PaperCopyVoid.objects.create(paper_copy=counted, reason=reason[:200], at=clock.now(), by=by)
    record("paper.voided", counted.application.chain, by=by, detail={"copy": counted.copy, "reason": reason})


@transaction.atomic
def register_electronic(
    call: Call, office: Office, application: Application, *, by: User, note: str = ""
) -> ElectronicMaterial:
    """Register that the electronic material of the sent version was looked at and is complete."""
    require(rules.can_register(by, call, office))
    Application.objects.select_for_update().get(pk=application.pk)
    row = next(iter(registered(call, only=application)), None)
    if row is None:
        raise NotNow(_("这个申请还没有随清单报送来，不能登记。"))
    if row.electronic is not None:
        raise Stale(_("电子材料已经登记过了。"))
    made = ElectronicMaterial.objects.create(
        application=application, version=row.version, note=note[:200], at=clock.now(), by=by
    )
    detail = {"version": row.version.label, "digest": row.version.digest}
    record("electronic.registered", application.chain, by=by, detail=detail)
    return made
