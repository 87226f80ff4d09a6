"""Problem lists (问题清单): what an office wants put right, what is said about each entry, and what is opened besides.

The list is drawn up by `actions.return_for_correction`; replies, findings and requests are rows that never change.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import places, rules
from shidian.applications.models import (
    Application,
    Correction,
    CorrectionEntry,
    CorrectionItem,
    OpeningAnswer,
    OpeningRequest,
    Severity,
)
from shidian.applications.openings import current, opening
from shidian.applications.papers import package_of
from shidian.applications.places import Place
from shidian.applications.queries import access, for_writing, lodgement_here
from shidian.audit.actions import record
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, Stale, require
from shidian.core.language import in_chinese
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.core.workdays import calendar
from shidian.organisations.models import Officer
from shidian.organisations.rules import holds_office
from shidian.questionnaires.forms import plain_text

LONGEST = 2_000
"""Characters of an entry, a reply or a reason."""
MOST_DAYS = 120
"""Working days of the longest deadline."""
Kind = CorrectionEntry.Kind


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry of a list that is to be sent: a place as `places` writes it, what is wrong there, and how bad."""

    text: str
    place: str = ""
    severity: str = Severity.MUST
    again: CorrectionItem | None = None


def due(call: Call, days: int) -> datetime:
    """The end of the last working day of a deadline that begins now."""
    here = clock.now().astimezone(call.zone)
    last = calendar(settings.WORKDAYS).after(here.date(), days)
    return datetime.combine(last, time(23, 59, 59), call.zone)


def draw_up(application: Application, wanted: Sequence[Wanted], days: int | None, *, by: User) -> Correction:
    """Make the list of one arrival; called by the verb that returns the application, which asked its rule."""
    lodgement = lodgement_here(application)
    if lodgement is None:
        raise NotNow(_("没有收到递交的材料。"))
    if not wanted:
        raise Invalid(_("问题清单是空的。"), [("reasons", _("请至少写一个问题"))])
    terms = application.call.definition.corrections
    days = terms.days if days is None else days
    if days is not None and not 0 <= days <= MOST_DAYS:
        words = _("期限请写 1 至 {most} 个工作日，不限期的写 0").format(most=MOST_DAYS)
        raise Invalid(words, [("days", words)])
    number = application.corrections.count() + 1
    correction = Correction.objects.create(
        application=application,
        lodgement=lodgement,
        number=number,
        reference=f"{application.reference}-Q{number:02d}",
        days=days or None,
        until=due(application.call, days) if days else None,
        clock=terms.clock,
        at=clock.now(),
        by=by,
    )
    package, content = package_of(lodgement.version), lodgement.version.data
    rows = []
    with in_chinese():  # it is kept and printed
        for position, one in enumerate(wanted, start=1):
            place = Place.read(one.place)
            if not places.exists(place, package, content):
                raise Stale(
                    _("第 {position} 条所指的位置在这一版里没有，请重新选择。").format(position=position)
                )
            rows.append(
                CorrectionItem(
                    correction=correction,
                    position=position,
                    place=one.place,
                    label=places.words(place, package, content)[:400],
                    severity=Severity(one.severity),
                    text=one.text,
                    again=one.again,
                )
            )
    CorrectionItem.objects.bulk_create(rows)
    return correction


def lists_of(application: Application) -> list[Correction]:
    """All problem lists of an application with their entries and requests, the newest first. Seven queries at most."""
    said = CorrectionEntry.objects.select_related("by")
    entries = CorrectionItem.objects.select_related("again__correction").prefetch_related(
        Prefetch("entries", said)
    )
    answered = OpeningAnswer.objects.select_related("by")
    asked = OpeningRequest.objects.select_related("by").prefetch_related(Prefetch("answers", answered))
    rows = Correction.objects.filter(application=application).select_related("by", "lodgement__office")
    found = rows.order_by("-pk").prefetch_related(Prefetch("items", entries), Prefetch("requests", asked))
    return list(found)


def fit(text: str, place: str, empty: str) -> str:
    """Words as they are kept. `Invalid` at `place` when there are none (`empty` says so) or too many."""
    text = unicodedata.normalize("NFC", plain_text(text)).strip()
    words = ""
    if not text:
        words = empty
    elif len(text) > LONGEST:
        words = _("最多 {longest} 个字，现在 {count} 个，请删短").format(longest=LONGEST, count=len(text))
    if words:
        raise Invalid(words, [(place, words)])
    return text


# What the lead does


def can_reply(user: User, correction: Correction) -> Verdict:
    """Those who write the application answer, while it is being corrected."""
    application = correction.application
    found = access(user, application)
    if not (found.edits or found.mine):
        return no(_("由参加填写的人回复。"))
    running = current(application)
    if running is None or running.pk != correction.pk:
        return not_now(_("这份问题清单已经办完，不能再回复。"))
    return YES


@transaction.atomic
def reply(item: CorrectionItem, *, text: str, by: User) -> CorrectionEntry:
    """Answer to an entry: what was done, or why not. Refused by `can_reply`, for no text and for too long a one."""
    correction = _locked(item.correction, by)
    require(can_reply(by, correction))
    words = fit(text, "text", _("请写下回复的内容"))
    return CorrectionEntry.objects.create(item=item, kind=Kind.REPLIED, text=words, at=clock.now(), by=by)


def can_ask_opening(user: User, correction: Correction) -> Verdict:
    """Those who may edit ask for more, while nothing is frozen."""
    allowed = rules.can_edit(user, correction.application)
    if not allowed:
        return allowed
    running = current(correction.application)
    if running is None or running.pk != correction.pk:
        return not_now(_("这份问题清单已经办完。"))
    return YES


@transaction.atomic
def ask_opening(correction: Correction, *, place: str, reason: str, by: User) -> OpeningRequest:
    """Ask the office to open a place that the list does not name. Refused for one that is open or asked for already."""
    correction = _locked(correction, by)
    require(can_ask_opening(by, correction))
    wanted = _open_to_ask(correction, place)
    words = fit(reason, "reason", _("请写明为什么要改"))
    with in_chinese():
        version = correction.lodgement.version
        label = places.words(wanted, package_of(version), version.data)[:400]
    made = OpeningRequest.objects.create(
        correction=correction, place=str(wanted), label=label, reason=words, at=clock.now(), by=by
    )
    record(
        "application.opening_asked",
        correction.application.chain,
        by=by,
        detail={"list": correction.reference, "request": made.pk, "place": label, "reason": words},
    )
    return made


def _open_to_ask(correction: Correction, text: str) -> Place:
    wrong = ""
    try:
        place = Place.read(text)
    except ValueError:
        place = places.WHOLE
    version = correction.lodgement.version
    opened = opening(correction.application)
    if place.kind not in ("section", "field", "slot") or not places.exists(
        place, package_of(version), version.data
    ):
        wrong = _("请选择要开放的地方")
    elif opened is not None and (
        (place.kind == "field" and opened.has_field(place.path) and not opened.locked_rows(place.path))
        or (place.kind == "slot" and place.slot and place.slot in opened.slots)
    ):
        wrong = _("这里已经可以改了")
    else:
        asked = OpeningRequest.objects.filter(correction=correction, place=str(place), answers=None)
        if asked.exists():
            wrong = _("已经申请过了，还在等受理机构答复")
    if wrong:
        raise Invalid(wrong, [("place", wrong)])
    return place


# What the office does


def can_answer_opening(user: User, request: OpeningRequest) -> Verdict:
    """A handler of the office that sent the list answers once, while the correction is under way."""
    correction = request.correction
    if not holds_office(user, correction.lodgement.office, Officer.Role.HANDLER):
        return no(_("只有受理机构的经办人可以办理。"))
    running = current(correction.application)
    if running is None or running.pk != correction.pk:
        return not_now(_("申请已经重新递交，不用再答复。"))
    if request.outcome is not None:
        return not_now(_("已经答复过了。"))
    return YES


@transaction.atomic
def answer_opening(request: OpeningRequest, *, opened: bool, words: str = "", by: User) -> OpeningAnswer:
    """Open what was asked for, or refuse with a reason. What was opened stays open until the application comes back."""
    correction = _locked(request.correction, by)
    request = OpeningRequest.objects.prefetch_related("answers").get(pk=request.pk)
    request.correction = correction
    require(can_answer_opening(by, request))
    words = words.strip()
    if not opened or words:
        words = fit(words, "words", _("不同意的，请写明理由"))
    made = OpeningAnswer.objects.create(request=request, opened=opened, words=words, at=clock.now(), by=by)
    record(
        "application.opening_granted" if opened else "application.opening_refused",
        correction.application.chain,
        by=by,
        detail={"list": correction.reference, "request": request.pk, "place": request.label, "reason": words},
    )
    return made


def find(item: CorrectionItem, kind: Kind, *, text: str, by: User) -> CorrectionEntry:
    """Say that an entry was put right, or was not; called by `reviews.problems`, which asks its rule."""
    return CorrectionEntry.objects.create(item=item, kind=kind, text=text, at=clock.now(), by=by)


def _locked(correction: Correction, by: User) -> Correction:
    application = for_writing(correction.application, by)
    found = Correction.objects.select_related("lodgement__version", "lodgement__office").get(pk=correction.pk)
    found.application = application
    return found
