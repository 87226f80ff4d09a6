"""A candidate list as paper and as sheet, from its frozen version or, marked as a draft, from what it is now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import segno
from django.conf import settings

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.applications.papers import template_of
from shidian.calls.models import Call
from shidian.calls.queries import stage_of
from shidian.core import clock
from shidian.dispatch.holdings import Group
from shidian.dispatch.letters import letter_content, letter_of, letter_paper
from shidian.dispatch.models import CandidateList, PaperCopy, PaperReceipt
from shidian.dispatch.queries import (
    Registered,
    effective,
    entries,
    first_offices,
    items,
    open_list,
    registered,
    row_values,
    sent_lists,
)
from shidian.dispatch.word import letter_document, list_document
from shidian.documents.actions import printed
from shidian.documents.marks import keys as mark_keys
from shidian.documents.marks.drawing import marking
from shidian.documents.marks.payload import Mark, can_be_marked, encode, spoken
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.documents.render.compiler import TEMPLATES, Marking, compile_paper
from shidian.documents.sheets import write_rows
from shidian.organisations.models import Office
from shidian.reviews.joint import joint_recommenders

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
    joined = joint_recommenders(application.pk for application, _, _ in lines)
    content: dict[str, Any] = {
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
                **({"joint": joined[application.pk]} if application.pk in joined else {}),
            }
            for application, rank, _ in lines
        ],
    }
    return content | supplement_content(listed) | letter_content(listed) | _waived(listed)


def supplement_content(listed: CandidateList) -> dict[str, Any]:
    """What a supplement says besides its rows: of what it is one, why, and what it withdraws and corrects."""
    earlier = [row for row in sent_lists(listed.call, listed.office) if row.pk < listed.pk]
    if not earlier:
        return {}
    return {
        "title": f"{_list_title(listed.call, listed.office)}（补充更正）",
        "supplements": [row.reference for row in earlier],
        "reason": listed.reason,
        "changes": [
            {
                "kind": change.kind,
                "reference": change.application.reference,
                "name": change.application.name,
                "lead": change.application.lead.name,
                "place": change.place,
                "remark": change.remark,
                "reason": change.reason,
            }
            for change in listed.changes.select_related("application__lead")
        ],
        "effective": [
            {"reference": row.application.reference, "place": place, "list": row.source.reference}
            for place, row in enumerate(effective(listed.call, listed.office, until=listed), start=1)
        ],
    }


def _list_title(call: Call, office: Office) -> str:
    found = stage_of(call, office)
    return found.list_title if found else ""


def _waived(listed: CandidateList) -> dict[str, Any]:
    rows = listed.waivers.select_related("office", "by", "file")
    told = [
        {
            "scope": row.scope,
            "maximum": row.maximum,
            "count": row.count,
            "office": row.office.name,
            "by": row.by.label,
            "reason": row.reason,
            "at": row.at.astimezone(listed.call.zone).isoformat(timespec="seconds"),
            "file": row.file.sha256 if row.file else "",
        }
        for row in rows
    ]
    return {"waivers": told} if told else {}


CHANGE_COLUMNS = ("事项", "申请编号", "试点名称", "承担单位", "内容", "理由")
CHANGE_WIDTHS = (6, 14, 30, 22, 20, 26)


def change_rows(changes: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The changes of a supplement as a table: what, of which application, to what, and why."""
    rows: list[list[str]] = []
    for change in changes:
        told: list[str] = []
        if change["kind"] == "withdraw":
            told.append("撤下，不再推荐")
        if change["place"] is not None:
            told.append(f"名次更正为第 {change['place']} 位")
        if change["remark"] is not None:
            told.append(f"备注更正为“{change['remark']}”" if change["remark"] else "备注去掉")
        rows.append(
            [
                "撤下" if change["kind"] == "withdraw" else "更正",
                change["reference"],
                change["name"],
                change["lead"],
                "，".join(told),
                change["reason"],
            ]
        )
    return rows


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
        "supplements": "、".join(content.get("supplements", [])),
        "reason": content.get("reason", ""),
        "change_columns": [
            {"label": label, "width": width, "align": "left"}
            for label, width in zip(CHANGE_COLUMNS, CHANGE_WIDTHS, strict=True)
        ],
        "changes": change_rows(content.get("changes", [])),
    }


def draft_content(call: Call, office: Office) -> dict[str, Any]:
    """The list as it stands, before anybody approved it."""
    found = stage_of(call, office)
    lines = [(row.application, row.rank, row.remark) for row in entries(call, office)]
    listed = open_list(call, office)
    content: dict[str, Any] = {
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
    return content | supplement_content(listed) if listed is not None else content


def _compile(call: Call, paper: dict[str, Any], pinned: datetime, marks: Marking | None = None) -> bytes:
    template = template_of(call.package, call.definition.papers.candidate_list, "candidate_list.typ")
    return compile_paper(template, paper, pinned=pinned, marking=marks, extra_fonts=settings.FONTS_FOLDER)


def draft_pdf(call: Call, office: Office) -> bytes:
    """The list in preparation, with a draft's watermark."""
    now = clock.now().astimezone(call.zone).replace(microsecond=0)
    return _compile(call, _paper(draft_content(call, office), draft=True, code="", dated=now), now)


def draft_xlsx(call: Call, office: Office) -> bytes:
    """The list in preparation, as a sheet."""
    return _sheet(draft_content(call, office), clock.now().astimezone(call.zone))


def draft_docx(call: Call, office: Office) -> bytes:
    """The list in preparation, as a Word document that says it is a draft."""
    now = clock.now().astimezone(call.zone)
    return list_document(_paper(draft_content(call, office), draft=True, code="", dated=now), created=now)


def list_pdf(listed: CandidateList, version: DocumentVersion) -> StoredFile:
    """The approved list to be sealed, as a kept PDF; its pages are marked."""
    frozen = version.created_at.astimezone(listed.call.zone)

    def make() -> bytes:
        # The key of an office may hold an underscore, which no mark can carry.
        marked = can_be_marked(listed.reference)
        code = version.code if marked else f"{listed.reference} {version.code}"
        paper = _paper(version.data, draft=False, code=code, dated=frozen)
        marks = marking(listed.reference, version.number) if marked else None
        return _compile(listed.call, paper, frozen, marks)

    return printed(version, "list", make, name=f"{version.data['title']}-{listed.office.short}.pdf")


def list_xlsx(listed: CandidateList, version: DocumentVersion) -> bytes:
    """The approved list, as a sheet."""
    return _sheet(version.data, version.created_at.astimezone(listed.call.zone))


def list_docx(listed: CandidateList, version: DocumentVersion) -> bytes:
    """The approved list, as a Word document with the same words; what is sealed is the PDF."""
    frozen = version.created_at.astimezone(listed.call.zone)
    paper = _paper(version.data, draft=False, code=f"{listed.reference} {version.code}", dated=frozen)
    return list_document(paper, created=frozen)


def letter_pdf(listed: CandidateList, version: DocumentVersion) -> StoredFile | None:
    """The cover letter of an approved list as a kept PDF; nothing where the list has none."""
    letter = version.data.get("letter")
    if letter is None:
        return None
    frozen = version.created_at.astimezone(listed.call.zone)
    name = f"{letter['label']}-{listed.office.short}-{listed.reference}.pdf"
    return printed(version, "letter", lambda: _letter(listed.call, letter, frozen, draft=False), name=name)


def letter_draft_pdf(call: Call, office: Office, listed: CandidateList | None) -> bytes:
    """The cover letter as it stands, with a draft's watermark."""
    now = clock.now().astimezone(call.zone).replace(microsecond=0)
    return _letter(call, letter_of(call, office, listed), now, draft=True)


def _letter(call: Call, letter: dict[str, Any], dated: datetime, *, draft: bool) -> bytes:
    template = template_of(call.package, call.definition.papers.letter, "letter.typ")
    paper = letter_paper(letter, dated, draft=draft)
    return compile_paper(template, paper, pinned=dated, extra_fonts=settings.FONTS_FOLDER)


def letter_docx(call: Call, letter: dict[str, Any], dated: datetime, *, draft: bool) -> bytes:
    """The cover letter as a Word document by the same measures."""
    return letter_document(letter_paper(letter, dated, draft=draft), created=dated)


def effective_xlsx(call: Call, office: Office) -> bytes:
    """What an office has sent in all, every supplement applied, as a sheet."""
    rows = effective(call, office)
    lines = [(row.application, place, row.remark) for place, row in enumerate(rows, start=1)]
    labels = [*(column.label for column in call.definition.list_columns), "来自清单", "更正于"]
    cells = [
        [*values, row.source.reference, row.changed.reference if row.changed else ""]
        for values, row in zip(list_rows(call, lines), rows, strict=True)
    ]
    title = f"{_list_title(call, office)}（现行有效，{office.short}）"
    return write_rows(title, labels, cells, created=clock.now().astimezone(call.zone))


def _sheet(content: dict[str, Any], created: datetime) -> bytes:
    labels = [column["label"] for column in content["columns"]]
    rows = [list(row) for row in content["rows"]]
    for what, reference, name, lead, told, reason in change_rows(content.get("changes", [])):
        row = [f"{what}：{reference}", name, lead, told, reason]
        width = len(labels)
        rows.append(
            (row + [""] * width)[:width] if width >= len(row) else ["；".join(row), *[""] * (width - 1)]
        )
    return write_rows(f"{content['title']}（{content['office']}）", labels, rows, created=created)


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


def slip_content(
    call: Call,
    office: Office,
    sender: Office,
    received: Sequence[tuple[Registered, PaperCopy]],
    *,
    number: str,
    at: datetime,
    by: User,
) -> dict[str, Any]:
    """What is frozen of a slip: which copies were received from an office, when and by whom, and what was missing then."""
    rows: dict[int, Registered] = {}
    copies: dict[int, list[PaperCopy]] = {}
    for row, copy in received:
        rows[row.application.pk] = row
        copies.setdefault(row.application.pk, []).append(copy)
    return {
        "schema": "shidian/paper-receipt/1",
        "number": number,
        "call": call.key,
        "call_title": call.title,
        "office": office.name,
        "sender": sender.name,
        "at": at.astimezone(call.zone).isoformat(timespec="seconds"),
        "by": by.label,
        "count": len(received),
        "applications": [
            {
                "reference": row.application.reference,
                "name": row.application.name,
                "version": row.version.label,
                "code": row.version.code,
                "digest": row.version.digest,
                "copies": [
                    {
                        "copy": copy.copy,
                        "at": copy.at.astimezone(call.zone).isoformat(timespec="seconds"),
                        "by": copy.by.label,
                    }
                    for copy in copies[pk]
                ],
                "missing": row.missing,
            }
            for pk, row in rows.items()
        ],
    }


def slip_mark(receipt: PaperReceipt) -> Mark:
    """The mark of a slip: its number for a reference, and nothing but one page."""
    return Mark(receipt.number, receipt.version.number, 1, 1)


def slip_address() -> str:
    """What goes before the mark of a slip in its code; nothing where the site has no address of its own."""
    return mark_keys.address().removesuffix("S/") + "R/" if mark_keys.address() else ""


def slip_pdf(receipt: PaperReceipt) -> StoredFile:
    """The slip as a kept PDF: printed again it is the same, byte by byte."""

    def make() -> bytes:
        content = receipt.version.data
        mark, known = slip_mark(receipt), mark_keys.keys()
        code = segno.make(encode(mark, "T", key=known[0], address=slip_address()), error="m", micro=False)
        at = datetime.fromisoformat(content["at"])
        paper = {
            "title": "材料登记回执",
            "number": content["number"],
            "call": content["call_title"],
            "office": content["office"],
            "sender": content["sender"],
            "at": f"{at.year}年{at.month}月{at.day}日 {at:%H:%M:%S}",
            "dated": at.date().isoformat(),
            "by": content["by"],
            "count": content["count"],
            "rows": [
                {
                    "reference": row["reference"],
                    "name": row["name"],
                    "version": f"{row['version']}\n{row['code']}",
                    "copies": "、".join(str(copy["copy"]) for copy in row["copies"]),
                    "count": len(row["copies"]),
                    "received": _spans(row["copies"]),
                    "missing": "、".join(row["missing"]),
                }
                for row in content["applications"]
            ],
            "code": receipt.version.code,
            "spoken": spoken(mark, keys=known),
            "qr": code.svg_inline(border=2, omitsize=True),
            "address": slip_address().lower().removesuffix("r/").removesuffix("/"),
        }
        template = (TEMPLATES / "paper_receipt.typ").read_bytes()
        return compile_paper(template, paper, pinned=at, extra_fonts=settings.FONTS_FOLDER)

    return printed(receipt.version, "slip", make, name=f"材料登记回执-{receipt.number}.pdf")


def _spans(copies: Sequence[dict[str, Any]]) -> str:
    """When and by whom the copies were counted, each pair once."""
    told = []
    for copy in copies:
        at = datetime.fromisoformat(copy["at"])
        told.append(f"{at.month}月{at.day}日 {at:%H:%M} {copy['by']}")
    return "\n".join(dict.fromkeys(told))


MISSING_TITLES = {"office": "按报送单位", "application": "按申请", "holder": "按留存单位"}


def missing_rows(groups: Sequence[Group]) -> list[list[str]]:
    """One row for each application under its heading: heading, reference, name, version, what is missing, sender."""
    return [
        [
            group.label,
            application.reference,
            application.name,
            application.lead.name,
            lacks[0].version.label,
            "、".join(f"{lack.what}（{lack.where}）" if lack.where else lack.what for lack in lacks),
            lacks[0].sender.short,
        ]
        for group in groups
        for application, lacks in group.applications
    ]


MISSING_COLUMNS = ("归属", "申请编号", "试点名称", "承担单位", "版本", "还缺", "报送单位")


def missing_pdf(call: Call, office: Office, groups: Sequence[Group], by: str) -> bytes:
    """The list of what is missing, as a paper to send or to take along."""
    now = clock.now().astimezone(call.zone).replace(microsecond=0)
    paper = {
        "title": "缺件清单",
        "grouping": MISSING_TITLES[by],
        "call": call.title,
        "office": office.name,
        "dated": now.date().isoformat(),
        "at": f"{now:%H:%M}",
        "columns": [
            {"label": label, "width": width, "align": "left"}
            for label, width in zip(MISSING_COLUMNS[1:], (10, 30, 20, 5, 26, 12), strict=True)
        ],
        "groups": [
            {"label": group.label, "rows": [row[1:] for row in missing_rows([group])]} for group in groups
        ],
        "total": sum(len(group.lacks) for group in groups),
    }
    template = (TEMPLATES / "missing.typ").read_bytes()
    return compile_paper(template, paper, pinned=now, extra_fonts=settings.FONTS_FOLDER)
