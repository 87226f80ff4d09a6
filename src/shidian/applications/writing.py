"""Saving what people write, field by field: nobody's text is ever overwritten unseen, and none is ever lost.

Typing is no event of the procedure: the revisions of a field are its history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import rules
from shidian.applications.models import Answer, AnswerRevision, Application
from shidian.applications.openings import opening
from shidian.applications.queries import for_writing, split, value_at
from shidian.core import clock
from shidian.core.errors import Stale, require

How = AnswerRevision.How

_FIRST = f"""
    INSERT INTO {Answer._meta.db_table} (value, saved_at, saved_by_id, application_id, section, field, number)
    VALUES (%s, %s, %s, %s, %s, %s, 1) ON CONFLICT DO NOTHING RETURNING id"""  # noqa: S608 (name of the table)
_NEXT = f"""
    UPDATE {Answer._meta.db_table} SET value = %s, saved_at = %s, saved_by_id = %s, number = number + 1
    WHERE application_id = %s AND section = %s AND field = %s AND number = %s AND value <> %s
    RETURNING id"""  # noqa: S608 (name of the table)


@dataclass(frozen=True, slots=True)
class Writing:
    """A value for a field, and the number that the writer had before the eyes; None writes over whatever stands there."""

    value: Any
    started_from: int | None


@dataclass(frozen=True, slots=True)
class Saved:
    """What stands in the field now; `changed` is False when it stood there already."""

    path: str
    value: Any
    number: int
    at: datetime
    changed: bool


@dataclass(frozen=True, slots=True)
class Contested:
    """Somebody else wrote first: `theirs` stands, `mine` is kept aside until a person chooses. `base` is what both saw."""

    path: str
    mine: Any
    theirs: Any
    base: Any
    number: int
    who: str
    at: datetime


Outcome = Saved | Contested


def over(section: str, values: Mapping[str, Any]) -> dict[str, Writing]:
    """The values of a section as writings over whatever stands there."""
    return {f"{section}.{field}": Writing(value, None) for field, value in values.items()}


def save_fields(
    application: Application, writings: Mapping[str, Writing], *, by: User, how: How = How.TYPED
) -> list[Outcome]:
    """Save values by "section.field" in a draft, whatever they are; the outcomes in the order given.

    A field that somebody changed since `started_from` is not overwritten: the text is kept as a revision without
    a number, and returned as `Contested`. An equal value changes nothing. Refused by `rules.can_write` of a section,
    and while a correction is under way for what is not open (`openings`).
    """
    if application.is_held:
        return _save_all(application, writings, by=by, how=how)
    with transaction.atomic():
        return _save_all(for_writing(application, by), writings, by=by, how=how)


def _save_all(locked: Application, writings: Mapping[str, Writing], *, by: User, how: How) -> list[Outcome]:
    for section in dict.fromkeys(split(path)[0] for path in writings):
        require(rules.can_write(by, locked, section))
    opened = opening(locked)
    if opened is not None:
        for path, writing in writings.items():
            require(opened.may_write(path, writing.value))
    now = clock.now()
    outcomes: list[Outcome] = []
    revisions: list[AnswerRevision] = []
    written = {path: _write_on(locked, path, writing, by=by, now=now) for path, writing in writings.items()}
    left = [path for path, key in written.items() if key is None]
    rows = _rows(locked, left) if left else {}
    for path, writing in writings.items():
        key = written[path]
        if key is None:
            outcome, revision = _save(locked, path, writing, rows.get(path), by=by, how=how, now=now)
        else:
            outcome, revision = _written(key, path, writing, by=by, how=how, now=now)
        outcomes.append(outcome)
        if revision is not None:
            revisions.append(revision)
    Answer.objects.bulk_create(each.answer for each in revisions if each.answer_id is None)
    if len(revisions) == 1:
        revisions[0].save(force_insert=True)
    else:
        AnswerRevision.objects.bulk_create(revisions)
    _copy_for_lists(locked, outcomes)
    return outcomes


def save_field(
    application: Application,
    path: str,
    value: Any,
    *,
    by: User,
    started_from: int | None,
    how: How = How.TYPED,
) -> Outcome:
    """Save one field; see `save_fields`."""
    return save_fields(application, {path: Writing(value, started_from)}, by=by, how=how)[0]


def restore(revision: AnswerRevision, *, by: User, started_from: int) -> Outcome:
    """Bring an earlier text back as the newest one; the text that stood there stays in the history."""
    answer = revision.answer
    return save_field(
        answer.application, answer.path, revision.value, by=by, started_from=started_from, how=How.RESTORED
    )


@transaction.atomic
def settle_for_theirs(application: Application, path: str, *, by: User, started_from: int) -> None:
    """Leave what the other wrote, and be asked no more; `Stale` when yet another text stands there by now."""
    locked = for_writing(application, by)
    require(rules.can_write(by, locked, split(path)[0]))
    row = _rows(locked, [path]).get(path)
    if row is None or row.number != started_from:
        raise Stale(_("又有新的修改，请看最新的两份再选。"))
    AnswerRevision.objects.create(
        answer=row, number=None, base=started_from, value=row.value, how=How.SETTLED, at=clock.now(), by=by
    )


def _rows(application: Application, paths: Iterable[str]) -> dict[str, Answer]:
    wanted = [split(path) for path in paths]
    rows = Answer.objects.filter(application=application, section__in={section for section, _rest in wanted})
    if len(wanted) < 20:
        rows = rows.filter(field__in={field for _rest, field in wanted})
    return {row.path: row for row in rows}


def _write_on(
    application: Application, path: str, writing: Writing, *, by: User, now: datetime
) -> int | None:
    """Write in one statement, without reading, where what the writer started from still stands: the answer's key.

    None, and nothing is written, where another number or the same value stands, or where it does not matter.
    """
    if writing.started_from is None or writing.started_from < 0:
        return None
    value = Answer._meta.get_field("value").get_db_prep_value(writing.value, connection)
    at = Answer._meta.get_field("saved_at").get_db_prep_value(now, connection)
    row = (value, at, by.pk, application.pk, *split(path))
    with connection.cursor() as cursor:
        if writing.started_from == 0:
            cursor.execute(_FIRST, row)
        else:
            cursor.execute(_NEXT, (*row, writing.started_from, value))
        found = cursor.fetchone()
    return found[0] if found else None


def _written(
    key: int, path: str, writing: Writing, *, by: User, how: How, now: datetime
) -> tuple[Saved, AnswerRevision]:
    base = writing.started_from or 0
    revision = AnswerRevision(
        answer_id=key, number=base + 1, base=base, value=writing.value, how=how, at=now, by=by
    )
    return Saved(path, writing.value, base + 1, now, changed=True), revision


def _save(
    application: Application,
    path: str,
    writing: Writing,
    row: Answer | None,
    *,
    by: User,
    how: How,
    now: datetime,
) -> tuple[Outcome, AnswerRevision | None]:
    value, number = writing.value, row.number if row else 0
    base = writing.started_from
    if row is not None and row.value == value:
        return Saved(path, value, number, row.saved_at, changed=False), None
    if row is not None and base is not None and base != number:
        aside = AnswerRevision(
            answer=row, number=None, base=max(base, 0), value=value, how=How.ASIDE, at=now, by=by
        )
        who = _("您在另一个窗口") if row.saved_by_id == by.pk else row.saved_by.label
        contested = Contested(path, value, row.value, value_at(row, base), number, who, row.saved_at)
        return contested, None if _kept_already(row, max(base, 0), value, by) else aside
    if row is None:
        section, field = split(path)
        row = Answer(
            application=application,
            section=section,
            field=field,
            value=value,
            number=1,
            saved_at=now,
            saved_by=by,
        )
    else:
        row.value, row.number, row.saved_at, row.saved_by = value, number + 1, now, by
        row.save(update_fields=("value", "number", "saved_at", "saved_by"))
    revision = AnswerRevision(
        answer=row,
        number=row.number,
        base=number if base is None else base,
        value=value,
        how=how,
        at=now,
        by=by,
    )
    return Saved(path, value, row.number, now, changed=True), revision


def _kept_already(row: Answer, base: int, value: Any, by: User) -> bool:
    # A browser that sends the same text again after a lost answer adds nothing.
    last = row.revisions.filter(by=by).order_by("-pk").first()
    return last is not None and (last.how, last.base, last.value) == (How.ASIDE, base, value)


def _copy_for_lists(application: Application, outcomes: Iterable[Outcome]) -> None:
    uses = application.call.definition.uses
    columns = {uses.name: "title", uses.area: "area"}
    changed: dict[str, str] = {}
    for outcome in outcomes:
        column = columns.get(outcome.path)
        if column and isinstance(outcome, Saved):
            text = outcome.value[:200] if isinstance(outcome.value, str) else ""
            if getattr(application, column) != text:
                changed[column] = text
    if changed:
        Application.objects.filter(pk=application.pk).update(**changed)
