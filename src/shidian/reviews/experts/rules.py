"""Who keeps a pool and a panel, who may be an expert, who may read what."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.organisations.models import Office, Officer
from shidian.reviews.experts.models import Assignment, AssignmentPlan, Panel

KEEPERS = (Officer.Role.HANDLER, Officer.Role.APPROVER)
AT_WORK = ("preparing", "reviewing", "discussing")
"""The states of a panel in which experts are given work or lose it."""


def pools_of(user: User) -> list[Office]:
    """The offices whose experts this person keeps: those of the last stage of some call, where it handles or approves."""
    keys: set[str] = set()
    for call in Call.objects.public():
        kinds = call.definition.stages[-1].kinds
        keys.update(office.key for office in call.package.offices if office.kind in kinds)
    mine = Officer.objects.filter(user=user, office__key__in=keys, role__in=KEEPERS)
    return list(Office.objects.filter(pk__in=mine.values("office")))


def can_keep_pool(user: User, office: Office) -> Verdict:
    """Who handles or approves at an office of a last stage keeps its experts and its panels."""
    if office in pools_of(user):
        return YES
    return no(_("只有最后一级受理机构的经办人和审批人可以管理专家和评审组。"))


def can_be_expert(user: User) -> Verdict:
    """Who administers, audits or acts for an office reads by that role and judges nothing as an expert."""
    if user.is_administrator or user.is_auditor:
        return no(_("系统管理员和审计员不能兼任专家。"))
    if Officer.objects.filter(user=user).exists():
        return no(_("受理机构的经办人、审批人和登记员不能兼任专家。"))
    if not user.is_active:
        return not_now(_("这个账号已经停用，请先请系统管理员恢复。"))
    return YES


def can_assign(user: User, panel: Panel) -> Verdict:
    """Work is given and taken back until the panel is closed."""
    allowed = can_keep_pool(user, panel.office)
    if not allowed:
        return allowed
    if panel.state not in AT_WORK:
        return not_now(_("评审组现在是“{label}”，不能再分配。").format(label=panel.state_label))
    return YES


def can_move(user: User, panel: Panel, verb: str) -> Verdict:
    """Whether this verb leads the panel on, and this person may."""
    allowed = can_keep_pool(user, panel.office)
    if not allowed:
        return allowed
    if not panel.MACHINE.allows(panel.state, verb):
        return not_now(_("评审组现在是“{label}”。").format(label=panel.state_label))
    if verb == "open" and not Assignment.objects.filter(panel=panel, withdrawn_at__isnull=True).exists():
        return not_now(_("还没有分配，请先给申请分配专家。"))
    return YES


def can_confirm(user: User, plan: AssignmentPlan) -> Verdict:
    """A plan that was worked out is taken once, while its panel is at work."""
    allowed = can_assign(user, plan.panel)
    if allowed and plan.state != "ready":
        return not_now(_("这个方案现在是“{label}”。").format(label=plan.state_label))
    return allowed
