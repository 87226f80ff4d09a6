"""What is on a list, what the registry still misses, and how the offices of a call stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.content import at_path
from shidian.applications.models import Application, Lodgement
from shidian.applications.papers import package_of
from shidian.calls.definition import CopyPlan
from shidian.calls.models import Call
from shidian.calls.packages import Package
from shidian.calls.queries import area_label, offices_at, planned_copies, stage_of
from shidian.core.digests import sha256_of_bytes
from shidian.dispatch.models import (
    CandidateList,
    ElectronicMaterial,
    Letter,
    ListChange,
    ListItem,
    PaperCopy,
)
from shidian.documents.models import DocumentVersion
from shidian.organisations.models import Office, Officer
from shidian.questionnaires.printing import one_line
from shidian.reviews.joint import joint_recommenders


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


def sent_lists(call: Call, office: Office) -> list[CandidateList]:
    """What an office has dispatched, the first list before its supplements."""
    return list(CandidateList.objects.filter(call=call, office=office, state="dispatched").order_by("pk"))


@dataclass(frozen=True, slots=True)
class Line:
    """One application of what is effective: which list brought it, and which supplement changed it last."""

    application: Application
    remark: str
    source: CandidateList
    changed: CandidateList | None = None


def effective(call: Call, office: Office, *, until: CandidateList | None = None) -> list[Line]:
    """What an office has sent in all: the first list with every supplement applied, in the order that counts.

    `until` applies that list as the last one, dispatched or not. What a supplement adds stands at the end; what it
    withdraws is gone, what it corrects gets its new remark and moves to its new place.
    """
    lists = sent_lists(call, office)
    if until is not None:
        lists = [row for row in lists if row.pk < until.pk] + [until]
    added: dict[int, list[ListItem]] = {}
    for item in (
        ListItem.objects.filter(list__in=lists)
        .select_related(
            "application__lead", "application__version", "application__office", "application__call"
        )
        .order_by("list", "rank")
    ):
        added.setdefault(item.list_id, []).append(item)
    changed: dict[int, list[ListChange]] = {}
    for change in ListChange.objects.filter(list__in=lists).order_by("pk"):
        changed.setdefault(change.list_id, []).append(change)
    lines: list[Line] = []
    for listed in lists:
        lines += [Line(item.application, item.remark, listed) for item in added.get(listed.pk, [])]
        for change in changed.get(listed.pk, []):
            at = next((n for n, row in enumerate(lines) if row.application.pk == change.application_id), None)
            if at is None:
                continue
            line = lines.pop(at)
            if change.kind == ListChange.Kind.CORRECT:
                remark = line.remark if change.remark is None else change.remark
                place = at if change.place is None else change.place - 1
                lines.insert(place, Line(line.application, remark, line.source, listed))
    return lines


def withdrawals(listed: CandidateList) -> QuerySet[ListChange]:
    """What a supplement withdraws."""
    return listed.changes.filter(kind=ListChange.Kind.WITHDRAW).select_related(
        "application__call", "application__office"
    )


def numbered(listed: CandidateList | None) -> bool:
    """Whether the cover letter of a list has its document number."""
    return listed is not None and Letter.objects.filter(list=listed).exclude(number="").exists()


def order_mark(listed: CandidateList | None) -> str:
    """A short mark of order and remarks as they are kept, by which a page tells that somebody was faster."""
    rows = (
        list(listed.items.order_by("rank").values_list("application__reference", "rank", "remark"))
        if listed is not None
        else []
    )
    return (
        sha256_of_bytes(repr(rows).encode())[:16] if rows else "0"
    )  # nothing is ranked on a list just begun


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
    # Supplements that only withdraw or correct bring nothing along, and are seen with the list that they change.
    brought = CandidateList.objects.filter(
        call=OuterRef("call"), office=OuterRef("office"), reference__in=arrived
    )
    seen = Q(office__in=offices) | (Q(state="dispatched") & Q(Exists(brought)))
    for call, office in calls_of(user):
        if works_as_registry(call, office):
            seen |= Q(state="dispatched", call=call, stage=call.definition.delivery.after_stage)
    return rows.filter(seen)


def first_offices(applications: Iterable[Application]) -> dict[int, str]:
    """For each application the name of the office to which its lead handed it in first, and of those that joined it."""
    found: dict[int, str] = {}
    rows = Lodgement.objects.filter(application__in=[row.pk for row in applications]).order_by("pk")
    for pk, name in rows.values_list("application", "office__name"):
        found.setdefault(pk, name)
    for pk, names in joint_recommenders(found).items():
        found[pk] = _("、").join([found[pk], *names])
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
        found.setdefault(role.role, _("、").join(names))
    return found


def _shown(package: Package, values: Mapping[str, Any], path: str | None) -> str:
    """The answer at "section.field" in one line; nothing for a path that the package leaves out."""
    section, _rest, key = (path or "").partition(".")
    owner = next((found for found in package.questionnaire.sections if found.key == section), None)
    return one_line(owner.field(key), at_path(values, path or "")) if owner else ""


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registry has of one application: the copies that count, by number, and the electronic material.

    `sender` is the office whose list sent it here; `others` are the copies of the plans that are not counted, as far as
    anybody had them in hand.
    """

    application: Application
    version: DocumentVersion
    sender: Office
    copies: dict[int, PaperCopy | None]
    others: dict[int, PaperCopy | None]
    outdated: list[PaperCopy]
    electronic: ElectronicMaterial | None

    @property
    def copies_here(self) -> list[PaperCopy]:
        """The copies that count and have arrived."""
        return [copy for copy in self.copies.values() if copy is not None]

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
    planned = len(planned_copies(call))
    senders = [office.pk for office in offices_at(call, delivery.after_stage)]
    arrivals: dict[int, Lodgement] = {}
    sent_by: dict[int, Office] = {}
    # What was called back, by these offices or from them, stands at a stage before again.
    stages = [stage.key for stage in call.definition.stages]
    later = stages[stages.index(delivery.after_stage) + 1 :]
    sent = Lodgement.objects.filter(
        application__call=call, application__stage__in=later, stage__in=later, sent_by__in=senders
    ).values("application")
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
        if lodgement.sent_by_id in senders and lodgement.sent_by is not None:
            sent_by[lodgement.application_id] = lodgement.sent_by
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
        copy.application = arrivals[copy.application_id].application
        by_application.setdefault(copy.application_id, []).append(copy)
    found: list[Registered] = []
    for pk, lodgement in arrivals.items():
        mine = by_application.get(pk, [])
        current = {copy.copy: copy for copy in mine if copy.version_id == lodgement.version_id}
        found.append(
            Registered(
                application=lodgement.application,
                version=lodgement.version,
                sender=sent_by[pk],
                copies={number: current.get(number) for number in range(1, total + 1)},
                others={number: current.get(number) for number in range(total + 1, planned + 1)},
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
