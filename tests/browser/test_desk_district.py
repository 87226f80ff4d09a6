"""A district's two people and the institute: a list put forward, sent back, put forward again, approved, sealed and sent;
then its paper counted by scanning, a slip for it, where it stands, and what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import expect

from tests.browser import people
from tests.browser.server import Server
from tests.browser.test_keyboard import tab_through
from tests.browser.test_walk import SCANS, come_back_until
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.long(34)]

CALL = "tianjin-2023-smps10-demo"
OFFICE = "hedong"
LIST = f"/desk/calls/{CALL}/offices/{OFFICE}/list/"
REGISTRY = f"/desk/calls/{CALL}/registry/"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, stage: Path) -> Iterator[Server]:
    """A system of its own: the list that is sent here is in preparation in the other tests."""
    with Server(tmp_path_factory.mktemp("district")).on(stage) as running:
        yield running


def test_a_list_is_approved_and_its_paper_counted(arrive: Callable[..., Visitor], server: Server) -> None:
    handler, approver = arrive(people.OTHER_HANDLER), arrive(people.OTHER_APPROVER)
    send_back(handler, approver, server)
    approve_by_keys(handler, approver, server)
    seal_and_send(approver, handler, server)

    clerk = arrive(people.CLERK)
    writer = arrive(people.OTHER_WRITER)
    _first, second = count_paper(clerk, writer, server)
    move_paper(clerk, second, server)
    give_a_slip(clerk, handler, server)
    see_everything(clerk)


def send_back(handler: Visitor, approver: Visitor, server: Server) -> None:
    """The approver sees whose turn it is, cannot send an unapproved list, and sends it back with a reason."""
    approver.go("/desk/")
    approver.fits()
    approver.reads("经办人正在")
    approver.go(LIST)
    approver.reads("经办人编制中")
    approver.fits()

    handler.go(LIST)
    handler.press("提交审批", exact=False)
    handler.press("提交审批", exact=False)
    handler.reads("您不能审批")
    expect(handler.control("审批通过")).to_have_attribute("aria-disabled", "true")
    handler.fits()

    approver.go("/messages/")
    come_back_until(approver, "HEDONG-2 等待审批")
    approver.press(approver.page.get_by_role("link", name=re.compile("HEDONG-2 等待审批")).first)
    approver.reads("轮到您审批", within=".head")
    approver.fits()
    approver.press("退回重排")
    approver.expected.add(422)
    approver.press("退回重排")
    approver.message_at("reason", "请写")
    approver.type({"reason": "两件的次序请再议。"})
    approver.fits()
    approver.press("退回重排")
    approver.reads("两件的次序请再议。")
    assert server.rows(
        "SELECT l.state FROM dispatch_candidatelist l JOIN organisations_office o ON o.id = l.office_id"
        " WHERE o.key = ? ORDER BY l.id DESC LIMIT 1",
        OFFICE,
    ) == [("draft",)]


def approve_by_keys(handler: Visitor, approver: Visitor, server: Server) -> None:
    handler.go("/messages/")
    come_back_until(handler, "退回重排")
    handler.go(LIST)
    rows = handler.page.locator("ol.rank > li")
    second = rows.nth(1).locator(".code").inner_text()
    handler.press(rows.nth(1).get_by_role("button", name="上移"))
    handler.press("提交审批", exact=False)
    handler.press("提交审批", exact=False)

    page = approver.go("/desk/")
    tab_through(page, "审批清单")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    approver.look()
    expect(approver.page.locator("main table tbody tr").first).to_contain_text(second)
    for _ in range(2):
        tab_through(page, "审批通过")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        approver.look()
    approver.reads("清单已审批")
    approver.fits()


def seal_and_send(approver: Visitor, handler: Visitor, server: Server) -> None:
    """An approval is taken back with its reason and given again; nothing leaves without the seal."""
    approver.press("撤销审批")
    approver.type({"reason": "盖章前发现次序有误。"})
    approver.press("撤销审批")
    approver.reads("撤销审批，重新编制")
    approver.reads("经办人编制中")
    handler.go(LIST)
    handler.press("提交审批", exact=False)
    handler.press("提交审批", exact=False)
    approver.go("/desk/")
    approver.press("审批清单", exact=False)
    approver.press("审批通过")
    approver.press("审批通过")
    expect(approver.control("报送", exact=False)).to_have_attribute("aria-disabled", "true")
    approver.press("上传盖章扫描件")
    approver.expected.add(422)
    approver.press("上传")
    approver.message_at("scan", "请选择")
    approver.fits()
    approver.upload("[name=scan]", *SCANS[0])
    approver.press("上传")
    approver.press("报送（", exact=False)
    approver.fits()
    approver.press("报送 2 件")
    approver.reads("清单已报送")
    approver.fits()
    assert server.rows("SELECT state, count(*) FROM dispatch_candidatelist GROUP BY state") == [
        ("dispatched", 2)
    ]
    approver.go("/desk/")
    approver.reads("经办人正在审查 2 件申请")


def codes_of(writer: Visitor, reference: str) -> list[tuple[str, str]]:
    """Of each copy that the institute counts, the code in a corner of its first page, and the short text below."""
    writer.go(f"/applications/{reference}/versions/1/")
    writer.press("打印盖章用的全套")
    form = writer.page.locator("main form")
    for box in form.locator("input[type=checkbox]").all():
        box.uncheck()
    form.get_by_label(re.compile("标准化研究院")).first.check()
    chosen = form.evaluate("(node) => new URLSearchParams(new FormData(node)).toString()")
    answer = writer.context.request.get(f"{writer.address}{form.get_attribute('action')}?{chosen}")
    found: dict[str, tuple[str, str]] = {}
    with pypdfium2.PdfDocument(answer.body()) as pdf:
        for page in pdf:
            said = page.get_textpage().get_text_bounded().strip().splitlines()[-1]
            copy = re.search(r" C([123]) ", said)
            if copy and copy[1] not in found:
                codes = zxingcpp.read_barcodes(page.render(scale=2).to_pil())
                found[copy[1]] = (codes[0].text, said)
    return [found[number] for number in sorted(found)]


def count_paper(clerk: Visitor, writer: Visitor, server: Server) -> list[str]:
    """By a hand scanner, by the short text, and by keys; a copy twice and a foreign code are told at once."""
    clerk.go("/desk/")
    clerk.fits()
    clerk.press("登记材料", exact=False)
    clerk.go(REGISTRY)
    clerk.fits()
    page, said = clerk.page, clerk.page.locator("[data-scan-said]")
    references = page.locator("section.register .code:first-child").all_inner_texts()
    first, second = [each for each in references if each.startswith("TJ10D-")][:2]
    copies = codes_of(writer, first)
    assert len(copies) == 3
    clerk.expected |= {409, 422}
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(copies[0][0])
    page.keyboard.press("Enter")
    expect(said).to_contain_text("第 1 份")
    page.keyboard.type(copies[1][1].lower())
    page.keyboard.press("Enter")
    expect(said).to_contain_text("第 2 份")
    page.keyboard.type(copies[0][0])
    page.keyboard.press("Enter")
    expect(said.locator("[data-is=wait]")).to_contain_text("第 1 份")
    page.keyboard.type("HTTPS://EXAMPLE.CN/S/AB")
    page.keyboard.press("Enter")
    expect(said.locator("[data-is=stop]").first).to_be_visible()
    expect(page.locator("[data-scan-list] > li")).to_have_count(2)
    clerk.fits()

    clerk.go(f"{REGISTRY}?missing=1&q={second}")
    row = page.locator(f"#row-{second}")
    for number in (1, 2):
        row.get_by_role("button", name=f"登记第 {number} 份").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        clerk.look()
        expect(row.get_by_role("button", name=f"登记第 {number + 1} 份")).to_be_focused()
    clerk.press(row.get_by_role("link", name="更正").last)
    clerk.type({"reason": "数错了，只有一份。"})
    clerk.press("更正", exact=False)
    clerk.press(page.locator(f"#row-{first}").get_by_role("button", name="登记电子材料"))
    assert server.rows(
        "SELECT count(*) FROM dispatch_papercopy c LEFT JOIN dispatch_papercopyvoid v ON v.paper_copy_id = c.id WHERE v.id IS NULL"
    ) == [(3,)]
    return [first, second]


def move_paper(clerk: Visitor, reference: str, server: Server) -> None:
    """Where each copy is: put on a shelf; and what has not come."""
    clerk.press("在哪里", within=".paper-nav")
    clerk.fits()
    clerk.page.locator("[name=copy]").first.check()
    clerk.press("选中的去向……")
    clerk.page.get_by_label("存放到").check()
    clerk.type({"shelf": "三楼 2 号柜"})
    clerk.fits()
    clerk.press("记下去向")
    clerk.reads("三楼 2 号柜")
    clerk.press("缺件清单", within=".paper-nav")
    clerk.reads(reference)
    clerk.fits()
    assert server.rows("SELECT shelf FROM dispatch_paperplace WHERE shelf <> ''") == [("三楼 2 号柜",)]


def give_a_slip(clerk: Visitor, handler: Visitor, server: Server) -> None:
    """One slip for the sender; the sender's list says what the institute received."""
    clerk.press("登记回执", within=".paper-nav")
    clerk.press("开回执", exact=False)
    clerk.reads("登记过的材料都有回执了")
    clerk.fits()
    slip = clerk.get(clerk.page.locator("main a[href$='.pdf']").first)
    assert slip.startswith(b"%PDF")
    handler.go("/desk/")
    handler.press(handler.page.locator("main .place-links a", has_text="清单").first)
    handler.press(handler.page.locator("main a[href*='/desk/lists/']").first)
    handler.reads("登记机构收到的材料")
    handler.fits()
    assert server.rows("SELECT count(*) FROM dispatch_paperreceipt") == [(1,)]


def see_everything(clerk: Visitor) -> None:
    clerk.go(f"/desk/calls/{CALL}/overview/")
    clerk.reads("河东")
    clerk.fits()
