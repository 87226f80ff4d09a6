"""Searching by keyboard alone, keeping a view, telling a batch first; every page is looked at with axe."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser import people
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

CALL = "tianjin-2023-smps10-demo"


def test_from_the_header_to_an_application_by_keys(arrive: Callable[..., Visitor]) -> None:
    officer = arrive(people.OTHER_HANDLER)
    page = officer.go("/desk/")
    page.keyboard.press("/")
    expect(page.locator("[data-search-box]")).to_be_focused()
    page.keyboard.type("综合减灾")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    officer.look()
    links = page.locator("table[data-keys] tbody .s-title a")
    expect(links.first).to_contain_text("综合减灾")
    expect(page.locator("mark").first).to_have_text("综合减灾")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.locator("#q").blur()
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/desk/applications/" in page.url


def test_a_view_a_mistake_and_a_batch(arrive: Callable[..., Visitor]) -> None:
    officer = arrive(people.OTHER_HANDLER)
    page = officer.go("/desk/search/?q=状太:退回")
    expect(page.locator("#q-problems")).to_contain_text("是不是“状态”")
    page = officer.go("/desk/search/?q=综合减灾")
    page.get_by_text("保存为视图").click()
    page.fill("#name", "减灾的")
    with page.expect_navigation():
        page.get_by_role("button", name="保存视图").click()
    expect(page.get_by_role("link", name="减灾的", exact=True)).to_have_attribute("aria-current", "true")
    page.locator("[name=pick]").first.check()
    page.select_option("#b-action", "recommend")
    with page.expect_navigation():
        page.get_by_role("button", name="预览").click()
    officer.look()
    expect(page.locator("main")).to_contain_text("现在还什么也没有办")


def test_the_figures_on_a_wide_and_a_narrow_screen(arrive: Callable[..., Visitor]) -> None:
    for width in (1280, 320):
        officer = arrive(people.OTHER_HANDLER, viewport={"width": width, "height": 800})
        page = officer.go(f"/desk/calls/{CALL}/figures/")
        expect(page.locator("svg").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        with page.expect_navigation():
            page.locator("svg a").first.click()
        expect(page.locator("table[data-keys] tbody tr").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
