"""Setting up a panel, and leading it on: open, discuss, close, open again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import move, record
from shidian.calls.models import Call
from shidian.calls.queries import stage_of
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, require
from shidian.organisations.models import Office
from shidian.reviews.experts import bodies
from shidian.reviews.experts.models import Panel
from shidian.reviews.experts.rules import can_assign, can_keep_pool, can_move

LONGEST_NAME = 80


def _checked(
    call: Call, name: str, areas: Sequence[str], opens_at: datetime, closes_at: datetime
) -> tuple[str, list[str]]:
    problems = []
    name = " ".join(name.split())
    if not name:
        problems.append(("name", _("请写评审组的名称")))
    if closes_at <= opens_at:
        problems.append(("closes", _("截止要在开始之后")))
    known = {area.key for area in call.definition.areas} | set(call.definition.area_labels)
    if any(area not in known for area in areas):
        problems.append(("areas", _("请选择列表里的领域")))
    if problems:
        raise Invalid(_("有几处要改。"), problems)
    return name[:LONGEST_NAME], list(dict.fromkeys(areas))


@transaction.atomic
def make(
    call: Call,
    office: Office,
    *,
    name: str,
    areas: Sequence[str],
    opens_at: datetime,
    closes_at: datetime,
    by: User,
) -> Panel:
    """Set up a panel for what lies at an office, or for some areas of it. Whether it is blind is said by the call."""
    require(can_keep_pool(by, office))
    here = stage_of(call, office)
    if here is None:
        raise NotNow(_("这个机构在本批次没有审查环节。"))
    name, areas = _checked(call, name, areas, opens_at, closes_at)
    if Panel.objects.filter(call=call, office=office, name=name).exists():
        raise Invalid(_("有几处要改。"), [("name", _("已有同名的评审组"))])
    bodies.fill()
    panel = Panel.objects.create(
        call=call,
        office=office,
        stage=here.key,
        name=name,
        areas=areas,
        opens_at=opens_at,
        closes_at=closes_at,
        blind=call.definition.experts.blind,
        at=clock.now(),
        by=by,
    )
    record("panel.made", panel.chain, by=by, detail={"name": name})
    return panel


@transaction.atomic
def change(
    panel: Panel, *, name: str, areas: Sequence[str], opens_at: datetime, closes_at: datetime, by: User
) -> None:
    """Name, areas and times of a panel that is not closed; what was given outside of new areas stays given."""
    require(can_assign(by, panel))
    row = Panel.objects.select_for_update().get(pk=panel.pk)
    name, areas = _checked(panel.call, name, areas, opens_at, closes_at)
    if Panel.objects.filter(call=panel.call, office=panel.office, name=name).exclude(pk=panel.pk).exists():
        raise Invalid(_("有几处要改。"), [("name", _("已有同名的评审组"))])
    row.name, row.areas, row.opens_at, row.closes_at = name, areas, opens_at, closes_at
    row.save(update_fields=("name", "areas", "opens_at", "closes_at"))
    detail = {"name": name, "opens": opens_at.isoformat(), "closes": closes_at.isoformat(), "areas": areas}
    record("panel.changed", panel.chain, by=by, detail=detail)


def _lead(panel: Panel, verb: str, *, by: User, reason: str = "") -> None:
    Panel.objects.select_for_update().get(pk=panel.pk)
    panel.refresh_from_db(fields=("state",))
    require(can_move(by, panel, verb))
    move(panel, verb, by=by, detail={"reason": reason} if reason else None)


@transaction.atomic
def open_panel(panel: Panel, *, by: User) -> None:
    """Let the experts read what they were given. Refused while nobody was given anything."""
    _lead(panel, "open", by=by)


@transaction.atomic
def discuss(panel: Panel, *, by: User) -> None:
    """Reading is over, the experts discuss."""
    _lead(panel, "discuss", by=by)


@transaction.atomic
def close(panel: Panel, *, by: User) -> None:
    """End the panel: its experts read nothing of it any more."""
    _lead(panel, "close", by=by)


@transaction.atomic
def reopen(panel: Panel, *, by: User, reason: str) -> None:
    """Let the experts read again, with the reason."""
    if not reason.strip():
        raise Invalid(_("请写明理由"), [("reason", _("请写明理由"))])
    _lead(panel, "reopen", by=by, reason=reason.strip()[:200])
