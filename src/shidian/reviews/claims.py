"""Who works on an application at an office, and who else has its page open: nobody works against another unknowingly."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import lodgement_here
from shidian.applications.rules import can_decide
from shidian.audit.actions import record
from shidian.core import clock
from shidian.core.errors import NotNow, Stale, require
from shidian.reviews.models import Claim, Reader
from shidian.reviews.queries import claim_on
from shidian.reviews.rules import can_release

GONE = timedelta(seconds=60)
"""Who has not been seen for so long is no longer there."""


@transaction.atomic
def claim(application: Application, *, by: User) -> Claim:
    """Say that one works on what lies at the office. Refused when somebody else does; nothing happens a second time."""
    application = applications.locked(application)
    require(can_decide(by, application))
    held = claim_on(application)
    if held is not None and held.user_id == by.pk:
        return held
    if held is not None:
        raise Stale(_("{who}刚才已经认领了这件申请。").format(who=held.user.label))
    made = _begin(application, by=by)
    record("review.claimed", application.chain, by=by, detail={"office": str(application.office)})
    return made


@transaction.atomic
def release(application: Application, *, by: User) -> None:
    """Leave it to others; what was judged and drafted stays. Only one's own claim is released."""
    application = applications.locked(application)
    require(can_release(by, application))
    held = claim_on(application)
    if held is not None:
        _end(held, by)
    record("review.released", application.chain, by=by, detail={"office": str(application.office)})


@transaction.atomic
def take_over(application: Application, *, seen: int, by: User) -> Claim:
    """Take over from the person whose claim was `seen` (its key). `Stale` when by now somebody else has it, or nobody."""
    application = applications.locked(application)
    require(can_decide(by, application))
    held = claim_on(application)
    if held is None or held.pk != seen:
        raise Stale(_("办理人刚才变了，请看现在是谁再定。"))
    if held.user_id == by.pk:
        return held
    _end(held, by)
    made = _begin(application, by=by)
    detail = {"office": str(application.office), "was": held.user.label}
    record("review.taken_over", application.chain, by=by, detail=detail)
    return made


def _begin(application: Application, *, by: User) -> Claim:
    lodgement = lodgement_here(application)
    if lodgement is None:
        raise NotNow(_("没有收到递交的材料。"))
    return Claim.objects.create(lodgement=lodgement, user=by, at=clock.now())


def _end(held: Claim, by: User) -> None:
    held.ended_at, held.ended_by = clock.now(), by
    held.save(update_fields=("ended_at", "ended_by"))


def end_claim(lodgement: Lodgement, *, by: User) -> None:
    """Called when it was decided: there is nothing left to work on."""
    for held in Claim.objects.filter(lodgement=lodgement, ended_at__isnull=True):
        _end(held, by)


def note(application: Application, user: User) -> None:
    """Note that a person has the review page open. One query."""
    row = Reader(application=application, user=user, seen_at=clock.now())
    Reader.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["application", "user"], update_fields=["seen_at"]
    )


def others(application: Application, user: User) -> list[str]:
    """The names of the other people of the same office who have the page open now. One query."""
    rows = Reader.objects.filter(
        application=application, seen_at__gt=clock.now() - GONE, user__offices__office=application.office_id
    ).exclude(user=user)
    return list(rows.order_by("pk").values_list("user__name", flat=True).distinct())


def arrive(application: Application, user: User) -> list[str]:
    """Note that a person opened the page, and tell who else is there."""
    note(application, user)
    return others(application, user)
