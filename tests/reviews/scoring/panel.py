"""A panel with experts, applications and assignments, for tests of what is done with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.audit.actions import SYSTEM, move, record
from shidian.calls.models import Call
from shidian.calls.scoring import OVERALL
from shidian.core import clock
from shidian.reviews.experts.models import Assignment, ConflictDeclaration, Expert, Panel
from shidian.reviews.scoring import actions
from shidian.reviews.scoring.checking import Written
from shidian.reviews.scoring.models import ScoreSheet
from shidian.reviews.scoring.queries import scoring_of
from tests import steps
from tests.kept import kept

FULL = {"basis": "18", "need": "17.5", "plan": "27", "resources": "13", "benefit": "12"}
"""87.5 points together."""


@dataclass
class Reviewing:
    """The panel at the district, who belongs to it, and what it reads."""

    cast: steps.Cast
    panel: Panel
    experts: list[Expert]
    applications: list[Application]
    assignments: dict[tuple[int, int], Assignment]  # by (expert, application), both counted from 0

    @property
    def officer(self) -> User:
        return self.cast.heping_handler


@kept
def reviewing(cast: steps.Cast, call: Call, experts: int = 3, applications: int = 1) -> Reviewing:
    """Every expert reads every application; the panel reviews."""
    found = [steps.lodged(cast, call) for _ in range(applications)]
    people = [
        Expert.objects.create(
            user=steps.make_user(f"expert-{number}", f"专家{number}号"),
            office=cast.heping,
            unit=f"示范研究院{number}",
            at=clock.now(),
            by=cast.heping_handler,
        )
        for number in range(1, experts + 1)
    ]
    for expert in people:
        record("expert.added", expert.chain, by=SYSTEM)
    panel = Panel.objects.create(
        call=call,
        office=cast.heping,
        stage=call.definition.stages[0].key,
        name="第一评审组",
        opens_at=clock.now() - timedelta(days=1),
        closes_at=clock.now() + timedelta(days=10),
        at=clock.now(),
        by=cast.heping_handler,
    )
    record("panel.made", panel.chain, by=SYSTEM)
    move(panel, "open", by=SYSTEM)
    assignments = {}
    for at, expert in enumerate(people):
        for number, application in enumerate(found):
            assert application.version is not None
            assignments[at, number] = Assignment.objects.create(
                panel=panel,
                expert=expert,
                application=application,
                version=application.version,
                means="hand",
                at=clock.now(),
                by=cast.heping_handler,
            )
    return Reviewing(cast, panel, people, found, assignments)


def write(assignment: Assignment, points: Mapping[str, str] = FULL, **overall: str) -> None:
    """Fill a sheet in, without handing it in."""
    scoring = scoring_of(assignment.panel)
    writings: dict[str, tuple[Written, int | None]] = {
        key: (Written(value, "依据见申请书。"), None) for key, value in points.items()
    }
    writings[OVERALL] = (
        Written(overall.get("choice", scoring.recommendations[0].key), overall.get("comment", "同意推荐。")),
        None,
    )
    actions.save_entries(assignment, writings, by=assignment.expert.user)


def submitted(assignment: Assignment, points: Mapping[str, str] = FULL, **overall: str) -> ScoreSheet:
    """Fill a sheet in and hand it in."""
    write(assignment, points, **overall)
    return actions.submit(assignment, by=assignment.expert.user)


def all_submitted(world: Reviewing, totals: Sequence[Mapping[str, str]] = ()) -> list[ScoreSheet]:
    """Every sheet handed in; `totals` are the points of the experts, in turn."""
    return [
        submitted(assignment, totals[expert % len(totals)] if totals else FULL)
        for (expert, _application), assignment in world.assignments.items()
    ]


def discussing(world: Reviewing) -> Panel:
    move(world.panel, "discuss", by=SYSTEM)
    return world.panel


def declare(world: Reviewing, expert: int, application: int) -> ConflictDeclaration:
    """A conflict that comes to be known now."""
    return ConflictDeclaration.objects.create(
        expert=world.experts[expert],
        application=world.applications[application],
        kind="interest",
        text="持有该单位股份",
        at=clock.now(),
        by=world.experts[expert].user,
    )
