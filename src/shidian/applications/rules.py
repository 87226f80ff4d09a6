"""Who may do what with an application, and why not. The same answer explains a missing button and guards the verb."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.applications.openings import opening
from shidian.applications.queries import access, round_of
from shidian.applications.roles import Role
from shidian.calls.models import Call
from shidian.calls.queries import gate_after, gates_until, offices_at, stage, stage_of, window
from shidian.core.language import date_words
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.documents.models import DocumentVersion
from shidian.organisations.models import Membership, Office, Officer, Organisation
from shidian.organisations.rules import holds_office
from shidian.signoffs.models import Party
from shidian.signoffs.queries import outstanding


def acts_for(user: User, organisation: Organisation) -> bool:
    """Whether a person acts for a unit, as writer or head."""
    return Membership.objects.filter(user=user, organisation=organisation).exists()


def _is_lead(user: User, application: Application) -> Verdict:
    found = access(user, application)
    if found.leads:
        return YES
    if found.member:
        role = found.role.label if found.role else ""
        return no(
            _("您在这份申请里的角色是“{role}”，不能办理。需要办理的，请单位负责人改您的角色。").format(
                role=role
            )
        )
    if found.takes_part:
        return no(_("冻结、会签、递交和撤回由承担单位办理。"))
    if acts_for(user, application.lead):
        return not_now(_("单位账号还没有经负责人确认，请负责人先打开确认邮件。"))
    return no(_("只有承担单位的经办人或负责人可以办理。"))


def can_start(user: User, organisation: Organisation, call: Call) -> Verdict:
    """A confirmed unit may start an application while the call takes hand-ins."""
    if not acts_for(user, organisation):
        return no(_("只有本单位的经办人或负责人可以办理。"))
    if organisation.state != "confirmed":
        return not_now(_("单位账号还没有经负责人确认，请负责人先打开确认邮件。"))
    if call.state != "published":
        return not_now(_("本批次还没有发布。"))
    first = call.definition.stages[0]
    if not any(window(call, office, organisation).takes_hand_ins() for office in offices_at(call, first.key)):
        return not_now(_("本批次现在不收申请：征集还没有开始，或者已经截止。"))
    return YES


def can_read(user: User, application: Application) -> bool:
    """Whether a person sees what is being written: everybody who works on it, and auditors."""
    return user.is_auditor or access(user, application).takes_part


def _is_open(application: Application) -> Verdict:
    if application.state == "signing":
        return not_now(_("申请已冻结送会签。要修改，请先重新打开；已有的意见会失效。"))
    if not application.is_editable:
        return not_now(
            _("申请现在是“{state_label}”，内容不能再改。").format(state_label=application.state_label)
        )
    return YES


def can_edit(user: User, application: Application) -> Verdict:
    """Owners and editors change a draft or a returned application: attachments, and what was given to nobody else."""
    found = access(user, application)
    if found.edits:
        return _is_open(application)
    if found.mine:
        return no(_("交给您的只有其中几个部分，其余部分您可以看，不能改。"))
    if found.role is not None:
        return no(_("您在这份申请里的角色是“{role}”，不能修改。").format(role=found.role.label))
    lead = _is_lead(user, application)
    return lead if not lead else _is_open(application)


def can_write(user: User, application: Application, section: str) -> Verdict:
    """Owners write everywhere; a section that was given away is written besides only by those who have it."""
    found = access(user, application)
    if found.writes(section):
        return _is_open(application)
    if found.role == Role.EDITOR:
        return no(_("这一部分已经交给别人填写，您可以看，不能改。"))
    return can_edit(user, application)


def can_write_field(user: User, application: Application, path: str) -> Verdict:
    """The same for one field, "section.field": while a correction is under way only what is open is written."""
    allowed = can_write(user, application, path.partition(".")[0])
    opened = opening(application) if allowed else None
    return opened.may_open(path) if opened else allowed


def can_comment(user: User, application: Application) -> Verdict:
    """Commenters and above comment, and those who have a section; at any time, since comments are no part of the form."""
    found = access(user, application)
    if found.comments:
        return YES
    if found.role is not None:
        return no(_("您在这份申请里的角色是“{role}”，可以看批注，不能写。").format(role=found.role.label))
    return no(_("批注由参加填写的人写。"))


def can_assign_roles(user: User, application: Application) -> Verdict:
    """The head of the lead unit gives and takes roles."""
    if access(user, application).member == Membership.Role.HEAD:
        return YES
    return no(_("角色由承担单位负责人分派。"))


def can_give_sections(user: User, application: Application) -> Verdict:
    """Owners of the lead unit give sections to people and partner units, while the application may be edited."""
    found = access(user, application)
    if found.role != Role.OWNER or not found.member:
        return no(_("各部分由承担单位负责这份申请的人分派。"))
    return _is_open(application)


def can_freeze(user: User, application: Application) -> Verdict:
    """The lead freezes what it may edit; whether the content is right is told by the check."""
    return _is_lead(user, application) and _is_open(application)


def can_reopen(user: User, application: Application) -> Verdict:
    """The lead takes a frozen application back to edit it; all opinions given on it become void."""
    lead = _is_lead(user, application)
    if not lead:
        return lead
    if application.state != "signing":
        return not_now(_("只有会签中的申请可以重新打开。"))
    return YES


def can_print_pack(application: Application, version: DocumentVersion) -> Verdict:
    """Sheets to be sealed are printed of the version that counts, while there is something to be sealed."""
    round_ = round_of(application)
    if round_ is None or round_.version_id != version.pk or round_.state == "void" or application.is_editable:
        return not_now(
            _("这一版已经失效，盖了章也不能用。请打印现行版本的；内容正在修改的，等重新冻结以后再打印。")
        )
    if application.state in ("withdrawn", "declined"):
        return not_now(
            _("申请现在是“{state_label}”，不用再盖章。").format(state_label=application.state_label)
        )
    return YES


def can_record_opinion(user: User, application: Application, party: Party) -> Verdict:
    """Before handing in, the lead records every opinion but those of the destination's gate's own office.

    Once handed in, the office that holds the application records those due at later gates (notice, 三（二）: the
    managing authority sees the file only at the last stage).
    """
    round_ = round_of(application)
    if round_ is None or party.round_id != round_.pk or round_.state == "void":
        return not_now(_("这一版已经失效，请用新版本的意见页。"))
    if party.has_agreed:
        return not_now(_("该单位已经同意这一版。"))
    if application.state == "signing":
        return _is_lead(user, application)
    if application.state != "lodged":
        return not_now(
            _("申请现在是“{state_label}”，不能登记意见。").format(state_label=application.state_label)
        )
    if party.gate in gates_until(application.call, application.stage):
        return not_now(_("这一意见应在递交以前取得。"))
    if not holds_office(user, application.office, Officer.Role.HANDLER, Officer.Role.APPROVER):
        return no(_("申请在受理机构手里，由受理机构登记。"))
    return YES


def can_reach(user: User, application: Application, party: Party) -> Verdict:
    """Whoever may record a party's opinion arranges how it is asked: once handed in, only where its opinion is due next."""
    allowed = can_record_opinion(user, application, party)
    if not allowed or application.state == "signing":
        return allowed
    if party.gate != gate_after(application.call, application.stage):
        return not_now(_("按本批规定，这一意见在以后的环节出具，到那时再请。"))
    return YES


def can_sign_on_screen(application: Application, party: Party) -> Verdict:
    """A party signs on screen while the application is out for sign-off; once handed in, those due at later gates do."""
    round_ = round_of(application)
    if round_ is None or party.round_id != round_.pk or round_.state == "void":
        return not_now(_("申请内容已有新版本，这一版的会签已失效。"))
    if application.state == "signing":
        return YES
    if application.state == "lodged" and party.gate not in gates_until(application.call, application.stage):
        return YES
    return not_now(_("申请现在是“{state_label}”，不再收意见。").format(state_label=application.state_label))


def headed(user: User) -> list[Membership]:
    """The memberships by which a person is the head of a confirmed unit."""
    rows = Membership.objects.filter(
        user=user, role=Membership.Role.HEAD, organisation__state="confirmed"
    ).select_related("organisation")
    return list(rows)


def unit_of(application: Application, party: Party) -> Organisation | None:
    """The registered unit that a party is, by its code; for a party without one the lead, when it bears its name."""
    if party.code:
        return Organisation.objects.filter(code=party.code, state="confirmed").first()
    return application.lead if party.name == application.lead.name else None


def can_sign_for(user: User, unit: Organisation | None) -> Verdict:
    """The head of the party's own unit signs with its account."""
    if unit is not None and any(row.organisation_id == unit.pk for row in headed(user)):
        return YES
    return no(_("用账号表态的，须是这个单位的负责人。"))


def can_attest(user: User, application: Application, party: Party) -> Verdict:
    """Whoever acts for the application now keeps what came from a party, before its opinion or after: its SM2 signature, that it took a mandate back."""
    round_ = round_of(application)
    if round_ is None or party.round_id != round_.pk or round_.state == "void":
        return not_now(_("这一版已经失效，请用新版本的意见页。"))
    if application.state == "signing":
        return _is_lead(user, application)
    if not holds_office(user, application.office, Officer.Role.HANDLER, Officer.Role.APPROVER):
        return no(_("申请在受理机构手里，由受理机构登记。"))
    return YES


def can_lodge(user: User, application: Application, office: Office) -> Verdict:
    """The lead hands in a frozen version once all parties due have agreed, to an office whose window is open."""
    ready = is_ready_to_lodge(user, application)
    return takes_from(office, application) if ready else ready


def is_ready_to_lodge(user: User, application: Application) -> Verdict:
    """Whether it may be handed in by this person, wherever that be: frozen, and agreed to by all parties due."""
    lead = _is_lead(user, application)
    if not lead:
        return lead
    if application.state in ("draft", "returned"):
        return not_now(_("先冻结申请并收齐各单位意见，再递交。"))
    if application.state != "signing":
        return not_now(
            _("申请现在是“{state_label}”，不能再递交。").format(state_label=application.state_label)
        )
    call = application.call
    round_ = round_of(application)
    due = application.stage or call.definition.stages[0].key
    waiting = outstanding(round_, gates_until(call, due)) if round_ else []
    if waiting:
        names = _("、").join(
            _("{party}“{party_2}”").format(party=party.label, party_2=party.name) for party in waiting
        )
        return not_now(_("还没有收到以下单位的同意意见：{names}。").format(names=names))
    return YES


def takes_from(office: Office, application: Application) -> Verdict:
    """Whether an office takes it in now; asks the database nothing but for the call's extensions, once.

    A corrected application goes back to the office that returned it, whatever the time: closing stops new hand-ins
    only, never corrections under way.
    """
    call = application.call
    if application.office is not None:
        if office != application.office:
            return not_now(_("补正后应交回{office}。").format(office=application.office))
        return YES
    here = stage_of(call, office)
    if here is None or here.key != call.definition.stages[0].key:
        return no(_("这个机构不受理本批次的申请。"))
    open_ = window(call, office, application.lead)
    if not open_.takes_hand_ins():
        until = open_.hand_in_until
        at = until.astimezone(call.zone) if until else None
        when = f"{date_words(at)} {at:%H:%M}" if at else ""
        return not_now(
            _("{office}的收件时间是 {when} 以前，现在不在收件时间内，不能递交。").format(
                office=office.name, when=when
            )
        )
    return YES


def can_withdraw(user: User, application: Application) -> Verdict:
    """The lead may withdraw at any time before nomination, but not from a list that has been approved."""
    lead = _is_lead(user, application)
    if not lead:
        return lead
    if not application.MACHINE.allows(application.state, "withdraw"):
        return not_now(_("申请现在是“{state_label}”，不能撤回。").format(state_label=application.state_label))
    return YES


def can_decide(user: User, application: Application) -> Verdict:
    """A handler of the office that holds the application decides on it: return, decline, recommend."""
    if not holds_office(user, application.office, Officer.Role.HANDLER):
        return no(_("只有受理机构的经办人可以办理。"))
    if application.state != "lodged":
        return not_now(
            _("申请现在是“{state_label}”，不在待审查中。").format(state_label=application.state_label)
        )
    return YES


def can_take_back(user: User, application: Application) -> Verdict:
    """A handler takes a recommendation back while the list is still being prepared."""
    if not holds_office(user, application.office, Officer.Role.HANDLER):
        return no(_("只有受理机构的经办人可以办理。"))
    if application.state != "recommended":
        return not_now(_("只有已推荐而未报送的申请可以收回。"))
    return YES


def recommend_word(application: Application) -> str:
    """What recommending is called at the stage where the application stands: 推荐, 选定."""
    return stage(application.call, application.stage).verb_recommend
