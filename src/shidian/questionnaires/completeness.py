"""How far a questionnaire is filled in, section by section."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shidian.questionnaires.checks import check_section, errors, is_blank
from shidian.questionnaires.definition import Questionnaire, Section


@dataclass(frozen=True, slots=True)
class SectionProgress:
    """Required fields of a section: how many are answered, of how many; done when nothing in it stops a freeze."""

    section: str
    filled: int
    total: int
    state: Literal["empty", "started", "done"]


def progress(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> list[SectionProgress]:
    """The progress of every section in the order of the form; a section that asks for nothing is done from the start."""
    return [section_progress(section, answers.get(section.key)) for section in questionnaire.sections]


def section_progress(section: Section, values: Any) -> SectionProgress:
    """The progress of one section."""
    if not isinstance(values, Mapping):
        values = {}
    required = [field.key for field in section.fields if field.required]
    filled = sum(1 for key in required if not is_blank(values.get(key)))
    if not errors(check_section(section, values)):
        return SectionProgress(section.key, filled, len(required), "done")
    started = any(not is_blank(values.get(field.key)) for field in section.fields)
    return SectionProgress(section.key, filled, len(required), "started" if started else "empty")
