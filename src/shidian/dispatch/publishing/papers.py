"""A publicity as it is frozen, and as the official notice that is printed and put up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings

from shidian.calls.models import Call
from shidian.core import clock
from shidian.dispatch.publishing.models import Publicity
from shidian.dispatch.publishing.queries import columns, last_day, publishable, rows
from shidian.dispatch.queries import Entry
from shidian.documents.actions import printed
from shidian.documents.marks.drawing import marking
from shidian.documents.marks.payload import can_be_marked
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.documents.render.compiler import TEMPLATES, Marking, compile_paper

CENTRED = ("rank", "reference")


def day_of(day: date) -> str:
    """2023年7月10日, as it is printed."""
    return f"{day.year}年{day.month}月{day.day}日"


def standard_title(call: Call) -> str:
    """The usual title."""
    return (
        call.definition.publicity.title or f"{call.definition.programme}{call.definition.batch}拟报送项目公示"
    )


def standard_text(call: Call) -> str:
    """The usual words above the list."""
    terms, definition = call.definition.publicity, call.definition
    basis = terms.basis or f"根据《{definition.title}》"
    return f"{basis}，经单位申请、推荐单位审查推荐和{_issuer(call)}研究，现将拟报送{definition.destination.label}的项目予以公示，接受社会监督。"


def _issuer(call: Call) -> str:
    return call.definition.publicity.department or call.definition.issuer


def how_to_object(call: Call) -> str:
    """How anybody objects, in the words of the notice."""
    return (
        "公示期内，任何单位和个人对公示内容有异议的，可以在公示网页上填写，也可以书面向下列机关反映，并写明事实和理由、"
        "姓名或者单位名称、联系方式。我们为反映人保密。逾期和匿名的异议不予受理。"
    )


def contacts(call: Call) -> list[list[str]]:
    """Where objections go, as names and values."""
    terms = call.definition.publicity
    told = [
        ["受理机关", _issuer(call)],
        ["联系电话", terms.phone],
        ["电子邮箱", terms.email],
        ["联系地址", terms.address],
    ]
    return [[label, value] for label, value in told if value]


def content(publicity: Publicity, listed: Sequence[Entry], *, begins: date, ends: date) -> dict[str, Any]:
    """What is frozen of a publicity when it is published."""
    call = publicity.call
    replaced = publicity.replaces
    return {
        "schema": "shidian/publicity/1",
        "reference": publicity.reference,
        "call": call.key,
        "call_title": call.title,
        "office": publicity.office.name,
        "title": publicity.title,
        "text": publicity.text,
        "begins": begins.isoformat(),
        "ends": ends.isoformat(),
        "days": call.definition.publicity.days,
        "objecting": how_to_object(call),
        "contacts": contacts(call),
        "replaces": replaced.reference if replaced else "",
        "why": publicity.why if replaced else "",
        "columns": [
            {"key": column.key, "label": column.label, "width": column.width, "value": column.value}
            for column in columns(call)
        ],
        "rows": rows(call, listed),
        "applications": [
            {
                "reference": row.application.reference,
                "digest": row.application.version.digest if row.application.version else "",
            }
            for row in listed
        ],
    }


def draft_content(publicity: Publicity) -> dict[str, Any]:
    """The same as if it were published today."""
    call = publicity.call
    today = clock.now().astimezone(call.zone).date()
    listed = publishable(call, publicity.office, publicity.replaces)
    return content(publicity, listed, begins=today, ends=last_day(today, call.definition.publicity.days))


def period(told: dict[str, Any]) -> str:
    """The period in words."""
    begins, ends = (date.fromisoformat(told[key]) for key in ("begins", "ends"))
    return f"{day_of(begins)}至{day_of(ends)}（{told['days']}个工作日，发布当日不计）"


def _paper(told: dict[str, Any], *, draft: bool, code: str) -> dict[str, Any]:
    return {
        "title": told["title"],
        "number": told["reference"],
        "text": [line for line in told["text"].splitlines() if line.strip()],
        "period": period(told),
        "objecting": told["objecting"],
        "contacts": told["contacts"],
        "why": f"本公示更正公示{told['replaces']}：{told['why']}" if told["replaces"] else "",
        "office": told["office"],
        "dated": told["begins"],
        "columns": [
            {
                "label": column["label"],
                "width": column["width"],
                "align": "center" if column["value"] in CENTRED else "left",
            }
            for column in told["columns"]
        ],
        "rows": told["rows"],
        "draft": draft,
        "code": code,
    }


def _compile(
    told: dict[str, Any], pinned: datetime, *, code: str, draft: bool, marks: Marking | None = None
) -> bytes:
    return compile_paper(
        (TEMPLATES / "publicity.typ").read_bytes(),
        _paper(told, draft=draft, code=code),
        pinned=pinned,
        marking=marks,
        extra_fonts=settings.FONTS_FOLDER,
    )


def draft_pdf(publicity: Publicity) -> bytes:
    """The notice before it is published, with a draft's watermark."""
    now = clock.now().astimezone(publicity.call.zone).replace(microsecond=0)
    return _compile(draft_content(publicity), now, code="", draft=True)


def notice_pdf(publicity: Publicity, version: DocumentVersion) -> StoredFile:
    """The published notice as a kept PDF; its pages are marked."""
    frozen = version.created_at.astimezone(publicity.call.zone)

    def make() -> bytes:
        marked = can_be_marked(publicity.reference)
        code = version.code if marked else f"{publicity.reference} {version.code}"
        marks = marking(publicity.reference, version.number) if marked else None
        return _compile(version.data, frozen, code=code, draft=False, marks=marks)

    return printed(version, "publicity", make, name=f"{publicity.title}.pdf")
