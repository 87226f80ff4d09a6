"""A frozen version as it is read: every answer exactly as frozen, with the words that changed since another version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shidian.applications.papers import package_of
from shidian.applications.places import ATTACHMENTS, DIGEST, Place
from shidian.calls.packages import CONDITIONS
from shidian.documents.models import DocumentVersion
from shidian.questionnaires.definition import Field, Section
from shidian.questionnaires.printing import printable
from shidian.questionnaires.visibility import visible
from shidian.ui.answer import Address
from shidian.ui.changes import marked, marked_blocks, marked_rows

Shown = SafeString | str
NOTE = "-note"
"""The end of the key of a field that explains the answer before it (see `calls.packages`)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: a text, or a table; `unfit` says in plain words why the lead's own answer does not qualify.

    `files` are those of the slot that the call names for the question, when it `wants_files`.
    """

    anchor: str
    label: str
    group: str
    text: Shown
    head: tuple[str, ...]
    rows: list[list[Shown]]
    changed: bool
    unfit: str
    note: Shown = ""
    is_question: bool = False
    files: tuple[Enclosure, ...] = ()
    wants_files: bool = False
    is_blocks: bool = False

    @property
    def path(self) -> str:
        """Where it stands in the form: "section.field"."""
        return self.anchor.removeprefix("a-").replace("-", ".", 1)

    @property
    def is_table(self) -> bool:
        """Whether it is shown as a table."""
        return bool(self.head)


@dataclass(slots=True)
class Part:
    """A section of the form with its answers."""

    key: str
    mark: str
    title: str
    answers: list[Answer] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """How many answers changed."""
        return sum(answer.changed for answer in self.answers)


def read(
    version: DocumentVersion, old: DocumentVersion | None = None, *, address: Address = lambda name: None
) -> list[Part]:
    """All sections of a frozen version; with `old` the words that differ are marked.

    `address` tells where the picture of a name in a long answer is served.
    """
    package = package_of(version)
    questionnaire = package.questionnaire
    slots = package.call.evidence_slots
    files: dict[str, list[Enclosure]] = {}
    for row in enclosures(version, old)[0]:
        files.setdefault(row.key, []).append(row)
    answers = version.data["answers"]
    now = printable(questionnaire, answers)
    was = printable(questionnaire, old.data["answers"]) if old else None
    # What neither version was asked for is no blank answer.
    known = [visible(questionnaire, one.data["answers"]) for one in (version, old) if one]
    parts: list[Part] = []
    for section in questionnaire.sections:
        if not any(each.section(section.key) for each in known):
            continue
        part = Part(section.key, section.mark, section.title)
        given = answers.get(section.key) or {}
        for asked in section.fields:
            if asked.key.removesuffix(NOTE) in section.by_key and asked.key.endswith(NOTE):
                continue  # shown with the answer that it explains
            if not any(each.field(section.key, asked.key) for each in known):
                continue
            value = now[section.key][asked.key]
            earlier = was[section.key][asked.key] if was else value
            answer = _answer(section, asked, value, earlier, _unfit(asked, given))
            if asked.rich and (value or earlier):
                answer = replace(answer, text=marked_blocks(earlier, value, address), is_blocks=True)
            if asked.key + NOTE in section.by_key:
                note = now[section.key][asked.key + NOTE]
                noted = was[section.key][asked.key + NOTE] if was else note
                answer = replace(answer, note=marked(noted, note), changed=answer.changed or note != noted)
            if section.key == CONDITIONS and asked.key in slots:
                answer = replace(answer, files=tuple(files.get(slots[asked.key], ())), wants_files=True)
            part.answers.append(answer)
        parts.append(part)
    return parts


def _unfit(asked: Field, given: Mapping[str, Any]) -> str:
    answered = given.get(asked.key) or ""
    return asked.explain if asked.qualifies and answered != asked.qualifies else ""


def _answer(section: Section, asked: Field, value: Any, earlier: Any, unfit: str) -> Answer:
    anchor = f"a-{section.key}-{asked.key}"
    if asked.type == "rows":
        keys = [column.key for column in asked.columns]
        new = [[str(row[key]) for key in keys] for row in value]
        old = [[str(row[key]) for key in keys] for row in earlier]
        head = tuple(column.name for column in asked.columns)
        return Answer(anchor, asked.name, asked.group, "", head, marked_rows(old, new), new != old, unfit)
    new_text, old_text = _text(asked, value), _text(asked, earlier)
    text = marked(old_text, new_text)
    question = asked.type == "yes_no"
    return Answer(
        anchor, asked.name, asked.group, text, (), [], new_text != old_text, unfit, is_question=question
    )


def _text(asked: Field, value: Any) -> str:
    if asked.type == "month_range":
        ends = [_month(value[f"{end}_year"], value[f"{end}_month"]) for end in ("from", "to")]
        return _(" 至 ").join(end for end in ends if end)
    if asked.type == "region":
        return str(value["text"])
    return str(value)


def _month(year: str, month: str) -> str:
    return _("{year} 年 {month} 月").format(year=year, month=month) if month else year


@dataclass(frozen=True, slots=True)
class Enclosure:
    """One attachment as the version names it; `number` is its place in the version, `key` that of its slot."""

    number: int
    key: str
    slot: str
    name: str
    size: int
    is_new: bool
    digest: str = ""

    @property
    def place(self) -> str:
        """How a problem list names it (`applications.places`)."""
        return str(Place("file", ATTACHMENTS, slot=self.key, digest=self.digest[:DIGEST]))


def enclosures(
    version: DocumentVersion, old: DocumentVersion | None = None
) -> tuple[list[Enclosure], list[str]]:
    """The attachments of a version, new ones told apart, and the names of those that are gone since `old`."""
    slots = {slot.key: slot.label for slot in package_of(version).call.attachments}
    rows: Sequence[Mapping[str, Any]] = version.data["attachments"]
    earlier: Sequence[Mapping[str, Any]] = old.data["attachments"] if old else rows
    known = {row["sha256"] for row in earlier}
    present = {row["sha256"] for row in rows}
    found = [
        Enclosure(
            number,
            row["slot"],
            slots.get(row["slot"], row["slot"]),
            row["name"],
            row["size"],
            row["sha256"] not in known,
            row["sha256"],
        )
        for number, row in enumerate(rows, start=1)
    ]
    return found, [row["name"] for row in earlier if row["sha256"] not in present]
