"""What is left in Chinese on an English page, and is no content.

Content is what the call package, the code lists and the database hold: titles, labels, answers, names, opinions.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps

from shidian.calls.models import Call
from shidian.notifications.kinds import KINDS
from shidian.notifications.wording import shipped
from shidian.questionnaires.definition import Field
from shidian.reviews.experts import assignment, pool
from shidian.search.keys import KEYS, STATES

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "calls" / "tianjin-2023-smps10"
RUN = re.compile(r"[\u3400-\u9fff](?:[\u3400-\u9fff\u3001-\u303f，；：·—…]*[\u3400-\u9fff])?")
SHOWN = re.compile(r"""\s(?:aria-label|title|alt|placeholder)="([^"]*)\"""")
QUOTED = (
    "中文",
    "国家企业信用信息公示系统",
    "企业名称",
    "国民经济行业分类",
    "不适用",
    "国有全资",
    "单位名称",
    "设置新密码",
    "日至",
    "个工作日，发布当日不计",
)
"""The switch to Chinese, and what English texts quote on purpose: words met in Chinese files, lists and letters."""


@cache
def code_lists() -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / "src").rglob("*.csv")))


def content(call: Call) -> str:
    """What the call package, the code lists and the database hold, as one text."""
    found = [code_lists(), *QUOTED]
    found += [path.read_text() for path in sorted(PACKAGE.rglob("*")) if path.suffix in (".yaml", ".txt")]
    found += names(call)
    for model in apps.get_models():
        for row in model._default_manager.all().values():
            found += texts(row)
    return "\n".join(found)


def more(page: str) -> str:
    """What else is content on a page, by its name."""
    if page.startswith("desk:wording"):
        return letters()
    if page in ("desk:expert-import", "desk:panel-file"):
        return tables()
    return queries() if page.partition(":")[2].startswith("search") else ""


def letters() -> str:
    """The words of the letters, which are sent in Chinese."""
    return "\n".join(f"{shipped(kind).subject}\n{shipped(kind).text}" for kind in KINDS.values())


def tables() -> str:
    """The columns and words of tables that are read: they are Chinese whatever the language of the page."""
    names = [
        name for columns in (pool.COLUMNS, assignment.COLUMNS) for each in columns.values() for name in each
    ]
    return "\n".join([*names, assignment.GIVE, assignment.TAKE_BACK])


def queries() -> str:
    """The words of queries, which are Chinese whatever the language of the page: views are shared."""
    keys = [name for key in KEYS.values() for name in (key.name, *key.aliases, key.example)]
    return "\n".join([*keys, *STATES.values()])


def names(call: Call) -> Iterator[str]:
    """What the package calls its sections, fields and areas, as the pages put it together."""
    for section in call.questionnaire.sections:
        yield section.title
        for field in section.fields:
            yield from (field.name, field.label, *(part.name for part in field.columns))
            yield from (choice.label for choice in choices(field))


def choices(field: Field) -> list[Any]:
    return [*field.choices, *(choice for column in field.columns for choice in column.choices)]


def texts(held: Any) -> Iterator[str]:
    if isinstance(held, dict):
        for key, value in held.items():
            yield str(key)
            yield from texts(value)
    elif isinstance(held, (list, tuple)):
        for value in held:
            yield from texts(value)
    elif held is not None:
        yield str(held)


def pieces(page: str) -> list[str]:
    """The texts of a page that people see or hear, node by node."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return [html.unescape(text) for text in [*re.split(r"<[^>]*>", page), *SHOWN.findall(page)]]


def foreign(page: str, known: str) -> set[str]:
    """The Chinese of a page that is nobody's content."""
    return {run for piece in pieces(page) for run in RUN.findall(piece) if run not in known}
