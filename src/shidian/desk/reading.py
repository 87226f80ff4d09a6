"""An application as an office reads it: every answer exactly as frozen, with what changed since the last time here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shidian.applications.models import Lodgement
from shidian.applications.papers import package_of
from shidian.calls.packages import CONDITIONS
from shidian.calls.queries import gates_until
from shidian.core.digests import short_code
from shidian.documents.models import DocumentVersion
from shidian.questionnaires.definition import Field, Section
from shidian.questionnaires.printing import printable
from shidian.questionnaires.visibility import visible
from shidian.reviews.models import Decision
from shidian.signoffs.models import Party, Round, Signature
from shidian.signoffs.queries import parties
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


def before(lodgement: Lodgement) -> Lodgement | None:
    """The arrival before this one at the same office, in another version."""
    return (
        Lodgement.objects.filter(
            application=lodgement.application_id, office=lodgement.office_id, pk__lt=lodgement.pk
        )
        .exclude(version=lodgement.version_id)
        .select_related("version")
        .order_by("-pk")
        .first()
    )


def explained(version: DocumentVersion, parts: Sequence[Part]) -> list[dict[str, str]]:
    """What the check warned of and the lead explained: warning, reason, and the anchor of the answer on the page."""
    known = {answer.anchor for part in parts for answer in part.answers}
    lines = []
    for row in version.data.get("explanations", ()):
        anchor = f"a-{row['section']}-{row['field']}"
        place = anchor if anchor in known else anchor.removesuffix(NOTE)
        lines.append({"message": row["message"], "reason": row["reason"], "anchor": place})
    return lines


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
class Opinion:
    """One party of the version with what it said; `due` when it should have agreed before this arrival."""

    party: Party
    signature: Signature | None
    word: str
    tone: str
    how: str
    due: bool


def opinions(lodgement: Lodgement) -> list[Opinion]:
    """The parties of the arrival's version in their order, with their latest opinion."""
    round_ = Round.objects.filter(version=lodgement.version_id).first()
    if round_ is None:
        return []
    due_gates = gates_until(lodgement.application.call, lodgement.stage)
    found: list[Opinion] = []
    for party in parties(round_):
        signature = party.signature
        due = party.gate in due_gates
        if signature is None:
            word, tone, how = (
                (_("没有意见"), "stop", "")
                if due
                else (_("以后出具"), "idle", _("按本批规定在以后的环节出具"))
            )
        else:
            word = signature.get_decision_display()
            tone = "done" if party.has_agreed else "stop"
            day = _("{year} 年 {month} 月 {day} 日").format(
                year=signature.signed_on.year, month=signature.signed_on.month, day=signature.signed_on.day
            )
            capacity = _("（{capacity}）").format(capacity=signature.capacity) if signature.capacity else ""
            how = _("{signatory}{capacity}，{day}，所见版本 {short_code}").format(
                signatory=signature.signatory,
                capacity=capacity,
                day=day,
                short_code=short_code(signature.digest),
            )
            if party.carried:
                how += _("（{version}，其所担保的内容没有改动，沿用）").format(
                    version=signature.party.round.version.label
                )
        found.append(Opinion(party, signature, word, tone, how, due))
    return found


@dataclass(frozen=True, slots=True)
class Enclosure:
    """One attachment as the version names it; `number` is its place in the version, `key` that of its slot."""

    number: int
    key: str
    slot: str
    name: str
    size: int
    is_new: bool


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
        )
        for number, row in enumerate(rows, start=1)
    ]
    return found, [row["name"] for row in earlier if row["sha256"] not in present]


@dataclass(frozen=True, slots=True)
class Asked:
    """A reason of the last return, and whether the part that it names has changed since."""

    text: str
    section: str
    title: str
    changed: bool | None  # None when the reason names no part


def asked_before(lodgement: Lodgement, parts: Sequence[Part]) -> list[Asked]:
    """What this office asked to be corrected before the present arrival."""
    decision = (
        Decision.objects.filter(
            lodgement__application=lodgement.application_id,
            lodgement__office=lodgement.office_id,
            lodgement__pk__lt=lodgement.pk,
            kind=Decision.Kind.RETURN,
        )
        .prefetch_related("reasons")
        .order_by("-pk")
        .first()
    )
    if decision is None:
        return []
    by_key = {part.key: part for part in parts}
    found: list[Asked] = []
    for reason in decision.reasons.all():
        part = by_key.get(reason.section)
        title = f"{part.mark}　{part.title}" if part else _("整份申请")
        found.append(
            Asked(reason.text, reason.section if part else "", title, bool(part.changes) if part else None)
        )
    return found
