"""What the destination decided: its letters, and the result of every application with the names as issued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.applications.states import LEFT
from shidian.audit.actions import record
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import Invalid, require
from shidian.dispatch.publishing import rules
from shidian.dispatch.publishing.models import Result, ResultLetter
from shidian.dispatch.publishing.papers import day_of
from shidian.documents.models import StoredFile
from shidian.organisations.models import Office

LONGEST_NAME = 200
MOST_ROWS = 20_000
HEAD_WITHIN = 20

_HEADS: Mapping[str, tuple[str, ...]] = {
    "reference": ("申请编号", "编号", "reference"),
    "outcome": ("结果", "国家结果", "是否批准", "outcome"),
    "name": ("公布的名称", "项目名称", "试点名称", "名称", "name"),
    "unit": ("公布的承担单位", "承担单位", "单位", "unit"),
    "remark": ("备注", "remark"),
}
_WORDS: Mapping[str, Result.Outcome] = {
    **dict.fromkeys(("批准", "通过", "入选", "选入", "是", "同意", "approved"), Result.Outcome.APPROVED),
    **dict.fromkeys(
        ("未选入", "未批准", "不批准", "未通过", "未入选", "不通过", "否", "不同意", "not_selected"),
        Result.Outcome.NOT_SELECTED,
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one application as it is to be recorded."""

    reference: str
    outcome: str
    name: str = ""
    unit: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a row: of a form (`place` is its field) or of a sheet (`row` is its number there)."""

    reference: str
    place: str
    message: str
    row: int = 0


@dataclass(slots=True)
class Trial:
    """What recording rows would come to, before anything is recorded."""

    rows: list[Row] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    same: int = 0
    differing: int = 0

    @property
    def approved(self) -> int:
        """How many would be approved."""
        return sum(row.outcome == Result.Outcome.APPROVED for row in self.rows)

    def to_json(self) -> list[dict[str, str]]:
        """The rows as values of a form."""
        return [asdict(row) for row in self.rows]


@transaction.atomic
def record_letter(
    call: Call,
    office: Office,
    *,
    issuer: str,
    number: str,
    title: str,
    dated: date,
    file: StoredFile,
    by: User,
) -> ResultLetter:
    """Record a letter of the destination with its scan. Refused for a date ahead, and for a number recorded before."""
    require(rules.can_record_results(by, call, office))
    today = clock.now().astimezone(call.zone).date()
    if dated > today:
        raise Invalid(_("成文日期不能晚于今天。"), [("dated", _("成文日期不能晚于今天。"))])
    words = _("这个文号已经登记过了。")
    try:
        with transaction.atomic():
            letter = ResultLetter.objects.create(
                call=call,
                office=office,
                issuer=issuer.strip(),
                number=number.strip(),
                title=title.strip(),
                dated=dated,
                file=file,
                at=clock.now(),
                by=by,
            )
    except IntegrityError as taken:
        raise Invalid(words, [("number", words)]) from taken
    detail = {
        "number": letter.number,
        "issuer": letter.issuer,
        "dated": day_of(dated),
        "sha256": file.sha256,
    }
    record("result.letter", letter.chain, by=by, detail=detail)
    return letter


def newest(keys: Sequence[int]) -> dict[int, Result]:
    """The result that counts of each application."""
    found = {}
    for row in Result.objects.filter(application__in=keys).order_by("pk"):
        found[row.application_id] = row
    return found


def try_rows(call: Call, rows: Sequence[Row], *, numbers: Sequence[int] = ()) -> Trial:
    """What recording these rows would come to; `numbers` are their numbers in a sheet. Nothing is written."""
    trial = Trial()
    known = {
        row.reference: row
        for row in Application.objects.filter(
            call=call, reference__in=[row.reference for row in rows]
        ).select_related("lead")
    }
    before = newest([row.pk for row in known.values()])
    told: set[str] = set()
    for position, row in enumerate(rows):
        number = numbers[position] if position < len(numbers) else 0
        faults = _faults(row, known.get(row.reference), row.reference in told)
        trial.faults += [RowFault(row.reference, place, message, number) for place, message in faults]
        told.add(row.reference)
        if faults:
            continue
        application = known[row.reference]
        last = before.get(application.pk)
        if last and (last.outcome, last.issued_name, last.issued_unit) == (row.outcome, row.name, row.unit):
            trial.same += 1
            continue
        trial.rows.append(row)
        if row.outcome == Result.Outcome.APPROVED and (row.name, row.unit) != (
            application.name,
            application.lead.name,
        ):
            trial.differing += 1
    return trial


def _faults(row: Row, application: Application | None, twice: bool) -> list[tuple[str, str]]:
    if application is None:
        return [("reference", _("没有编号是“{reference}”的申请").format(reference=row.reference))]
    if application.state not in LEFT:
        words = _("{reference} 现在是“{state_label}”，没有报送国家").format(
            reference=row.reference, state_label=application.state_label
        )
        return [("reference", words)]
    found = []
    if twice:
        found.append(("reference", _("{reference} 写了两次").format(reference=row.reference)))
    if row.outcome not in Result.Outcome.values:
        found.append(("outcome", _("结果请写“批准”或者“未选入”")))
    if row.outcome == Result.Outcome.APPROVED:
        if not row.name:
            found.append(("name", _("请写来文公布的名称")))
        if not row.unit:
            found.append(("unit", _("请写来文公布的承担单位")))
    for place, text in (("name", row.name), ("unit", row.unit), ("remark", row.remark)):
        if len(text) > LONGEST_NAME:
            found.append((place, _("最多 {longest} 字").format(longest=LONGEST_NAME)))
    return found


@transaction.atomic
def record_results(letter: ResultLetter, rows: Sequence[Row], *, by: User) -> list[Result]:
    """Record what a letter says of each application; all or nothing. What stands recorded in the same words is left.

    Refused (`Invalid`, with every fault) while a row is wrong.
    """
    require(rules.can_record_results(by, letter.call, letter.office))
    trial = try_rows(letter.call, rows)
    if trial.faults:
        raise Invalid(trial.faults[0].message, trial.faults)
    made = []
    for row in sorted(trial.rows, key=lambda each: each.reference):
        application = applications.locked(Application.objects.get(reference=row.reference))
        detail = {
            "letter": letter.number,
            "issuer": letter.issuer,
            "name": row.name,
            "unit": row.unit,
            "applied_name": application.name,
            "applied_unit": application.lead.name,
        }
        approved = row.outcome == Result.Outcome.APPROVED
        if application.state == row.outcome:
            record("application.result_corrected", application.chain, by=by, detail=detail)
        else:
            applications.record_result(application, approved=approved, by=by, detail=detail)
        made.append(
            Result.objects.create(
                application=application,
                letter=letter,
                outcome=row.outcome,
                issued_name=row.name if approved else "",
                issued_unit=row.unit if approved else "",
                applied_name=application.name[:200],
                applied_unit=application.lead.name[:200],
                remark=row.remark,
                at=clock.now(),
                by=by,
            )
        )
    if made:
        count = sum(row.outcome == Result.Outcome.APPROVED for row in made)
        record("result.recorded", letter.chain, by=by, detail={"count": len(made), "approved": count})
    return made


def read_sheet(content: BinaryIO) -> tuple[list[Row], list[int]]:
    """The rows of an .xlsx with their numbers; its columns are found by their headings, whatever stands above them.

    Refused (`Invalid`) for a file that is no sheet, and for one without the columns of reference and result.
    """
    try:
        workbook = CalamineWorkbook.from_filelike(content)
        cells = workbook.get_sheet_by_index(0).to_python(nrows=MOST_ROWS + HEAD_WITHIN + 1)
    except (CalamineError, OSError, ValueError, IndexError) as fault:
        message = _("这个文件读不出来，请用 Excel 另存为 .xlsx 再上传。")
        raise Invalid(message, [("sheet", message)]) from fault
    head, columns = _head(cells)
    if "reference" not in columns or "outcome" not in columns:
        message = _("没有找到“申请编号”和“结果”两列，请先下载模板填写。")
        raise Invalid(message, [("sheet", message)])
    rows, numbers = [], []
    for number, line in enumerate(cells[head + 1 :], start=head + 2):
        said = {target: _text(line[at]) if at < len(line) else "" for target, at in columns.items()}
        if not any(said.values()):
            continue
        outcome = _WORDS.get(said["outcome"].replace(" ", ""), said["outcome"])
        rows.append(
            Row(
                said["reference"].upper(),
                str(outcome),
                said.get("name", ""),
                said.get("unit", ""),
                said.get("remark", ""),
            )
        )
        numbers.append(number)
    if len(rows) > MOST_ROWS:
        message = _("一次最多 {most} 行。").format(most=MOST_ROWS)
        raise Invalid(message, [("sheet", message)])
    return rows, numbers


def _head(cells: Sequence[Sequence[Any]]) -> tuple[int, dict[str, int]]:
    for number, line in enumerate(cells[:HEAD_WITHIN]):
        words = [_text(cell) for cell in line]
        found = {
            target: next((words.index(each) for each in names if each in words), -1)
            for target, names in _HEADS.items()
        }
        if found["reference"] >= 0:
            return number, {target: at for target, at in found.items() if at >= 0}
    return 0, {}


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split()) if cell is not None else ""
