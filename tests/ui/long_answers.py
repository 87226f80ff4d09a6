"""A page with long answers and what a browser needs of it, without a server; used by the tests of the editor and of pasting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from django.template.loader import render_to_string
from playwright.sync_api import Page, Route

from shidian.questionnaires.definition import Section
from shidian.ui.csp import POLICY
from shidian.ui.questionnaire import bind
from tests import steps
from tests.ui import static_files

HOST = "http://shidian.test"
SECTION = Section.model_validate(
    {
        "key": "s",
        "mark": "一",
        "title": "部分",
        "fields": [
            {"key": "goals", "label": "目标", "type": "long_text", "rich": True, "required": True, "max_chars": 900},
            {"key": "state", "label": "现状", "type": "long_text", "max_chars": 900},
            {
                "key": "plan",
                "label": "步骤",
                "type": "rows",
                "columns": [{"key": "what", "label": "内容", "type": "long_text"}],
            },
        ],
    }
)  # fmt: skip
PICTURES = {
    "upload": "",
    "slot": "figures",
    "list": "/pictures/",
    "view": "/pictures/__name__/",
    "names": ["图1.png", "图|2.png"],
    "accept": ".jpg,.jpeg,.png",
    "most": 20_000_000,
    "left": 3,
}
GOALS = "#f-goals"


class LongAnswers:
    """Answers every request of the page; `values` is what it shows, `saves` what was posted."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.saves: list[dict[str, str]] = []
        self.pictures: Mapping[str, object] | None = PICTURES

    def handle(self, route: Route) -> None:
        url = route.request.url.removeprefix(HOST)
        if url.startswith("/static/"):
            static_files.answer(route)
        elif url.startswith("/save/"):
            posted = dict(parse_qsl((route.request.post_data_buffer or b"").decode(), keep_blank_values=True))
            self.saves.append({"key": url.split("/")[2], **posted})
            said = {"saved_at": "10:42", "number": int(posted["number"]) + 1, "problems": []}
            route.fulfill(body=json.dumps(said), content_type="application/json")
        elif url.startswith("/pictures/"):
            if "%E5%9B%BE1.png" in url:
                route.fulfill(body=steps.png_bytes(), content_type="image/png")
            else:
                route.fulfill(status=404)
        else:
            headers = {"Content-Security-Policy": POLICY}
            route.fulfill(body=self.page(), content_type="text/html; charset=utf-8", headers=headers)

    def page(self) -> str:
        told = json.dumps(self.pictures) if self.pictures else ""
        fields = bind(SECTION, self.values)
        fields[0] = replace(
            fields[0], controls=tuple(replace(each, pictures=told) for each in fields[0].controls)
        )
        shown = render_to_string("ui/components/fields.html", {"fields": fields})
        return (
            '<!DOCTYPE html><html lang="zh-CN"><head><title>页</title><meta name="viewport" content="width=device-width">'
            '<link rel="stylesheet" href="/static/ui/css/look.css"></head><body><main><h1>部分</h1>'
            '<p class="saved" data-saved data-is="idle"></p>'
            '<form class="card" method="post" action="/page" data-autosave data-key="7/TJ10-1/s" data-fields="/save/" data-user="7"'
            ' data-session="/session/" data-signed-in="/signed-in/"><input type="hidden" name="csrfmiddlewaretoken" value="old">'
            """<input type="hidden" name="numbers" value='{"goals": 4, "state": 1, "plan": 2}'>"""
            f'<h2>内容</h2><div class="card-body">{shown}</div><button>保存</button></form></main>'
            '<script type="module" src="/static/ui/js/main.js"></script></body></html>'
        )


def open_page(page: Page, site: LongAnswers, **values: object) -> None:
    """The page with these answers, ready to be written in."""
    site.values = values
    page.goto(f"{HOST}/form")
    page.wait_for_selector("form[data-ready]")


def written(page: Page, selector: str = GOALS) -> str:
    """What the named control holds."""
    return page.locator(selector).input_value()


_COPY = """(data) => {
  const put = (event) => {
    event.preventDefault();
    for (const [kind, text] of Object.entries(data)) event.clipboardData.setData(kind, text);
  };
  document.addEventListener("copy", put, { once: true });
  document.execCommand("copy");
}"""


def paste(page: Page, *, html: str | None = None, plain: str = "") -> None:
    """Put this on the clipboard, as a program would, and press the keys in what has the focus."""
    page.evaluate(_COPY, {"text/plain": plain} | ({"text/html": html} if html is not None else {}))
    page.keyboard.press("Control+v")
