"""Who may prepare, publish and close a publicity, handle objections to it, and record what the destination decided."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.dispatch.publishing.models import Objection, Publicity
from shidian.dispatch.publishing.queries import open_objections, publishable, waits
from shidian.dispatch.queries import is_last_stage
from shidian.organisations.models import Office, Officer
from shidian.organisations.rules import holds_office

HANDLER, APPROVER = Officer.Role.HANDLER, Officer.Role.APPROVER


def can_prepare(user: User, call: Call, office: Office, replaces: Publicity | None = None) -> Verdict:
    """A handler of the last stage prepares one when something was decided that is not public yet, or to correct one."""
    if not is_last_stage(call, office) or not holds_office(user, office, HANDLER):
        return no(_("公示由最后一级受理机构的经办人拟定。"))
    if Publicity.objects.filter(call=call, office=office, state="prepared").exists():
        return not_now(_("已有一份公示等待发布，发布或者撤回以后再拟。"))
    if replaces is not None and not replaces.MACHINE.allows(replaces.state, "replace"):
        return not_now(_("公示现在是“{state_label}”，不能更正。").format(state_label=replaces.state_label))
    if not publishable(call, office, replaces):
        return not_now(_("没有可以公示的申请：先作出选报的决定。"))
    return YES


def can_change(user: User, publicity: Publicity) -> Verdict:
    """A handler edits the words of a publicity that is not published."""
    if not holds_office(user, publicity.office, HANDLER):
        return no(_("公示由最后一级受理机构的经办人拟定。"))
    return _in_state(publicity, "prepared")


def can_publish(user: User, publicity: Publicity) -> Verdict:
    """An approver other than whoever prepared it."""
    if not holds_office(user, publicity.office, APPROVER):
        return no(_("只有本机构的审批人可以发布公示。"))
    if publicity.state != "prepared":
        return _in_state(publicity, "prepared")
    if publicity.prepared_by_id == user.pk:
        return no(_("拟定公示的人不能发布同一份公示，请由另一位审批人办理。"))
    if not publishable(publicity.call, publicity.office, publicity.replaces):
        return not_now(_("名单已经空了，请撤回这份公示。"))
    return YES


def can_withdraw(user: User, publicity: Publicity) -> Verdict:
    """Either may give up one that is not published; an approver takes a published one back before it has passed."""
    if not holds_office(
        user, publicity.office, APPROVER, *([HANDLER] if publicity.state == "prepared" else [])
    ):
        return no(_("只有本机构的审批人可以撤回公示。"))
    if not publicity.MACHINE.allows(publicity.state, "withdraw"):
        return not_now(_("公示现在是“{state_label}”，不能撤回。").format(state_label=publicity.state_label))
    return YES


def can_extend(user: User, publicity: Publicity) -> Verdict:
    """An approver gives more working days, while it runs or when it ended with an objection open."""
    if not holds_office(user, publicity.office, APPROVER):
        return no(_("只有本机构的审批人可以延长公示。"))
    if not publicity.MACHINE.allows(publicity.state, "extend"):
        return not_now(_("公示现在是“{state_label}”，不能延长。").format(state_label=publicity.state_label))
    return YES


def can_settle(user: User, publicity: Publicity) -> Verdict:
    """An approver closes one that ended, once every objection to it and to what it corrects was answered."""
    if not holds_office(user, publicity.office, APPROVER):
        return no(_("只有本机构的审批人可以结束公示。"))
    if publicity.state != "ended":
        return not_now(_("公示现在是“{state_label}”。").format(state_label=publicity.state_label))
    return nothing_open(publicity)


def nothing_open(publicity: Publicity) -> Verdict:
    """Whether no objection waits for its answer."""
    if waiting := open_objections(publicity).count():
        return not_now(_("还有 {count} 件异议没有办结，办结以后才能结束公示。").format(count=waiting))
    return YES


def _in_state(publicity: Publicity, state: str) -> Verdict:
    if publicity.state == state:
        return YES
    return not_now(_("公示现在是“{state_label}”。").format(state_label=publicity.state_label))


def can_object(publicity: Publicity) -> Verdict:
    """Anybody, from the publication to the end of the last day."""
    if publicity.takes_objections:
        return YES
    return not_now(_("公示期已过，不再受理异议。有意见的，请与公示上写明的机关联系。"))


def can_take_in(user: User, publicity: Publicity) -> Verdict:
    """An officer enters an objection that came by letter, until the publicity has passed."""
    if not holds_office(user, publicity.office, HANDLER, APPROVER):
        return no(_("只有本机构的人员可以登记异议。"))
    if publicity.state not in ("running", "ended"):
        return not_now(
            _("公示现在是“{state_label}”，不再受理异议。").format(state_label=publicity.state_label)
        )
    return YES


def can_claim(user: User, objection: Objection) -> Verdict:
    """A handler takes an objection, or takes it over."""
    if not holds_office(user, objection.publicity.office, HANDLER):
        return no(_("只有本机构的经办人可以受理异议。"))
    if not objection.MACHINE.allows(objection.state, "claim"):
        return _not_in(objection)
    if objection.claimed_by_id == user.pk:
        return not_now(_("这件异议已经由您办理。"))
    return YES


def can_answer(user: User, objection: Objection) -> Verdict:
    """Whoever claimed it notes and answers."""
    if not holds_office(user, objection.publicity.office, HANDLER):
        return no(_("只有本机构的经办人可以办理异议。"))
    if objection.state != "handling":
        return _not_in(objection)
    if objection.claimed_by_id != user.pk:
        return no(_("这件异议由 {who} 办理；要接过来，请先受理。").format(who=objection.claimed_by))
    return YES


def can_decide_answer(user: User, objection: Objection) -> Verdict:
    """An approver other than whoever answered confirms the answer or sends it back."""
    if not holds_office(user, objection.publicity.office, APPROVER):
        return no(_("只有本机构的审批人可以审批答复。"))
    if objection.state != "proposed":
        return _not_in(objection)
    if objection.claimed_by_id == user.pk:
        return no(_("答复的人不能审批同一件答复，请由另一位审批人办理。"))
    return YES


def _not_in(objection: Objection) -> Verdict:
    return not_now(_("这件异议现在是“{state_label}”。").format(state_label=objection.state_label))


def can_record_results(user: User, call: Call, office: Office) -> Verdict:
    """A handler or approver of the last stage records what the destination wrote."""
    if not is_last_stage(call, office) or not holds_office(user, office, HANDLER, APPROVER):
        return no(_("国家结果由最后一级受理机构登记。"))
    return YES


def may_leave(call: Call, references: list[int]) -> Verdict:
    """Where the call wants it, a list leaves only when everything on it stood on a publicity that has passed."""
    if call.definition.publicity.required and (left := waits(references)):
        return not_now(_("{left} 还没有公示完毕，不能报送。").format(left=_("、").join(left[:5])))
    return YES
