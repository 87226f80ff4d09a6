"""Declaring that one shall not judge, taking a declaration back, and telling the office what is suspended by it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.audit.actions import record
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, NotPermitted, require
from shidian.core.language import chinese
from shidian.organisations.codes import unit_code
from shidian.reviews.experts.conflicts import between
from shidian.reviews.experts.models import Assignment, ConflictDeclaration, Expert
from shidian.reviews.experts.rules import can_keep_pool

LONGEST = 500


@transaction.atomic
def declare(
    expert: Expert,
    *,
    kind: str,
    text: str,
    by: User,
    application: Application | None = None,
    unit: str = "",
    code: str = "",
) -> ConflictDeclaration:
    """Declare a conflict with an application, or with everything that a unit has part in.

    By the expert, or for it by who keeps the pool. What the expert was given of it is suspended at once.
    """
    if by.pk != expert.user_id:
        require(can_keep_pool(by, expert.office))
    Expert.objects.select_for_update().get(pk=expert.pk)
    problems = []
    if kind not in ConflictDeclaration.Kind.values:
        problems.append(("kind", _("请选择是哪种情形")))
    if not text.strip():
        problems.append(("text", _("请写明情形")))
    code = unit_code.normalise(code) if code.strip() else ""
    if code and (fault := unit_code.check(code)):
        problems.append(("code", fault))
    if application is None and not (unit.strip() or code):
        problems.append(("unit", _("请写单位名称或者代码")))
    if problems:
        raise Invalid(problems[0][1], problems)
    before = suspended(expert)
    row = ConflictDeclaration.objects.create(
        expert=expert,
        application=application,
        unit="" if application else unit.strip()[:120],
        unit_code="" if application else code,
        kind=kind,
        text=text.strip()[:LONGEST],
        at=clock.now(),
        by=by,
    )
    about = application.reference if application else row.unit or row.unit_code
    detail = {"kind": chinese(ConflictDeclaration.Kind(kind).label), "about": about, "declaration": row.pk}
    record("expert.declared", expert.chain, by=by, detail=detail)
    tell_suspended(expert, before, by=by)
    return row


@transaction.atomic
def withdraw(declaration: ConflictDeclaration, *, reason: str, by: User) -> ConflictDeclaration:
    """Take a declaration back with the reason, by who keeps the pool: never by the expert alone."""
    require(can_keep_pool(by, declaration.expert.office))
    if by.pk == declaration.expert.user_id:
        raise NotPermitted(_("不能撤销自己的回避申报。"))
    row = ConflictDeclaration.objects.select_for_update().get(pk=declaration.pk)
    if row.withdraws_id is not None or ConflictDeclaration.objects.filter(withdraws=row).exists():
        raise NotNow(_("这项申报已经撤销。"))
    if not reason.strip():
        raise Invalid(_("请写明理由"), [("reason", _("请写明理由"))])
    later = ConflictDeclaration.objects.create(
        expert=row.expert,
        application_id=row.application_id,
        unit=row.unit,
        unit_code=row.unit_code,
        kind=row.kind,
        text=reason.strip()[:LONGEST],
        withdraws=row,
        at=clock.now(),
        by=by,
    )
    detail = {"declaration": row.pk, "reason": later.text}
    record("expert.declaration_withdrawn", row.expert.chain, by=by, detail=detail)
    return later


def suspended(expert: Expert) -> set[int]:
    """What this expert was given and may not read: the keys of assignments."""
    rows = _active(expert)
    found = between([expert], [row.application for row in rows])
    return {row.pk for row in rows if (expert.pk, row.application_id) in found}


def _active(expert: Expert) -> list[Assignment]:
    rows = Assignment.objects.filter(expert=expert, withdrawn_at__isnull=True).exclude(panel__state="closed")
    return list(rows.select_related("panel", "application__call", "application__lead"))


def tell_suspended(expert: Expert, before: AbstractSet[int], *, by: User) -> None:
    """Record, and so tell the office, what is suspended now and was not `before`."""
    now = suspended(expert) - before
    for row in _active(expert):
        if row.pk in now:
            detail = {
                "expert": expert.name,
                "reference": row.application.reference,
                "office": row.panel.office_id,
                "assignment": row.pk,
            }
            record("panel.suspended", row.panel.chain, by=by, detail=detail)
