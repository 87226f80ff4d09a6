"""Making public what was decided: prepared by one person, published by another, ended by the clock of the call."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import SYSTEM, Actor, move, record
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.canonical import digest_json
from shidian.core.errors import Invalid, NotNow, Stale, require
from shidian.dispatch.publishing import rules
from shidian.dispatch.publishing.models import Publicity, PublicityItem
from shidian.dispatch.publishing.papers import content, day_of, standard_text, standard_title
from shidian.dispatch.publishing.queries import end_of, last_day, open_objections, publishable, struck
from shidian.documents.actions import freeze
from shidian.documents.models import Document
from shidian.organisations.models import Office

LONGEST_TITLE, LONGEST_TEXT = 200, 4_000
MOST_DAYS = 60


def locked(publicity: Publicity) -> Publicity:
    """The row as it stands now, locked until the transaction ends."""
    return (
        Publicity.objects.select_for_update(of=("self",))
        .select_related("call", "office", "version", "document", "replaces", "prepared_by")
        .get(pk=publicity.pk)
    )


def _today(call: Call) -> date:
    return clock.now().astimezone(call.zone).date()


@transaction.atomic
def prepare(
    call: Call,
    office: Office,
    *,
    by: User,
    title: str = "",
    text: str = "",
    replaces: Publicity | None = None,
    why: str = "",
) -> Publicity:
    """Put what was decided and is not public yet before the approver, with the words around it (the usual ones, if left out).

    `replaces` is the publicity that the new one corrects, and `why` says what was wrong (Invalid without).
    """
    Office.objects.select_for_update().get(pk=office.pk)
    require(rules.can_prepare(by, call, office, replaces))
    if replaces is not None and not why.strip():
        raise Invalid(_("请写明为什么更正。"), [("why", _("请写明为什么更正。"))])
    title, text = title.strip() or standard_title(call), text.strip() or standard_text(call)
    _check_words(title, text)
    reference = f"{call.definition.prefix}-GS-{Publicity.objects.filter(call=call).count() + 1}"
    try:
        with transaction.atomic():
            publicity = Publicity.objects.create(
                reference=reference,
                call=call,
                office=office,
                title=title,
                text=text,
                document=Document.objects.create(kind="publicity", reference=reference),
                replaces=replaces,
                why=why.strip()[:500],
                prepared_by=by,
                prepared_at=clock.now(),
            )
    except IntegrityError as taken:
        raise Stale(_("这份公示刚才已有人更正。")) from taken
    count = len(publishable(call, office, replaces))
    record("publicity.prepared", publicity.chain, by=by, detail={"count": count, "title": title})
    return publicity


def _check_words(title: str, text: str) -> None:
    problems = [
        (place, _("最多 {longest} 字，现在 {count} 字。").format(longest=longest, count=len(words)))
        for place, words, longest in (("title", title, LONGEST_TITLE), ("text", text, LONGEST_TEXT))
        if len(words) > longest
    ]
    if problems:
        raise Invalid(problems[0][1], problems)


@transaction.atomic
def change(publicity: Publicity, *, by: User, title: str, text: str) -> None:
    """Write other words around the list while it is not published; whoever did so may not publish it."""
    publicity = locked(publicity)
    require(rules.can_change(by, publicity))
    _check_words(title.strip(), text.strip())
    publicity.title = title.strip() or standard_title(publicity.call)
    publicity.text = text.strip() or standard_text(publicity.call)
    publicity.prepared_by, publicity.prepared_at = by, clock.now()
    publicity.save(update_fields=("title", "text", "prepared_by", "prepared_at"))
    record("publicity.changed", publicity.chain, by=by)


def seen(publicity: Publicity) -> str:
    """What stands on a publicity that is not published, in one mark: whoever publishes it has seen just that."""
    rows = publishable(publicity.call, publicity.office, publicity.replaces)
    parts = [
        publicity.title,
        publicity.text,
        *(f"{row.application.reference}:{row.application.version_id}" for row in rows),
    ]
    return digest_json(parts)


@transaction.atomic
def publish(publicity: Publicity, *, by: User, mark: str | None = None) -> Publicity:
    """Publish: from now to the end of the last working day anybody may see it and object.

    Refused (`Stale`) when the list is no longer what `mark` (of `seen`) saw. One that is corrected is replaced at once.
    """
    publicity = locked(publicity)
    require(rules.can_publish(by, publicity))
    if mark is not None and mark != seen(publicity):
        raise Stale(_("名单或者正文刚才有变动，请看过新的内容再发布。"))
    call = publicity.call
    listed = publishable(call, publicity.office, publicity.replaces)
    today = _today(call)
    until = last_day(today, call.definition.publicity.days)
    version = freeze(publicity.document, content(publicity, listed, begins=today, ends=until), by=by)
    PublicityItem.objects.bulk_create(
        PublicityItem(publicity=publicity, application=row.application, position=position)
        for position, row in enumerate(listed, start=1)
    )
    detail = {
        "count": len(listed),
        "until": day_of(until),
        "code": version.code,
        "digest": version.digest,
        "replaces": publicity.replaces.reference if publicity.replaces else "",
    }
    move(
        publicity,
        "publish",
        by=by,
        version=version,
        published_by=by,
        published_at=clock.now(),
        ends_on=until,
        ends_at=end_of(until, call),
        detail=detail,
    )
    if publicity.replaces is not None:
        old = locked(publicity.replaces)
        move(
            old,
            "replace",
            by=by,
            closed_at=clock.now(),
            detail={"by": publicity.reference, "reason": publicity.why},
        )
    for row in listed:
        told = {"publicity": publicity.reference, "until": day_of(until)}
        record("application.made_public", row.application.chain, by=by, detail=told)
    return publicity


@transaction.atomic
def withdraw(publicity: Publicity, *, by: User, reason: str) -> None:
    """Give up a publicity, or take a published one back; it stays visible with the reason when it was published."""
    publicity = locked(publicity)
    require(rules.can_withdraw(by, publicity))
    if not reason.strip():
        raise Invalid(_("请写明理由。"), [("reason", _("请写明理由。"))])
    why = publicity.why if publicity.version_id is None else reason[:500]
    move(publicity, "withdraw", by=by, closed_at=clock.now(), why=why, detail={"reason": reason})
    if publicity.version_id is None and publicity.replaces_id is not None:
        # What was never published corrects nothing, and another may.
        publicity.replaces = None
        publicity.save(update_fields=("replaces",))


@transaction.atomic
def extend(publicity: Publicity, *, days: int, by: User, reason: str) -> Publicity:
    """Go on for so many working days more, from the last day or from today, whichever is later."""
    publicity = locked(publicity)
    require(rules.can_extend(by, publicity))
    problems = []
    if not 1 <= days <= MOST_DAYS:
        problems.append(("days", _("请写 1 到 {most} 之间的工作日数。").format(most=MOST_DAYS)))
    if not reason.strip():
        problems.append(("reason", _("请写明理由。")))
    if problems:
        raise Invalid(problems[0][1], problems)
    today = _today(publicity.call)
    until = last_day(max(today, publicity.ends_on or today), days)
    move(
        publicity,
        "extend",
        by=by,
        ends_on=until,
        ends_at=end_of(until, publicity.call),
        extended_on=today,
        why=reason[:500],
        detail={"until": day_of(until), "days": days, "reason": reason},
    )
    return publicity


@transaction.atomic
def settle(publicity: Publicity, *, by: User) -> None:
    """Close a publicity that ended with an objection open, once every objection was answered."""
    publicity = locked(publicity)
    require(rules.can_settle(by, publicity))
    _passed(publicity, by)


def _passed(publicity: Publicity, by: Actor) -> None:
    move(publicity, "settle", by=by, closed_at=clock.now())
    out = struck(publicity)
    for item in publicity.items.select_related("application"):
        if item.application.reference not in out:
            told = {"publicity": publicity.reference}
            record("application.publicity_passed", item.application.chain, by=by, detail=told)


@transaction.atomic
def end(publicity: Publicity) -> bool:
    """End a publicity whose time is over; it passes at once when no objection is open. False when it is not over."""
    publicity = locked(publicity)
    if publicity.state != "running" or publicity.takes_objections:
        return False
    waiting = open_objections(publicity).count()
    move(publicity, "end", by=SYSTEM, detail={"open": waiting})
    if not waiting:
        _passed(publicity, SYSTEM)
    return True


def tend() -> int:
    """End what is over by the clock; done every minute. Returns how many."""
    over = Publicity.objects.filter(state="running", ends_at__lte=clock.now())
    ended = 0
    for publicity in over:
        try:
            ended += end(publicity)
        except NotNow:  # somebody extended it this very moment
            continue
    return ended
