"""What the tests of the desk share."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client
from python_calamine import CalamineWorkbook

from shidian.accounts.models import User


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """The page as a reader sees it: without tags, spaces folded."""
    body = re.sub(r"<(script|style|template)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", body)))


def source_of(response: Any) -> str:
    return unescape(response.content.decode())


def sheet_of(response: Any) -> list[list[Any]]:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    from io import BytesIO

    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
