"""A list ranked by keyboard and by dragging, its letter, more than the quota let pass, and sent."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import steps
from tests.browser import people
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

LIST = f"/desk/calls/tianjin-2023-smps10-demo/offices/{people.RANKING_OFFICE}/list/"


def order(page: Page) -> list[str]:
    return page.locator("ol.rank > li .code").all_inner_texts()


def test_a_list_is_ranked_by_hand_and_goes_with_its_letter(arrive: Callable[..., Visitor]) -> None:
    handler = arrive(people.RANKING_HANDLER)
    page = handler.go(LIST)
    one, two, three = order(page)

    # By keyboard: the first goes down one place, then to the end.
    grip = page.locator(f"#row-{one} .rank-grip")
    grip.focus()
    page.keyboard.press("ArrowDown")
    assert order(page) == [two, one, three]
    expect(grip).to_be_focused()
    expect(page.locator(".rank-said")).to_contain_text("现在第 2 位，共 3 件；还没有保存")
    page.keyboard.press("End")
    assert order(page) == [two, three, one]
    handler.press("保存排序和备注")
    assert order(page) == [two, three, one]

    # By the pointer: the last is dragged to the top.
    start = page.locator(f"#row-{one} .rank-grip").bounding_box()
    target = page.locator(f"#row-{two} .rank-grip").bounding_box()
    assert start and target
    page.mouse.move(start["x"] + 8, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(target["x"] + 8, target["y"] + 60, steps=5)
    page.mouse.move(target["x"] + 8, target["y"] - 10, steps=5)
    page.mouse.up()
    assert order(page) == [one, two, three]
    handler.press("保存排序和备注")
    assert order(page) == [one, two, three]

    # The letter, with a number that is brought into its spelling.
    handler.press("起草推荐函")
    year = page.locator(".letter-sign").inner_text().split("年")[0][-4:]
    handler.type({"number": f"津红市监函({year})008号"})
    handler.press("保存", within="main form")
    handler.reads(f"津红市监函〔{year}〕8号")
    handler.go(LIST)
    handler.press(page.get_by_role("link", name=re.compile("提交审批（3 件）")))
    handler.press("提交审批（3 件）", within="main form")

    approver = arrive(people.RANKING_APPROVER)
    approver.go(LIST)
    approver.reads("津红市监函")
    approver.press("审批通过")
    approver.press("审批通过", within="main form")
    approver.press("上传盖章扫描件")
    approver.upload("#id_scan", "清单.pdf", steps.pdf_bytes())
    approver.press("上传", within="main form")
    approver.press("报送（3 件）")
    approver.reads("推荐函津红市监函")
    approver.press("报送 3 件", within="main form")
    approver.reads("清单已报送")
    assert approver.get(approver.page.get_by_role("link", name=re.compile("推荐函 PDF"))).startswith(b"%PDF")

    # And the accounts agree.
    handler.go(LIST.replace("/list/", "/reconciliation/"))
    handler.reads("全部相符")
