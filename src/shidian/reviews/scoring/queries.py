"""The sheets of a panel as they count, what they come to, and what was frozen of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.calls.scoring import OVERALL, Scoring
from shidian.core.errors import NotNow
from shidian.documents.models import Document, DocumentVersion
from shidian.organisations.models import Office
from shidian.reviews.experts.models import Assignment, Expert, Panel
from shidian.reviews.experts.queries import assignments_of, readable, suspended_of
from shidian.reviews.scoring import calculation, frozen
from shidian.reviews.scoring.calculation import Line, Outlier
from shidian.reviews.scoring.checking import Written
from shidian.reviews.scoring.models import Moderation, ScoreSheet, SheetEntry, SheetRemark

RESULT = "panel-result"
"""The kind of the document whose versions are the frozen results of a panel."""


def scoring_of(panel: Panel) -> Scoring:
    """How the call of a panel scores; refused where its package says nothing of it."""
    scoring = panel.call.package.scoring
    if scoring is None:
        raise NotNow(_("本批次的征集包没有评分表（scoring.yaml），不评分。"))
    return scoring


def numbers(panel: Panel) -> dict[int, int]:
    """The number of each expert in the panel, by which it goes without a name; it never changes."""
    firsts = panel.assignments.order_by().values_list("expert").annotate(first=Min("pk")).order_by("first")
    return {expert: number for number, (expert, _first) in enumerate(firsts, start=1)}


@dataclass(slots=True)
class Given:
    """One assignment that counts, with its sheet; points and words are those of the submitted version.

    `points` are what counts: `submitted` with what was moderated since.
    """

    assignment: Assignment
    number: int
    sheet: ScoreSheet | None
    submitted: dict[str, Decimal] = field(default_factory=dict)
    points: dict[str, Decimal] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    recommendation: str = ""
    moderations: list[Moderation] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether the sheet is in: submitted, and not reopened."""
        return self.sheet is not None and self.sheet.state == "submitted"

    @property
    def key(self) -> str:
        """How the computation calls the expert."""
        return f"E{self.number}"

    @property
    def alias(self) -> str:
        """The expert without a name."""
        return _("专家 {number}").format(number=self.number)

    @property
    def as_sheet(self) -> calculation.Sheet:
        """What the computation takes."""
        return calculation.Sheet(
            self.key, self.assignment.application.reference, self.points, self.recommendation
        )


def given(panel: Panel, application: Application | None = None) -> list[Given]:
    """Every assignment that counts in a panel (of one application), with its sheet; in a fixed number of queries."""
    rows = assignments_of(panel).order_by("application__reference", "pk")
    if application is not None:
        rows = rows.filter(application=application)
    assigned, known = list(rows), numbers(panel)
    sheets = {
        sheet.assignment_id: sheet
        for sheet in ScoreSheet.objects.filter(assignment__in=[row.pk for row in assigned])
        .select_related("version")
        .prefetch_related("moderations__by")
    }
    found = []
    for row in assigned:
        sheet = sheets.get(row.pk)
        if sheet is not None:
            sheet.assignment = row
        found.append(with_sheet(row, known[row.expert_id], sheet))
    return found


def with_sheet(assignment: Assignment, number: int, sheet: ScoreSheet | None) -> Given:
    """An assignment with what its sheet says, where it is in."""
    one = Given(assignment, number, sheet)
    if sheet is None or sheet.state != "submitted" or sheet.version is None:
        return one
    data = sheet.version.data
    one.submitted = {key: Decimal(points) for key, points in data["points"].items()}
    one.points = dict(one.submitted)
    one.comments = data["comments"]
    one.recommendation = data["recommendation"]
    one.moderations = [row for row in sheet.moderations.all() if row.version_id == sheet.version_id]
    for row in one.moderations:
        one.points[row.item] = Decimal(row.after)
    return one


def counted(rows: Sequence[Given]) -> list[calculation.Sheet]:
    """The sheets that are in, as the computation takes them."""
    return [row.as_sheet for row in rows if row.counts]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a panel stands: everything that was given, what it comes to, and which sheets are missing."""

    panel: Panel
    scoring: Scoring
    rows: list[Given]
    lines: list[Line]
    outliers: list[Outlier]
    applications: dict[str, Application]

    @property
    def missing(self) -> list[Given]:
        """The assignments whose sheet is not in."""
        return [row for row in self.rows if not row.counts]

    @property
    def sheets(self) -> list[calculation.Sheet]:
        """The sheets that are in."""
        return counted(self.rows)


def standing(panel: Panel) -> Standing:
    """What the sheets of a panel come to now."""
    scoring, rows = scoring_of(panel), given(panel)
    applications = {row.assignment.application.reference: row.assignment.application for row in rows}
    sheets = counted(rows)
    lines = calculation.results(scoring, applications, sheets)
    return Standing(panel, scoring, rows, lines, calculation.outliers(scoring, sheets), applications)


def ranking(panel: Panel) -> list[tuple[Application, Decimal]]:
    """The applications of a panel with their scores, the best first; those without a score are left out.

    Of the frozen result where there is one, else of the sheets as they are. For lists that are ordered by score.
    """
    last = last_result(panel)
    if last is None:
        now = standing(panel)
        return [
            (now.applications[line.application], line.score) for line in now.lines if line.score is not None
        ]
    lines = [line for line in last.data["result"] if line["score"] is not None]
    rows = Application.objects.select_related("lead", "call").defer("version__content")
    known = {row.reference: row for row in rows.filter(reference__in=[line["application"] for line in lines])}
    return [
        (known[line["application"]], Decimal(line["score"])) for line in lines if line["application"] in known
    ]


def frozen_scores(call: Call, office: Office) -> dict[int, Decimal]:
    """The points of the newest frozen results of an office's panels, by the key of the application."""
    return frozen_points(Panel.objects.filter(call=call, office=office).order_by("pk"))


def frozen_points(panels: Iterable[Panel]) -> dict[int, Decimal]:
    """The points of the newest frozen results of panels, by the key of the application; of several the last counts."""
    found: dict[int, Decimal] = {}
    for panel in panels:
        if last_result(panel) is not None:
            found |= {application.pk: score for application, score in ranking(panel)}
    return found


def result_reference(panel: Panel) -> str:
    """How the document of a panel's results is called."""
    return f"{panel.call.definition.prefix}-P{panel.pk}"


def results_of(panel: Panel) -> list[DocumentVersion]:
    """The frozen results of a panel, the newest first."""
    return list(
        DocumentVersion.objects.filter(document__kind=RESULT, document__reference=result_reference(panel))
        .select_related("document", "created_by")
        .order_by("-number")
    )


def last_result(panel: Panel) -> DocumentVersion | None:
    """The newest frozen result, or None."""
    return next(iter(results_of(panel)), None)


def is_equal(version: DocumentVersion) -> bool:
    """Whether a frozen result, worked out again from its own sheets and rules, gives the same bytes."""
    try:
        return frozen.recomputed_bytes(version.content) == version.content.encode()
    except (ValueError, KeyError, TypeError, ArithmeticError):
        return False


def unequal_results() -> list[str]:
    """Every frozen result that is not what its own sheets and rules give, as sentences for a person."""
    rows = DocumentVersion.objects.filter(document__kind=RESULT).select_related("document")
    return [
        _("{version}：按冻结的评分重新计算，结果与冻结的不同，内容或者计算办法被改动过").format(
            version=version
        )
        for version in rows.iterator(chunk_size=50)
        if not is_equal(version)
    ]


def result_content(now: Standing) -> dict[str, Any]:
    """What is frozen of a result: rules, sheets, what they come to, and who, what and why around them."""
    panel, call = now.panel, now.panel.call
    experts: dict[str, Expert] = {row.key: row.assignment.expert for row in now.rows}
    return frozen.content(
        now.scoring,
        list(now.applications),
        now.sheets,
        reference=result_reference(panel),
        call=call.key,
        call_title=call.title,
        package=call.package.digest,
        office=panel.office.name,
        panel=panel.name,
        experts=[
            {"key": key, "name": expert.name, "unit": expert.unit}
            for key, expert in sorted(experts.items(), key=lambda pair: int(pair[0][1:]))
        ],
        versions=[
            {
                "application": row.assignment.application.reference,
                "expert": row.key,
                "read": row.assignment.version.digest,
                "sheet": row.sheet.version.digest if row.sheet and row.sheet.version and row.counts else "",
            }
            for row in now.rows
        ],
        names={
            reference: {"name": application.name, "lead": application.lead.name}
            for reference, application in now.applications.items()
        },
        moderations=[
            {
                "application": row.assignment.application.reference,
                "expert": row.key,
                "item": change.item,
                "before": change.before,
                "after": change.after,
                "reason": change.reason,
                "by": change.by.label,
                "at": change.at.astimezone(call.zone).isoformat(timespec="seconds"),
            }
            for row in now.rows
            for change in row.moderations
        ],
        left_out=[
            {
                "application": assignment.application.reference,
                "expert": assignment.expert.name,
                "reason": "；".join(reason.words for reason in reasons),
            }
            for assignment, reasons in suspended_of(panel)
        ],
    )


# One expert's sheets


def own_assignment(user: User, pk: int) -> Assignment | None:
    """An assignment that an expert may read; nothing of it is told to anybody else."""
    return readable(user).select_related("panel__call").filter(pk=pk).first()


def sheet_of(assignment: Assignment) -> ScoreSheet | None:
    """The sheet of an assignment, once something was written."""
    sheet = ScoreSheet.objects.filter(assignment=assignment).select_related("version").first()
    if sheet is not None:
        sheet.assignment = assignment
    return sheet


def entries_of(sheet: ScoreSheet | None) -> dict[str, SheetEntry]:
    """What stands on a sheet in writing, by item."""
    return {row.item: row for row in sheet.entries.all()} if sheet is not None else {}


def written_on(entries: Mapping[str, SheetEntry]) -> dict[str, Written]:
    """The same as it is checked."""
    return {key: Written(row.value, row.comment) for key, row in entries.items()}


def progress(scoring: Scoring, entries: Mapping[str, Written]) -> dict[str, int]:
    """How far a sheet is: items with something written, and how many there are."""
    keys = [item.key for item in scoring.items] + [OVERALL] * bool(
        scoring.recommendations or scoring.overall_comment
    )
    return {"done": sum(bool(entries.get(key, Written()).value) for key in keys), "total": len(keys)}


def remarks(panel: Panel, application: Application) -> list[SheetRemark]:
    """What was said in the discussion of an application, the oldest first."""
    return list(
        SheetRemark.objects.filter(panel=panel, application=application)
        .select_related("by", "assignment")
        .order_by("pk")
    )


def document_of(kind: str, reference: str) -> Document:
    """The document of a kind and reference, made when it is first needed."""
    return Document.objects.get_or_create(kind=kind, reference=reference)[0]
