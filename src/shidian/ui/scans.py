"""The screens of an inbox of scans, alike for a unit and for an office; each site lays them under its own addresses.

`routes` makes the addresses of one site; its `find` says which inbox an address means, or raises 404.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.accounts.models import User
from shidian.applications import inbox as verbs
from shidian.applications import papers, scanned
from shidian.applications.models import Application
from shidian.core import clock
from shidian.core.errors import Invalid
from shidian.core.language import in_words
from shidian.core.verdict import Verdict
from shidian.documents import inbox as scans
from shidian.documents import previews, uploads
from shidian.documents.inbox import Inbox
from shidian.documents.intake import FORMATS, Rejected, format_size, safe_name
from shidian.documents.models import DocumentVersion, PageFiling, Scan, ScanPage, ScanReading, SealBox, Upload
from shidian.documents.scans import text
from shidian.signoffs.models import Party
from shidian.ui import files, tus
from shidian.ui.uploads import refused

ALL = "all"
"""In the place of a pile: everything in the inbox."""

SEEN = {"j": SealBox.Seen.PRESENT, "k": SealBox.Seen.ABSENT, "l": SealBox.Seen.UNCLEAR}
_MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Place:
    """An inbox as one site shows it to one person."""

    inbox: Inbox
    user: User
    space: str
    arguments: Mapping[str, Any]
    base: str
    home: tuple[str, str]
    opinion: Callable[[Application, Party], str]

    def url(self, name: str, **more: Any) -> str:
        """An address of this inbox."""
        return reverse(f"{self.space}:{name}", kwargs={**self.arguments, **more})

    @property
    def allowed(self) -> Verdict:
        """Whether the person may throw in."""
        return verbs.can_throw_in(self.user, self.inbox)

    def application_url(self, application: Application) -> str:
        """The page of an application on this site."""
        return reverse(f"{self.space}:application", kwargs={"reference": application.reference})


Find = Callable[..., Place]
View = Callable[..., HttpResponseBase]


def routes(prefix: str, find: Find) -> list[URLPattern]:
    """The addresses of the inboxes below `prefix`; the arguments in it go to `find` with the request."""
    table: list[tuple[str, View, str]] = [
        ("", inbox, "scans"),
        ("uploads/", upload_creation, "scan-uploads"),
        ("uploads/<str:token>/", upload, "scan-upload"),
        ("pages/<int:pk>/", page, "scan-page"),
        ("pages/<int:pk>/picture/", picture, "scan-picture"),
        ("files/<int:pk>/", original, "scan-file"),
        ("boxes/<int:pk>/", box_picture, "scan-box"),
        ("versions/<int:version>/boxes/", boxes, "scan-boxes"),
        ("versions/<int:version>/pages/<int:number>/", printed, "scan-print"),
        ("versions/<int:version>/copies/<int:copy>/", copy, "scan-copy"),
        ("<str:pile>/", pile, "scan-pile"),
        ("<str:pile>/progress/", progress, "scan-progress"),
    ]
    return [path(prefix + rest, _at(view, find), name=name) for rest, view, name in table]


def _at(view: View, find: Find) -> View:
    """The view with the place that its address means in front."""
    taken = ("unit", "office")

    @wraps(view)
    def placed(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        where = {name: kwargs.pop(name) for name in taken if name in kwargs}
        return view(request, find(request, **where), **kwargs)

    guard = tus.signed_in if view in (upload_creation, upload) else login_required
    return cast(View, guard(placed))


# Throwing in


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def inbox(request: HttpRequest, place: Place) -> HttpResponse:
    """Throw files in, and everything that was thrown in, pile by pile."""
    wrong: list[str] = []
    if request.method == "POST":
        token = request.POST.get("pile", "")[:40] or scans.new_pile()
        taken, wrong = _take(request, place, token)
        for line in wrong if taken else ():
            messages.warning(request, line)
        if taken:
            return redirect(place.url("scan-pile", pile=token))
    rows = _piles(place)
    new = scans.new_pile()
    context = {
        "place": place,
        "allowed": place.allowed,
        "pile": new,
        "piles": rows,
        "just": _just_now(place, rows),
        "most_shown": _MOST_SHOWN,
        "accept": ",".join(f".{ending}" for name in scans.FORMATS for ending in FORMATS[name].extensions),
        "limit": settings.UPLOAD_LIMIT // 1_000_000,
        "largest": scans.LARGEST // 1_000_000,
        "coming": [_coming(place, row) for row in scanned.uploads_of(place.inbox, place.user)],
        "most": scans.LARGEST,
        "left": uploads.MOST_OPEN,
        "wrong": wrong,
        "form_problems": [{"message": line, "anchor": "files"} for line in wrong],
        **_links(place),
    }
    return render(request, "ui/scans/inbox.html", context, status=422 if wrong else 200)


def _links(place: Place) -> dict[str, str]:
    return {
        "inbox_url": place.url("scans"),
        "uploads_url": place.url("scan-uploads"),
        "all_url": place.url("scan-pile", pile=ALL),
    }


def _take(request: HttpRequest, place: Place, token: str) -> tuple[int, list[str]]:
    """Throw every posted file in: how many were taken, and what is wrong with the others."""
    if why := refused(request):
        return 0, [why]
    given = request.FILES.getlist("files")
    if not given:
        return 0, [_("请先选择扫描件或者照片，再按“交给系统识别”")]
    taken, wrong = 0, []
    for file in given:
        try:
            verbs.throw_in(place.inbox, cast(BinaryIO, file), name=file.name or "", pile=token, by=place.user)
            taken += 1
        except Rejected as rejected:
            wrong.append(
                _("“{name}”没有收下：{rejected}").format(
                    name=safe_name(file.name or ""), rejected=in_words(rejected.said)
                )
            )
    return taken, wrong


def _coming(place: Place, row: Upload) -> dict[str, Any]:
    return {
        "upload": row,
        "size": in_words(format_size(row.length)),
        "mine": True,
        "url": place.url("scan-upload", token=row.token),
        "words": uploads.words(row),
        "percent": uploads.offset(row) * 100 // row.length,
    }


@dataclass(slots=True)
class Pile:
    """What was thrown in together, in figures."""

    token: str
    url: str
    scans: list[Scan]
    pages: int = 0
    filed: int = 0

    @property
    def readings(self) -> list[ScanReading]:
        """How far its files are."""
        return [scan.reading for scan in self.scans]

    @property
    def is_over(self) -> bool:
        """Whether everything was read."""
        return scans.over(self.readings)

    @property
    def failed(self) -> bool:
        """Whether a file was given up."""
        return any(row.state == "failed" for row in self.readings)


def _piles(place: Place) -> list[Pile]:
    """The latest piles of an inbox, the newest first. Costs four queries, whatever the number of pages."""
    rows = Scan.objects.filter(unit=place.inbox.unit, office=place.inbox.office)
    newest = rows.order_by().values("pile").annotate(last=Max("pk")).order_by("-last")
    tokens = list(newest.values_list("pile", flat=True)[:_MOST_SHOWN])
    found = {token: Pile(token, place.url("scan-pile", pile=token), []) for token in tokens}
    for scan in rows.filter(pile__in=tokens).select_related("file", "by", "reading"):
        found[scan.pile].scans.append(scan)
    for token, pages, filed in scanned.counts(place.inbox, tokens):
        found[token].pages, found[token].filed = pages, filed
    return list(found.values())


def _just_now(place: Place, rows: Iterable[Pile]) -> Pile | None:
    """What this person has been throwing in, for the way to its result."""
    since = clock.now() - timedelta(minutes=10)
    mine = (one for one in rows if one.scans[0].by_id == place.user.pk and one.scans[0].at > since)
    return next(mine, None)


@never_cache
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def upload_creation(request: HttpRequest, place: Place) -> HttpResponse:
    """Where a tus client begins an upload; the metadata `slot` names the pile."""
    if request.method in ("GET", "HEAD"):
        return redirect(place.url("scans"))

    def begin(announced: tus.Announced) -> Upload:
        return verbs.announce(
            place.inbox,
            name=announced.name,
            length=announced.length,
            mark=announced.metadata.get("mark", ""),
            pile=announced.metadata.get("slot", "")[:40] or scans.new_pile(),
            by=place.user,
        )

    return tus.creation(request, begin, lambda made: place.url("scan-upload", token=made.token))


@never_cache
@require_http_methods(["GET", "HEAD", "PATCH", "DELETE", "POST", "OPTIONS"])
def upload(request: HttpRequest, place: Place, token: str) -> HttpResponse:
    """One upload, for the one who began it: its pieces, where it stands, and giving it up (also by a plain form)."""
    found = get_object_or_404(
        Upload,
        purpose=scans.PURPOSE,
        place__startswith=f"{place.inbox.key}/",
        owner=place.user,
        token=token,
    )
    if request.method == "POST" and not tus.speaks_tus(request):
        uploads.abandon(found)
        messages.success(request, _("已放弃上传“{name}”。").format(name=found.name))
        return redirect(place.url("scans"))
    return tus.resource(request, found)


# What became of it


def _scans(place: Place, token: str) -> list[Scan]:
    rows = Scan.objects.filter(unit=place.inbox.unit, office=place.inbox.office)
    if token != ALL:
        rows = rows.filter(pile=token)
    found = list(rows.select_related("file", "by", "reading"))
    if not found and token != ALL:
        raise Http404
    return found


def _words(rows: Iterable[ScanReading]) -> tuple[int, int, str]:
    """Pages done and expected, and the sentence for both."""
    rows = list(rows)
    done, total = sum(row.done for row in rows), sum(max(row.total, row.done) for row in rows)
    left = sum(not row.is_over for row in rows)
    words = _("已识别 {done} 页；还有 {left} 个文件在识别").format(done=done, left=left)
    return done, total if all(row.total for row in rows) else 0, words


@never_cache
@require_safe
def progress(request: HttpRequest, place: Place, pile: str) -> JsonResponse:
    """How far the reading of a pile is."""
    rows = [scan.reading for scan in _scans(place, pile)]
    done, total, words = _words(rows)
    return JsonResponse({"done": done, "total": total, "words": words, "finished": scans.over(rows)})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pile(request: HttpRequest, place: Place, pile: str) -> HttpResponse:
    """What became of a pile: filed by application, version and copy; and what is missing, double, foreign, or to be matched."""
    held = _scans(place, pile)
    if request.method == "POST":
        failed = get_object_or_404(
            ScanReading, pk=_number(request.POST.get("again", "")), scan__in=held, state="failed"
        )
        verbs.read_again(failed, by=place.user)
        messages.success(request, _("已交给系统再识别一次。"))
        return redirect(request.path)
    rows = list(scanned.pages_in(place.inbox, "" if pile == ALL else pile))
    found = scanned.sort(place.inbox, rows)
    readings = [scan.reading for scan in held]
    done, total, words = _words(readings)
    context = {
        "place": place,
        "pile": pile,
        "everything": pile == ALL,
        "scans": [(scan, place.url("scan-file", pk=scan.pk)) for scan in held],
        "over": scans.over(readings),
        "done": done,
        "total": total,
        "words": words,
        "progress_url": place.url("scan-progress", pile=pile),
        "failed": [scan.reading for scan in held if scan.reading.state == "failed"],
        "found": found,
        "groups": [_group(place, group) for group in found.groups],
        "lists": _lists(place, found),
        "first_url": place.url("scan-page", pk=found.to_match[0].pk) if found.to_match else "",
        "allowed": place.allowed,
        **_links(place),
    }
    return render(request, "ui/scans/pile.html", context)


def _group(place: Place, group: scanned.Group) -> dict[str, Any]:
    """A copy of a version with the addresses that belong to it."""
    everything = scanned.party_boxes(place.inbox, group.version)
    mine = {placed.row.pk for placed in group.pages}
    boxes = [each for each in everything if each.box.scanned_id in mine]
    return {
        "group": group,
        "application_url": place.application_url(group.application),
        "copy_url": "" if group.sheets else place.url("scan-copy", version=group.version.pk, copy=group.copy),
        "boxes_url": place.url("scan-boxes", version=group.version.pk) if boxes else "",
        "asked": sum(each.judgement is None for box in scanned.newest(everything) for each in box.questions),
        "pages": [
            {
                "placed": placed,
                **_shown(place, placed.row),
                "label": _party_label(group.version, placed.filing.party)
                if group.sheets
                else _("第 {page} 页").format(page=placed.filing.page),
                "seals": _sealed(placed, boxes),
            }
            for placed in group.pages
        ],
    }


def _sealed(placed: scanned.Placed, boxes: Iterable[scanned.PartyBox]) -> str:
    """How many boxes of a page have a seal, as far as is seen: 盖章：3 有，1 看不清."""
    seen = Counter(each.questions[0].counts for each in boxes if each.box.scanned_id == placed.row.pk)
    words = _("，").join(f"{seen[kind]} {kind.label}" for kind in SealBox.Seen if seen[kind])
    return _("盖章：{words}").format(words=words) if words else ""


def _shown(place: Place, row: ScanPage) -> dict[str, Any]:
    return {
        "row": row,
        "url": place.url("scan-page", pk=row.pk),
        "picture": place.url("scan-picture", pk=row.pk) if row.picture_id else "",
    }


def _lists(place: Place, found: scanned.Sorted) -> list[dict[str, Any]]:
    """The pages that lie in no copy, kind by kind, with words on what can be done."""
    table: list[tuple[str, str, str, str, list[ScanPage]]] = [
        (
            "match", "wait", _("要人来认"),
            _("读不出页码，或者内容与页码对不上。打开一张，对照电子页归好。"),
            found.to_match,
        ),
        (
            "forged", "stop", _("页码不是本系统印的"),
            _("页码的校验对不上：可能是仿造、改动，或者别的系统印的。请查明来源，不要使用。"),
            found.forged,
        ),
        (
            "foreign", "void", _("不属于这里"),
            _("不是这里的申请，或者系统里没有这一版，或者是您放到一边的。扫描件仍然保存，不告诉别人。"),
            found.foreign,
        ),
        (
            "draft", "void", _("草稿"),
            _("印有“草稿”的页不能作为申请材料，请从冻结的版本重新打印。"),
            found.drafts,
        ),
        (
            "aside", "idle", _("清单和信封页"),
            _("打印包里随附的单页，不是申请材料，不用处理。"),
            found.aside,
        ),
        ("broken", "stop", _("打不开"), _("这几页坏了或者太大，请重新扫描。"), found.broken),
        ("blank", "idle", _("空白背面"), _("双面扫描时的空白面，不用处理。"), found.blank),
    ]  # fmt: skip
    return [
        {
            "key": key,
            "tone": tone,
            "title": title,
            "hint": hint,
            "rows": [_shown(place, row) for row in rows],
            "folded": key in ("aside", "blank"),
        }
        for key, tone, title, hint, rows in table
        if rows
    ]


def _number(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


# One page


def _row(place: Place, pk: int) -> ScanPage:
    return get_object_or_404(scanned.pages_in(place.inbox), pk=pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, place: Place, pk: int) -> HttpResponse:
    """One scanned page beside the electronic page that it is, or may be; it is filed, taken out or set aside here."""
    row = _row(place, pk)
    problems: list[str] = []
    if request.method == "POST":
        try:
            return _done(request, place, row)
        except Invalid as invalid:
            problems = [invalid.reason]
    filing = row.filing
    mine = scanned.owner_of(place.inbox, filing.version) if filing and filing.version else None
    by_words = request.GET.get("by") == "words" and text.available()
    # Nothing is offered at one key for what lies aside, is blank, or has a mark that is not genuine.
    waits = bool(scanned.sort(place.inbox, [row]).to_match)
    guesses = scanned.candidates(place.inbox, row, by_words=by_words) if waits else []
    at = min(max(_number(request.GET.get("at", "1")), 1), len(guesses) or 1)
    chosen = guesses[at - 1] if guesses else None
    around = [each.pk for each in scanned.pages_in(place.inbox, row.scan.pile)]
    index = around.index(row.pk)
    context = {
        "place": place,
        "row": row,
        "filing": filing if mine else None,
        "aside": bool(scanned.sort(place.inbox, [row]).foreign),
        "waits": waits,
        "application": mine,
        "application_url": place.application_url(mine) if mine else "",
        "picture": place.url("scan-picture", pk=row.pk) if row.picture_id else "",
        "file_url": place.url("scan-file", pk=row.scan_id),
        "pile_url": place.url("scan-pile", pile=row.scan.pile),
        **_printed(place, filing if mine else chosen, mine or (chosen.application if chosen else None)),
        "guesses": [
            (number, each, f"?at={number}{'&by=words' if by_words else ''}")
            for number, each in enumerate(guesses, 1)
        ],
        "chosen": chosen,
        "at": at,
        "words_url": "?by=words" if not mine and row.picture_id and not by_words and text.available() else "",
        "by_words": by_words,
        "versions": _choices(place) if not mine else [],
        "previous": place.url("scan-page", pk=around[index - 1]) if index else "",
        "following": place.url("scan-page", pk=around[index + 1]) if index + 1 < len(around) else "",
        "number": index + 1,
        "count": len(around),
        "differences": _differences(row, filing if mine else chosen),
        "opinions": _opinions(place, row, mine) if mine else [],
        "allowed": verbs.can_file(place.user, place.inbox, mine) if mine else place.allowed,
        "form_problems": [{"message": line, "anchor": "by-hand"} for line in problems],
        **_links(place),
    }
    return render(request, "ui/scans/page.html", context, status=422 if problems else 200)


def _differences(row: ScanPage, beside: PageFiling | scanned.Candidate | None) -> list[dict[str, float]]:
    """Where a page differs from the page beside it, as far as they were compared."""
    if isinstance(beside, PageFiling):
        likeness = beside.likeness
    elif beside and (row.version, row.page, row.sheet) == (beside.version, beside.page, beside.sheet):
        likeness = row.finding.get("likeness")
    else:
        likeness = None
    return list(likeness["differences"]) if likeness else []


def _printed(
    place: Place, beside: PageFiling | scanned.Candidate | None, application: Application | None
) -> dict[str, Any]:
    """The electronic page that is laid beside a scanned one, with its words, as far as it may be shown here."""
    if beside is None or beside.version is None or application is None:
        return {"printed": "", "shown": ""}
    if beside.sheet:
        words = _("{party}的意见页").format(party=_party_label(beside.version, beside.party))
    else:
        words = _("第 {page} 页").format(page=beside.page)
    if not scanned.Belonging(place.inbox, document=beside.version.document_id).shows(beside.version):
        return {"printed": "", "shown": words}
    url = place.url("scan-print", version=beside.version.pk, number=beside.page)
    return {"printed": f"{url}?party={beside.party}" if beside.sheet else url, "shown": words}


def _party_label(version: DocumentVersion, position: int) -> str:
    party = Party.objects.filter(round__version=version, position=position).first()
    return party.label if party else ""


def _choices(place: Place) -> list[tuple[int, str]]:
    """The versions among which a person chooses by hand, the current ones first."""
    rows = []
    mine = scanned.Belonging(place.inbox)
    for application in mine.applications.values():
        now = mine.current(application)
        for version in mine.versions(application):
            old = "" if version == now else _("（不是现行版本）")
            words = f"{application.reference} {version.label}{old} {application.name}"
            rows.append((version != now, version.pk, words))
    return [(pk, words) for _old, pk, words in sorted(rows, key=lambda each: each[0])]


def _opinions(place: Place, row: ScanPage, application: Application) -> list[dict[str, Any]]:
    """The parties whose boxes are on the page: what is seen there, and where the opinion is recorded from it."""
    filing = row.filing
    if filing is None or filing.version is None or application.version_id != filing.version_id:
        return []
    return [
        {
            "party": each.party,
            "questions": each.questions,
            "picture": place.url("scan-box", pk=each.box.pk),
            "url": "" if each.party.has_agreed else f"{place.opinion(application, each.party)}?page={row.pk}",
            "agreed": each.party.has_agreed,
        }
        for each in scanned.party_boxes(place.inbox, filing.version)
        if each.box.scanned_id == row.pk
    ]


def _done(request: HttpRequest, place: Place, row: ScanPage) -> HttpResponse:
    """Do what a button says, and go on to the next page that waits, or stay."""
    match request.POST.get("do"):
        case "file":
            filing = _file(request, place, row)
            if filing.likeness and filing.likeness["same"] is False:
                messages.warning(
                    request, _("注意：它与这一页电子版有不同的地方，请打开再看一眼；归错的可以取出。")
                )
            messages.success(
                request,
                _("已归入 {version} {where}。").format(
                    version=filing.version.label if filing.version else "",
                    where=_("意见页") if filing.sheet else _("第 {page} 页").format(page=filing.page),
                ),
            )
        case "confirm":
            verbs.confirm(row, by=place.user)
            messages.success(request, _("已确认。"))
        case "take_back":
            verbs.take_back(row, by=place.user)
            messages.success(request, _("已取出，可以重新归页。"))
            return redirect(place.url("scan-page", pk=row.pk))
        case "aside":
            verbs.set_aside(row, by=place.user)
            messages.success(request, _("已放到一边；扫描件仍然保存。"))
        case _:
            raise Http404
    waiting = scanned.sort(place.inbox, list(scanned.pages_in(place.inbox, row.scan.pile))).to_match
    after = [each for each in waiting if (each.scan_id, each.number) > (row.scan_id, row.number)] or waiting
    if after:
        return redirect(place.url("scan-page", pk=after[0].pk))
    return redirect(place.url("scan-pile", pile=row.scan.pile))


def _file(request: HttpRequest, place: Place, row: ScanPage) -> PageFiling:
    """File as the chosen candidate says (`version-page-copy-party-sheet`), or as was typed."""
    key = request.POST.get("candidate", "")
    if key:
        numbers = [_number(part) for part in key.split("-")]
        if len(numbers) != 5:
            raise Http404
        pk, number, copy, party, sheet = numbers
    else:
        pk, number, copy = (_number(request.POST.get(name, "")) for name in ("version", "page", "copy"))
        party = sheet = 0
        if not number:
            raise Invalid(_("请填写是申请书的第几页，例如 12。"))
    version = DocumentVersion.objects.select_related("document").filter(pk=pk).first()
    if version is None:
        raise Invalid(_("请选择是哪份申请的哪一版。"))
    return verbs.file_by_hand(row, version, number, copy=copy, party=party, sheet=bool(sheet), by=place.user)


@require_safe
def picture(request: HttpRequest, place: Place, pk: int) -> HttpResponseBase:
    """A scanned page, upright; small with `?small`."""
    row = _row(place, pk)
    if row.picture is None:
        raise Http404
    if "small" in request.GET:
        return files.drawn(previews.picture(row.picture))
    return files.stored(row.picture)


@require_safe
def original(request: HttpRequest, place: Place, pk: int) -> HttpResponseBase:
    """A file as it was thrown in."""
    scan = get_object_or_404(
        Scan.objects.select_related("file"), pk=pk, unit=place.inbox.unit, office=place.inbox.office
    )
    return files.stored(scan.file, download="download" in request.GET)


def _version(place: Place, pk: int) -> tuple[Application, DocumentVersion]:
    """A version whose pages belong into the inbox, with its application; 404 for everything else."""
    version = get_object_or_404(DocumentVersion.objects.select_related("document"), pk=pk)
    mine = scanned.Belonging(place.inbox, document=version.document_id)
    application = mine.owner(version)
    if application is None or not mine.shows(version):
        raise Http404
    return application, version


@require_safe
def printed(request: HttpRequest, place: Place, version: int, number: int) -> HttpResponseBase:
    """A page of the official form as it was printed, or with `?party` the own sheet of a party."""
    _application, found = _version(place, version)
    if party := _number(request.GET.get("party", "")):
        try:
            paper = scans.Papers().of(found, party=party, sheet=True)
        except ObjectDoesNotExist:
            raise Http404 from None
        picture = previews.drawn(paper.pdf, "application/pdf", width=previews.PAGE)
        if picture is None:
            raise Http404
        return files.made(picture, name="page.jpg", media_type="image/jpeg")
    return files.drawn(previews.picture(papers.form(found), page=number, width=previews.PAGE))


# Seals, signatures, days


@require_safe
def box_picture(request: HttpRequest, place: Place, pk: int) -> HttpResponseBase:
    """An opinion box, cut out of a page."""
    box = get_object_or_404(
        SealBox.objects.select_related("picture"),
        pk=pk,
        scanned__scan__unit=place.inbox.unit,
        scanned__scan__office=place.inbox.office,
    )
    return files.stored(box.picture)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def boxes(request: HttpRequest, place: Place, version: int) -> HttpResponse:
    """盖章, 签名 and 日期 of every party of a version, cut out side by side; a person says what is there, a key each."""
    application, found = _version(place, version)
    rows = scanned.newest(scanned.party_boxes(place.inbox, found))
    if request.method == "POST":
        box = next((row.box for row in rows if row.box.pk == _number(request.POST.get("box", ""))), None)
        part, seen = request.POST.get("part", ""), request.POST.get("seen", "")
        if box is None or part not in SealBox.Part.values or seen not in SealBox.Seen.values:
            raise Http404
        verbs.judge(box, SealBox.Part(part), SealBox.Seen(seen), by=place.user)
        return redirect(f"{request.path}#now")
    waiting = [each for row in rows for each in row.questions if each.judgement is None]
    context = {
        "place": place,
        "application": application,
        "application_url": place.application_url(application),
        "version": found,
        "rows": [
            {
                "party": row.party,
                "box": row.box,
                "picture": place.url("scan-box", pk=row.box.pk),
                "page_url": place.url("scan-page", pk=row.box.scanned_id),
                "questions": row.questions,
                "opinion_url": ""
                if row.party.has_agreed or application.version_id != found.pk
                else f"{place.opinion(application, row.party)}?page={row.box.scanned_id}",
            }
            for row in rows
        ],
        "now": waiting[0] if waiting else None,
        "left": len(waiting),
        "total": sum(len(row.questions) for row in rows),
        "keys": [(key, seen.value, seen.label) for key, seen in SEEN.items()],
        "allowed": verbs.can_file(place.user, place.inbox, application),
        **_links(place),
    }
    return render(request, "ui/scans/boxes.html", context)


# Same or not


@never_cache
@require_safe
def copy(request: HttpRequest, place: Place, version: int, copy: int) -> HttpResponse:
    """A paper copy page by page: same or not, what is missing, and where the pixels differ."""
    application, found = _version(place, version)
    rows = scanned.statement(place.inbox, found, copy)
    if all(row.placed is None for row in rows):
        raise Http404
    counted = {kind: sum(row.kind == kind for row in rows) for kind in scanned.WORDS}
    context = {
        "place": place,
        "application": application,
        "application_url": place.application_url(application),
        "version": found,
        "copy": copy,
        "current": scanned.Belonging(place.inbox, document=found.document_id).current(application) == found,
        "rows": [
            {
                "row": row,
                "tone": scanned.WORDS[row.kind][0],
                "url": place.url("scan-page", pk=row.placed.row.pk) if row.placed else "",
                "picture": place.url("scan-picture", pk=row.placed.row.pk) if row.placed else "",
                "printed": place.url("scan-print", version=found.pk, number=row.page),
            }
            for row in rows
        ],
        "counted": counted,
        "missing": scanned.in_runs(row.page for row in rows if row.kind == "missing"),
        "different": scanned.in_runs(row.page for row in rows if row.kind == "different"),
        "open": scanned.in_runs(row.page for row in rows if row.kind == "unclear"),
        "same": all(row.kind == "same" for row in rows),
        "shown": "differences" in request.GET,
        **_links(place),
    }
    return render(request, "ui/scans/copy.html", context)
