"""The working list: views by state that add up, filters, sorting, the sheet, and its cost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.desk import cases
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from shidian.reviews.queries import counts
from shidian.search.indexing import index
from tests import steps
from tests.desk.pages import sheet_of, signed_in, source_of, text_of
from tests.kept import kept


def address(call: Call, key: str = "heping", name: str = "applications") -> str:
    return reverse(f"desk:{name}", args=(call.key, key))


def references(response: Any) -> list[str]:
    return [line.application.reference for line in response.context["lines"]]


@pytest.fixture
def three(cast: steps.Cast, call: Call) -> list[Application]:
    return three_apart(cast, call)


@kept
def three_apart(cast: steps.Cast, call: Call) -> list[Application]:
    """To review, returned, recommended."""
    waiting, back = steps.lodged(cast, call), steps.lodged(cast, call)
    reviews.return_for_correction(back, by=cast.heping_handler, reasons=[Said("请补正")])
    return [waiting, steps.fresh(back), steps.recommended(cast, call)]


def test_an_empty_list_says_what_would_fill_it(cast: steps.Cast, call: Call) -> None:
    page = text_of(signed_in(cast.heping_handler).get(address(call)))
    assert "还没有收到申请" in page
    assert "导出" not in page


def test_one_application_is_shown_with_its_words(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    page = text_of(signed_in(cast.heping_handler).get(address(call)))
    for words in (
        found.reference,
        "和平区应急救援队伍建设",
        cast.lead.name,
        "综合减灾社区",
        "待审查",
        "7 月 3 日",
    ):
        assert words in page


def test_each_view_holds_as_many_as_it_says(cast: steps.Cast, call: Call, three: list[Application]) -> None:
    declined, gone = steps.lodged(cast, call), steps.lodged(cast, call)
    reviews.decline(declined, by=cast.heping_handler, reasons=[Said("领域不符")])
    applications.withdraw(gone, by=cast.lead_writer, reason="单位调整")
    counted = counts(call, cast.heping)
    known = cases.tabs(call, cast.heping, counted)

    sizes = {}
    for tab in known:
        asked = cases.Filter.read({"state": tab.key}, known)
        sizes[tab.key] = cases.found(call, cast.heping, asked, known).count()
        assert sizes[tab.key] == tab.count
    assert sizes.pop("all") == sum(sizes.values()) == 5


def test_what_went_on_counts_as_sent_whatever_becomes_of_it(cast: steps.Cast, call: Call) -> None:
    found, _ = steps.dispatched(cast, call)
    reviews.return_for_correction(found, by=cast.commission_officer, reasons=[Said("请补正")])
    answer = signed_in(cast.heping_handler).get(address(call), {"state": "sent"})
    assert references(answer) == [found.reference]
    assert "已报送" in text_of(answer)


def test_filters_narrow_and_say_when_nothing_is_left(
    cast: steps.Cast, call: Call, three: list[Application]
) -> None:
    client = signed_in(cast.heping_handler)
    assert references(client.get(address(call), {"q": three[1].reference})) == [three[1].reference]
    assert len(references(client.get(address(call), {"q": "示范应急 综合标准化"}))) == 3
    assert len(references(client.get(address(call), {"area": three[0].area.split("/")[0]}))) == 3
    assert references(client.get(address(call), {"area": "nowhere"})) == []
    assert "没有符合条件的申请" in text_of(client.get(address(call), {"q": "查无此件"}))


def test_columns_sort_both_ways(cast: steps.Cast, call: Call, three: list[Application]) -> None:
    client = signed_in(cast.heping_handler)
    rising = references(client.get(address(call), {"sort": "reference"}))
    falling = references(client.get(address(call), {"sort": "-reference"}))
    assert rising == sorted(rising)
    assert falling == rising[::-1]
    assert 'aria-sort="descending"' in source_of(client.get(address(call), {"sort": "-reference"}))


def test_nonsense_in_the_address_is_ignored(cast: steps.Cast, call: Call, three: list[Application]) -> None:
    answer = signed_in(cast.heping_handler).get(
        address(call), {"state": "?", "sort": "password", "page": "x", "area": "../"}
    )
    assert answer.status_code == 200


def test_corrected_ones_have_a_view_of_their_own(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    steps.lodged(cast, call)
    reviews.return_for_correction(found, by=cast.heping_handler, reasons=[Said("请补正")])
    found = steps.fresh(found)
    applications.freeze(found, by=cast.lead_writer)
    found = steps.fresh(found)
    steps.sign(found, ["district"], cast.lead_writer)
    applications.lodge(found, cast.heping, by=cast.lead_writer)

    answer = signed_in(cast.heping_handler).get(address(call), {"again": "1"})
    assert references(answer) == [found.reference]
    assert "第 2 次" in text_of(answer)


def test_the_sheet_holds_what_is_seen_in_the_same_order(
    cast: steps.Cast, call: Call, three: list[Application]
) -> None:
    client = signed_in(cast.heping_handler)
    query = {"sort": "-reference", "q": "示范应急"}
    seen = references(client.get(address(call), query))
    rows = sheet_of(client.get(address(call, name="applications-xlsx"), query))
    assert rows[0] == list(cases.EXPORTED)
    assert [row[0] for row in rows[1:]] == seen
    assert {row[5] for row in rows[1:]} == {"待审查", "退回补正", "已推荐"}


def test_the_sheet_may_hold_only_what_was_picked(
    cast: steps.Cast, call: Call, three: list[Application]
) -> None:
    answer = signed_in(cast.heping_handler).get(
        address(call, name="applications-xlsx"), {"pick": [three[0].reference, "TJ10-9999"]}
    )
    assert [row[0] for row in sheet_of(answer)[1:]] == [three[0].reference]


def test_more_rows_cost_no_more_queries(cast: steps.Cast, call: Call) -> None:
    client = signed_in(cast.heping_handler)
    steps.judged(cast, call)
    client.get(address(call))
    with CaptureQueriesContext(connection) as few:
        client.get(address(call))
    for _ in range(3):
        steps.judged(cast, call)
    with CaptureQueriesContext(connection) as many:
        client.get(address(call))
    assert len(many) == len(few) < 25


def test_other_offices_and_other_people_get_404(cast: steps.Cast, call: Call) -> None:
    for name in ("applications", "applications-xlsx"):
        assert signed_in(cast.other_handler).get(address(call, name=name)).status_code == 404
        assert signed_in(cast.outsider).get(address(call, name=name)).status_code == 404
        assert signed_in(cast.heping_handler).get(address(call, "nowhere", name)).status_code == 404


def test_a_second_stage_has_the_same_screen_in_its_own_words(cast: steps.Cast, call: Call) -> None:
    steps.dispatched(cast, call)
    page = text_of(signed_in(cast.commission_officer).get(address(call, "commission")))
    assert "已选报" in page
    assert "不予选报" in page


@pytest.mark.parametrize("sort", ["arrived", "-arrived", "lead", "-reference", "state"])
def test_pages_and_neighbours_follow_the_order(
    cast: steps.Cast, call: Call, three: list[Application], monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(cases, "PER_PAGE", 1)
    known = cases.tabs(call, cast.heping, counts(call, cast.heping))
    asked = cases.Filter.read({"sort": sort}, known)
    order = list(cases.found(call, cast.heping, asked, known).values_list("reference", flat=True))
    assert sorted(order) == sorted(each.reference for each in three)
    pages = cases.pages(call, cast.heping, asked, known)
    shown = [cases.shown(call, cast.heping, pages.page(at).object_list)[0].reference for at in (1, 2, 3)]
    assert shown == order
    for at, reference in enumerate(order):
        around = (order[at - 1] if at else ""), (order[at + 1] if at + 1 < len(order) else "")
        assert cases.neighbours(call, cast.heping, reference, asked, known) == around


def test_words_are_found_in_what_arrived_today_and_before(
    cast: steps.Cast, call: Call, three: list[Application], clock_at: Any
) -> None:
    client = signed_in(cast.heping_handler)
    asked = {"应急救援": 3, "示范应急管理局": 3, three[0].reference[-3:]: 1, "应急 查无": 0, "——": 0}
    index(three[0].reference)
    assert len(references(client.get(address(call), {"q": "应急救援"}))) == 3
    for each in three:
        index(each.reference)
    clock_at(2023, 7, 20, 9, 0)
    for words, count in asked.items():
        assert len(references(client.get(address(call), {"q": words}))) == count, words
    assert references(signed_in(cast.other_handler).get(address(call, "hedong"), {"q": "应急救援"})) == []
