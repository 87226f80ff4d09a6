"""Giving applications to experts: by hand, from a file looked at beforehand, and by a plan worked out and confirmed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, cast

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django_q.tasks import async_task

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.audit.actions import Actor, move, record
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, require
from shidian.core.language import chinese, in_chinese
from shidian.reviews.experts import bodies, optimum
from shidian.reviews.experts.conflicts import Conflict, Pair, between
from shidian.reviews.experts.models import Assignment, AssignmentPlan, Expert, Panel
from shidian.reviews.experts.queries import applications_of, experts_for
from shidian.reviews.experts.rules import can_assign, can_confirm
from shidian.reviews.experts.tables import Line as Row
from shidian.reviews.experts.tables import read_table

AT_ONCE = 20_000
"""So many pairs are weighed while the person waits; more in the background."""
COLUMNS: Mapping[str, Sequence[str]] = {
    "reference": ("申请编号", "编号", "reference"),
    "expert": ("专家邮箱", "电子邮箱", "邮箱", "专家", "专家姓名", "expert"),
    "act": ("动作", "操作", "action"),
    "reason": ("理由", "撤回理由"),
}
GIVE, TAKE_BACK = "分配", "撤回"
LONGEST = 500


@transaction.atomic
def assign(
    panel: Panel,
    pairs: Iterable[tuple[Expert, Application]],
    *,
    by: User,
    means: Assignment.Means = Assignment.Means.HAND,
) -> list[Assignment]:
    """Give applications to experts, each in the version that lies at the office; pairs that are given already stay.

    Refused (`Invalid`, all or nothing) for a conflict, an expert outside of the pool, an application outside of the
    panel. Which version: the one of the application now.
    """
    _locked(panel, by)
    wanted = list(dict.fromkeys(pairs))
    against = refusals(panel, wanted)
    if against:
        (expert, application), words = next(iter(against.items()))
        raise Invalid(
            _("不能把 {reference} 分配给{expert}：{words}").format(
                reference=application.reference, expert=expert.name, words=words
            ),
            [("pairs", words)],
        )
    given = set(
        Assignment.objects.filter(panel=panel, withdrawn_at__isnull=True).values_list("expert", "application")
    )
    now = clock.now()
    rows = [
        Assignment(
            panel=panel,
            expert=expert,
            application=application,
            version_id=cast(int, application.version_id),  # refused above where there is none
            means=means,
            at=now,
            by=by,
        )
        for expert, application in wanted
        if (expert.pk, application.pk) not in given
    ]
    made = Assignment.objects.bulk_create(rows)
    by_expert: dict[int, list[Assignment]] = defaultdict(list)
    for row in made:
        by_expert[row.expert_id].append(row)
    for some in by_expert.values():
        references = [row.application.reference for row in some]
        detail = {
            "expert": some[0].expert.name,
            "user": some[0].expert.user_id,
            "count": len(some),
            "references": "、".join(references),
            "means": chinese(Assignment.Means(means).label),
        }
        record("panel.assigned", panel.chain, by=by, detail=detail)
    return made


def refusals(
    panel: Panel, pairs: Sequence[tuple[Expert, Application]]
) -> dict[tuple[Expert, Application], str]:
    """Why some of these pairs cannot be, in words."""
    pool = set(experts_for(panel).values_list("pk", flat=True))
    here = set(applications_of(panel).values_list("pk", flat=True))
    experts = list({expert.pk: expert for expert, _application in pairs}.values())
    asked = {application.pk for _expert, application in pairs}
    rows = list(Application.objects.filter(pk__in=asked).select_related("call", "lead"))
    found = between(experts, rows)
    against = {}
    for expert, application in pairs:
        if expert.pk not in pool:
            against[expert, application] = _("不在这个专家库里，或者已停用")
        elif application.pk not in here or application.version_id is None:
            against[expert, application] = _("这件申请不在这个评审组里")
        elif conflicts := found.get((expert.pk, application.pk)):
            against[expert, application] = in_words(conflicts)
    return against


def in_words(conflicts: Sequence[Conflict]) -> str:
    """Conflicts as one sentence."""
    return _("；").join(row.words for row in conflicts)


def _locked(panel: Panel, by: User) -> Panel:
    row = Panel.objects.select_for_update(of=("self",)).select_related("office", "call").get(pk=panel.pk)
    require(can_assign(by, row))
    return row


@transaction.atomic
def withdraw(assignment: Assignment, *, reason: str, by: User) -> None:
    """Take an application back from an expert, with the reason; the row stays."""
    panel = _locked(assignment.panel, by)
    if not reason.strip():
        raise Invalid(_("请写明理由"), [("reason", _("请写明理由"))])
    now = clock.now()
    changed = Assignment.objects.filter(pk=assignment.pk, withdrawn_at__isnull=True).update(
        withdrawn_at=now, withdrawn_by=by, withdrawn_reason=reason.strip()[:LONGEST]
    )
    if not changed:
        raise NotNow(_("这一份已经撤回。"))
    detail = {
        "expert": assignment.expert.name,
        "user": assignment.expert.user_id,
        "reference": assignment.application.reference,
        "reason": reason.strip()[:200],
    }
    record("panel.unassigned", panel.chain, by=by, detail=detail)


@transaction.atomic
def change_by_hand(
    panel: Panel,
    *,
    give: Sequence[tuple[Expert, Application]],
    take: Sequence[Assignment],
    reason: str,
    by: User,
) -> tuple[list[Assignment], int]:
    """What a person ticked and unticked on one page, all or nothing: what was given, and how many were taken back."""
    made = assign(panel, give, by=by)
    for row in take:
        withdraw(row, reason=reason, by=by)
    return made, len(take)


def fits(application: Application, expert: Expert) -> int:
    """How well an expert knows the field of an application: 2 the area itself, 1 one near it, 0 not."""
    return optimum.fit(application.area, frozenset(expert.specialities))


# From a file


@dataclass(slots=True)
class Line:
    """One line of a file: what it would do, or why it cannot. JSON values."""

    number: int
    reference: str
    expert: str
    what: str = "wrong"  # give, take, same or wrong
    fault: str = ""
    reason: str = ""
    pair: tuple[int, int] | None = None


def look(panel: Panel, file: BinaryIO, *, by: User) -> AssignmentPlan:
    """Read a file of assignments and keep what it would do as a plan to be confirmed. Gives nothing yet."""
    require(can_assign(by, panel))
    lines = _judged(panel, read_table(file, COLUMNS, ("reference", "expert")))
    with transaction.atomic():
        plan = AssignmentPlan.objects.create(
            panel=panel, means=Assignment.Means.CSV, asked={}, at=clock.now(), by=by
        )
        move(plan, "compute", by=by)
        good = sum(line.what in ("give", "take") for line in lines)
        wrong = sum(line.what == "wrong" for line in lines)
        found = {"lines": [asdict(line) for line in lines]}
        move(plan, "finish", by=by, detail={"pairs": good, "short": wrong}, found=found)
    return plan


def _judged(panel: Panel, read: Sequence[Row]) -> list[Line]:
    experts: dict[str, list[Expert]] = defaultdict(list)
    for expert in experts_for(panel):
        experts[expert.user.email].append(expert)
        experts[expert.name.casefold()].append(expert)
    applications = {row.reference: row for row in applications_of(panel)}
    given = set(
        Assignment.objects.filter(panel=panel, withdrawn_at__isnull=True).values_list("expert", "application")
    )
    everybody = list({expert.pk: expert for rows in experts.values() for expert in rows}.values())
    conflicts = between(everybody, list(applications.values()))
    seen: dict[tuple[int, int], int] = {}
    lines = []
    for each in read:
        cells = each.cells
        line = Line(
            each.number, cells["reference"], cells["expert"], reason=cells.get("reason", "")[:LONGEST]
        )
        lines.append(line)
        application = applications.get(line.reference)
        people = experts.get(line.expert.casefold(), [])
        act = cells.get("act", "") or GIVE
        if application is None:
            line.fault = _("这个评审组里没有这件申请")
        elif len(people) != 1:
            line.fault = _several(people)
        elif act not in (GIVE, TAKE_BACK):
            line.fault = _("动作请写“分配”或者“撤回”")
        else:
            pair = (people[0].pk, application.pk)
            line.expert, line.pair = people[0].name, pair
            if pair in seen:
                line.fault = _("与第 {number} 行重复").format(number=seen[pair])
            else:
                seen[pair] = line.number
                line.what = _act(pair, gives=act == GIVE, given=given, conflicts=conflicts)
                if line.what == "wrong":
                    line.fault = _("回避：{words}").format(words=in_words(conflicts[pair]))
    return lines


def _several(people: Sequence[Expert]) -> str:
    if people:
        return _("库里有 {count} 个同名的专家，请写邮箱").format(count=len(people))
    return _("专家库里没有这个人，或者已停用")


def _act(
    pair: Pair, *, gives: bool, given: AbstractSet[Pair], conflicts: Mapping[Pair, Sequence[Conflict]]
) -> str:
    if not gives:
        return "take" if pair in given else "same"
    if pair in given:
        return "same"
    return "wrong" if pair in conflicts else "give"


# Worked out


@transaction.atomic
def ask(panel: Panel, *, readers: int, most: int, strict: bool, by: User) -> AssignmentPlan:
    """Have a plan worked out: so many readers for each application, so many applications for each expert at most.

    In the background when it is much; what is given already stays and is counted.
    """
    _locked(panel, by)
    problems = []
    if not 1 <= readers <= 20:
        problems.append(("readers", _("请写 1 至 20")))
    if not 1 <= most <= 1000:
        problems.append(("most", _("请写 1 至 1000")))
    if problems:
        raise Invalid(_("有几处要改。"), problems)
    pairs = experts_for(panel).count() * applications_of(panel).count()
    if not pairs:
        raise NotNow(_("评审组里还没有申请，或者专家库里没有专家。"))
    plan = AssignmentPlan.objects.create(
        panel=panel,
        means=Assignment.Means.AUTOMATIC,
        asked={"readers": readers, "most": most, "strict": strict},
        at=clock.now(),
        by=by,
    )
    if pairs > AT_ONCE:
        async_task("shidian.reviews.experts.assignment.compute", plan.pk)
    else:
        compute(plan.pk)
    return plan


def compute(pk: int) -> None:
    """Work a plan out. Begun again, it starts over; nothing happens to one that is settled."""
    plan = AssignmentPlan.objects.select_related("panel__call", "panel__office", "by").get(pk=pk)
    by: Actor = plan.by
    if not plan.MACHINE.allows(plan.state, "compute"):
        return
    move(plan, "compute", by=by)
    try:
        with in_chinese():
            found = worked_out(plan.panel, **plan.asked)
    except optimum.Unsolved as wrong:
        move(plan, "fail", by=by, fault=str(wrong)[:500], detail={"fault": str(wrong)[:200]})
        return
    short = len(found["short"])
    move(plan, "finish", by=by, found=found, detail={"pairs": len(found["pairs"]), "short": short})


def worked_out(panel: Panel, *, readers: int, most: int, strict: bool) -> dict[str, Any]:
    """The best plan for what is still wanted: pairs of expert and application, and what could not be met and why."""
    bodies.fill()
    experts = list(experts_for(panel))
    applications = list(applications_of(panel))
    rows = Assignment.objects.filter(panel=panel, withdrawn_at__isnull=True)
    given = set(rows.values_list("expert", "application"))
    conflicts = between(experts, applications)
    by_pk = {expert.pk: expert for expert in experts}
    area_of = {row.pk: row.area for row in applications}
    counts = Counter(application for expert, application in given - set(conflicts) if expert in by_pk)
    loads = Counter(expert for expert, _application in given)
    areas: dict[int, Counter[str]] = defaultdict(Counter)
    units: dict[int, set[str]] = defaultdict(set)
    for expert, application in given:
        if expert in by_pk:
            areas[expert][area_of.get(application, "")] += 1
            units[application].add(by_pk[expert].unit)
    works = [
        optimum.Work(row.pk, row.area, max(readers - counts[row.pk], 0), frozenset(units[row.pk]))
        for row in applications
    ]
    people = [
        optimum.Reader(row.pk, row.unit, frozenset(row.specialities), loads[row.pk], dict(areas[row.pk]))
        for row in experts
    ]
    pairs = optimum.solve(works, people, most=most, barred={*conflicts, *given}, strict=strict)
    got = Counter(application for _expert, application in pairs)
    full = Counter(expert for expert, _application in pairs) + loads
    short = []
    for work in works:
        lacking = work.wants - got[work.key]
        if lacking > 0:
            away = sum((expert.pk, work.key) in conflicts for expert in experts)
            busy = sum(full[expert.pk] >= most for expert in experts)
            words = _("库里 {all} 人，{away} 人要回避，{busy} 人已满 {most} 份").format(
                all=len(experts), away=away, busy=busy, most=most
            )
            if strict:
                fit = sum(bool(optimum.fit(work.area, reader.specialities)) for reader in people)
                words += _("，专业对口的 {fit} 人").format(fit=fit)
            short.append([work.key, lacking, words])
    return {"pairs": [list(pair) for pair in pairs], "short": short, "most": most}


@dataclass(frozen=True, slots=True)
class Taken:
    """What confirming a plan did, and what was left because it stands otherwise by now."""

    given: int
    taken: int
    left: int


_BY_FILE = gettext_noop("按导入的表撤回")


@transaction.atomic
def confirm(plan: AssignmentPlan, *, by: User) -> Taken:
    """Give what the plan proposes; each pair is judged again, and what cannot be any more is left out and counted."""
    panel = _locked(plan.panel, by)
    AssignmentPlan.objects.select_for_update().get(pk=plan.pk)
    plan.refresh_from_db()
    require(can_confirm(by, plan))
    give, take = _proposed(plan)
    experts = Expert.objects.select_related("user", "office").in_bulk({expert for expert, _rest in give})
    applications = Application.objects.select_related("call", "lead").in_bulk({pk for _rest, pk in give})
    pairs = [
        (experts[expert], applications[application])
        for expert, application in give
        if expert in experts and application in applications
    ]
    against = refusals(panel, pairs)
    made = assign(
        panel,
        [pair for pair in pairs if pair not in against],
        by=by,
        means=Assignment.Means(plan.means),
    )
    taken = 0
    rows = Assignment.objects.filter(panel=panel, withdrawn_at__isnull=True)
    for (expert, application), reason in take.items():
        row = rows.filter(expert=expert, application=application).first()
        if row is not None:
            withdraw(row, reason=reason or chinese(_BY_FILE), by=by)
            taken += 1
    detail = {"pairs": len(made) + taken, "means": chinese(Assignment.Means(plan.means).label)}
    move(plan, "confirm", by=by, detail=detail)
    return Taken(len(made), taken, len(give) + len(take) - len(made) - taken)


def _proposed(plan: AssignmentPlan) -> tuple[list[tuple[int, int]], dict[tuple[int, int], str]]:
    """The pairs to give, and those to take back with the reason."""
    if plan.means == Assignment.Means.CSV:
        lines = plan.found.get("lines", [])
        return (
            [tuple(line["pair"]) for line in lines if line["what"] == "give"],
            {tuple(line["pair"]): line["reason"] for line in lines if line["what"] == "take"},
        )
    return [(expert, application) for expert, application in plan.found.get("pairs", [])], {}


@transaction.atomic
def discard(plan: AssignmentPlan, *, by: User) -> None:
    """Do without a plan; it stays in the history."""
    panel = _locked(plan.panel, by)
    AssignmentPlan.objects.select_for_update().get(pk=plan.pk)
    plan.refresh_from_db(fields=("state",))
    if not plan.MACHINE.allows(plan.state, "discard"):
        raise NotNow(_("这个方案现在是“{label}”。").format(label=plan.state_label))
    plan.panel = panel
    move(plan, "discard", by=by)
