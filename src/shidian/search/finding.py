"""From a query to what a person may see of it: rows in pages, how many, and what to narrow it by.

Who may see what is part of every query (`applications.queries.visible_to`), so no count tells more than the rows do.
Pages go on from the last row shown. Counting ends at `COUNTED`: what a person looks through is less, and a page takes
the same time however many there are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.applications.queries import visible_to, working_applications
from shidian.calls.models import Call
from shidian.calls.queries import area_label, stage
from shidian.core import querying
from shidian.core.bigrams import Piece, marked, snippet
from shidian.core.querying import And, Node, Not, Or, Parsed, Problem, Test, Word
from shidian.organisations.codes import regions
from shidian.organisations.models import Membership, Office, Officer
from shidian.search import engine, keys
from shidian.search.engine import Either, Every, Look, Looked, Without
from shidian.search.keys import Context, Unread
from shidian.search.models import Entry

PER_PAGE = 50
COUNTED = 2000
"""Counting stops here; a page says “more than”."""
ASKED = 500
"""So many of an order are asked one by one whether they say what more than `COUNTED` say."""
MOST_EXPORTED = 20_000

SORTS: dict[str, tuple[str, str, bool]] = {
    "": (gettext_noop("新到的在前"), "pk", True),
    "oldest": (gettext_noop("先到的在前"), "pk", False),
    "reference": (gettext_noop("编号"), "reference", False),
    "title": (gettext_noop("试点名称"), "title", False),
    "unit": (gettext_noop("承担单位"), "unit", False),
}
"""By key: words, field, whether downward."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything that a person may find in one space, and the names of its audience in the index of words."""

    rows: QuerySet[Entry]
    audience: tuple[str, ...]


def everything(user: User, space: str) -> Whole:
    """What a person may find: at the desk what arrived at its offices, in the portal what it works on."""
    if space == "portal":
        working = working_applications(user).order_by()
        units = list(
            Membership.objects.filter(user=user, organisation__state="confirmed").values_list(
                "organisation", flat=True
            )
        )
        named = working.exclude(lead__in=units).values_list("pk", flat=True)[:300]
        names = (*(f"u{pk}" for pk in units), *(f"a{pk}" for pk in named), "nobody")
        return Whole(Entry.objects.filter(office=None, application__in=working.values("pk")), names)
    if user.is_auditor:
        return Whole(Entry.objects.filter(office__isnull=False, is_latest=True), ("any",))
    offices = sorted(set(Officer.objects.filter(user=user).values_list("office", flat=True)))
    rows = Entry.objects.filter(office=offices[0] if offices else 0)
    if len(offices) > 1:
        # One row for an application that reached two offices of the same person: the later one.
        later = Entry.objects.filter(
            application=OuterRef("application"), office__in=offices, pk__gt=OuterRef("pk")
        )
        rows = Entry.objects.filter(~Exists(later), office__in=offices)
    registries = {call.definition.delivery.office for call in Call.objects.public()}
    if Office.objects.filter(pk__in=offices, key__in=registries).exists():
        # An office has an entry of what arrived there, and sees just that; what a registry sees depends on the person.
        rows = rows.filter(Exists(visible_to(user).filter(pk=OuterRef("application")).order_by()))
    return Whole(rows, (*(f"o{pk}" for pk in offices), "nobody"))


# Reading a query


FACETS = ("state", "stage", "here", "region", "call", "area")


@dataclass
class Query:
    """A query as read for one person: its rows, or what is wrong in it."""

    parsed: Parsed
    problems: list[Problem]
    rows: QuerySet[Entry]
    context: Context
    looked: Looked | None = None  # what is looked for in texts, beside the conditions of `rows`
    audience: tuple[str, ...] = ()

    @cached_property
    def newest(self) -> list[tuple[Any, ...]]:
        """Key and `FACETS` of the newest rows, one more than `COUNTED` at most: what a page counts is read at once."""
        rows = self._by_arrival(self.rows, down=True)
        return [] if self.problems else list(rows.values_list("pk", *FACETS)[: COUNTED + 1])

    def first(self, most: int, sort: str, *, back: bool = False, beyond: Q | None = None) -> list[int]:
        """Keys of the first rows in one of `SORTS`, or the other way round; only those beyond a place where one is given."""
        _words, name, down = SORTS.get(sort, SORTS[""])
        rows = self.rows.filter(beyond) if beyond is not None else self.rows
        if name == "pk":
            return list(self._by_arrival(rows, down=down != back).values_list("pk", flat=True)[:most])
        sign = "-" if down != back else ""
        rows = rows.order_by(f"{sign}{name}", f"{sign}pk")
        if self.looked is None:
            return list(rows.values_list("pk", flat=True)[:most])
        if most <= ASKED and len(self.newest) > COUNTED:
            # What so many say stands in the first few of any order, and need not be gathered whole.
            asked = list(rows.values_list("pk", flat=True)[:ASKED])
            saying = engine.saying(asked, self.looked, self.audience)
            if len(saying) >= most or len(asked) < ASKED:
                return [pk for pk in asked if pk in saying][:most]
        return list(engine.among(rows, self.looked, self.audience).values_list("pk", flat=True)[:most])

    def _by_arrival(self, rows: QuerySet[Entry], *, down: bool) -> QuerySet[Entry]:
        if self.looked is not None:
            rows = engine.matching(rows, self.looked, self.audience)
        return engine.by_arrival(rows, down=down, looked=self.looked is not None)

    @property
    def tree(self) -> Node | None:
        """What was understood."""
        return self.parsed.tree

    @property
    def text(self) -> str:
        """The query as the clicks write it."""
        return querying.written(self.tree)

    @property
    def words(self) -> list[str]:
        """What to mark in the texts."""
        names = [name for key in ("单位", "名称", "理由") for name in keys.other_names(key)]
        return list(querying.wanted(self.tree, *names))


def read(user: User, space: str, text: str) -> Query:
    """Read a query; while something is wrong in it nothing is found, so that nobody takes a part for the whole."""
    parsed = querying.parse(text)
    context = Context(space, user)
    whole = everything(user, space)
    reading = _Reading(context, whole)
    rows, looked = reading.rows(parsed.tree) if parsed.tree is not None else (whole.rows, None)
    problems = [*parsed.problems, *reading.problems]
    if problems:
        return Query(parsed, problems, rows.none(), context)
    return Query(parsed, [], rows, context, looked, whole.audience)


class _Reading:
    def __init__(self, context: Context, whole: Whole) -> None:
        self.context = context
        self.whole = whole
        self.problems: list[Problem] = []

    def rows(self, tree: Node) -> tuple[QuerySet[Entry], Looked | None]:
        """What is looked for in texts goes to the index at once; the rest are conditions."""
        looked: list[Looked] = []
        rows = self.whole.rows
        for part in querying.parts_of(tree):
            read = self.one(part)
            if isinstance(read, Q):
                rows = rows.filter(read)
            else:
                looked.append(read)
        return rows, Every(tuple(looked)) if len(looked) > 1 else looked[0] if looked else None

    def one(self, node: Node) -> Q | Looked:
        match node:
            case Word(text):
                if not engine.can_look(text):
                    self.problems.append(Problem(_("“{text}”里没有可以搜索的字。").format(text=text), 0, 0))
                return Look(text)
            case Test():
                return self.test(node)
            case Not(part):
                found = self.one(part)
                return ~found if isinstance(found, Q) else Without(found)
            case And(parts) | Or(parts):
                each = [self.one(part) for part in parts]
                if any(isinstance(part, Q) for part in each):
                    conditions = [part if isinstance(part, Q) else self.condition(part) for part in each]
                    whole = conditions[0]
                    for condition in conditions[1:]:
                        whole = whole & condition if isinstance(node, And) else whole | condition
                    return whole
                looked = tuple(part for part in each if not isinstance(part, Q))
                return Every(looked) if isinstance(node, And) else Either(looked)

    def condition(self, looked: Looked) -> Q:
        return Q(pk__in=engine.keys(looked, self.whole.audience))

    def test(self, test: Test) -> Q | Looked:
        try:
            found = keys.find(test.key).read(test, self.context)
        except Unread as unread:
            self.problems.append(Problem(str(unread), test.start, test.end))
            return Q()
        if isinstance(found, list):
            if not all(engine.can_look(look.text) for look in found):
                self.problems.append(
                    Problem(
                        _("“{text}”里没有可以搜索的字。").format(text=_("、").join(test.values)),
                        test.start,
                        test.end,
                    )
                )
            return Either(tuple(found)) if len(found) > 1 else found[0]
        return found


# Pages


@dataclass(frozen=True, slots=True)
class Line:
    """One application found, as its audience sees it."""

    entry: Entry
    title: list[Piece]
    unit: list[Piece]
    snippet: list[Piece]
    area: str
    stage: str
    state: str
    tone: str

    @property
    def application(self) -> Application:
        """The application itself; its title and area are those of `entry`."""
        return self.entry.application


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was found; `after` and `before` are the places to go on from, or empty."""

    lines: list[Line]
    after: str
    before: str
    total: int
    more: bool  # the total is more than was counted

    @property
    def is_first(self) -> bool:
        """Whether nothing stands before it."""
        return not self.before


def page(query: Query, *, sort: str = "", after: str = "", before: str = "") -> Page:
    """A page that begins after a row, or ends before one; a place that is none begins at the first row."""
    _words, name, down = SORTS.get(sort, SORTS[""])
    place = _place(after or before)
    backward = bool(before) and place is not None
    # The keys first: texts are read of the rows of one page, and never sorted.
    if place is None and (name, down) == ("pk", True):
        pks = [row[0] for row in query.newest[: PER_PAGE + 1]]
    else:
        beyond = _beyond(name, place, down != backward) if place is not None else None
        pks = query.first(PER_PAGE + 1, sort, back=backward, beyond=beyond)
    entries = _entries(pks)
    more = len(entries) > PER_PAGE
    entries = entries[:PER_PAGE]
    if backward:
        entries.reverse()
    total = count(query)
    return Page(
        lines=lines(entries, query),
        after=_mark(entries[-1], name) if entries and (more or backward) else "",
        before=_mark(entries[0], name) if entries and place is not None and (more or not backward) else "",
        total=min(total, COUNTED),
        more=total > COUNTED,
    )


def _entries(pks: Sequence[int]) -> list[Entry]:
    rows = Entry.objects.select_related("application__lead", "application__call", "application__office")
    found = rows.in_bulk(pks)
    return [found[pk] for pk in pks if pk in found]


def _mark(entry: Entry, name: str) -> str:
    value: Any = entry
    for part in name.split("__"):
        value = getattr(value, part)
    return json.dumps([value, entry.pk], ensure_ascii=False, separators=(",", ":"))


def _place(text: str) -> tuple[Any, int] | None:
    try:
        value, pk = json.loads(text)
    except (ValueError, TypeError):
        return None
    good = isinstance(value, str | int) and isinstance(pk, int) and not isinstance(pk, bool)
    return (value, pk) if good and abs(pk) < 2**62 else None


def _beyond(name: str, place: tuple[Any, int], down: bool) -> Q:
    value, pk = place
    side = "lt" if down else "gt"
    if name == "pk":
        return Q(**{f"pk__{side}": pk})
    value = str(value).replace("\x00", "")
    return Q(**{f"{name}__{side}": value}) | Q(**{name: value, f"pk__{side}": pk})


def count(query: Query) -> int:
    """How many there are, up to one more than `COUNTED`."""
    return len(query.newest)


TONES = {
    "draft": "wait", "signing": "wait", "lodged": "turn", "returned": "void", "recommended": "done",
    "nominated": "done", "declined": "stop", "withdrawn": "idle",
}  # fmt: skip


def lines(entries: Iterable[Entry], query: Query) -> list[Line]:
    """Rows with their words; no query more for any number of them."""
    wanted = query.words
    calls = {call.pk: call for call in query.context.calls}
    labels = dict(keys.states(query.context.space))
    found = []
    for entry in entries:
        application = entry.application
        call = calls.setdefault(application.call_id, application.call)
        state = application.state
        if query.context.space != "portal" and state in keys.OPEN_AT_DESK:
            state = "returned"
        found.append(
            Line(
                entry=entry,
                title=marked(entry.title, wanted),
                unit=marked(application.lead.name, wanted),
                snippet=_snippet(entry, wanted),
                area=area_label(call, entry.area).rpartition(" · ")[2] if entry.area else "",
                stage=stage(call, application.stage).label if application.stage else "",
                state=labels[state],
                tone=TONES[state],
            )
        )
    return found


def _snippet(entry: Entry, wanted: Sequence[str]) -> list[Piece]:
    """Where it stands in the texts that the row does not show anyway."""
    if not wanted:
        return []
    for text in (entry.body, entry.remarks, entry.units):
        if found := snippet(text, wanted):
            return found
    return []


# To narrow it by


@dataclass(frozen=True, slots=True)
class Choice:
    """A value by which one may narrow, how many have it, and the query with it (or, when chosen, without it)."""

    label: str
    count: int
    query: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A key with the values that occur."""

    key: str
    label: str
    choices: list[Choice] = field(default_factory=list)

    @property
    def is_chosen(self) -> bool:
        """Whether the query names one of them."""
        return any(choice.chosen for choice in self.choices)


def facets(query: Query) -> list[Facet]:
    """What the rows found differ by, the most frequent first; counted among the newest `COUNTED` rows."""
    if query.problems:
        return []
    counted = query.newest[:COUNTED]
    counts = [Counter(row[place] for row in counted) for place in range(1, 1 + len(FACETS))]
    calls = {call.pk: call for call in query.context.calls}
    offices = Office.objects.in_bulk([pk for pk in counts[2] if pk])
    labels = dict(keys.states(query.context.space))
    state = _merged((value if value in labels else "returned", number) for value, number in counts[0].items())
    stages = dict(query.context.stages())
    areas = dict(query.context.areas())
    found = [
        ("状态", state),
        ("阶段", _merged((stages.get(value, ""), number) for value, number in counts[1].items())),
        ("机构", _merged((offices[pk].name if pk else "", number) for pk, number in counts[2].items())),
        ("区", _merged((regions.name(value), number) for value, number in counts[3].items())),
        (
            "领域",
            _merged((areas.get(value.split("/")[0], ""), number) for value, number in counts[5].items()),
        ),
        (
            "批次",
            _merged(
                (calls[pk].definition.batch if pk in calls else "", number)
                for pk, number in counts[4].items()
            ),
        ),
    ]
    return [
        facet
        for key, values in found
        if (facet := _facet(query.tree, key, values, labels)).is_chosen or len(facet.choices) > 1
    ]


def _merged(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for label, number in rows:
        if label:
            found[label] = found.get(label, 0) + number
    return found


def _facet(tree: Node | None, key: str, values: dict[str, int], labels: dict[str, str]) -> Facet:
    """States are shown in the language of the page, and always written in Chinese: queries are shared."""
    names = keys.other_names(key)
    chosen = {
        value
        for part in querying.parts_of(tree)
        if isinstance(part, Test) and part.key in names and not part.operator
        for value in part.values
    }
    without = querying.written(querying.without_key(tree, *names))
    choices = []
    for value, number in sorted(values.items(), key=lambda each: (-each[1], each[0]))[:12]:
        label, said = (labels[value], keys.STATES[value]) if key == "状态" else (value, value)
        is_chosen = bool(chosen & {label, said, value})
        narrowed = querying.written(querying.with_test(tree, Test(key, "", (said,)), *names))
        choices.append(Choice(label, number, without if is_chosen else narrowed, is_chosen))
    return Facet(key, _(key), choices)


# What is exported: what is shown


COLUMNS: dict[str, str] = {
    "reference": gettext_noop("申请编号"),
    "title": gettext_noop("试点名称"),
    "unit": gettext_noop("承担单位"),
    "code": gettext_noop("统一社会信用代码"),
    "district": gettext_noop("所在区"),
    "area": gettext_noop("重点领域"),
    "call": gettext_noop("批次"),
    "stage": gettext_noop("环节"),
    "office": gettext_noop("受理机构"),
    "state": gettext_noop("状态"),
    "arrived": gettext_noop("到达时间"),
}
DEFAULT_COLUMNS = ("reference", "title", "unit", "area", "office", "state", "arrived")


def columns(asked: Iterable[str]) -> tuple[str, ...]:
    """The columns asked for that there are, in the order of the list; the usual ones when none is."""
    wanted = set(asked)
    return tuple(key for key in COLUMNS if key in wanted) or DEFAULT_COLUMNS


def cells(line: Line, chosen: Sequence[str], call: Call) -> dict[str, str | datetime]:
    """The values of a row by column, in the words of the page."""
    entry, application = line.entry, line.application
    values: dict[str, str | datetime] = {
        "reference": application.reference,
        "title": entry.title,
        "unit": application.lead.name,
        "code": application.lead.code,
        "district": regions.name(application.lead.region),
        "area": area_label(call, entry.area) if entry.area else "",
        "call": call.definition.batch,
        "stage": line.stage,
        "office": application.office.name if application.office else "",
        "state": line.state,
        "arrived": entry.arrived_at.astimezone(call.zone).replace(microsecond=0),
    }
    return {key: values[key] for key in chosen}


def export(query: Query, sort: str, *, only: Sequence[str] = (), most: int = MOST_EXPORTED) -> list[Line]:
    """Every row that the query finds, in its order, at most so many; or those picked."""
    picked = Q(reference__in=only) if only else None
    pks = [] if query.problems else query.first(most, sort, beyond=picked)
    quiet = Query(Parsed("", None, []), [], query.rows, query.context)
    found: list[Line] = []
    for start in range(0, len(pks), 500):
        found += lines(_entries(pks[start : start + 500]), quiet)
    return found
