"""How far a questionnaire is filled in, section by section; what is hidden does not count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shidian.questionnaires.checks import Problem, check, errors, is_blank
from shidian.questionnaires.definition import Questionnaire, Section
from shidian.questionnaires.visibility import Visible, visible


@dataclass(frozen=True, slots=True)
class SectionProgress:
    """Required fields of a section: how many are answered, of how many; done when nothing in it stops a freeze.

    A `hidden` section asks for nothing: it is done, and no page names it.
    """

    section: str
    filled: int
    total: int
    state: Literal["empty", "started", "done"]
    hidden: bool = False


def progress(
    questionnaire: Questionnaire, answers: Mapping[str, Any], problems: Sequence[Problem] | None = None
) -> list[SectionProgress]:
    """The progress of every section in the order of the form; a section that asks for nothing is done from the start.

    `problems` are those of `check`, where they are known already.
    """
    known = visible(questionnaire, answers)
    found = check(questionnaire, answers) if problems is None else problems
    stopped = {problem.section for problem in errors(list(found))}
    return [
        _section(section, answers.get(section.key), known, stopped=section.key in stopped)
        for section in questionnaire.sections
    ]


def _section(section: Section, values: Any, known: Visible, *, stopped: bool) -> SectionProgress:
    if not known.section(section.key):
        return SectionProgress(section.key, 0, 0, "done", hidden=True)
    if not isinstance(values, Mapping):
        values = {}
    asked = [field for field in section.fields if known.field(section.key, field.key)]
    required = [field.key for field in asked if field.required]
    filled = sum(1 for key in required if not is_blank(values.get(key)))
    if not stopped:
        return SectionProgress(section.key, filled, len(required), "done")
    started = any(not is_blank(values.get(field.key)) for field in asked)
    return SectionProgress(section.key, filled, len(required), "started" if started else "empty")
