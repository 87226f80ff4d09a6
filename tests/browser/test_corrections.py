"""A correction walked through: the handler marks and sends, the lead puts right and replies, the handler compares."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser import people
from tests.browser.conftest import WIDE
from tests.browser.test_phone import HEDONG, fits
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


def test_a_correction(arrive: Callable[..., Visitor]) -> None:
    handler = arrive(people.OTHER_HANDLER)
    handler.go(HEDONG)
    handler.press(handler.page.locator("main tbody tr", has_text="待审查").last.get_by_role("link").first)
    reference = handler.page.url.split("/applications/")[1].split("/")[0]
    handler.press("由我办理")
    handler.reads("由您办理")
    handler.press(handler.page.locator("#a-goals-goals").get_by_role("link", name="标问题"))
    handler.page.locator("[name=phrase]").select_option(index=1)
    handler.press("记入清单")
    handler.press(handler.page.locator("#a-plan-plan").get_by_role("link", name="标问题"))
    handler.page.locator("[name=place]").select_option("r:plan.plan.2")
    handler.type({"text": "没有写明由谁自查。"})
    handler.page.locator("[value=should]").check()
    handler.press("记入清单")
    expect(handler.page.locator("#problems .problem")).to_have_count(2)
    fits(handler)
    handler.press("核对并发出")
    fits(handler, "退回补正")
    handler.page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    handler.press("退回补正")
    handler.reads("已退回")

    writer = arrive(people.OTHER_WRITER)
    writer.go(f"/applications/{reference}/")
    writer.reads(f"问题清单 {reference}-Q01")
    writer.press(writer.page.get_by_role("link", name="试点预期实现工作目标 · 试点预期实现工作目标"))
    writer.type({"goals": "目标：一年内标准覆盖率达到百分之九十。"})
    writer.press("保存并返回目录", exact=False)
    writer.go(f"/applications/{reference}/sections/cover/")
    writer.reads("现在只能看，不能改。")
    writer.press(writer.page.locator("#content").get_by_role("link", name="申请开放").first)
    writer.type({"reason": "联系人换了。"})
    writer.press(writer.page.get_by_role("button", name="申请开放"))
    writer.reads("等受理机构答复")
    writer.page.locator("[name=text]").first.fill("已补充指标。")
    writer.press(writer.page.get_by_role("button", name="回复").first)
    writer.reads("已补充指标。")
    fits(writer)

    handler.go(f"/desk/applications/{reference}/corrections/")
    handler.reads("联系人换了。")
    handler.reads("已补充指标。")
    fits(handler)
    handler.press(handler.page.get_by_role("button", name="同意开放"))
    handler.reads("已开放")
    writer.go(f"/applications/{reference}/sections/cover/")
    expect(writer.page.locator("[name=contact]")).to_be_visible()
