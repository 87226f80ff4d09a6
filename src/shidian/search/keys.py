"""The keys of the query language: what each is called, what its values mean, and the condition behind it.

A key is one row of `KEYS`; whoever can tell more of an application adds one with `register`.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.accounts.models import User
from shidian.applications.models import Lodgement
from shidian.applications.states import APPLICATION
from shidian.calls.definition import Area
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.querying import Test
from shidian.organisations.codes import regions
from shidian.organisations.models import Office
from shidian.reviews.experts.models import Panel
from shidian.reviews.scoring.queries import frozen_points
from shidian.reviews.scoring.rules import can_look
from shidian.search.engine import Look

UNIT, REMARK, TITLE = ("units",), ("remarks",), ("heads",)


class Unread(Exception):
    """A condition that cannot be read; the message says why and what would do."""


@dataclass
class Context:
    """For whom and where a query is read; what many conditions ask is asked once."""

    space: str
    user: User
    calls: list[Call] = field(default_factory=lambda: list(Call.objects.public()))

    @cached_property
    def scores(self) -> dict[int, Decimal] | None:
        """Points of frozen results by the key of the application; None for whoever may look at no panel's."""
        panels = Panel.objects.select_related("call", "office").order_by("pk")
        looked = [panel for panel in panels if can_look(self.user, panel)]
        return frozen_points(looked) if looked and self.space == "desk" else None

    def areas(self) -> list[tuple[str, str]]:
        """(path, label) of every area of the calls, at any depth."""
        found: dict[str, str] = {}

        def add(areas: Sequence[Area], prefix: str) -> None:
            for area in areas:
                found.setdefault(f"{prefix}{area.key}", area.label)
                add(area.children, f"{prefix}{area.key}/")

        for call in self.calls:
            add(call.definition.areas, "")
        return list(found.items())

    def stages(self) -> list[tuple[str, str]]:
        """(key, label) of every stage of the calls."""
        found = {stage.key: stage.label for call in self.calls for stage in call.definition.stages}
        return list(found.items())


Read = Callable[[Test, Context], Q | Look | list[Look]]


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its Chinese name, its other names, an example, and how a condition of it is read."""

    name: str
    aliases: tuple[str, ...]
    example: str
    read: Read
    compares: bool = False


KEYS: dict[str, Key] = {}
_NAMES: dict[str, str] = {}


def register(key: Key) -> None:
    """Make a key known under all its names."""
    KEYS[key.name] = key
    for name in (key.name, *key.aliases):
        _NAMES[name.casefold()] = key.name


def find(name: str) -> Key:
    """The key of that name; `Unread` with the nearest one."""
    known = _NAMES.get(name.casefold())
    if known is not None:
        return KEYS[known]
    near = difflib.get_close_matches(name.casefold(), list(_NAMES), n=1, cutoff=0.5) or [
        other for other in _NAMES if name and (name[0] in other or other in name)
    ]
    if near:
        raise Unread(_("没有“{key}”这个条件，是不是“{near}”？").format(key=name, near=_NAMES[near[0]]))
    raise Unread(
        _("没有“{key}”这个条件。可以用：{known}。要找这几个字本身，请加引号。").format(
            key=name, known=_("、").join(KEYS)
        )
    )


def other_names(name: str) -> tuple[str, ...]:
    """Every name under which a key may stand in a query."""
    key = KEYS[name]
    return (key.name, *key.aliases)


# Values


def _unknown(test: Test, value: str, choices: Sequence[str]) -> Unread:
    near = difflib.get_close_matches(value, choices, n=1, cutoff=0.4)
    shown = near or list(choices)[:8]
    return Unread(
        _("“{key}”没有“{value}”，有：{choices}。").format(
            key=test.key, value=value, choices=_("、").join(shown)
        )
    )


def _chosen(test: Test, choices: Sequence[tuple[str, str]]) -> list[str]:
    """The keys of the values: by key, by whole label, else by a part of one."""
    if test.operator:
        raise Unread(_("“{key}”不能比较大小，直接写值。").format(key=test.key))
    found: list[str] = []
    for value in test.values:
        wanted = value.casefold()
        exact = [key for key, label in choices if wanted in (key.casefold(), label.casefold())]
        partial = exact or [key for key, label in choices if wanted in label.casefold()]
        if not partial:
            raise _unknown(test, value, [label for _key, label in choices])
        found += partial
    return found


def span(value: str) -> tuple[datetime, datetime] | None:
    """The time that a day, month or year takes, as moments; None for what is none of them."""
    today = timezone.localtime(clock.now()).date()
    named = {"今天": 0, "today": 0, "昨天": 1, "yesterday": 1}
    if value.casefold() in named:
        first = today - timedelta(days=named[value.casefold()])
        return _moments(first, first + timedelta(days=1))
    match = re.fullmatch(r"(\d{4})(?:[-./年](\d{1,2})(?:[-./月](\d{1,2})日?)?)?[月年]?", value)
    if match is None:
        return None
    year, month, day = (int(part) if part else 0 for part in match.groups())
    try:
        first = date(year, month or 1, day or 1)
        if day:
            return _moments(first, first + timedelta(days=1))
        if month:
            return _moments(first, date(year + month // 12, month % 12 + 1, 1))
        return _moments(first, date(year + 1, 1, 1))
    except (ValueError, OverflowError):
        return None


def _moments(first: date, after: date) -> tuple[datetime, datetime]:
    zone = timezone.get_current_timezone()
    return datetime.combine(first, time(), zone), datetime.combine(after, time(), zone)


def _times(test: Test, path: str) -> Q:
    found = Q()
    for value in test.values:
        first, dots, last = value.partition("..")
        spans = [span(each) for each in ((first, last) if dots else (value,)) if each]
        if not spans or any(each is None for each in spans):
            raise Unread(
                _("“{value}”不是日期，写成 2023-07-01、2023-07 或 2023-07-01..2023-07-31。").format(
                    value=value
                )
            )
        ends = [each for each in spans if each is not None]
        if dots:
            within = Q(**{f"{path}__gte": ends[0][0]}) if first else Q()
            within &= Q(**{f"{path}__lt": ends[-1][1]}) if last else Q()
            found |= within
            continue
        (start, after) = ends[0]
        found |= {
            "": Q(**{f"{path}__gte": start, f"{path}__lt": after}),
            ">=": Q(**{f"{path}__gte": start}),
            ">": Q(**{f"{path}__gte": after}),
            "<": Q(**{f"{path}__lt": start}),
            "<=": Q(**{f"{path}__lt": after}),
        }[test.operator]
    return found


def _numbers(test: Test) -> list[Decimal]:
    for value in test.values:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,4})?", value):
            raise Unread(_("“{key}”后面要写数字，例如 {key}:>=2。").format(key=test.key))
    return [Decimal(value) for value in test.values]


def compared(test: Test, path: str) -> Q:
    """A condition on a number."""
    found = Q()
    suffix = {"": "", ">=": "__gte", ">": "__gt", "<=": "__lte", "<": "__lt"}[test.operator]
    for number in _numbers(test):
        found |= Q(**{f"{path}{suffix}": int(number) if number == int(number) else float(number)})
    return found


# The keys

STATES = APPLICATION.labels
OPEN_AT_DESK = ("returned", "draft", "signing")
"""To an office these are one: what it returned is being corrected."""


def states(space: str) -> list[tuple[str, str]]:
    """(state, label) that are told apart in a space."""
    return [
        (state, _(label))
        for state, label in STATES.items()
        if space == "portal" or state not in ("draft", "signing")
    ]


def _state(test: Test, context: Context) -> Q:
    choices = states(context.space)
    # In Chinese as well, whatever the language of the page: views are shared.
    choices += [(state, STATES[state]) for state, _label in choices]
    wanted = set(_chosen(test, choices))
    if context.space != "portal" and "returned" in wanted:
        wanted |= set(OPEN_AT_DESK)
    return Q(state__in=sorted(wanted))


def _region(test: Test, context: Context) -> Q:
    found: list[str] = []
    for value in test.values:
        codes = regions.named(value)
        if not codes:
            raise Unread(_("没有叫“{value}”的区。").format(value=value))
        found += codes
    if test.operator:
        raise Unread(_("“{key}”不能比较大小，直接写值。").format(key=test.key))
    return Q(region__in=found)


def _area(test: Test, context: Context) -> Q:
    found = Q()
    for path in _chosen(test, context.areas()):
        found |= Q(area=path) | Q(area__startswith=f"{path}/")
    return found


def _stage(test: Test, context: Context) -> Q:
    return Q(stage__in=_chosen(test, context.stages()))


def _office(test: Test, context: Context) -> Q:
    keys = {definition.key for call in context.calls for definition in call.package.offices}
    offices = list(Office.objects.filter(key__in=keys))
    choices = [(office.key, office.name) for office in offices]
    choices += [(office.key, office.short) for office in offices]
    wanted = set(_chosen(test, choices))
    return Q(here__in=[office.pk for office in offices if office.key in wanted])


def _call(test: Test, context: Context) -> Q:
    choices = [(call.key, call.definition.batch) for call in context.calls]
    choices += [(call.key, call.title) for call in context.calls]
    wanted = set(_chosen(test, choices))
    return Q(call__in=[call.pk for call in context.calls if call.key in wanted])


def channels(call: Call) -> list[tuple[str, str]]:
    """(kind, label) of the offices at which one hands in."""
    kinds = call.definition.stages[0].kinds
    return [(kind.kind, kind.label) for kind in call.definition.office_kinds if kind.kind in kinds]


def _handed_to(test: Test, context: Context) -> Q:
    """At an office, or at any office of a kind."""
    labels = {kind: label for call in context.calls for kind, label in channels(call)}
    offices = list(Office.objects.filter(kind__in=labels))
    choices = [(office.key, office.name) for office in offices]
    choices += [(office.key, office.short) for office in offices]
    choices += [(office.key, labels[office.kind]) for office in offices]
    wanted = set(_chosen(test, choices))
    rows = Lodgement.objects.filter(application=OuterRef("application"), sent_by=None)
    return Q(Exists(rows.filter(office__in=[office.pk for office in offices if office.key in wanted])))


_COMPARED = {"": operator.eq, ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


def _score(test: Test, context: Context) -> Q:
    """By the newest frozen result of experts, for those who may look at it."""
    numbers = _numbers(test)
    if context.scores is None:
        raise Unread(_("只有组织评审的机构可以按分数找。"))
    compare = _COMPARED[test.operator]
    found = [pk for pk, score in context.scores.items() if any(compare(score, number) for number in numbers)]
    return Q(application__in=found)


def _words_in(columns: tuple[str, ...]) -> Read:
    def read(test: Test, context: Context) -> list[Look]:
        if test.operator:
            raise Unread(_("“{key}”不能比较大小，直接写值。").format(key=test.key))
        return [Look(value, columns) for value in test.values]

    return read


def _arrived(test: Test, context: Context) -> Q:
    return _times(test, "arrived_at")


def _handed_in(test: Test, context: Context) -> Q:
    rows = Lodgement.objects.filter(application=OuterRef("application"), sent_by=None)
    return Q(Exists(rows.filter(_times(test, "at"))))


def _sent_on(test: Test, context: Context) -> Q:
    """On a list with that number that an office sent."""
    rows = Lodgement.objects.filter(application=OuterRef("application"), pk__lte=OuterRef("lodgement"))
    wanted = Q()
    for value in test.values:
        wanted |= Q(via__istartswith=value)
    return Q(Exists(rows.exclude(via="").filter(wanted)))


def _attempts(test: Test, context: Context) -> Q:
    counted = (
        Lodgement.objects.filter(application=OuterRef("application"), office=OuterRef("office"))
        .order_by()
        .values("application")
        .annotate(count=Count("pk"))
        .filter(compared(test, "count"))
        .values("application")
    )
    return Q(Exists(counted))


for _row in (
    Key(gettext_noop("状态"), ("state", "status"), "状态:待受理审查", _state),
    Key(gettext_noop("区"), ("district", "region", "所在区"), "区:和平区", _region),
    Key(gettext_noop("领域"), ("area", "方向", "重点领域"), "领域:应急", _area),
    Key(gettext_noop("单位"), ("unit", "party"), "单位:应急", _words_in(UNIT)),
    Key(gettext_noop("编号"), ("no", "number", "reference"), "编号:0016", _words_in(TITLE)),
    Key(gettext_noop("名称"), ("title", "name", "标题"), "名称:减灾", _words_in(TITLE)),
    Key(gettext_noop("阶段"), ("stage", "环节"), "阶段:city", _stage),
    Key(gettext_noop("机构"), ("office", "受理机构"), "机构:和平区", _office),
    Key(gettext_noop("批次"), ("call", "batch"), "批次:第十批", _call),
    Key(gettext_noop("受理"), ("arrived", "到达"), "受理:>=2023-07-01", _arrived, compares=True),
    Key(gettext_noop("递交"), ("lodged", "handed"), "递交:2023-07", _handed_in, compares=True),
    Key(gettext_noop("递交到"), ("channel", "handed_to", "推荐渠道"), "递交到:行业主管部门", _handed_to),
    Key(gettext_noop("次数"), ("times", "attempts"), "次数:>=2", _attempts, compares=True),
    Key(gettext_noop("分数"), ("score", "points", "得分"), "分数:>=85", _score, compares=True),
    Key(gettext_noop("清单"), ("list",), "清单:TJ10", _sent_on),
    Key(gettext_noop("理由"), ("reason", "remark", "意见"), "理由:盖章", _words_in(REMARK)),
):
    register(_row)
