"""An event as it is told: with the application, the list or the call that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext

from shidian.applications import events as applications
from shidian.applications.models import Application
from shidian.audit.models import Event
from shidian.calls import events as calls
from shidian.calls.models import Call
from shidian.core.language import chinese
from shidian.dispatch import events as dispatch
from shidian.dispatch.models import CandidateList
from shidian.dispatch.publishing.models import Objection, Publicity
from shidian.organisations import events as organisations
from shidian.organisations.models import Office, Organisation
from shidian.reviews import events as reviews
from shidian.reviews.experts import events as experts
from shidian.reviews.models import Panel, Ruling
from shidian.reviews.scoring import events as scoring
from shidian.signoffs import events as signoffs

WORDINGS: Mapping[str, str] = {
    **organisations.WORDINGS,
    **signoffs.WORDINGS,
    **calls.WORDINGS,
    **applications.WORDINGS,
    **reviews.WORDINGS,
    **experts.WORDINGS,
    **scoring.WORDINGS,
    **dispatch.WORDINGS,
}


class _Known(dict[str, Any]):
    """Details of an event; one that an older event did not have reads as nothing."""

    def __missing__(self, key: str) -> str:
        return ""


def filled(template: str, values: Mapping[str, Any]) -> str:
    """A text of the table with these values, in the language that is spoken now."""
    known = _Known(values)
    if "event" in values:
        # In the words of the history, where `name` is whom the event names.
        inner = _Known({**values, "name": values.get("party", values.get("name", ""))})
        known["happened"] = gettext(WORDINGS.get(values["event"], "")).format_map(inner)
    return gettext(template).format_map(known) if template else ""


@dataclass
class Told:
    """One event and what its chain names."""

    event: Event

    @property
    def _subject(self) -> tuple[str, str]:
        kind, _rest, key = self.event.chain.partition(":")
        return kind, key

    @cached_property
    def application(self) -> Application | None:
        """The application that it is about."""
        kind, key = self._subject
        rows = Application.objects.select_related("call", "lead", "office", "version")
        return rows.filter(reference=key).first() if kind == "application" else None

    @cached_property
    def listed(self) -> CandidateList | None:
        """The list that it is about."""
        kind, key = self._subject
        rows = CandidateList.objects.select_related("call", "office")
        return rows.filter(reference=key).first() if kind == "list" else None

    @cached_property
    def objection(self) -> Objection | None:
        """The objection that it is about."""
        kind, key = self._subject
        rows = Objection.objects.select_related("publicity__call", "publicity__office")
        return rows.filter(number=key).first() if kind == "objection" else None

    @cached_property
    def publicity(self) -> Publicity | None:
        """The publicity that it is about, or that its objection is about."""
        kind, key = self._subject
        if self.objection is not None:
            return self.objection.publicity
        rows = Publicity.objects.select_related("call", "office")
        return rows.filter(reference=key).first() if kind == "publicity" else None

    @cached_property
    def ruling(self) -> Ruling | None:
        """The decisions that it is about."""
        kind, key = self._subject
        rows = Ruling.objects.select_related("call", "office")
        return rows.filter(reference=key).first() if kind == "ruling" else None

    @cached_property
    def panel(self) -> Panel | None:
        """The panel that it, a score sheet or a meeting of it is about."""
        kind, key = self._subject
        rows = Panel.objects.select_related("call", "office")
        return rows.filter(pk=key).first() if kind == "panel" else None

    @property
    def _of_a_call(self) -> Application | CandidateList | Publicity | Ruling | Panel | None:
        return self.application or self.listed or self.publicity or self.ruling or self.panel

    @cached_property
    def call(self) -> Call | None:
        """The call to which it belongs."""
        kind, key = self._subject
        subject = self._of_a_call
        if subject is not None:
            return subject.call
        return Call.objects.filter(key=key).first() if kind == "call" else None

    @cached_property
    def unit(self) -> Organisation | None:
        """The unit that it is about."""
        kind, key = self._subject
        return Organisation.objects.filter(pk=key).first() if kind == "organisation" else None

    @cached_property
    def office(self) -> Office | None:
        """The office at which its subject lies."""
        subject = self._of_a_call
        return subject.office if subject is not None else None

    def values(self) -> dict[str, Any]:
        """What words may be filled with; the event's own details first, and never less than the subject's."""
        found: dict[str, Any] = {
            name: said for name, said in self.event.detail.items() if isinstance(said, str | int)
        }
        if isinstance(found.get("deadline"), str):
            found["deadline"] = chinese(found["deadline"])
        reasons = self.event.detail.get("reasons")
        if isinstance(reasons, list):
            found["reasons"] = "；".join(str(reason) for reason in reasons)
        if "name" in found:
            found["party"] = found["name"]
        found |= {"event": self.event.name, "actor": self.event.actor_label}
        if self.call is not None:
            found["batch"] = self.call.definition.batch
        if self.application is not None:
            found |= {
                "reference": self.application.reference,
                "name": self.application.name,
                "lead": self.application.lead.name,
            }
        if self.listed is not None:
            found["list"] = self.listed.reference
        if self.ruling is not None:
            found["number"] = self.ruling.reference
        if self.publicity is not None:
            found["number"] = self.objection.number if self.objection else self.publicity.reference
        if self.office is not None:
            found.setdefault("office", self.office.name)
        return found | self._panel_values()

    def _panel_values(self) -> dict[str, Any]:
        if self.panel is None:
            return {}
        closes = self.panel.closes_at.astimezone(self.panel.call.zone)
        return {
            "panel": self.panel.name,
            "until": f"{closes:%Y-%m-%d %H:%M}",
            "office": self.panel.office.name,
        }
