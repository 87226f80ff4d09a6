"""Loading a call package, and publishing the call."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from shidian.audit.actions import Actor, move, record
from shidian.calls.models import Call, CallVersion
from shidian.calls.packages import Package
from shidian.core import clock
from shidian.organisations.models import Office


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
