"""The whole procedure once, from the public page to the verified package, by different people in a real browser.

One test, since each step needs the one before; axe looks at every page on the way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect
from playwright.sync_api import TimeoutError as NotThere
from python_calamine import CalamineWorkbook

from shidian.dispatch.verify import verify
from tests.browser import people
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.long(80)]

CALL = "tianjin-2023-smps10-demo"
UNIT, CODE = "和平区示范应急服务中心", "12120101PDY00001X0"
WRITER, HEAD = "wang@unit.example", "li@unit.example"
NAME = "和平区应急救援队伍建设（社会管理和公共服务）综合标准化试点"
GUARANTOR = "和平区示范人民政府"  # a partner as well: one body in two roles
LONG = "本单位承担本辖区的社会管理和公共服务职能，已建立标准化工作机制，制定并实施内部标准，定期检查改进。"

COVER = {
    "name": NAME,
    "period-from": "2024-01",
    "period-to": "2025-12",
    "area": "emergency/rescue",
    "contact": "王𬭎",
    "contact_mobile": "13800000000",
}
LEAD = {
    "legal_head": "李负责",
    "registered_region-province": "120000",
    "registered_region-county": "120101",
    "address": "示范路 1 号",
    "industry": "92",
    "economic_type": "110",
    "postcode": "300041",
    "phone": "022-27110000",
    "email": "unit@unit.example",
    "standards_body": "标准化工作办公室",
    "standards_head": "周标准",
    "business_scope": LONG,
    "accidents": "no",
    "system_established": "2022-06",
    "system_running": "2022-09",
    "self_assessment": LONG,
}
PLAN = {
    "plan-1-time": "2024年1月至3月",
    "plan-1-content": "成立机构，宣传培训。",
    "plan-1-units": UNIT,
    "plan-2-time": "2024年4月至2025年12月",
    "plan-2-content": "建立体系，实施标准，自查，申请评估。",
    "plan-2-units": UNIT,
}
PARTIES = {
    "partners-1-name": "和平区示范救援协会",
    "partners-2-name": GUARANTOR,
    "guarantors-1-name": GUARANTOR,
    "guidance-1-name": "天津市示范应急管理局",
}
BODIES = [UNIT, "和平区示范救援协会", GUARANTOR, GUARANTOR, "天津市示范应急管理局"]


def scan(kind: str) -> bytes:
    """A white page as a scanner gives it."""
    out = BytesIO()
    Image.new("RGB", (600, 800), "white").save(out, kind.upper())
    return out.getvalue()


SCANS = [("盖章页.pdf", scan("pdf")), ("盖章页.png", scan("png")), ("盖章页.jpg", scan("jpeg"))]


def text_of(pdf: bytes) -> str:
    """All words of a PDF, without line breaks and blanks; a hyphen at the end of a line is one all the same."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = "".join(page.get_textpage().get_text_range() for page in document)
        return re.sub(r"\s", "", re.sub("[\x02\ufffe]", "-", text))
    finally:
        document.close()


def come_back_until(visitor: Visitor, wanted: str | Locator) -> None:
    """Reload until the worker has done its part and the page says so."""
    sign = visitor.page.locator("main", has_text=wanted) if isinstance(wanted, str) else wanted
    for _ in range(30):
        try:
            expect(sign).to_be_visible(timeout=700)
        except AssertionError:
            visitor.page.reload()
        else:
            return
    raise NotThere(str(wanted))


def test_from_the_notice_to_the_package(arrive: Callable[..., Visitor], tmp_path: Path) -> None:
    read_the_call(arrive())
    writer = register(arrive())
    head_confirms(arrive())
    reference = start(writer)
    fill_in(writer, reference)
    freeze_after_errors(writer, reference)
    gather_opinions(writer, reference, "v1")
    change_after_freezing(writer, reference)
    gather_opinions(writer, reference, "v2")
    hand_in(writer, reference, "和平区市场监督管理局")

    handler = arrive()
    handler.sign_in(people.HANDLER, people.PASSWORD)
    return_with_reasons(handler, reference)
    correct(writer, reference)
    judge_and_decide(handler, reference, "推荐")
    listed = rank_and_propose(handler, reference)

    approver = arrive()
    approver.sign_in(people.APPROVER, people.PASSWORD)
    approve_seal_send(approver, listed)

    count_paper(arrive(), reference)

    officer = arrive()
    officer.sign_in(people.OFFICER, people.PASSWORD)
    managing_opinion(officer, reference)
    judge_and_decide(officer, reference, "选报")
    last = propose(officer)
    top = arrive()
    top.sign_in(people.COMMISSION_APPROVER, people.PASSWORD)
    approve_seal_send(top, last)
    take_the_package(top, reference, tmp_path / "package.zip")
    see_what_happened(writer, reference)


def read_the_call(visitor: Visitor) -> None:
    visitor.go("/")
    visitor.go("/help/applicant/")
    visitor.go("/calls/tianjin-2023-smps10/")
    visitor.reads("征集已结束")
    visitor.go(f"/calls/{CALL}/")
    for words in (
        "天津市市场监督管理委员会",
        "《国家标准化发展纲要》",
        "政府推动、部门联合",
        "应急管理",
        "一式三份",
        "周钧",
    ):
        visitor.reads(words)
    visitor.go(f"/calls/{CALL}/notice/")
    visitor.go(f"/calls/{CALL}/")
    blank = visitor.get(visitor.page.locator(f"main a[href$='/calls/{CALL}/form.pdf']").first)
    assert "试点承担单位" in text_of(blank)


def register(visitor: Visitor) -> Visitor:
    visitor.go("/register/")
    person = {
        "name": UNIT,
        "code": CODE[:-1] + "1",
        "region-province": "120000",
        "region-county": "120101",
        "address": "示范路 1 号",
        "writer_name": "王𬭎",
        "writer_email": WRITER,
        "writer_phone": "13800000000",
        "head_name": "李负责",
        "head_email": HEAD,
        "head_phone": "022-27110000",
        "password": people.PASSWORD,
        "again": people.PASSWORD,
    }
    visitor.type(person)
    visitor.press("注册")
    visitor.title("注册单位")
    visitor.message_at("code", "校验")
    visitor.type({"code": CODE, "password": people.PASSWORD, "again": people.PASSWORD})
    visitor.press("注册")
    visitor.title("注册已提交")
    visitor.press("去我的申请")
    visitor.reads("还没有经负责人确认")
    return visitor


def head_confirms(visitor: Visitor) -> None:
    """The link of the letter, as the mailbox of the demonstration shows it."""
    visitor.go("/mailbox/")
    come_back_until(visitor, HEAD)
    visitor.look()
    letter = visitor.page.locator("article", has_text=HEAD).first
    visitor.press(letter.locator("a[href*='/confirm/']"))
    visitor.reads(UNIT)
    visitor.type({"choice": "confirm", "password": people.PASSWORD, "again": people.PASSWORD})
    visitor.press("提交")
    visitor.title("我的申请")


def start(writer: Visitor) -> str:
    writer.go("/applications/")
    writer.go(f"/calls/{CALL}/start/")
    writer.page.check("main [name=unit]")
    writer.press("开始申请")
    found = re.search(r"/applications/([^/]+)/$", writer.page.url)
    assert found
    return found[1]


def fill_in(writer: Visitor, reference: str) -> None:
    page = writer.page
    writer.press("继续填写")
    writer.title("封面")
    writer.type({**COVER, "period-to": "2025-13"})
    writer.press("保存")
    writer.message_at("period-to", "月")
    assert page.title().startswith("错误：")
    writer.type({"period-to": COVER["period-to"]})
    writer.press("保存并继续", exact=False)

    writer.title("承担单位基本信息")
    expect(page.locator("[name=unit_name]")).to_have_value(UNIT)
    writer.type({**LEAD, "unit_code": CODE[:-1] + "1"})
    writer.press("保存并继续", exact=False)
    writer.message_at("unit_code", "校验")
    writer.type({"unit_code": CODE})
    writer.press("保存并继续", exact=False)

    writer.title("承担试点的工作基础")
    writer.type({"current_state": LONG})
    expect(page.locator("[data-saved]")).to_contain_text("已自动保存")
    writer.go("/")
    writer.go(f"/applications/{reference}/sections/basis/")
    expect(page.locator("[name=current_state]")).to_have_value(LONG)
    writer.type({"standardization": LONG})
    writer.press("保存并继续", exact=False)
    writer.type({"goals": LONG})
    writer.press("保存并继续", exact=False)

    writer.title("计划工作步骤")
    first = {name: value for name, value in PLAN.items() if name.startswith("plan-1-")}
    writer.type(first)
    writer.control("＋ 增加一行").click()
    writer.type({name: value for name, value in PLAN.items() if name not in first})
    writer.press("保存并继续", exact=False)
    writer.type({"spending": LONG, "sources": LONG})
    writer.press("保存并继续", exact=False)

    writer.title("参加、保证和业务指导单位")
    page.locator("[data-rows=partners] [name=rows-add]").click()
    writer.type(PARTIES)
    writer.press("保存并继续", exact=False)

    writer.title("基本条件")
    answer_conditions(writer)


def answer_conditions(writer: Visitor) -> None:
    """Each part of each condition; the one that does not qualify is told at once, in plain words."""
    page = writer.page
    choices = page.locator("main fieldset:has([type=radio])")
    for number in range(choices.count()):
        one = choices.nth(number)
        wanted = one.locator("[data-unless]").get_attribute("data-unless") or ""
        one.locator(f"[value={wanted.rpartition('=')[2]}]").check()
    notified = page.locator("[data-unless^='record-notified']")
    page.check("[name=record-notified][value=yes]")
    expect(notified).to_be_visible()
    expect(notified).to_contain_text("由受理机构判断")
    page.check("[name=record-notified][value=no]")
    expect(notified).to_be_hidden()
    # What an answer does not call for goes away once the answer is saved.
    expect(page.locator("#f-record-notified-note")).to_be_hidden()
    for box in page.locator("main input[name$=-note]:visible, main textarea[name$=-note]:visible").all():
        box.fill("见证明材料。")
    writer.press("保存并继续", exact=False)


def freeze_after_errors(writer: Visitor, reference: str) -> None:
    """Freezing names what is missing; the draft has its watermark; then the version is there."""
    writer.title("证明材料")
    writer.press("检查全部内容")
    writer.reads("要改的")
    writer.press(writer.page.locator("main a[href*='attachments/?check=all']").first)
    writer.title("证明材料")
    upload(writer, "registration", *SCANS[1])
    upload(writer, "staff", *SCANS[0])
    writer.page.locator("#file-other").set_input_files(
        {"name": "程序.pdf", "mimeType": "application/pdf", "buffer": b"MZ" + bytes(500)}
    )
    writer.reads("没有收下")
    writer.press("检查全部内容")
    writer.reads("没有要改的了")
    draft = text_of(writer.get(writer.control("看草稿")))
    assert "草稿" in draft
    assert NAME in draft
    freeze(writer, "v1")


def upload(writer: Visitor, slot: str, name: str, content: bytes) -> None:
    writer.upload(f"#file-{slot}", name, content)
    writer.reads(name, within=f"#slot-{slot} [data-upload-files]")


def freeze(writer: Visitor, version: str) -> None:
    writer.press("去冻结")
    writer.title(f"冻结为 {version}")
    writer.press(f"冻结为 {version}")
    writer.reads(f"已冻结为 {version}")
    printed = text_of(writer.get(writer.control(f"申请书 {version}")))
    assert NAME in printed
    assert "草稿" not in printed
    assert "王𬭎" in printed or "李负责" in printed


def gather_opinions(writer: Visitor, reference: str, version: str) -> None:
    """Every party's page, with date and signatory; a page without them is told what it lacks."""
    writer.go(f"/applications/{reference}/")
    today = writer.page.evaluate("new Date().toLocaleDateString('sv')")
    for number, body in enumerate(BODIES):
        if number == 0:
            writer.press(writer.page.locator("#board").get_by_role("link", name="登记意见").first)
            if version == "v1":
                writer.press("登记意见")
                assert writer.page.title().startswith("错误：")
        writer.reads(body, within=".head")
        name, content = SCANS[number % len(SCANS)]
        writer.type(
            {"decision": "agree", "signatory": f"{body}负责人", "capacity": "主任", "signed_on": today}
        )
        writer.upload("[name=scan]", name, content)
        writer.press("登记并办下一家")
        writer.reads(f"{body}”同意 {version}")
    writer.reads("各单位都已同意，可以递交")


def change_after_freezing(writer: Visitor, reference: str) -> None:
    """What becomes void is said before it happens, and is void afterwards."""
    writer.go(f"/applications/{reference}/sections/goals/")
    writer.reads("现在只能看，不能改")
    writer.go(f"/applications/{reference}/")
    writer.press("重新打开修改")
    writer.reads("下面 5 家单位已对 v1 出具意见")
    writer.reads(GUARANTOR)
    writer.type({"reason": "补充工作目标。"})
    writer.press(writer.page.locator("main form .bar button[type=submit]"))
    writer.reads("仍然有效")
    rewrite(writer, reference, "补充：三年内公众满意度达到百分之九十五。")
    freeze(writer, "v2")
    writer.press("v1", within="[aria-labelledby=h-ver]")
    writer.reads("这一版的会签已经失效")


def rewrite(writer: Visitor, reference: str, words: str) -> None:
    writer.go(f"/applications/{reference}/sections/goals/")
    writer.type({"goals": f"{LONG}{words}"})
    writer.press("保存并返回目录", exact=False)
    writer.go(f"/applications/{reference}/check/")


def hand_in(writer: Visitor, reference: str, office: str) -> None:
    writer.press("递交申请")
    if writer.page.locator("[name=office][type=radio]").count():
        writer.page.get_by_label(office).check()
        writer.press("下一步：核对")
    writer.reads(office)
    writer.press("递交")
    writer.title("已递交")
    number = writer.page.locator("#h-receipt .code").inner_text()
    digest = writer.page.locator("dd.digest").first.inner_text()
    receipt = text_of(writer.get(writer.control("下载回执")))
    assert number in receipt
    assert digest in receipt
    writer.press("看申请")
    writer.reads("等受理机构")


def open_at_desk(officer: Visitor, reference: str) -> None:
    officer.go("/desk/")
    officer.press(officer.page.locator("main .place-links a", has_text="申请").first)
    officer.press(officer.page.locator("tr", has_text=reference).get_by_role("link").first)


def return_with_reasons(handler: Visitor, reference: str) -> None:
    open_at_desk(handler, reference)
    first = handler.page.locator(".check:has([name^=verdict-])").first
    first.locator("[value=not_met]").check()
    first.locator("[name^=note-]").fill("证明材料看不清。")
    handler.press("保存判定")
    handler.reads("已保存 1 个要点的判定")
    handler.press("退回补正")
    handler.reads("只有清单所列各处可以修改")
    handler.control("＋ 再加一条").click()
    handler.type({"reasons-2-text": "工作目标请写明考核指标。", "reasons-2-section": "goals"})
    handler.press("退回补正")
    handler.reads("已退回")


def correct(writer: Visitor, reference: str) -> None:
    writer.go(f"/applications/{reference}/")
    writer.reads("工作目标请写明考核指标。")
    rewrite(writer, reference, "考核指标：标准覆盖率百分之九十。")
    freeze(writer, "v3")
    gather_opinions(writer, reference, "v3")
    hand_in(writer, reference, "和平区市场监督管理局")


def judge_and_decide(officer: Visitor, reference: str, word: str) -> None:
    """Every point of the checklist, then the decision."""
    open_at_desk(officer, reference)
    for choice in officer.page.locator("[name^=verdict-][value=met]").all():
        choice.check()
    officer.press("保存判定")
    officer.reads("要点都已判定")
    officer.press(word)
    officer.press(word)


def rank_and_propose(handler: Visitor, reference: str) -> str:
    """The list wrote itself; its order is changed, it is taken along as a sheet and as a paper, and put forward."""
    handler.go("/desk/")
    handler.press(handler.page.locator("main .place-links a", has_text="清单").first)
    rows = handler.page.locator("ol.rank > li")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text(reference)
    handler.press(rows.nth(1).get_by_role("button", name="上移"))
    expect(rows.nth(0)).to_contain_text(reference)
    handler.type({f"remark-{reference}": "优先"})
    handler.press("保存排序和备注")
    sheet = CalamineWorkbook.from_filelike(BytesIO(handler.fetch("清单草稿（Excel）"))).get_sheet_by_index(0)
    cells = sheet.to_python()
    assert any(NAME in row for row in cells)
    assert any(reference in row for row in cells)
    paper = text_of(handler.get(handler.control("清单草稿（PDF", exact=False)))
    assert "备选项目清单" in paper
    assert reference in paper
    listed = propose(handler)
    handler.reads("您不能审批")
    expect(handler.control("审批通过")).to_have_attribute("aria-disabled", "true")
    return listed


def propose(officer: Visitor) -> str:
    if "/list/" not in officer.page.url:
        officer.go("/desk/")
        officer.press(officer.page.locator("main .place-links a", has_text="清单").first)
    officer.press("提交审批", exact=False)
    officer.press("提交审批", exact=False)
    officer.reads("等审批")
    return officer.page.url


def approve_seal_send(approver: Visitor, listed: str) -> None:
    approver.go("/desk/")
    approver.go(listed)
    approver.press("审批通过")
    approver.press("审批通过")
    approver.reads("清单已审批")
    code = approver.page.locator(".eye-done .code").inner_text()
    paper = text_of(approver.get(approver.control("清单 PDF")))
    assert code in paper
    assert "草稿" not in paper
    expect(approver.control("报送", exact=False)).to_have_attribute("aria-disabled", "true")
    approver.press("上传盖章扫描件")
    approver.upload("[name=scan]", *SCANS[0])
    approver.press("上传")
    approver.reads("盖章扫描件已上传")
    approver.press("报送（", exact=False)
    approver.press("报送", exact=False)
    approver.reads("已报送")


def count_paper(clerk: Visitor, reference: str) -> None:
    """Three copies one by one, then the electronic material; at each step the page says what is missing."""
    clerk.sign_in(people.CLERK, people.PASSWORD)
    clerk.go("/desk/")
    clerk.go(f"/desk/calls/{CALL}/registry/")
    row = clerk.page.locator(f"#row-{reference}")
    for copy in (1, 2, 3):
        expect(row).to_contain_text("还缺")
        clerk.press(row.get_by_role("button", name=f"登记第 {copy} 份"))
        clerk.reads(f"第 {copy} 份纸质材料已登记")
    clerk.press(row.get_by_role("button", name="登记电子材料"))
    expect(row).to_contain_text("齐全")
    clerk.go(f"/desk/calls/{CALL}/registry/?missing=1")
    expect(clerk.page.locator(f"#row-{reference}")).to_have_count(0)


def managing_opinion(officer: Visitor, reference: str) -> None:
    """The managing authority agrees when it has the file before it."""
    officer.go(f"/desk/calls/{CALL}/overview/")
    open_at_desk(officer, reference)
    officer.press(officer.page.locator(".party").get_by_role("link", name="登记意见").first)
    today = officer.page.evaluate("new Date().toLocaleDateString('sv')")
    officer.type({"decision": "agree", "signatory": "郑主任", "signed_on": today})
    officer.upload("[name=scan]", *SCANS[2])
    officer.press("登记意见")
    officer.reads("郑主任")


def take_the_package(approver: Visitor, reference: str, path: Path) -> None:
    """The worker writes it; the page says when, and anybody can check what was taken along."""
    approver.press("报送包")
    expect(approver.page.locator("main")).to_contain_text("下载报送包", timeout=30_000)
    approver.look()
    digest = approver.page.locator("dd.hash").first.inner_text()
    path.write_bytes(approver.fetch("下载报送包"))
    report = verify(path, digest=digest)
    assert report.ok, report.text()
    with ZipFile(path) as package:
        names = package.namelist()
    assert any(reference in name and name.endswith(".pdf") for name in names)
    assert any(name.endswith(".xlsx") for name in names)


def see_what_happened(writer: Visitor, reference: str) -> None:
    writer.go(f"/applications/{reference}/")
    writer.reads("已报送")
    writer.go(f"/applications/{reference}/history/")
    for words in ("冻结", "递交", "退回", "推荐", "报送"):
        writer.reads(words)
    expect(writer.page.locator("main li").first).to_be_visible()
