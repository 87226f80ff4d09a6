"""The letters of the sign-off: links and codes to sign by, reminders, and what the lead is told.

No subject line names anybody. Token and code are made here, when the letter leaves, and stand nowhere else: the row of the
message holds the number of a link and no text, an error its kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from shidian.applications.models import Application
from shidian.applications.signing import application_of, opinions_until
from shidian.audit.actions import SYSTEM
from shidian.audit.models import Event
from shidian.core import clock
from shidian.notifications.letter import Letter, letter
from shidian.notifications.models import Message, Notice
from shidian.notifications.sending import send
from shidian.notifications.telling import link_of
from shidian.signoffs.contacts import contact_of
from shidian.signoffs.links import issue_code, issue_token, make_link, note_unsent
from shidian.signoffs.models import Link, LinkStep, Party, Reminder, Signature
from shidian.signoffs.queries import links_of, standing

_CODE_LIVES = timedelta(minutes=10)


def hear(event: Event) -> None:
    """Decide for one recorded event of a sign-off whether a party gets a letter."""
    if event.name == "signoff.voided":
        for key in event.detail.get("links", ()):
            link = Link.objects.select_related("party__round", "contact").get(key=key)
            _send("link_over", {"link": key}, link.party, link.contact.email, key=f"link-over:{key}")
    elif event.name == "signoff.carried" and "party" in event.detail:
        party = Party.objects.select_related("round__version").get(pk=event.detail["party"])
        contact = contact_of(party)
        if contact is not None and party.carried is not None:
            _send("carried", {"party": party.pk}, party, contact.email, key=f"carried:{party.pk}")


def link_made(link: Link) -> None:
    """Have a link sent."""
    _send("link", {"link": link.pk}, link.party, link.contact.email)


def code_wanted(link: Link) -> None:
    """Have a code sent."""
    channel = Message.Channel.SMS if link.channel == Link.Channel.SMS else Message.Channel.MAIL
    _send("code", {"link": link.pk}, link.party, link.code_goes_to, channel=channel)


def reminded(reminders: Sequence[Reminder]) -> None:
    """Have one letter sent for these reminders."""
    first = reminders[0]
    _send("reminder", {"reminders": [reminder.pk for reminder in reminders]}, first.party, first.email)


def _send(
    kind: str,
    args: dict[str, Any],
    party: Party,
    to: str,
    *,
    channel: Message.Channel = Message.Channel.MAIL,
    key: str | None = None,
) -> None:
    application = application_of(party)
    about, call = application.chain, application.call
    send(kind, args, to=to, channel=channel, call=call, about=about, key=key)


def _there(token: str) -> str:
    return settings.ADDRESS + f"{reverse('portal:sign-open')}{token}/"


def _moment(moment: datetime) -> str:
    at = timezone.localtime(moment, timezone.get_default_timezone())
    return f"{at.year} 年 {at.month} 月 {at.day} 日 {at:%H:%M}"


def _greeting(name: str) -> list[str]:
    return [f"{name}，您好：" if name else "您好：", ""]


def _head(application: Application, party: Party) -> list[str]:
    return [
        f"    申请书：{application.name}（{application.reference}，{party.round.version.label}）",
        f"    承担单位：{application.lead.name}",
        f"    贵单位：{party.name}（{party.label}）",
    ]


def _asker(application: Application) -> str:
    """Who asks a party for its opinion: the lead, or the office that holds the application."""
    office = application.office if application.state == "lodged" else None
    return office.name if office else "承担单位"


def _how_to(link: Link, asker: str) -> list[str]:
    goes = {
        Link.Channel.SMS: f"验证码会发到{asker}登记的手机上",
        Link.Channel.SECOND_MAIL: f"验证码会寄到{asker}登记的另一个邮箱",
        Link.Channel.MAIL: "验证码会另寄一封邮件到这个邮箱",
    }[Link.Channel(link.channel)]
    return [
        f"打开后先要一个验证码（{goes}），再看贵单位所担保的内容，然后选择“同意”“不同意”或者“退回修改”。不用注册账号。",
        f"链接在 {_moment(link.expires_at)} 以前有效，只能表态一次。请不要转发：拿到链接和验证码的人可以代表贵单位表态。",
        f"不便在网上表态的，仍可在纸质申请书上盖章签名，交给{asker}。",
    ]


def _foot(*askers: str) -> list[str]:
    asked = "或者".join(dict.fromkeys(askers or ("承担单位",)))
    return ["", f"这封邮件由系统寄出，请不要直接回复。有疑问请与{asked}联系。"]


@sensitive_variables()
def link_letter(message: Message) -> Letter | None:
    """Send a link to its party's contact, with a token that this letter alone holds."""
    link = _link(message.args["link"])
    if not standing(link).alive:
        return None
    application = application_of(link.party)
    asker = _asker(application)
    token = issue_token(link)
    lines = [
        *_greeting(link.contact.name),
        "请贵单位对下面这份标准化试点申请书出具意见。",
        "",
        *_head(application, link.party),
        "",
        "请打开下面的链接：",
        "",
        _there(token),
        "",
        *_how_to(link, asker),
        *_foot(asker),
    ]
    return letter(f"请对申请书 {application.reference} 出具会签意见", lines, secret=True)


def _link(pk: int) -> Link:
    rows = Link.objects.select_related("party__round__version", "contact").prefetch_related("steps")
    return rows.get(pk=pk)


def link_unsent(message: Message) -> None:
    """The lead sees on the board that the letter with a link did not leave."""
    note_unsent(_link(message.args["link"]), LinkStep.Kind.UNSENT)


def code_unsent(message: Message) -> None:
    """Whoever waits for a code is told that it did not leave."""
    note_unsent(_link(message.args["link"]), LinkStep.Kind.CODE_UNSENT)


@sensitive_variables()
def code_letter(message: Message) -> Letter | None:
    """Send a code by the link's second channel; nothing once whoever wanted it has long gone."""
    link = _link(message.args["link"])
    if not standing(link).alive or clock.now() - message.made_at > _CODE_LIVES:
        return None
    code = issue_code(link)
    if message.channel == Message.Channel.SMS:
        text = f"【{settings.SITE_NAME}】会签验证码 {code}，10 分钟内有效。请勿告诉他人。"
        return Letter("会签验证码", text, secret=True)
    asker = _asker(application_of(link.party))
    lines = [
        *_greeting(link.contact.name),
        f"您正在打开一份申请书的会签页面。验证码是：{code}",
        "",
        "10 分钟内有效，可以试 5 次。请在刚才打开的页面里输入，不要告诉别人。",
        f"如果不是您在打开，请不要理会这封邮件，并告知{asker}。",
        *_foot(asker),
    ]
    return letter("会签验证码", lines, secret=True)


@sensitive_variables()
def reminder_letter(message: Message) -> Letter | None:
    """One letter for all reminders of an address: each with the way to sign, a new token of its link or the paper."""
    rows = (
        Reminder.objects.filter(pk__in=message.args["reminders"])
        .select_related("party__round__version")
        .order_by("pk")
    )
    found = [row for row in rows if row.party.round.state != "void" and not row.party.has_agreed]
    if not found:
        return None
    contact = contact_of(found[0].party)
    several = (
        f"有 {len(found)} 份申请书的会签意见还没有收到。"
        if len(found) > 1
        else "下面这份申请书的会签意见还没有收到。"
    )
    lines = [*_greeting(contact.name if contact else ""), f"{several}请在方便的时候办理。"]
    askers = []
    for row in found:
        application = application_of(row.party)
        asker, until = _asker(application), opinions_until(application)
        askers.append(asker)
        lines += ["", *_head(application, row.party)]
        if until is not None:
            does = "报送" if application.state == "lodged" else "递交"
            lines.append(f"    {asker}须在 {_moment(until)} 以前{does}")
        link = _link_for(row.party)
        if link is None:
            lines.append(f"    办法：在{asker}送来的纸质申请书“意见”栏盖章、签名、写日期，交还{asker}")
        else:
            lines += [
                f"    打开链接表态（{_moment(link.expires_at)} 以前有效）：",
                "",
                _there(issue_token(link)),
            ]
    return letter(
        "提醒：请出具会签意见", [*lines, "", "已经办理的，请不必理会。", *_foot(*askers)], secret=True
    )


def _link_for(party: Party) -> Link | None:
    """The link to remind with: the one that lives, or a new one instead of one that expired; None on paper."""
    links = links_of(party)
    if not links:
        return None
    stands = standing(links[0])
    if stands.alive:
        return links[0]
    return make_link(party, by=SYSTEM, letter=False) if stands.key == "expired" else None


def refused_letter(message: Message) -> Letter:
    """Tell the lead that a party did not agree: who, why, at which place, and where to go on."""
    notice = Notice.objects.select_related("call").get(pk=message.args["notice"])
    values = notice.values
    word = "不同意" if values["event"] == "signoff.declined" else "请退回修改"
    field = notice.call.questionnaire.find(values.get("place") or "") if notice.call else None
    application = Application.objects.select_related("office").get(reference=values["reference"])
    held = application.state == "lodged" and application.office is not None
    lines = [
        "您好：",
        "",
        f"{values['label']}“{values['party']}”对申请 {values['reference']} {values['version']} 的意见是：{word}。",
        "",
        f"    签名：{values['signatory']}",
        f"    理由：{values['opinion']}",
        *([f"    要修改的地方：{field.name}"] if field else []),
        "",
        f"申请在{application.office}手里，由其处理；您可以登录后查看："
        if held
        else "可以按意见重新打开修改，冻结新版本后再会签；也可以与对方协商后请其重新表态。请登录后办理：",
        "",
        link_of(notice),
    ]
    return letter(f"会签意见：申请 {values['reference']} 有单位没有同意", lines)


def link_over_letter(message: Message) -> Letter:
    """Tell a party that has not decided yet that its link is of no use any more, because the version was given up."""
    link = Link.objects.select_related("party__round__version", "contact").get(key=message.args["link"])
    application = application_of(link.party)
    lines = [
        *_greeting(link.contact.name),
        "承担单位收回了下面这份申请书的会签，要作修改。以前寄给贵单位的会签链接不能再用；改好以后，会再请贵单位看。",
        "",
        *_head(application, link.party),
        *_foot(),
    ]
    return letter(f"申请书 {application.reference} 的会签已收回", lines)


def carried_letter(message: Message) -> Letter | None:
    """Tell a party that its agreement counts for a newer version, and why; nothing has to be done."""
    party = Party.objects.select_related("round__version").get(pk=message.args["party"])
    contact, carried = contact_of(party), party.carried
    if contact is None or carried is None:
        return None
    application = application_of(party)
    seen: Signature = carried.signature
    lines = [
        *_greeting(contact.name),
        (
            f"贵单位已同意的申请书有了新的一版。贵单位所担保的内容没有任何改动，所以对 {seen.party.round.version.label} 的"
            f"同意沿用到 {party.round.version.label}，不用再办什么。"
        ),
        "",
        *_head(application, party),
        *_foot(),
    ]
    return letter(f"申请书 {application.reference} 有了新版本，贵单位的同意沿用", lines)
