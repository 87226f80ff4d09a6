"""The stage board: every office with counts that agree with its own page, and totals that add up."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from shidian.audit.actions import SYSTEM
from shidian.calls.actions import load, publish
from shidian.calls.models import Call
from shidian.organisations.models import Office
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from shidian.reviews.queries import counts
from tests import steps
from tests.desk.pages import sheet_of, signed_in, text_of


def address(call: Call, name: str = "overview") -> str:
    return reverse(f"desk:{name}", args=(call.key,))


def test_the_commission_sees_every_office_with_totals(cast: steps.Cast, call: Call) -> None:
    steps.dispatched(cast, call)
    back = steps.lodged(cast, call)
    reviews.return_for_correction(back, by=cast.heping_handler, reasons=[Said("请补正")])
    boards = signed_in(cast.commission_officer).get(address(call)).context["boards"]

    district, city = boards
    assert len(district.rows) == len([d for d in call.package.offices if d.kind in ("bureau", "sector")])
    for row in district.rows:
        assert row.counted == counts(call, row.office)
    assert (district.total.received, district.total.sent, district.total.returned) == (2, 1, 1)
    assert district.adds_up
    assert (city.total.received, city.total.to_review) == (1, 1)
    heping = next(row for row in district.rows if row.office == cast.heping)
    assert (heping.lists, heping.word) == (1, "已报送")


def test_an_office_is_late_only_with_something_left(cast: steps.Cast, call: Call, clock_at: Any) -> None:
    steps.lodged(cast, call)
    clock_at(2023, 8, 2, 9, 0)
    board = signed_in(cast.commission_officer).get(address(call)).context["boards"][0]
    assert [row.office for row in board.rows if row.overdue] == [cast.heping]


def test_the_registry_sees_the_stage_that_sends_to_it(cast: steps.Cast, call: Call) -> None:
    boards = signed_in(cast.institute_clerk).get(address(call)).context["boards"]
    assert [board.stage.key for board in boards] == ["district"]


def test_an_auditor_sees_all_stages(cast: steps.Cast, call: Call) -> None:
    boards = signed_in(cast.auditor).get(address(call)).context["boards"]
    assert [board.stage.key for board in boards] == ["district", "city"]
    assert signed_in(cast.auditor).get(reverse("desk:overview", args=("nowhere",))).status_code == 404


def test_the_sheet_has_the_same_numbers(cast: steps.Cast, call: Call) -> None:
    steps.dispatched(cast, call)
    rows = sheet_of(signed_in(cast.commission_officer).get(address(call, "overview-xlsx")))
    totals = [row for row in rows if row[1] == "合计"]
    assert [row[2] for row in totals] == [1, 1]
    heping = next(row for row in rows if row[1] == cast.heping.name)
    assert (heping[2], heping[7], heping[12]) == (1, 1, "已报送")


def test_the_lists_that_came_are_linked(cast: steps.Cast, call: Call) -> None:
    page = text_of(signed_in(cast.commission_officer).get(address(call)))
    assert "还没有清单报送来" in page
    _, listed = steps.dispatched(cast, call)
    assert listed.reference in text_of(signed_in(cast.commission_officer).get(address(call)))


def test_the_first_stage_and_strangers_get_404(cast: steps.Cast, call: Call) -> None:
    for user in (cast.heping_handler, cast.sector_officer, cast.outsider, cast.administrator):
        assert signed_in(user).get(address(call)).status_code == 404
        assert signed_in(user).get(address(call, "overview-xlsx")).status_code == 404


def test_with_three_stages_each_office_sees_those_below_it(db: None, clock_at: Any) -> None:
    clock_at(2025, 6, 1, 9, 0)
    call = load(steps.package(steps.PREFECTURE), by=SYSTEM)
    publish(call, by=SYSTEM)
    call = Call.objects.get(pk=call.pk)
    stages = [stage.key for stage in call.definition.stages]
    kinds = {definition.kind: definition.key for definition in reversed(call.package.offices)}
    for depth, stage in enumerate(call.definition.stages):
        officer = steps.make_user(f"officer-{depth}", f"第 {depth} 级人员")
        steps.appoint(officer, Office.objects.get(key=kinds[stage.kinds[0]]), "handler")
        answer = signed_in(officer).get(address(call))
        if depth == 0:
            assert answer.status_code == 404
        else:
            boards = answer.context["boards"]
            assert [board.stage.key for board in boards] == stages[: depth + 1]
            assert all(board.rows for board in boards)
