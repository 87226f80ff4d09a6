"""Writing and freezing at the same moment, on PostgreSQL with real threads."""

from __future__ import annotations

from functools import partial

import pytest

from shidian.applications import actions as applications
from shidian.applications.queries import answers
from shidian.applications.writing import Contested, Outcome, Saved, save_field
from shidian.calls.models import Call
from shidian.core.errors import NotNow
from shidian.questionnaires.visibility import counted
from tests import steps
from tests.steps import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 10


def test_what_is_frozen_is_what_stands(cast: steps.Cast, call: Call) -> None:
    """A save either is in the version or is refused; it never lands behind it."""
    application = steps.start_filled(cast, call)
    for number in range(ROUNDS):
        text = f"第 {number} 次修改的目标，内容足够长，可以冻结。"

        raised = together(
            partial(save_field, application, "goals.goals", text, by=cast.lead_head, started_from=None),
            partial(applications.freeze, application, by=cast.lead_writer),
        )

        assert all(isinstance(fault, NotNow) for fault in raised), raised
        application = steps.fresh(application)
        assert application.version.data["answers"] == counted(call.questionnaire, answers(application))
        applications.reopen(application, by=cast.lead_writer, reason="再改")
        application = steps.fresh(application)


def test_of_two_writers_one_is_told_of_the_other(cast: steps.Cast, call: Call) -> None:
    application = steps.start_filled(cast, call)
    for number in range(ROUNDS):
        seen = application.answers.get(field="goals").number
        outcomes: list[Outcome] = []

        raised = together(
            *(
                lambda who=who, n=number, seen=seen, outcomes=outcomes: outcomes.append(
                    save_field(application, "goals.goals", f"{who.name} {n}", by=who, started_from=seen)
                )
                for who in (cast.lead_writer, cast.lead_head)
            )
        )

        assert raised == []
        first, second = sorted(outcomes, key=lambda outcome: isinstance(outcome, Contested))
        assert isinstance(first, Saved)
        assert isinstance(second, Contested)
        assert application.answers.get(field="goals").number == seen + 1
        kept = set(application.answers.get(field="goals").revisions.values_list("value", flat=True))
        assert {first.value, second.mine} <= kept


def test_two_first_texts_of_a_field_are_both_kept(cast: steps.Cast, call: Call) -> None:
    for _ in range(ROUNDS):
        application = applications.start(call, cast.lead, by=cast.lead_writer)
        outcomes: list[Outcome] = []

        raised = together(
            *(
                lambda who=who, made=application, outcomes=outcomes: outcomes.append(
                    save_field(made, "goals.goals", who.name, by=who, started_from=0)
                )
                for who in (cast.lead_writer, cast.lead_head)
            )
        )

        assert raised == []
        assert {type(outcome) for outcome in outcomes} == {Saved, Contested}


def test_references_are_given_once(cast: steps.Cast, call: Call) -> None:
    raised = together(
        *(lambda: applications.start(call, cast.lead, by=cast.lead_writer) for _ in range(3)),
        lambda: applications.start(call, cast.other_unit, by=cast.outsider),
    )

    assert raised == []
    references = sorted(cast.lead.applications.values_list("reference", flat=True))
    assert len({*references, *cast.other_unit.applications.values_list("reference", flat=True)}) == 4
