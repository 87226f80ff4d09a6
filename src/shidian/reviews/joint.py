"""One application recommended by two offices (联合推荐): offered and agreed between them, or put together later.

Where the lead has handed in the same project at both, one application goes on and the other is closed as merged into
it. It counts once wherever it arrives, and lists name both recommenders.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications.models import Application, Lodgement
from shidian.audit.actions import record
from shidian.calls.queries import offices_at, stage_of
from shidian.core import clock
from shidian.core.errors import Invalid, require
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.organisations.models import Office, Officer
from shidian.organisations.rules import holds_office
from shidian.reviews.models import JointAnswer, JointOffer, JointRecommendation
from shidian.reviews.similar import same_project

AT_OFFICE = ("lodged", "recommended")


def joint_recommenders(keys: Iterable[int]) -> dict[int, list[str]]:
    """The names of the further recommenders of applications, in the order in which they joined."""
    found: dict[int, list[str]] = {}
    rows = JointRecommendation.objects.filter(application__in=list(keys)).order_by("pk")
    for pk, name in rows.values_list("application", "office__name"):
        found.setdefault(pk, []).append(name)
    return found


def joint_of(application: Application) -> list[JointRecommendation]:
    """Who else recommends an application, with what was merged into it."""
    return list(application.joint_recommendations.select_related("office", "merged", "by", "answer__offer"))


def merged_into(application: Application) -> JointRecommendation | None:
    """The recommendation in whose favour an application was closed."""
    rows = JointRecommendation.objects.filter(merged=application)
    return rows.select_related("application", "office", "by").first()


def open_offers(office: Office) -> QuerySet[JointOffer]:
    """What an office was asked to recommend jointly and has not answered."""
    return JointOffer.objects.filter(
        to=office, answer__isnull=True, application__state__in=AT_OFFICE
    ).select_related("application__lead", "application__version", "application__call", "office", "by")


def offers_of(application: Application) -> list[JointOffer]:
    """What was asked for an application, with the answers."""
    return list(application.joint_offers.select_related("office", "to", "by", "answer__by"))


def partners_of(application: Application) -> list[Office]:
    """The offices that may be asked: those of the same stage that do not recommend the application yet."""
    if application.office is None:
        return []
    taken = set(application.joint_recommendations.values_list("office", flat=True))
    asked = set(
        JointOffer.objects.filter(application=application, answer__isnull=True).values_list("to", flat=True)
    )
    return [
        office
        for office in offices_at(application.call, application.stage)
        if office.pk not in taken | asked | {application.office_id}
    ]


def _at_own_office(user: User, application: Application) -> Verdict:
    if not holds_office(user, application.office, Officer.Role.HANDLER):
        return no(_("只有受理机构的经办人可以办理。"))
    if application.state not in AT_OFFICE:
        return not_now(
            _("申请现在是“{state_label}”，不能联合推荐。").format(state_label=application.state_label)
        )
    return YES


def can_offer(user: User, application: Application) -> Verdict:
    """The handler of the office that holds an application asks another of the same stage to recommend it too."""
    allowed = _at_own_office(user, application)
    if allowed and not partners_of(application):
        return not_now(_("同一环节没有可以联合推荐的其他机构。"))
    return allowed


def can_answer(user: User, offer: JointOffer) -> Verdict:
    """A handler of the office that was asked answers while the application is with the office that asked."""
    if not holds_office(user, offer.to, Officer.Role.HANDLER):
        return no(_("只有被邀请机构的经办人可以答复。"))
    if JointAnswer.objects.filter(offer=offer).exists():
        return not_now(_("已经答复过了。"))
    application = offer.application
    if application.state not in AT_OFFICE or application.office_id != offer.office_id:
        return not_now(
            _("{application} 现在是“{state_label}”，已经不能联合推荐。").format(
                application=application.reference, state_label=application.state_label
            )
        )
    return YES


def mergeable(offer: JointOffer) -> list[Application]:
    """The applications at the office that was asked that may be merged: of the same unit, or under the same name."""
    rows = Application.objects.filter(
        call=offer.application.call, office=offer.to, state__in=AT_OFFICE
    ).select_related("lead", "call", "office", "version")
    return [row for row in rows.order_by("reference") if same_project(offer.application, row)]


def _words(reason: str) -> str:
    words = reason.strip()
    if not words:
        raise Invalid(_("请写明理由。"), [("reason", _("请写明理由。"))])
    return words[:200]


@transaction.atomic
def offer(application: Application, to: Office, *, by: User, reason: str) -> JointOffer:
    """Ask another office to recommend an application jointly; its answer is awaited, nothing else changes."""
    application = applications.locked(application)
    require(can_offer(by, application))
    words = _words(reason)
    if to.pk not in {office.pk for office in partners_of(application)} or application.office is None:
        raise Invalid(_("请从同一环节的其他机构中选择"), [("to", _("请从同一环节的其他机构中选择"))])
    made = JointOffer.objects.create(
        application=application, office=application.office, to=to, reason=words, at=clock.now(), by=by
    )
    record(
        "application.joint_offered",
        application.chain,
        by=by,
        detail={"office": made.office.name, "to": to.name, "reason": words},
    )
    return made


@transaction.atomic
def answer(
    asked: JointOffer, *, agreed: bool, by: User, reason: str, merged: Application | None = None
) -> JointAnswer:
    """Agree, with or without an application of the own office that is closed in favour of the other, or refuse.

    Refused when the other application is not of the same project, or not at the office that was asked.
    """
    locked = [applications.locked(asked.application)]
    asked = JointOffer.objects.select_related("office", "to").get(pk=asked.pk)
    asked.application = locked[0]
    require(can_answer(by, asked))
    words = _words(reason)
    if merged is not None and merged.pk not in {row.pk for row in mergeable(asked)}:
        raise Invalid(
            _("只能并入本机构办理的、同一单位或者同一名称的申请"),
            [("merged", _("只能并入本机构办理的、同一单位或者同一名称的申请"))],
        )
    made = JointAnswer.objects.create(offer=asked, agreed=agreed, reason=words, at=clock.now(), by=by)
    if not agreed:
        record(
            "application.joint_refused",
            asked.application.chain,
            by=by,
            detail={"to": asked.to.name, "reason": words},
        )
        return made
    _join(asked.application, asked.to, merged, made, by=by, reason=words)
    return made


def _join(
    kept: Application,
    office: Office,
    merged: Application | None,
    agreed: JointAnswer | None,
    *,
    by: User,
    reason: str,
) -> JointRecommendation:
    if merged is not None:
        applications.merge(merged, kept, by=by, reason=reason)
    made = JointRecommendation.objects.create(
        application=kept, office=office, merged=merged, answer=agreed, reason=reason, at=clock.now(), by=by
    )
    record(
        "application.joined",
        kept.chain,
        by=by,
        detail={"office": office.name, "merged": merged.reference if merged else "", "reason": reason},
    )
    return made


def recommender(application: Application) -> Office | None:
    """The office whose list brought an application to where it lies; None where the lead handed it in itself."""
    arrival = (
        Lodgement.objects.filter(application=application).select_related("sent_by").order_by("-pk").first()
    )
    return arrival.sent_by if arrival else None


def can_put_together(user: User, kept: Application, merged: Application) -> Verdict:
    """A handler who received the same project from two offices goes on with one application in both their names."""
    for application in (kept, merged):
        allowed = _at_own_office(user, application)
        if not allowed:
            return allowed
    if kept.pk == merged.pk or kept.call_id != merged.call_id or kept.office_id != merged.office_id:
        return not_now(_("两份申请不在同一个机构，不能在这里合并。"))
    if not same_project(kept, merged):
        return not_now(_("两份申请不是同一单位，名称也不同，不能合并为联合推荐。"))
    first, second = recommender(kept), recommender(merged)
    if first is None or second is None or first.pk == second.pk:
        return not_now(_("两份申请不是由两个推荐单位报送来的，不是联合推荐。"))
    here = stage_of(kept.call, kept.office) if kept.office else None
    if here is None:
        return not_now(_("两份申请不在同一个机构，不能在这里合并。"))
    return YES


@transaction.atomic
def put_together(
    kept: Application, merged: Application, *, by: User, reason: str
) -> list[JointRecommendation]:
    """Close one of two applications that arrived from two offices; the other goes on with every recommender of both."""
    first, second = sorted((kept, merged), key=lambda row: row.pk)  # always locked in one order
    rows = {row.pk: row for row in (applications.locked(first), applications.locked(second))}
    kept, merged = rows[kept.pk], rows[merged.pk]
    require(can_put_together(by, kept, merged))
    words = _words(reason)
    own, other = recommender(kept), recommender(merged)
    taken = {row.office_id for row in joint_of(kept)} | ({own.pk} if own else set())
    made: list[JointRecommendation] = []
    further = [other, *(row.office for row in joint_of(merged))]
    for office in further:
        if office is not None and office.pk not in taken:
            made.append(_join(kept, office, None if made else merged, None, by=by, reason=words))
            taken.add(office.pk)
    if not made:  # both recommenders stand on the kept one already
        applications.merge(merged, kept, by=by, reason=words)
    return made
