"""The browser modules, each driven in a real Chromium against answers that the test gives.

No server: pages and static files are served by the test through request interception.
"""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from shidian.questionnaires.definition import Section
from shidian.ui.csp import POLICY
from shidian.ui.questionnaire import bind
from tests.ui import static_files

pytestmark = pytest.mark.browser

HOST = "http://shidian.test"
SECTION = Section.model_validate(
    {
        "key": "s",
        "mark": "一",
        "title": "部分",
        "fields": [
            {"key": "state", "label": "现状", "type": "long_text", "max_chars": 20},
            {"key": "trade", "label": "所属行业", "type": "industry"},
            {
                "key": "sure",
                "label": "是否符合",
                "type": "yes_no",
                "qualifies": "yes",
                "explain": "不符合条件。",
            },
            {
                "key": "plan",
                "label": "步骤",
                "type": "rows",
                "max_rows": 3,
                "columns": [
                    {"key": "time", "label": "时间"},
                    {"key": "what", "label": "内容", "type": "long_text"},
                ],
            },
        ],
    }
)
VALUES = {"state": "原来", "plan": [{"time": "一月", "what": "甲"}, {"time": "二月", "what": "乙"}]}


class Site:
    """Answers every request of the page, and keeps what was saved."""

    def __init__(self) -> None:
        self.saves: list[dict[str, str]] = []
        self.answer: tuple[int, dict[str, Any]] | None = None  # instead of taking what is posted
        self.online = True
        self.user = 7

    def handle(self, route: Route) -> None:
        url = route.request.url.removeprefix(HOST)
        if url.startswith("/static/"):
            static_files.answer(route)
        elif url.startswith("/save/"):
            self._save(route, url.split("/")[2])
        elif url == "/session/":
            said = {"user": self.user, "token": "fresh", "sign_in": "/sign-in/"}
            route.fulfill(body=json.dumps(said), content_type="application/json")
        else:
            route.fulfill(
                body=page_of(url),
                content_type="text/html; charset=utf-8",
                headers={"Content-Security-Policy": POLICY},
            )

    def _save(self, route: Route, key: str) -> None:
        if not self.online:
            route.abort()
            return
        posted = dict(parse_qsl((route.request.post_data_buffer or b"").decode(), keep_blank_values=True))
        self.saves.append({"key": key, **posted})
        status, body = self.answer or (
            200,
            {"saved_at": "10:42", "number": int(posted["number"]) + 1, "problems": []},
        )
        route.fulfill(status=status, body=json.dumps(body), content_type="application/json")


def page_of(url: str) -> str:
    if url == "/list":
        rows = "".join(
            f'<tr><td><input type="checkbox"><a href="/item-{n}">第 {n} 件</a></td></tr>' for n in (1, 2, 3)
        )
        body = f'<input type="search" aria-label="搜索"><table data-keys><tbody>{rows}</tbody></table>'
    elif url.startswith("/sign-in/"):
        body = "<p data-signed-in>已登录</p>"
    else:
        fields = render_to_string("ui/components/fields.html", {"fields": bind(SECTION, VALUES)})
        body = (
            '<p class="saved" data-saved data-is="idle"></p>'
            '<form method="post" action="/page" data-autosave data-key="7/TJ10-1/s" data-fields="/save/" data-user="7"'
            ' data-session="/session/" data-signed-in="/signed-in/"><input type="hidden" name="csrfmiddlewaretoken" value="old">'
            """<input type="hidden" name="numbers" value='{"state": 4, "trade": 0, "sure": 0, "plan": 2}'>"""
            f"{fields}<button>保存</button></form>"
        )
    return (
        '<!DOCTYPE html><html lang="zh-CN"><head><title>页</title><link rel="stylesheet" href="/static/ui/css/look.css">'
        f'</head><body><main>{body}</main><script type="module" src="/static/ui/js/main.js"></script></body></html>'
    )


FORGET = """new Promise((done) => {
  const request = indexedDB.deleteDatabase("shidian");
  request.onblocked = request.onsuccess = request.onerror = () => done();
})"""


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="zh-CN")
    yield context
    context.close()


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Iterator[Page]:
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if "Content Security" in m.text else None)
    page.route("**/*", site.handle)
    page.goto(f"{HOST}/form")
    page.wait_for_selector("form[data-ready]")
    yield page
    page.evaluate(FORGET)
    page.close()
    assert faults == []


def status(page: Page) -> Any:
    return page.locator("[data-saved]")


JOURNAL = """new Promise((done) => {
  const request = indexedDB.open("shidian", 1);
  request.onsuccess = () => {
    const all = request.result.transaction("journal").objectStore("journal").getAll();
    all.onsuccess = () => { request.result.close(); done(all.result); };
  };
})"""
LEAVE = """([key, snapshot, base, place]) => new Promise((done) => {
  const request = indexedDB.open("shidian", 1);
  request.onsuccess = () => {
    const transaction = request.result.transaction("journal", "readwrite");
    transaction.objectStore("journal").put({ key, snapshot, base, at: Date.now() }, `${place}/${key}`);
    transaction.oncomplete = () => { request.result.close(); done(); };
  };
})"""


def journal(page: Page) -> dict[str, str]:
    """What is kept in this browser, by field, once it has been written down."""
    page.wait_for_timeout(100)
    return {entry["key"]: entry["snapshot"] for entry in page.evaluate(JOURNAL)}


def left_behind(page: Page, snapshot: str, *, base: int = 4, place: str = "7/TJ10-1/s") -> None:
    page.evaluate(LEAVE, ["state", snapshot, base, place])
    page.reload()
    page.wait_for_selector("form[data-ready]")


def test_typing_is_saved_once_it_rests_and_only_the_field_that_changed(page, site):
    page.fill("#f-state", "现在的情况")
    expect(status(page)).to_have_text("正在填写，还没有保存")
    assert journal(page)["state"].startswith("state=")

    expect(status(page)).to_have_text("已自动保存 10:42")

    assert site.saves == [
        {"key": "state", "state": "现在的情况", "number": "4", "csrfmiddlewaretoken": "old"}
    ]
    assert json.loads(page.locator("[name=numbers]").input_value())["state"] == 5
    assert journal(page) == {}


def test_typing_on_and_on_is_saved_meanwhile(page, site):
    page.focus("#f-state")
    begun = time.monotonic()
    for _ in range(30):
        page.keyboard.type("字")
        page.wait_for_timeout(200)

    # One in two seconds at most: three where the machine types as fast as it should.
    assert site.saves
    assert len(site.saves) <= (time.monotonic() - begun) // 2


def test_half_typed_pinyin_is_never_sent(page, site):
    client = page.context.new_cdp_session(page)
    page.focus("#f-state")
    client.send("Input.imeSetComposition", {"text": "biao", "selectionStart": 4, "selectionEnd": 4})
    page.wait_for_timeout(1200)
    assert site.saves == []

    client.send("Input.insertText", {"text": "标"})

    expect(status(page)).to_have_text("已自动保存 10:42")
    assert ["biao" in save["state"] for save in site.saves] == [False]
    assert "标" in site.saves[-1]["state"]


def test_nothing_is_saved_when_nothing_changed(page, site):
    page.focus("#f-state")
    page.locator("#f-state").blur()
    page.fill("#f-state", "原来又原来")
    page.fill("#f-state", "原来")
    page.wait_for_timeout(1200)

    assert site.saves == []
    assert journal(page) == {}


def test_without_a_network_the_text_stays_and_is_sent_later(page, site):
    site.online = False
    page.fill("#f-state", "断网时写的")
    expect(status(page)).to_have_attribute("data-is", "off")
    expect(page.locator(".saving-off")).to_contain_text("没有保存（1 栏）：网络断开")
    assert list(journal(page)) == ["state"]

    site.online = True
    page.evaluate("dispatchEvent(new Event('online'))")

    expect(status(page)).to_have_attribute("data-is", "ok")
    expect(page.locator(".saving-off")).to_be_hidden()
    assert site.saves[-1]["state"] == "断网时写的"
    assert journal(page) == {}


def test_it_is_tried_again_without_any_event(page, site):
    site.answer = (503, {})
    page.fill("#f-state", "服务器重启时写的")
    expect(page.locator(".saving-off")).to_contain_text("服务器没有接收")

    site.answer = None

    expect(status(page)).to_have_text("已自动保存 10:42", timeout=8000)


def test_text_left_behind_is_offered_and_never_written_by_itself(page, site):
    left_behind(page, "state=%E6%B2%A1%E5%AD%98", base=3)
    expect(page.locator(".draft h2")).to_contain_text("没有保存的内容")
    assert page.locator("#f-state").input_value() == "原来"
    page.wait_for_timeout(1000)
    assert site.saves == []

    page.click("text=用本机的内容")

    assert page.locator("#f-state").input_value() == "没存"
    expect(status(page)).to_have_attribute("data-is", "ok")
    assert (site.saves[-1]["state"], site.saves[-1]["number"]) == ("没存", "3")


def test_rows_left_behind_come_back_as_rows(page, site):
    rows = "plan-1-time=%E4%B8%80&plan-1-what=%E7%94%B2&plan-2-time=%E4%BA%8C&plan-2-what=%E4%B9%99&plan-3-time=%E4%B8%89&plan-3-what=%E4%B8%99"
    page.evaluate(LEAVE, ["plan", rows, 2, "7/TJ10-1/s"])
    page.reload()

    page.click("text=用本机的内容")

    expect(status(page)).to_have_attribute("data-is", "ok")
    assert page.locator("[name=plan-3-what]").input_value() == "丙"
    assert site.saves[-1]["plan-3-time"] == "三"


def test_text_left_behind_can_be_dropped(page, site):
    left_behind(page, "state=x")

    page.click("text=不用，删去本机的")

    assert page.locator(".draft").count() == 0
    assert journal(page) == {}
    assert site.saves == []


def test_text_of_another_person_is_not_offered(page, site):
    left_behind(page, "state=x", place="8/TJ10-1/s")

    assert page.locator(".draft").count() == 0
    assert list(journal(page)) == ["state"]


def test_two_texts_stand_at_the_field_and_the_others_are_saved_on(page, site):
    html = (
        '<section class="conflict" data-two-texts tabindex="-1"><h3>别人也改了</h3>'
        '<button type="button" data-keep="mine">用我写的</button></section>'
    )
    site.answer = (409, {"contested": html, "number": 9, "who": "李负责"})
    page.fill("#f-state", "我的")
    expect(page.locator("[data-place=state]")).to_contain_text("别人也改了")
    expect(status(page)).to_contain_text("有 1 栏别人也改了")
    assert journal(page) == {}

    site.answer = None
    page.check("#f-sure")
    page.fill("#f-state", "我的二")
    page.wait_for_timeout(1500)
    assert [save["key"] for save in site.saves] == ["state", "sure"]

    page.click("text=用我写的")

    expect(page.locator("[data-place=state]")).to_have_count(0)
    expect(status(page)).to_have_attribute("data-is", "ok")
    assert (site.saves[-1]["state"], site.saves[-1]["number"]) == ("我的二", "9")


def test_what_is_refused_is_said_loudly_and_stays(page, site):
    site.answer = (403, {"refused": "申请已冻结送会签。"})
    page.fill("#f-state", "冻结之后写的")

    expect(page.locator(".saving-off")).to_contain_text("没有保存：申请已冻结送会签。")
    assert list(journal(page)) == ["state"]


def test_a_token_from_before_signing_in_elsewhere_is_renewed(page, site):
    site.answer = (403, {})
    page.fill("#f-state", "在别的窗口登录之后写的")
    expect(page.locator("[name=csrfmiddlewaretoken]")).to_have_value("fresh")
    site.answer = None

    expect(status(page)).to_have_attribute("data-is", "ok", timeout=15000)
    assert site.saves[-1]["csrfmiddlewaretoken"] == "fresh"


def test_signing_in_again_happens_over_the_page(page, site):
    site.user = None
    site.answer = (401, {"sign_in": "/sign-in/"})
    page.fill("#f-state", "过期之后写的")
    expect(page.locator("dialog.sign-in-again h2")).to_have_text("登录已过期，请再登录一次")
    page.frame_locator("dialog iframe").locator("[data-signed-in]").wait_for()
    expect(page.locator("dialog.sign-in-again .wrong")).to_contain_text("不能替原来的人保存")

    site.user, site.answer = 7, None
    page.evaluate("document.querySelector('dialog iframe').contentWindow.location.reload()")

    expect(page.locator("dialog.sign-in-again")).to_have_count(0)
    expect(status(page)).to_have_attribute("data-is", "ok")
    assert (site.saves[-1]["state"], site.saves[-1]["csrfmiddlewaretoken"]) == ("过期之后写的", "fresh")
    assert page.locator("#f-state").input_value() == "过期之后写的"


def test_pressing_save_while_nothing_can_be_sent_does_not_leave_the_page(page, site):
    site.online = False
    page.fill("#f-state", "断网时按保存")
    page.click("text=保存 >> nth=-1")

    expect(page.locator(".saving-off")).to_be_visible()
    assert page.locator("#f-state").input_value() == "断网时按保存"


def test_rows_are_added_moved_and_dropped(page, site):
    contents = "[...document.querySelectorAll('ol.rows textarea')].map((t) => t.value)"
    names = "[...document.querySelectorAll('ol.rows textarea')].map((t) => t.name)"

    page.click("[name=rows-up][value=plan-2]")
    assert page.evaluate(contents) == ["乙", "甲", ""]
    page.click("[name=rows-drop][value=plan-3]")
    page.click("[name=rows-add]")

    assert page.evaluate(names) == ["plan-1-what", "plan-2-what", "plan-3-what"]
    expect(page.locator("#f-plan-3-time")).to_be_focused()
    page.locator("[name=rows-add]").dispatch_event("click")
    assert len(page.evaluate(names)) == 3
    expect(status(page)).to_have_attribute("data-is", "ok")
    assert site.saves[-1]["plan-1-what"] == "乙"


def test_the_counter_counts_characters_not_units(page):
    page.fill("#f-state", "𠅤㛃\n甲")

    expect(page.locator("#f-state-count")).to_have_text("已写 4 字，上限 20 字")
    page.fill("#f-state", "字" * 23)
    expect(page.locator("#f-state-count")).to_have_text("已写 23 字，超出 3 字")


def test_an_answer_that_does_not_qualify_is_explained_at_once(page):
    note = page.locator("[data-unless]")
    expect(note).to_be_hidden()

    page.check("#f-sure-2")
    expect(note).to_be_visible()

    page.check("#f-sure")
    expect(note).to_be_hidden()


def test_keys_walk_a_list(page):
    page.goto(f"{HOST}/list")

    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tbody tr").nth(1).locator("a")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("tbody input").first).to_be_checked()
    page.keyboard.press("?")
    expect(page.locator("[data-keys-help]")).to_contain_text("下一件")
    page.keyboard.press("/")
    expect(page.locator("[type=search]")).to_be_focused()
    page.keyboard.type("j")
    expect(page.locator("[type=search]")).to_have_value("j")
