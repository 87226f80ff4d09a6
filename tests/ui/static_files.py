"""The static files that a page of tests/ui asks for; looked for and read once, since every page asks for forty."""

from __future__ import annotations

import mimetypes
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from playwright.sync_api import Route

from tests.browser.visitor import AXE


def answer(route: Route) -> None:
    """Give the file that an address below /static/ names."""
    content, kind = _file(route.request.url.partition("/static/")[2].partition("?")[0])
    route.fulfill(body=content, content_type=kind)


@cache
def _file(name: str) -> tuple[bytes, str]:
    path = str(AXE if name == AXE.name else finders.find(name))
    return Path(path).read_bytes(), mimetypes.guess_type(path)[0] or "text/plain"
