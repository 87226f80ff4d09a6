"""Every stage has its own window; closing stops new hand-ins only, never corrections under way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from shidian.applications import actions as applications
from shidian.applications.queries import round_of
from shidian.applications.rules import can_lodge, can_start
from shidian.calls.models import Call
from shidian.calls.queries import window
from shidian.core.errors import NotNow
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from tests import steps
from tests.conftest import SHANGHAI

At = Callable[..., None]


def test_each_office_has_the_window_of_its_stage(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = call.definition.stages
    later = last.model_copy(update={"dispatch_until": datetime(2023, 8, 20, 12, tzinfo=SHANGHAI)})
    monkeypatch.setitem(call.definition.__dict__, "stages", [first, later])

    district, city = window(call, cast.heping), window(call, cast.commission)

    assert (district.hand_in_until, district.dispatch_until) == (
        datetime(2023, 7, 24, 17, tzinfo=SHANGHAI), datetime(2023, 7, 31, 23, 59, 59, tzinfo=SHANGHAI)
    )  # fmt: skip
    assert (city.hand_in_until, city.dispatch_until) == (None, datetime(2023, 8, 20, 12, tzinfo=SHANGHAI))


def test_it_closes_to_the_second(cast: steps.Cast, call: Call, clock_at: At) -> None:
    application = steps.signed(cast, call)
    clock_at(2023, 7, 24, 17, 0, 0)
    assert can_lodge(cast.lead_writer, application, cast.heping)
    clock_at(2023, 7, 24, 17, 0, 1)

    verdict = can_lodge(cast.lead_writer, application, cast.heping)
    assert not verdict and verdict.not_now
    assert not can_start(cast.lead_writer, cast.lead, call)
    with pytest.raises(NotNow):
        applications.lodge(application, cast.heping, by=cast.lead_writer)


def test_writing_and_signing_go_on_after_it_has_closed(cast: steps.Cast, call: Call, clock_at: At) -> None:
    application = steps.start_filled(cast, call)
    clock_at(2023, 8, 15, 9)
    steps.write(application, cast.lead_writer, cover__contact="李某")
    applications.freeze(application, by=cast.lead_writer)
    application = steps.fresh(application)
    steps.sign(application, [call.definition.stages[0].key], cast.lead_writer)

    assert round_of(application) is not None


def test_a_correction_comes_back_whenever_it_is_done(cast: steps.Cast, call: Call, clock_at: At) -> None:
    """Returned before hand-ins closed, corrected after the office must have dispatched; and once more."""
    application = steps.lodged(cast, call)
    reviews.return_for_correction(application, by=cast.heping_handler, reasons=[Said("请补充")])
    clock_at(2023, 8, 15, 9)
    application = steps.hand_in_again(steps.fresh(application), cast)
    assert application.state == "lodged"

    reviews.return_for_correction(application, by=cast.heping_handler, reasons=[Said("还差一页")])
    clock_at(2023, 12, 1, 9)

    assert steps.hand_in_again(steps.fresh(application), cast).state == "lodged"


def test_a_correction_asked_for_at_the_last_stage_comes_back_there(
    cast: steps.Cast, call: Call, clock_at: At
) -> None:
    application = steps.at_last_stage_waiting(cast, call)
    reviews.return_for_correction(application, by=cast.commission_officer, reasons=[Said("请补充")])
    clock_at(2023, 9, 15, 9)
    application = steps.hand_in_again(steps.fresh(application), cast)

    assert (application.state, application.office) == ("lodged", cast.commission)
