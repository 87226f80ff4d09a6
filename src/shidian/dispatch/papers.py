"""A candidate list as paper and as sheet, from its frozen version or, marked as a draft, from what it is now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from shidian.applications.models import Application
from shidian.applications.papers import template_of
from shidian.calls.models import Call
from shidian.calls.queries import stage_of
from shidian.core import clock
from shidian.dispatch.models import CandidateList
from shidian.dispatch.queries import entries, first_offices, items, registered, row_values
from shidian.documents.actions import printed
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.documents.render.compiler import TEMPLATES, compile_paper
from shidian.documents.sheets import write_rows
from shidian.organisations.models import Office

Lines = Sequence[tuple[Application, int, str]]
CENTRED = ("rank", "reference")
REGISTER_WIDTHS = {"试点名称": 28, "承担单位": 20, "版本": 6}


def list_rows(call: Call, lines: Lines) -> list[list[str]]:
    """The cells of a list by the columns of the call."""
    columns = call.definition.list_columns
    rows: list[list[str]] = []
    offices = first_offices([application for application, _, _ in lines])
    for application, rank, remark in lines:
        if application.version is not None:
            office = offices.get(application.pk, "")
            values = row_values(application, application.version, office=office, rank=rank, remark=remark)
            rows.append([values.get(column.value, "") for column in columns])
    return rows


def list_content(listed: CandidateList) -> dict[str, Any]:
    """What is frozen of a list when it is approved."""
    lines = [(item.application, item.rank, item.remark) for item in items(listed)]
    found = stage_of(listed.call, listed.office)
    return {
        "schema": "shidian/candidate-list/1",
        "reference": listed.reference,
        "call": listed.call.key,
        "call_title": listed.call.title,
        "office": listed.office.name,
        "stage": listed.stage,
        "title": found.list_title if found else "",
        "columns": [
            {"key": column.key, "label": column.label, "width": column.width}
            for column in listed.call.definition.list_columns
        ],
        "rows": list_rows(listed.call, lines),
        "applications": [
            {
                "reference": application.reference,
                "rank": rank,
                "version": application.version.label if application.version else "",
                "digest": application.version.digest if application.version else "",
            }
            for application, rank, _ in lines
        ],
    }


def _paper(content: dict[str, Any], *, draft: bool, code: str, dated: datetime) -> dict[str, Any]:
    return {
        "title": content["title"],
        "call": content["call_title"],
        "office": content["office"],
        "stage": content["stage"],
        "dated": f"{dated.year}年{dated.month}月{dated.day}日",
        "columns": [
            {
                "label": column["label"],
                "width": column["width"],
                "align": "center" if column["key"] in CENTRED else "left",
            }
            for column in content["columns"]
        ],
        "rows": content["rows"],
        "sealed_by": content["office"],
        "draft": draft,
        "code": code,
        "total_text": f"共 {len(content['rows'])} 项",
    }


def draft_content(call: Call, office: Office) -> dict[str, Any]:
    """The list as it stands, before anybody approved it."""
    found = stage_of(call, office)
    lines = [(row.application, row.rank, row.remark) for row in entries(call, office)]
    return {
        "title": found.list_title if found else "",
        "call_title": call.title,
        "office": office.name,
        "stage": found.key if found else "",
        "columns": [
            {"key": column.key, "label": column.label, "width": column.width}
            for column in call.definition.list_columns
        ],
        "rows": list_rows(call, lines),
    }


def _compile(call: Call, paper: dict[str, Any], pinned: datetime) -> bytes:
    template = template_of(call.package, call.definition.papers.candidate_list, "candidate_list.typ")
    return compile_paper(template, paper, pinned=pinned, extra_fonts=settings.FONTS_FOLDER)


def draft_pdf(call: Call, office: Office) -> bytes:
    """The list in preparation, with a draft's watermark."""
    now = clock.now().astimezone(call.zone).replace(microsecond=0)
    return _compile(call, _paper(draft_content(call, office), draft=True, code="", dated=now), now)


def draft_xlsx(call: Call, office: Office) -> bytes:
    """The list in preparation, as a sheet."""
    return _sheet(draft_content(call, office), clock.now().astimezone(call.zone))


def list_pdf(listed: CandidateList, version: DocumentVersion) -> StoredFile:
    """The approved list to be sealed, as a kept PDF."""
    frozen = version.created_at.astimezone(listed.call.zone)

    def make() -> bytes:
        paper = _paper(version.data, draft=False, code=f"{listed.reference} {version.code}", dated=frozen)
        return _compile(listed.call, paper, frozen)

    return printed(version, "list", make, name=f"{version.data['title']}-{listed.office.short}.pdf")


def list_xlsx(listed: CandidateList, version: DocumentVersion) -> bytes:
    """The approved list, as a sheet."""
    return _sheet(version.data, version.created_at.astimezone(listed.call.zone))


def _sheet(content: dict[str, Any], created: datetime) -> bytes:
    labels = [column["label"] for column in content["columns"]]
    return write_rows(f"{content['title']}（{content['office']}）", labels, content["rows"], created=created)


def registration_pdf(call: Call, office: Office) -> bytes:
    """What the registry counted, with what is missing, as a paper."""
    now = clock.now().astimezone(call.zone).replace(microsecond=0)
    rows = registered(call)
    total = max((len(row.copies) for row in rows), default=0)
    labels = [
        "申请编号",
        "试点名称",
        "承担单位",
        "版本",
        *(f"第 {n} 份" for n in range(1, total + 1)),
        "电子材料",
    ]
    cells = [
        [
            row.application.reference,
            row.application.name,
            row.application.lead.name,
            row.version.label,
            *(f"{_day(copy.at, call)} {copy.by.label}" if copy else "缺" for copy in row.copies.values()),
            f"{_day(row.electronic.at, call)} {row.electronic.by.label}" if row.electronic else "缺",
        ]
        for row in rows
    ]
    paper = {
        "title": "材料登记表",
        "office": office.name,
        "dated": f"{now.year}年{now.month}月{now.day}日",
        "columns": [
            {"label": label, "width": REGISTER_WIDTHS.get(label, 11), "align": "left"} for label in labels
        ],
        "rows": cells,
        "missing": [
            f"{row.application.reference}：缺{'、'.join(row.missing)}" for row in rows if row.missing
        ],
        "code": "",
    }
    return compile_paper(
        (TEMPLATES / "registration.typ").read_bytes(), paper, pinned=now, extra_fonts=settings.FONTS_FOLDER
    )


def _day(at: datetime, call: Call) -> str:
    local = at.astimezone(call.zone)
    return f"{local.month}月{local.day}日"
