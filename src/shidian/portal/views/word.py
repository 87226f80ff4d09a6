"""The form as a Word file: out as far as it is filled, and in again field by field, written only by a person's choice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from io import BytesIO
from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.accounts.models import User
from shidian.applications import papers, pictures, rules, word_form, word_pictures
from shidian.applications.models import Application
from shidian.applications.openings import Opening, opening
from shidian.applications.queries import answers
from shidian.applications.word_form import Comparison, Proposed
from shidian.applications.word_pictures import Album, Coming
from shidian.applications.writing import Contested, How, Outcome, Saved, Writing, save_fields
from shidian.core.digests import sha256_of_bytes
from shidian.core.errors import Refused
from shidian.core.language import in_words
from shidian.core.said import pack, unpacked
from shidian.core.verdict import Verdict
from shidian.documents import previews
from shidian.documents.actions import keep
from shidian.documents.intake import Rejected, safe_name
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.documents.store import NotStored
from shidian.documents.word.form import Loose, Reading
from shidian.documents.word.opening import Unreadable
from shidian.documents.word.reader import read
from shidian.documents.word.taking import ACCEPT, MAX_BYTES, take
from shidian.portal.access import (
    own_application,
    person,
    seen_application,
    seen_version,
    seen_versions,
    sees_everything,
)
from shidian.portal.merging import Change, readable, word_changes
from shidian.portal.overview import url
from shidian.questionnaires import prose
from shidian.questionnaires.checks import is_blank
from shidian.questionnaires.definition import Field, Section
from shidian.questionnaires.printing import value as printed
from shidian.ui import files
from shidian.ui.answer import Address, answer_blocks
from shidian.ui.changes import marked_blocks
from shidian.ui.questionnaire import shown_text
from shidian.ui.uploads import refused

_SALT = "portal.word"
_LEAST_KEPT = 0.35
"""Texts that share less than this stand side by side: marks letter by letter would leave nothing to read."""


# Out


@login_required
@require_safe
def form(request: HttpRequest, reference: str) -> HttpResponse:
    """The draft while it is written, the current version otherwise."""
    application = seen_application(request, reference)
    user = person(request)
    if application.is_editable and sees_everything(user, application):
        content = word_form.draft_docx(application)
        return _docx(content, f"申请书草稿-{application.reference}.docx")
    newest = next(iter(seen_versions(user, application)), None)
    if newest is None:
        raise Http404
    return _of_version(newest)


@login_required
@require_safe
def version(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """One version; the same bytes every time."""
    application = seen_application(request, reference)
    return _of_version(seen_version(person(request), application, number))


def _of_version(found: DocumentVersion) -> HttpResponse:
    content = word_form.version_docx(found, papers.package_of(found))
    return _docx(content, f"申请书-{found.document.reference}-{found.label}.docx")


def _docx(content: bytes, name: str) -> HttpResponse:
    return files.made(content, name=name, media_type=word_form.MEDIA_TYPE, download=True)


# In


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a file in, whatever program wrote it, and show what it says; nothing is written."""
    application = own_application(request, reference)
    allowed = _may_import(person(request), application)
    wrong = ""
    if request.method == "POST" and allowed:
        given = request.FILES.get("file")
        wrong = refused(request)
        if not wrong and given is None:
            wrong = _("请先选择填好的 Word 文件，再按“读取”")
        if not wrong and given is not None:
            try:
                token = keep_upload(cast(BinaryIO, given), given.name or "", application, person(request))
            except Unreadable as unreadable:
                wrong = _("“{safe_name}”读不出来：{unreadable}").format(
                    safe_name=safe_name(given.name or ""), unreadable=in_words(unreadable.said)
                )
            else:
                return redirect(url("word-review", application, token=token))
    context = {
        "application": application,
        "allowed": allowed,
        "wrong": wrong,
        "form_problems": [{"message": wrong, "anchor": "word-file"}] if wrong else [],
        "accept": ACCEPT,
        "limit": MAX_BYTES // 1_000_000,
    }
    return render(request, "portal/word_upload.html", context, status=422 if wrong else 200)


def _may_import(user: User, application: Application) -> Verdict:
    """Whoever may write at least one section."""
    found = rules.can_edit(user, application)
    if found:
        return found
    for section in application.call.questionnaire.sections:
        mine = rules.can_write(user, application, section.key)
        if mine:
            return mine
    return found


def keep_upload(file: BinaryIO, name: str, application: Application, user: User) -> str:
    """Keep the upload, and what it became as .docx; returns the token under which it is reviewed."""
    taken = take(file, name=name)
    read(BytesIO(taken.docx), word_form.form_of(application.call.package))
    file.seek(0)
    original = keep(
        file,
        name=safe_name(name),
        media_type="application/octet-stream" if taken.converted else word_form.MEDIA_TYPE,
        by=user,
    )
    kept = original
    if taken.converted:
        kept = keep(
            BytesIO(taken.docx), name=f"{original.name}.docx"[:200], media_type=word_form.MEDIA_TYPE, by=user
        )
    value = {
        "of": application.pk,
        "by": user.pk,
        "file": original.pk,
        "docx": kept.pk,
        "was": pack(taken.label),
        "gone": [pack(each) for each in taken.dropped],
    }
    return signing.dumps(value, salt=_SALT, compress=True)


@dataclass(frozen=True, slots=True)
class _Upload:
    """A file that was taken in for this application by this person."""

    name: str
    label: str
    converted: bool
    dropped: tuple[str, ...]
    docx: StoredFile


def _uploaded(token: str, application: Application, user: User) -> _Upload:
    try:
        value = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise Http404 from None
    if value["of"] != application.pk or value["by"] != user.pk:
        raise Http404
    original = StoredFile.objects.filter(pk=value["file"]).first()
    docx = StoredFile.objects.filter(pk=value["docx"]).first()
    if original is None or docx is None:
        raise Http404
    dropped = tuple(unpacked(each) for each in value["gone"])
    return _Upload(original.name, unpacked(value["was"]), original.pk != docx.pk, dropped, docx)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, reference: str, token: str) -> HttpResponse:
    """What a file says beside what stands there, field by field; posting writes what was chosen and nothing else."""
    application = own_application(request, reference)
    user = person(request)
    given = _uploaded(token, application, user)
    reading = _read(given, application)
    held = answers(application)
    compared, album = _compared(application, reading, held, user)
    contested: list[Contested] = []
    unplaced: list[tuple[str, str]] = []
    wrong = ""
    if request.method == "POST":
        writings = _writings(request, application, compared, held, user)
        if writings:
            unplaced = _place_pictures(application, writings, album.coming, user)
            outcomes = save_fields(application, writings, by=user, how=How.IMPORTED)
            contested = [outcome for outcome in outcomes if isinstance(outcome, Contested)]
            _say(request, application, outcomes)
            if not contested and not unplaced:
                return redirect(url("application", application))
            held = answers(application)
            compared, album = _compared(application, reading, held, user)
        else:
            wrong = _("还没有勾选要采用的内容；都不采用的，按“不采用，返回”")
    context = {
        "application": application,
        "upload": given,
        "dropped": [in_words(each) for each in dict.fromkeys((*given.dropped, *compared.dropped))],
        "allowed": _may_import(user, application),
        "wrong": wrong,
        "form_problems": [{"message": wrong, "anchor": "word-sections"}] if wrong else [],
        "contested": [
            (
                outcome,
                _named(application, outcome.path),
                url("conflict", application, section=outcome.path.partition(".")[0]),
            )
            for outcome in contested
        ],
        "unplaced": unplaced,
        "numbers": json.dumps(_all_numbers(application)),
        "elsewhere": _elsewhere(application, compared),
        **_shown(
            request, application, compared, user, _Sight(album.coming, _address(application, token, album))
        ),
    }
    return render(request, "portal/word_review.html", context, status=422 if wrong else 200)


@login_required
@require_safe
def picture(request: HttpRequest, reference: str, token: str, sha256: str) -> HttpResponse:
    """A picture of the file as it is looked at before anything is taken."""
    application = own_application(request, reference)
    reading = _read(_uploaded(token, application, person(request)), application)
    found = next((each for each in reading.pictures.values() if sha256_of_bytes(each) == sha256), None)
    drawn = word_pictures.drawn(found, width=previews.PAGE) if found is not None else None
    if drawn is None:
        raise Http404
    return files.made(drawn, name="picture.jpg", media_type="image/jpeg")


def _read(given: _Upload, application: Application) -> Reading:
    try:
        with given.docx.open() as file:
            return read(file, word_form.form_of(application.call.package))
    except NotStored:
        raise Http404 from None


def _compared(
    application: Application, reading: Reading, held: Mapping[str, Mapping[str, Any]], user: User
) -> tuple[Comparison, Album]:
    album = Album(application, reading.pictures, may_add=bool(rules.can_edit(user, application)))
    return word_form.compare(application.call.package, reading, held, album=album), album


def _address(application: Application, token: str, album: Album) -> Address:
    """Where a picture is served: from its slot, or still from the file."""
    held = pictures.present(application)

    def find(name: str) -> str | None:
        if name in held:
            return url("picture", application, picture=name)
        coming = album.coming.get(name)
        return url("word-picture", application, token=token, sha256=coming.sha256) if coming else None

    return find


def _place_pictures(
    application: Application, writings: dict[str, Writing], coming: Mapping[str, Coming], user: User
) -> list[tuple[str, str]]:
    """Store the pictures of the answers that were chosen; an answer whose pictures are refused is not written.

    Returns the names of such fields, each with the reason.
    """
    unplaced: list[tuple[str, str]] = []
    for path, writing in list(writings.items()):
        field = application.call.questionnaire.find(path)
        if field is None or not field.rich or not isinstance(writing.value, str):
            continue
        try:
            text = word_pictures.take(application, writing.value, coming, by=user)
        except Rejected as rejected:
            unplaced.append((field.name, in_words(rejected.said)))
        except Refused as refused_:
            unplaced.append((field.name, refused_.reason))
        else:
            writings[path] = replace(writing, value=text)
            continue
        del writings[path]
    return unplaced


def _all_numbers(application: Application) -> dict[str, int]:
    rows = application.answers.values_list("section", "field", "number")
    return {f"{section}.{field}": number for section, field, number in rows}


def _seen_numbers(request: HttpRequest) -> Mapping[str, Any]:
    try:
        numbers = json.loads(request.POST.get("numbers", ""))
    except ValueError:
        return {}
    return numbers if isinstance(numbers, dict) else {}


def _writings(
    request: HttpRequest,
    application: Application,
    compared: Comparison,
    held: Mapping[str, Mapping[str, Any]],
    user: User,
) -> dict[str, Writing]:
    """What the person chose: fields that were ticked, and loose texts put into a field by hand."""
    everything = request.POST.get("do") == "all"
    ticked = set(request.POST.getlist("take"))
    may, opened = _writable(application, user), opening(application)
    values: dict[str, Any] = {}
    for entry in compared.proposed:
        offered = not entry.same and entry.section.key in may and not _locked(opened, entry)
        if offered and (entry.path in ticked or (everything and not entry.empty)):
            values[entry.path] = entry.value
    for number, each in enumerate(compared.loose, start=1):
        path = request.POST.get(f"loose-{number}", "")
        field = application.call.questionnaire.find(path)
        section, _rest, key = path.partition(".")
        if field is None or section not in may or (opened and not opened.has_field(path)):
            continue
        present = values.get(path, held.get(section, {}).get(key))
        append = request.POST.get(f"how-{number}", "append") != "replace"
        values[path] = word_form.put(field, present, each.text, append=append)
    seen = _seen_numbers(request)
    writings = {}
    for path, value in values.items():
        # A field that was never written has no number; a page that sends none cannot overwrite anybody.
        number_ = seen.get(path, 0)
        writings[path] = Writing(value, number_ if isinstance(number_, int) else -1)
    return writings


def _locked(opened: Opening | None, entry: Proposed) -> str:
    """Why a text may not be taken while a correction is under way; nothing where it may."""
    return opened.may_write(entry.path, entry.value).reason if opened else ""


def _writable(application: Application, user: User) -> set[str]:
    return {
        section.key
        for section in application.call.questionnaire.sections
        if rules.can_write(user, application, section.key)
    }


def _say(request: HttpRequest, application: Application, outcomes: Sequence[Outcome]) -> None:
    changed = [outcome for outcome in outcomes if isinstance(outcome, Saved) and outcome.changed]
    names = _("、").join(_named(application, outcome.path) for outcome in changed[:6])
    more = (
        _("等 {count} 栏").format(count=len(changed))
        if len(changed) > 6
        else _("共 {count} 栏").format(count=len(changed))
    )
    if changed:
        messages.success(
            request,
            _("已从 Word 采用：{names}，{more}。原来的内容在各栏的修改记录里。").format(
                names=names, more=more
            ),
        )


def _named(application: Application, path: str) -> str:
    field = application.call.questionnaire.find(path)
    return field.name if field else path


def _elsewhere(application: Application, compared: Comparison) -> str:
    """The reference of another application from which the file was downloaded, or nothing."""
    reference = compared.marks.reference
    return reference if reference and reference != application.reference else ""


# Showing


@dataclass(frozen=True, slots=True)
class _Sight:
    """The pictures that would come with the answers, and where pictures are served."""

    coming: Mapping[str, Coming]
    address: Address


@dataclass(frozen=True, slots=True)
class _Entry:
    """A field as the page shows it: words with what changed, a table, or the blocks of a long answer.

    `both` are the blocks before and after where they have little in common; `coming` the pictures that come with it.
    """

    proposed: Proposed
    name: str
    id: str
    before: str
    after: str
    changes: tuple[Change, ...]
    table: _Rows | None
    checked: bool
    blocks: SafeString | str = ""
    both: tuple[SafeString, SafeString] | None = None
    coming: tuple[str, ...] = ()
    why: str = ""  # it may not be taken


@dataclass(frozen=True, slots=True)
class _Rows:
    """A table with its rows marked: each row with a kind, each cell in stretches."""

    heads: list[str]
    rows: list[tuple[str, list[tuple[str, tuple[Change, ...]]]]]
    before: int
    after: int


def _shown(
    request: HttpRequest,
    application: Application,
    compared: Comparison,
    user: User,
    sight: _Sight,
) -> dict[str, Any]:
    may, opened = _writable(application, user), opening(application)
    ticked = set(request.POST.getlist("take")) if request.method == "POST" else None
    groups = []
    same = offered = 0
    for section in application.call.questionnaire.sections:
        mine = [entry for entry in compared.proposed if entry.section.key == section.key]
        if not mine:
            continue
        changed = [
            replace(_entry(entry, ticked, sight), why=_locked(opened, entry))
            for entry in mine
            if not entry.same
        ]
        unchanged = [entry.field.name for entry in mine if entry.same]
        same += len(unchanged)
        offered += sum(not entry.why for entry in changed) if section.key in may else 0
        verdict = rules.can_write(user, application, section.key)
        groups.append(
            {
                "section": section,
                "changed": changed,
                "unchanged": unchanged,
                "allowed": section.key in may,
                "why": "" if verdict else verdict.reason,
            }
        )
    return {
        "groups": groups,
        "same": same,
        "offered": offered,
        "loose": list(_loose(request, application, compared.loose, may, sight.address)),
        "missing": _missing(application, compared),
    }


def _missing(application: Application, compared: Comparison) -> list[str]:
    """Fields of the paper that the file does not have at all."""
    there = {entry.path for entry in compared.proposed}
    form = word_form.form_of(application.call.package)
    wanted = {
        slot.path: slot.shown_as or slot.label for part in form.parts for slot in part.slots if slot.path
    }
    return [name for path, name in wanted.items() if path not in there]


def _entry(entry: Proposed, ticked: set[str] | None, sight: _Sight) -> _Entry:
    field, address = entry.field, sight.address
    before, after = (readable(field, _text(field, value)) for value in (entry.present, entry.value))
    table = _rows(field, entry.present, entry.value) if field.type == "rows" else None
    changes = word_changes(before, after) if table is None and before and after else ()
    kept = sum(len(change.text) for change in changes if change.kind == "same")
    if kept < _LEAST_KEPT * max(len(before), len(after)):
        changes = ()
    blocks: SafeString | str = ""
    both: tuple[SafeString, SafeString] | None = None
    if field.rich:
        was, now = _text(field, entry.present), _text(field, entry.value)
        if changes or not before or not after:
            blocks = marked_blocks(was, now, address)
        else:
            both = answer_blocks(was, address), answer_blocks(now, address)
    return _Entry(
        proposed=entry,
        name=field.name,
        id=entry.path.replace(".", "-"),
        before=before,
        after=after,
        changes=changes,
        table=table,
        # An empty box in the file is seldom meant as “delete this”.
        checked=(not entry.empty) if ticked is None else entry.path in ticked,
        blocks=blocks,
        both=both,
        coming=tuple(word_pictures.shown_in(str(entry.value), sight.coming)) if field.rich else (),
    )


def _text(field: Field, value: Any) -> str:
    return "" if is_blank(value) or field.type == "rows" else shown_text(field, value)


def _rows(field: Field, present: Any, value: Any) -> _Rows:
    keys = [column.key for column in field.columns]
    old = [tuple(str(row[key]) for key in keys) for row in printed(field, present)]
    new = [tuple(str(row[key]) for key in keys) for row in printed(field, value)]
    used = [place for place in range(len(keys)) if any(row[place] for row in old + new) or place == 0]
    heads = [field.columns[place].name for place in used]
    rows: list[tuple[str, list[tuple[str, tuple[Change, ...]]]]] = []

    def add(kind: str, was: Sequence[str], now: Sequence[str]) -> None:
        cells = [(field.columns[place].name, word_changes(was[place], now[place])) for place in used]
        rows.append((kind, cells))

    nothing = [""] * len(keys)
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            for row in new[b1:b2]:
                add("same", row, row)
            continue
        gone, come = old[a1:a2], new[b1:b2]
        for was, now in zip(gone, come, strict=False):
            add("changed", was, now)
        for row in gone[len(come) :]:
            add("gone", row, nothing)
        for row in come[len(gone) :]:
            add("new", nothing, row)
    return _Rows(heads, rows, len(old), len(new))


def _loose(
    request: HttpRequest,
    application: Application,
    loose: Sequence[Loose],
    may: set[str],
    address: Address,
) -> Iterator[dict[str, Any]]:
    sections = [section for section in application.call.questionnaire.sections if section.key in may]
    for number, each in enumerate(loose, start=1):
        chosen = request.POST.get(f"loose-{number}", "")
        likely = [path for path in each.candidates if path.partition(".")[0] in may]
        yield {
            "number": number,
            "loose": each,
            "blocks": _blocks(each.text, address),
            "likely": [(path, _named(application, path)) for path in likely],
            "sections": [(section, _choices(section, likely)) for section in sections],
            "chosen": chosen,
            "replace": request.POST.get(f"how-{number}") == "replace",
        }


def _blocks(text: str, address: Address) -> SafeString | str:
    """A text with tables or pictures as blocks; nothing for any other."""
    drawn = any(isinstance(block, (prose.Table, prose.Picture)) for block in prose.parse(text).blocks)
    return answer_blocks(text, address) if drawn else ""


def _choices(section: Section, likely: Sequence[str]) -> list[tuple[str, str]]:
    paths = [
        (f"{section.key}.{field.key}", field.name) for field in section.fields if field.paper or section.paper
    ]
    return [(path, name) for path, name in paths if path not in likely]
