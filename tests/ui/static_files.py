"""The static files that a page of tests/ui asks for, joined as the server gives them; looked for and read once."""

from __future__ import annotations

import mimetypes
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from playwright.sync_api import Route

from shidian.config.static import SCRIPT, STYLE, join_script, join_style
from tests.browser.visitor import AXE


def answer(route: Route) -> None:
    """Give the file that an address below /static/ names."""
    content, kind = _file(route.request.url.partition("/static/")[2].partition("?")[0])
    route.fulfill(body=content, content_type=kind)


@cache
def _file(name: str) -> tuple[bytes, str]:
    join = {STYLE: join_style, SCRIPT: join_script}.get(name)
    content = join(name, lambda part: _read(part).decode()).encode() if join else _read(name)
    return content, mimetypes.guess_type(name)[0] or "text/plain"


def _read(name: str) -> bytes:
    return Path(str(AXE if name == AXE.name else finders.find(name))).read_bytes()
