"""Counting paper copies and electronic material."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.core import clock
from shidian.dispatch import actions as dispatch
from shidian.dispatch.models import PaperCopy
from shidian.dispatch.queries import registered
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from tests import steps
from tests.desk.pages import sheet_of, signed_in, source_of, text_of


def address(call: Call, name: str = "registry", *more: Any) -> str:
    return reverse(f"desk:{name}", args=(call.key, *more))


@pytest.fixture
def sent(cast: steps.Cast, call: Call) -> Application:
    return steps.dispatched(cast, call)[0]


def test_an_empty_register_says_what_fills_it(cast: steps.Cast, call: Call) -> None:
    steps.recommended(cast, call)
    assert "还没有清单报送来" in text_of(signed_in(cast.institute_clerk).get(address(call)))


def test_copies_are_counted_one_by_one(cast: steps.Cast, call: Call, sent: Application) -> None:
    client = signed_in(cast.institute_clerk)
    page = text_of(client.get(address(call)))
    assert "第 1 份纸质材料、第 2 份纸质材料、第 3 份纸质材料、电子材料" in page
    assert "应收 1 件 × 3 份 ＝ 3 份，已收 0 份" in page

    answer = client.post(
        address(call, "copy", sent.reference), {"copy": "2", "note": "封面折角"}, follow=True
    )
    page = text_of(answer)
    assert "第 2 份纸质材料已登记，还缺第 1 份纸质材料、第 3 份纸质材料、电子材料。" in page
    assert "封面折角" in page
    assert "autofocus" in source_of(answer)

    for number in (1, 3):
        client.post(address(call, "copy", sent.reference), {"copy": str(number)})
    answer = client.post(address(call, "electronic", sent.reference), follow=True)
    assert "电子材料已登记，材料已齐。" in text_of(answer)
    assert registered(call)[0].missing == []


def test_a_second_press_counts_once(cast: steps.Cast, call: Call, sent: Application) -> None:
    client = signed_in(cast.institute_clerk)
    for _ in range(2):
        answer = client.post(address(call, "copy", sent.reference), {"copy": "1"}, follow=True)
    assert "第 1 份已经登记过了" in text_of(answer)
    assert PaperCopy.objects.count() == 1
    for _ in range(2):
        answer = client.post(address(call, "electronic", sent.reference), follow=True)
    assert "电子材料已经登记过了" in text_of(answer)


@pytest.mark.parametrize("copy", ["0", "4", "", "x", "-1", "99999999999"])
def test_numbers_that_the_call_does_not_want_are_refused(
    cast: steps.Cast, call: Call, sent: Application, copy: str
) -> None:
    answer = signed_in(cast.institute_clerk).post(address(call, "copy", sent.reference), {"copy": copy})
    assert answer.status_code == 422
    assert not PaperCopy.objects.exists()


def test_a_mistake_is_corrected_with_a_reason(cast: steps.Cast, call: Call, sent: Application) -> None:
    counted = dispatch.count_copy(call, cast.institute, sent, 1, by=cast.institute_clerk)
    client = signed_in(cast.institute_clerk)
    link = address(call, "copy-void", counted.pk)
    assert client.post(link, {"reason": ""}).status_code == 422
    answer = client.post(link, {"reason": "误记到这一件"}, follow=True)
    assert "登记已更正" in text_of(answer)
    assert registered(call)[0].copies[1] is None
    assert PaperCopy.objects.count() == 1
    assert "已经更正过了" in text_of(client.get(link))
    assert client.post(link, {"reason": "再来一次"}).status_code == 409


def test_the_filter_shows_only_what_is_missing(cast: steps.Cast, call: Call, sent: Application) -> None:
    other = steps.dispatched(cast, call)[0]
    for number in (1, 2, 3):
        dispatch.count_copy(call, cast.institute, sent, number, by=cast.institute_clerk)
    dispatch.register_electronic(call, cast.institute, sent, by=cast.institute_clerk)
    client = signed_in(cast.institute_clerk)
    rows = client.get(address(call), {"missing": "1"}).context["rows"]
    assert [row.application.reference for row in rows] == [other.reference]
    found = client.get(address(call), {"q": sent.reference.lower()}).context["rows"]
    assert [row.application.reference for row in found] == [sent.reference]
    assert "没有找到" in text_of(client.get(address(call), {"q": "查无此件"}))


def test_the_way_back_keeps_the_filter(cast: steps.Cast, call: Call, sent: Application) -> None:
    answer = signed_in(cast.institute_clerk).post(
        address(call, "copy", sent.reference), {"copy": "1", "missing": "1", "q": "和平"}
    )
    assert answer.headers["Location"].endswith(f"?q=%E5%92%8C%E5%B9%B3&missing=1&at={sent.reference}")


def test_copies_of_an_older_version_are_flagged(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    first = found.version
    assert first is not None
    reviews.return_for_correction(found, by=cast.heping_handler, reasons=[Said("请补正")])
    found = steps.fresh(found)
    applications.freeze(found, by=cast.lead_writer)
    found = steps.fresh(found)
    steps.sign(found, ["district"], cast.lead_writer)
    applications.lodge(found, cast.heping, by=cast.lead_writer)
    found = steps.fresh(found)
    steps.judge(found, cast.heping_handler)
    reviews.recommend(found, by=cast.heping_handler)
    listed = dispatch.confirm(
        dispatch.propose(call, cast.heping, by=cast.heping_handler), by=cast.heping_approver
    )
    dispatch.seal(listed, steps.scan(cast.heping_approver), by=cast.heping_approver)
    dispatch.dispatch(listed, by=cast.heping_approver)
    PaperCopy.objects.create(
        application=found, version=first, copy=1, at=clock.now(), by=cast.institute_clerk
    )

    page = text_of(signed_in(cast.institute_clerk).get(address(call)))
    assert "旧版，不算 第 1 份是 v1" in page
    assert "还缺 第 1 份纸质材料" in page


def test_the_register_goes_along_as_paper_and_sheet(cast: steps.Cast, call: Call, sent: Application) -> None:
    dispatch.count_copy(call, cast.institute, sent, 2, by=cast.institute_clerk)
    client = signed_in(cast.institute_clerk)
    assert client.get(address(call, "registry-pdf")).content.startswith(b"%PDF")
    rows = sheet_of(client.get(address(call, "registry-xlsx")))
    assert rows[0] == [
        "申请编号",
        "试点名称",
        "承担单位",
        "版本",
        "第 1 份",
        "第 2 份",
        "第 3 份",
        "电子材料",
        "还缺",
    ]
    assert (rows[1][4], rows[1][6], rows[1][7]) == ("缺", "缺", "缺")
    assert rows[1][8] == "第 1 份纸质材料、第 3 份纸质材料、电子材料"


def test_an_application_that_was_not_sent_is_not_counted(cast: steps.Cast, call: Call) -> None:
    found = steps.recommended(cast, call)
    answer = signed_in(cast.institute_clerk).post(address(call, "copy", found.reference), {"copy": "1"})
    assert answer.status_code == 404


def test_only_a_registrar_counts(cast: steps.Cast, call: Call, sent: Application) -> None:
    visitor = steps.make_user("visitor", "院内人员")
    steps.appoint(visitor, cast.institute, "handler")
    client = signed_in(visitor)
    assert "只有登记员可以登记材料" in text_of(client.get(address(call)))
    assert client.post(address(call, "copy", sent.reference), {"copy": "1"}).status_code == 403


def test_other_offices_and_people_get_404(cast: steps.Cast, call: Call, sent: Application) -> None:
    counted = dispatch.count_copy(call, cast.institute, sent, 1, by=cast.institute_clerk)
    for user in (cast.heping_handler, cast.commission_officer, cast.outsider, cast.auditor):
        client = signed_in(user)
        for name in ("registry", "registry-pdf", "registry-xlsx"):
            assert client.get(address(call, name)).status_code == 404
        assert client.post(address(call, "copy", sent.reference), {"copy": "2"}).status_code == 404
        assert client.post(address(call, "electronic", sent.reference)).status_code == 404
        assert client.get(address(call, "copy-void", counted.pk)).status_code == 404


def test_more_rows_cost_no_more_queries(cast: steps.Cast, call: Call, sent: Application) -> None:
    client = signed_in(cast.institute_clerk)
    client.get(address(call))
    with CaptureQueriesContext(connection) as few:
        client.get(address(call))
    for _ in range(2):
        steps.dispatched(cast, call)
    with CaptureQueriesContext(connection) as many:
        client.get(address(call))
    assert len(many) == len(few)
