"""Everything that matters works as plain forms, in a browser whose JavaScript is off."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser import people
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(arrive: Callable[..., Visitor]) -> Callable[[str], Visitor]:
    """A person who has signed in without JavaScript."""

    def come(email: str) -> Visitor:
        visitor = arrive(java_script_enabled=False)
        visitor.sign_in(email, people.PASSWORD)
        return visitor

    return come


def addresses(writer: Visitor) -> tuple[str, str]:
    """Of the draft and of the application that everybody has agreed to."""
    writer.go("/applications/")
    draft = writer.page.locator("main tbody tr", has_text="填写中").get_by_role("link").first
    signed = writer.page.locator("main tbody tr", has_text="小白楼").get_by_role("link").first
    return draft.get_attribute("href") or "", signed.get_attribute("href") or ""


def test_rows_are_saved_added_and_moved(plain: Callable[[str], Visitor]) -> None:
    writer = plain(people.PLAIN_WRITER)
    draft, _ = addresses(writer)
    writer.go(f"{draft}sections/plan/")
    writer.type({"plan-1-time": "2024年1月", "plan-1-content": "甲", "plan-1-units": "本单位"})
    writer.press("＋ 增加一行", exact=False)
    expect(writer.page.locator("[name=plan-1-content]")).to_have_value("甲")
    writer.type({"plan-2-time": "2024年2月", "plan-2-content": "乙", "plan-2-units": "本单位"})
    writer.press(writer.page.locator("[name=rows-up][value=plan-2]"))
    expect(writer.page.locator("[name=plan-1-content]")).to_have_value("乙")
    writer.press("保存")
    writer.reads("已保存")
    expect(writer.page.locator("[name=plan-2-content]")).to_have_value("甲")


def test_counties_are_listed_by_a_button(plain: Callable[[str], Visitor]) -> None:
    writer = plain(people.PLAIN_WRITER)
    draft, _ = addresses(writer)
    writer.go(f"{draft}sections/lead/")
    writer.type({"registered_region-province": "120000"})
    writer.press("列出所选省（市）的县（区）")
    writer.type({"registered_region-county": "120102"})
    writer.press("保存")
    expect(writer.page.locator("[name=registered_region-county]")).to_have_value("120102")


def test_two_people_write_the_same_field_and_nothing_is_lost(plain: Callable[[str], Visitor]) -> None:
    writer, colleague = plain(people.PLAIN_WRITER), plain(people.PLAIN_COLLEAGUE)
    draft, _ = addresses(writer)
    for visitor in (writer, colleague):
        visitor.go(f"{draft}sections/goals/")
    writer.type({"goals": "经办人写的目标。"})
    writer.press("保存")
    colleague.type({"goals": "同事写的目标。"})
    colleague.press("保存")
    colleague.title("两人都改了")
    colleague.reads("经办人写的目标。")
    colleague.reads("同事写的目标。")
    colleague.press("按所选的保存")
    colleague.reads("请为“试点预期实现工作目标”选一份")
    colleague.type({"keep-goals": "together", "together-goals": "经办人和同事写的目标。"})
    colleague.press("按所选的保存")
    expect(colleague.page.locator("[name=goals]")).to_have_value("经办人和同事写的目标。")


def test_handing_in(plain: Callable[[str], Visitor]) -> None:
    writer = plain(people.PLAIN_WRITER)
    _, signed = addresses(writer)
    writer.go(signed)
    writer.press("递交申请")
    writer.press("下一步：核对")
    writer.reads("请选择递交给哪个受理机构")
    writer.page.get_by_label(re.compile("河西区")).check()
    writer.press("下一步：核对")
    writer.press("递交")
    writer.title("已递交")
