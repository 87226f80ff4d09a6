"""Views that people keep: made by one, used by all with whom they are shared, changed by their owner alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.core import clock
from shidian.core.errors import Invalid, require
from shidian.core.verdict import YES, Verdict, no
from shidian.organisations.models import Membership, Office, Officer, Organisation
from shidian.search import finding
from shidian.search.models import SavedView

MOST = 30
"""Views of one person in one space."""


def views(user: User, space: str) -> QuerySet[SavedView]:
    """The person's own views, then those shared with its offices (at the desk) or units (in the portal)."""
    mine = Q(owner=user)
    if space == SavedView.Space.DESK:
        mine |= Q(office__in=Officer.objects.filter(user=user).values("office"))
    else:
        units = Membership.objects.filter(user=user, organisation__state="confirmed")
        mine |= Q(unit__in=units.values("organisation"))
    return SavedView.objects.filter(mine, space=space).select_related("owner", "office", "unit")


def circles(user: User, space: str) -> list[tuple[str, str]]:
    """(key, name) of the offices or units with which a person may share."""
    if space == SavedView.Space.DESK:
        offices = Office.objects.filter(officers__user=user).distinct()
        return [(f"office:{office.pk}", office.name) for office in offices]
    units = Organisation.objects.filter(memberships__user=user, state="confirmed").distinct()
    return [(f"unit:{unit.pk}", unit.name) for unit in units]


def can_change(user: User, view: SavedView) -> Verdict:
    """The owner changes a view; whoever it is shared with uses it."""
    return (
        YES
        if view.owner_id == user.pk
        else no(_("这个视图由{owner}保存，只有本人可以修改。").format(owner=view.owner.label))
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a view is to be."""

    name: str
    query: str
    columns: Sequence[str] = ()
    sort: str = ""
    share: str = ""


@transaction.atomic
def save(space: str, wanted: Wanted, *, by: User, view: SavedView | None = None) -> SavedView:
    """Keep a view, new or changed. Refused: a name missing or taken, a query that cannot be read, too many views."""
    if view is not None:
        require(can_change(by, view))
    name = " ".join(wanted.name.split())
    problems: list[tuple[str, str]] = []
    if not name:
        problems.append(("name", _("请写视图的名称。")))
    elif len(name) > 40:
        problems.append(("name", _("名称最多 40 个字。")))
    found = finding.read(by, space, wanted.query)
    if found.problems:
        problems.append(("query", found.problems[0].message))
    others = [each for each in SavedView.objects.filter(owner=by, space=space) if each != view]
    if any(each.name == name for each in others):
        problems.append(("name", _("您已经有一个叫“{name}”的视图。").format(name=name)))
    if view is None and len(others) >= MOST:
        problems.append(("name", _("一个人最多保存 {most} 个视图，请先删去不用的。").format(most=MOST)))
    if wanted.share and wanted.share not in dict(circles(by, space)):
        problems.append(("share", _("只能与自己的单位或机构共用。")))
    if problems:
        raise Invalid(problems[0][1], problems)
    kind, _colon, key = wanted.share.partition(":")
    row = view or SavedView(space=space, owner=by, made_at=clock.now())
    row.name, row.query = name, found.text
    row.sort = wanted.sort if wanted.sort in finding.SORTS else ""
    row.columns = _columns(wanted.columns)
    row.office_id = int(key) if kind == "office" else None
    row.unit_id = int(key) if kind == "unit" else None
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:  # saved twice at once
        words = _("您已经有一个叫“{name}”的视图。").format(name=name)
        raise Invalid(words, [("name", words)]) from None
    return row


def _columns(asked: Iterable[str]) -> list[str]:
    chosen = finding.columns(asked)
    return [] if chosen == finding.DEFAULT_COLUMNS else list(chosen)


def delete(view: SavedView, *, by: User) -> None:
    """Take a view away, for everybody who uses it."""
    require(can_change(by, view))
    view.delete()
