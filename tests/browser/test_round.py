"""A round of five: two sign online, one by certificate, two on paper; one sends it back, and only who is concerned is asked again."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from shidian.documents.certificates.trial import PASSWORD, Trial
from tests.browser import people
from tests.browser.post import Post
from tests.browser.server import Server
from tests.browser.test_certificates import GUARANTOR, GUIDANCE, LEAD, choose, link
from tests.browser.test_phone import SIZES
from tests.browser.test_scans import READ
from tests.browser.visitor import Visitor
from tests.documents.scans import spoiling

pytestmark = [pytest.mark.browser, pytest.mark.long(44)]

ONE, TWO = "天津市示范救援学院", "天津市示范消防协会"
LATER = {"天津市市场监督管理委员会": "以后再签"}


@pytest.fixture(scope="module")
def application(server: Server) -> str:
    """Where the application is, frozen as v1 with two partners; nobody has said anything."""
    return f"/applications/{server.run('tests.browser.unsigned', ONE, TWO)}/"


def row(visitor: Visitor, name: str) -> Locator:
    """The line of one party on the board."""
    return visitor.page.locator("#board .party").filter(has_text=name)


def standing(visitor: Visitor, within: str = "#board") -> dict[str, str]:
    """The state of every party, in the words of the page."""
    return {
        party.locator(".party-name").inner_text(): party.locator(".party-state").inner_text()
        for party in visitor.page.locator(f"{within} .party").all()
    }


def send_link(writer: Visitor, name: str, contact: dict[str, str]) -> None:
    """Say where a party is reached, and send it a link."""
    writer.press(link(writer, "链接和委托", name))
    writer.type(contact)
    writer.press("保存地址")
    writer.press("寄链接")
    writer.reads("会签链接正在寄往")


def decide(party: Visitor, **said: str) -> None:
    """Give an opinion on the page of a link, to its receipt."""
    party.type(said)
    party.page.check("[name=read]")
    party.press("提交意见")
    party.title("意见已记下")


def sign_with_certificate(writer: Visitor, key: bytes) -> None:
    """The lead signs with its key file, beginning at the board."""
    writer.press(link(writer, "证书签名", LEAD))
    writer.type({"signatory": "李负责", "capacity": "主任"})
    choose(writer, "key", "单位.p12", key)
    writer.page.fill("[name='password']", PASSWORD)
    writer.press("签名，同意这一版")
    expect(row(writer, LEAD)).to_contain_text("数字证书签名，李负责（主任）")


def sheets(writer: Visitor, application: str, *names: str) -> bytes:
    """The opinion sheets of some parties, chosen on the page of the print pack."""
    writer.go(f"{application}versions/1/print/")
    for box in writer.page.locator("[name=party]").all():
        box.uncheck()
    for name in names:
        writer.page.get_by_label(name).check()
    address = writer.page.locator("main form").evaluate(
        """(form) => `${form.action}?${new URLSearchParams(
          new FormData(form, form.querySelector("[name=only][value=opinions]")))}`"""
    )
    answer = writer.context.request.get(address)
    assert answer.ok
    return answer.body()


def sealed(pdf: bytes, *names: str) -> bytes:
    """The sheets as they come back from the scanner, each with the seal of its party in the box."""
    chance, scanned = np.random.default_rng(5), []
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == len(names)
        for number, (page, name) in enumerate(zip(document, names, strict=True), 1):
            text = page.get_textpage()
            at, _length = text.search("（盖章）").get_next()
            down = (page.get_height() - text.get_charbox(at)[3]) / 72 * 25.4
            sheet = spoiling.seal(spoiling.sheet(pdf, number), 100, down + 25, chance=chance, name=name)
            scanned.append(Image.fromarray(sheet[:, :, ::-1]))
    out = BytesIO()
    scanned[0].save(out, "PDF", save_all=True, append_images=scanned[1:], resolution=spoiling.DOTS)
    return out.getvalue()


def record_scans(writer: Visitor, application: str, pile: bytes, *names: str) -> None:
    """Throw the pile in, and record the opinion of each from its own page, which the system has found by then."""
    writer.go(application)
    writer.press("交扫描件")
    writer.upload("#files", "意见页.pdf", pile)
    expect(writer.page.locator("[data-upload-files]")).to_contain_text("刚才收下 1 个文件", timeout=READ)
    writer.press("看结果")
    expect(writer.page.locator("main")).to_contain_text("核对盖章、签名、日期", timeout=READ)
    writer.press("核对盖章、签名、日期", exact=False)
    first = writer.page.locator("section").filter(has_text=names[0])
    writer.press(first.get_by_role("link", name="用这一页登记意见"))
    today = writer.page.evaluate("new Date().toLocaleDateString('sv')")
    for name in names:
        writer.reads(name, within=".head")
        writer.reads("扫描件已经在了")
        writer.type({"decision": "agree", "signatory": f"{name}负责人", "signed_on": today})
        writer.press("登记并办下一家")
        writer.reads(f"{name}”同意 v1")


def amend(writer: Visitor, application: str, place: str, reason: str, answer: dict[str, str]) -> None:
    """Take the version back, write one answer anew, and come to the page before freezing."""
    writer.go(application)
    writer.press("重新打开修改")
    writer.type({"reason": reason})
    writer.press(writer.page.locator("main form .bar button[type=submit]"))
    writer.go(place)
    writer.type(answer)
    writer.press("保存并", exact=False)
    writer.go(f"{application}check/")
    writer.press("去冻结")


def test_a_round_asks_again_exactly_those_who_are_concerned(
    arrive: Callable[..., Visitor], application: str, platform: Trial
) -> None:
    def phone() -> Visitor:
        return arrive(viewport=SIZES[0], has_touch=True, is_mobile=True, device_scale_factor=2)

    writer, post = arrive(people.OTHER_WRITER), Post(arrive())
    key = platform.authority.key_file(*platform.authority.issue(LEAD))
    paper = {ONE: "已同意", TWO: "已同意"}

    # The guidance unit sends v1 back: why, and where; the four others agree, each in its own way.
    writer.go(application)
    send_link(writer, GUIDANCE, {"email": "wu@unit.example", "mobile": "13887655678", "name": "吴敏"})
    decide(
        post.opened(phone()),
        decision="return",
        opinion="现状请写到今年。",
        place="basis.current_state",
        signatory="吴敏",
        capacity="处长",
    )
    writer.go(application)
    send_link(writer, GUARANTOR, {"email": "zhou@unit.example", "mobile": "13812345678", "name": "周伟"})
    decide(post.opened(phone()), decision="agree", signatory="周伟", capacity="副区长")
    writer.go(application)
    sign_with_certificate(writer, key)
    record_scans(writer, application, sealed(sheets(writer, application, ONE, TWO), ONE, TWO), ONE, TWO)

    writer.go(application)
    assert standing(writer) == {LEAD: "已同意", **paper, GUARANTOR: "已同意", GUIDANCE: "退回修改", **LATER}
    writer.reads(f"{GUIDANCE}请退回修改")
    expect(row(writer, GUIDANCE)).to_contain_text("现状请写到今年。")
    place = row(writer, GUIDANCE).get_by_role("link", name="现状").get_attribute("href") or ""

    # The lead writes what was asked, which the partners and the guarantor do not vouch for: theirs are carried.
    amend(writer, application, place, "按业务指导单位的意见", {"current_state": "今年已有内部标准 42 项。"})
    writer.reads("1 家要重新出具意见")
    carried = {ONE: "沿用", TWO: "沿用"}
    assert standing(writer, "[aria-labelledby=h-who]") == (
        {LEAD: "须重新同意", **carried, GUARANTOR: "沿用", GUIDANCE: "递交前同意", **LATER}
    )
    writer.press("冻结为 v2")
    assert standing(writer) == {LEAD: "等对方", **paper, GUARANTOR: "已同意", GUIDANCE: "等对方", **LATER}
    for name in (ONE, TWO, GUARANTOR):
        expect(row(writer, name)).to_contain_text("对 v1 的同意沿用")
    writer.press(row(writer, GUIDANCE).get_by_role("button", name="寄链接"))
    guidance = post.opened(phone())
    guidance.reads("以后改动了")
    assert guidance.page.locator("ins", has_text="42").count()
    decide(guidance, decision="agree", signatory="吴敏", capacity="处长")
    writer.go(application)
    sign_with_certificate(writer, key)
    writer.reads("各单位都已同意，可以递交")

    # The money is vouched for by the lead and the guarantor: exactly these two are asked, and told so beforehand.
    amend(
        writer,
        application,
        f"{application}sections/funding/",
        "经费有变",
        {"sources": "区财政安排 30 万元。"},
    )
    writer.reads("2 家要重新出具意见")
    assert standing(writer, "[aria-labelledby=h-who]") == (
        {LEAD: "须重新同意", **carried, GUARANTOR: "须重新同意", GUIDANCE: "沿用", **LATER}
    )
    writer.press("冻结为 v3")
    assert standing(writer) == {LEAD: "等对方", **paper, GUARANTOR: "等对方", GUIDANCE: "已同意", **LATER}
    expect(row(writer, GUIDANCE)).to_contain_text("对 v2 的同意沿用")
    writer.reads("5 家中 3 家已同意")
