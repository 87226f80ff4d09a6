"""Which paper copy is for whom and where it is, what a code on a sheet names, and what nobody has received yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.calls.queries import PlannedCopy, planned_copies
from shidian.core.errors import Invalid, NotNow
from shidian.dispatch.models import CandidateList, PaperCopy, PaperPlace, PaperReceipt, PaperReceiptCopy
from shidian.dispatch.queries import Registered, calls_of, is_last_stage, registered, works_as_registry
from shidian.documents.marks.keys import keys
from shidian.documents.marks.payload import DRAFT, Forged, Mark, NotAMark, read, typed
from shidian.documents.models import DocumentVersion
from shidian.organisations.models import Office, Officer

LONGEST_CODE = 200
"""Of what a scanner or a person enters, in characters; a code is far shorter."""


@dataclass(frozen=True, slots=True)
class Held:
    """One copy that the call plans for one application: as a row when somebody had it in hand, and its places."""

    application: Application
    version: DocumentVersion
    planned: PlannedCopy
    copy: PaperCopy | None
    places: tuple[PaperPlace, ...] = ()

    @property
    def key(self) -> str:
        """How forms and addresses name it: reference, number, version."""
        return f"{self.application.reference}:{self.planned.number}:{self.version.number}"

    @property
    def place(self) -> PaperPlace | None:
        """Where it is now."""
        return self.places[-1] if self.places else None

    @property
    def out(self) -> bool:
        """Whether it was handed on."""
        return self.place is not None and self.place.kind == PaperPlace.Kind.HANDED

    @property
    def with_holder(self) -> bool:
        """Whether whoever is to keep it has it: handed to that holder, or counted where counting is all that is asked."""
        if self.planned.plan.registered:
            return self.copy is not None
        return self.out and self.place is not None and self.place.holder == self.planned.holder.key

    def is_with(self, office: Office, *, registry: bool) -> bool:
        """Whether it lies at an office; a copy without any place was counted by the registry and lies there."""
        if self.copy is None:
            return False
        return registry if self.place is None else not self.out and self.place.office_id == office.pk

    @property
    def where(self) -> str:
        """Where it is, in words."""
        place = self.place
        if self.copy is None:
            return _("缺") if self.planned.plan.registered else _("没有记录")
        if place is None:
            call = self.application.call
            registry = call.definition.delivery.office
            return next(office.short for office in call.package.offices if office.key == registry)
        if place.kind == PaperPlace.Kind.HANDED:
            return _("已交{to}").format(to=place.to)
        if place.kind == PaperPlace.Kind.SHELVED:
            return _("{office}，{shelf}").format(office=place.office.short, shelf=place.shelf)
        return place.office.short


@dataclass(frozen=True, slots=True)
class Folder:
    """All copies of one application: those planned, in the order of their numbers, and those of earlier versions."""

    row: Registered
    held: tuple[Held, ...]
    outdated: tuple[Held, ...]


def folders(call: Call, *, only: Application | None = None) -> list[Folder]:
    """The copies of everything that was sent on at the stage named in the call, or of one application, by reference."""
    rows = sorted(registered(call, only=only), key=lambda row: row.application.reference)
    planned = planned_copies(call)
    by_number = {each.number: each for each in planned}
    mine = PaperCopy.objects.filter(application__in=[row.application for row in rows], void__isnull=True)
    places: dict[int, list[PaperPlace]] = {}
    for place in (
        PaperPlace.objects.filter(paper_copy__in=mine).select_related("office", "by", "slip").order_by("pk")
    ):
        places.setdefault(place.paper_copy_id, []).append(place)

    def held(row: Registered, each: PlannedCopy, copy: PaperCopy | None) -> Held:
        version = copy.version if copy else row.version
        return Held(row.application, version, each, copy, tuple(places.get(copy.pk, ())) if copy else ())

    found = []
    for row in rows:
        present = {**row.copies, **row.others}
        found.append(
            Folder(
                row,
                tuple(held(row, each, present.get(each.number)) for each in planned),
                tuple(
                    held(row, by_number[copy.copy], copy) for copy in row.outdated if copy.copy in by_number
                ),
            )
        )
    return found


def held_by_key(call: Call, wanted: Sequence[str]) -> list[Held]:
    """The copies of these keys, each once, in their order; what is no key of this call is left out."""
    known = {each.key: each for folder in folders(call) for each in (*folder.held, *folder.outdated)}
    return [known[key] for key in dict.fromkeys(wanted) if key in known]


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that has not arrived where it is to be kept: what, of which application, for whom, from which office."""

    application: Application
    version: DocumentVersion
    sender: Office
    holder: str
    what: str
    where: str = ""


def lacking(all_folders: Iterable[Folder], *, counted: bool = True) -> Iterator[Lack]:
    """What is missing: copies and electronic material not received; or, not `counted`, copies that their holders lack."""
    for folder in all_folders:
        row = folder.row
        for each in folder.held:
            if each.planned.plan.registered == counted and not each.with_holder:
                what = _("第 {number} 份").format(number=each.planned.number)
                label, where = each.planned.holder.label, "" if counted else each.where
                yield Lack(row.application, row.version, row.sender, label, what, where)
        if counted and row.electronic is None:
            yield Lack(row.application, row.version, row.sender, "", _("电子材料"))


@dataclass(frozen=True, slots=True)
class Group:
    """What is missing under one heading; `offices` are those who can be reminded of it."""

    label: str
    lacks: tuple[Lack, ...]
    offices: tuple[Office, ...]

    @property
    def applications(self) -> list[tuple[Application, list[Lack]]]:
        """The same by application."""
        found: dict[int, tuple[Application, list[Lack]]] = {}
        for lack in self.lacks:
            found.setdefault(lack.application.pk, (lack.application, []))[1].append(lack)
        return list(found.values())


GROUPINGS = ("office", "application", "holder")


def missing(call: Call, by: str) -> list[Group]:
    """What is missing, grouped by the office that sends it, by application, or by who is to keep it (see GROUPINGS).

    By holder it also tells, for the plans that are not counted, which copies are not known to be with their holder.
    """
    everything = folders(call)
    lacks = list(lacking(everything))
    if by == "holder":
        lacks += lacking(everything, counted=False)
    labels: dict[str, Callable[[Lack], str]] = {
        "office": lambda lack: lack.sender.name,
        "application": lambda lack: f"{lack.application.reference} {lack.application.name}",
        "holder": lambda lack: lack.holder or _("电子材料"),
    }
    label = labels[by]
    groups: dict[str, list[Lack]] = {}
    for lack in lacks:
        groups.setdefault(label(lack), []).append(lack)
    return [
        Group(name, tuple(each), tuple({lack.sender.pk: lack.sender for lack in each}.values()))
        for name, each in groups.items()
    ]


def keeper_offices(user: User) -> list[tuple[Call, Office]]:
    """Where a person may follow paper: at the registry of a call, and at its last stage."""
    return [
        (call, office)
        for call, office in calls_of(user)
        if works_as_registry(call, office) or is_last_stage(call, office)
    ]


def mark_of(text: str) -> Mark:
    """The mark in what was scanned or typed. Refused with Invalid: what is no mark, and what no key of ours made."""
    given = text.strip()
    refusal = _("这不是打印件上的码：请扫右上角或左下角的二维码，或者照页脚输入短码。")
    if not given or len(given) > LONGEST_CODE:
        raise Invalid(refusal, [("code", refusal)])
    try:
        try:
            return read(given, keys=keys()).mark
        except NotAMark:
            return typed(given, keys=keys())
    except NotAMark:
        raise Invalid(refusal, [("code", refusal)]) from None
    except Forged as forged:
        words = _(
            "核对码不对：这一页自称是 {reference}，但不是本系统打印的，或者码有损坏、输错。请把这一份放在一边，换一页再扫；仍然不对的，疑为伪造。"
        ).format(reference=forged.mark.reference)
        raise Invalid(words, [("code", words)]) from None


def application_of(call: Call, mark: Mark) -> Application:
    """The application of this call that a mark names. Refused with Invalid: a draft, another call's, or another paper."""
    found = Application.objects.select_related("call", "lead").filter(reference=mark.reference).first()
    words = ""
    if found is None and PaperReceipt.objects.filter(number=mark.reference).exists():
        words = _("这是登记回执 {reference} 的码，不是材料。").format(reference=mark.reference)
    elif found is None:
        words = _("这一页不是申请书：{reference} 不是申请编号。").format(reference=mark.reference)
    elif found.call_id != call.pk:
        words = _("{reference} 不是本批次的材料，属于“{call}”。").format(
            reference=mark.reference, call=found.call.title
        )
    elif mark.version == DRAFT:
        words = _("{reference} 的草稿打印件，不能登记：请承担单位交正式打印、盖章的一份。").format(
            reference=mark.reference
        )
    if found is None or words:
        raise Invalid(words, [("code", words)])
    return found


def held_by_code(call: Call, code: str) -> Held:
    """The copy that a code names, as it stands.

    Refused with Invalid as by `mark_of` and `application_of`, and for a copy without a number; with NotNow for what was
    not sent on, or not counted before.
    """
    mark = mark_of(code)
    application = application_of(call, mark)
    if not mark.copy:
        words = _("这份打印件没有份号，认不出是哪一份：请在“纸质材料在哪里”里选。")
        raise Invalid(words, [("code", words)])
    folder = next(iter(folders(call, only=application)), None)
    if folder is None:
        raise NotNow(_("{reference} 还没有随清单报送来。").format(reference=application.reference))
    for each in (*folder.held, *folder.outdated):
        if (each.planned.number, each.version.number) == (mark.copy, mark.version):
            if each.copy is None and each.planned.plan.registered:
                raise NotNow(
                    _("{reference} 第 {copy} 份还没有登记，请先登记。").format(
                        reference=application.reference, copy=mark.copy
                    )
                )
            return each
    raise NotNow(
        _("{reference} 没有登记过这一份（v{version} 第 {copy} 份）。").format(
            reference=application.reference, version=mark.version, copy=mark.copy
        )
    )


def received_since(call: Call, user: User, since: datetime) -> QuerySet[PaperCopy]:
    """The copies that a person received in a call since a moment and that still count, the newest first."""
    return (
        PaperCopy.objects.filter(application__call=call, by=user, at__gte=since, void__isnull=True)
        .select_related("application__lead", "version", "by")
        .defer("version__content")
        .order_by("-pk")
    )


def receipts_seen(user: User) -> QuerySet[PaperReceipt]:
    """The slips that a person may see: of an office that made them or delivered what they list; all for auditors."""
    rows = PaperReceipt.objects.select_related("call", "office", "sender", "version", "by")
    if user.is_auditor:
        return rows
    offices = Officer.objects.filter(user=user).values("office")
    return rows.filter(Q(office__in=offices) | Q(sender__in=offices))


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """What was counted from one office and stands on no slip yet."""

    sender: Office
    copies: tuple[PaperCopy, ...]


def unacknowledged(call: Call) -> list[Unacknowledged]:
    """For each sending office the counted copies without a slip, in the order of the applications."""
    found: dict[int, tuple[Office, list[PaperCopy]]] = {}
    rows = sorted(registered(call), key=lambda row: row.application.reference)
    counted = [copy for row in rows for copy in row.copies.values() if copy is not None]
    told = set(PaperReceiptCopy.objects.filter(paper_copy__in=counted).values_list("paper_copy", flat=True))
    for row in rows:
        fresh = [copy for copy in row.copies.values() if copy is not None and copy.pk not in told]
        if fresh:
            found.setdefault(row.sender.pk, (row.sender, []))[1].extend(fresh)
    return [Unacknowledged(sender, tuple(copies)) for sender, copies in found.values()]


def received_of(listed: CandidateList) -> list[Registered]:
    """What the registry has of each application on a dispatched list, in the order of the list; for those sent there."""
    rows = {row.application.pk: row for row in registered(listed.call)}
    ranked = listed.items.order_by("rank").values_list("application", flat=True)
    return [rows[pk] for pk in ranked if pk in rows]


def slips_of(listed: CandidateList) -> QuerySet[PaperReceipt]:
    """The slips that name an application on a list, for the office that sent it."""
    named = PaperReceiptCopy.objects.filter(paper_copy__application__list_items__list=listed)
    return PaperReceipt.objects.filter(sender=listed.office, pk__in=named.values("receipt")).order_by("pk")


def receipts(call: Call) -> list[PaperReceipt]:
    """All slips of a call, the newest first, with their lines."""
    lines = Prefetch("lines__paper_copy", PaperCopy.objects.select_related("application"))
    return list(
        PaperReceipt.objects.filter(call=call)
        .select_related("call", "office", "sender", "version", "by")
        .prefetch_related(lines)
        .order_by("-pk")
    )
