"""Ticks for who reads what: a table of applications and experts, as it was shown and as it was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from shidian.applications.models import Application
from shidian.reviews.experts.assignment import in_words
from shidian.reviews.experts.conflicts import Conflict, Pair
from shidian.reviews.models import Assignment, Expert


@dataclass(frozen=True, slots=True)
class Cell:
    """One tick: whether it stood when the page was opened, whether it stands now, and why it cannot."""

    expert: Expert
    application: Application
    was: bool
    ticked: bool
    against: str

    @property
    def value(self) -> str:
        """The pair as the form sends it."""
        return f"{self.expert.pk}-{self.application.pk}"


@dataclass(slots=True)
class Ticks:
    """What was posted, or nothing: only what a person changed on the page counts, so two people do not undo each other."""

    data: QueryDict | None = None
    problems: list[dict[str, str]] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """Why some are taken back."""
        return (self.data.get("reason", "") if self.data else "").strip()[:200]

    def _pairs(self, name: str) -> set[Pair]:
        found = set()
        for text in self.data.getlist(name) if self.data else ():
            one, _dash, other = text.partition("-")
            if one.isascii() and other.isascii() and one.isdigit() and other.isdigit():
                found.add((int(one[:18]), int(other[:18])))
        return found

    @property
    def added(self) -> set[Pair]:
        """Ticked by this person."""
        return self._pairs("pair") - self._pairs("was")

    @property
    def removed(self) -> set[Pair]:
        """Ticks taken away by this person."""
        return self._pairs("was") - self._pairs("pair")

    def check(self) -> bool:
        """Whether it can be done as posted."""
        if self.removed and not self.reason:
            self.refuse("reason", _("撤回已有的分配，请写明理由"))
        return not self.problems

    def refuse(self, place: str, message: str) -> None:
        """Say what is wrong at its place."""
        self.problems.append({"message": message, "anchor": f"id_{place}"})

    @property
    def wrong_reason(self) -> str:
        """What is wrong with the reason."""
        return next((row["message"] for row in self.problems if row["anchor"] == "id_reason"), "")

    def row(
        self,
        application: Application,
        experts: Sequence[Expert],
        given: Mapping[Pair, Assignment],
        conflicts: Mapping[Pair, Sequence[Conflict]],
    ) -> list[Cell]:
        """The cells of one application."""
        posted, was = self._pairs("pair"), self._pairs("was")
        cells = []
        for expert in experts:
            pair = (expert.pk, application.pk)
            stands = pair in given if self.data is None else pair in was
            ticked = pair in given if self.data is None else pair in posted
            against = in_words(conflicts[pair]) if pair in conflicts else ""
            cells.append(Cell(expert, application, stands, ticked, against))
        return cells
