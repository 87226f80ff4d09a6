"""What keeps an expert away from an application, with the words for each. Only told here; `queries` acts upon it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from shidian.applications.models import Application, Collaborator, SectionGift
from shidian.calls.models import Call
from shidian.core import clock
from shidian.organisations.models import Membership
from shidian.organisations.queries import Unit
from shidian.reviews.experts.models import Body, ConflictDeclaration, Expert
from shidian.signoffs.models import Party

OWN, PARTY, PARENT, DECLARED, TOGETHER, WORKING = "own", "party", "parent", "declared", "together", "working"
"""The kinds: own unit applies, own unit is a party, one parent, declared, worked together, writes in it."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One reason why an expert shall not judge an application."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Named:
    """A body by what its spellings have in common; `label` is its role in an application, if it has one.

    A `fixed` one is named by the call, the same for everybody: whoever works there is its party, but nobody is
    acquainted or related through it.
    """

    name: str
    code: str
    key: str
    label: str = ""
    leads: bool = False
    fixed: bool = False

    def same(self, other: Named) -> bool:
        """Whether both are one body: by the code where both have one, else by the name."""
        if self.code and other.code:
            return self.code == other.code
        return bool(self.key) and self.key == other.key

    def __bool__(self) -> bool:
        return bool(self.code or self.key)


Pair = tuple[int, int]
"""The keys of an expert and of an application."""


def named(name: str, code: str, label: str = "", *, leads: bool = False, fixed: bool = False) -> Named:
    """A body as it is looked for."""
    unit = Unit(code, name)
    return Named(name, unit.body, unit.key, label, leads, fixed)


def conflicts(expert: Expert, application: Application) -> list[Conflict]:
    """Why this expert shall not judge this application; empty when nothing is known against it."""
    return between([expert], [application]).get((expert.pk, application.pk), [])


def between(experts: Sequence[Expert], applications: Sequence[Application]) -> dict[Pair, list[Conflict]]:
    """The conflicts of many experts with many applications, in a number of queries that does not grow with them.

    The applications must have their call and their lead at hand (`select_related`).
    """
    found: dict[Pair, list[Conflict]] = defaultdict(list)
    if not experts or not applications:
        return {}
    bodies = bodies_of(applications)
    index = _Index(bodies)
    units = _units_of(experts)
    parents = _parents()
    for expert in experts:
        for own in units[expert.pk]:
            for application, body in index.find(own):
                kind = OWN if body.leads else PARTY
                words = _("本人单位“{unit}”是这份申请的{label}").format(unit=own.name, label=body.label)
                found[expert.pk, application].append(Conflict(kind, words))
        for application, words in _related(expert, index, parents):
            found[expert.pk, application].append(Conflict(PARENT, words))
    _add_declared(found, experts, applications, index)
    _add_working(found, experts, applications)
    _add_together(found, units, applications, bodies)
    return {pair: _once(rows) for pair, rows in found.items()}


def bodies_of(applications: Iterable[Application]) -> dict[int, list[Named]]:
    """The lead and every party of every version of each application."""
    found: dict[int, list[Named]] = {}
    by_document: dict[int, Application] = {}
    for application in applications:
        lead = named(application.lead.name, application.lead.code, _("承担单位"), leads=True)
        found[application.pk] = [lead]
        by_document[application.document_id] = application
    rows = Party.objects.filter(round__version__document__in=by_document).values_list(
        "round__version__document", "name", "code", "label", "role"
    )
    for document, name, code, label, role in rows.order_by().distinct():
        application = by_document[document]
        here = found[application.pk]
        body = named(name, code, label, fixed=role in fixed_roles(application.call))
        if body.same(here[0]):
            body = replace(here[0], name=body.name, key=body.key)
        if body and body not in here:
            here.append(body)
    return found


def fixed_roles(call: Call) -> set[str]:
    """The roles whose body the call itself names."""
    return {party.role for party in call.definition.parties if party.name}


class _Index:
    """Finds applications by a body."""

    def __init__(self, bodies: Mapping[int, Sequence[Named]]) -> None:
        self._by: dict[str, list[tuple[int, Named]]] = defaultdict(list)
        for application, rows in bodies.items():
            for body in rows:
                for way in _ways(body):
                    self._by[way].append((application, body))

    def find(self, body: Named) -> list[tuple[int, Named]]:
        """Every application that has this body, and as what."""
        rows = [row for way in _ways(body) for row in self._by.get(way, ()) if body.same(row[1])]
        return list(dict.fromkeys(rows))


def _ways(body: Named) -> list[str]:
    return [f"c:{body.code}"] * bool(body.code) + [f"n:{body.key}"] * bool(body.key)


def _units_of(experts: Sequence[Expert]) -> dict[int, list[Named]]:
    """Where each expert works: as the pool says, and the units for which the account acts."""
    found = {expert.pk: [named(expert.unit, expert.unit_code)] for expert in experts}
    by_user = {expert.user_id: expert.pk for expert in experts}
    rows = Membership.objects.filter(user__in=by_user, organisation__state="confirmed")
    for user, name, code in rows.values_list("user", "organisation__name", "organisation__code"):
        unit = named(name, code)
        if not any(unit.same(other) for other in found[by_user[user]]):
            found[by_user[user]].append(unit)
    return found


def _parents() -> list[tuple[Named, Named]]:
    """Units and their parents, as far as the pool tells."""
    rows = Expert.objects.exclude(parent_unit="", parent_code="").values_list(
        "unit", "unit_code", "parent_unit", "parent_code"
    )
    return [
        (named(unit, code), named(parent, parent_code)) for unit, code, parent, parent_code in rows.distinct()
    ]


def _related(
    expert: Expert, index: _Index, parents: Sequence[tuple[Named, Named]]
) -> Iterable[tuple[int, str]]:
    own = named(expert.unit, expert.unit_code)
    parent = named(expert.parent_unit, expert.parent_code)
    if parent:
        for application, body in index.find(parent):
            if body.fixed:
                continue
            yield (
                application,
                _("本人的上级单位“{unit}”是这份申请的{label}").format(unit=parent.name, label=body.label),
            )
    for unit, above in parents:
        if unit.same(own):
            continue
        for application, body in index.find(unit):
            if body.fixed:
                continue
            if above.same(own):
                yield (
                    application,
                    _("本人单位是{label}“{unit}”的上级单位").format(label=body.label, unit=body.name),
                )
            elif parent and above.same(parent):
                yield (
                    application,
                    _("本人单位和{label}“{unit}”同属“{parent}”").format(
                        label=body.label, unit=body.name, parent=parent.name
                    ),
                )


def _add_declared(
    found: dict[Pair, list[Conflict]],
    experts: Sequence[Expert],
    applications: Sequence[Application],
    index: _Index,
) -> None:
    rows = ConflictDeclaration.objects.filter(
        expert__in=experts, withdraws__isnull=True, withdrawal__isnull=True
    )
    here = {application.pk for application in applications}
    for row in rows:
        words = _("已申报回避：{kind}（{text}）").format(kind=row.get_kind_display(), text=row.text)
        if row.application_id in here:
            found[row.expert_id, row.application_id].append(Conflict(DECLARED, words))
        elif row.application_id is None:
            for application, _body in index.find(named(row.unit, row.unit_code)):
                found[row.expert_id, application].append(Conflict(DECLARED, words))


def _add_working(
    found: dict[Pair, list[Conflict]], experts: Sequence[Expert], applications: Sequence[Application]
) -> None:
    by_user = {expert.user_id: expert.pk for expert in experts}
    pairs: set[tuple[int, int | None]] = set()
    for model in (Collaborator, SectionGift):
        rows = model.objects.filter(user__in=by_user, application__in=applications)
        pairs.update(rows.values_list("application", "user"))
    pairs.update((row.pk, row.started_by_id) for row in applications if row.started_by_id in by_user)
    for application, user in pairs:
        if user is not None:
            found[by_user[user], application].append(Conflict(WORKING, _("本人参与过这份申请的填写")))


def _add_together(
    found: dict[Pair, list[Conflict]],
    units: Mapping[int, Sequence[Named]],
    applications: Sequence[Application],
    bodies: Mapping[int, Sequence[Named]],
) -> None:
    """Units of experts that applied together with a body of the application, in another one, in the last years."""
    by_years: dict[int, dict[int, Sequence[Named]]] = defaultdict(dict)
    for application in applications:
        years = application.call.definition.experts.together_years
        if years:
            by_years[years][application.pk] = bodies[application.pk]
    for years, some in by_years.items():
        index = _Index(some)
        acquainted = _acquainted(units, years_ago(clock.now(), years))
        for expert, partners in acquainted.items():
            for own, partner, where in partners:
                for pk, body in index.find(partner):
                    if where == pk or body.fixed:
                        continue
                    words = _("{years} 年内，本人单位“{own}”与{label}“{unit}”共同申报过试点").format(
                        years=years, own=own, label=body.label, unit=body.name
                    )
                    found[expert, pk].append(Conflict(TOGETHER, words))


def _acquainted(
    units: Mapping[int, Sequence[Named]], since: datetime
) -> dict[int, list[tuple[str, Named, int]]]:
    """With whom the units of each expert applied since then: own name, the other body, the application."""
    owns = [(expert, own) for expert, rows in units.items() for own in rows if own]
    asked = Q(code__in={own.code for _expert, own in owns} - {""}) | Q(
        key__in={own.key for _expert, own in owns} - {""}
    )
    mine = Body.objects.filter(asked, at__gte=since)
    by_application: dict[int, list[Named]] = defaultdict(list)
    rows = Body.objects.filter(application__in=mine.values("application"), at__gte=since)
    for application, name, code, key in rows.values_list("application", "name", "code", "key").distinct():
        by_application[application].append(Named(name, code, key))
    index = _Index(by_application)
    found: dict[int, list[tuple[str, Named, int]]] = defaultdict(list)
    for expert, own in owns:
        for application in {where for where, _body in index.find(own)}:
            others = (body for body in by_application[application] if not body.same(own))
            found[expert] += [(own.name, body, application) for body in others]
    return found


def years_ago(moment: datetime, years: int) -> datetime:
    """The same day some years before; the last of February for a day that the year does not have."""
    try:
        return moment.replace(year=moment.year - years)
    except ValueError:
        return moment.replace(year=moment.year - years, day=28)


def _once(rows: Sequence[Conflict]) -> list[Conflict]:
    return list(dict.fromkeys(rows))
