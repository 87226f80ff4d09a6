from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shidian.rehearsal.timetable import Timetable, closing, opening, spans, working
from tests import steps

CALL = steps.package().call
THREE = steps.package(steps.PREFECTURE).call


def test_time_moves_only_when_told_to() -> None:
    time = Timetable(datetime(2023, 6, 13, tzinfo=UTC), timedelta(seconds=40))

    first = time()
    assert time() == first
    time.tick()
    assert time() - first == timedelta(seconds=40)
    time.reach(first)
    assert time() - first == timedelta(seconds=80)


def test_the_window_is_that_of_the_call_or_of_the_strictest_office() -> None:
    assert opening(CALL).isoformat() == "2023-06-13T00:00:00+08:00"
    assert closing(CALL, [None]).isoformat() == "2023-07-24T17:00:00+08:00"
    assert closing(THREE, [None, datetime(2025, 4, 8, 18)]).isoformat() == "2025-04-08T18:00:00+08:00"


def test_a_stage_without_a_deadline_is_done_within_the_time_of_the_others() -> None:
    district, city = spans(CALL, closing(CALL, []))

    assert district[1] == city[0] < city[1]
    assert city[1].isoformat() == "2023-07-31T23:59:59+08:00"


def test_every_stage_works_until_its_own_deadline() -> None:
    found = spans(THREE, closing(THREE, []))

    assert [end.date().isoformat() for _, end in found] == ["2025-04-20", "2025-05-10", "2025-05-31"]


def test_people_work_by_day() -> None:
    span = (datetime(2023, 7, 1, tzinfo=CALL.zone), datetime(2023, 7, 2, tzinfo=CALL.zone))

    assert [working(span, share).hour for share in (0.1, 0.4, 0.6, 0.99)] == [9, 9, 14, 14]
