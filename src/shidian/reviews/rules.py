"""Who may check and decide, and what must be done first."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import lodgement_here
from shidian.applications.rules import can_decide, recommend_word
from shidian.calls.models import Call
from shidian.calls.queries import stage, stage_of
from shidian.core.language import date_words
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.organisations.models import Office, Officer
from shidian.organisations.rules import holds_office
from shidian.reviews.checklist import Judged, judged
from shidian.reviews.models import Check, Ruling
from shidian.reviews.queries import claim_on


def can_settle(user: User, application: Application) -> Verdict:
    """Whoever may decide, unless somebody else has claimed the application: then it is taken over first."""
    allowed = can_decide(user, application)
    return allowed and not_claimed(user, application)


def not_claimed(user: User, application: Application) -> Verdict:
    """Whether nobody else works on what lies at the office now."""
    claim = claim_on(application)
    if claim is None or claim.user_id == user.pk:
        return YES
    at = claim.at.astimezone(application.call.zone)
    return not_now(
        _("{who}正在办理这件申请（{day} {time}认领）。要由您办理，请先接手。").format(
            who=claim.user.label, day=date_words(at), time=f"{at:%H:%M}"
        )
    )


def can_check(user: User, lodgement: Lodgement) -> Verdict:
    """A handler judges the items of what lies at the office now, in its latest arrival only."""
    allowed = can_settle(user, lodgement.application)
    if not allowed:
        return allowed
    latest = lodgement_here(lodgement.application)
    if latest is None or latest.pk != lodgement.pk:
        return not_now(_("这是以前递交的一版，请审查最新的一版。"))
    return YES


def can_release(user: User, application: Application) -> Verdict:
    """Whoever claimed what lies at the office leaves it to others; nobody else's claim."""
    allowed = can_decide(user, application)
    if not allowed:
        return allowed
    held = claim_on(application)
    if held is None or held.user_id != user.pk:
        return not_now(_("这件申请现在不在您名下。"))
    return YES


def can_recommend(user: User, application: Application, rows: list[Judged] | None = None) -> Verdict:
    """Every item must be judged and none found not met; `rows` spares reading the checklist again."""
    allowed = can_settle(user, application)
    if not allowed:
        return allowed
    lodgement = lodgement_here(application)
    if lodgement is None:
        return not_now(_("没有收到递交的材料。"))
    rows = judged(lodgement, look=False) if rows is None else rows
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


def may_decide_alone(application: Application) -> Verdict:
    """Where the call wants decisions of a stage confirmed, none is made on the page of one application."""
    if application.stage and stage(application.call, application.stage).confirmed:
        return not_now(_("这一环节的决定统一在“逐件决定”页上提出，由另一人确认。"))
    return YES


def can_rule(user: User, call: Call, office: Office) -> Verdict:
    """A handler of the last stage says what is to be decided on its candidates."""
    found = stage_of(call, office)
    if found is None or found.key != call.definition.stages[-1].key:
        return no(_("逐件决定由最后一级受理机构办理。"))
    if not holds_office(user, office, Officer.Role.HANDLER):
        return no(_("只有本机构的经办人可以提出决定。"))
    return YES


def can_confirm_ruling(user: User, ruling: Ruling) -> Verdict:
    """An approver of the office, other than the person who put it forward."""
    if not holds_office(user, ruling.office, Officer.Role.APPROVER):
        return no(_("只有本机构的审批人可以确认。"))
    if ruling.state != "proposed":
        return not_now(_("这一批决定现在是“{state_label}”。").format(state_label=ruling.state_label))
    if ruling.proposed_by_id == user.pk:
        return no(_("提出决定的人不能确认同一批决定，请由另一位审批人办理。"))
    return YES


def can_send_ruling_back(user: User, ruling: Ruling) -> Verdict:
    """The approver gives it back, or whoever put it forward takes it back."""
    if ruling.proposed_by_id != user.pk and not holds_office(user, ruling.office, Officer.Role.APPROVER):
        return no(_("只有审批人和提出决定的人可以退回。"))
    if ruling.state != "proposed":
        return not_now(_("这一批决定现在是“{state_label}”。").format(state_label=ruling.state_label))
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
