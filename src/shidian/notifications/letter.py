"""A letter before it leaves: subject and lines, as plain text and as a page of its own for those who read HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_ADDRESS = re.compile(r"https?://\S+")
_FRAME = (
    '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{subject}</title></head>'
    '<body style="margin:0;background:#f4f4f2;color:#222">'
    '<div style="max-width:36em;margin:0 auto;padding:24px 20px;background:#fff;'
    "font:16px/1.7 'Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif;overflow-wrap:anywhere\">"
    '<h1 style="font-size:20px;line-height:1.4;margin:0 0 16px;color:#8a1f1a">{subject}</h1>{body}</div></body></html>'
)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a letter."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent. `secret`: it holds a token or a code, so its text is never kept."""

    subject: str
    text: str
    secret: bool = False
    enclosed: tuple[Enclosure, ...] = ()

    @property
    def html(self) -> str:
        """The same as a page: paragraphs, lines, and addresses that can be pressed."""
        return _FRAME.format(subject=escape(self.subject), body=body_html(self.text))


def letter(subject: str, lines: Sequence[str], *, secret: bool = False) -> Letter:
    """A letter of lines."""
    return Letter(subject, "\n".join(lines), secret)


def body_html(text: str) -> SafeString:
    """A plain text as paragraphs; nothing in it is markup."""
    paragraphs = [part for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    return mark_safe("".join(f"<p>{_lines(part)}</p>" for part in paragraphs))  # noqa: S308 (escaped below)


def _lines(part: str) -> str:
    return "<br>".join(_line(line) for line in part.strip("\n").split("\n"))


def _line(line: str) -> str:
    found, last = [], 0
    for match in _ADDRESS.finditer(line):
        address = escape(match[0])
        found += [escape(line[last : match.start()]), f'<a href="{address}">{address}</a>']
        last = match.end()
    return "".join([*found, escape(line[last:])]).replace("    ", "&emsp;")
