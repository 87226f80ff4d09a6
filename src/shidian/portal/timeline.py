"""The history of an application in sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from shidian.applications.events import WORDINGS
from shidian.applications.models import Application
from shidian.audit.models import Event
from shidian.audit.queries import timeline
from shidian.core.digests import short_code
from shidian.ui.templatetags.ui import cn_date

_SIGNOFFS = {
    "signoff.agreed": "{label}“{name}”同意 {version}（{signatory}，{signed_on}）",
    "signoff.declined": "{label}“{name}”不同意 {version}（{signatory}，{signed_on}）：{opinion}",
    "signoff.completed": "各单位已全部同意 {version}",
    "signoff.voided": "{version} 的会签失效：{reason}",
    "paper.counted": "登记第 {copy} 份纸质材料（{version}）",
    "paper.voided": "更正：第 {copy} 份纸质材料登记有误，{reason}",
    "electronic.registered": "登记电子材料（{version}）",
}
_TONES = {
    "application.frozen": "done",
    "application.lodged": "done",
    "application.recommended": "done",
    "application.nominated": "done",
    "application.passed_on": "done",
    "application.signed": "done",
    "signoff.agreed": "done",
    "signoff.completed": "done",
    "application.reopened": "void",
    "signoff.voided": "void",
    "application.returned": "void",
    "application.declined": "stop",
    "signoff.declined": "stop",
}
_HIDDEN = ("signoff.voided",)
"""Told by the event that caused it."""


def sentence(event: Event) -> str:
    """What happened, in words; an event without a wording shows its name, so that nothing is left out."""
    wording = WORDINGS.get(event.name) or _SIGNOFFS.get(event.name) or event.name
    detail: dict[str, Any] = defaultdict(str, event.detail)
    if not detail["code"] and detail["digest"]:
        detail["code"] = short_code(str(detail["digest"]))
    if detail["signed_on"]:
        detail["signed_on"] = cn_date(detail["signed_on"])
    return wording.format_map(detail).replace("（，）", "").rstrip("：")


def entries(application: Application, limit: int | None = None) -> list[dict[str, Any]]:
    """The events of an application, newest first, as the timeline component takes them."""
    events: Iterable[Event] = timeline(application.chain).exclude(name__in=_HIDDEN)[:limit]
    return [
        {
            "text": sentence(event),
            "at": event.at,
            "who": event.actor_label,
            "kind": _TONES.get(event.name, ""),
        }
        for event in events
    ]
