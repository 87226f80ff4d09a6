"""Public pages of calls: open, over, demonstration, not published."""

from datetime import date

import pytest
from django.test import Client

from shidian.audit.actions import SYSTEM
from shidian.calls.actions import load, publish
from shidian.calls.models import Call
from tests import steps


@pytest.fixture
def page(call, client: Client):
    """Get a page of the Tianjin call as text; the clock stands on 3 July 2023."""

    def get(tail: str = "") -> str:
        response = client.get(f"/calls/{call.key}/{tail}")
        assert response.status_code == 200
        return response.content.decode()

    return get


def test_the_call_page_shows_everything_of_the_notice(page, call):
    text = page()

    definition = call.definition
    for words in (
        definition.batch,
        definition.issuer,
        definition.principle,
        definition.requirements,
        *(basis.title for basis in definition.basis),
        *(area.label for area in definition.areas),
        *(child.label for area in definition.areas for child in area.children),
        *(condition.text for condition in definition.conditions),
        *(part.question for condition in definition.conditions for part in condition.parts),
        *(step.text for step in definition.procedure),
        *definition.handed_in,
        *(plan.text for plan in definition.copies),
        *(holder.label for plan in definition.copies for holder in plan.holders),
        *(slot.label for slot in definition.attachments),
        *(contact.name for contact in definition.delivery.contacts),
        *definition.delivery.phones,
        definition.delivery.email,
        *(decision.text for decision in definition.accepted_warnings),
    ):
        assert words in text, words


def test_an_open_call_counts_down_and_can_be_started(page, call):
    text = page()

    assert "征集中" in text
    assert "还有 21 天" in text
    assert f"/calls/{call.key}/start/" in text


def test_different_numbers_of_copies_are_explained(page):
    text = page()

    assert "为什么份数不一样" in text
    assert "通知要求报送的份数：3 份" in text
    assert "申请书填写说明要求的份数：4 份" in text


def test_before_the_last_dispatch_the_call_is_being_checked(page, clock_at):
    clock_at(2023, 7, 25, 9, 0)

    text = page()

    assert "申请已截止，审查推荐中" in text
    assert "开始申请" not in text


def test_a_closed_call_is_shown_as_closed(page, client, clock_at):
    clock_at(2023, 8, 1, 0, 0)

    assert "征集已结束" in page()
    assert "开始申请" not in page()
    assert "已结束的批次" in client.get("/").content.decode()


def test_a_call_that_has_not_begun(page, clock_at):
    clock_at(2023, 6, 1, 9, 0)

    assert "尚未开始" in page()


def test_a_demonstration_says_that_its_dates_were_moved(db, client, clock_at):
    clock_at(2024, 3, 1, 9, 0)
    call = load(steps.package(), by=SYSTEM, shift_to=date(2024, 2, 20))
    publish(call, by=SYSTEM)

    text = client.get(f"/calls/{call.key}/").content.decode()

    assert "这是演示批次" in text
    assert "2023 年 6 月 13 日的通知" in text
    assert "2024 年 2 月 20 日" in text


def test_the_notice_is_word_by_word(page, call):
    shown = "".join(page("notice/").split())

    for line in call.package.notice.split("\n附件\n")[0].splitlines():
        assert "".join(line.split()) in shown


def test_the_blank_form_is_a_pdf(client, call):
    response = client.get(f"/calls/{call.key}/form.pdf")

    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
    assert "filename*=utf-8''" in response["Content-Disposition"]


@pytest.mark.parametrize("tail", ["", "notice/", "form.pdf"])
def test_a_call_in_preparation_is_not_found(db, client, clock_at, tail):
    call = load(steps.package(), by=SYSTEM)

    assert client.get(f"/calls/{call.key}/{tail}").status_code == 404
    assert call.title not in client.get("/").content.decode()


def test_a_call_with_other_stages_draws_itself(db, client, clock_at):
    clock_at(2025, 3, 1, 9, 0)
    package = steps.package(steps.PREFECTURE)
    call = load(package, by=SYSTEM)
    publish(call, by=SYSTEM)

    text = client.get(f"/calls/{call.key}/").content.decode()

    for stage in package.call.stages:
        assert stage.label in text
    assert package.call.destination.label in text


@pytest.mark.parametrize("path", ["/help/", "/help/applicant/", "/help/official/", "/accessibility/"])
def test_help_is_open_to_everybody(db, client, path):
    response = client.get(path)

    assert response.status_code == 200
    assert response.content.decode().count("<h1>") == 1


def test_the_home_page_without_any_call_is_no_dead_end(db, client):
    assert "现在没有正在征集的批次" in client.get("/").content.decode()


def test_public_pages_only_read(db, client):
    assert client.post("/").status_code == 405
    assert Call.objects.count() == 0
