"""The numbers of a call, as far as one person may see: each chart is one query that counts in the database.

Every number is a query of the search as well (`Bar.query`), and the same condition counts both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, DateField, Exists, Func, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Lodgement
from shidian.calls.models import Call
from shidian.calls.queries import stage_of, window
from shidian.core import clock
from shidian.core.digests import sha256_of_bytes
from shidian.core.language import date_words
from shidian.core.querying import And, Test, written
from shidian.dispatch.models import ListItem
from shidian.organisations.codes import regions
from shidian.organisations.models import Office, Officer
from shidian.reviews.models import Decision
from shidian.search import finding, keys
from shidian.search.keys import Context
from shidian.search.models import Entry

MOST_LATE = 20
MOST_TIMED = 2000
"""Arrivals, the newest ones, of which the time at a stage is told."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One number of a chart: what it counts, how many, and the query that finds them."""

    label: str
    count: int
    query: str
    share: float  # of the longest, in percent
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its words; `is_days` where the bars are days in their order."""

    key: str
    title: str
    unit: str
    bars: list[Bar] = field(default_factory=list)
    is_days: bool = False

    @property
    def total(self) -> int:
        """All bars together."""
        return sum(bar.count for bar in self.bars)

    @property
    def words(self) -> str:
        """The chart in a sentence, for who cannot see it."""
        if not self.bars:
            return _("没有数据")
        top = max(self.bars, key=lambda bar: bar.count)
        return _("共 {total} 件，分 {count} 项，最多的是{top}，{number} 件。").format(
            total=self.total, count=len(self.bars), top=top.label, number=top.count
        )


@dataclass(frozen=True, slots=True)
class LateOffice:
    """An office whose deadline has passed while something lies there."""

    office: Office
    until: datetime
    count: int
    query: str


@dataclass(frozen=True, slots=True)
class LateUnit:
    """An application that was returned and has not come back."""

    reference: str
    title: str
    unit: str
    since: datetime
    days: int


@dataclass(frozen=True, slots=True)
class Took:
    """How long applications stayed at a stage: half of them at most `median`, nine in ten at most `most`."""

    label: str
    count: int
    median: float  # days
    most: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything on the page."""

    total: int
    charts: list[Chart]
    late_offices: list[LateOffice]
    late_units: list[LateUnit]
    late_units_count: int
    late_units_query: str
    took: list[Took]


def figures(user: User, call: Call) -> Figures:
    """Count a call as a person sees it."""
    rows = finding.everything(user, "desk").rows.filter(call=call).order_by()
    of_call = Test("批次", "", (call.definition.batch,))
    if sum(other.definition.batch == call.definition.batch for other in Call.objects.public()) > 1:
        of_call = Test("批次", "", (call.key,))
    context = Context("desk", user)

    def asked(*tests: Test) -> str:
        return written(And((of_call, *tests))) if tests else written(of_call)

    def chart(
        key: str, title: str, counted: Iterable[tuple[str, str, int]], name: str, *, is_days: bool = False
    ) -> Chart:
        """`counted`: words, value in the query, number."""
        merged: dict[tuple[str, str], int] = {}
        for label, value, number in counted:
            merged[label, value] = merged.get((label, value), 0) + number
        found = list(merged.items())
        if not is_days:
            found.sort(key=lambda each: -each[1])
        longest = max(merged.values(), default=1)
        bars = [
            Bar(
                label,
                number,
                asked(Test(name, "", (value,))) if value else "",
                100 * number / longest,
                date.fromisoformat(value) if is_days else None,
            )
            for (label, value), number in found
        ]
        return Chart(key, title, _("件"), bars, is_days)

    labels = dict(keys.states("desk"))
    stages = {stage.key: stage.label for stage in call.definition.stages}
    areas = dict(context.areas())
    nowhere = _("没有写明")
    # One pass in the order of an index for all kinds: a row for each combination that occurs.
    combined = list(
        rows.order_by("state", "stage", "here", "region", "area")
        .values_list("state", "stage", "here", "region", "area")
        .annotate(number=Count("pk"))
    )
    days, channels = _handed_in(user, call, rows)
    offices = Office.objects.in_bulk({row[2] for row in combined if row[2]} | set(channels))

    def by(place: int) -> list[tuple[Any, int]]:
        found: Counter[Any] = Counter()
        for row in combined:
            found[row[place] or ""] += row[5]
        return list(found.items())

    charts = [
        chart(
            "days", _("每天递交"),
            ((date_words(day), day.isoformat(), number) for day, number in days), "递交", is_days=True,
        ),
        chart(
            "state", _("按状态"),
            (
                (labels.get(state, labels["returned"]), keys.STATES[state if state in labels else "returned"], number)
                for state, number in by(0)
            ), "状态",
        ),
        chart(
            "stage", _("按环节"),
            (
                (stages.get(stage, nowhere), stages.get(stage, ""), number)
                for stage, number in by(1)
            ), "阶段",
        ),
        chart(
            "office", _("按现在所在的机构（区和行业）"),
            (
                (offices[pk].name if pk else nowhere, offices[pk].name if pk else "", number)
                for pk, number in by(2)
            ), "机构",
        ),
        *(
            chart(
                f"channel-{kind}", _("按递交到的{kind}").format(kind=label),
                (
                    (offices[pk].name, offices[pk].name, number)
                    for pk, number in channels.items() if offices[pk].kind == kind
                ), "递交到",
            )
            for kind, label in keys.channels(call)
        ),
        chart(
            "district", _("按承担单位所在区"),
            (
                (regions.name(code) or nowhere, regions.name(code), number)
                for code, number in by(3)
            ), "区",
        ),
        chart(
            "area", _("按重点领域"),
            (
                (areas.get(area.split("/")[0], nowhere), area.split("/")[0], number)
                for area, number in by(4)
            ), "领域",
        ),
    ]  # fmt: skip
    late_count = sum(row[5] for row in combined if row[0] in keys.OPEN_AT_DESK)
    lying = Counter[int]()
    for state, _stage, here, _region, _area, number in combined:
        if here and state in ("lodged", "recommended"):
            lying[here] += number
    return Figures(
        total=charts[1].total,
        charts=charts,
        late_offices=_late_offices(call, lying, offices, asked),
        late_units=_late_units(rows) if late_count else [],
        late_units_count=late_count,
        late_units_query=asked(Test("状态", "", (keys.STATES["returned"],))),
        took=_took(call, rows),
    )


def _handed_in(
    user: User, call: Call, rows: QuerySet[Entry]
) -> tuple[list[tuple[date, int]], dict[int, int]]:
    """How many applications were handed in on each day, and at each office.

    Hand-ins never change, so what was counted is kept until one arrives or an entry is made.
    """
    state = (
        Lodgement.objects.aggregate(last=Max("pk"))["last"],
        Entry.objects.aggregate(last=Max("pk"))["last"],
    )
    offices = list(Officer.objects.filter(user=user).order_by("pk").values_list("office", "role"))
    audience = repr((user.pk, user.is_auditor, offices, call.pk, call.digest))
    name = f"handed-in:{sha256_of_bytes(audience.encode())}"
    kept: tuple[Any, tuple[list[tuple[date, int]], dict[int, int]]] | None = cache.get(name)
    if kept is not None and kept[0] == state:
        return kept[1]
    counted = Count("application", distinct=True)
    arrivals = Lodgement.objects.filter(sent_by=None, application__in=rows.values("application")).order_by()
    days = arrivals.annotate(day=_day(call.zone)).values_list("day").annotate(number=counted).order_by("day")
    found = list(days), dict(arrivals.values_list("office").annotate(number=counted))
    cache.set(name, (state, found), timeout=None)
    return found


def _day(zone: ZoneInfo) -> TruncDate | Func:
    """The day of a hand-in. SQLite calls into Python for it, unless the zone has one offset, as China's had since 1991."""
    now = clock.now().astimezone(zone)
    offset = now.utcoffset() or timedelta()
    whole = all((now - timedelta(days=30 * months)).utcoffset() == offset for months in range(60))
    if connection.vendor != "sqlite" or not whole:
        return TruncDate("at", tzinfo=zone)
    shift = f"{offset.total_seconds():+.0f} seconds"
    return Func("at", Value(shift), function="date", output_field=DateField())


def _late_offices(
    call: Call, lying: Mapping[int, int], offices: Mapping[int, Office], asked: Callable[..., str]
) -> list[LateOffice]:
    found = []
    now = clock.now()
    for pk, number in sorted(lying.items()):
        office = offices[pk]
        until = window(call, office).dispatch_until if stage_of(call, office) else None
        if until is not None and until < now:
            query = asked(
                Test("机构", "", (office.name,)),
                Test("状态", "", (keys.STATES["lodged"], keys.STATES["recommended"])),
            )
            found.append(LateOffice(office, until, number, query))
    return found


def _late_units(rows: QuerySet[Entry]) -> list[LateUnit]:
    """Those that wait longest, from the oldest return on: the last return of each counts."""
    waiting = rows.filter(state__in=keys.OPEN_AT_DESK)
    returns = Decision.objects.filter(kind=Decision.Kind.RETURN)
    later = returns.filter(lodgement__application=OuterRef("lodgement__application"), pk__gt=OuterRef("pk"))
    here = waiting.filter(application=OuterRef("lodgement__application"))
    oldest = returns.filter(Exists(here), ~Exists(later)).order_by("pk")
    since = dict(oldest.values_list("lodgement__application", "at")[:MOST_LATE])
    shown = {entry.application_id: entry for entry in waiting.filter(application__in=since).defer("body")}
    now = clock.now()
    return [
        LateUnit(entry.reference, entry.title, entry.unit, at, (now - at) // timedelta(days=1))
        for pk, at in since.items()
        if (entry := shown.get(pk))
    ]


def _took(call: Call, rows: QuerySet[Entry]) -> list[Took]:
    """From arrival at a stage until it was decided against, returned, or left on a list; what is there still is not counted."""
    decided = Decision.objects.filter(
        lodgement=OuterRef("pk"), kind__in=(Decision.Kind.RETURN, Decision.Kind.DECLINE)
    ).order_by("pk")
    listed = ListItem.objects.filter(
        application=OuterRef("application"), list__office=OuterRef("office"), list__state="dispatched"
    ).order_by("pk")
    following = Lodgement.objects.filter(application=OuterRef("application"), pk__gt=OuterRef("pk")).order_by(
        "pk"
    )
    # The newest alone: how it goes now, and the same work however many there were.
    newest = Lodgement.objects.filter(Exists(rows.filter(application=OuterRef("application")))).order_by(
        "-pk"
    )
    left = Coalesce(
        Subquery(decided.values("at")[:1]),
        Subquery(listed.values("list__dispatched_at")[:1]),
        Subquery(following.values("at")[:1]),
    )
    found: dict[str, list[timedelta]] = {}
    for key, at, gone in newest.annotate(left=left).values_list("stage", "at", "left")[:MOST_TIMED]:
        if gone is not None:
            found.setdefault(key, []).append(gone - at)
    day = timedelta(days=1)
    result = []
    for here in call.definition.stages:
        took = sorted(found.get(here.key, []))
        if took:
            middle, most = took[(len(took) + 1) // 2 - 1], took[(len(took) * 9 + 9) // 10 - 1]
            result.append(Took(here.label, len(took), round(middle / day, 1), round(most / day, 1)))
    return result
