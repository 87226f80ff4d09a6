"""Fields that are there only when earlier answers call for them: as the server writes them, and as the page follows."""

from collections.abc import Iterator

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, Route, expect

from shidian.questionnaires.definition import Questionnaire
from shidian.questionnaires.visibility import shown, visible
from shidian.ui.controls import ScreenField
from shidian.ui.csp import POLICY
from shidian.ui.questionnaire import bind

HOST = "http://shidian.test"
FORM = Questionnaire.model_validate(
    {
        "key": "form",
        "version": 1,
        "title": "表",
        "sections": [
            {
                "key": "s",
                "mark": "一",
                "title": "部分",
                "fields": [
                    {"key": "met", "label": "是否符合", "type": "yes_no"},
                    {
                        "key": "note",
                        "label": "不符合的说明",
                        "type": "long_text",
                        "required": True,
                        "visible_when": "s.met == 'no'",
                    },
                    {
                        "key": "period",
                        "label": "整改时间",
                        "type": "month_range",
                        "group": "整改",
                        "visible_when": "s.met == 'no'",
                    },
                    {
                        "key": "steps",
                        "label": "整改步骤",
                        "type": "rows",
                        "group": "整改",
                        "visible_when": "s.note != ''",
                        "columns": [{"key": "what", "label": "内容"}],
                    },
                    {"key": "last", "label": "备注", "type": "text"},
                ],
            }
        ],
    }
)
SECTION = FORM.section("s")


def bound(answers: dict, **more) -> dict[str, ScreenField]:
    known = visible(FORM, {"s": answers})
    return {field.key: field for field in bind(SECTION, answers, known=known, **more)}


def test_what_is_not_called_for_is_there_and_hidden_with_its_text() -> None:
    fields = bound({"met": "yes", "note": "以前写的"})

    assert [key for key, field in fields.items() if field.hidden] == ["note", "period", "steps"]
    assert fields["note"].shows == "s.note"
    assert fields["last"].shows == ""
    html = render_to_string("ui/components/field.html", {"field": fields["note"]})
    assert '<div data-shows="s.note" hidden class="field' in html
    assert "以前写的" in html


def test_what_is_called_for_is_shown() -> None:
    html = render_to_string("ui/components/field.html", {"field": bound({"met": "no"})["note"]})

    assert 'data-shows="s.note" class="field' in html
    assert " hidden" not in html.partition(">")[0]


def test_a_heading_of_conditional_fields_only_goes_with_them() -> None:
    hidden, shown_ = bound({"met": "yes"})["period"], bound({"met": "no"})["period"]

    assert (hidden.heading_shows, hidden.heading_hidden) == ("s.period s.steps", True)
    assert not shown_.heading_hidden
    html = render_to_string("ui/components/field.html", {"field": hidden})
    assert '<h2 data-shows="s.period s.steps" hidden class="field-heading' in html


def test_what_can_only_be_read_is_left_out_while_hidden() -> None:
    assert list(bound({"met": "yes"}, open_fields=frozenset())) == ["met", "last"]
    assert "note" in bound({"met": "yes"}, open_fields=frozenset({"note"}))


def test_a_section_is_shown_whole_without_being_told_what_counts() -> None:
    assert [field.hidden for field in bind(SECTION, {})] == [False] * 5


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    def answer(route: Route) -> None:
        url = route.request.url.removeprefix(HOST)
        if url.startswith("/static/"):
            route.fulfill(
                path=str(finders.find(url.removeprefix("/static/"))), content_type="text/javascript"
            )
            return
        known = visible(FORM, {"s": {"met": "yes"}})
        fields = render_to_string(
            "ui/components/fields.html", {"fields": bind(SECTION, {"met": "yes"}, known=known)}
        )
        route.fulfill(
            body=f"<!doctype html><title>t</title><style>[hidden] {{ display: none }}</style><form>{fields}</form>",
            content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": POLICY.replace("style-src", "style-src 'unsafe-inline'")},
        )

    opened = browser.new_page()
    opened.route("**/*", answer)
    opened.goto(f"{HOST}/form")
    yield opened
    opened.close()


def follow(page: Page, told: dict[str, bool]) -> None:
    page.evaluate("async (told) => { (await import('/static/ui/js/show.js')).apply(told); }", told)


@pytest.mark.browser
def test_the_page_follows_what_the_server_says(page: Page) -> None:
    expect(page.locator("#f-note")).to_be_hidden()

    follow(page, shown(FORM, {"s": {"met": "no"}}))
    expect(page.locator("#f-note")).to_be_visible()
    expect(page.locator("h2")).to_be_visible()
    expect(page.locator("#f-steps")).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("需要填写：不符合的说明、整改时间。")

    page.fill("#f-note", "正在整改")
    follow(page, shown(FORM, {"s": {"met": "yes"}}))
    expect(page.locator("#f-note")).to_be_hidden()
    expect(page.locator("h2")).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("不用再填：不符合的说明、整改时间。")

    follow(page, shown(FORM, {"s": {"met": "no"}}))
    expect(page.locator("#f-note")).to_have_value("正在整改")


@pytest.mark.browser
def test_the_page_listens_to_what_was_saved(page: Page) -> None:
    page.evaluate("async () => (await import('/static/ui/js/show.js')).start(document)")

    page.evaluate(
        "document.forms[0].dispatchEvent(new CustomEvent('saved', {detail: {visible: {'s.note': true}}}))"
    )

    expect(page.locator("#f-note")).to_be_visible()


@pytest.mark.browser
def test_whoever_stands_in_a_field_that_goes_stays_in_the_form(page: Page) -> None:
    follow(page, {"s.note": True, "s.period": True})
    page.focus("#f-period-from")

    follow(page, {"s.period": False})

    assert page.evaluate("document.activeElement.id") == "f-note"
    follow(page, {})
    follow(page, {"elsewhere.field": True})
    expect(page.locator("#f-note")).to_be_visible()
