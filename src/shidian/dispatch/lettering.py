"""Writing the cover letter of a list."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import record
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import Invalid, require
from shidian.dispatch.actions import locked, started
from shidian.dispatch.letters import checked, count_of, text_of
from shidian.dispatch.models import Letter
from shidian.dispatch.queries import open_list
from shidian.dispatch.rules import can_write_letter
from shidian.organisations.models import Office


@transaction.atomic
def write_letter(call: Call, office: Office, values: dict[str, str], *, by: User) -> Letter:
    """Write the cover letter of the office's open list; refused once the list is approved.

    `Invalid` for a number that is wrong, of another year, or given before; for a text that is missing or too long.
    """
    listed = open_list(call, office)
    require(can_write_letter(by, call, office, listed))
    year = clock.now().astimezone(call.zone).year
    kept = checked(values, year=year, office=office, listed=listed)
    listed = locked(listed) if listed is not None else started(call, office, by=by)
    require(can_write_letter(by, call, office, listed))
    text = text_of(call, office)
    try:
        with transaction.atomic():
            letter, _made = Letter.objects.update_or_create(
                list=listed,
                defaults={
                    **kept,
                    "office": office,
                    "count": count_of(call, office, listed),
                    "at": clock.now(),
                    "by": by,
                },
            )
    except IntegrityError:
        said = _("这个文号刚被用在本机构另一份函上")
        raise Invalid(said, [("number", said)]) from None
    record(
        "list.letter_written",
        listed.chain,
        by=by,
        detail={"label": text.label if text else "", "number": letter.number, "title": letter.title},
    )
    return letter
