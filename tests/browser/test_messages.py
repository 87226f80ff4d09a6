"""Messages in the browser: told in the header, opened, chosen how; a calendar address; words of a letter looked at."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser import people
from tests.browser.test_phone import CALL, SIZES, fits
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


def test_a_writer_reads_messages_and_chooses_how_to_be_told(arrive: Callable[..., Visitor]) -> None:
    writer = arrive(
        people.PHONE_WRITER, viewport=SIZES[0], has_touch=True, is_mobile=True, device_scale_factor=2
    )
    writer.go("/applications/")
    writer.page.get_by_role("banner").get_by_role("link", name=re.compile("^消息")).click()
    expect(writer.page.get_by_role("heading", level=1)).to_have_text("消息")
    fits(writer)
    writer.page.get_by_role("link", name="怎样通知我").click()
    writer.page.get_by_label("申请有进展：邮件").select_option("now")
    fits(writer, "保存")
    writer.page.get_by_role("button", name="保存").click()
    expect(writer.page.get_by_label("申请有进展：邮件")).to_have_value("now")
    writer.page.get_by_role("link", name="期限日历").click()
    writer.page.get_by_role("button", name="生成日历地址").click()
    expect(writer.page.get_by_label("您的日历地址")).to_have_value(re.compile(r"/calendar/[\w-]+\.ics$"))
    fits(writer)


def test_an_officer_words_a_letter_and_sees_what_was_sent(arrive: Callable[..., Visitor]) -> None:
    officer = arrive(people.OFFICER)
    officer.go(f"/desk/calls/{CALL}/wordings/")
    officer.page.get_by_role("link", name="申请被退回补正").click()
    officer.page.get_by_label("主题").fill("{name} 请修改")
    officer.expected.add(422)
    officer.page.get_by_role("button", name="先看看").click()
    expect(officer.page.get_by_role("alert").or_(officer.page.locator(".errors")).first).to_contain_text(
        "主题里不能用"
    )
    officer.look()
    officer.page.get_by_label("主题").fill("请修改 {reference}")
    officer.page.get_by_role("button", name="先看看").click()
    expect(officer.page.get_by_role("region", name="收信人看到的")).to_contain_text("请修改 TJ10D-0001")
    officer.page.get_by_role("button", name="保存").click()
    expect(officer.page.get_by_text("本机构改写")).to_be_visible()
    officer.page.get_by_role("button", name="恢复", exact=True).click()
    expect(officer.page.get_by_text("系统原文")).to_be_visible()
    officer.go("/desk/messages/")
    expect(officer.page.get_by_role("heading", level=1)).to_have_text("发出的消息")
    officer.look()
