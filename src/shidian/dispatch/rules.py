"""Who may prepare, approve and dispatch a list, and who registers what arrives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.actions import next_gate
from shidian.applications.models import Application
from shidian.applications.queries import longest_pause
from shidian.calls.models import Call
from shidian.calls.queries import gates_until, office_after, stage_of, window
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.dispatch.models import CandidateList, ListChange
from shidian.dispatch.publishing.rules import may_leave
from shidian.dispatch.queries import (
    effective,
    entries,
    is_last_stage,
    items,
    numbered,
    sent_lists,
    works_as_registry,
)
from shidian.dispatch.quotas import quotas
from shidian.organisations.models import Office, Officer
from shidian.organisations.rules import holds_office
from shidian.reviews.joint import joint_recommenders
from shidian.reviews.models import Decision
from shidian.signoffs.queries import outstanding_by_version

HANDLER, APPROVER, REGISTRAR = Officer.Role.HANDLER, Officer.Role.APPROVER, Officer.Role.REGISTRAR


def can_rank(user: User, office: Office, listed: CandidateList | None) -> Verdict:
    """A handler orders the list while it is being prepared."""
    if not holds_office(user, office, HANDLER):
        return no(_("只有本机构的经办人可以编制清单。"))
    if listed is not None and listed.state != "draft":
        return not_now(_("清单现在是“{state_label}”，不能再改排序。").format(state_label=listed.state_label))
    return YES


def can_propose(user: User, call: Call, office: Office, listed: CandidateList | None) -> Verdict:
    """A handler puts the list before the approver once it has entries whose opinions are complete."""
    allowed = can_rank(user, office, listed)
    if not allowed:
        return allowed
    rows = entries(call, office)
    changed = listed is not None and listed.changes.exists()
    if not rows and not changed:
        return not_now(_("清单还是空的：先推荐至少一个申请。"))
    if listed is not None and changed:
        if not listed.reason:
            return not_now(_("清单撤下或者更正了已报送的内容，先写明补充更正的理由。"))
        stands = changes_stand(listed)
        if not stands:
            return stands
    here = stage_of(call, office)
    if here is not None and here.letter is not None and here.letter.required and not numbered(listed):
        return not_now(_("{label}还没有发文字号，写好了才能提交审批。").format(label=here.letter.label))
    if not rows:
        return YES
    gates = gates_until(call, next_gate(rows[0].application))
    missing = outstanding_by_version([row.application.version_id or 0 for row in rows], gates)
    for row in rows:
        if waiting := missing.get(row.application.version_id or 0):
            names = _("、").join(
                _("{party}“{party_2}”").format(party=party.label, party_2=party.name) for party in waiting
            )
            return not_now(
                _("{application} 还缺{names}的意见，登记以后才能提交审批。").format(
                    application=row.application.reference, names=names
                )
            )
    return YES


def can_approve(user: User, listed: CandidateList) -> Verdict:
    """An approver of the office who neither put the list forward nor recommended anything on it."""
    if not holds_office(user, listed.office, APPROVER):
        return no(_("只有本机构的审批人可以审批清单。"))
    if listed.state != "proposed":
        return not_now(_("清单现在是“{state_label}”，不在待审批中。").format(state_label=listed.state_label))
    if listed.proposed_by_id == user.pk:
        return no(_("提交清单的人不能审批同一份清单，请由另一位审批人办理。"))
    handled = Decision.objects.filter(
        by=user, kind=Decision.Kind.RECOMMEND, lodgement__application__list_items__list=listed
    )
    if handled.exists():
        return no(_("清单上有您本人经办推荐的申请，请由另一位审批人审批。"))
    return YES


def still_stands(listed: CandidateList) -> Verdict:
    """Whether everything on the list is still recommended at its office, in the version that was approved."""
    approved: dict[str, str] = {}
    if listed.state == "confirmed" and listed.version is not None:
        approved = {row["reference"]: row["digest"] for row in listed.version.data["applications"]}
    joined = joint_recommenders(item.application_id for item in items(listed)) if approved else {}
    for item in items(listed):
        application = item.application
        if application.state != "recommended" or application.office_id != listed.office_id:
            return not_now(
                _("{application} 现在是“{state_label}”，清单与实际不符，请退回重新编制。").format(
                    application=application.reference, state_label=application.state_label
                )
            )
        version = application.version
        if approved and _names(listed, application) != joined.get(application.pk, []):
            return not_now(
                _("{application} 在清单审批以后有了联合推荐单位，请撤销审批，重新编制清单。").format(
                    application=application.reference
                )
            )
        if approved and (version is None or version.digest != approved.get(application.reference)):
            return not_now(
                _("{application} 在清单审批以后有了新版本，请撤销审批，重新编制清单。").format(
                    application=application.reference
                )
            )
    return changes_stand(listed)


def can_be_called_back(application: Application, office: Office) -> Verdict:
    """What an office sent may be withdrawn until the receiving office decides on it; what is nominated, at any time."""
    nominated = application.state == "nominated" and application.office_id == office.pk
    waiting = application.state == "lodged" and application.office_id != office.pk
    if nominated or waiting:
        return YES
    return not_now(
        _("{application} 在{office}那里现在是“{state_label}”，不能撤下；请先与该机构联系。").format(
            application=application.reference,
            office=application.office or "",
            state_label=application.state_label,
        )
    )


def changes_stand(listed: CandidateList) -> Verdict:
    """Whether everything that a supplement changes can still be changed."""
    changes = list(listed.changes.select_related("application"))
    if not changes:
        return YES
    present = {row.application.pk: row.application for row in effective(listed.call, listed.office)}
    for row in changes:
        application = present.get(row.application_id)
        if application is None:
            return not_now(
                _("{application} 已不在有效清单上，请退回重新编制。").format(
                    application=row.application.reference
                )
            )
        if row.kind == ListChange.Kind.WITHDRAW:
            allowed = can_be_called_back(application, listed.office)
            if not allowed:
                return allowed
    return YES


def can_change(user: User, call: Call, office: Office, listed: CandidateList | None) -> Verdict:
    """A handler writes a supplement once a list was sent."""
    allowed = can_rank(user, office, listed)
    if allowed and not sent_lists(call, office):
        return not_now(_("还没有报送过清单，不用补充更正：直接改清单就行。"))
    return allowed


def can_write_letter(user: User, call: Call, office: Office, listed: CandidateList | None) -> Verdict:
    """A handler writes the cover letter until the list is approved; it is approved and frozen together with it."""
    here = stage_of(call, office)
    if here is None or here.letter is None:
        return not_now(_("本批次没有规定随清单报送的函。"))
    if not holds_office(user, office, HANDLER):
        return no(_("只有本机构的经办人可以起草函。"))
    if listed is not None and listed.state not in ("draft", "proposed"):
        return not_now(
            _("清单现在是“{state_label}”，函已随清单定稿。").format(state_label=listed.state_label)
        )
    return YES


def waives(call: Call, office: Office) -> Office | None:
    """The office that may let another send more than its quota, as the call says; None where it has no quota."""
    here = stage_of(call, office)
    if here is None or here.quota is None:
        return None
    return office if here.quota.waived_by == "approver" else office_after(call, office)


def can_ask_waiver(user: User, call: Call, office: Office, listed: CandidateList | None) -> Verdict:
    """A handler of an office that is over its quota asks whoever may waive it."""
    if not holds_office(user, office, HANDLER):
        return no(_("只有本机构的经办人可以申请超额报送。"))
    if not any(row.blocks for row in quotas(call, office, listed)):
        return not_now(_("没有超过名额，不用申请。"))
    return YES


def can_waive(user: User, listed: CandidateList, scope: str | None = None) -> Verdict:
    """An approver of the office that the call names decides on a list over its quota (or over `scope`), before it is sent."""
    who = waives(listed.call, listed.office)
    if who is None or not holds_office(user, who, APPROVER):
        return no(_("超额报送由{office}的审批人决定。").format(office=who or _("有关机构")))
    if listed.state == "dispatched":
        return not_now(_("清单已经报送。"))
    over = [row.scope for row in quotas(listed.call, listed.office, listed) if row.blocks]
    if not over or scope not in (None, *over):
        return not_now(_("这份清单现在没有超过名额，不用同意超额。"))
    return YES


def quota_holds(listed: CandidateList) -> Verdict:
    """Whether what the office sends with this list keeps within the quota, or more was allowed."""
    for row in quotas(listed.call, listed.office, listed):
        if row.blocks:
            return not_now(
                row.words + _("须先取得{office}同意超额。").format(office=waives(listed.call, listed.office))
            )
    return YES


def _names(listed: CandidateList, application: Application) -> list[str]:
    rows = listed.version.data["applications"] if listed.version else []
    found: dict[str, Any] = next((row for row in rows if row["reference"] == application.reference), {})
    return list(found.get("joint", []))


def can_revoke(user: User, listed: CandidateList) -> Verdict:
    """An approver takes an approval back while the list has not left."""
    if not holds_office(user, listed.office, APPROVER):
        return no(_("只有本机构的审批人可以撤销审批。"))
    if listed.state != "confirmed":
        return not_now(
            _("清单现在是“{state_label}”，没有可以撤销的审批。").format(state_label=listed.state_label)
        )
    return YES


def can_seal(user: User, listed: CandidateList) -> Verdict:
    """Handler or approver upload the scan of the sealed list once it is approved."""
    if not holds_office(user, listed.office, HANDLER, APPROVER):
        return no(_("只有本机构的人员可以上传盖章扫描件。"))
    if listed.state != "confirmed":
        return not_now(_("清单审批通过以后，打印、盖章，再上传扫描件。"))
    return YES


def can_dispatch(user: User, listed: CandidateList) -> Verdict:
    """An approver sends an approved list with its sealed scan, before the office's own deadline."""
    if not holds_office(user, listed.office, APPROVER):
        return no(_("只有本机构的审批人可以报送。"))
    if listed.state != "confirmed":
        return not_now(
            _("清单现在是“{state_label}”，审批通过以后才能报送。").format(state_label=listed.state_label)
        )
    if listed.sealed_scan_id is None:
        return not_now(_("还没有上传盖章的清单扫描件。"))
    # A deadline closes what is added, never the correction of what was sent in time.
    adds = listed.items.exists()
    if adds and not window(listed.call, listed.office).may_dispatch(later=_stood_still(listed)):
        return not_now(_("已经过了本机构的报送截止时间，不能报送。请与上级机构联系。"))
    if is_last_stage(listed.call, listed.office):
        public = may_leave(listed.call, [item.application_id for item in items(listed)])
        if not public:
            return public
    return still_stands(listed) and quota_holds(listed)


def _stood_still(listed: CandidateList) -> timedelta:
    """For how long the deadline of a list stood still, by the corrections of what is on it."""
    if listed.call.definition.corrections.clock != "stops":
        return timedelta()
    return longest_pause(listed.items.values_list("application", flat=True), listed.office)


def can_register(user: User, call: Call, office: Office) -> Verdict:
    """A registrar of the registry named in the call counts paper and electronic material."""
    if not works_as_registry(call, office):
        return no(_("本批次的材料不由这个机构登记。"))
    if not holds_office(user, office, REGISTRAR):
        return no(_("只有登记员可以登记材料。"))
    return YES


def can_keep_paper(user: User, call: Call, office: Office) -> Verdict:
    """The registrar of the registry, or a handler or approver of the last stage, says where paper copies went."""
    if works_as_registry(call, office):
        return can_register(user, call, office)
    if not is_last_stage(call, office):
        return no(_("本批次的纸质材料不由这个机构保管和交接。"))
    if not holds_office(user, office, HANDLER, APPROVER):
        return no(_("只有本机构的人员可以登记纸质材料的去向。"))
    return YES
