"""Candidate lists on the screen: order, remarks, four eyes, seal, dispatch."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.desk.forms.ranking import RankingForm
from shidian.dispatch import actions as dispatch
from shidian.dispatch.models import CandidateList
from shidian.dispatch.queries import entries, open_list
from tests import steps
from tests.desk.pages import sheet_of, signed_in, source_of, text_of


def at_office(call: Call, name: str = "list", key: str = "heping") -> str:
    return reverse(f"desk:{name}", args=(call.key, key))


def address(listed: CandidateList, name: str = "list-detail") -> str:
    return reverse(f"desk:{name}", args=(listed.reference,))


def order(cast: steps.Cast, call: Call) -> list[str]:
    return [row.application.reference for row in entries(call, cast.heping)]


@pytest.fixture
def three(cast: steps.Cast, call: Call) -> list[Application]:
    return [steps.recommended(cast, call) for _ in range(3)]


@pytest.fixture
def proposed(cast: steps.Cast, call: Call) -> CandidateList:
    steps.recommended(cast, call)
    return dispatch.propose(call, cast.heping, by=cast.heping_handler)


@pytest.fixture
def confirmed(cast: steps.Cast, proposed: CandidateList) -> CandidateList:
    return dispatch.confirm(proposed, by=cast.heping_approver)


def test_an_empty_list_says_how_it_fills(cast: steps.Cast, call: Call) -> None:
    assert "还没有可以列入清单的申请" in text_of(signed_in(cast.heping_handler).get(at_office(call)))


def test_the_list_writes_itself_as_it_will_print(cast: steps.Cast, call: Call) -> None:
    found = steps.recommended(cast, call)
    answer = signed_in(cast.heping_handler).get(at_office(call))
    page = text_of(answer)
    assert found.reference in page
    assert "和平区示范人民政府" in page  # a column of the list, from the frozen version
    assert "1 件 × 3 份 ＝ 3 份" in page
    assert [len(row) for row in answer.context["content"]["rows"]] == [len(call.definition.list_columns)]


def test_arrows_and_numbers_move_rows(cast: steps.Cast, call: Call, three: list[Application]) -> None:
    one, two, last = order(cast, call)
    client = signed_in(cast.heping_handler)
    answer = client.post(at_office(call), {"down": one})
    assert answer.headers["Location"].endswith(f"?at={one}#row-{one}")
    assert order(cast, call) == [two, one, last]
    client.post(at_office(call), {"up": last})
    assert order(cast, call) == [two, last, one]
    client.post(at_office(call), {f"rank-{one}": "1"})
    assert order(cast, call) == [one, two, last]
    client.post(at_office(call), {f"rank-{one}": "3"})
    assert order(cast, call) == [two, last, one]


def test_remarks_are_kept_and_shown_in_the_preview(
    cast: steps.Cast, call: Call, three: list[Application]
) -> None:
    first = order(cast, call)[0]
    client = signed_in(cast.heping_handler)
    client.post(at_office(call), {f"remark-{first}": "重点推荐"})
    client.post(at_office(call), {"down": first})
    answer = client.get(at_office(call))
    cells = [text for row in answer.context["content"]["rows"] for text, _ in row]
    assert "重点推荐" in cells


@pytest.mark.parametrize(
    ("name", "value"), [("rank", "第一"), ("rank", "0"), ("rank", ""), ("remark", "长" * 201)]
)
def test_wrong_input_is_told_and_nothing_moves(
    cast: steps.Cast, call: Call, three: list[Application], name: str, value: str
) -> None:
    before = order(cast, call)
    answer = signed_in(cast.heping_handler).post(at_office(call), {f"{name}-{before[1]}": value})
    assert answer.status_code == 422
    assert f'href="#{name}-{before[1]}"' in source_of(answer)
    assert order(cast, call) == before
    assert open_list(call, cast.heping) is None


def test_a_row_moved_down_stands_where_its_number_says(
    cast: steps.Cast, call: Call, three: list[Application]
) -> None:
    rows = entries(call, cast.heping)
    references = [row.application.reference for row in rows]
    form = RankingForm(rows, {f"rank-{references[0]}": "2"})
    assert form.order == [references[1], references[0], references[2]]


def test_an_approver_does_not_order(cast: steps.Cast, call: Call, three: list[Application]) -> None:
    client = signed_in(cast.heping_approver)
    page = text_of(client.get(at_office(call)))
    assert "只有本机构的经办人可以编制清单" in page
    assert client.post(at_office(call), {"down": order(cast, call)[0]}).status_code == 403


def test_a_draft_goes_along_as_paper_and_sheet(cast: steps.Cast, call: Call) -> None:
    found = steps.recommended(cast, call)
    client = signed_in(cast.heping_handler)
    paper = client.get(at_office(call, "list-draft-pdf"))
    assert paper.content.startswith(b"%PDF")
    rows = sheet_of(client.get(at_office(call, "list-draft-xlsx")))
    assert rows[0] == [column.label for column in call.definition.list_columns]
    assert found.reference in rows[1]


def test_putting_forward_is_confirmed_first(cast: steps.Cast, call: Call) -> None:
    steps.recommended(cast, call)
    client = signed_in(cast.heping_handler)
    page = text_of(client.get(at_office(call, "proposal")))
    assert "由另一个人审批：赵审批" in page
    assert open_list(call, cast.heping) is None
    answer = client.post(at_office(call, "proposal"), follow=True)
    assert "已提交审批" in text_of(answer)
    listed = open_list(call, cast.heping)
    assert listed is not None
    assert listed.state == "proposed"
    assert client.get(at_office(call)).headers["Location"] == address(listed)


def test_who_put_it_forward_is_told_why_not_to_approve(
    cast: steps.Cast, call: Call, proposed: CandidateList
) -> None:
    steps.appoint(cast.heping_handler, cast.heping, "approver")
    client = signed_in(cast.heping_handler)
    assert "提交清单的人不能审批同一份清单" in text_of(client.get(address(proposed)))
    assert "提交清单的人不能审批同一份清单" in text_of(client.get(address(proposed, "approval")))
    assert client.post(address(proposed, "approval")).status_code == 403
    proposed.refresh_from_db()
    assert proposed.state == "proposed"


def test_a_second_person_approves(cast: steps.Cast, proposed: CandidateList) -> None:
    client = signed_in(cast.heping_approver)
    assert "轮到您审批" in text_of(client.get(address(proposed)))
    assert "由 张经办 提交" in text_of(client.get(address(proposed, "approval")))
    answer = client.post(address(proposed, "approval"), follow=True)
    proposed.refresh_from_db()
    assert proposed.state == "confirmed"
    assert proposed.version is not None
    assert proposed.version.code in text_of(answer)
    assert "还没有上传盖章的清单扫描件" in text_of(answer)


def test_a_list_is_sent_back_with_a_reason(cast: steps.Cast, call: Call, proposed: CandidateList) -> None:
    client = signed_in(cast.heping_approver)
    assert client.post(address(proposed, "sending-back"), {"reason": " "}).status_code == 422
    answer = client.post(address(proposed, "sending-back"), {"reason": "第二件应排第一"}, follow=True)
    assert "第二件应排第一" in text_of(answer)
    proposed.refresh_from_db()
    assert proposed.state == "draft"


def test_an_approval_is_revoked_before_it_left(cast: steps.Cast, confirmed: CandidateList) -> None:
    client = signed_in(cast.heping_approver)
    client.post(address(confirmed, "revocation"), {"reason": "漏了一件"})
    confirmed.refresh_from_db()
    assert (confirmed.state, confirmed.sealed_scan) == ("draft", None)


def test_the_approved_list_prints_the_same_bytes(cast: steps.Cast, confirmed: CandidateList) -> None:
    client = signed_in(cast.heping_handler)
    first, second = (b"".join(client.get(address(confirmed, "list-pdf")).streaming_content) for _ in range(2))
    assert first.startswith(b"%PDF")
    assert first == second
    assert sheet_of(client.get(address(confirmed, "list-xlsx")))[0][0] == "推荐排序"


def test_a_sealed_scan_is_taken_in_and_shown(cast: steps.Cast, confirmed: CandidateList) -> None:
    client = signed_in(cast.heping_handler)
    scan = SimpleUploadedFile("盖章.png", steps.png_bytes())
    client.post(address(confirmed, "seal"), {"scan": scan})
    confirmed.refresh_from_db()
    assert confirmed.sealed_scan is not None
    answer = client.get(address(confirmed, "sealed"))
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert b"".join(answer.streaming_content) == steps.png_bytes()


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        (None, "请选择文件"),
        (SimpleUploadedFile("清单.pdf", b"PK\x03\x04 renamed"), "盖章扫描件"),
        (SimpleUploadedFile("清单.pdf", b""), "文件是空的"),
    ],
)
def test_a_wrong_scan_is_told(
    cast: steps.Cast, confirmed: CandidateList, scan: SimpleUploadedFile | None, words: str
) -> None:
    answer = signed_in(cast.heping_handler).post(address(confirmed, "seal"), {"scan": scan} if scan else {})
    assert answer.status_code == 422
    assert words in text_of(answer)
    confirmed.refresh_from_db()
    assert confirmed.sealed_scan is None


def test_dispatch_says_what_follows_and_by_when(cast: steps.Cast, call: Call) -> None:
    found, listed = steps.listed(cast, call)
    client = signed_in(cast.heping_approver)
    page = text_of(client.get(address(listed, "dispatch")))
    for words in ("1 件申请一次报送天津市市场监督管理委员会", "共 3 份", "2023 年 7 月 31 日 23:59"):
        assert words in page
    assert steps.fresh(found).state == "recommended"

    answer = client.post(address(listed, "dispatch"), follow=True)
    page = text_of(answer)
    assert f"清单已报送，编号 {listed.reference}" in page
    assert "接下来由天津市市场监督管理委员会办理" in page
    assert steps.fresh(found).stage == "city"


def test_a_handler_does_not_dispatch(cast: steps.Cast, call: Call) -> None:
    _, listed = steps.listed(cast, call)
    client = signed_in(cast.heping_handler)
    assert "只有本机构的审批人可以报送" in text_of(client.get(address(listed)))
    assert client.post(address(listed, "dispatch")).status_code == 403


def test_after_the_deadline_nothing_leaves(cast: steps.Cast, call: Call, clock_at: Any) -> None:
    _, listed = steps.listed(cast, call)
    clock_at(2023, 8, 1, 0, 0)
    client = signed_in(cast.heping_approver)
    page = text_of(client.get(address(listed)))
    assert "已经过了本机构的报送截止时间" in page
    assert "逾期 1 天" in page
    assert client.post(address(listed, "dispatch")).status_code == 409


def test_a_list_that_no_longer_fits_is_not_approved(cast: steps.Cast, proposed: CandidateList) -> None:
    from shidian.applications import actions as applications

    application = proposed.items.get().application
    applications.withdraw(application, by=cast.lead_writer, reason="不报了")
    client = signed_in(cast.heping_approver)
    assert "清单与实际不符" in text_of(client.get(address(proposed, "approval")))
    assert client.post(address(proposed, "approval")).status_code == 409


def test_the_next_office_and_the_registry_read_what_was_sent(cast: steps.Cast, call: Call) -> None:
    _, listed = steps.dispatched(cast, call)
    for user in (cast.commission_officer, cast.institute_clerk, cast.auditor):
        assert signed_in(user).get(address(listed)).status_code == 200
    for user in (cast.other_handler, cast.outsider, cast.lead_writer):
        assert signed_in(user).get(address(listed)).status_code == 404


@pytest.mark.parametrize("name", ["approval", "sending-back", "revocation", "seal", "dispatch"])
def test_only_the_own_office_acts_on_a_list(cast: steps.Cast, call: Call, name: str) -> None:
    _, listed = steps.dispatched(cast, call)
    for user in (cast.commission_officer, cast.institute_clerk, cast.auditor, cast.outsider):
        assert signed_in(user).get(address(listed, name)).status_code == 404
        assert signed_in(user).post(address(listed, name), {"reason": "理由"}).status_code == 404


def test_a_list_in_preparation_is_the_offices_own(
    cast: steps.Cast, call: Call, proposed: CandidateList
) -> None:
    for user in (cast.commission_officer, cast.other_handler, cast.institute_clerk):
        assert signed_in(user).get(address(proposed)).status_code == 404
    assert signed_in(cast.other_handler).get(at_office(call)).status_code == 404


def test_a_registry_has_no_list(cast: steps.Cast, call: Call) -> None:
    answer = signed_in(cast.institute_clerk).get(at_office(call, key=cast.institute.key))
    assert answer.status_code == 409


def test_a_supplement_follows_a_list_that_was_sent(cast: steps.Cast, call: Call) -> None:
    _, first = steps.dispatched(cast, call)
    found = steps.recommended(cast, call)
    page = text_of(signed_in(cast.heping_handler).get(at_office(call)))
    assert first.reference in page
    assert found.reference in page
    second = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    assert second.reference != first.reference


def test_the_page_of_a_long_list_costs_no_more_queries(
    cast: steps.Cast, call: Call, confirmed: CandidateList
) -> None:
    client = signed_in(cast.heping_handler)
    client.get(address(confirmed))
    with CaptureQueriesContext(connection) as few:
        client.get(address(confirmed))
    dispatch.revoke(confirmed, by=cast.heping_approver, reason="补充")
    for _ in range(2):
        steps.recommended(cast, call)
    listed = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    dispatch.confirm(listed, by=cast.heping_approver)
    with CaptureQueriesContext(connection) as many:
        client.get(address(listed))
    assert len(many) == len(few)
