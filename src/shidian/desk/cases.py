"""The working list of an office: which applications it shows, in which order, and how each stands there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.applications.models import Application, Lodgement
from shidian.applications.states import LEFT
from shidian.calls.definition import Area
from shidian.calls.models import Call
from shidian.calls.queries import area_label, stage_of
from shidian.core import clock
from shidian.organisations.models import Office
from shidian.organisations.queries import Unit, listed
from shidian.reviews.models import Check
from shidian.reviews.queries import Counts, arrived_at, stages_before
from shidian.search.engine import Look, can_look
from shidian.search.engine import keys as index_keys
from shidian.search.models import Entry

PER_PAGE = 50
SORTS: Mapping[str, tuple[str, ...]] = {
    "reference": ("reference", "pk"),
    "title": ("title", "reference"),
    "lead": ("lead__name", "reference"),
    "area": ("area", "reference"),
    "state": ("state", "reference"),
    "arrived": ("arrived_at", "pk"),
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
    back = ~Q(office=office) & Q(stage__in=stages_before(call, office))
    gone = (~Q(office=office) & ~Q(stage__in=stages_before(call, office))) | (
        Q(office=office) & Q(state__in=LEFT)
    )
    here_now = Q(office=office) & ~Q(state__in=LEFT)
    found = [
        Tab("all", _("全部"), counted.received, Q()),
        Tab("to_review", _("待审查"), counted.to_review, here_now & Q(state="lodged")),
        Tab(
            "returned",
            _("退回补正"),
            counted.returned,
            here_now & Q(state__in=("returned", "draft", "signing")),
        ),
        Tab(
            "recommended",
            _("已{verb}").format(verb=verb),
            counted.recommended,
            here_now & Q(state="recommended"),
        ),
        Tab("sent", _("已报送"), counted.sent, gone),
        Tab("declined", _("不予{verb}").format(verb=verb), counted.declined, here_now & Q(state="declined")),
        Tab("withdrawn", _("已撤回"), counted.withdrawn, here_now & Q(state="withdrawn")),
    ]
    # Rare ends, shown where there are any.
    if counted.merged:
        found.append(Tab("merged", _("并入联合推荐"), counted.merged, here_now & Q(state="merged")))
    if counted.called_back:
        found.append(Tab("called_back", _("推荐单位撤下"), counted.called_back, back))
    return found


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
    rows = _listed(call, office).filter(_narrowed(call, office, asked, known))
    if asked.again:
        rows = rows.filter(times__gt=1)
    sign = "-" if asked.down else ""
    return rows.order_by(*(f"{sign}{name}" for name in SORTS[asked.sort]))


def _listed(call: Call, office: Office, rows: QuerySet[Application] | None = None) -> QuerySet[Any]:
    times = (
        Lodgement.objects.filter(application=OuterRef("pk"), office=office)
        .order_by()
        .values("application")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return (
        arrived_at(call, office, rows)
        .select_related(None)
        .select_related("lead")
        .annotate(times=Coalesce(Subquery(times), 0))
        .order_by()
    )


def keys(
    call: Call, office: Office, asked: Filter, known: Sequence[Tab]
) -> QuerySet[Application, int] | QuerySet[Lodgement, int]:
    """The keys of the same in the same order. By arrival they come from the arrivals, in whose order they need no sorting."""
    if asked.sort != DEFAULT_SORT or asked.again:
        return found(call, office, asked, known).values_list("pk", flat=True)
    sign = "-" if asked.down else ""
    return (
        _arrivals(call, office, asked, known)
        .order_by(f"{sign}at", f"{sign}application")
        .values_list("application", flat=True)
    )


def _arrivals(call: Call, office: Office, asked: Filter, known: Sequence[Tab]) -> QuerySet[Lodgement]:
    """The last arrival at the office of each application that a filter shows."""
    later = Lodgement.objects.filter(
        office=office, application=OuterRef("application"), pk__gt=OuterRef("pk")
    )
    narrowed = Application.objects.filter(_narrowed(call, office, asked, known)).order_by()
    last = Lodgement.objects.filter(~Exists(later), office=office)
    if asked.words:  # a few out of all: looked up, instead of asked of each
        return last.filter(application__in=narrowed.values("pk"))
    return last.filter(Exists(narrowed.filter(pk=OuterRef("application"))))


class Pages(Paginator):  # type: ignore[type-arg]
    """Pages of keys. Those of the second half are read from the end: a database walks past what it leaves out."""

    def page(self, number: int | str) -> Page:  # type: ignore[type-arg]
        """One page; its keys as a list."""
        number = self.validate_number(number)
        start, end = (number - 1) * self.per_page, min(number * self.per_page, self.count)
        rows = cast(QuerySet[Any], self.object_list)
        if start > self.count // 2:
            return Page(list(rows.reverse()[self.count - end : self.count - start])[::-1], number, self)
        return Page(list(rows[start:end]), number, self)


def coming_again(call: Call, office: Office, received: int) -> int:
    """How many of those to be reviewed came more than once; `received` is how many there are at all."""
    arrivals = Lodgement.objects.filter(office=office).order_by()
    if arrivals.count() == received:
        return 0
    again = (
        arrivals.values("application").annotate(times=Count("pk")).filter(times__gt=1).values("application")
    )
    return Application.objects.filter(pk__in=again, call=call, office=office, state="lodged").count()


def _narrowed(call: Call, office: Office, asked: Filter, known: Sequence[Tab]) -> Q:
    condition = next(row.condition for row in known if row.key == asked.tab)
    narrowed = Q(call=call) & condition
    for word in asked.words.split():
        narrowed &= Q(pk__in=_saying(call, office, word))
    if asked.area:
        narrowed &= Q(area=asked.area) | Q(area__startswith=f"{asked.area}/")
    return narrowed


def _saying(call: Call, office: Office, word: str) -> QuerySet[Application, int]:
    """The keys of what says a word in its name, its numbers or its units: by the index of words, which is made after an
    arrival, and by reading what arrived today. A piece of a number is looked for in every number.
    """
    here = Application.objects.filter(call=call).order_by().values_list("pk", flat=True)
    read = Q(title__icontains=word) | Q(reference__icontains=word) | Q(lead__name__icontains=word)
    if not can_look(word):
        return here.filter(read)
    today = Lodgement.objects.filter(office=office, at__gte=clock.now() - timedelta(days=1))
    found = here.filter(read, pk__in=today.values("application"))
    if not any(ord(sign) > 127 for sign in word):
        found = found.union(here.filter(reference__icontains=word))
    look = Look(word, ("heads", "units"))
    entries = Entry.objects.filter(pk__in=index_keys(look, (f"o{office.pk}",)), office=office)
    return found.union(entries.values_list("application", flat=True))


def pages(call: Call, office: Office, asked: Filter, known: Sequence[Tab]) -> Paginator:  # type: ignore[type-arg]
    """The pages of a filter; what words find is read at once, so that they are looked up once."""
    found = keys(call, office, asked, known)
    if asked.words:
        return Paginator(list(found), PER_PAGE)
    paginator = Pages(found, PER_PAGE)
    if not asked.is_narrowed:
        # The tab has counted them already.
        vars(paginator)["count"] = next(tab.count for tab in known if tab.key == asked.tab)
    return paginator


def shown(call: Call, office: Office, keys: Sequence[int]) -> list[Application]:
    """The rows of one page by their keys, in that order: only they are read whole."""
    found = _listed(call, office, Application.objects.filter(pk__in=list(keys))).in_bulk()
    return [found[key] for key in keys if key in found]


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
    before = stages_before(call, office)
    kinds = call.definition.watchlist_kinds
    units = {row.pk: Unit(row.lead.code, row.lead.name) for row in rows}
    matches = listed(list(units.values()), kinds).matches if kinds else {}
    shown: list[Line] = []
    for row in rows:
        judged = verdicts.get(latest.get(row.pk, 0))
        word, tone = _state(row, office, verb, before, started=judged is not None)
        against = sum(verdict == Check.Verdict.NOT_MET for verdict in judged.values()) if judged else None
        at: datetime = row.arrived_at  # type: ignore[attr-defined]
        times: int = row.times  # type: ignore[attr-defined]
        is_listed = units[row.pk] in matches
        shown.append(Line(row, short_area(call, row.area), word, tone, at, times, against, is_listed))
    return shown


def _state(
    row: Application, office: Office, verb: str, before: set[str], *, started: bool
) -> tuple[str, str]:
    if row.office_id != office.pk and row.stage in before:
        return _("推荐单位撤下"), "void"
    if row.office_id != office.pk or row.state in LEFT:
        return _("已报送"), "done"
    if row.state == "lodged":
        return (_("审查中"), "wait") if started else (_("待审查"), "turn")
    return {
        "recommended": (_("已{verb}").format(verb=verb), "done"),
        "declined": (_("不予{verb}").format(verb=verb), "stop"),
        "withdrawn": (_("已撤回"), "idle"),
        "merged": (_("并入联合推荐"), "idle"),
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
    if asked.sort == DEFAULT_SORT and not asked.again:
        rows: QuerySet[Any] = _arrivals(call, office, asked, known)
        names: Sequence[str] = ("at", "application")
        key = "application__reference"
    else:
        rows, names, key = found(call, office, asked, known), SORTS[asked.sort], "reference"
    here = rows.filter(**{key: reference}).values_list(*names).first()
    if here is None:
        return "", ""
    sides = [
        _beyond(rows, names, here, down=down).values_list(key, flat=True).first() for down in (True, False)
    ]
    before, after = reversed(sides) if asked.down else sides
    return before or "", after or ""


def _beyond(rows: QuerySet[Any], names: Sequence[str], place: Sequence[Any], *, down: bool) -> QuerySet[Any]:
    """The rows beyond a place in the order of two fields, the nearest first."""
    (first, second), (value, rest) = names, place
    side, sign = ("lt", "-") if down else ("gt", "")
    beyond = Q(**{f"{first}__{side}": value}) | Q(**{first: value, f"{second}__{side}": rest})
    # The first field alone once more, so that an index can begin there.
    return rows.filter(beyond, **{f"{first}__{side}e": value}).order_by(f"{sign}{first}", f"{sign}{second}")
