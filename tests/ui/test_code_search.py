"""Finding an industry and a county in the browser: keyboard, pointer, slow and missing lists.

The page is made by the real markup; the lists are answered by the real views.
"""

from collections.abc import Iterator

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import resolve
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from shidian.questionnaires.definition import Section
from shidian.ui.csp import POLICY
from shidian.ui.questionnaire import bind
from tests.browser.visitor import axe
from tests.ui import static_files

pytestmark = pytest.mark.browser

HOST = "http://shidian.test"
SECTION = Section.model_validate(
    {
        "key": "s",
        "mark": "一",
        "title": "部分",
        "fields": [
            {"key": "trade", "label": "所属行业", "type": "industry"},
            {"key": "seat", "label": "法人注册地址", "type": "region"},
        ],
    }
)


class Site:
    """Answers every request of the page."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.lists = True
        self.asked: list[str] = []

    def handle(self, route: Route) -> None:
        url = route.request.url.removeprefix(HOST)
        if url.startswith("/static/"):
            static_files.answer(route)
        elif url.startswith(("/industries/", "/regions/")):
            self.asked.append(url)
            if not self.lists:
                route.abort()
                return
            found = resolve(url.split("?")[0])
            answer = found.func(RequestFactory().get(url), **found.kwargs)
            route.fulfill(body=answer.content, content_type="application/json")
        else:
            fields = render_to_string("ui/components/fields.html", {"fields": bind(SECTION, self.values)})
            route.fulfill(
                body=(
                    '<!DOCTYPE html><html lang="zh-CN"><head><title>页</title>'
                    '<link rel="stylesheet" href="/static/ui/css/look.css"></head><body><main><h1>页</h1>'
                    f'<form method="post" action="/posted">{fields}<button>保存</button></form></main>'
                    '<script type="module" src="/static/ui/js/main.js"></script></body></html>'
                ),
                content_type="text/html; charset=utf-8",
                headers={"Content-Security-Policy": POLICY},
            )


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
    yield page
    page.close()
    assert faults == []


def shown(page: Page) -> list[str]:
    page.wait_for_selector(".code-list:not([hidden])")
    return [text.split(" ")[0] for text in page.locator(".code-list [role=option]").all_inner_texts()]


def test_words_find_an_industry_and_the_keyboard_takes_it(page, site):
    page.goto(HOST)
    page.locator("#f-trade").press_sequentially("综合事务")
    assert shown(page) == ["9221"]
    expect(page.locator("#f-trade")).to_have_attribute("aria-expanded", "true")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.locator("#f-trade")).to_have_value("9221 综合事务管理机构")
    expect(page.locator("[data-above=f-trade]")).to_contain_text("92 国家机构 › 922 国家行政机构")
    expect(page.locator(".code-list")).to_be_hidden()
    assert page.url.removeprefix(HOST) == "/"
    assert len(site.asked) == 1


def test_an_everyday_word_finds_what_the_standard_calls_otherwise(page):
    page.goto(HOST)
    page.fill("#f-trade", "养老院")

    assert shown(page)[0] == "8514"


def test_a_number_finds_all_below_it_and_a_pointer_takes_one(page):
    page.goto(HOST)
    page.fill("#f-trade", "85")
    assert shown(page) == ["85", "851", "852"]

    page.fill("#f-trade", "s851")
    assert shown(page)[:3] == ["851", "8511", "8512"]
    page.click(".code-list [role=option]:nth-child(5)")

    expect(page.locator("#f-trade")).to_have_value("8514 老年人、残疾人养护服务")


def test_the_whole_list_can_be_looked_through_from_the_letters_down(page):
    page.goto(HOST)
    page.click(".code-open")
    assert shown(page) == list("ABCDEFGHIJKLMNOPQRST")

    page.click(".code-list [role=option] >> text=公共管理")
    expect(page.locator("#f-trade")).to_have_value("S 公共管理、社会保障和社会组织")
    page.keyboard.press("ArrowDown")
    assert shown(page) == ["S", "91", "92", "93", "94", "95", "96"]

    page.keyboard.press("Escape")
    expect(page.locator(".code-list")).to_be_hidden()
    expect(page.locator("#f-trade")).to_have_value("S 公共管理、社会保障和社会组织")


@pytest.mark.parametrize("words", ["社会", "某某行业", ""])
def test_nothing_stands_in_the_way_of_assistive_technology(page, words):
    page.goto(HOST)
    page.fill("#f-trade", words)
    if words:
        page.wait_for_selector(".code-list:not([hidden])")
        page.keyboard.press("ArrowDown")

    assert axe(page) == []


def test_the_open_list_fits_a_narrow_phone(page):
    page.set_viewport_size({"width": 320, "height": 600})
    page.goto(HOST)
    page.fill("#f-trade", "制造")
    page.wait_for_selector(".code-list:not([hidden])")

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    box = page.locator(".code-list").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320


def test_a_code_needs_no_choosing(page):
    page.goto(HOST)
    page.fill("#f-trade", "9610")
    page.locator("#f-seat-detail").focus()

    expect(page.locator("#f-trade")).to_have_value("9610 社区居民自治组织")


def test_what_is_in_no_list_stays_as_it_was_typed(page):
    page.goto(HOST)
    page.fill("#f-trade", "某某行业")
    page.locator("#f-seat-detail").focus()

    expect(page.locator("#f-trade")).to_have_value("某某行业")
    expect(page.locator("[data-above=f-trade]")).to_contain_text("没有这个行业")


def test_an_offer_is_taken_without_a_post(page, site):
    site.values = {"trade": "养老"}
    page.goto(HOST)
    page.wait_for_selector(".code-open")
    assert page.locator(".code-offers button").first.inner_text() == "8514 老年人、残疾人养护服务"

    page.click(".code-offers >> text=基本养老保险")

    expect(page.locator("#f-trade")).to_have_value("9411 基本养老保险")
    expect(page.locator(".code-offers")).to_have_count(0)
    assert page.url.removeprefix(HOST) == "/"


def test_without_the_list_the_input_is_a_plain_one(page, site):
    site.lists = False
    page.goto(HOST)
    page.fill("#f-trade", "养老")
    page.locator("#f-seat-detail").focus()

    expect(page.locator("#f-trade")).to_have_value("养老")
    expect(page.locator(".code-list")).to_be_hidden()


def test_counties_come_by_city_and_a_long_list_is_narrowed(page):
    page.goto(HOST)
    expect(page.locator(".narrowing input")).to_be_hidden()
    page.select_option("#f-seat-province", "130000")
    expect(page.locator("#f-seat-county optgroup")).to_have_count(11)

    page.fill(".narrowing input", "唐山")
    expect(page.locator("#f-seat-county optgroup")).to_have_count(1)
    page.select_option("#f-seat-county", label="路北区")
    page.fill(".narrowing input", "长安")
    assert page.locator("#f-seat-county").input_value() == "130203"
    expect(page.locator("#f-seat-county option")).to_have_count(3)


def test_a_municipality_has_a_short_list_and_no_box(page):
    page.goto(HOST)
    page.select_option("#f-seat-province", "120000")

    expect(page.locator("#f-seat-county option")).to_have_count(17)
    expect(page.locator(".narrowing input")).to_be_hidden()
    expect(page.locator("#f-seat-county optgroup")).to_have_count(0)


def test_a_county_brought_back_before_its_list_came_stays(page):
    page.goto(HOST)
    page.evaluate("""() => {
      const [province, county] = ["f-seat-province", "f-seat-county"].map((id) => document.getElementById(id));
      province.value = "120000";
      province.dispatchEvent(new Event("input", { bubbles: true }));
      county.append(new Option("120103", "120103"));
      county.value = "120103";
    }""")

    expect(page.locator("#f-seat-county option")).to_have_count(17)
    assert page.locator("#f-seat-county").input_value() == "120103"


def test_without_a_list_of_counties_the_button_of_the_plain_form_comes_back(page, site):
    site.lists = False
    page.goto(HOST)
    expect(page.locator("[data-no-script]")).to_be_hidden()

    page.select_option("#f-seat-province", "120000")

    expect(page.locator("[data-no-script]")).to_be_visible()
