"""Working without a mouse: the skip link, the section form from top to bottom, the keys of the desk list."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import people
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

CALL = "tianjin-2023-smps10-demo"
FOCUS = """
() => {
  const node = document.activeElement;
  const style = getComputedStyle(node);
  const box = node.getBoundingClientRect();
  const marked = style.outlineStyle !== "none" || style.boxShadow !== "none";
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 20));
  return {
    name: (node.tagName === "BUTTON" ? "" : node.name) || node.textContent.trim().slice(0, 30), tag: node.tagName, marked,
    seen: box.bottom > 0 && box.top < innerHeight && (node.contains(top) || top?.contains(node) || top === node),
  };
}
"""


def tab_through(page: Page, until: str, limit: int = 120) -> list[str]:
    """Press Tab until the focus is on this text or name; every stop must be visible and marked."""
    stops: list[str] = []
    while len(stops) < limit:
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        assert at["marked"], f"the focus cannot be seen on {at}"
        assert at["seen"], f"the focus is hidden on {at}"
        stops.append(at["name"])
        if at["name"].startswith(until):
            return stops
    raise AssertionError(f"{until} is not reached: {stops}")


def draft_of(writer: Visitor) -> str:
    writer.go("/applications/")
    link = writer.page.locator("main tbody tr", has_text="填写中").get_by_role("link").first
    return link.get_attribute("href") or ""


def test_a_section_from_top_to_bottom(arrive: Callable[..., Visitor]) -> None:
    writer = arrive(people.KEYS_WRITER)
    page = writer.go(f"{draft_of(writer)}sections/cover/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    stops = tab_through(page, "保存并继续")
    order = ["name", "period-from", "period-to", "area", "contact", "contact_mobile"]
    assert [stop for stop in stops if stop in order] == order
    page.focus("[name=period-from]")
    page.keyboard.type("2024-13")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("[data-errors]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[name=period-from]")).to_be_focused()


def test_saving_while_the_page_saves_by_itself_is_no_conflict(arrive: Callable[..., Visitor]) -> None:
    writer = arrive(people.KEYS_WRITER)
    page = writer.go(f"{draft_of(writer)}sections/goals/")
    held: list[tuple[Route, object]] = []

    def hold(route: Route) -> None:
        """The server has saved, its answer is still on the way."""
        if route.request.url.endswith("/goals/goals/") and not held:
            held.append((route, route.fetch()))
            page.evaluate("document.body.dataset.held = 'yes'")
        else:
            route.continue_()

    page.route("**/sections/goals/**", hold)
    page.fill("[name=goals]", "自动保存的内容")
    expect(page.locator("body[data-held]")).to_be_attached()
    page.fill("[name=goals]", "自动保存的内容，又写了一句")
    writer.control("保存").click()
    route, answer = held[0]
    with page.expect_navigation():
        route.fulfill(response=answer)  # type: ignore[arg-type]
    writer.title("试点预期实现工作目标")
    expect(page.locator("[name=goals]")).to_have_value("自动保存的内容，又写了一句")


def test_the_keys_of_the_desk_list(arrive: Callable[..., Visitor]) -> None:
    officer = arrive(people.OTHER_HANDLER)
    page = officer.go(f"/desk/calls/{CALL}/offices/hedong/?sort=reference")
    tab_through(page, "筛选")
    links = page.locator("table[data-keys] tbody tr td.d-name a")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("table[data-keys] tbody [name=pick]").first).to_be_checked()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.locator("#q").blur()
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/desk/applications/" in page.url
