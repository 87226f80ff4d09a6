"""A correction on the lead's pages: the entries with where each is put right, and what is locked with a word why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from shidian.applications.corrections import lists_of
from shidian.applications.models import Application, Correction, CorrectionItem
from shidian.applications.openings import Opening, current
from shidian.applications.places import Place
from shidian.core.verdict import Verdict, not_now
from shidian.portal.overview import url
from shidian.questionnaires.checks import is_blank
from shidian.questionnaires.definition import Section
from shidian.ui.controls import ScreenField, ScreenRow

Line = dict[str, Any]


def lines(
    application: Application, section: str = "", *, lists: Sequence[Correction] | None = None
) -> list[Line]:
    """The entries of the list under way, or those about one part; each with where it is put right and answered."""
    running = current(application)
    if running is None:
        return []
    known = lists_of(application) if lists is None else lists
    found = next(row for row in known if row.pk == running.pk)
    return [
        line_of(application, found, item)
        for item in found.items.all()
        if not section or Place.read(item.place).section == section
    ]


def line_of(application: Application, correction: Correction, item: CorrectionItem) -> Line:
    """An entry with its addresses."""
    there = url("correction", application, number=correction.number)
    return {
        "item": item,
        "url": address(application, Place.read(item.place)),
        "reply": f"{there}#item-{item.pk}",
    }


def address(application: Application, place: Place) -> str:
    """Where a place is written by the lead."""
    match place.kind:
        case "section":
            return url("section", application, section=place.section)
        case "field" | "row":
            return f"{url('section', application, section=place.section)}#f-{place.field}"
        case "slot" | "file":
            anchor = f"#slot-{place.slot}" if place.slot else ""
            return url("attachments", application) + anchor
        case "sheet":
            return f"{url('application', application)}#board"
        case _:
            return url("application", application)


def open_fields(opened: Opening | None, section: Section) -> frozenset[str] | None:
    """The fields of a section that may be changed; None for all."""
    if opened is None or opened.whole:
        return None
    return frozenset(key for key in section.by_key if opened.has_field(f"{section.key}.{key}"))


def section_verdict(opened: Opening | None, section: Section, allowed: Verdict) -> Verdict:
    """Whether anything in a section may be changed by this person now."""
    if not allowed or open_fields(opened, section) is None or open_fields(opened, section):
        return allowed
    reference = opened.correction.reference if opened else ""
    return not_now(
        _("这一部分没有列入问题清单 {list}，这次补正不能改。确实要改的，可以申请开放。").format(
            list=reference
        )
    )


def may_add_pictures(opened: Opening | None) -> bool:
    """Whether pictures may be put among the attachments."""
    if opened is None:
        return True
    slot = opened.questionnaire.pictures
    return bool(slot) and opened.has_slot(slot or "")


def with_locks(fields: Sequence[ScreenField], opened: Opening | None, section: Section) -> list[ScreenField]:
    """The fields; those that are locked say why, with the way to ask, and rows that are not open can only be read."""
    if opened is None or opened.whole:
        return list(fields)
    found = []
    for field in fields:
        path = f"{section.key}.{field.key}"
        if field.locked:
            there = url("correction", opened.application, number=opened.correction.number)
            why = format_html(
                _(
                    '<p class="hint">{} <a href="{}?place=f:{}#ask">{}<span class="hidden">：{}</span></a></p>'
                ),
                _("没有列入问题清单，这次补正不能改。"),
                there,
                path,
                _("申请开放"),
                field.label,
            )
            field = replace(field, remarks=format_html("{}{}", why, field.remarks))  # noqa: PLW2901
        elif opened.locked_rows(path):
            field = _with_locked_rows(field, opened, path)  # noqa: PLW2901
        found.append(field)
    return found


def _with_locked_rows(field: ScreenField, opened: Opening, path: str) -> ScreenField:
    numbers = opened.rows[path]
    words = _("只开放了第 {rows} 行；其余各行只能看。").format(
        rows=_("、").join(str(number) for number in sorted(numbers))
    )
    kept = opened.kept_rows(path)
    values = field.value if isinstance(field.value, list) else []
    rows: list[ScreenRow] = []
    for row, value in zip(field.rows, [*values, *[None] * len(field.rows)], strict=False):
        if value is not None and not is_blank(value) and value in kept:
            cells = tuple(replace(cell, readonly=True) for cell in row.cells)
            rows.append(replace(row, cells=cells, locked=True))
        else:
            rows.append(row)
    most = len(kept) + len(numbers)
    shown = tuple(row for row in rows if not row.blank or len(values) < most)
    return replace(field, rows=shown, max_rows=most, hint=f"{words}{field.hint}")


def choices(opened: Opening) -> list[tuple[str, list[tuple[str, str]]]]:
    """What may be asked to be opened, by part of the form: fields that are locked, whole sections, kinds of files."""
    groups = []
    for section in opened.questionnaire.sections:
        closed = [
            (f"f:{section.key}.{field.key}", field.name)
            for field in section.fields
            if not opened.has_field(f"{section.key}.{field.key}")
            or opened.locked_rows(f"{section.key}.{field.key}")
        ]
        if len(closed) > 1:
            closed.append((f"s:{section.key}", _("整个部分")))
        if closed:
            groups.append((f"{section.mark}　{section.title}", closed))
    slots = [
        (f"a:{slot.key}", slot.label)
        for slot in opened.application.call.definition.attachments
        if slot.key not in opened.slots
    ]
    if slots:
        groups.append((_("证明材料"), slots))
    return groups
