"""Recorded events in words, for every timeline and for the audit. Each app words its own events in `events.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from shidian.accounts import events as accounts
from shidian.applications import events as applications
from shidian.audit.models import Event
from shidian.calls import events as calls
from shidian.dispatch import events as dispatch
from shidian.documents import events as documents
from shidian.notifications import events as notifications
from shidian.organisations import events as organisations
from shidian.reviews import events as reviews
from shidian.reviews.experts import events as experts
from shidian.reviews.scoring import events as scoring
from shidian.signoffs import events as signoffs

WORDINGS: Mapping[str, str] = {
    **accounts.WORDINGS,
    **organisations.WORDINGS,
    **documents.WORDINGS,
    **signoffs.WORDINGS,
    **calls.WORDINGS,
    **applications.WORDINGS,
    **reviews.WORDINGS,
    **dispatch.WORDINGS,
    **notifications.WORDINGS,
    **experts.WORDINGS,
    **scoring.WORDINGS,
}
TOLD_BY_ANOTHER = ("signoff.voided",)
"""Left out of timelines: the reopening or the return that caused it stands right beside it."""
TONES: Mapping[str, str] = {
    **signoffs.TONES,
    **applications.TONES,
    **reviews.TONES,
    **dispatch.TONES,
    **notifications.TONES,
    **experts.TONES,
    **scoring.TONES,
}


_TABLED = ("role", "kind")
"""Details that are words of our own tables, kept in Chinese."""


class _Known(dict[str, Any]):
    """Details of an event; one that an older event did not have reads as nothing."""

    def __missing__(self, key: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline; `kind` is its tone in the look."""

    text: str
    at: datetime
    who: str
    kind: str


def words(event: Event) -> str:
    """An event as a sentence; one without wording is shown by its name, so that nothing is left out."""
    pattern = WORDINGS.get(event.name, event.name)
    detail = {
        name: gettext(said) if name in _TABLED and said else said for name, said in event.detail.items()
    }
    said = gettext(pattern).format_map(_Known(detail))
    return said.replace("（）", "").replace(" ()", "").rstrip("：，:, ")


def entries(events: Iterable[Event]) -> list[Entry]:
    """Events as lines of a timeline."""
    return [
        Entry(words(event), event.at, event.actor_label, TONES.get(event.name, ""))
        for event in events
        if event.name not in TOLD_BY_ANOTHER
    ]
