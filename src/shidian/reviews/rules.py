"""Who may check and decide, and what must be done first."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import lodgement_here
from shidian.applications.rules import can_decide, recommend_word
from shidian.calls.models import Call
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.organisations.models import Officer
from shidian.reviews.checklist import Judged, judged
from shidian.reviews.models import Check


def can_check(user: User, lodgement: Lodgement) -> Verdict:
    """A handler judges the items of what lies at the office now, in its latest arrival only."""
    allowed = can_decide(user, lodgement.application)
    if not allowed:
        return allowed
    latest = lodgement_here(lodgement.application)
    if latest is None or latest.pk != lodgement.pk:
        return not_now(_("这是以前递交的一版，请审查最新的一版。"))
    return YES


def can_recommend(user: User, application: Application, rows: list[Judged] | None = None) -> Verdict:
    """Every item must be judged and none found not met; `rows` spares reading the checklist again."""
    allowed = can_decide(user, application)
    if not allowed:
        return allowed
    lodgement = lodgement_here(application)
    if lodgement is None:
        return not_now(_("没有收到递交的材料。"))
    rows = judged(lodgement) if rows is None else rows
    word = recommend_word(application)
    open_items = [row.item.label for row in rows if row.check is None]
    if open_items:
        return not_now(
            _("还有 {count} 个审查要点没有判定，判完才能{word}。").format(count=len(open_items), word=word)
        )
    against = [row.item.label for row in rows if row.check and row.check.verdict == Check.Verdict.NOT_MET]
    if against:
        return not_now(
            _("有 {count} 个要点不符合（{against}），请退回补正或不予推荐。").format(
                count=len(against), against=_("、").join(against[:3])
            )
        )
    return YES


def can_keep_watchlists(user: User) -> Verdict:
    """Handlers and approvers of an office of some call's last stage, and administrators, load and withdraw lists."""
    if user.is_administrator:
        return YES
    keys: set[str] = set()
    for call in Call.objects.public():
        kinds = call.definition.stages[-1].kinds
        keys.update(office.key for office in call.package.offices if office.kind in kinds)
    roles = (Officer.Role.HANDLER, Officer.Role.APPROVER)
    if Officer.objects.filter(user=user, office__key__in=keys, role__in=roles).exists():
        return YES
    return no(_("只有最后一级受理机构的经办人、审批人和系统管理员可以载入名单。"))
