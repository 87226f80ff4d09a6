"""What an office does with what arrived: check items, return, decline, recommend, take back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications.corrections import Wanted
from shidian.applications.models import Application, Lodgement
from shidian.applications.places import Place, of_section
from shidian.applications.queries import lodgement_here
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, require
from shidian.reviews.checklist import points
from shidian.reviews.claims import end_claim
from shidian.reviews.freshness import require_fresh
from shidian.reviews.models import Check, Decision, Reason
from shidian.reviews.problems import drafts_of
from shidian.reviews.rules import can_check, can_recommend, can_settle, may_decide_alone


@dataclass(frozen=True, slots=True)
class Said:
    """A reason as given: its words, and the section of the form that it is about (or nothing)."""

    text: str
    section: str = ""


@transaction.atomic
def record_checks(
    lodgement: Lodgement, verdicts: Mapping[str, tuple[str, str]], *, by: User, seen: str = ""
) -> int:
    """Record verdicts (item key to verdict and note) that differ from the latest ones; returns how many.

    Refused (`Invalid`) for an item that the checklist does not have or a verdict that does not exist; `Stale` when
    somebody else judged or decided since the page was `seen`.
    """
    application = applications.locked(lodgement.application)
    require_fresh(application, seen, by)
    require(can_check(by, lodgement))
    known = {point.key for point in points(lodgement)}
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
    lodgement = _lodgement(application)
    decision = Decision.objects.create(lodgement=lodgement, kind=kind, at=clock.now(), by=by)
    end_claim(lodgement, by=by)
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
def return_for_correction(
    application: Application,
    *,
    by: User,
    reasons: Sequence[Said] = (),
    days: int | None = None,
    seen: str = "",
) -> Decision:
    """Return the application to its lead with a problem list: what was drafted while reading, then the `reasons`.

    A reason opens the section that it names, or everything. `days`: see `applications.actions`. Refused without any
    entry; `Stale` when somebody else did something with the application since the page was `seen`.
    """
    application = applications.locked(application)
    require_fresh(application, seen, by)
    require(can_settle(by, application))
    lodgement = _lodgement(application)
    drafts = drafts_of(lodgement)
    given = [said for said in reasons if said.text.strip()]
    wanted = [Wanted(row.text, row.place, row.severity, row.again) for row in drafts]
    wanted += [Wanted(said.text.strip(), str(of_section(said.section))) for said in given]
    said = [Said(one.text, Place.read(one.place).section) for one in wanted]
    applications.return_for_correction(application, by=by, reasons=_words(said), wanted=wanted, days=days)
    decision = _decide(application, Decision.Kind.RETURN, said, by=by)
    lodgement.drafts.all().delete()
    return decision


@transaction.atomic
def decline(application: Application, *, by: User, reasons: Sequence[Said], seen: str = "") -> Decision:
    """Do not recommend, with reasons; the end for this application. Refused without reasons, and by `require_fresh`."""
    application = applications.locked(application)
    require_fresh(application, seen, by)
    require(can_settle(by, application))
    words = _words(reasons)
    require(may_decide_alone(application))
    applications.decline(application, by=by, reasons=words)
    return _decide(application, Decision.Kind.DECLINE, reasons, by=by)


@transaction.atomic
def recommend(application: Application, *, by: User, seen: str = "") -> Decision:
    """Recommend (at the last stage: select) an application whose every item is judged and none not met.

    `Stale` when somebody else did something with it since the page was `seen`.
    """
    application = applications.locked(application)
    require_fresh(application, seen, by)
    require(can_recommend(by, application))
    require(may_decide_alone(application))
    applications.recommend(application, by=by)
    return _decide(application, Decision.Kind.RECOMMEND, (), by=by)


@transaction.atomic
def take_back(application: Application, *, by: User, reason: str, seen: str = "") -> Decision:
    """Put a recommended application back under review while its list is not approved. Refused by `require_fresh`."""
    application = applications.locked(application)
    require_fresh(application, seen, by)
    said = [Said(reason)]
    _words(said)
    applications.take_back(application, by=by, reason=reason)
    return _decide(application, Decision.Kind.TAKE_BACK, said, by=by)
