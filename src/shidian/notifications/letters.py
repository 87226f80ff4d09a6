"""The letters that carry a one-time link, to the head of a unit and to a person who was appointed, and those to people
who are asked to work on an application.

Each is made when it leaves (`sending.deliver`), by the worker, after the event's commit; a letter that cannot be sent never
harms what was recorded.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_noop

from shidian.accounts.links import encode, invitation
from shidian.accounts.models import User
from shidian.applications.models import Mention
from shidian.audit.models import Event
from shidian.notifications import publicity, signing, telling
from shidian.notifications.kinds import KINDS
from shidian.notifications.letter import Letter, letter
from shidian.notifications.models import Message, Notice
from shidian.notifications.sending import send
from shidian.organisations.links import head_of, head_token
from shidian.organisations.models import Organisation

LABELS = {
    "head": gettext_noop("请负责人确认注册"),
    "invitation": gettext_noop("请设置登录密码"),
    "password": gettext_noop("设置新密码"),
    "link": gettext_noop("会签链接"),
    "code": gettext_noop("会签验证码"),
    "reminder": gettext_noop("提醒会签单位"),
    "link_over": gettext_noop("会签已收回"),
    "carried": gettext_noop("会签意见沿用"),
    "result_told": gettext_noop("告知国家结果"),
    "struck": gettext_noop("告知取消资格"),
    "digest": gettext_noop("每日一封"),
    "notice": gettext_noop("通知"),
    "short": gettext_noop("通知"),
}
"""The kinds of messages that are no news of `kinds`, in words."""


def hear(sender: object, event: Event, **_: Any) -> None:
    """Decide for one recorded event whether somebody is told."""
    signing.hear(event)
    publicity.hear(event)
    telling.hear(event)
    key = f"event:{event.pk}"
    if event.name in ("organisation.registered", "organisation.registered_again", "organisation.head_asked"):
        organisation = Organisation.objects.get(pk=int(event.chain.removeprefix("organisation:")))
        head = head_of(organisation)
        if head is not None and organisation.state == "pending":
            args = {"organisation": organisation.pk}
            send("head", args, to=head.email, user=head, about=event.chain, key=key)
    elif event.name == "office.appointed":
        user = User.objects.get(pk=event.detail["user"])
        if not user.has_usable_password():
            send("invitation", {"user": user.pk}, to=user.email, user=user, about=event.chain, key=key)


def _asked(values: dict[str, Any]) -> str:
    if values["event"] == "application.shared":
        return f"把您在申请里的角色定为“{values['role']}”"
    return f"把申请的“{values['section']}”交给{values['to']}填写"


def name(mention: Mention) -> None:
    """Have somebody who was named in a comment told of it."""
    thread = mention.comment.thread
    application = thread.application
    section = application.call.questionnaire.section(thread.section)
    field = section.field(thread.field).name if thread.field in section.by_key else thread.field
    parts = {"reference": application.reference, "section": thread.section, "field": thread.field}
    values = {
        "reference": application.reference,
        "section": section.title,
        "field": field,
        "actor": mention.comment.by.label,
    }
    telling.tell_people(
        KINDS["mentioned"],
        [mention.user],
        key=f"mention:{mention.pk}",
        values=values,
        place=reverse("portal:comments", kwargs=parts),
        about=application.chain,
        call=application.call,
    )


def head_link(organisation: Organisation) -> str:
    """The address at which the head confirms the unit; empty when there is nothing to confirm."""
    head = head_of(organisation)
    if head is None or organisation.state != "pending":
        return ""
    parts = {"organisation": organisation.pk, "user": encode(head), "token": head_token(organisation, head)}
    return settings.ADDRESS + reverse("portal:head-confirmation", kwargs=parts)


def invitation_link(user: User) -> str:
    """The address at which a new person sets a first password; empty once there is one."""
    if user.has_usable_password():
        return ""
    parts = {"user": encode(user), "token": invitation.make_token(user)}
    return settings.ADDRESS + reverse("portal:invitation", kwargs=parts)


def ask_head(message: Message) -> Letter | None:
    """Ask the head of a registered unit to confirm."""
    organisation = Organisation.objects.get(pk=message.args["organisation"])
    head, link = head_of(organisation), head_link(organisation)
    if head is None or not link or head.pk != message.user_id:
        return None
    lines = [
        f"{head.name}，您好：",
        "",
        f"有人在“{settings.SITE_NAME}”为“{organisation.name}”（代码 {organisation.code}）注册了账号，请您作为负责人确认。",
        "确认后，本单位才能填写和递交申请。请打开下面的链接：",
        "",
        link,
        "",
        "链接 3 天内有效，只能用一次。如果不是贵单位注册的，请打开链接选择“不是我单位注册的”。",
    ]
    return letter("请确认本单位的注册", lines, secret=True)


def invite(message: Message) -> Letter | None:
    """Ask a newly appointed person to set a password."""
    user = User.objects.get(pk=message.args["user"])
    link = invitation_link(user)
    if not link:
        return None
    lines = [
        f"{user.name}，您好：",
        "",
        f"系统管理员在“{settings.SITE_NAME}”为您开了账号，请打开下面的链接设置密码：",
        "",
        link,
        "",
        "链接 3 天内有效，只能用一次。",
    ]
    return letter("请设置登录密码", lines, secret=True)


def call_in(message: Message) -> Letter:
    """Tell a person what it was asked to do with an application, with a link; a new person first sets a password."""
    notice = Notice.objects.select_related("user").get(pk=message.args["notice"])
    user, values = notice.user, notice.values
    first = invitation_link(user)
    lines = [
        f"{user.name}，您好：",
        "",
        f"{values['actor']}在“{settings.SITE_NAME}”{_asked(values)}，申请编号 {values['reference']}。",
        "",
    ]
    if first:
        lines += [
            "已为您开了账号，请先打开下面的链接设置密码（3 天内有效，只能用一次）：",
            "",
            first,
            "",
            "设置以后，从“我的申请”打开这份申请，或者直接打开：",
        ]
    else:
        lines.append("请登录后打开：")
    lines += ["", telling.link_of(notice)]
    return letter(f"请参加填写申请 {values['reference']}", lines, secret=bool(first))


def point_out(message: Message) -> Letter:
    """Tell a person that it was named in a comment: where and by whom, never what stands in the form or was said."""
    notice = Notice.objects.select_related("user").get(pk=message.args["notice"])
    values = notice.values
    lines = [
        f"{notice.user.name}，您好：",
        "",
        f"{values['actor']}在申请 {values['reference']} 的“{values['section']}”“{values['field']}”一栏的批注里提到了您。",
        "请登录后打开：",
        "",
        telling.link_of(notice),
    ]
    return letter(f"批注里提到了您：申请 {values['reference']}", lines)
