"""What the machine finds beside the items of the checklist: codes, dates, seals."""

from __future__ import annotations

from typing import Any

import pytest

from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import lodgement_here
from shidian.calls.models import Call
from shidian.reviews.checklist import Item, items
from shidian.reviews.findings import of_section
from shidian.signoffs.models import Signature
from tests import steps


def arrival(application: Application) -> Lodgement:
    found = lodgement_here(application)
    assert found is not None
    return found


def item(application: Application, key: str) -> Item:
    return next(row for row in items(arrival(application)) if row.key == key)


def test_good_codes_and_dates_are_said_to_be_good(cast: steps.Cast, call: Call) -> None:
    found = item(steps.lodged(cast, call), "section-lead").findings

    assert {(one.about, one.tone) for one in found} == {("代码", "done")}
    assert [(one.about, one.tone) for one in item(steps.lodged(cast, call), "section-cover").findings][
        -1
    ] == (
        "日期",
        "done",
    )


@pytest.mark.parametrize(
    ("field", "value", "tone"),
    [
        ("unit_code", "12120101PDY00001X1", "stop"),
        ("registered_region", {"province": "120000", "county": "999999", "detail": ""}, "stop"),
        ("registered_region", {"province": "120000", "county": "120106", "detail": ""}, "done"),
        ("registered_region", {"province": "120000", "county": "120107", "detail": ""}, "wait"),
        ("industry", "0000", "stop"),
    ],
)
def test_codes_are_judged_on_the_day(cast: steps.Cast, call: Call, field: str, value: Any, tone: str) -> None:
    lodgement = arrival(steps.lodged(cast, call))
    section = call.questionnaire.section("lead")

    found = of_section(lodgement, section, {**steps.filled(call)["lead"], field: value})

    assert found[0].tone == tone


def test_a_period_that_is_over_or_turned_round_is_told(cast: steps.Cast, call: Call) -> None:
    lodgement = arrival(steps.lodged(cast, call))
    cover = call.questionnaire.section("cover")

    for first, last, tone in (("2025-12", "2024-01", "stop"), ("2020-01", "2021-12", "wait")):
        found = of_section(lodgement, cover, {"period": {"from": first, "to": last}})
        assert found[-1].tone == tone


def test_the_date_of_an_opinion_lies_between_freezing_and_arrival(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)

    found = item(application, "party-1").findings

    assert [(one.about, one.tone) for one in found] == [("日期", "done"), ("印章和签名", "")]


def test_what_a_filed_page_shows_stands_beside_the_party(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shidian.documents.inbox import Inbox

    application = steps.lodged(cast, call)
    assert application.version is not None
    page = steps.laid_in(Inbox(unit=cast.lead), application.version, cast.lead_writer)
    signature = Signature.objects.get(party__round__version=application.version, party__position=1)
    signature.scan = page.picture  # rows of evidence do not change: only this one in memory does
    lodgement = arrival(application)
    from shidian.applications.scanned import seen_in
    from shidian.reviews.findings import of_signature

    found = of_signature(lodgement, signature, seen_in([signature])[signature.pk])

    assert (found[-1].about, found[-1].tone) == ("印章和签名", "stop")
    assert "日期" in found[-1].words
