"""Who may prepare, approve and dispatch a list, and who registers what arrives."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.actions import next_gate
from shidian.applications.rules import holds_office
from shidian.calls.models import Call
from shidian.calls.queries import gates_until, window
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.dispatch.models import CandidateList
from shidian.dispatch.queries import entries, items, works_as_registry
from shidian.organisations.models import Office, Officer
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
    if not rows:
        return not_now(_("清单还是空的：先推荐至少一个申请。"))
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
    for item in items(listed):
        application = item.application
        if application.state != "recommended" or application.office_id != listed.office_id:
            return not_now(
                _("{application} 现在是“{state_label}”，清单与实际不符，请退回重新编制。").format(
                    application=application.reference, state_label=application.state_label
                )
            )
        version = application.version
        if approved and (version is None or version.digest != approved.get(application.reference)):
            return not_now(
                _("{application} 在清单审批以后有了新版本，请撤销审批，重新编制清单。").format(
                    application=application.reference
                )
            )
    return YES


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
    if not window(listed.call, listed.office).may_dispatch():
        return not_now(_("已经过了本机构的报送截止时间，不能报送。请与上级机构联系。"))
    return still_stands(listed)


def can_register(user: User, call: Call, office: Office) -> Verdict:
    """A registrar of the registry named in the call counts paper and electronic material."""
    if not works_as_registry(call, office):
        return no(_("本批次的材料不由这个机构登记。"))
    if not holds_office(user, office, REGISTRAR):
        return no(_("只有登记员可以登记材料。"))
    return YES
