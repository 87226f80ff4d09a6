"""What is on a list, what the registry still misses, and how the offices of a call stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.content import at_path
from shidian.applications.models import Application, Lodgement
from shidian.applications.papers import package_of
from shidian.calls.definition import CopyPlan
from shidian.calls.models import Call
from shidian.calls.packages import Package
from shidian.calls.queries import area_label, offices_at, stage_of
from shidian.dispatch.models import CandidateList, ElectronicMaterial, ListItem, PaperCopy
from shidian.documents.models import DocumentVersion
from shidian.organisations.models import Office, Officer
from shidian.questionnaires.printing import one_line


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list in preparation."""

    application: Application
    rank: int
    remark: str


def open_list(call: Call, office: Office) -> CandidateList | None:
    """The office's list that is not dispatched yet, if it has been started."""
    return CandidateList.objects.filter(call=call, office=office).exclude(state="dispatched").first()


def entries(call: Call, office: Office) -> list[Entry]:
    """The list as it writes itself: the ranked items that are still recommended, then those recommended since."""
    started = open_list(call, office)
    ranked = (
        {item.application_id: item for item in started.items.order_by("rank")} if started is not None else {}
    )
    waiting = (
        Application.objects.filter(call=call, office=office, state="recommended")
        .select_related("lead", "version", "office", "call")
        .order_by("reference")
    )
    far = len(ranked) + 1
    ordered = sorted(waiting, key=lambda row: ranked[row.pk].rank if row.pk in ranked else far)
    return [
        Entry(row, rank, ranked[row.pk].remark if row.pk in ranked else "")
        for rank, row in enumerate(ordered, start=1)
    ]


def items(listed: CandidateList) -> QuerySet[ListItem]:
    """The items of a started list in their order."""
    return listed.items.select_related(
        "application__lead", "application__version", "application__office", "application__call"
    ).order_by("rank")


def lists_visible_to(user: User) -> QuerySet[CandidateList]:
    """Lists of the person's own offices, and dispatched ones that reached an office acted for; all for auditors."""
    rows = CandidateList.objects.select_related("call", "office", "version", "sealed_scan", "document").defer(
        "version__content"
    )
    if user.is_auditor:
        return rows
    offices = Office.objects.filter(officers__user=user)
    arrived = Lodgement.objects.filter(office__in=offices).values("via")
    seen = Q(office__in=offices) | Q(state="dispatched", reference__in=arrived)
    for call, office in calls_of(user):
        if works_as_registry(call, office):
            seen |= Q(state="dispatched", call=call, stage=call.definition.delivery.after_stage)
    return rows.filter(seen)


def first_offices(applications: Iterable[Application]) -> dict[int, str]:
    """For each application the name of the office to which its lead handed it in first."""
    found: dict[int, str] = {}
    rows = Lodgement.objects.filter(application__in=[row.pk for row in applications]).order_by("pk")
    for pk, name in rows.values_list("application", "office__name"):
        found.setdefault(pk, name)
    return found


def row_values(
    application: Application, version: DocumentVersion, *, office: str, rank: int, remark: str
) -> dict[str, str]:
    """Every value that a list column may show, by its name in the call package; parties by their role.

    `office` is the name of the office to which the lead handed the application in.
    """
    package = package_of(version)
    content = version.data
    values = content["answers"]
    uses = package.call.uses
    found = {
        "rank": str(rank),
        "office": office,
        "name": _shown(package, values, uses.name),
        "lead": content["lead"]["name"],
        "code": content["lead"]["code"],
        "area": area_label(application.call, str(at_path(values, uses.area) or "")),
        "region": _shown(package, values, uses.region),
        "period": _shown(package, values, uses.period),
        "contact": _shown(package, values, uses.contact),
        "phone": _shown(package, values, uses.phone),
        "reference": application.reference,
        "remark": remark,
    }
    for role in package.call.parties:
        names = [party["name"] for party in content["parties"] if party["role"] == role.role]
        found.setdefault(role.role, "、".join(names))
    return found


def _shown(package: Package, values: Mapping[str, Any], path: str | None) -> str:
    """The answer at "section.field" in one line; nothing for a path that the package leaves out."""
    section, _rest, key = (path or "").partition(".")
    owner = next((found for found in package.questionnaire.sections if found.key == section), None)
    return one_line(owner.field(key), at_path(values, path or "")) if owner else ""


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registry has of one application: the copies that count, by number, and the electronic material."""

    application: Application
    version: DocumentVersion
    copies: dict[int, PaperCopy | None]
    outdated: list[PaperCopy]
    electronic: ElectronicMaterial | None

    @property
    def missing(self) -> list[str]:
        """What is missing, in words."""
        words = [
            _("第 {number} 份纸质材料").format(number=number)
            for number, copy in self.copies.items()
            if copy is None
        ]
        return words if self.electronic else [*words, _("电子材料")]


def counted_plan(call: Call) -> CopyPlan | None:
    """The statement on copies by which the registry counts."""
    return next((plan for plan in call.definition.copies if plan.registered), None)


def registered(call: Call, *, only: Application | None = None) -> list[Registered]:
    """For every application sent on at the stage named in the call, or one: what has arrived and what is missing.

    Copies count for the version that arrived last: after a correction at a later stage the paper must follow. Those
    of an earlier version are listed as outdated.
    """
    delivery = call.definition.delivery
    plan = counted_plan(call)
    total = plan.total if plan else 0
    senders = [office.pk for office in offices_at(call, delivery.after_stage)]
    arrivals: dict[int, Lodgement] = {}
    sent = Lodgement.objects.filter(application__call=call, sent_by__in=senders).values("application")
    if only is not None:
        sent = sent.filter(application=only)
    for lodgement in (
        Lodgement.objects.filter(application__in=sent)
        .select_related(
            "application__lead", "application__office", "application__call", "version__document", "sent_by"
        )
        .defer("version__content")
        .order_by("pk")
    ):
        arrivals[lodgement.application_id] = lodgement
    copies = (
        PaperCopy.objects.filter(application__in=arrivals, void__isnull=True)
        .select_related("by", "version")
        .order_by("pk")
    )
    electronic = {
        (row.application_id, row.version_id): row
        for row in ElectronicMaterial.objects.filter(application__in=arrivals).select_related("by")
    }
    by_application: dict[int, list[PaperCopy]] = {}
    for copy in copies:
        by_application.setdefault(copy.application_id, []).append(copy)
    found: list[Registered] = []
    for pk, lodgement in arrivals.items():
        mine = by_application.get(pk, [])
        current = {copy.copy: copy for copy in mine if copy.version_id == lodgement.version_id}
        found.append(
            Registered(
                application=lodgement.application,
                version=lodgement.version,
                copies={number: current.get(number) for number in range(1, total + 1)},
                outdated=[copy for copy in mine if copy.version_id != lodgement.version_id],
                electronic=electronic.get((pk, lodgement.version_id)),
            )
        )
    return found


def calls_of(user: User) -> list[tuple[Call, Office]]:
    """Each call and office at which a person works, the calls newest first."""
    offices = Office.objects.filter(pk__in=Officer.objects.filter(user=user).values("office"))
    found: list[tuple[Call, Office]] = []
    for call in Call.objects.public():
        keys = {definition.key for definition in call.package.offices}
        found.extend((call, office) for office in offices if office.key in keys)
    return found


def works_as_registry(call: Call, office: Office) -> bool:
    """Whether the office registers paper and electronic material in this call."""
    return call.definition.delivery.office == office.key


def is_last_stage(call: Call, office: Office) -> bool:
    """Whether what the office dispatches leaves for the destination."""
    found = stage_of(call, office)
    return found is not None and found.key == call.definition.stages[-1].key
