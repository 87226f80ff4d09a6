"""The inbox of scans: files as they come are kept whole, read page by page by the worker, and their pages filed.

What is known here are files, pages, marks and frozen versions. Whose they are, who may do what with them, and what
follows from a page that was filed is said by whoever owns documents of that kind, through the two hooks.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from shidian.accounts.models import User
from shidian.audit.actions import SYSTEM, move, record
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow
from shidian.core.hooks import Hook
from shidian.core.language import in_chinese
from shidian.documents.actions import keep, take_in
from shidian.documents.intake import Rejected
from shidian.documents.marks import keys as mark_keys
from shidian.documents.marks.payload import Forged, Mark, NotAMark
from shidian.documents.marks.payload import read as read_mark
from shidian.documents.models import (
    BoxJudgement,
    DocumentVersion,
    PageFiling,
    Scan,
    ScanPage,
    ScanReading,
    SealBox,
    StoredFile,
    Upload,
)
from shidian.documents.scans import boxes, comparing, reading
from shidian.documents.scans.findings import Box, BoxFinding, Likeness, Sheet
from shidian.organisations.models import Office, Organisation

log = logging.getLogger(__name__)
T = TypeVar("T")

PURPOSE = "scan"
FORMATS = ("pdf", "jpeg", "png", "tiff")
LARGEST: int = settings.UPLOAD_LARGEST
"""What may be thrown in, and how large (bytes)."""

_FORGOTTEN = timedelta(minutes=5)
_TRIES = 3
_TURNS, _TURN_SECONDS = 5, 2.0


@dataclass(frozen=True, slots=True)
class Inbox:
    """The inbox of a unit or of an office: exactly one of the two."""

    unit: Organisation | None = None
    office: Office | None = None

    @property
    def key(self) -> str:
        """How an upload names it."""
        return f"unit:{self.unit.pk}" if self.unit else f"office:{self.office.key if self.office else ''}"

    @property
    def name(self) -> str:
        """Whose it is."""
        return str(self.unit or self.office)

    @classmethod
    def of(cls, scan: Scan) -> Inbox:
        """The inbox in which a scan lies."""
        return cls(scan.unit, scan.office)

    @classmethod
    def named(cls, key: str) -> Inbox:
        """The inbox of a key; LookupError when there is none."""
        kind, _rest, name = key.partition(":")
        unit = Organisation.objects.filter(pk=int(name)).first() if kind == "unit" else None
        office = Office.objects.filter(key=name).first() if kind == "office" else None
        if unit is None and office is None:
            raise LookupError(key)
        return cls(unit, office)


@dataclass(frozen=True, slots=True)
class PaperBox:
    """The opinion box of one party (its position in the round) on a page of a paper."""

    page: int
    party: int
    box: Box


@dataclass(slots=True)
class Paper:
    """What a sheet is compared with: the printed pages of a version as a copy has them, or a party's own `sheet`.

    Asked for empty; whoever owns the version puts in the `pdf`, its number of `pages`, and the `boxes` that are there to
    be filled in.
    """

    version: DocumentVersion
    copy: int = 0
    party: int = 0
    sheet: bool = False
    pdf: bytes = field(default=b"", repr=False)
    pages: int = 0
    boxes: Sequence[PaperBox] = ()

    def places(self, page: int) -> list[Box]:
        """The boxes on a page."""
        return [found.box for found in self.boxes if found.page == page]


wanted: Hook[[Paper]] = Hook("documents.inbox.wanted")
"""A sheet names a version: whoever owns documents of its kind puts the printed paper in, of which it claims to be a page."""

matched: Hook[[DocumentVersion, Sequence[PageFiling]]] = Hook("documents.inbox.matched")
"""Pages of a version were filed, or taken out again: told to whoever owns it, in the same transaction."""


class Papers:
    """Printed papers, each asked for once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int], Paper] = {}

    def of(self, version: DocumentVersion, *, copy: int = 0, party: int = 0, sheet: bool = False) -> Paper:
        """The pages of a version as a copy has them, or the own sheet of a party."""
        key = (version.pk, 0 if sheet else copy, party if sheet else 0)
        if key not in self._known:
            paper = Paper(version, copy, party, sheet)
            wanted.call(version.document.kind, paper)
            self._known[key] = paper
        return self._known[key]


def new_pile() -> str:
    """A name for what is thrown in together."""
    return secrets.token_urlsafe(9)


def throw_in(inbox: Inbox, file: BinaryIO, *, name: str, pile: str, by: User) -> Scan:
    """Take a file in as it came, whole, and have its pages read; `intake.Rejected` says what is wrong with it.

    Inspecting takes its time and stands before the transaction. Who may is asked by the owner of the inbox.
    """
    stored = take_in(file, name=name, formats=FORMATS, max_bytes=LARGEST, by=by)
    return lay_in(inbox, stored, pile=pile, by=by)


@transaction.atomic
def lay_in(inbox: Inbox, stored: StoredFile, *, pile: str, by: User) -> Scan:
    """Put a file that was inspected and kept already into an inbox, and have its pages read after the commit."""
    now = clock.now()
    scan = Scan.objects.create(
        file=stored, unit=inbox.unit, office=inbox.office, pile=pile[:40], at=now, by=by
    )
    found = ScanReading.objects.create(scan=scan, total=stored.pages or 0, at=now)
    record("scan.thrown_in", scan.chain, by=by, detail={"name": stored.name, "sha256": stored.sha256})
    async_task("shidian.documents.inbox.read", found.pk)
    return scan


def take_upload(upload: Upload) -> None:
    """Called when a file that came in pieces was found sound: its `place` is `inbox/pile`."""
    key, _rest, pile = upload.place.partition("/")
    if upload.file is None:
        raise NotNow(_("服务器上的文件不见了，请重新上传。"))
    lay_in(Inbox.named(key), upload.file, pile=pile, by=upload.owner)


def read(pk: int) -> None:
    """Read a scan that was thrown in. Safe to repeat: pages that stand in the database already are not made again.

    A worker that is killed leaves the pages that it had; the next one goes on. After three tries without an end it is
    given up (`failed`), with everything that was read.
    """
    found = ScanReading.objects.select_related("scan__file", "scan__by").get(pk=pk)
    if found.state == "done":
        return
    move(found, "begin", by=SYSTEM, at=clock.now(), fault="", tries=found.tries + 1)
    with in_chinese():
        try:
            count = _read(found)
        except Rejected as rejected:
            if rejected.code == "busy":  # no turn came: `tend` tries again
                log.warning("scan %s waits for a turn", found.scan_id)
                return
            _give_up(found, str(rejected.said))
            return
        except Exception as fault:
            _give_up(found, f"{type(fault).__name__}: {fault}")
            raise
        _finish(found, count)


def _give_up(found: ScanReading, fault: str) -> None:
    move(found, "fail", by=SYSTEM, at=clock.now(), fault=fault[:500], detail={"fault": fault[:200]})


def _finish(found: ScanReading, count: int) -> None:
    with transaction.atomic():
        rows = PageFiling.objects.filter(scanned__scan=found.scan, by=None).select_related(
            "version__document", "scanned__scan__file", "scanned__scan__unit", "scanned__scan__office"
        )
        by_version: dict[int, list[PageFiling]] = {}
        for row in rows.order_by("scanned__number"):
            by_version.setdefault(row.version_id or 0, []).append(row)
        for group in by_version.values():
            _tell(group)
        move(
            found,
            "finish",
            by=SYSTEM,
            at=clock.now(),
            done=count,
            total=count,
            detail={"pages": count, "filed": len(rows)},
        )


def _tell(group: Sequence[PageFiling]) -> None:
    version = group[0].version
    if version is not None:
        matched.call(version.document.kind, version, group)


def _read(found: ScanReading) -> int:
    """Make the rows of all pages that have none yet; how many pages there are."""
    scan = found.scan
    known = set(scan.pages.values_list("number", flat=True))
    papers, count = Papers(), 0
    with scan.file.open() as content:
        for sheet in reading.read(content, scan.file.media_type, name=scan.file.name):
            count = max(count, sheet.number)
            if sheet.number not in known:
                _keep(scan, sheet, papers)
            ScanReading.objects.filter(pk=found.pk).update(done=sheet.number, at=clock.now())
    return count


@dataclass(frozen=True, slots=True)
class Seen:
    """What the machine makes of one sheet."""

    found: ScanPage.Found
    mark: Mark | None = None
    version: DocumentVersion | None = None
    likeness: Likeness | None = None
    paper: Paper | None = None


def _keep(scan: Scan, sheet: Sheet, papers: Papers) -> None:
    seen = _look(sheet, papers)
    matched = seen.found == ScanPage.Found.MATCHED and seen.mark is not None
    # Looking into boxes takes its time, so it stands before the transaction.
    cuts = _cut(sheet.picture, seen.paper, seen.mark.page) if matched and seen.mark and seen.paper else {}
    mark = seen.mark
    with transaction.atomic():
        row = ScanPage(
            scan=scan,
            number=sheet.number,
            picture=_picture(sheet.picture, scan, f"{sheet.number:04d}") if sheet.picture else None,
            found=seen.found,
            mark=sheet.text[:200],
            reference=mark.reference if mark else "",
            number_of_version=mark.version if mark else 0,
            version=seen.version,
            page=mark.page if mark else 0,
            pages=mark.pages if mark else 0,
            copy=mark.copy if mark else 0,
            party=mark.party if mark else 0,
            sheet=is_own_sheet(mark),
            finding=_finding(sheet, seen.likeness),
            at=clock.now(),
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:  # another worker has read this page in the meantime
            return
        if matched and mark is not None:
            PageFiling.objects.create(
                scanned=row,
                kind=PageFiling.Kind.FILED,
                version=seen.version,
                page=mark.page,
                copy=mark.copy,
                party=mark.party,
                sheet=is_own_sheet(mark),
                likeness=_told(seen.likeness) if seen.likeness else None,
                at=clock.now(),
                by=None,
            )
            if seen.version is not None:
                _keep_boxes(row, seen.version, cuts)


def _look(sheet: Sheet, papers: Papers) -> Seen:
    found = ScanPage.Found
    if sheet.fault or not sheet.picture:
        return Seen(found.BROKEN)
    if not sheet.text:
        return Seen(found.BLANK if sheet.blank else found.UNREADABLE)
    try:
        mark = read_mark(sheet.text, keys=mark_keys.keys()).mark
    except NotAMark:
        return Seen(found.UNREADABLE)
    except Forged as forged:
        return Seen(found.FORGED, forged.mark)
    if mark.version == 0:
        return Seen(found.DRAFT, mark)
    if mark.aside:
        return Seen(found.ASIDE, mark)
    version = (
        DocumentVersion.objects.filter(document__reference=mark.reference, number=mark.version)
        .select_related("document")
        .first()
    )
    if version is None:
        return Seen(found.UNKNOWN, mark)
    paper = papers.of(version, copy=mark.copy, party=mark.party, sheet=is_own_sheet(mark))
    likeness = _compared(sheet.picture, paper, mark.page)
    word = {True: found.MATCHED, False: found.DIFFERENT, None: found.UNSURE}[likeness.same]
    return Seen(word, mark, version, likeness, paper)


def _compared(picture: bytes, paper: Paper, page: int) -> Likeness:
    return _patiently(lambda: comparing.compare(picture, paper.pdf, page, places=paper.places(page)))


def is_own_sheet(mark: Mark | None) -> bool:
    """Whether a mark stands on the own sheet of a party, which is one page, and not on a page of the document."""
    return mark is not None and bool(mark.party) and mark.pages == 1 and not mark.aside


def _patiently(ask: Callable[[], T]) -> T:
    """Ask again while no turn comes; the last refusal is passed on."""
    for _turn in range(_TURNS - 1):
        try:
            return ask()
        except Rejected as rejected:
            if rejected.code != "busy":
                raise
            time.sleep(_TURN_SECONDS)
    return ask()


def _finding(sheet: Sheet, likeness: Likeness | None) -> dict[str, Any]:
    told = asdict(sheet)
    for name in ("number", "picture", "text"):
        del told[name]
    told["corners"] = list(sheet.corners)
    if likeness is not None:
        told["likeness"] = _told(likeness)
    return told


def _told(likeness: Likeness) -> dict[str, Any]:
    return asdict(likeness) | {"differences": [asdict(box) for box in likeness.differences]}


def _picture(content: bytes, scan: Scan, ending: str) -> StoredFile:
    name = f"{Path(scan.file.name).stem[:120]}-{ending}.jpg"
    return keep(BytesIO(content), name=name, media_type="image/jpeg")


def _cut(picture: bytes, paper: Paper, page: int) -> dict[int, BoxFinding]:
    """What the machine sees in the boxes of a page, by the position of the party."""
    found = {}
    for place in paper.boxes:
        if place.page == page:
            blanks = boxes.parts(paper.pdf, page, place.box)
            found[place.party] = _patiently(lambda: boxes.cut(picture, place.box, blanks))  # noqa: B023 (called here)
    return found


def _keep_boxes(row: ScanPage, version: DocumentVersion, cuts: dict[int, BoxFinding]) -> None:
    for party, cut in cuts.items():
        told = asdict(cut)
        del told["picture"]
        SealBox.objects.create(
            scanned=row,
            version=version,
            party=party,
            picture=_picture(cut.picture, row.scan, f"{row.number:04d}-{party}"),
            seal=cut.seal.seal,
            signature=cut.signature,
            day=cut.day,
            seal_name=cut.seal.name[:200],
            day_text=cut.day_text[:60],
            finding=told,
            at=clock.now(),
        )


def tend() -> None:
    """Every minute: go on with readings that a killed worker left behind; give up what broke three of them."""
    before = clock.now() - _FORGOTTEN
    for found in ScanReading.objects.filter(state__in=("waiting", "reading"), at__lt=before).order_by("pk"):
        if found.tries < _TRIES:
            read(found.pk)
        elif found.state == "reading":
            with in_chinese():
                _give_up(found, _("识别三次都中断了，请把这个文件拆成几个再传。"))


def read_again(found: ScanReading) -> None:
    """Have a reading that was given up tried once more."""
    if found.state != "failed":
        raise NotNow(_("这个文件不用重新识别。"))
    ScanReading.objects.filter(pk=found.pk).update(tries=0)
    async_task("shidian.documents.inbox.read", found.pk)


def file_page(
    row: ScanPage,
    version: DocumentVersion,
    page: int,
    *,
    copy: int = 0,
    party: int = 0,
    sheet: bool = False,
    by: User,
) -> PageFiling:
    """File a page by hand: a person says that it is this page of this version, or the own `sheet` of that party.

    Refused (`Invalid`) for a page that the paper has not, or that has no picture. It is laid on the printed page, so that
    what differs is known, and the opinion boxes of the page are cut out.
    """
    paper = Papers().of(version, copy=copy, party=party, sheet=sheet)
    if not 1 <= page <= paper.pages or row.picture is None:
        raise Invalid(_("{version} 没有第 {page} 页，请重新选择。").format(version=version.label, page=page))
    with row.picture.open() as content:
        picture = content.read()
    likeness = _compared(picture, paper, page)
    cuts: dict[int, BoxFinding] = {}
    if not row.boxes.filter(version=version).exists():
        cuts = _cut(picture, paper, page)
    with transaction.atomic():
        filing = PageFiling.objects.create(
            scanned=row,
            kind=PageFiling.Kind.FILED,
            version=version,
            page=page,
            copy=copy,
            party=party,
            sheet=sheet,
            likeness=_told(likeness),
            at=clock.now(),
            by=by,
        )
        if not row.boxes.filter(version=version).exists():
            _keep_boxes(row, version, cuts)
        _tell([filing])
    return filing


@transaction.atomic
def take_out(row: ScanPage, kind: PageFiling.Kind, *, by: User) -> PageFiling:
    """Take a page out of where it was filed, or set it aside as foreign; whoever has the version is told."""
    before = row.filing
    filing = PageFiling.objects.create(scanned=row, kind=kind, at=clock.now(), by=by)
    if before is not None and before.version is not None:
        matched.call(before.version.document.kind, before.version, [filing])
    return filing


@transaction.atomic
def judge_box(box: SealBox, part: SealBox.Part, seen: SealBox.Seen, *, by: User) -> BoxJudgement:
    """A person says what is at a part of a box; the machine's finding stays beside it."""
    return BoxJudgement.objects.create(box=box, part=part, seen=seen, at=clock.now(), by=by)


def over(rows: Iterable[ScanReading]) -> bool:
    """Whether nothing more happens to any of them by itself."""
    return all(row.is_over for row in rows)
