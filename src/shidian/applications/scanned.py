"""What lies in the inboxes of scans: whose pages belong there, what became of each, and what is still missing.

A unit's inbox takes pages of the unit's own applications, an office's those of applications that arrived there, a
registry's those that were sent on. What belongs to anybody else is foreign, and nothing is told about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import pypdfium2 as pdfium
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.accounts.models import User
from shidian.applications import papers
from shidian.applications.models import Application, Lodgement
from shidian.calls.models import Call
from shidian.calls.queries import offices_at
from shidian.documents import inbox as scans
from shidian.documents.inbox import Inbox
from shidian.documents.models import (
    BoxJudgement,
    DocumentVersion,
    PageFiling,
    ScanPage,
    SealBox,
    StoredFile,
    Upload,
)
from shidian.documents.scans import text
from shidian.documents.scans.findings import Box
from shidian.documents.storage import file_store
from shidian.organisations.models import Membership, Office
from shidian.signoffs.models import Party, Round, Signature
from shidian.signoffs.queries import asked

MOST_CANDIDATES = 9
"""As many as there are keys from 1 to 9."""
MOST_APPLICATIONS = 20
"""Among whose pages a page is looked for, when nothing that came with it says whose it is."""


def inboxes(user: User) -> list[Inbox]:
    """The inboxes that a person may see: those of its confirmed units, then those of its offices."""
    units = Membership.objects.filter(user=user, organisation__state="confirmed").select_related(
        "organisation"
    )
    offices = Office.objects.filter(officers__user=user).distinct()
    return [Inbox(unit=row.organisation) for row in units] + [Inbox(office=office) for office in offices]


class Belonging:
    """What belongs into an inbox: the applications, and the versions whose electronic pages may be shown there.

    Read in a few queries, whatever the number; with `document` only of that one.
    """

    def __init__(self, inbox: Inbox, *, document: int | None = None) -> None:
        self.inbox = inbox
        applications = Application.objects.select_related("call", "lead", "office").order_by("reference")
        lodgements = Lodgement.objects.all()
        versions = DocumentVersion.objects.all()
        if document is not None:
            applications = applications.filter(document=document)
            lodgements = lodgements.filter(application__document=document)
            versions = versions.filter(document=document)
        if inbox.unit is not None:
            applications = applications.filter(lead=inbox.unit)
            versions = versions.filter(document__in=applications.order_by().values("document"))
        else:
            lodgements = lodgements.filter(Q(office=inbox.office) | Q(sent_by__in=_senders(inbox)))
            applications = applications.filter(pk__in=lodgements.values("application"))
            versions = versions.filter(pk__in=lodgements.values("version"))
        self.applications = {row.document_id: row for row in applications}
        self._versions: dict[int, list[DocumentVersion]] = {}
        for version in versions.select_related("document").defer("content").order_by("-number"):
            self._versions.setdefault(version.document_id, []).append(version)

    def owner(self, version: DocumentVersion) -> Application | None:
        """The application of a version; None when it does not belong here."""
        return self.applications.get(version.document_id)

    def versions(self, application: Application) -> list[DocumentVersion]:
        """The versions of an application that may be shown, the newest first: an office sees what arrived."""
        return self._versions.get(application.document_id, [])

    def shows(self, version: DocumentVersion) -> bool:
        """Whether the electronic pages of a version may be shown."""
        return version in self._versions.get(version.document_id, ())

    def current(self, application: Application) -> DocumentVersion | None:
        """The version that paper must have: the frozen one, for an office the last that arrived."""
        known = self.versions(application)
        if self.inbox.unit is None:
            return next(iter(known), None)
        return next((version for version in known if version.pk == application.version_id), None)


def _senders(inbox: Inbox) -> list[Office]:
    """The offices whose dispatched applications a registry receives; none for other offices."""
    found: list[Office] = []
    for call in Call.objects.public():
        delivery = call.definition.delivery
        if inbox.office is not None and delivery.office == inbox.office.key:
            found += offices_at(call, delivery.after_stage)
    return found


def owner_of(inbox: Inbox, version: DocumentVersion) -> Application | None:
    """The application of a version when it belongs into an inbox; None for everything else."""
    return Belonging(inbox, document=version.document_id).owner(version)


@lru_cache(maxsize=256)
def _count(sha256: str, path: str) -> int:
    document = pdfium.PdfDocument(path)
    try:
        return len(document)
    finally:
        document.close()


def page_count(version: DocumentVersion) -> int:
    """How many pages the official form of a version has."""
    file = papers.form(version)
    return _count(file.sha256, str(file_store().path(file.sha256)))


def uploads_of(inbox: Inbox, user: User) -> QuerySet[Upload]:
    """A person's files for an inbox that have not come to their end, the refused ones among them."""
    return Upload.objects.filter(
        purpose=scans.PURPOSE, place__startswith=f"{inbox.key}/", owner=user, taken_at=None
    ).order_by("pk")


def in_runs(numbers: Iterable[int]) -> str:
    """Numbers as people write them: 1–4、7."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return _("、").join(str(start) if start == end else f"{start}–{end}" for start, end in runs)


@dataclass(slots=True)
class Placed:
    """A scanned page where it was filed."""

    row: ScanPage
    filing: PageFiling
    double: bool = False

    @property
    def by_machine(self) -> bool:
        """Whether nobody has confirmed it."""
        return self.filing.by_id is None


@dataclass(slots=True)
class Group:
    """What was filed of one copy of one version, and which pages of it are missing in the inbox.

    Or the own `sheets` of its parties, of which none is missing.
    """

    application: Application
    version: DocumentVersion
    copy: int
    sheets: bool
    is_current: bool
    total: int = 0
    pages: list[Placed] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether every page is there."""
        return not self.missing

    @property
    def doubles(self) -> list[Placed]:
        """Pages that are there more than once."""
        return [placed for placed in self.pages if placed.double]

    @property
    def missing_words(self) -> str:
        """The missing pages: 3–5、8."""
        return in_runs(self.missing)


@dataclass(slots=True)
class Sorted:
    """The pages of a pile, or of a whole inbox, by what became of them."""

    groups: list[Group] = field(default_factory=list)
    to_match: list[ScanPage] = field(default_factory=list)
    forged: list[ScanPage] = field(default_factory=list)
    drafts: list[ScanPage] = field(default_factory=list)
    foreign: list[ScanPage] = field(default_factory=list)
    aside: list[ScanPage] = field(default_factory=list)
    blank: list[ScanPage] = field(default_factory=list)
    broken: list[ScanPage] = field(default_factory=list)

    @property
    def old(self) -> list[Group]:
        """What was filed in versions that are no longer the current ones."""
        return [group for group in self.groups if not group.is_current]

    @property
    def filed(self) -> int:
        """How many pages were filed."""
        return sum(len(group.pages) for group in self.groups)

    @property
    def total(self) -> int:
        """All pages."""
        lists = (
            self.to_match,
            self.forged,
            self.drafts,
            self.foreign,
            self.aside,
            self.blank,
            self.broken,
        )
        return self.filed + sum(len(rows) for rows in lists)


def pages_in(inbox: Inbox, pile: str = "") -> QuerySet[ScanPage]:
    """The scanned pages of an inbox, or of one pile in it, in the order in which they came."""
    rows = ScanPage.objects.filter(scan__unit=inbox.unit, scan__office=inbox.office)
    if pile:
        rows = rows.filter(scan__pile=pile)
    return (
        rows.select_related("scan__file", "scan__unit", "scan__office", "picture", "version__document")
        .defer("version__content")
        .prefetch_related("filings__by", "filings__version__document")
        .order_by("scan", "number")
    )


def counts(inbox: Inbox, piles: Collection[str]) -> list[tuple[str, int, int]]:
    """For each of some piles how many pages it has, and how many of them lie filed."""
    newest = PageFiling.objects.filter(scanned=OuterRef("pk")).order_by("-pk")
    mine = list(Belonging(inbox).applications)
    rows = (
        ScanPage.objects.filter(scan__unit=inbox.unit, scan__office=inbox.office, scan__pile__in=piles)
        .annotate(document=Subquery(newest.values("version__document")[:1]))
        .order_by()
        .values("scan__pile")
        .annotate(pages=Count("pk"), filed=Count("pk", filter=Q(document__in=mine)))
    )
    return list(rows.values_list("scan__pile", "pages", "filed"))


def sort(inbox: Inbox, rows: Sequence[ScanPage]) -> Sorted:
    """Say of every page what became of it. Pages of applications that do not belong here are foreign, without a word more."""
    mine = Belonging(inbox)
    found = Sorted()
    groups: dict[tuple[int, int, bool], Group] = {}
    for row in rows:
        filing = row.filing
        if filing is None or filing.version is None:
            _unfiled(row, filing, found, mine)
            continue
        application = mine.owner(filing.version)
        if application is None:
            found.foreign.append(row)
            continue
        key = (filing.version.pk, filing.copy, filing.sheet)
        if key not in groups:
            is_current = mine.current(application) == filing.version
            groups[key] = Group(application, filing.version, filing.copy, filing.sheet, is_current)
        groups[key].pages.append(Placed(row, filing))
    _complete(inbox, groups)
    found.groups = sorted(
        groups.values(),
        key=lambda group: (
            group.application.reference,
            -group.version.number,
            not group.sheets,
            group.copy,
        ),
    )
    return found


def _unfiled(row: ScanPage, filing: PageFiling | None, found: Sorted, mine: Belonging) -> None:
    kind = ScanPage.Found
    if filing is not None and filing.kind == PageFiling.Kind.FOREIGN:
        found.foreign.append(row)
    elif filing is not None:  # taken back
        found.to_match.append(row)
    elif row.found == kind.UNKNOWN or (row.version is not None and mine.owner(row.version) is None):
        found.foreign.append(row)
    elif row.found == kind.FORGED:
        found.forged.append(row)
    else:
        lists = {
            kind.DRAFT: found.drafts,
            kind.ASIDE: found.aside,
            kind.BLANK: found.blank,
            kind.BROKEN: found.broken,
        }
        lists.get(kind(row.found), found.to_match).append(row)


def _complete(inbox: Inbox, groups: Mapping[tuple[int, int, bool], Group]) -> None:
    """Tell doubles, and what is missing of each copy in the whole inbox."""
    there: dict[tuple[int, int, bool], set[int]] = {}
    for filing in _filed_now(inbox, {version for version, _copy, _sheet in groups}):
        key = (filing.version_id or 0, filing.copy, filing.sheet)
        there.setdefault(key, set()).add(filing.page)
    for key, group in groups.items():
        group.pages.sort(key=lambda placed: (placed.filing.page, placed.filing.party, placed.row.pk))
        places = [placed.filing.party if group.sheets else placed.filing.page for placed in group.pages]
        times = Counter(places)
        for placed, place in zip(group.pages, places, strict=True):
            placed.double = times[place] > 1
        if not group.sheets:
            group.total = page_count(group.version)
            here = there.get(key, set())
            group.missing = [number for number in range(1, group.total + 1) if number not in here]


def _filed_now(inbox: Inbox, versions: Collection[int]) -> list[PageFiling]:
    """The filings that count among all of an inbox for some versions, in one query."""
    newest = PageFiling.objects.filter(scanned=OuterRef("scanned")).order_by("-pk").values("pk")[:1]
    rows = PageFiling.objects.filter(
        version__in=versions, scanned__scan__unit=inbox.unit, scanned__scan__office=inbox.office
    )
    return list(rows.filter(pk=Subquery(newest)).order_by("page", "-pk"))


def of_copy(inbox: Inbox, version: DocumentVersion, copy: int) -> list[Placed]:
    """Everything in an inbox that lies filed as this copy of this version, by page; the newest scan first."""
    filings = [row for row in _filed_now(inbox, {version.pk}) if row.copy == copy and not row.sheet]
    rows = pages_in(inbox).in_bulk([row.scanned_id for row in filings])
    return [Placed(rows[filing.scanned_id], filing) for filing in filings]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A page that a scanned page may be; `why` in words, `score` (0 to 100) when its words were compared."""

    application: Application
    version: DocumentVersion
    page: int
    copy: int
    party: int
    sheet: bool
    why: str
    score: float | None = None

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.version.pk}-{self.page}-{self.copy}-{self.party}-{int(self.sheet)}"

    @property
    def where(self) -> str:
        """Which page it is, in words."""
        if self.sheet:
            return _("意见页")
        copy = _("，第 {copy} 份").format(copy=self.copy) if self.copy else ""
        return _("第 {page} 页{copy}").format(page=self.page, copy=copy)


def candidates(inbox: Inbox, row: ScanPage, *, by_words: bool = False) -> list[Candidate]:
    """What a page may be, the likeliest first: what its mark says, what lies next to it in the pile, what is missing.

    With `by_words` the words of the page decide (`scans.text`), which takes seconds.
    """
    mine = Belonging(inbox)
    found: dict[str, Candidate] = {}

    def add(guessed: Iterable[_Guess]) -> None:
        for version, page, copy, party, why in guessed:
            application = mine.owner(version)
            if application and mine.shows(version) and 1 <= page <= page_count(version):
                each = Candidate(application, version, page, copy, party, party > 0, why)
                found.setdefault(each.key, each)

    groups = _groups_of_pile(inbox, row)
    near = {group.application.pk: group.application for group in groups if not group.sheets}
    wide = list(near.values()) or list(mine.applications.values())[-MOST_APPLICATIONS:]
    current = [version for each in wide if (version := mine.current(each))]
    add(_by_pile(inbox, row, groups))
    add(_sheets_awaited(inbox, current))
    if not found or by_words:
        add(
            (version, number, 0, 0, _("现行版本的一页"))
            for version in current
            for number in range(1, page_count(version) + 1)
        )
    if by_words and row.picture is not None:
        return _by_words(row.picture, list(found.values()))
    return list(found.values())[:MOST_CANDIDATES]


def _groups_of_pile(inbox: Inbox, row: ScanPage) -> list[Group]:
    return sort(inbox, list(pages_in(inbox, row.scan.pile))).groups


_Guess = tuple[DocumentVersion, int, int, int, str]
"""Version, page, copy, the party whose own sheet it is (else 0), and why."""


def _by_pile(inbox: Inbox, row: ScanPage, groups: Sequence[Group]) -> Iterator[_Guess]:
    """By the mark of the page, and by what was thrown in with it."""
    if row.version is not None:
        party = row.party if row.sheet else 0
        yield row.version, row.page, row.copy, party, _("页码上写的就是这一页")
    forms = [group for group in groups if not group.sheets]
    missing = {(group.version.pk, group.copy, number) for group in forms for number in group.missing}
    beside = [placed for group in forms for placed in group.pages if placed.row.scan_id == row.scan_id]
    there: list[_Guess] = []
    for placed in sorted(beside, key=lambda each: abs(each.row.number - row.number)):
        filing, before = placed.filing, placed.row.number < row.number
        why = _("前面一张是第 {page} 页") if before else _("后面一张是第 {page} 页")
        page = filing.page + (1 if before else -1)
        if filing.version is not None:
            guess = (filing.version, page, filing.copy, 0, why.format(page=filing.page))
            if (filing.version.pk, filing.copy, page) in missing:
                yield guess
            else:
                there.append(guess)
    for group in forms:
        for number in group.missing:
            yield group.version, number, group.copy, 0, _("这一份缺这一页")
    if not missing:
        yield from there


def _sheets_awaited(inbox: Inbox, versions: Sequence[DocumentVersion]) -> Iterator[_Guess]:
    """The own sheets of parties that have not agreed and of which none is here."""
    for version in versions:
        round_ = Round.objects.filter(version=version).first()
        here = {row.party for row in boxes_of(inbox, version)}
        for party in asked(round_) if round_ else ():
            if not party.has_agreed and party.position not in here:
                yield version, 1, 0, party.position, _("{party}的意见页还没有").format(party=party.label)


def _by_words(picture: StoredFile, rows: Sequence[Candidate]) -> list[Candidate]:
    printed = {row.key: page_text(row) for row in rows}
    with picture.open() as content:
        ranked = text.rank(content.read(), printed)
    known = {row.key: row for row in rows}
    best = [replace(known[key], score=round(score)) for key, score in ranked]
    return (best or list(rows))[:MOST_CANDIDATES]


def page_text(row: Candidate) -> str:
    """The words that are printed on a candidate's page."""
    if row.sheet:
        party = Party.objects.get(round__version=row.version, position=row.party)
        return f"意见页 {party.label}（盖章） {party.name} 负责人（签名） 盖章以后"
    document = pdfium.PdfDocument(str(file_store().path(papers.form(row.version).sha256)))
    try:
        return str(document[row.page - 1].get_textpage().get_text_bounded())
    finally:
        document.close()


@dataclass(frozen=True, slots=True)
class Question:
    """One part of one box: what the machine saw, and what a person said; `name` and `read` as advice only."""

    box: SealBox
    part: SealBox.Part
    seen: str
    read: str
    judgement: BoxJudgement | None

    @property
    def seen_label(self) -> str:
        """What the machine saw, in words."""
        return str(SealBox.Seen(self.seen).label)

    @property
    def counts(self) -> str:
        """What a person saw, else what the machine saw."""
        return self.judgement.seen if self.judgement else self.seen

    @property
    def word(self) -> str:
        """The same in words: what a person saw, else what the machine saw, saying which."""
        if self.judgement is not None:
            return _("{seen}（人工）").format(seen=self.judgement.get_seen_display())
        return _("{seen}（机器）").format(seen=self.seen_label)

    @property
    def tone(self) -> str:
        """How the look shows it."""
        return {"present": "done", "absent": "stop"}.get(self.counts, "wait")

    @property
    def agrees(self) -> bool:
        """Whether the person saw what the machine saw."""
        return self.judgement is not None and self.judgement.seen == self.seen


def questions(box: SealBox) -> list[Question]:
    """The three parts of a box in their order."""
    read = {SealBox.Part.SEAL: box.seal_name, SealBox.Part.SIGNATURE: "", SealBox.Part.DAY: box.day_text}
    return [
        Question(box, part, getattr(box, part.value), read[part], box.judged(part)) for part in SealBox.Part
    ]


def boxes_of(inbox: Inbox, version: DocumentVersion) -> list[SealBox]:
    """The boxes cut out of pages of an inbox that lie filed in a version, by party; the newest scan of each first."""
    rows = (
        SealBox.objects.filter(
            version=version, scanned__scan__unit=inbox.unit, scanned__scan__office=inbox.office
        )
        .select_related(
            "picture", "scanned__scan__file", "scanned__scan__unit", "scanned__scan__office", "version"
        )
        .prefetch_related("judgements__by", "scanned__filings")
        .order_by("party", "-pk")
    )
    return [
        row for row in rows if (filing := row.scanned.filing) is not None and filing.version_id == version.pk
    ]


@dataclass(frozen=True, slots=True)
class PartyBox:
    """A party and what was cut out for it."""

    party: Party
    box: SealBox
    questions: list[Question]


def party_boxes(inbox: Inbox, version: DocumentVersion) -> list[PartyBox]:
    """The boxes of the parties of a version, in their order."""
    round_ = Round.objects.filter(version=version).first()
    parties = {row.position: row for row in round_.parties.all()} if round_ else {}
    return [
        PartyBox(parties[box.party], box, questions(box))
        for box in boxes_of(inbox, version)
        if box.party in parties
    ]


def newest(rows: Iterable[PartyBox]) -> list[PartyBox]:
    """Of each party the box that was scanned last: the one that is looked at."""
    found: dict[int, PartyBox] = {}
    for each in rows:
        found.setdefault(each.party.pk, each)
    return list(found.values())


def seen_in(signatures: Collection[Signature]) -> dict[int, list[Question]]:
    """For signatures (by key) that rest on a page which was thrown in: what was seen in the box of their party there."""
    wanted = {row.pk: row for row in signatures if row.scan_id}
    rows = SealBox.objects.filter(scanned__picture__in=[row.scan_id for row in wanted.values()])
    boxes = {
        (box.scanned.picture_id, box.version_id, box.party): box
        for box in rows.select_related("scanned").prefetch_related("judgements__by")
    }
    found = {}
    for pk, row in wanted.items():
        box = boxes.get((row.scan_id, row.party.round.version_id, row.party.position))
        if box is not None:
            found[pk] = questions(box)
    return found


def opinion_pages(inbox: Inbox, version: DocumentVersion) -> dict[int, SealBox]:
    """For each party of the version's round (by key) the newest page with its box, unless that is seen to have no seal."""
    return {
        each.party.pk: each.box
        for each in newest(party_boxes(inbox, version))
        if each.questions[0].counts != SealBox.Seen.ABSENT
    }


@dataclass(frozen=True, slots=True)
class Statement:
    """One page of a paper copy beside the electronic one: same or not, with the places that differ (millimetres)."""

    page: int
    placed: Placed | None
    kind: str  # of WORDS
    differences: list[Box]

    @property
    def word(self) -> str:
        """In words."""
        return _(WORDS[self.kind][1])


WORDS = {
    "same": ("done", gettext_noop("相同")),
    "different": ("stop", gettext_noop("有出入")),
    "unclear": ("wait", gettext_noop("看不清")),
    "missing": ("stop", gettext_noop("缺这一页")),
}
"""The tone and the words of each kind of statement."""


def statement(inbox: Inbox, version: DocumentVersion, copy: int) -> list[Statement]:
    """For a paper copy that was scanned back: page by page, whether it is what was printed."""
    there: dict[int, Placed] = {}
    for placed in of_copy(inbox, version, copy):
        there.setdefault(placed.filing.page, placed)
    return [_state(number, there.get(number)) for number in range(1, page_count(version) + 1)]


def _state(number: int, placed: Placed | None) -> Statement:
    if placed is None:
        return Statement(number, None, "missing", [])
    told = placed.filing.likeness
    if told is None:
        return Statement(number, placed, "unclear", [])
    kind = {True: "same", False: "different", None: "unclear"}[told["same"]]
    return Statement(number, placed, kind, [Box(**box) for box in told["differences"]])
