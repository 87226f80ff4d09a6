"""Writing a problem list while reading: entries drafted place by place, and what is found of the entries of earlier lists.

Drafts stay until the list is sent (`actions.return_for_correction`); any handler of the office adds to them who could
decide.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications import corrections, places
from shidian.applications.corrections import Kind
from shidian.applications.models import (
    Application,
    Correction,
    CorrectionEntry,
    CorrectionItem,
    Lodgement,
    Severity,
)
from shidian.applications.papers import package_of
from shidian.applications.places import Place
from shidian.applications.queries import lodgement_here
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, require
from shidian.core.verdict import YES, Verdict, not_now
from shidian.reviews.models import Draft
from shidian.reviews.rules import can_check, can_settle

MOST = 200
"""Entries of one list."""


def drafts_of(lodgement: Lodgement) -> list[Draft]:
    """The entries drafted for an arrival, in the order of their places on the page."""
    rows = list(lodgement.drafts.select_related("saved_by", "again__correction"))
    package = package_of(lodgement.version)
    order = {key: number for number, key in enumerate(package.questionnaire.by_key)}
    slots = {slot.key: number for number, slot in enumerate(package.call.attachments)}

    def where(row: Draft) -> tuple[int, int, int, int]:
        place = Place.read(row.place)
        section = package.questionnaire.by_key.get(place.section)
        fields = list(section.by_key) if section else []
        rank = {"whole": 0, "sheet": 2, "slot": 3, "file": 3}.get(place.kind, 1)
        inside = fields.index(place.field) + 1 if place.field in fields else slots.get(place.slot, 0)
        return rank, order.get(place.section, 0), inside, place.number

    return sorted(rows, key=where)


@transaction.atomic
def draft(
    lodgement: Lodgement,
    *,
    place: str,
    text: str,
    severity: str,
    by: User,
    again: CorrectionItem | None = None,
) -> Draft:
    """Write an entry down. `Invalid` (each with its place) for no text, too long a one, or a place that is none."""
    applications.locked(lodgement.application)
    require(can_check(by, lodgement))
    text, severity, place = _fit(lodgement, text, severity, place)
    if lodgement.drafts.count() >= MOST:
        raise NotNow(_("一份问题清单最多 {most} 条。").format(most=MOST))
    return Draft.objects.create(
        lodgement=lodgement,
        place=place,
        severity=severity,
        text=text,
        again=again,
        saved_at=clock.now(),
        saved_by=by,
    )


@transaction.atomic
def change(row: Draft, *, place: str, text: str, severity: str, by: User) -> Draft:
    """Write an entry anew. Refused as by `draft`."""
    applications.locked(row.lodgement.application)
    require(can_check(by, row.lodgement))
    row.text, row.severity, row.place = _fit(row.lodgement, text, severity, place)
    row.saved_at, row.saved_by = clock.now(), by
    row.save()
    return row


@transaction.atomic
def drop(row: Draft, *, by: User) -> None:
    """Take an entry out of the list that is being written."""
    applications.locked(row.lodgement.application)
    require(can_check(by, row.lodgement))
    row.delete()


def _fit(lodgement: Lodgement, text: str, severity: str, place: str) -> tuple[str, str, str]:
    problems: list[tuple[str, str]] = []
    try:
        text = corrections.fit(text, "text", _("请写明哪里不对、要改成什么样，或者选一条常用语"))
    except Invalid as invalid:
        problems += invalid.problems
    if severity not in Severity.values:
        problems.append(("severity", _("请选择必须改还是建议改")))
    try:
        known = places.exists(Place.read(place), package_of(lodgement.version), lodgement.version.data)
    except ValueError:
        known = False
    if not known:
        problems.append(("place", _("请重新选择所指的位置")))
    if problems:
        raise Invalid(_("有几处要改。"), problems)
    return text, severity, place


def answered(application: Application) -> Correction | None:
    """The list that the application's present version answers, at the office where it lies; None when there is none."""
    lodgement = lodgement_here(application)
    if lodgement is None or application.state != "lodged":
        return None
    rows = Correction.objects.filter(application=application, lodgement__office=lodgement.office_id)
    return rows.filter(lodgement__lt=lodgement.pk).select_related("lodgement").order_by("-pk").first()


def can_find(user: User, item: CorrectionItem) -> Verdict:
    """Whoever may decide finds the entries of the newest list put right or not, once the application is back."""
    application = item.correction.application
    allowed = can_settle(user, application)
    if not allowed:
        return allowed
    newest = answered(application)
    if newest is None or newest.pk != item.correction_id:
        return not_now(_("申请还没有重新递交，或者这是更早的问题清单。"))
    return YES


@transaction.atomic
def resolve(item: CorrectionItem, *, by: User) -> CorrectionEntry:
    """Find an entry put right; a draft that says the contrary goes. `NotNow` when it was found so already."""
    _lock(item, by)
    if item.is_resolved:
        raise NotNow(_("这一条已经确认改好了。"))
    Draft.objects.filter(again=item).delete()
    return corrections.find(item, Kind.RESOLVED, text="", by=by)


@transaction.atomic
def reopen(item: CorrectionItem, *, text: str, by: User) -> CorrectionEntry:
    """Find an entry not put right, and say what is missing: it stands in the next list, with a hint to this one."""
    lodgement = _lock(item, by)
    newest = item.finding
    if newest is not None and newest.kind == Kind.REOPENED:
        raise NotNow(_("这一条已经重新提出了。"))
    words = corrections.fit(text, "text", _("请写明哪里还没有改好"))
    package, content = package_of(lodgement.version), lodgement.version.data
    place = item.place if places.exists(Place.read(item.place), package, content) else ""
    if not place and (of := Place.read(item.place)).path:
        place = f"f:{of.path}"  # the row is gone, the table is not
    elif not place and Place.read(item.place).kind == "file":
        place = f"a:{Place.read(item.place).slot}"
    draft(lodgement, place=place, text=words, severity=item.severity, again=item, by=by)
    return corrections.find(item, Kind.REOPENED, text=words, by=by)


def _lock(item: CorrectionItem, by: User) -> Lodgement:
    application = applications.locked(item.correction.application)
    item.correction.application = application
    require(can_find(by, item))
    lodgement = lodgement_here(application)
    if lodgement is None:
        raise NotNow(_("没有收到递交的材料。"))
    lodgement.application = application
    return lodgement
