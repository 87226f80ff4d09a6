"""What an office does with what arrived: check items, return, decline, recommend, take back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import lodgement_here
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, require
from shidian.reviews.checklist import items
from shidian.reviews.models import Check, Decision, Reason
from shidian.reviews.rules import can_check, can_recommend


@dataclass(frozen=True, slots=True)
class Said:
    """A reason as given: its words, and the section of the form that it is about (or nothing)."""

    text: str
    section: str = ""


@transaction.atomic
def record_checks(lodgement: Lodgement, verdicts: Mapping[str, tuple[str, str]], *, by: User) -> int:
    """Record verdicts (item key to verdict and note) that differ from the latest ones; returns how many.

    Refused (`Invalid`) for an item that the checklist does not have or a verdict that does not exist.
    """
    applications.locked(lodgement.application)
    require(can_check(by, lodgement))
    known = {item.key for item in items(lodgement)}
    latest = {row.item: (row.verdict, row.note) for row in lodgement.checks.order_by("pk")}
    rows: list[Check] = []
    for key, (verdict, note) in verdicts.items():
        if key not in known or verdict not in Check.Verdict.values:
            raise Invalid(_("审查要点与页面不一致，请刷新页面再判。"))
        if latest.get(key) != (verdict, note[:500]):
            rows.append(
                Check(lodgement=lodgement, item=key, verdict=verdict, note=note[:500], at=clock.now(), by=by)
            )
    Check.objects.bulk_create(rows)
    return len(rows)


def _lodgement(application: Application) -> Lodgement:
    lodgement = lodgement_here(application)
    if lodgement is None:
        raise NotNow(_("没有收到递交的材料。"))
    return lodgement


def _decide(application: Application, kind: Decision.Kind, reasons: Sequence[Said], *, by: User) -> Decision:
    decision = Decision.objects.create(lodgement=_lodgement(application), kind=kind, at=clock.now(), by=by)
    Reason.objects.bulk_create(
        Reason(decision=decision, position=position, section=said.section, text=said.text)
        for position, said in enumerate(reasons, start=1)
    )
    return decision


def _words(reasons: Sequence[Said]) -> str:
    given = [said.text.strip().rstrip("。；;") for said in reasons if said.text.strip()]
    if not given:
        raise Invalid(_("请写明理由，对方要据此办理。"), [("reasons", _("请写明理由，对方要据此办理。"))])
    return "；".join(given)


@transaction.atomic
def return_for_correction(application: Application, *, by: User, reasons: Sequence[Said]) -> Decision:
    """Return the application to its lead with reasons, each naming a section where it can. Refused without reasons."""
    words = _words(reasons)
    applications.return_for_correction(application, by=by, reasons=words)
    return _decide(application, Decision.Kind.RETURN, reasons, by=by)


@transaction.atomic
def decline(application: Application, *, by: User, reasons: Sequence[Said]) -> Decision:
    """Do not recommend, with reasons; the end for this application. Refused without reasons."""
    words = _words(reasons)
    applications.decline(application, by=by, reasons=words)
    return _decide(application, Decision.Kind.DECLINE, reasons, by=by)


@transaction.atomic
def recommend(application: Application, *, by: User) -> Decision:
    """Recommend (at the last stage: select) an application whose every item is judged and none not met."""
    application = applications.locked(application)
    require(can_recommend(by, application))
    applications.recommend(application, by=by)
    return _decide(application, Decision.Kind.RECOMMEND, (), by=by)


@transaction.atomic
def take_back(application: Application, *, by: User, reason: str) -> Decision:
    """Put a recommended application back under review while its list is not approved."""
    said = [Said(reason)]
    _words(said)
    applications.take_back(application, by=by, reason=reason)
    return _decide(application, Decision.Kind.TAKE_BACK, said, by=by)
