"""What the destination decided: letters, results with both names, sheets tried before anything is written."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest

from shidian.applications.models import Application
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotPermitted
from shidian.dispatch.publishing import results
from shidian.dispatch.publishing.models import Result
from shidian.dispatch.publishing.queries import approved, gone
from shidian.dispatch.publishing.results import Row, read_sheet, record_results, try_rows
from shidian.documents.sheets import write_rows
from tests import steps
from tests.dispatch import publishing_steps as acts


def test_names_as_issued_and_as_applied_are_kept_apart(cast: steps.Cast, call: Call) -> None:
    application, _ = steps.nominated(cast, call)
    letter = acts.letter(cast, call)

    [made] = record_results(
        letter,
        [Row(application.reference, "approved", "另一名称", application.lead.name)],
        by=cast.commission_officer,
    )

    application = steps.fresh(application)
    assert application.state == "approved"
    assert (made.issued_name, made.applied_name) == ("另一名称", application.name)
    assert made.names_differ
    assert [row.result for row in approved(call)] == [made]
    event = steps.last_event(application.chain)
    assert (event.name, event.detail["letter"]) == ("application.approved", letter.number)
    assert verify().ok


def test_a_later_letter_may_say_otherwise_and_names_are_corrected(cast: steps.Cast, call: Call) -> None:
    application, _ = steps.nominated(cast, call)
    first = Row(application.reference, "not_selected")
    record_results(acts.letter(cast, call), [first], by=cast.commission_officer)
    second = acts.letter(cast, call, "国标委发〔2023〕50号")

    row = Row(application.reference, "approved", "名称", "单位")
    record_results(second, [row], by=cast.commission_officer)
    assert steps.fresh(application).state == "approved"
    assert record_results(second, [row], by=cast.commission_officer) == []
    record_results(
        second, [Row(application.reference, "approved", "名称二", "单位")], by=cast.commission_officer
    )

    assert steps.last_event(application.chain).name == "application.result_corrected"
    assert [found.result.issued_name for found in gone(call) if found.result] == ["名称二"]
    assert Result.objects.count() == 3


@pytest.mark.parametrize(
    ("row", "place"),
    [
        (Row("TJ10-9999", "approved", "名称", "单位"), "reference"),
        (Row("", "approved", "", "单位"), "name"),
        (Row("", "approved", "名称", ""), "unit"),
        (Row("", "也许"), "outcome"),
        (Row("", "approved", "字" * 201, "单位"), "name"),
    ],
)
def test_a_wrong_row_stops_all_of_them(cast: steps.Cast, call: Call, row: Row, place: str) -> None:
    application, _ = steps.nominated(cast, call)
    letter = acts.letter(cast, call)
    row = row if row.reference else Row(application.reference, row.outcome, row.name, row.unit)

    with pytest.raises(Invalid) as refusal:
        record_results(letter, [row], by=cast.commission_officer)

    assert [fault.place for fault in refusal.value.problems] == [place]
    assert not Result.objects.exists()


def test_only_what_left_has_a_result_and_only_the_last_stage_records(cast: steps.Cast, call: Call) -> None:
    application = steps.at_last_stage(cast, call)
    letter = acts.letter(cast, call)
    rows = [Row(application.reference, "not_selected")]

    assert [fault.place for fault in try_rows(call, rows).faults] == ["reference"]
    steps.refused(NotPermitted, lambda: record_results(letter, rows, by=cast.heping_handler))


def test_a_letter_is_recorded_once_and_not_from_tomorrow(cast: steps.Cast, call: Call) -> None:
    acts.letter(cast, call)
    with pytest.raises(Invalid) as twice:
        acts.letter(cast, call)
    assert twice.value.problems[0][0] == "number"
    with pytest.raises(Invalid) as ahead:
        results.record_letter(
            call,
            cast.commission,
            issuer="某机关",
            number="1号",
            title="通知",
            dated=steps.today(call) + timedelta(days=1),
            file=steps.scan(cast.commission_officer),
            by=cast.commission_officer,
        )
    assert ahead.value.problems[0][0] == "dated"


def sheet(columns: list[str], rows: list[list[str]]) -> BytesIO:
    return BytesIO(write_rows("结果", columns, rows, created=steps.clock.now()))


def test_a_sheet_is_read_by_its_headings(cast: steps.Cast, call: Call) -> None:
    content = sheet(
        ["结果", "承担单位", "申请编号", "项目名称"],
        [["通过", "某单位", "tj10-0001", "某 项目"], ["", "", "", ""], ["未入选", "", "TJ10-0002", ""]],
    )

    rows, numbers = read_sheet(content)

    assert rows == [
        Row("TJ10-0001", "approved", "某 项目", "某单位"),
        Row("TJ10-0002", "not_selected"),
    ]
    assert numbers == [2, 4]


@pytest.mark.parametrize("content", [b"", b"no sheet", b"PK\x03\x04broken"])
def test_what_is_no_sheet_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid):
        read_sheet(BytesIO(content))


def test_a_sheet_without_its_columns_is_refused(cast: steps.Cast, call: Call) -> None:
    with pytest.raises(Invalid, match="申请编号"):
        read_sheet(sheet(["名称"], [["某项目"]]))


def test_the_same_application_twice_is_a_fault(cast: steps.Cast, call: Call) -> None:
    application, _ = steps.nominated(cast, call)
    rows = [Row(application.reference, "not_selected")] * 2

    trial = try_rows(call, rows, numbers=[2, 3])

    assert [(fault.row, fault.place) for fault in trial.faults] == [(3, "reference")]
    assert Application.objects.get(pk=application.pk).state == "nominated"
