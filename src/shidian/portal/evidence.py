"""Files beside the questions that they answer: which slot belongs to a question, and how many files it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shidian.applications.models import Application
from shidian.calls.packages import CONDITIONS
from shidian.portal.overview import url
from shidian.questionnaires.definition import Section
from shidian.ui.controls import Evidence, ScreenField


def with_evidence(
    fields: Sequence[ScreenField], application: Application, section: Section
) -> list[ScreenField]:
    """The fields of the conditions with a link to the slot of their files; other sections stay as they are."""
    if section.key != CONDITIONS:
        return list(fields)
    definition = application.call.definition
    labels = {slot.key: slot.label for slot in definition.attachments}
    held = Counter(application.attachments.values_list("slot", flat=True))
    found = []
    for field in fields:
        slot = definition.evidence_slots.get(field.key)
        if slot in labels:
            place = f"{url('attachments', application)}#slot-{slot}"
            field = replace(field, evidence=Evidence(labels[slot], place, held[slot]))  # noqa: PLW2901
        found.append(field)
    return found


@dataclass(frozen=True, slots=True)
class Question:
    """A question whose evidence lies in a slot, and where it is asked."""

    words: str
    url: str


def questions(application: Application) -> dict[str, list[Question]]:
    """The questions of the conditions by the slot that holds their files."""
    definition = application.call.definition
    found: dict[str, list[Question]] = {}
    for condition in definition.conditions:
        for part in condition.parts:
            key = f"{condition.key}-{part.key}"
            slot = definition.evidence_slots.get(key)
            if slot:
                place = f"{url('section', application, section=CONDITIONS)}#f-{key}"
                words = f"{condition.numeral}{part.question}"
                found.setdefault(slot, []).append(Question(words, place))
    return found
