"""What people are told: one row for each kind, with the events that cause it, who hears, and the words.

A new event gets a row in `KINDS` (and, when calls may word its letter, one in `calls.letters.LETTERS`); events that no row
names are nobody's news. `title` stands in the list of messages and in the subject line, so it tells nothing of persons,
units and titles (`calls.letters.IN_SUBJECTS`); `more` may. Both are filled with the event's own details and with what
`told.Told` knows of the subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from shidian.accounts.models import User
from shidian.notifications import enclosures, hearers, places
from shidian.notifications.letter import Enclosure
from shidian.notifications.models import Notice
from shidian.notifications.told import Told

NOW, DIGEST = Notice.Mail.NOW, Notice.Mail.DIGEST


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of news.

    `compulsory`: its mail goes out at once, whatever the person prefers. `mail` is how it goes when the person said
    nothing. `named`: the mail has a letter of its own (`letters`, `signing`), which is made from the notice. `gathered`: it
    never goes in a mail of its own, only in that of the day (`reminders`). `encloses` makes the files that go with its mail.
    """

    key: str
    label: str
    title: str
    more: str
    events: tuple[str, ...]
    hears: Callable[[Told], Iterable[User]]
    place: Callable[[Told], str]
    compulsory: bool = False
    mail: Notice.Mail = DIGEST
    named: bool = False
    gathered: bool = False
    encloses: Callable[[Notice], tuple[Enclosure, ...]] | None = None


def _table(*rows: Kind) -> Mapping[str, Kind]:
    return {row.key: row for row in rows}


KINDS: Mapping[str, Kind] = _table(
    # Those who apply
    Kind(
        "returned",
        gettext_noop("申请被退回补正"),
        gettext_noop("申请 {reference} 退回补正"),
        gettext_noop("{office}把“{name}”退回补正，理由：{reasons}。请修改后重新冻结、会签，再次递交。"),
        ("application.returned",),
        hearers.leads,
        places.problem_list,
        compulsory=True,
        encloses=enclosures.problem_list,
    ),
    Kind(
        "declined",
        gettext_noop("申请不予推荐"),
        gettext_noop("申请 {reference} 不予推荐"),
        gettext_noop("{office}对“{name}”不予推荐，理由：{reasons}。"),
        ("application.declined",),
        hearers.leads,
        places.portal_application,
        compulsory=True,
    ),
    Kind(
        "refused",
        gettext_noop("有会签单位没有同意"),
        gettext_noop("会签意见：申请 {reference} 有单位没有同意"),
        gettext_noop("{label}“{party}”对 {version} 没有同意。理由：{opinion}"),
        ("signoff.declined", "signoff.sent_back"),
        hearers.leads,
        places.portal_board,
        compulsory=True,
        named=True,
    ),
    Kind(
        "asked",
        gettext_noop("请您参加填写一份申请"),
        gettext_noop("请参加填写申请 {reference}"),
        gettext_noop("{actor}请您参加填写申请 {reference}。"),
        ("application.shared", "application.section_given"),
        hearers.named_people,
        places.portal_application,
        compulsory=True,
        named=True,
    ),
    Kind(
        "mentioned",
        gettext_noop("批注里提到您"),
        gettext_noop("批注里提到了您：申请 {reference}"),
        gettext_noop("{actor}在“{section}”“{field}”一栏的批注里提到了您。"),
        (),
        hearers.nobody,
        places.portal_application,
        mail=NOW,
        named=True,
    ),
    Kind(
        "agreed",
        gettext_noop("会签单位同意"),
        gettext_noop("申请 {reference} 有单位同意"),
        gettext_noop("{label}“{party}”同意“{name}”的 {version}。"),
        ("signoff.agreed",),
        hearers.leads,
        places.portal_board,
    ),
    Kind(
        "settled",
        gettext_noop("会签齐了，可以往下办"),
        gettext_noop("申请 {reference} 的会签齐了"),
        gettext_noop("“{name}”的 {version} 在“{gate}”之前须同意的单位已全部同意，可以往下办理。"),
        ("application.signed",),
        hearers.leads,
        places.portal_application,
        mail=NOW,
    ),
    Kind(
        "progress",
        gettext_noop("申请有进展"),
        gettext_noop("申请 {reference} 有进展"),
        gettext_noop("“{name}”：{happened}。"),
        (
            "application.lodged",
            "application.recommended",
            "application.taken_back",
            "application.passed_on",
            "application.joined",
            "application.merged",
            "application.called_back",
            "application.put_off",
            "application.nominated",
        ),
        hearers.leads,
        places.portal_application,
    ),
    Kind(
        "public",
        gettext_noop("公示有变动"),
        gettext_noop("公示 {number} 有变动"),
        gettext_noop("公示 {number}：{happened}。"),
        (
            "publicity.published",
            "publicity.extended",
            "publicity.passed",
            "publicity.replaced",
            "publicity.withdrawn",
        ),
        hearers.made_public,
        places.publicity,
        mail=NOW,
    ),
    Kind(
        "result",
        gettext_noop("申请有结果"),
        gettext_noop("申请 {reference} 有结果"),
        gettext_noop("“{name}”：{happened}。"),
        ("application.approved", "application.not_selected", "application.struck_off"),
        hearers.leads,
        places.portal_application,
        compulsory=True,
    ),
    Kind(
        "opening",
        gettext_noop("请求开放的栏目有答复"),
        gettext_noop("申请 {reference} 请求开放的栏目有答复"),
        gettext_noop("“{name}”：{happened}。"),
        ("application.opening_granted", "application.opening_refused"),
        hearers.leads,
        places.portal_application,
        mail=NOW,
    ),
    Kind(
        "seal",
        gettext_noop("用印申请有结果"),
        gettext_noop("申请 {reference} 的用印申请有结果"),
        gettext_noop("“{name}”：{happened}。"),
        ("seal.signed", "seal.refused", "seal.failed"),
        hearers.leads,
        places.portal_application,
        mail=NOW,
    ),
    Kind(
        "unit",
        gettext_noop("本单位的注册有结果"),
        gettext_noop("本单位的注册有结果"),
        gettext_noop("{happened}。"),
        ("organisation.confirmed", "organisation.refused"),
        hearers.members,
        places.unit,
        mail=NOW,
    ),
    # Deadlines, for both
    Kind(
        "extended",
        gettext_noop("期限延长"),
        gettext_noop("{batch}：“{stage}”的{deadline}延至 {until}"),
        gettext_noop("“{stage}”的{deadline}延至 {until}（{whom}）。理由：{reason}"),
        ("call.extended",),
        hearers.concerned_by_extension,
        places.call,
        compulsory=True,
    ),
    Kind(
        "extension_ended",
        gettext_noop("延期收回"),
        gettext_noop("{batch}：“{stage}”{deadline}的延期收回"),
        gettext_noop("“{stage}”{deadline}的延期收回（{whom}），仍按原来的期限。理由：{reason}"),
        ("call.extension_taken_back",),
        hearers.concerned_by_extension,
        places.call,
        compulsory=True,
    ),
    Kind(
        "deadline",
        gettext_noop("递交期限快到的提醒"),
        gettext_noop("提醒：{batch}“{stage}”递交截止 {until}"),
        gettext_noop("“{name}”（{reference}）还没有递交，要在 {until} 以前递交。"),
        (),
        hearers.nobody,
        places.portal_application,
        gathered=True,
    ),
    # Those who receive
    Kind(
        "desk_deadline",
        gettext_noop("报送期限快到的提醒"),
        gettext_noop("提醒：{batch}“{stage}”报送截止 {until}"),
        gettext_noop("{office}还有 {count} 份申请没有报送，要在 {until} 以前报送。"),
        (),
        hearers.nobody,
        places.call,
        gathered=True,
    ),
    Kind(
        "overdue",
        gettext_noop("报送逾期的提醒"),
        gettext_noop("逾期：{batch}“{stage}”报送截止 {until}"),
        gettext_noop("{office}还有 {count} 份申请没有报送，期限 {until} 已经过了。"),
        (),
        hearers.nobody,
        places.call,
        gathered=True,
    ),
    Kind(
        "arrived",
        gettext_noop("收到新递交的申请"),
        gettext_noop("收到申请 {reference}"),
        gettext_noop("{lead}向{office}递交“{name}”{version}，回执 {number}。"),
        ("application.lodged",),
        hearers.handlers,
        places.desk_application,
    ),
    Kind(
        "opening_asked",
        gettext_noop("申请单位请求开放栏目"),
        gettext_noop("申请 {reference} 请求开放栏目"),
        gettext_noop("{lead}，“{name}”：{happened}。"),
        ("application.opening_asked",),
        hearers.handlers,
        places.desk_application,
        mail=NOW,
    ),
    Kind(
        "opinion",
        gettext_noop("本机构等候的意见有了"),
        gettext_noop("申请 {reference} 等候的意见有了"),
        gettext_noop("“{name}”：{happened}。"),
        ("signoff.agreed", "signoff.declined", "signoff.sent_back"),
        hearers.handlers_waiting,
        places.desk_application,
        mail=NOW,
    ),
    Kind(
        "withdrawn",
        gettext_noop("申请被撤回"),
        gettext_noop("申请 {reference} 撤回"),
        gettext_noop("{lead}撤回“{name}”。理由：{reason}"),
        ("application.withdrawn",),
        hearers.handlers,
        places.desk_application,
    ),
    Kind(
        "list_proposed",
        gettext_noop("清单等您审批"),
        gettext_noop("清单 {list} 等待审批"),
        gettext_noop("{office}的清单 {list} 提交审批，共 {count} 项。"),
        ("list.proposed",),
        hearers.approvers,
        places.desk_list,
        mail=NOW,
    ),
    Kind(
        "list_sent_back",
        gettext_noop("清单退回重排"),
        gettext_noop("清单 {list} 退回重排"),
        gettext_noop("审批人把清单 {list} 退回重排，理由：{reason}"),
        ("list.sent_back", "list.revoked"),
        hearers.handlers,
        places.desk_list,
        mail=NOW,
    ),
    Kind(
        "list_confirmed",
        gettext_noop("清单审批通过"),
        gettext_noop("清单 {list} 审批通过"),
        gettext_noop("{office}的清单 {list} 审批通过，已经冻结，可以用印报送。"),
        ("list.confirmed",),
        hearers.handlers,
        places.desk_list,
        mail=NOW,
    ),
    Kind(
        "list_arrived",
        gettext_noop("收到报送来的清单"),
        gettext_noop("收到清单 {list}"),
        gettext_noop("{office}报送清单 {list}，共 {count} 项。"),
        ("list.dispatched",),
        hearers.next_handlers,
        places.desk_list,
    ),
    Kind(
        "ruling",
        gettext_noop("决定等您确认"),
        gettext_noop("决定 {number} 等待确认"),
        gettext_noop("{office}：{happened}。"),
        ("ruling.proposed",),
        hearers.approvers,
        places.desk_ruling,
        mail=NOW,
    ),
    Kind(
        "ruling_back",
        gettext_noop("决定有结果"),
        gettext_noop("决定 {number} 有结果"),
        gettext_noop("{office}：{happened}。"),
        ("ruling.confirmed", "ruling.sent_back"),
        hearers.handlers,
        places.desk_ruling,
        mail=NOW,
    ),
    Kind(
        "objection",
        gettext_noop("收到异议"),
        gettext_noop("异议 {number}"),
        gettext_noop("异议 {number}：{happened}。"),
        ("objection.filed", "objection.withdrawn", "objection.sent_back"),
        hearers.handlers,
        places.desk_objection,
        mail=NOW,
    ),
    Kind(
        "objection_answered",
        gettext_noop("异议的答复等您确认"),
        gettext_noop("异议 {number} 的答复等待确认"),
        gettext_noop("异议 {number}：{happened}。"),
        ("objection.answered",),
        hearers.approvers,
        places.desk_objection,
        mail=NOW,
    ),
    Kind(
        "package",
        gettext_noop("报送包有结果"),
        gettext_noop("清单 {list} 的报送包有结果"),
        gettext_noop("{happened}。"),
        ("package.finished", "package.failed"),
        hearers.handlers,
        places.desk_list,
        mail=NOW,
    ),
    Kind(
        "waiver_asked",
        gettext_noop("有机构申请超额报送"),
        gettext_noop("清单 {list} 申请超额报送"),
        gettext_noop("{office}，清单 {list}：{happened}"),
        ("list.waiver_asked",),
        hearers.quota_approvers,
        places.quota,
        mail=NOW,
    ),
    Kind(
        "waiver_answered",
        gettext_noop("超额报送的申请有答复"),
        gettext_noop("清单 {list} 的超额报送有答复"),
        gettext_noop("清单 {list}：{happened}"),
        ("list.quota_waived", "list.waiver_refused"),
        hearers.both,
        places.desk_list,
        mail=NOW,
    ),
    Kind(
        "expert_suspended",
        gettext_noop("有专家须回避"),
        gettext_noop("有专家须回避，请另请专家"),
        gettext_noop(
            "专家{expert}须回避申请 {reference}，这一份已经暂停，本人不再能看到。请撤回并另请一位专家。"
        ),
        ("panel.suspended",),
        hearers.panel_keepers,
        places.panel,
        compulsory=True,
    ),
    # Experts; no title and no text says who applied
    Kind(
        "expert_invited",
        gettext_noop("您已列入专家库"),
        gettext_noop("您已列入评审专家库"),
        gettext_noop("请核对您的单位和专业方向；与某个单位有关系、可能影响公正的，请申报回避。"),
        ("expert.added",),
        hearers.named_people,
        places.expert_own,
        compulsory=True,
        named=True,
    ),
    Kind(
        "expert_called",
        gettext_noop("请您评审申请"),
        gettext_noop("请评审申请，{until} 截止"),
        gettext_noop(
            "{office}请您评审“{panel}”的申请，{until} 截止。与哪一件有关系、可能影响公正的，请先申报回避，不要再看。"
        ),
        ("panel.opened", "panel.assigned", "panel.reopened"),
        hearers.called_experts,
        places.readings,
        compulsory=True,
        named=True,
    ),
    Kind(
        "sheet_reopened",
        gettext_noop("评分表重新打开"),
        gettext_noop("申请 {reference} 的评分表重新打开"),
        gettext_noop(
            "{office}重新打开了您对申请 {reference} 的评分表，理由：{reason}。请修改以后再提交，{until} 截止；上次提交的一份仍然保留。"
        ),
        ("sheet.reopened",),
        hearers.named_people,
        places.sheet,
        compulsory=True,
    ),
    Kind(
        "sheet_moderated",
        gettext_noop("合议调整了您的评分"),
        gettext_noop("申请 {reference} 的评分在合议中调整"),
        gettext_noop(
            "您对申请 {reference} 的“{item}”由 {before} 分改为 {after} 分，理由：{reason}。您提交的评分表不变。"
        ),
        ("sheet.moderated",),
        hearers.named_people,
        places.sheet,
        mail=NOW,
    ),
    Kind(
        "panel_discussing",
        gettext_noop("评审转入合议"),
        gettext_noop("评审转入合议"),
        gettext_noop(
            "{office}的评审组“{panel}”转入合议：提交了评分表的，可以看到其他专家的评分，并发表意见。"
        ),
        ("panel.discussing",),
        hearers.panel_experts,
        places.sheets,
        mail=NOW,
    ),
    Kind(
        "meeting",
        gettext_noop("评审会的时间地点"),
        gettext_noop("评审会的时间地点"),
        gettext_noop("评审组“{panel}”的评审会：{held_at}，{place}。"),
        ("meeting.planned", "meeting.changed"),
        hearers.panel_experts,
        places.meeting,
        mail=NOW,
    ),
)

BY_EVENT: Mapping[str, tuple[Kind, ...]] = {
    event: tuple(kind for kind in KINDS.values() if event in kind.events)
    for each in KINDS.values()
    for event in each.events
}
"""The kinds that an event causes."""
FOR_OFFICES = (
    "desk_deadline", "overdue", "arrived", "opening_asked", "opinion", "withdrawn", "list_proposed", "list_sent_back",
    "list_confirmed", "list_arrived", "ruling", "ruling_back", "objection", "objection_answered", "package",
    "waiver_asked", "waiver_answered", "expert_suspended",
)  # fmt: skip
FOR_EXPERTS = (
    "expert_invited", "expert_called", "sheet_reopened", "sheet_moderated", "panel_discussing", "meeting",
)  # fmt: skip
FOR_BOTH = ("extended", "extension_ended")


def kinds_of(*, applies: bool, receives: bool, judges: bool) -> list[Kind]:
    """The kinds that somebody may get, by what the person does here; those of applicants when it does nothing yet."""
    applies = applies or not (receives or judges)

    def gets(kind: Kind) -> bool:
        if kind.key in FOR_BOTH:
            return applies or receives
        if kind.key in FOR_OFFICES:
            return receives
        return judges if kind.key in FOR_EXPERTS else applies

    return [kind for kind in KINDS.values() if gets(kind)]
