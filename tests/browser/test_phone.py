"""The main pages on a phone: nothing hangs over the edge, axe finds nothing, and the main action can be reached."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser import people
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

CALL = "tianjin-2023-smps10-demo"
HEDONG = f"/desk/calls/{CALL}/offices/hedong/"
SIZES = [{"width": 390, "height": 844}, {"width": 320, "height": 640}]
OVERHANGING = """
() => {
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= edge) return [];
  const scrolls = (node) => node && node !== document.body
    && (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(node).overflowX) || scrolls(node.parentElement));
  return [...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > edge + 1 && !scrolls(node.parentElement))
    .map((node) => `${node.tagName}.${node.className} ${node.textContent.trim().slice(0, 20)} ${Math.round(node.getBoundingClientRect().right)} > ${edge}`)
    .concat([`the page is ${document.documentElement.scrollWidth} wide`]);
}
"""


def fits(visitor: Visitor, main_action: str = "", *, exact: bool = True) -> None:
    """At both sizes the main action is inside the page and nothing lies over it; axe measures the larger one."""
    visitor.look()
    for size in reversed(SIZES):
        visitor.page.set_viewport_size(size)  # type: ignore[arg-type]
        assert visitor.page.evaluate(OVERHANGING) == [], visitor.page.url
        if main_action:
            target = visitor.control(main_action, exact=exact)
            target.click(trial=True)
            box = target.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= size["width"]
            assert box["height"] >= 40, "too small for a finger"


@pytest.fixture
def phone(arrive: Callable[..., Visitor]) -> Callable[..., Visitor]:
    return partial(arrive, viewport=SIZES[0], has_touch=True, is_mobile=True, device_scale_factor=2)


def test_a_visitor(phone: Callable[..., Visitor]) -> None:
    visitor = phone()
    visitor.go("/")
    fits(visitor)
    visitor.go(f"/calls/{CALL}/")
    fits(visitor, "开始申请")
    visitor.go("/sign-in/")
    fits(visitor, "登录")
    visitor.go("/register/")
    fits(visitor, "注册")
    visitor.press("注册")
    assert visitor.page.title().startswith("错误：")
    fits(visitor, "注册")


def test_a_writer(phone: Callable[..., Visitor]) -> None:
    writer = phone(people.PHONE_WRITER)
    writer.go("/applications/")
    fits(writer)
    rows = writer.page.locator("main tbody a[href*='/applications/']")
    addresses = [row.get_attribute("href") or "" for row in rows.all()]
    states = {}
    for address in addresses:
        writer.go(address)
        fits(writer)
        states["signing" if writer.page.get_by_role("link", name="递交申请").count() else "draft"] = address
    draft = states["draft"]
    for section in ("cover", "lead", "plan", "parties", "conditions"):
        writer.go(f"{draft}sections/{section}/")
        fits(writer, "保存并继续")
    writer.go(f"{draft}sections/cover/")
    writer.type({"period-to": "2025-13"})
    writer.press("保存")
    writer.message_at("period-to", "月")
    fits(writer, "保存并继续")
    for page in ("attachments/", "check/"):
        writer.go(draft + page)
        fits(writer)
    writer.go(f"{states['signing']}lodgement/")
    fits(writer, "下一步：核对")


def test_a_district_officer(phone: Callable[..., Visitor]) -> None:
    officer = phone(people.OTHER_HANDLER)
    officer.go("/desk/")
    fits(officer)
    officer.go(HEDONG)
    fits(officer)
    officer.press(officer.page.locator("main tbody tr", has_text="待审查").get_by_role("link").first)
    fits(officer, "退回补正", exact=False)
    officer.press("退回补正", exact=False)
    fits(officer, "退回补正")
    officer.go(f"{HEDONG}list/")
    fits(officer, "提交审批", exact=False)


def test_the_clerk_and_the_commission(phone: Callable[..., Visitor]) -> None:
    clerk = phone(people.CLERK)
    clerk.go(f"/desk/calls/{CALL}/registry/")
    fits(clerk)
    officer = phone(people.OFFICER)
    officer.go(f"/desk/calls/{CALL}/overview/")
    fits(officer)
    expect(officer.page.locator("main")).to_contain_text("河东区")
