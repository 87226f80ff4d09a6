"""Loading a call package, publishing the call, and giving more time."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import Actor, move, record
from shidian.calls import rules
from shidian.calls.models import Call, CallVersion, Extension
from shidian.calls.packages import Package
from shidian.calls.queries import stage as stage_of_key
from shidian.core import clock
from shidian.core.errors import Invalid, Stale, require
from shidian.organisations.models import Office, Organisation


@transaction.atomic
def load(package: Package, *, by: Actor, shift_to: date | None = None) -> Call:
    """Load a checked package as the next version of its call, and create the offices that it names.

    With `shift_to` it becomes a demonstration call of its own key, all dates moved so that the day of issue falls on
    that day. Loading the same package again changes nothing; a changed one becomes the next version, which
    applications that are not frozen follow. The call stays a draft until `publish`.
    """
    if shift_to:
        package = package.shifted(shift_to)
    definition = package.call
    call, fresh = Call.objects.select_for_update().get_or_create(
        key=definition.key, defaults={"title": definition.title, "is_demonstration": shift_to is not None}
    )
    last = call.versions.order_by("-number").first()
    if last and last.digest == package.digest:
        return call
    version = CallVersion.objects.create(
        call=call,
        number=last.number + 1 if last else 1,
        digest=package.digest,
        content=package.to_json(),
        loaded_at=clock.now(),
    )
    call.number, call.digest, call.title = version.number, version.digest, definition.title
    call.save(update_fields=("number", "digest", "title"))
    Office.objects.bulk_create(
        [
            Office(
                key=office.key,
                name=office.name,
                short=office.short,
                kind=office.kind,
                region=office.region,
                email=office.email,
            )
            for office in package.offices
        ],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["name", "short", "kind", "region", "email"],
    )
    detail = {"version": version.number, "digest": version.digest, "first": fresh}
    record("call.loaded", call.chain, by=by, detail=detail)
    return call


@transaction.atomic
def publish(call: Call, *, by: Actor) -> None:
    """Show a call to the public and let units apply; refused (`Stale`) when it is published already."""
    Call.objects.select_for_update().get(pk=call.pk)
    move(call, "publish", by=by, detail={"version": call.number})


@transaction.atomic
def extend(
    call: Call,
    *,
    by: User,
    stage: str,
    deadline: Extension.Deadline,
    until: datetime,
    reason: str,
    office: Office | None = None,
    lead: Organisation | None = None,
) -> Extension:
    """Give more time until `until`: to an office, to one unit, or with neither to everybody (an outage).

    Refused by `can_extend`; `Invalid` at `until` for a time that lies behind, or gives no more than there is, and for a
    deadline that the call does not set; at `reason` without one. A later one for the same target takes its place.
    """
    call = Call.objects.select_for_update().get(pk=call.pk)
    require(rules.can_extend(by, call))
    found = stage_of_key(call, stage)
    now = call.until(found, deadline, office=office, lead=lead)
    words = reason.strip()
    problems = []
    if now is None:
        problems.append(("until", _("通知没有规定这个期限，不用延期。")))
    elif until <= clock.now():
        problems.append(("until", _("延到的时间已经过了。")))
    elif until <= now:
        at = now.astimezone(call.zone)
        problems.append(("until", _("现在的期限就是 {at}，要延得更晚。").format(at=f"{at:%Y-%m-%d %H:%M}")))
    if not words:
        problems.append(("reason", _("请写明理由。")))
    elif len(words) > 500:
        problems.append(("reason", _("最多 500 字，现有 {count} 字。").format(count=len(words))))
    if problems:
        raise Invalid(problems[0][1], problems)
    made = Extension.objects.create(
        call=call,
        stage=stage,
        deadline=deadline,
        office=office,
        lead=lead,
        until=until,
        reason=words,
        at=clock.now(),
        by=by,
    )
    record("call.extended", call.chain, by=by, detail=_said(made))
    return made


@transaction.atomic
def take_extension_back(extension: Extension, *, by: User, reason: str) -> Extension:
    """End an extension: the time of the call counts again. What was handed in meanwhile stays handed in.

    Refused by `can_extend`; `Stale` when it is no longer the one in force; `Invalid` without a reason.
    """
    call = Call.objects.select_for_update().get(pk=extension.call_id)
    require(rules.can_extend(by, call))
    if extension.pk not in {row.pk for row in call.extensions}:
        raise Stale(_("这次延期已经不在了：已收回，或者已被后来的延期取代。"))
    words = reason.strip()
    if not words or len(words) > 500:
        message = _("请写明理由，最多 500 字。")
        raise Invalid(message, [("reason", message)])
    made = Extension.objects.create(
        call=call,
        stage=extension.stage,
        deadline=extension.deadline,
        office=extension.office,
        lead=extension.lead,
        until=None,
        reason=words,
        at=clock.now(),
        by=by,
    )
    record("call.extension_taken_back", call.chain, by=by, detail=_said(made))
    return made


def _said(extension: Extension) -> dict[str, str]:
    call = extension.call
    until = f"{extension.until.astimezone(call.zone):%Y-%m-%d %H:%M}" if extension.until else ""
    return {
        "stage": stage_of_key(call, extension.stage).label,
        "deadline": str(Extension.Deadline(extension.deadline).label),
        "whom": extension.whom,
        "until": until,
        "reason": extension.reason,
    }
