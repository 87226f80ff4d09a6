"""From a recorded event to what people are told: on the page of messages always, and by the ways that each chose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

from shidian.accounts.models import User
from shidian.audit.models import Event
from shidian.calls.models import Call
from shidian.core import clock
from shidian.notifications.kinds import BY_EVENT, KINDS, Kind
from shidian.notifications.letter import Letter
from shidian.notifications.models import Message, Notice, Preference
from shidian.notifications.sending import send
from shidian.notifications.told import Told, filled
from shidian.notifications.wording import wording

_MOBILE = re.compile(r"1[3-9]\d{9}")


def hear(event: Event) -> None:
    """Have an event told when it is somebody's news."""
    if event.name in BY_EVENT:
        async_task("shidian.notifications.telling.tell", event.pk)


def tell(pk: int) -> None:
    """Tell everybody who hears of an event; again after a killed worker, each of them once."""
    told = Told(Event.objects.get(pk=pk))
    for kind in BY_EVENT.get(told.event.name, ()):
        people = [person for person in kind.hears(told) if person.pk != told.event.actor_id]
        if people:
            tell_people(
                kind,
                people,
                key=f"event:{pk}",
                values=told.values(),
                place=kind.place(told),
                about=told.event.chain,
                call=told.call,
                at=told.event.at,
            )


@transaction.atomic
def tell_people(
    kind: Kind,
    people: Iterable[User],
    *,
    key: str,
    values: Mapping[str, Any],
    place: str,
    about: str = "",
    call: Call | None = None,
    at: datetime | None = None,
) -> list[Notice]:
    """Give each of these people a notice of `key`, and send what each wants sent at once; only the new ones."""
    everybody = list(people)
    chosen = preferences(everybody, kind)
    made = []
    for person in everybody:
        mail, sms = chosen[person.pk]
        notice, fresh = Notice.objects.get_or_create(
            key=f"{key}:{kind.key}:{person.pk}",
            defaults={
                "user": person,
                "kind": kind.key,
                "at": at or clock.now(),
                "values": dict(values),
                "place": place,
                "about": about,
                "call": call,
                "mail": mail,
            },
        )
        if fresh:
            made.append(notice)
            _send(notice, person, sms=sms)
    return made


def preferences(people: Iterable[User], kind: Kind) -> dict[int, tuple[str, bool]]:
    """How each of these people wants a kind: its mail, and whether a short message as well."""
    found = {person.pk: (str(kind.mail), False) for person in people}
    rows = Preference.objects.filter(user__in=list(found), kind=kind.key)
    for row in rows:
        found[row.user_id] = (row.mail, row.sms)
    if kind.compulsory:
        found = {pk: (str(Notice.Mail.NOW), sms) for pk, (_mail, sms) in found.items()}
    if kind.gathered:
        found = {pk: (mail and str(Notice.Mail.DIGEST), sms) for pk, (mail, sms) in found.items()}
    return found


def _send(notice: Notice, person: User, *, sms: bool) -> None:
    common: dict[str, Any] = {"user": person, "call": notice.call, "about": notice.about}
    args = {"notice": notice.pk, "kind": notice.kind}
    if notice.mail == Notice.Mail.NOW:
        name = notice.kind if KINDS[notice.kind].named else "notice"
        notice.carried = send(name, args, to=person.email, key=f"notice:{notice.pk}:mail", **common)
        notice.save(update_fields=("carried",))
    if sms and settings.SMS and mobile_of(person):
        to = mobile_of(person)
        send("short", args, to=to, channel=Message.Channel.SMS, key=f"notice:{notice.pk}:sms", **common)
    if settings.WEBHOOK:
        to, channel = person.email, Message.Channel.WEBHOOK
        send("short", args, to=to, channel=channel, key=f"notice:{notice.pk}:webhook", **common)


def mobile_of(person: User) -> str:
    """The mobile number of an account; empty when there is none."""
    digits = person.phone.replace(" ", "").replace("-", "").removeprefix("+86")
    return digits if _MOBILE.fullmatch(digits) else ""


def title_of(notice: Notice) -> str:
    """What a notice is about, in the language of the page; nothing of persons, units and titles."""
    kind = KINDS.get(notice.kind)
    return filled(kind.title, notice.values) if kind else notice.kind


def more_of(notice: Notice) -> str:
    """What a notice says."""
    kind = KINDS.get(notice.kind)
    return filled(kind.more, notice.values) if kind else ""


def link_of(notice: Notice) -> str:
    """The whole address of where a notice leads."""
    return settings.ADDRESS + (notice.place or "/messages/")


def compose_notice(message: Message) -> Letter:
    """The mail of one notice, in the words of its call."""
    notice = Notice.objects.select_related("user", "call").get(pk=message.args["notice"])
    kind = KINDS[notice.kind]
    made = wording(notice.call, kind).letter(letter_values(notice))
    return replace(made, enclosed=kind.encloses(notice)) if kind.encloses else made


def letter_values(notice: Notice) -> dict[str, Any]:
    """What the words of a letter are filled with."""
    own = {"person": notice.user.label, "link": link_of(notice), "site": settings.SITE_NAME}
    return {**notice.values, **own}


def compose_short(message: Message) -> Letter:
    """A short message, or a post: the title alone, and where it is seen."""
    notice = Notice.objects.select_related("user").get(pk=message.args["notice"])
    title = title_of(notice)
    if message.channel == Message.Channel.WEBHOOK:
        return Letter(title, f"{more_of(notice)}\n{link_of(notice)}")
    return Letter(title, f"【{settings.SITE_NAME}】{title}。请登录后查看。")


def compose_digest(message: Message) -> Letter | None:
    """One mail for everything that a person is told on a day."""
    notices = list(
        Notice.objects.filter(pk__in=message.args["notices"]).select_related("user").order_by("pk")
    )
    if not notices:
        return None
    urgent = [notice for notice in notices if KINDS[notice.kind].gathered]
    others = [notice for notice in notices if not KINDS[notice.kind].gathered]
    lines = [f"{notices[0].user.label}，您好：", ""]
    for heading, some in (("快到期限的：", urgent), ("其他消息：", others)):
        if some:
            lines += [heading, ""]
            for notice in some:
                lines += [f"· {title_of(notice)}", f"    {more_of(notice)}", f"    {link_of(notice)}", ""]
    lines += [
        "怎样收到这些消息，可以自己定：",
        f"{settings.ADDRESS}/messages/preferences/",
    ]
    count = len(notices)
    subject = f"提醒：{len(urgent)} 件事快到期限" if urgent else f"今天有 {count} 条消息"
    return Letter(subject, "\n".join(lines))
