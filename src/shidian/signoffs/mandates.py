"""Signing for a party by its mandate (委托书): from one day to another, as an uploaded file says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import record
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow
from shidian.documents.models import StoredFile
from shidian.signoffs.models import Mandate, MandateEnd, Party
from shidian.signoffs.queries import of_body


def mandates_of(party: Party) -> list[Mandate]:
    """The mandates of the party's body, given in whatever round of the document, the oldest first."""
    return list(of_body(Mandate.objects.select_related("file", "ended"), party))


@transaction.atomic
def give_mandate(
    party: Party,
    *,
    delegate: str,
    given_by: str,
    since: date,
    until: date,
    file: StoredFile,
    by: User,
    capacity: str = "",
) -> Mandate:
    """Keep that a party lets somebody sign for it, with the file that says so; a signature by that person names it.

    Refused (`Invalid`) for a period that ends before it begins, and for one person as both.
    """
    problems = []
    if until < since:
        problems.append(("until", _("委托的截止日期不能早于开始日期。")))
    if _plain(delegate) == _plain(given_by):
        problems.append(("delegate", _("受托人和委托人不能是同一个人。")))
    if problems:
        raise Invalid(problems[0][1], problems)
    mandate = Mandate.objects.create(
        party=party,
        delegate=delegate,
        capacity=capacity,
        given_by=given_by,
        since=since,
        until=until,
        file=file,
        at=clock.now(),
        by=by,
    )
    record(
        "signoff.delegated",
        party.round.chain,
        by=by,
        detail={
            "label": party.label,
            "name": party.name,
            "role": party.role,
            "delegate": delegate,
            "given_by": given_by,
            "since": since.isoformat(),
            "until": until.isoformat(),
            "file": file.sha256,
        },
    )
    return mandate


@transaction.atomic
def end_mandate(mandate: Mandate, *, from_day: date, reason: str, by: User) -> MandateEnd:
    """Keep that a mandate was taken back: nobody signs by it on `from_day` or later. What was signed before stays.

    Refused (`NotNow`) when it was taken back already, and (`Invalid`) for a day after its period, or one on or after
    which it was signed by, and without a reason.
    """
    Mandate.objects.select_for_update(of=("self",)).get(pk=mandate.pk)
    if MandateEnd.objects.filter(mandate=mandate).exists():
        raise NotNow(_("这份委托书已经收回。"))
    problems = []
    if from_day > mandate.until:
        problems.append(
            (
                "from_day",
                _("委托到 {until} 为止，不用再从 {day} 起收回。").format(until=mandate.until, day=from_day),
            )
        )
    signed = mandate.signatures.filter(signed_on__gte=from_day).order_by("-signed_on").first()
    if signed is not None:
        problems.append(
            ("from_day", _("受托人 {day} 已经签名，收回的日期要晚于这一天。").format(day=signed.signed_on))
        )
    if not reason.strip():
        problems.append(("reason", _("请写明收回的原因")))
    if problems:
        raise Invalid(problems[0][1], problems)
    ended = MandateEnd.objects.create(
        mandate=mandate, from_day=from_day, reason=reason.strip(), at=clock.now(), by=by
    )
    record(
        "signoff.mandate_ended",
        mandate.party.round.chain,
        by=by,
        detail={
            "label": mandate.party.label,
            "name": mandate.party.name,
            "role": mandate.party.role,
            "delegate": mandate.delegate,
            "given_by": mandate.given_by,
            "from": from_day.isoformat(),
            "reason": ended.reason,
        },
    )
    return ended


def ended_of(mandate: Mandate) -> MandateEnd | None:
    """How a mandate was taken back, or nothing while it stands."""
    return getattr(mandate, "ended", None)


def mandate_for(mandates: Sequence[Mandate], signatory: str, day: date) -> tuple[Mandate | None, str]:
    """The mandate under which a person signs on a day, or why it may not; neither for who is nobody's delegate."""
    mine = [mandate for mandate in mandates if _plain(mandate.delegate) == _plain(signatory)]
    if not mine:
        return None, ""
    holding = next((each for each in reversed(mine) if _holds(each, day)), None)
    if holding is not None:
        return holding, ""
    last = mine[-1]
    ended = ended_of(last)
    if ended is not None and last.since <= day <= last.until:
        return None, _("{who}的委托自 {day} 起已经收回，不能受托签名。").format(
            who=signatory, day=ended.from_day
        )
    return None, _("{who}的委托期限是 {since} 至 {until}，{day} 不在期限内，不能受托签名。").format(
        who=signatory, since=last.since, until=last.until, day=day
    )


def _holds(mandate: Mandate, day: date) -> bool:
    ended = ended_of(mandate)
    return mandate.since <= day <= mandate.until and (ended is None or day < ended.from_day)


def _plain(name: str) -> str:
    return "".join(name.split())
