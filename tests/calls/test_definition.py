from datetime import date, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from shidian.calls.definition import CopyHolder, CopyPlan, PartyRole, Stage, in_zone
from shidian.calls.packages import read

CALL = read(Path(__file__).parents[1] / "packages" / "prefecture-2025-culture").call


def party(**given):
    return PartyRole(
        **({"role": "a", "label": "甲", "minimum": 1, "before": "county", "name": "甲局"} | given)
    )


def test_gates_are_the_stages_and_the_destination():
    assert CALL.gates == ["county", "prefecture", "province", "ministry"]
    assert [CALL.next_gate(key) for key in CALL.gates[:-1]] == CALL.gates[1:]


def test_things_are_found_by_key():
    assert CALL.stage("province").label == "省级遴选"
    assert CALL.party("school").minimum == 0
    for find in (CALL.stage, CALL.party):
        with pytest.raises(KeyError):
            find("nothing")


def test_areas_are_named_by_their_path():
    assert CALL.area_labels == {
        "reading": "阅读推广",
        "arts/choir": "群众文艺／合唱",
        "arts/opera": "群众文艺／地方戏",
    }


def test_times_without_offset_are_on_the_clock_of_the_call():
    moment = CALL.stage("county").hand_in_until
    assert moment.isoformat() == "2025-04-10T18:00:00+08:00"
    assert in_zone(moment, CALL.zone) is moment


def test_copies_add_up_and_one_plan_is_registered():
    assert CALL.registered_copies.total == 5
    plan = CopyPlan(
        key="a", label="甲", source="form", text="x", holders=[CopyHolder(key="b", label="乙", count=2)]
    )
    assert (plan.total, plan.registered) == (2, False)


def test_shifted_moves_dates_and_nothing_else():
    moved = CALL.shifted(10)
    assert moved.issued_on == date(2025, 3, 13)
    assert moved.stage("county").hand_in_until.isoformat() == "2025-04-20T18:00:00+08:00"
    assert moved.stage("prefecture").hand_in_until is None
    assert moved.requirements == CALL.requirements
    assert CALL.issued_on == date(2025, 3, 3)


@pytest.mark.parametrize(
    "given",
    [{"name": None}, {"names_from": "a.b"}, {"minimum": 3, "maximum": 2}, {"minimum": -1}, {"maximum": 0}],
)
def test_parties_that_make_no_sense_are_refused(given):
    with pytest.raises(ValidationError):
        party(**given)


def test_a_stage_cannot_be_changed():
    stage = Stage(key="a", label="甲", kinds=["b"], turn="x", opens=datetime(2025, 1, 1))
    with pytest.raises(ValidationError):
        stage.label = "乙"
