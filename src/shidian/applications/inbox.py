"""The inbox of scans, as far as applications go: who may throw in and file, and what follows from a page that was filed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.actions import record_opinion
from shidian.applications.models import Application
from shidian.applications.packs import copy_marking, opinion_sheet
from shidian.applications.papers import form_setting
from shidian.applications.queries import access
from shidian.applications.scanned import Belonging, in_runs, owner_of, page_count
from shidian.audit.actions import SYSTEM, record
from shidian.core.errors import Invalid, NotNow, require
from shidian.core.language import in_chinese
from shidian.core.verdict import YES, Verdict, no
from shidian.documents import inbox as scans
from shidian.documents import uploads
from shidian.documents.inbox import Inbox, Paper, PaperBox
from shidian.documents.marks.drawing import marking
from shidian.documents.models import (
    BoxJudgement,
    DocumentVersion,
    PageFiling,
    Scan,
    ScanPage,
    ScanReading,
    SealBox,
    Upload,
)
from shidian.documents.scans.findings import Box
from shidian.organisations.models import Membership, Officer
from shidian.signoffs.models import Party, Round, Signature

KIND = "application"
"""The kind of the documents whose pages are told here."""

WORKING = (Officer.Role.HANDLER, Officer.Role.REGISTRAR)


def can_see(user: User, inbox: Inbox) -> bool:
    """Everybody who acts for the unit or the office."""
    if inbox.unit is not None:
        return Membership.objects.filter(
            user=user, organisation=inbox.unit, organisation__state="confirmed"
        ).exists()
    return Officer.objects.filter(user=user, office=inbox.office).exists()


def can_throw_in(user: User, inbox: Inbox) -> Verdict:
    """A unit's writer and head; handlers and registrars of an office."""
    if inbox.unit is not None:
        return YES if can_see(user, inbox) else no(_("只有本单位的经办人或负责人可以办理。"))
    if Officer.objects.filter(user=user, office=inbox.office, role__in=WORKING).exists():
        return YES
    return no(_("扫描件由本机构的经办人或者登记员收。"))


def can_file(user: User, inbox: Inbox, application: Application) -> Verdict:
    """Who may throw in files pages, in a unit those only who act for it with this application."""
    allowed = can_throw_in(user, inbox)
    if allowed and inbox.unit is not None and not access(user, application).leads:
        return no(_("您在这份申请里的角色不能办理。需要办理的，请单位负责人改您的角色。"))
    return allowed


def put_paper(paper: Paper) -> None:
    """Called when a sheet names a version: the official form as that copy has it, or the own sheet of a party."""
    version = paper.version
    application = Application.objects.select_related("call", "lead").get(document=version.document_id)
    if paper.sheet:
        round_ = Round.objects.get(version=version)
        setting = opinion_sheet(application, version, round_, round_.parties.get(position=paper.party))
        marks = marking(application.reference, version.number, party=paper.party)
    else:
        setting = form_setting(version)
        marks = copy_marking(application, version, paper.copy)
    paper.pdf = setting.printed(marks)
    paper.pages = 1 if paper.sheet else page_count(version)
    paper.boxes = [
        PaperBox(
            box["page"],
            box["position"],
            Box(*(box[name] * POINT for name in ("x", "y", "width", "height"))),
        )
        for box in setting.layout.boxes
        if box.get("position")
    ]


POINT = 25.4 / 72
"""Of the typesetter, in millimetres."""


def note_pages(version: DocumentVersion, filings: Sequence[PageFiling]) -> None:
    """Called when pages of a version were filed or taken out: it stands in the history of the application."""
    inbox = Inbox.of(filings[0].scanned.scan)
    application = owner_of(inbox, version)
    if application is None:  # somebody else's paper, who learns nothing of it
        return
    by = filings[0].by or SYSTEM
    file = filings[0].scanned.scan.file
    detail = {
        "name": file.name,
        "sha256": file.sha256,
        "inbox": inbox.name,
        "version": version.label,
    }
    with in_chinese():
        if filings[0].kind != PageFiling.Kind.FILED:
            pages = in_runs(row.scanned.number for row in filings)
            record("application.pages_taken_out", application.chain, by=by, detail=detail | {"pages": pages})
            return
        how = _("人工") if filings[0].by_id else _("机器")
        for place in _places(version, filings):
            told = detail | {"place": place, "how": how}
            record("application.pages_filed", application.chain, by=by, detail=told)


def _places(version: DocumentVersion, filings: Sequence[PageFiling]) -> Iterator[str]:
    """Where pages were filed, one text a copy, and one for the own sheets of parties."""
    copies: dict[int, list[int]] = {}
    for row in filings:
        if not row.sheet:
            copies.setdefault(row.copy, []).append(row.page)
    for copy, pages in sorted(copies.items()):
        number = _("第 {copy} 份").format(copy=copy) if copy else ""
        yield _("{number}第 {pages} 页").format(number=number, pages=in_runs(pages))
    signed = [row.party for row in filings if row.sheet]
    if signed:
        parties = Party.objects.filter(round__version=version, position__in=signed)
        yield _("意见页（{names}）").format(names=_("、").join(str(party) for party in parties))


def throw_in(inbox: Inbox, file: BinaryIO, *, name: str, pile: str, by: User) -> Scan:
    """Throw a file into an inbox, as it comes; its pages are read in the background. Refused by `can_throw_in`.

    `intake.Rejected` says what is wrong with the file.
    """
    require(can_throw_in(by, inbox))
    return scans.throw_in(inbox, file, name=name, pile=pile, by=by)


def read_again(found: ScanReading, *, by: User) -> None:
    """Have a file that was given up read once more. Refused by `can_throw_in`, and for any other file (`NotNow`)."""
    require(can_throw_in(by, Inbox.of(found.scan)))
    scans.read_again(found)


def announce(inbox: Inbox, *, name: str, length: int, mark: str = "", pile: str, by: User) -> Upload:
    """Begin to send a large file for an inbox, in pieces. Refused as by `throw_in`, and by `uploads.begin`."""
    require(can_throw_in(by, inbox))
    return uploads.begin(
        owner=by,
        purpose=scans.PURPOSE,
        place=f"{inbox.key}/{pile}",
        name=name,
        length=length,
        formats=scans.FORMATS,
        max_bytes=scans.LARGEST,
        mark=mark,
    )


def take_upload(upload: Upload) -> None:
    """Called when an upload was found sound: into the inbox that it was for, while its owner still may."""
    require(can_throw_in(upload.owner, Inbox.named(upload.place.partition("/")[0])))
    scans.take_upload(upload)


def file_by_hand(
    row: ScanPage,
    version: DocumentVersion,
    page: int,
    *,
    copy: int = 0,
    party: int = 0,
    sheet: bool = False,
    by: User,
) -> PageFiling:
    """A person says which page of which version a scanned page is, or that it is the own `sheet` of a party.

    Whatever the machine found stays beside it. Refused by `can_file`; for a version that does not belong into the inbox,
    a page that the form has not, and a party that is not there (`Invalid`).
    """
    inbox = Inbox.of(row.scan)
    mine = Belonging(inbox, document=version.document_id)
    application = mine.owner(version)
    if application is None or not mine.shows(version):
        message = _("请从列出的申请和版本里选择。")
        raise Invalid(message, [("version", message)])
    require(can_file(by, inbox, application))
    if sheet and not Party.objects.filter(round__version=version, position=party).exists():
        message = _("这一版没有这一家单位，请重新选择。")
        raise Invalid(message, [("version", message)])
    return scans.file_page(row, version, page, copy=copy, party=party, sheet=sheet, by=by)


def confirm(row: ScanPage, *, by: User) -> PageFiling:
    """A person says that a page lies rightly where it was filed, or where its genuine mark says."""
    filing = row.filing
    if filing is not None and filing.version is not None:
        return file_by_hand(row, filing.version, filing.page, copy=filing.copy, party=filing.party, by=by)
    if row.version is None:
        raise NotNow(_("这一页还没有归好，请先选择它是哪一页。"))
    return file_by_hand(row, row.version, row.page, copy=row.copy, party=row.party, sheet=row.sheet, by=by)


def take_back(row: ScanPage, *, by: User) -> PageFiling:
    """Take a page out of where it was filed; it lies among those to be matched again. Nothing is thrown away."""
    filing = row.filing
    if filing is None or filing.version is None:
        raise NotNow(_("这一页没有归在哪里，不用取出。"))
    _require_may(row, filing, by)
    return scans.take_out(row, PageFiling.Kind.TAKEN_BACK, by=by)


def set_aside(row: ScanPage, *, by: User) -> PageFiling:
    """Say that a page does not belong here; it is kept, and can be matched later all the same."""
    _require_may(row, row.filing, by)
    return scans.take_out(row, PageFiling.Kind.FOREIGN, by=by)


def _require_may(row: ScanPage, filing: PageFiling | None, by: User) -> None:
    inbox = Inbox.of(row.scan)
    application = owner_of(inbox, filing.version) if filing and filing.version else None
    require(can_file(by, inbox, application) if application else can_throw_in(by, inbox))


def judge(box: SealBox, part: SealBox.Part, seen: SealBox.Seen, *, by: User) -> BoxJudgement:
    """A person says what is at 盖章, 签名 or 日期 of a box; what the machine saw stays beside it."""
    inbox = Inbox.of(box.scanned.scan)
    application = owner_of(inbox, box.version)
    require(can_file(by, inbox, application) if application else no(_("这一页不属于您能看的申请。")))
    return scans.judge_box(box, part, seen, by=by)


@transaction.atomic
def record_opinion_of(
    row: ScanPage, application: Application, party: Party, *, by: User, **said: Any
) -> Signature:
    """Record a party's opinion from a page that was filed: its picture is the scan on which the opinion rests.

    Refused as by `record_opinion`, and (`NotNow`) when the page is not filed in the version of the party's round.
    """
    filing = row.filing
    if row.picture is None or filing is None or filing.version_id != party.round.version_id:
        raise NotNow(_("这一页没有归在这一版，不能用来登记意见。"))
    signature = record_opinion(application, party, by=by, scan=row.picture, **said)
    record(
        "application.opinion_from_scan",
        application.chain,
        by=by,
        detail={
            "label": party.label,
            "party": party.name,
            "name": row.scan.file.name,
            "number": row.number,
            "sha256": row.scan.file.sha256,
        },
    )
    return signature
