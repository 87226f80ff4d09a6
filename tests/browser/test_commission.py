"""The commission and its experts: a panel set up, assigned, scored, discussed and met, its result frozen; decisions by two
people, and the list for the nation in the order of the scores. Each does what its page offers, as that person would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import at_the_commission as stage_of
from tests.browser import people
from tests.browser.server import Server
from tests.browser.test_keyboard import tab_through
from tests.browser.test_walk import SCANS, come_back_until
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.long(75)]

CALL = "tianjin-2023-smps10-demo"
OFFICE = "commission"
EXPERT = people.account("new-expert")
WHY = "目标写得具体，依据见申请书和证明材料。"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, stage: Path) -> Iterator[Server]:
    """A system of its own, with four applications at the commission."""
    with Server(tmp_path_factory.mktemp("commission")).on(
        stage, prepared_by="tests.browser.at_the_commission"
    ) as running:
        yield running


def test_from_the_pool_to_the_list(arrive: Callable[..., Visitor], server: Server) -> None:
    officer = arrive(people.OFFICER)
    add_an_expert(officer)
    set_up_a_panel(officer, server)

    expert = arrive()
    accept_the_invitation(expert)
    conflicted = look_around(expert, server)
    score_by_keys(expert, server)
    score_the_rest(expert, server)
    server.run("tests.browser.at_the_commission", "scores")

    reader = arrive(stage_of.READER)
    read_blind(reader)
    give_a_sheet_back(officer)
    put_it_right(expert, server)
    turn_to_discussion(officer)
    discuss(officer, reader, server)
    meet(officer, expert, conflicted, server)
    first = try_and_freeze(officer, server)

    approver = arrive(people.COMMISSION_APPROVER)
    decide(officer)
    confirm(approver, server)
    send_the_list(officer, approver, first, server)


def add_an_expert(officer: Visitor) -> None:
    officer.go("/desk/")
    officer.press("专家库")
    officer.reads("何鉴")
    officer.press("添加专家")
    officer.expected.add(422)
    officer.press("添加并邀请")
    officer.message_at("name", "请写姓名")
    officer.type({"name": "沈评", "email": EXPERT, "unit": "示范大学标准化研究所", "title": "教授"})
    officer.page.locator("[name=specialities]").first.check()
    officer.fits()
    officer.press("添加并邀请")
    officer.reads("沈评 已入专家库")


def set_up_a_panel(officer: Visitor, server: Server) -> None:
    """Set up, assigned by a plan that the machine works out and a person confirms, and opened."""
    officer.go("/desk/")
    officer.press("专家评审组")
    today = officer.page.evaluate("new Date().toLocaleDateString('sv')")
    officer.type({"name": stage_of.PANEL, "opens": today, "closes": today[:4] + "-12-31", "clock": "17:00"})
    officer.fits()
    officer.press("设立")
    officer.reads("谁评哪件")
    officer.reads("0 / 3")
    officer.press("对照表")
    officer.fits()
    officer.page.go_back()
    officer.press("自动分配")
    officer.press("计算", exact=False)
    come_back_until(officer, "每位专家")
    officer.fits()
    officer.press("确认，照这样分配")
    officer.reads("3 / 3")
    officer.press("开始评审")
    officer.press("开始评审")
    officer.reads("评审中", within=".head")
    officer.fits()
    assert server.rows(
        "SELECT count(*) FROM reviews_assignment a JOIN reviews_panel p ON p.id = a.panel_id WHERE p.name = ?",
        stage_of.PANEL,
    ) == [(12,)]


def accept_the_invitation(expert: Visitor) -> None:
    """By the link of the letter; the mail of the panel and the page of messages tell what there is to do."""
    expert.go("/mailbox/")
    letter = expert.page.locator("article", has_text=EXPERT).filter(has_text="设置密码").first
    come_back_until(expert, letter)
    expert.press(letter.locator("a[href*='/invitation/']"))
    expert.reads("沈评")
    expert.type({"password": people.PASSWORD, "again": people.PASSWORD})
    expert.press("设置密码", exact=False)
    expert.go("/messages/")
    expert.reads("您已列入评审专家库")
    expert.reads("请评审申请")
    expert.fits()
    expert.press(expert.page.locator("main").get_by_role("link", name=re.compile("请评审申请")).first)
    expert.title("专家评审")


def look_around(expert: Visitor, server: Server) -> str:
    """One's own page, an application, and one that must not be judged: it is gone at once."""
    expert.fits()
    expert.press("我的资料和回避")
    expert.reads("示范大学标准化研究所")
    expert.fits()
    expert.page.go_back()
    rows = expert.page.locator("main tbody tr")
    expect(rows).to_have_count(4)
    reference = rows.nth(3).locator(".code").inner_text()
    expert.press(rows.nth(3).get_by_role("link", name=re.compile("街道|应急")).first)
    expert.reads("申请书 v1")
    expert.fits()
    expert.press("我应当回避")
    expert.expected.add(422)
    expert.press("申报回避")
    expert.message_at("text", "请写明情形")
    expert.page.get_by_role("radio").last.check()
    expert.type({"text": "去年为该单位做过咨询。"})
    expert.fits()
    expert.press("申报回避")
    expect(expert.page.locator("main tbody tr")).to_have_count(3)
    expert.expected.add(404)
    [(pk,)] = server.rows(
        "SELECT a.id FROM reviews_assignment a JOIN reviews_panel p ON p.id = a.panel_id"
        " JOIN reviews_expert e ON e.id = a.expert_id JOIN accounts_user u ON u.id = e.user_id"
        " JOIN applications_application b ON b.id = a.application_id"
        " WHERE p.name = ? AND u.email = ? AND b.reference = ?",
        stage_of.PANEL, EXPERT, reference,
    )  # fmt: skip
    expert.go(f"/desk/reading/{pk}/")
    expert.title("没有这一页")
    return reference


def _points(page: Page) -> list[str]:
    return page.locator("[name$=-points]").evaluate_all("nodes => nodes.map((node) => node.name)")


def score_by_keys(expert: Visitor, server: Server) -> None:
    """A sheet from the first item to handing it in, without a mouse: it saves by itself, and says what is missing."""
    expert.go("/desk/sheets/")
    expert.fits()
    expert.press(expert.page.locator("main tbody tr").first.get_by_role("link").first)
    page = expert.page
    names = _points(page)
    page.keyboard.press("Tab")
    tab_through(page, names[0])
    page.keyboard.type("99")
    tab_through(page, "检查并提交")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expert.look()
    expert.message_at(names[0], "最多")
    expert.fits()
    expect(page.locator("[data-errors]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(f"[name={names[0]}]")).to_be_focused()
    for name in names:
        if name != names[0]:
            tab_through(page, name)
        page.keyboard.press("Control+a")
        page.keyboard.type("14")
        tab_through(page, name.replace("-points", "-comment"))
        page.keyboard.type(WHY)
    expect(page.locator("[data-saved]")).to_contain_text("已自动保存")
    expect(page.locator("[data-total]")).to_contain_text("70")
    saved = server.rows(
        "SELECT count(*) FROM reviews_sheetentry e JOIN reviews_scoresheet s ON s.id = e.sheet_id WHERE e.value = '14'"
    )
    assert saved == [(5,)]
    tab_through(page, "overall-choice")
    page.keyboard.press("Space")
    tab_through(page, "overall-comment")
    page.keyboard.type(WHY)
    tab_through(page, "检查并提交")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expert.look()
    expert.reads("提交以后不能自己修改")
    tab_through(page, "提交评分表")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expert.look()
    expert.reads("的评分表已提交")
    assert server.rows("SELECT count(*) FROM reviews_scoresheet WHERE state = 'submitted'") == [(1,)]


def score_the_rest(expert: Visitor, server: Server) -> None:
    for points in ("13", "14.5"):
        expert.go("/desk/sheets/")
        expert.press(
            expert.page.locator("main tbody tr", has_text="还没有评").first.get_by_role("link").first
        )
        expert.type(dict.fromkeys(_points(expert.page), points))
        expert.page.locator("[name=overall-choice]").first.check()
        for box in expert.page.locator("[name$=-comment]").all():
            box.fill(WHY)
        expert.press("检查并提交")
        expert.press("提交评分表")
    expert.fits()
    expert.press(expert.page.locator("main tbody tr", has_text="已提交").first.get_by_role("link").first)
    expert.reads("总分")
    expert.fits()
    assert server.rows("SELECT count(*) FROM reviews_scoresheet WHERE state = 'submitted'") == [(3,)]


def read_blind(reader: Visitor) -> None:
    """Where the call says so nobody learns who applied: not in the list, the application, the sheet or its PDF."""
    reader.go("/desk/reading/")
    card = reader.page.locator("main section", has_text=stage_of.BLIND)
    expect(card).not_to_contain_text("示范")
    reader.press(card.locator("tbody a").first)
    reader.reads("匿名评审")
    expect(reader.page.locator("main")).not_to_contain_text("河东区示范事务中心")
    assert reader.context.request.get(f"{reader.page.url}form.pdf").status == 404
    reader.fits()
    reader.press("去评分")
    reader.reads("匿名评审")
    expect(reader.page.locator("main")).not_to_contain_text("河东区示范事务中心")


def give_a_sheet_back(officer: Visitor) -> None:
    """The officer sees who is out and who handed in, and gives one sheet back with the reason."""
    officer.go("/desk/")
    officer.press("专家评审组")
    officer.press(stage_of.PANEL)
    officer.reads("须回避，已暂停")
    officer.reads("去年为该单位做过咨询")
    officer.press("评审结果")
    officer.fits()
    officer.press(officer.page.locator("main a[href*='/discussion/']").first)
    officer.fits()
    theirs = officer.page.locator("details", has_text="沈评的评语")
    officer.press(theirs.get_by_role("link", name=re.compile("^重新打开")))
    officer.type({"reason": "第三项的评语请写明依据。"})
    officer.press("重新打开", exact=False)
    officer.reads("重新打开，没有再提交")


def put_it_right(expert: Visitor, server: Server) -> None:
    """The expert learns of it on the page of messages, and hands in again."""
    expert.go("/messages/")
    come_back_until(expert, "的评分表重新打开")
    expert.press(expert.page.locator("main").get_by_role("link", name=re.compile("评分表重新打开")).first)
    expert.reads("重新打开了这份评分表")
    expert.type({"plan-comment": f"{WHY}任务按季度对应。"})
    expert.press("检查并提交")
    expert.press("提交评分表")
    assert server.rows("SELECT count(*) FROM reviews_scoresheet WHERE state = 'submitted'") == [(11,)]


def turn_to_discussion(officer: Visitor) -> None:
    officer.go("/desk/")
    officer.press("专家评审组")
    officer.press(stage_of.PANEL)
    officer.press("转入合议")
    officer.press("转入合议")
    officer.reads("合议中", within=".head")
    officer.press("评审结果")


def discuss(officer: Visitor, reader: Visitor, server: Server) -> None:
    """The panel talks about the sheet that lies far off, and an item of it is moderated with the reason."""
    officer.press(officer.page.locator("[aria-labelledby=h-outliers] a").first)

    reader.go("/desk/sheets/")
    reader.fits()
    reader.press(reader.page.locator("main a[href*='/discussion/']").first)
    reader.reads("专家之间不显示姓名")
    expect(reader.page.locator("main")).not_to_contain_text("沈评")
    reader.fits()
    reader.expected.add(422)
    reader.press("发出意见")
    reader.message_at("text", "请写")
    reader.type({"text": "基数在第二份证明材料里，同意调整。"})
    reader.press("发出意见")
    reader.reads("基数在第二份证明材料里")

    officer.page.reload()
    officer.reads("基数在第二份证明材料里")
    theirs = officer.page.locator("details", has_text="何鉴的评语")
    officer.press(theirs.get_by_role("link", name=re.compile("^调整一项评分")))
    officer.page.select_option("[name=item]", "plan")
    officer.type({"points": "27", "reason": "合议时补看证明材料，专家本人同意。"})
    officer.fits()
    officer.press("记录调整")
    officer.reads("由 15 改为 27")
    assert server.rows("SELECT item, before, after FROM reviews_moderation") == [("plan", "15", "27")]
    reader.go("/messages/")
    come_back_until(reader, "的评分在合议中调整")


def meet(officer: Visitor, expert: Visitor, conflicted: str, server: Server) -> None:
    """Agenda, attendance, who leaves the room, votes, and minutes; an expert follows on the screen in the room."""
    page = officer.page
    officer.press("评审结果")
    officer.press("评审会")
    officer.press("安排评审会")
    today = page.evaluate("new Date().toLocaleDateString('sv')")
    officer.type({"day": today, "clock": "午后", "place": "三楼会议室", "chair": "韩组长"})
    officer.expected.add(422)
    officer.press("保存安排")
    officer.message_at("clock", "看不出是几点")
    officer.type({"clock": "14:00"})
    officer.press("保存安排")
    officer.fits()
    for box in page.locator("[name=present]").all():
        box.check()
    officer.press("保存到会情况")
    officer.press(page.locator("article").nth(1).get_by_role("button", name=re.compile("上移")))
    officer.press("开会")
    items = page.locator("article")
    for at in range(items.count()):
        item = items.nth(at)
        officer.press(item.get_by_role("button", name=re.compile("^开始讨论")))
        if conflicted in item.inner_text():
            expect(item).to_contain_text("沈评回避")
            expert.go(page.url.split("/meeting/")[0] + "/meeting/live/")
            expert.reads("请您离席")
            expert.fits()
            expect(item.locator(".votes")).not_to_contain_text("沈评")
        for line in item.locator(".votes fieldset").all():
            line.get_by_role("radio").first.check()
        if at == 0:
            officer.fits()
        item.locator("[name=note]").fill("同意评审组的意见。")
        officer.press(item.get_by_role("button", name="保存表决和记录"))
        expect(item).to_contain_text("，通过")
        officer.press(item.get_by_role("button", name=re.compile("^保存并结束这一项")))
        expect(item).to_contain_text("同意评审组的意见。")
    officer.press("散会并冻结纪要")
    officer.press("散会")
    officer.reads("会议纪要冻结", within="body")
    officer.fits()
    assert officer.get(page.locator("main a[href$='minutes.pdf']")).startswith(b"%PDF")
    assert server.rows("SELECT count(*) FROM reviews_vote") == [(11,)]
    assert server.rows("SELECT state FROM reviews_meeting") == [("closed",)]


def try_and_freeze(officer: Visitor, server: Server) -> str:
    """Other weights are tried and change nothing; the result is frozen and worked out again to the same bytes."""
    officer.press("换权重试算")
    officer.fits()
    officer.type({"w-basis": "0"})
    officer.press("试算", within="main form")
    officer.reads("按这些权重的名次")
    officer.fits()
    officer.press("评审结果")
    officer.press("冻结结果")
    officer.press("冻结", exact=False)
    officer.look()
    officer.fits()
    officer.press("重新计算", exact=False)
    officer.reads("逐字节相同")
    assert server.rows("SELECT count(*) FROM documents_document WHERE kind = 'panel-result'") == [(1,)]
    return officer.page.locator("main table tbody tr").first.locator(".code").inner_text()


def decide(officer: Visitor) -> None:
    """A handler writes every decision, with the scores before the eyes; nobody confirms one's own."""
    officer.go("/desk/")
    officer.press("逐件决定")
    page = officer.page
    rows = page.locator("main tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("专家评审得分")
    for at in range(4):
        rows.nth(at).locator("select").select_option("not_select" if at == 3 else "select")
    officer.expected.add(422)
    officer.press("保存，下一步提交确认")
    officer.reads("理由")
    officer.look()
    expect(rows.nth(3)).to_contain_text("都要写明理由")
    rows.nth(3).locator("textarea").fill("与同区另一项目内容重复，请合并以后再报。")
    officer.fits()
    officer.press("保存，下一步提交确认")
    officer.press("提交确认", exact=False)
    officer.reads("待确认", within=".head")
    expect(officer.control("确认")).to_have_count(0)


def confirm(approver: Visitor, server: Server) -> None:
    approver.go("/desk/")
    approver.press("确认", exact=False)
    approver.reads("与同区另一项目内容重复")
    approver.fits()
    approver.press("确认")
    approver.press("确认", exact=False)
    approver.reads("已确认", within=".head")
    states = server.rows(
        "SELECT state, count(*) FROM applications_application a JOIN organisations_office o ON o.id = a.office_id"
        " WHERE o.key = 'commission' GROUP BY state ORDER BY state"
    )
    assert states == [("declined", 1), ("recommended", 3)]


def send_the_list(officer: Visitor, approver: Visitor, first: str, server: Server) -> None:
    """In the order of the scores, approved by another, sealed, and gone to the nation."""
    officer.go("/desk/")
    officer.press(officer.page.locator("main .place-links a", has_text="清单").first)
    officer.press(officer.page.locator("[name=source]").first)
    officer.reads("已按得分排序")
    expect(officer.page.locator("ol.rank > li").first).to_contain_text(first)
    officer.fits()
    officer.press("提交审批", exact=False)
    officer.press("提交审批", exact=False)
    approver.go(officer.page.url)
    approver.press("审批通过")
    approver.press("审批通过")
    approver.press("上传盖章扫描件")
    approver.upload("[name=scan]", *SCANS[0])
    approver.press("上传")
    approver.press("报送（", exact=False)
    approver.press("报送", exact=False)
    approver.reads("已报送")
    approver.fits()
    assert server.rows("SELECT count(*) FROM applications_application WHERE state = 'nominated'") == [(3,)]
