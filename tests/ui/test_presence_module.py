"""The words about who else is here, driven in a real Chromium with its clock in hand."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from shidian.ui.csp import POLICY
from tests.ui.test_modules import HOST, Site, page_of

pytestmark = pytest.mark.browser

LINE = """<p class="note" role="status" data-presence="/presence/" data-numbers='{"state": 1}' hidden></p>"""


class Beats(Site):
    """Answers the heartbeats as the test says, and keeps what was posted."""

    def __init__(self) -> None:
        super().__init__()
        self.beats: list[dict[str, list[str]]] = []
        self.told: tuple[int, object] = (200, {"words": "", "changed": {}})

    def handle(self, route: Route) -> None:
        url = route.request.url.removeprefix(HOST)
        if url == "/presence/":
            self.beats.append(parse_qs(route.request.post_data or ""))
            route.fulfill(status=self.told[0], body=json.dumps(self.told[1]), content_type="application/json")
        elif url == "/page":
            body = page_of(url).replace("<main>", f"<main>{LINE}")
            headers = {"Content-Security-Policy": POLICY}
            route.fulfill(body=body, content_type="text/html; charset=utf-8", headers=headers)
        else:
            super().handle(route)


@pytest.fixture
def site() -> Beats:
    return Beats()


@pytest.fixture
def page(browser: Browser, site: Beats) -> Iterator[Page]:
    page = browser.new_page()
    page.clock.install()
    page.route("**/*", site.handle)
    page.goto(f"{HOST}/page")
    expect(page.locator("form[data-autosave]")).to_have_attribute("data-ready", "")
    yield page
    page.close()


def test_the_words_come_and_go_and_changed_fields_are_marked_where_they_stand(
    page: Page, site: Beats
) -> None:
    changed = {"state": {"number": 5, "who": "李负责", "at": "10:42"}}
    site.told = (200, {"words": "现在李负责也在这一部分。", "changed": changed})
    page.clock.run_for(26_000)

    line = page.locator("[data-presence]")
    expect(line).to_have_text("现在李负责也在这一部分。")
    expect(line).to_be_visible()
    assert (
        json.loads(site.beats[0]["numbers"][0])["state"] == 4
    )  # the form's own, not those the page was sent with
    assert site.beats[0]["csrfmiddlewaretoken"] == ["old"]
    mark = page.locator("[data-changed]")
    expect(mark).to_have_text("李负责 10:42 改了这一栏，刷新后可见")
    assert page.locator("#f-state").input_value() == "原来"

    site.told = (200, {"words": "", "changed": {}})
    page.clock.run_for(26_000)
    expect(line).to_be_hidden()
    expect(mark).to_have_count(0)


def test_nobody_asks_on_after_not_found_and_errors_are_borne(page: Page, site: Beats) -> None:
    site.told = (500, {})
    page.clock.run_for(26_000)
    page.wait_for_timeout(200)
    site.told = (404, {})
    page.clock.run_for(26_000)
    page.wait_for_timeout(200)
    page.clock.run_for(60_000)
    page.wait_for_timeout(200)

    assert len(site.beats) == 2
