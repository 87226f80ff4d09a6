"""Recorded events in words, for timelines and the audit: every event of the system has its sentence here or in its app."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shidian.applications import events as applications
from shidian.audit.models import Event
from shidian.dispatch import events as dispatch

OTHERS: dict[str, str] = {
    "signoff.agreed": "{label}“{name}”同意 {version}，签名 {signatory}",
    "signoff.declined": "{label}“{name}”不同意 {version}：{opinion}",
    "signoff.completed": "{version} 各单位均已同意",
    "signoff.voided": "{version} 的会签失效：{reason}",
    "organisation.registered": "注册单位“{name}”（{code}），经办人 {writer}，负责人 {head}",
    "organisation.registered_again": "单位重新注册",
    "organisation.head_asked": "重发负责人确认邮件",
    "organisation.confirmed": "负责人确认单位账号",
    "organisation.refused": "负责人未认可单位账号",
    "office.appointed": "任命 {name} 为{role}",
    "office.dismissed": "免去 {name} 的{role}",
    "call.loaded": "载入批次资料第 {version} 版",
    "call.published": "发布批次",
    "user.created": "开通账号 {name}",
    "user.accepted": "本人设置登录密码",
    "user.made_auditor": "{name} 任审计员",
    "user.deactivated": "停用账号 {name}",
    "user.reactivated": "恢复账号 {name}",
}
WORDINGS: Mapping[str, str] = {**OTHERS, **applications.WORDINGS, **dispatch.WORDINGS}

TONES: Mapping[str, str] = {
    "application.returned": "void",
    "application.declined": "stop",
    "application.withdrawn": "stop",
    "application.recommended": "done",
    "application.passed_on": "done",
    "application.nominated": "done",
    "application.lodged": "turn",
    "signoff.declined": "stop",
    "signoff.voided": "void",
    "list.sent_back": "void",
    "list.revoked": "void",
    "list.confirmed": "done",
    "list.dispatched": "done",
    "paper.voided": "void",
    "package.failed": "stop",
    "package.finished": "done",
}


class _Known(dict[str, Any]):
    """Details of an event; one that an older event did not have reads as nothing."""

    def __missing__(self, key: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline."""

    text: str
    at: datetime
    who: str
    kind: str


def words(event: Event) -> str:
    """An event as a sentence; one without wording is shown by its name."""
    pattern = WORDINGS.get(event.name)
    if pattern is None:
        return event.name
    return pattern.format_map(_Known(event.detail)).rstrip("：")


def entries(events: Iterable[Event]) -> list[Entry]:
    """Events as lines of a timeline."""
    return [Entry(words(event), event.at, event.actor_label, TONES.get(event.name, "")) for event in events]
