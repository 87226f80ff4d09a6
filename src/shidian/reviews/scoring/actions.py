"""Writing, submitting and reopening score sheets; the discussion; freezing a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.audit.actions import move, record
from shidian.calls.scoring import OVERALL, written
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, Stale, require
from shidian.documents.actions import freeze
from shidian.documents.models import Document, DocumentVersion
from shidian.reviews.experts.models import Assignment, Panel
from shidian.reviews.scoring import rules
from shidian.reviews.scoring.calculation import rounded, total
from shidian.reviews.scoring.checking import Problem, Written, all_points, plain, points_of, problems
from shidian.reviews.scoring.models import Moderation, ScoreSheet, SheetEntry, SheetRemark
from shidian.reviews.scoring.queries import (
    RESULT,
    document_of,
    entries_of,
    last_result,
    numbers,
    result_content,
    result_reference,
    scoring_of,
    standing,
    with_sheet,
    written_on,
)

LONGEST_WHY, LONGEST_REMARK = 500, 4000


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands at an item now, and its number."""

    item: str
    number: int


@dataclass(frozen=True, slots=True)
class Contested:
    """Another window wrote first: `theirs` stands at `number`, and `mine` was not written over it."""

    item: str
    number: int
    mine: Written
    theirs: Written


def _locked(assignment: Assignment) -> tuple[Assignment, ScoreSheet | None]:
    """The assignment under its lock, with its sheet."""
    found = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("panel__call", "panel__office", "expert__user", "application", "version")
        .get(pk=assignment.pk)
    )
    sheet = ScoreSheet.objects.filter(assignment=found).select_related("version", "document").first()
    if sheet is not None:
        sheet.assignment = found
    return found, sheet


def _locked_sheet(sheet: ScoreSheet) -> ScoreSheet:
    _assignment, found = _locked(sheet.assignment)
    if found is None:
        raise NotNow(_("评分表还没有提交。"))
    return found


@transaction.atomic
def save_entries(
    assignment: Assignment, writings: Mapping[str, tuple[Written, int | None]], *, by: User
) -> list[Kept | Contested]:
    """Save items of a sheet as they are typed, right or wrong; the outcomes in the order given.

    Each comes with the number that its writer started from: what another window wrote since is not written over, and
    is told as `Contested`. None writes over whatever stands there. An equal text changes nothing.
    """
    found, sheet = _locked(assignment)
    require(rules.can_score(by, found, sheet))
    scoring = scoring_of(found.panel)
    if unknown := set(writings) - {*scoring.by_key, OVERALL}:
        raise Invalid(_("评分表没有“{item}”这一项，请刷新页面。").format(item=min(unknown)))
    sheet = sheet or _begun(found)
    rows, now = entries_of(sheet), clock.now()
    outcomes: list[Kept | Contested] = []
    for item, (given, started_from) in writings.items():
        row = rows.get(item)
        value, comment = plain(given.value), given.comment.replace("\r\n", "\n")
        here = Written(row.value, row.comment) if row else Written()
        number = row.number if row else 0
        if here == Written(value, comment):
            outcomes.append(Kept(item, number))
        elif started_from is not None and started_from != number:
            outcomes.append(Contested(item, number, Written(value, comment), here))
        else:
            row = row or SheetEntry(sheet=sheet, item=item)
            row.value, row.comment, row.number, row.saved_at = value, comment, number + 1, now
            row.save()
            outcomes.append(Kept(item, number + 1))
    return outcomes


def _begun(assignment: Assignment) -> ScoreSheet:
    reference = f"{result_reference(assignment.panel)}-{assignment.pk}"
    document = Document.objects.create(kind="score-sheet", reference=reference)
    return ScoreSheet.objects.create(assignment=assignment, document=document)


@transaction.atomic
def submit(assignment: Assignment, *, by: User) -> ScoreSheet:
    """Hand the sheet in: it is frozen as evidence. Refused (`Invalid`) with every problem and its place."""
    found, sheet = _locked(assignment)
    require(rules.can_score(by, found, sheet))
    scoring = scoring_of(found.panel)
    entries = written_on(entries_of(sheet))
    if wrong := problems(scoring, entries):
        raise Invalid(_("评分表还有 {count} 处要改，没有提交。").format(count=len(wrong)), wrong)
    if sheet is None:
        raise NotNow(_("评分表还是空的。"))
    points = all_points(scoring, entries)
    overall = entries.get(OVERALL, Written())
    content = {
        "schema": "shidian/score-sheet/1",
        "call": found.panel.call.key,
        "panel": found.panel.name,
        "application": found.application.reference,
        "read": {"version": found.version.label, "digest": found.version.digest},
        "expert": {"name": found.expert.name, "unit": found.expert.unit},
        "title": scoring.title,
        "items": [
            {
                "key": item.key,
                "label": item.label,
                "points": written(item.points),
                "weight": written(item.weight),
            }
            for item in scoring.items
        ],
        "points": {key: written(value) for key, value in points.items()},
        "comments": {key: entry.comment for key, entry in entries.items() if entry.comment},
        "recommendation": overall.value,
        "recommendation_label": scoring.option_labels.get(overall.value, ""),
        "total": str(rounded(total(scoring, points), scoring.formula.decimals)),
    }
    version = freeze(sheet.document, content, by=by)
    move(
        sheet,
        "submit",
        by=by,
        version=version,
        submitted_at=clock.now(),
        detail={
            "expert": found.expert.name,
            "reference": found.application.reference,
            "version": version.label,
            "code": version.code,
        },
    )
    return sheet


@transaction.atomic
def reopen(sheet: ScoreSheet, *, by: User, reason: str) -> ScoreSheet:
    """Give a submitted sheet back to its expert, with a reason; what was submitted stays, and the next is a new version."""
    found = _locked_sheet(sheet)
    require(rules.can_reopen(by, found))
    detail = {**_whose(found.assignment), "reason": _why(reason)}
    move(found, "reopen", by=by, submitted_at=None, detail=detail)
    return found


@transaction.atomic
def moderate(sheet: ScoreSheet, item: str, points: str, *, by: User, reason: str) -> Moderation:
    """Record that the discussion settled on other points for an item of a submitted sheet, and why.

    The submitted version stays as it is; what counts is read with the newest record of each item.
    """
    found = _locked_sheet(sheet)
    require(rules.can_moderate(by, found))
    scoring, assignment = scoring_of(found.assignment.panel), found.assignment
    asked = scoring.by_key.get(item)
    if asked is None:
        raise Invalid(_("请选择要调整的项目。"), [Problem(_("请选择要调整的项目。"), "id_item")])
    after = points_of(asked, plain(points))
    if isinstance(after, str):
        said = _("{label}：{message}").format(label=asked.label, message=after)
        raise Invalid(said, [Problem(said, "id_points")])
    why = _why(reason)
    before = with_sheet(assignment, numbers(assignment.panel)[assignment.expert_id], found).points[item]
    if before == after:
        said = _("现在就是 {points} 分，没有改动。").format(points=written(after))
        raise Invalid(said, [Problem(said, "id_points")])
    if found.version is None:
        raise NotNow(_("评分表还没有提交。"))
    row = Moderation.objects.create(
        sheet=found,
        version=found.version,
        item=item,
        before=written(before),
        after=written(after),
        reason=why,
        at=clock.now(),
        by=by,
    )
    record(
        "sheet.moderated",
        found.chain,
        by=by,
        detail={
            **_whose(assignment),
            "item": asked.label,
            "before": row.before,
            "after": row.after,
            "reason": why,
        },
    )
    return row


def _whose(assignment: Assignment) -> dict[str, Any]:
    """Of a sheet that somebody else touches: the expert, who is told of it, and where."""
    return {
        "expert": assignment.expert.name,
        "user": assignment.expert.user_id,
        "assignment": assignment.pk,
        "reference": assignment.application.reference,
    }


def _why(reason: str) -> str:
    text = reason.strip()
    if not text:
        raise Invalid(_("请写明理由。"), [Problem(_("请写明理由。"), "id_reason")])
    if len(text) > LONGEST_WHY:
        said = _("理由最多 {most} 字，现在 {count} 字。").format(most=LONGEST_WHY, count=len(text))
        raise Invalid(said, [Problem(said, "id_reason")])
    return text


@transaction.atomic
def remark(panel: Panel, application: Application, text: str, *, by: User) -> SheetRemark:
    """Say something in the discussion of an application."""
    panel = Panel.objects.select_for_update(of=("self",)).select_related("call", "office").get(pk=panel.pk)
    require(rules.can_discuss(by, panel, application))
    said = text.strip()
    if not said or len(said) > LONGEST_REMARK:
        words = _("请写 1 至 {most} 字。").format(most=LONGEST_REMARK)
        raise Invalid(words, [Problem(words, "id_text")])
    mine = panel.assignments.filter(
        expert__user=by, application=application, withdrawn_at__isnull=True
    ).first()
    row = SheetRemark.objects.create(
        panel=panel, application=application, assignment=mine, text=said, at=clock.now(), by=by
    )
    record("panel.remarked", panel.chain, by=by, detail={"reference": application.reference})
    return row


@transaction.atomic
def freeze_result(panel: Panel, *, by: User) -> DocumentVersion:
    """Freeze the sheets, the rules and what they come to, as a document that can be worked out again.

    Refused while nothing was handed in, and when the newest frozen result says the same.
    """
    panel = Panel.objects.select_for_update(of=("self",)).select_related("call", "office").get(pk=panel.pk)
    require(rules.can_freeze(by, panel))
    now = standing(panel)
    if not now.sheets:
        raise NotNow(_("还没有一份提交的评分表，没有结果可以冻结。"))
    content, last = result_content(now), last_result(panel)
    if last is not None and {**content, "version": last.number} == last.data:
        raise Stale(_("评分没有变化，与已经冻结的结果（版本码 {code}）相同。").format(code=last.code))
    version = freeze(document_of(RESULT, result_reference(panel)), content, by=by)
    detail = {"version": version.label, "code": version.code, "digest": version.digest}
    record("result.frozen", panel.chain, by=by, detail=detail)
    return version
