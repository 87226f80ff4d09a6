"""What people do with what they are told: read it, and say how they want to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction

from shidian.accounts.models import User
from shidian.core import clock
from shidian.core.errors import Invalid
from shidian.notifications.kinds import KINDS
from shidian.notifications.models import Notice, Preference
from shidian.organisations.codes.contacts import check_phone, normalise_phone


def mark_read(user: User, pks: Iterable[int] | None = None) -> int:
    """Note that a person has read these notices, or all of its own; how many were new."""
    rows = Notice.objects.filter(user=user, read_at__isnull=True)
    if pks is not None:
        rows = rows.filter(pk__in=list(pks))
    return rows.update(read_at=clock.now())


@transaction.atomic
def prefer(user: User, chosen: Mapping[str, tuple[str, bool]], *, phone: str) -> None:
    """Keep how a person wants each kind: its mail, and whether a short message as well. `Invalid` at `phone`."""
    number = normalise_phone(phone)
    if number and (fault := check_phone(number)):
        raise Invalid(fault, [("phone", fault)])
    if number != user.phone:
        user.phone = number
        user.save(update_fields=("phone",))
    for key, (mail, sms) in chosen.items():
        kind = KINDS[key]
        known = str(Notice.Mail.NOW) if kind.compulsory else Notice.Mail(mail).value
        Preference.objects.update_or_create(
            user=user, kind=key, defaults={"mail": known, "sms": sms and bool(number)}
        )
