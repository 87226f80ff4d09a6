"""The working list of an office: which applications it shows, in which order, and how each stands there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.applications.models import Application, Lodgement
from shidian.calls.definition import Area
from shidian.calls.models import Call
from shidian.calls.queries import area_label, stage_of
from shidian.organisations.models import Office
from shidian.organisations.queries import Unit, listed
from shidian.reviews.models import Check
from shidian.reviews.queries import Counts, arrived_at

PER_PAGE = 50
SORTS: Mapping[str, tuple[str, ...]] = {
    "reference": ("reference",),
    "title": ("title", "reference"),
    "lead": ("lead__name", "reference"),
    "area": ("area", "reference"),
    "state": ("state", "reference"),
    "arrived": ("arrived_at", "reference"),
}
DEFAULT_SORT = "arrived"


@dataclass(frozen=True, slots=True)
class Tab:
    """A saved view: its key in the address, its words, how many it holds, and the condition behind it."""

    key: str
    label: str
    count: int
    condition: Q


def tabs(call: Call, office: Office, counted: Counts) -> list[Tab]:
    """The views by state; the first holds all, the others add up to it. Conditions agree with `reviews.queries.counts`."""
    here = stage_of(call, office)
    verb = here.verb_recommend if here else _("推荐")
    gone = ~Q(office=office) | Q(state="nominated")
    return [
        Tab("all", _("全部"), counted.received, Q()),
        Tab("to_review", _("待审查"), counted.to_review, ~gone & Q(state="lodged")),
        Tab(
            "returned", _("退回补正"), counted.returned, ~gone & Q(state__in=("returned", "draft", "signing"))
        ),
        Tab(
            "recommended",
            _("已{verb}").format(verb=verb),
            counted.recommended,
            ~gone & Q(state="recommended"),
        ),
        Tab("sent", _("已报送"), counted.sent, gone),
        Tab("declined", _("不予{verb}").format(verb=verb), counted.declined, ~gone & Q(state="declined")),
        Tab("withdrawn", _("已撤回"), counted.withdrawn, ~gone & Q(state="withdrawn")),
    ]


@dataclass(frozen=True, slots=True)
class Filter:
    """What the address asks for; anything unknown counts as not asked."""

    tab: str
    words: str
    area: str
    again: bool
    sort: str
    down: bool

    @classmethod
    def read(cls, query: Mapping[str, str], known: Sequence[Tab]) -> Filter:
        """Read the parameters of a GET."""
        tab = query.get("state", "all")
        sort = query.get("sort", DEFAULT_SORT)
        return cls(
            tab=tab if tab in {row.key for row in known} else "all",
            words=" ".join(query.get("q", "").split())[:100],
            area=query.get("area", "")[:200],
            again=query.get("again") == "1",
            sort=sort.removeprefix("-") if sort.removeprefix("-") in SORTS else DEFAULT_SORT,
            down=sort.startswith("-"),
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether more than the tab narrows the list."""
        return bool(self.words or self.area or self.again)

    @property
    def parts(self) -> dict[str, str]:
        """The parameters of this filter; defaults are left out."""
        return self._parts()

    def _parts(self, **changed: str) -> dict[str, str]:
        parts = {
            "state": "" if self.tab == "all" else self.tab,
            "q": self.words,
            "area": self.area,
            "again": "1" if self.again else "",
            "sort": ("-" if self.down else "") + self.sort,
        }
        parts.update(changed)
        if parts["sort"] == DEFAULT_SORT:
            parts["sort"] = ""
        return {name: value for name, value in parts.items() if value}

    def query(self, **changed: str) -> str:
        """The parameters of this filter with some changed, for a link."""
        return urlencode(self._parts(**changed))

    def sort_query(self, key: str) -> str:
        """The parameters that sort by a column; a second time the other way round."""
        return self.query(sort=f"-{key}" if key == self.sort and not self.down else key)


def found(call: Call, office: Office, asked: Filter, known: Sequence[Tab]) -> QuerySet[Application]:
    """The applications that a filter shows, in its order, without the large texts that no list needs."""
    condition = next(row.condition for row in known if row.key == asked.tab)
    times = (
        Lodgement.objects.filter(application=OuterRef("pk"), office=office)
        .order_by()
        .values("application")
        .annotate(count=Count("pk"))
        .values("count")
    )
    rows = (
        arrived_at(call, office)
        .filter(condition)
        .select_related(None)
        .select_related("lead")
        .annotate(times=Coalesce(Subquery(times), 0))
    )
    for word in asked.words.split():
        rows = rows.filter(
            Q(title__icontains=word) | Q(reference__icontains=word) | Q(lead__name__icontains=word)
        )
    if asked.area:
        rows = rows.filter(Q(area=asked.area) | Q(area__startswith=f"{asked.area}/"))
    if asked.again:
        rows = rows.filter(times__gt=1)
    sign = "-" if asked.down else ""
    return rows.order_by(*(f"{sign}{name}" for name in SORTS[asked.sort]))


@dataclass(frozen=True, slots=True)
class Line:
    """One application in the list."""

    application: Application
    area: str
    word: str
    tone: str
    arrived_at: datetime
    times: int
    problems: int | None  # items judged not met in the latest arrival; None while nothing is judged
    is_listed: bool  # the lead stands on a list that the call asks about


def lines(call: Call, office: Office, rows: Sequence[Application]) -> list[Line]:
    """Rows of a page with their words. Costs four queries whatever their number."""
    verdicts: dict[int, dict[str, str]] = {}
    latest = {
        pk: lodgement
        for lodgement, pk in Lodgement.objects.filter(office=office, application__in=[row.pk for row in rows])
        .order_by("pk")
        .values_list("pk", "application")
    }
    for lodgement, item, verdict in (
        Check.objects.filter(lodgement__in=latest.values())
        .order_by("pk")
        .values_list("lodgement", "item", "verdict")
    ):
        verdicts.setdefault(lodgement, {})[item] = verdict
    here = stage_of(call, office)
    verb = here.verb_recommend if here else _("推荐")
    kinds = call.definition.watchlist_kinds
    units = {row.pk: Unit(row.lead.code, row.lead.name) for row in rows}
    matches = listed(list(units.values()), kinds).matches if kinds else {}
    shown: list[Line] = []
    for row in rows:
        judged = verdicts.get(latest.get(row.pk, 0))
        word, tone = _state(row, office, verb, started=judged is not None)
        against = sum(verdict == Check.Verdict.NOT_MET for verdict in judged.values()) if judged else None
        at: datetime = row.arrived_at  # type: ignore[attr-defined]
        times: int = row.times  # type: ignore[attr-defined]
        is_listed = units[row.pk] in matches
        shown.append(Line(row, short_area(call, row.area), word, tone, at, times, against, is_listed))
    return shown


def _state(row: Application, office: Office, verb: str, *, started: bool) -> tuple[str, str]:
    if row.office_id != office.pk or row.state == "nominated":
        return _("已报送"), "done"
    if row.state == "lodged":
        return (_("审查中"), "wait") if started else (_("待审查"), "turn")
    return {
        "recommended": (_("已{verb}").format(verb=verb), "done"),
        "declined": (_("不予{verb}").format(verb=verb), "stop"),
        "withdrawn": (_("已撤回"), "idle"),
    }.get(row.state, (_("退回补正"), "void"))


def short_area(call: Call, path: str) -> str:
    """The last label of an area: a list has no room for the whole way."""
    return area_label(call, path).rpartition(" · ")[2]


def area_choices(call: Call) -> list[tuple[str, str]]:
    """All areas of the call at any depth, as (path, label), indented by their level."""
    choices: list[tuple[str, str]] = []

    def add(areas: Sequence[Area], prefix: str, level: int) -> None:
        for area in areas:
            path = f"{prefix}{area.key}"
            choices.append((path, "　" * level + area.label))
            add(area.children, f"{path}/", level + 1)

    add(call.definition.areas, "", 0)
    return choices


EXPORTED = (
    gettext_noop("申请编号"),
    gettext_noop("试点名称"),
    gettext_noop("承担单位"),
    gettext_noop("统一社会信用代码"),
    gettext_noop("重点领域"),
    gettext_noop("状态"),
    gettext_noop("到达时间"),
    gettext_noop("第几次到达"),
    gettext_noop("不符合要点"),
)


def export_rows(call: Call, shown: Sequence[Line]) -> list[list[str | int | datetime | None]]:
    """The list as rows of a sheet, in the same order and words as on the screen."""
    return [
        [
            line.application.reference,
            line.application.name,
            line.application.lead.name,
            line.application.lead.code,
            area_label(call, line.application.area),
            line.word,
            line.arrived_at.astimezone(call.zone).replace(microsecond=0),
            line.times,
            line.problems,
        ]
        for line in shown
    ]


def neighbours(
    call: Call, office: Office, reference: str, asked: Filter, known: Sequence[Tab]
) -> tuple[str, str]:
    """The references before and after one in the list that a filter shows; empty where there is none."""
    order = list(found(call, office, asked, known).values_list("reference", flat=True))
    if reference not in order:
        return "", ""
    at = order.index(reference)
    return (order[at - 1] if at else ""), (order[at + 1] if at + 1 < len(order) else "")
