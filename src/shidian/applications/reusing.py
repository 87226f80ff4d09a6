"""What a draft takes over: the unit's profile, also when it changed later, and answers of an earlier application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.accounts.models import User
from shidian.applications import rules
from shidian.applications.models import Answer, AnswerRevision, Application
from shidian.applications.queries import answers, working_applications
from shidian.applications.writing import Outcome, Writing, save_fields
from shidian.audit.actions import record
from shidian.core.errors import NotPermitted
from shidian.organisations import profiles
from shidian.organisations.models import Organisation
from shidian.questionnaires.checks import is_blank
from shidian.questionnaires.definition import Field, Questionnaire, Section
from shidian.questionnaires.forms import clean


def from_profile(questionnaire: Questionnaire, lead: Organisation) -> dict[str, Writing]:
    """What the unit's profile tells of the fields of a form, by "section.field"."""
    told = profiles.told(lead, profiles.newest(lead))
    return {
        f"{section.key}.{field.key}": Writing(clean(field, told[field.profile]), None)
        for section in questionnaire.sections
        for field in section.fields
        if field.profile and told.get(field.profile)
    }


@dataclass(frozen=True, slots=True)
class Newer:
    """A field of a draft about which the profile says something else since."""

    field: Field
    value: Any
    number: int  # of the answer that stands there


def newer_in_profile(application: Application, section: Section, rows: Mapping[str, Answer]) -> list[Newer]:
    """The fields of a section that were written before the unit's profile changed, and differ from it now."""
    if not any(field.profile for field in section.fields):
        return []
    kept = profiles.newest(application.lead)
    if kept is None or kept.at <= application.started_at:
        return []
    told = profiles.told(application.lead, kept)
    found = []
    for field in section.fields:
        row = rows.get(field.key)
        if not field.profile or is_blank(told.get(field.profile)) or (row and row.saved_at >= kept.at):
            continue
        value = clean(field, told[field.profile])
        if row is None or row.value != value:
            found.append(Newer(field, value, row.number if row else 0))
    return found


def take_newer(
    application: Application, section: Section, numbers: Mapping[str, int], *, by: User
) -> list[Outcome]:
    """Take over what the profile says now, into the fields that the person saw with these numbers.

    Like every save: what somebody else wrote since is not overwritten. Refused by `can_write`.
    """
    rows = {row.field: row for row in application.answers.filter(section=section.key)}
    writings = {
        f"{section.key}.{newer.field.key}": Writing(newer.value, numbers[newer.field.key])
        for newer in newer_in_profile(application, section, rows)
        if newer.field.key in numbers
    }
    return save_fields(application, writings, by=by, how=AnswerRevision.How.PREFILLED)


def earlier(user: User, lead: Organisation) -> list[Application]:
    """The applications of a unit from which a person may start another one, the newest first."""
    return list(working_applications(user).filter(lead=lead))


OTHER_FORM = gettext_noop("新的申请书里没有这一栏，或者填法不同")
OTHER_CHOICE = gettext_noop("新的批次里没有这个选项")


def copy_answers(source: Application, target: Application, *, by: User) -> None:
    """Take over the answers of an earlier application of the same unit, where the new form asks the same.

    Same section, field and type; a choice or an area only when the new call has it; rows by the columns that both
    have. What the profile has filled in stays, and attachments stay behind. The event tells what came and what did not.
    """
    if source.lead_id != target.lead_id or not rules.can_read(by, source):
        raise NotPermitted(_("只能从本单位自己的申请带入。"))
    held = {row.path for row in target.answers.all()}
    writings: dict[str, Writing] = {}
    left: list[list[str]] = []
    for section, field, value in _answered(source):
        path = f"{section.key}.{field.key}"
        if path in held:
            continue
        there = _same(target.call.questionnaire, section.key, field)
        if there is None:
            left.append([section.title, field.name, OTHER_FORM])
            continue
        fitting = _fitting(there, value)
        if is_blank(fitting):
            left.append([section.title, field.name, OTHER_CHOICE if there.type != "rows" else OTHER_FORM])
            continue
        writings[path] = Writing(fitting, None)
    save_fields(target, writings, by=by, how=AnswerRevision.How.COPIED)
    detail = {"source": source.reference, "count": len(writings), "came": list(writings), "left": left}
    record("application.copied", target.chain, by=by, detail=detail)


def _answered(application: Application) -> Iterator[tuple[Section, Field, Any]]:
    values = answers(application)
    for section in application.call.questionnaire.sections:
        for field in section.fields:
            value = values.get(section.key, {}).get(field.key)
            if not is_blank(value):
                yield section, field, value


def _same(questionnaire: Questionnaire, section: str, field: Field) -> Field | None:
    try:
        there = questionnaire.section(section)
    except KeyError:
        return None
    found = there.by_key.get(field.key)
    return found if found is not None and found.type == field.type else None


def _fitting(field: Field, value: Any) -> Any:
    """The part of an earlier answer that the new field can hold; blank when there is none."""
    if field.type in ("choice", "area"):
        return value if any(choice.value == value for choice in field.choices) else ""
    if field.type != "rows" or not isinstance(value, list):
        return value
    columns = {column.key: {choice.value for choice in column.choices} for column in field.columns}
    return [
        {
            key: cell
            for key, cell in row.items()
            if key in columns and (not columns[key] or cell in columns[key])
        }
        for row in value
        if isinstance(row, dict)
    ]
