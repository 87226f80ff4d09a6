"""The browser modules, each driven in a real Chromium against answers that the test gives.

No server: pages and static files are served by the test through request interception.
"""

import json
import mimetypes
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from playwright.sync_api import BrowserContext, Page, Route, expect, sync_playwright

from shidian.questionnaires.definition import Section
from shidian.ui.csp import POLICY
from shidian.ui.questionnaire import bind
from tests.browser import chromium

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
        self.answer: tuple[int, dict[str, Any]] = (200, {"saved_at": "10:42", "version": 5, "problems": []})
        self.online = True

    def handle(self, route: Route) -> None:
        url = route.request.url.removeprefix(HOST)
        if url.startswith("/static/"):
            path = str(finders.find(url.removeprefix("/static/").split("?")[0]))
            kind = mimetypes.guess_type(path)[0] or "text/plain"
            route.fulfill(path=path, content_type=kind)
        elif url == "/save":
            self._save(route)
        else:
            route.fulfill(
                body=page_of(url),
                content_type="text/html; charset=utf-8",
                headers={"Content-Security-Policy": POLICY},
            )

    def _save(self, route: Route) -> None:
        if not self.online:
            route.abort()
            return
        assert route.request.headers["x-requested-with"] == "autosave"
        self.saves.append(fields_of(route.request.post_data_buffer or b""))
        status, body = self.answer
        route.fulfill(status=status, body=json.dumps(body), content_type="application/json")


def fields_of(body: bytes) -> dict[str, str]:
    """Names and values of a multipart body."""
    boundary = body.split(b"\r\n", 1)[0]
    found = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        found[head.split(b'name="')[1].split(b'"')[0].decode()] = value.removesuffix(b"\r\n").decode()
    return found


def page_of(url: str) -> str:
    if url == "/list":
        rows = "".join(
            f'<tr><td><input type="checkbox"><a href="/item-{n}">第 {n} 件</a></td></tr>' for n in (1, 2, 3)
        )
        body = f'<input type="search" aria-label="搜索"><table data-keys><tbody>{rows}</tbody></table>'
    else:
        fields = render_to_string("ui/components/fields.html", {"fields": bind(SECTION, VALUES)})
        body = (
            '<p class="saved" data-saved data-is="idle"></p>'
            '<form method="post" action="/save" data-autosave data-key="k1"><input type="hidden" name="version" value="4">'
            f"{fields}<button>保存</button></form>"
        )
    return (
        '<!DOCTYPE html><html lang="zh-CN"><head><title>页</title><link rel="stylesheet" href="/static/ui/css/look.css">'
        f'</head><body><main>{body}</main><script type="module" src="/static/ui/js/main.js"></script></body></html>'
    )


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.program(), args=chromium.FLAGS)
        yield browser.new_context(locale="zh-CN")
        browser.close()


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
    yield page
    page.evaluate("localStorage.clear()")
    page.close()
    assert faults == []


def status(page: Page) -> Any:
    return page.locator("[data-saved]")


def test_typing_is_saved_once_it_rests(page, site):
    page.fill("#f-state", "现在的情况")

    expect(status(page)).to_have_text("已自动保存 10:42")
    assert [save["state"] for save in site.saves] == ["现在的情况"]
    assert page.locator("[name=version]").input_value() == "5"
    assert page.evaluate("localStorage.length") == 0


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
    page.wait_for_timeout(1000)

    assert site.saves == []


def test_without_a_network_the_text_stays_and_is_sent_later(page, site):
    site.online = False
    page.fill("#f-state", "断网时写的")
    expect(status(page)).to_have_attribute("data-is", "off")
    expect(status(page)).to_contain_text("没有保存：网络断开，内容留在本机")
    assert "k1" in page.evaluate("Object.keys(localStorage)[0]")

    site.online = True
    page.evaluate("dispatchEvent(new Event('online'))")

    expect(status(page)).to_have_attribute("data-is", "ok")
    assert site.saves[-1]["state"] == "断网时写的"
    assert page.evaluate("localStorage.length") == 0


def test_text_left_behind_is_offered_and_never_written_by_itself(page, site):
    page.evaluate(
        """localStorage.setItem("shidian:k1", JSON.stringify({at: Date.now(), snapshot: "state=%E6%B2%A1%E5%AD%98"}))"""
    )
    page.reload()
    expect(page.locator(".draft h2")).to_contain_text("没有保存的内容")
    assert page.locator("#f-state").input_value() == "原来"
    page.wait_for_timeout(1000)
    assert site.saves == []

    page.click("text=用本机的内容")

    assert page.locator("#f-state").input_value() == "没存"
    expect(status(page)).to_have_attribute("data-is", "ok")
    assert site.saves[-1]["state"] == "没存"


def test_text_left_behind_can_be_dropped(page, site):
    page.evaluate(
        """localStorage.setItem("shidian:k1", JSON.stringify({at: Date.now(), snapshot: "state=x"}))"""
    )
    page.reload()

    page.click("text=不用，留现在的")

    assert page.locator(".draft").count() == 0
    assert page.evaluate("localStorage.length") == 0
    assert site.saves == []


def test_a_conflict_stops_saving_and_leads_to_the_choice(page, site):
    site.answer = (409, {"conflict": True, "url": "/two-texts"})
    page.fill("#f-state", "我的")
    expect(status(page).locator("a")).to_have_attribute("href", "/two-texts")

    page.fill("#f-state", "我的二")
    page.wait_for_timeout(1200)

    assert len(site.saves) == 1
    assert "k1" in page.evaluate("Object.keys(localStorage)[0]")


def test_an_ended_sign_in_is_not_taken_for_saved(page, site):
    site.answer = (403, {})
    page.fill("#f-state", "退出之后写的")

    expect(status(page)).to_contain_text("登录已失效")
    assert page.evaluate("localStorage.length") == 1


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


def test_a_long_list_is_narrowed_and_keeps_the_answer(page):
    page.select_option("#f-trade", "92")

    page.fill(".narrowing input", "卫生")

    values = page.evaluate("[...document.querySelectorAll('#f-trade option')].map((o) => o.value)")
    assert "84" in values
    assert "92" in values
    assert "01" not in values
    assert len(values) < 60
    assert page.locator("#f-trade").input_value() == "92"


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
