"""The letters that carry a one-time link: to the head of a unit, and to a person who was appointed.

Sent by the worker after the event's commit; a letter that cannot be sent never harms what was recorded.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django_q.tasks import async_task

from shidian.accounts.links import encode, invitation
from shidian.accounts.models import User
from shidian.applications.models import Mention
from shidian.audit.models import Event
from shidian.organisations.links import head_of, head_token
from shidian.organisations.models import Organisation


def hear(sender: object, event: Event, **_: Any) -> None:
    """Decide for one recorded event whether somebody gets a letter."""
    if event.name in ("organisation.registered", "organisation.registered_again", "organisation.head_asked"):
        async_task("shidian.notifications.letters.ask_head", int(event.chain.removeprefix("organisation:")))
    elif event.name == "office.appointed":
        async_task("shidian.notifications.letters.invite", event.detail["user"])
    elif event.name in ("application.shared", "application.section_given"):
        people = event.detail.get("users") or [event.detail["user"]]
        reference = event.chain.removeprefix("application:")
        for person in people:
            if person != event.actor_id:
                words = _asked(event.name, event.detail)
                async_task(
                    "shidian.notifications.letters.call_in", person, reference, event.actor_label, words
                )


def _asked(name: str, detail: dict[str, Any]) -> str:
    if name == "application.shared":
        return f"把您在申请里的角色定为“{detail['role']}”"
    return f"把申请的“{detail['section']}”交给{detail['to']}填写"


def name(mention: Mention) -> None:
    """Have somebody who was named in a comment told of it."""
    async_task("shidian.notifications.letters.point_out", mention.pk)


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


def ask_head(pk: int) -> None:
    """Ask the head of a registered unit to confirm."""
    organisation = Organisation.objects.get(pk=pk)
    head, link = head_of(organisation), head_link(organisation)
    if head is None or not link:
        return
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
    send_mail("请确认本单位的注册", "\n".join(lines), None, [head.email])


def invite(pk: int) -> None:
    """Ask a newly appointed person to set a password."""
    user = User.objects.get(pk=pk)
    link = invitation_link(user)
    if not link:
        return
    lines = [
        f"{user.name}，您好：",
        "",
        f"系统管理员在“{settings.SITE_NAME}”为您开了账号，请打开下面的链接设置密码：",
        "",
        link,
        "",
        "链接 3 天内有效，只能用一次。",
    ]
    send_mail("请设置登录密码", "\n".join(lines), None, [user.email])


def call_in(pk: int, reference: str, who: str, words: str) -> None:
    """Tell a person what it was asked to do with an application, with a link; a new person first sets a password."""
    user = User.objects.get(pk=pk)
    first = invitation_link(user)
    there = settings.ADDRESS + reverse("portal:application", kwargs={"reference": reference})
    lines = [
        f"{user.name}，您好：",
        "",
        f"{who}在“{settings.SITE_NAME}”{words}，申请编号 {reference}。",
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
    send_mail(f"请参加填写申请 {reference}", "\n".join([*lines, "", there]), None, [user.email])


def point_out(pk: int) -> None:
    """Tell a person that it was named in a comment: where and by whom, never what stands in the form or was said."""
    mention = Mention.objects.select_related("user", "comment__by", "comment__thread__application__call").get(
        pk=pk
    )
    thread = mention.comment.thread
    application = thread.application
    section = application.call.questionnaire.section(thread.section)
    field = section.field(thread.field).name if thread.field in section.by_key else thread.field
    parts = {"reference": application.reference, "section": thread.section, "field": thread.field}
    lines = [
        f"{mention.user.name}，您好：",
        "",
        f"{mention.comment.by.label}在申请 {application.reference} 的“{section.title}”“{field}”一栏的批注里提到了您。",
        "请登录后打开：",
        "",
        settings.ADDRESS + reverse("portal:comments", kwargs=parts),
    ]
    send_mail(f"批注里提到了您：申请 {application.reference}", "\n".join(lines), None, [mention.user.email])
