"""Experts in the rehearsal: conflicts, sheets with a tie and an outlier, a discussion, a meeting, a frozen result.

Played by the verbs at the office of the last stage, over whatever lies there; every claim is checked on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from shidian.accounts.actions import accept_invitation
from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.calls.scoring import OVERALL, ScoreItem, written
from shidian.core import clock
from shidian.core.errors import Invalid, Refused
from shidian.documents.models import DocumentVersion
from shidian.organisations.models import Office
from shidian.rehearsal.troupe import must, there
from shidian.reviews.experts import assignment, declaring, panels, pool
from shidian.reviews.experts.conflicts import between
from shidian.reviews.experts.models import Assignment, Expert, Panel
from shidian.reviews.experts.pool import Details
from shidian.reviews.experts.queries import applications_of, assignments_of, readable
from shidian.reviews.scoring import actions, meeting, queries
from shidian.reviews.scoring.checking import Written

PEOPLE = (
    ("孙明远", "示范标准化研究院", "研究员"),
    ("周若兰", "示范大学公共管理学院", "教授"),
    ("吴建国", "示范质量技术协会", "高级工程师"),
    ("郑晓梅", "示范社会治理研究中心", "副研究员"),
    ("冯志刚", "", "高级工程师"),
    ("陈思齐", "示范认证中心", "高级工程师"),
)
"""Name, unit, title; who has no unit works for the lead of the first application."""
MOST = 6
"""So many applications are judged; a demonstration has more."""
LEVELS = (Decimal("0.9"), Decimal("0.85"), Decimal("0.85"), Decimal("0.8"), Decimal("0.75"), Decimal("0.7"))
"""What share of the points each application gets: the second and the third come out equal; of two, the two."""


@dataclass
class Judged:
    """What was played: the panel, the result that was frozen, and how many pairs a conflict kept from assignment."""

    panel: Panel
    version: DocumentVersion
    conflicts: int


def judge(
    call: Call,
    office: Office,
    *,
    by: User,
    password: str = "",
    name: str = "演练评审组",
    tell: Callable[[str], None] = lambda words: None,
) -> Judged:
    """Play the whole review of what lies at `office`; `by` handles there. At least two applications are needed."""
    people = _people(call, office, by=by, password=password)
    panel = panels.make(
        call,
        office,
        name=name,
        areas=[],
        opens_at=clock.now(),
        closes_at=clock.now() + timedelta(days=14),
        by=by,
    )
    found = list(applications_of(panel)[:MOST])
    must(len(found) >= 2, "评审至少要有两件申请")
    conflicts = _assign(panel, people, found, by=by)
    panels.open_panel(panel, by=by)
    panel.refresh_from_db()
    tell(f"评审组“{panel.name}”：{len(people)} 位专家，{len(found)} 件申请")

    _declares_late(panel, people[-1], found)
    for row in assignments_of(panel).order_by("pk"):
        _score(row, found.index(row.application), LEVELS if len(found) > 2 else LEVELS[1:])
    standing = queries.standing(panel)
    tie = [line for line in standing.lines if line.tie is not None]
    must(tie, "应当有得分相同的申请")
    must(standing.outliers, "应当有一份评分与其他专家相差很大")
    tell(f"得分相同 {len(tie)} 处，相差很大 {len(standing.outliers)} 份")

    panels.discuss(panel, by=by)
    panel.refresh_from_db()
    _discuss(panel, by=by)
    _meet(panel, by=by)
    version = actions.freeze_result(panel, by=by)
    must(queries.is_equal(version), "冻结的结果重新计算应当相同")
    tell(f"评审结果冻结，版本码 {version.code}，重新计算相同")
    return Judged(panel, version, conflicts)


def _people(call: Call, office: Office, *, by: User, password: str) -> list[Expert]:
    first = there(
        Application.objects.filter(call=call, office=office, state__in=("lodged", "recommended"))
        .select_related("lead")
        .order_by("reference")
        .first(),
        "市级还没有申请",
    )
    found = []
    for number, (name, unit, title) in enumerate(PEOPLE, start=1):
        details = Details(unit or first.lead.name, unit_code="" if unit else first.lead.code, title=title)
        email = f"judge-{number}@expert.example"
        known = Expert.objects.filter(user__email=email).select_related("user", "office").first()
        expert = known or pool.add(office, name=name, email=email, details=details, by=by)
        if password and known is None:
            accept_invitation(expert.user, password=password)
        found.append(expert)
    return found


def _assign(panel: Panel, people: Sequence[Expert], found: Sequence[Application], *, by: User) -> int:
    """Everybody reads everything, except where a conflict forbids it; a forbidden pair is refused. How many are."""
    against = between(people, list(found))
    must(against, "应当有一位专家与一件申请有利害关系")
    pairs = [(expert, application) for expert in people for application in found]
    forbidden = [pair for pair in pairs if (pair[0].pk, pair[1].pk) in against]
    try:
        assignment.assign(panel, forbidden[:1], by=by)
    except Invalid:
        pass
    else:
        must(False, "有利害关系的专家不应当分到申请")
    assignment.assign(panel, [pair for pair in pairs if pair not in forbidden], by=by)
    return len(forbidden)


def _declares_late(panel: Panel, expert: Expert, found: Sequence[Application]) -> None:
    """An expert finds a conflict while reading, and is out at once, whatever is tried."""
    row = there(
        Assignment.objects.filter(panel=panel, expert=expert, application=found[-1])
        .select_related("panel__call", "expert__user", "application")
        .first(),
        "最后一位专家应当分到最后一件申请",
    )
    declaring.declare(
        expert, kind="advice", text="去年为该单位做过咨询", application=row.application, by=expert.user
    )
    must(not readable(expert.user).filter(pk=row.pk).exists(), "申报回避以后不应当再看到申请")
    try:
        actions.save_entries(row, {OVERALL: (Written("", "不应当保存"), None)}, by=expert.user)
    except Refused:
        return
    must(False, "申报回避以后不应当再评分")


def _points(item: ScoreItem, share: Decimal) -> str:
    return written(item.points * share // item.step * item.step)


def _score(row: Assignment, place: int, levels: Sequence[Decimal]) -> None:
    """Fill a sheet in and hand it in; the second expert finds the first application far worse than everybody."""
    scoring = queries.scoring_of(row.panel)
    harsh = place == 0 and row.expert.name == PEOPLE[1][0]
    share = Decimal("0.5") if harsh else levels[place % len(levels)]
    said = "材料没有写明基数和测量办法，不能证明目标可以达到。" if harsh else "依据见申请书，任务和进度对应。"
    writings: dict[str, tuple[Written, int | None]] = {
        item.key: (Written(_points(item, share), said), None) for item in scoring.items
    }
    choice = scoring.recommendations[1 if harsh else 0].key if scoring.recommendations else ""
    writings[OVERALL] = (Written(choice, said), None)
    actions.save_entries(row, writings, by=row.expert.user)
    actions.submit(row, by=row.expert.user)


def _discuss(panel: Panel, *, by: User) -> None:
    """The outlier is talked about, and an item of it moderated with the expert's agreement."""
    standing = queries.standing(panel)
    outlier = standing.outliers[0]
    row = next(
        row
        for row in standing.rows
        if (row.key, row.assignment.application.reference) == (outlier.expert, outlier.application)
    )
    others = [
        other
        for other in standing.rows
        if other.assignment.application_id == row.assignment.application_id and other is not row
    ]
    application = row.assignment.application
    actions.remark(
        panel, application, "基数在证明材料第二份里，目标可以测量。", by=others[0].assignment.expert.user
    )
    actions.remark(panel, application, "看到了，同意调整这一项。", by=row.assignment.expert.user)
    item = max(standing.scoring.items, key=lambda item: item.points)
    sheet = there(row.sheet, "应当有评分表")
    actions.moderate(
        sheet,
        item.key,
        _points(item, LEVELS[0]),
        by=by,
        reason="合议时补看证明材料，专家本人同意按可以测量评分",
    )
    after = queries.standing(panel)
    moved = next(each for each in after.rows if each.assignment.pk == row.assignment.pk)
    must(moved.submitted[item.key] != moved.points[item.key], "原件和调整以后的分数应当都在")


def _meet(panel: Panel, *, by: User) -> None:
    """The panel meets, in the order of the results; who has a conflict is out of the room and has no vote."""
    held = meeting.plan(
        panel,
        by=by,
        held_at=clock.now() + timedelta(hours=1),
        place="市标准化研究院三楼会议室",
        chair="韩组长",
    )
    meeting.attend(held, [member.pk for member in meeting.members(held)], by=by)
    meeting.start(held, by=by)
    places = {line.application: line.rank or 0 for line in queries.standing(panel).lines}
    items = sorted(meeting.turns(held), key=lambda turn: places.get(turn.item.application.reference, 0))
    meeting.order(held, [turn.item.pk for turn in items], by=by)
    for turn in meeting.turns(held):
        meeting.call_item(held, turn.item.pk, by=by)
        now = next(each for each in meeting.turns(held) if each.item.pk == turn.item.pk)
        votes = {str(member.pk): "agree" for member in now.room}
        if turn.item.position == len(items) and now.room:
            votes[str(now.room[0].pk)] = "abstain"
        meeting.vote(held, turn.item.pk, votes, by=by)
        meeting.note(held, "同意评审组的意见。", by=by, pk=turn.item.pk)
        meeting.end_item(held, turn.item.pk, by=by)
    must(any(turn.out for turn in meeting.turns(held)), "应当有人回避离席")
    closed = meeting.close(held, by=by)
    must(closed.version is not None, "会议纪要应当冻结")
