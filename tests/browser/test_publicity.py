"""An officer and an approver publish, somebody objects, and is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import steps
from tests.browser import people
from tests.browser.server import Server
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.long(21)]
CALL = "tianjin-2023-smps10-demo"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, stage: Path) -> Iterator[Server]:
    """A system of its own: what is selected here would stand on the lists of the other tests."""
    with Server(tmp_path_factory.mktemp("publicity")).on(
        stage, prepared_by="tests.browser.last_stage"
    ) as running:
        yield running


def test_from_the_desk_to_the_objector_and_back(arrive: Callable[..., Visitor]) -> None:
    officer, approver = arrive(people.OFFICER), arrive(people.COMMISSION_APPROVER)
    officer.go(f"/desk/calls/{CALL}/decisions/")
    officer.reads("海河东路")
    officer.go(f"/desk/calls/{CALL}/publicities/")
    officer.press("拟定公示", exact=False)
    officer.press("拟定", exact=False)
    officer.reads("只有本机构的审批人可以发布公示")
    reference = officer.page.url.rstrip("/").rpartition("/")[2]

    approver.go("/desk/")
    approver.press("看公示", exact=False)
    approver.press("发布")
    approver.press("发布")
    approver.reads("公示中", within=".head")

    objector = arrive(viewport=PHONE)
    objector.expected = {422}
    objector.go(f"/calls/{CALL}/")
    objector.press(objector.page.locator("main .files a", has_text="拟报送项目公示").first)
    objector.reads("公示名单（1 项）")
    objector.press("提出异议")
    objector.type({"text": "该单位去年发生过一起责任事故。"})
    objector.press("提交异议")
    objector.message_at("name", "匿名的异议无法答复")
    objector.message_at("email", "至少写一种联系方式")
    objector.type({"name": "陈某某", "email": "objector@example.cn"})
    objector.page.locator("[name=item]").select_option(index=1)
    objector.upload("#id_files", "证据.pdf", steps.pdf_bytes())
    objector.press("提交异议")
    objector.reads("请保存这个网址")
    secret = objector.page.url
    assert objector.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    officer.go("/desk/")
    officer.press("办理异议", exact=False)
    officer.reads("陈某某")
    officer.press("受理")
    officer.press("答复")
    officer.type({"outcome": "refused", "text": "经核实，事故与该单位无关，异议不成立。"})
    officer.press("提交审批")
    officer.reads("答复待审批", within=".head")

    approver.go("/desk/")
    approver.press("审批答复", exact=False)
    approver.press("确认答复")
    approver.press("确认")
    approver.reads("已答复", within=".head")

    objector.go(secret)
    objector.reads("经核实，事故与该单位无关")
    expect(objector.page.get_by_role("link", name="撤回异议")).to_have_count(0)
    approver.go(f"/desk/publicities/{reference}/")
    approver.reads("异议不成立")
