"""Verbs on paper: received by its code, put on a shelf, handed on, taken back, acknowledged with a slip."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.audit.actions import record
from shidian.calls.models import Call
from shidian.calls.queries import PlannedCopy, planned_copies
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, Stale, require
from shidian.dispatch import rules
from shidian.dispatch.holdings import Held, application_of, folders, mark_of, unacknowledged
from shidian.dispatch.models import PaperCopy, PaperPlace, PaperReceipt, PaperReceiptCopy
from shidian.dispatch.papers import slip_content
from shidian.dispatch.queries import Registered, registered, works_as_registry
from shidian.documents.actions import freeze
from shidian.documents.marks.payload import Mark
from shidian.documents.models import Document, StoredFile
from shidian.organisations.models import Office

MOST_AT_ONCE = 500
"""Copies moved in one go."""
SAME_SHEETS = timedelta(seconds=10)
"""How long after a copy without a number the same application's next one is taken for the same sheets."""

_KEY = re.compile(r"[\w-]{1,60}:\d{1,6}:\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Received:
    """A copy that was received now, which one of the plan it is, and what the registry has of its application."""

    copy: PaperCopy
    planned: PlannedCopy
    row: Registered


@transaction.atomic
def receive(call: Call, office: Office, code: str, *, by: User) -> Received:
    """Count the copy whose sheet was scanned or typed: the one its mark names, or the next that is missing.

    A copy of a plan that is not counted is noted as being here. Refused with Invalid: what is no mark of a sheet of
    this call; NotNow: what has not been sent on, or an earlier version; Stale: what is counted already, by whom and when.
    """
    require(rules.can_register(by, call, office))
    mark = mark_of(code)
    application = application_of(call, mark)
    Application.objects.select_for_update().get(pk=application.pk)
    row = _sent(call, application)
    number = _number(call, row, mark)
    copy = PaperCopy.objects.create(
        application=application, version=row.version, copy=number, at=clock.now(), by=by
    )
    planned = planned_copies(call)[number - 1]
    _place(copy, office, PaperPlace.Kind.RECEIVED, by=by)
    _record_arrival(copy, planned, office, by=by)
    copies = {key: present or (copy if key == number else None) for key, present in row.copies.items()}
    return Received(copy, planned, replace(row, copies=copies))


def _sent(call: Call, application: Application) -> Registered:
    row = next(iter(registered(call, only=application)), None)
    if row is None:
        raise NotNow(
            _("{reference} 还没有随清单报送来，先放在一边：推荐单位报送清单以后再登记。").format(
                reference=application.reference
            )
        )
    return row


def _number(call: Call, row: Registered, mark: Mark) -> int:
    """Which copy of the plan a sheet is, when it is one that is still missing."""
    reference, current = row.application.reference, row.version.number
    if mark.version != current:
        word = (
            _("{reference} 的旧版本 v{old}：现在应收 v{current}，请换成新的打印件。")
            if mark.version < current
            else _("{reference} 的 v{old} 还没有随清单报送来，现在应收 v{current}。")
        )
        raise NotNow(word.format(reference=reference, old=mark.version, current=current))
    everything = {**row.copies, **row.others}
    if mark.aside:
        words = _("{reference} 的附页（清单、信封），不是申请书：请扫申请书的一页。").format(
            reference=reference
        )
        raise Invalid(words, [("code", words)])
    if mark.party and not mark.copy:
        words = _("{reference} 的意见页，单独一页不算一份：请扫这一份的封面或者其他页。").format(
            reference=reference
        )
        raise Invalid(words, [("code", words)])
    if not mark.copy:
        return _next_free(row)
    if mark.copy not in everything:
        words = _("{reference}：本批次没有第 {copy} 份。").format(reference=reference, copy=mark.copy)
        raise Invalid(words, [("code", words)])
    present = everything[mark.copy]
    if present is not None:
        raise Stale(_told(present, call))
    return mark.copy


def _told(copy: PaperCopy, call: Call) -> str:
    at = copy.at.astimezone(call.zone)
    return _("{reference} 第 {copy} 份已经登记过：{by}，{month} 月 {day} 日 {time}。同一份不用再扫。").format(
        reference=copy.application.reference,
        copy=copy.copy,
        by=copy.by.label,
        month=at.month,
        day=at.day,
        time=f"{at:%H:%M}",
    )


def _next_free(row: Registered) -> int:
    """The lowest number that is missing, for sheets that carry none; the same sheets scanned twice count once."""
    reference = row.application.reference
    latest = max((copy.at for copy in row.copies.values() if copy), default=None)
    if latest is not None and clock.now() - latest < SAME_SHEETS:
        raise Stale(
            _(
                "{reference} 几秒前刚登记了一份。这份打印件没有份号，认不出是不是同一份：如果是另一份，请过几秒再扫。"
            ).format(reference=reference)
        )
    free = next((number for number, copy in row.copies.items() if copy is None), None)
    if free is None:
        raise Stale(
            _("{reference} 应收的 {count} 份已经齐了，这一份是多出来的。").format(
                reference=reference, count=len(row.copies)
            )
        )
    return free


def _record_arrival(copy: PaperCopy, planned: PlannedCopy, office: Office, *, by: User) -> None:
    version = copy.version
    detail = {"copy": copy.copy, "version": version.label, "digest": version.digest}
    if planned.plan.registered:
        record("paper.counted", copy.application.chain, by=by, detail={**detail, "note": copy.note})
    else:
        named = {"office": office.short, "holder": planned.holder.label}
        record("paper.noted", copy.application.chain, by=by, detail=detail | named)


def _place(
    copy: PaperCopy,
    office: Office,
    kind: PaperPlace.Kind,
    *,
    by: User,
    shelf: str = "",
    holder: str = "",
    to: str = "",
    note: str = "",
    slip: StoredFile | None = None,
) -> PaperPlace:
    return PaperPlace.objects.create(
        paper_copy=copy,
        office=office,
        kind=kind,
        shelf=shelf,
        holder=holder,
        to=to,
        note=note[:200],
        slip=slip,
        at=clock.now(),
        by=by,
    )


# Where copies go. Each verb takes keys of copies (`Held.key`), all of them or none.


@transaction.atomic
def shelve(
    call: Call, office: Office, keys: Sequence[str], *, by: User, shelf: str, note: str = ""
) -> list[PaperPlace]:
    """Say where copies that are here lie. Refused without a place, and for copies that are not here (Stale)."""
    require(rules.can_keep_paper(by, call, office))
    where = _text(shelf, "shelf", 60, _("请写存放位置，例如：档案室 3 架 2 层。"))
    moved = []
    for held in _here(call, office, keys, by=by):
        moved.append(_moved(held, office, PaperPlace.Kind.SHELVED, by=by, shelf=where, note=note))
        detail = _detail(held, office, note) | {"shelf": where}
        record("paper.shelved", held.application.chain, by=by, detail=detail)
    return moved


@transaction.atomic
def hand_on(
    call: Call,
    office: Office,
    keys: Sequence[str],
    *,
    by: User,
    holder: str = "",
    to: str = "",
    note: str = "",
    slip: StoredFile | None = None,
) -> list[PaperPlace]:
    """Hand copies that are here to a holder of the call's plan (its key), or to whoever `to` names.

    With a holder the name of the body in each application's own form stands in the row. A copy of a plan that is not
    counted need not have been scanned before: that it was here is noted with it. `slip` is the scan of what was signed.
    Refused without a receiver, and for copies that are not here (Stale).
    """
    require(rules.can_keep_paper(by, call, office))
    labels = {each.holder.key: each.holder.label for each in planned_copies(call)}
    if holder and holder not in labels:
        raise Invalid(_("请选择交给谁。"), [("holder", _("请选择交给谁。"))])
    named = "" if holder else _text(to, "to", 120, _("请写交给谁。"))
    moved = []
    for held in _here(call, office, keys, by=by, unseen=True):
        whom = named or holder_name(held, holder, labels[holder])[:120]
        kind = PaperPlace.Kind.HANDED
        moved.append(_moved(held, office, kind, by=by, holder=holder, to=whom, note=note, slip=slip))
        detail = _detail(held, office, note) | {"to": whom} | ({"slip": slip.sha256} if slip else {})
        record("paper.handed", held.application.chain, by=by, detail=detail)
    return moved


@transaction.atomic
def take_back(
    call: Call, office: Office, keys: Sequence[str], *, by: User, note: str = ""
) -> list[PaperPlace]:
    """Take copies in that were handed on, by this office or to it. Refused for copies that are out nowhere (Stale)."""
    require(rules.can_keep_paper(by, call, office))
    found = _locked(call, keys)
    _all_or_none(found, lambda each: each.out, _("没有交出去，不用收回"))
    moved = []
    for held in found:
        detail = _detail(held, office, note)
        if held.place is not None and held.place.office_id == office.pk:
            moved.append(_moved(held, office, PaperPlace.Kind.TAKEN_BACK, by=by, note=note))
            record("paper.taken_back", held.application.chain, by=by, detail=detail)
        else:
            moved.append(_moved(held, office, PaperPlace.Kind.RECEIVED, by=by, note=note))
            record("paper.taken_in", held.application.chain, by=by, detail=detail)
    return moved


def holder_name(held: Held, holder: str, label: str) -> str:
    """The holder with the name that the application's version gives it: 业务指导单位（天津市应急管理局）."""
    content = held.version.data
    names = [party["name"] for party in content["parties"] if party["role"] == holder]
    if holder == "lead":
        names = [content["lead"]["name"]]
    return _("{label}（{names}）").format(label=label, names=_("、").join(names)) if names else label


def _text(given: str, place: str, longest: int, missing: str) -> str:
    text = " ".join(given.split())
    if not text:
        raise Invalid(missing, [(place, missing)])
    if len(text) > longest:
        words = _("最多 {count} 字。").format(count=longest)
        raise Invalid(words, [(place, words)])
    return text


def _locked(call: Call, keys: Sequence[str]) -> list[Held]:
    """The copies of these keys as they stand now, their applications locked in one order."""
    if not keys:
        words = _("请先扫描或选择至少一份。")
        raise Invalid(words, [("copy", words)])
    if len(keys) > MOST_AT_ONCE:
        words = _("一次最多办理 {count} 份，请分几次。").format(count=MOST_AT_ONCE)
        raise Invalid(words, [("copy", words)])
    references = {key.partition(":")[0] for key in keys if _KEY.fullmatch(key)}
    rows = Application.objects.select_for_update().filter(call=call, reference__in=references).order_by("pk")
    for _row in rows:
        pass  # read to the end: locked from here on
    known = {each.key: each for folder in folders(call) for each in (*folder.held, *folder.outdated)}
    if strange := [key for key in keys if key not in known]:
        raise Stale(
            _("{copies} 已经不在登记表上（可能刚刚更正），请去掉以后再办。").format(
                copies=_("、").join(strange[:5])[:200]
            )
        )
    return [known[key] for key in dict.fromkeys(keys)]


def _here(call: Call, office: Office, keys: Sequence[str], *, by: User, unseen: bool = False) -> list[Held]:
    """The copies, all of which lie at the office; `unseen` ones of plans that are not counted are noted now."""
    found = _locked(call, keys)
    registry = works_as_registry(call, office)

    def fits(each: Held) -> bool:
        if each.copy is None:
            return unseen and not each.planned.plan.registered
        return each.is_with(office, registry=registry)

    _all_or_none(found, fits, _("不在{office}").format(office=office.short))
    return [each if each.copy else _noted(each, office, by=by) for each in found]


def _noted(held: Held, office: Office, *, by: User) -> Held:
    copy = PaperCopy.objects.create(
        application=held.application,
        version=held.version,
        copy=held.planned.number,
        at=clock.now(),
        by=by,
    )
    _record_arrival(copy, held.planned, office, by=by)
    return Held(
        held.application,
        held.version,
        held.planned,
        copy,
        (_place(copy, office, PaperPlace.Kind.RECEIVED, by=by),),
    )


def _all_or_none(found: Sequence[Held], fits: Callable[[Held], bool], why: str) -> None:
    """Refuse the whole batch when one copy does not fit, naming it and where it is."""
    wrong = [each for each in found if not fits(each)]
    if wrong:
        named = [
            _("{reference} 第 {copy} 份（现在：{where}）").format(
                reference=each.application.reference, copy=each.planned.number, where=each.where
            )
            for each in wrong[:5]
        ]
        more = _("等 {count} 份").format(count=len(wrong)) if len(wrong) > len(named) else ""
        raise Stale(
            _("{copies}{more}{why}，一份也没有办理。请去掉以后再办。").format(
                copies=_("、").join(named), more=more, why=why
            )
        )


def _moved(
    held: Held,
    office: Office,
    kind: PaperPlace.Kind,
    *,
    by: User,
    shelf: str = "",
    holder: str = "",
    to: str = "",
    note: str = "",
    slip: StoredFile | None = None,
) -> PaperPlace:
    if held.copy is None:
        raise LookupError(held.key)
    return _place(
        held.copy, office, kind, by=by, shelf=shelf, holder=holder, to=to, note=note.strip(), slip=slip
    )


def _detail(held: Held, office: Office, note: str) -> dict[str, Any]:
    return {
        "copy": held.planned.number,
        "version": held.version.label,
        "office": office.short,
        "note": note.strip()[:200],
    }


# Slips


@transaction.atomic
def acknowledge(call: Call, office: Office, *, by: User, sender: Office) -> PaperReceipt:
    """Make the slip for everything counted from one sender that stands on no slip yet. Refused when there is nothing."""
    require(rules.can_register(by, call, office))
    Office.objects.select_for_update().get(pk=office.pk)
    copies = next((each.copies for each in unacknowledged(call) if each.sender.pk == sender.pk), ())
    rows = {row.application.pk: row for row in registered(call)}
    waiting = [(rows[copy.application_id], copy) for copy in copies]
    if not waiting:
        raise NotNow(_("{sender}送来的材料都已经开过回执。").format(sender=sender.short))
    number = f"{call.definition.prefix}-R{PaperReceipt.objects.filter(call=call).count() + 1:04d}"
    at = clock.now()
    document = Document.objects.create(kind="paper-receipt", reference=number)
    version = freeze(
        document, slip_content(call, office, sender, waiting, number=number, at=at, by=by), by=by
    )
    receipt = PaperReceipt.objects.create(
        number=number, call=call, office=office, sender=sender, version=version, at=at, by=by
    )
    PaperReceiptCopy.objects.bulk_create(
        PaperReceiptCopy(receipt=receipt, paper_copy=copy) for _row, copy in waiting
    )
    for row, copy in waiting:
        detail = {"copy": copy.copy, "number": number, "digest": version.digest}
        record("paper.acknowledged", row.application.chain, by=by, detail=detail)
    return receipt
