"""What waits for a person at the last stage beside reviewing and lists: rulings, publicities, objections."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.dispatch.publishing.models import Objection, Publicity
from shidian.organisations.models import Office, Officer
from shidian.organisations.rules import holds_office
from shidian.reviews.models import Ruling


def turn(user: User, call: Call, office: Office) -> tuple[str, str, str] | None:
    """The most urgent one as words, a label and an address; None when nothing waits. At most four queries."""
    if holds_office(user, office, Officer.Role.APPROVER):
        found = _approver(user, call, office)
        if found is not None:
            return found
    if holds_office(user, office, Officer.Role.HANDLER):
        mine = Q(state="filed") | Q(state="handling", claimed_by=user)
        waiting = Objection.objects.filter(mine, publicity__call=call, publicity__office=office)
        row = waiting.order_by("due_on", "pk").first()
        if row is not None:
            return (
                _("异议 {number} 等您办理").format(number=row.number),
                _("办理异议"),
                reverse("desk:objection", args=(row.number,)),
            )
    return None


def _approver(user: User, call: Call, office: Office) -> tuple[str, str, str] | None:
    answer = Objection.objects.filter(publicity__call=call, publicity__office=office, state="proposed")
    if row := answer.exclude(claimed_by=user).order_by("due_on", "pk").first():
        return (
            _("异议 {number} 的答复等您审批").format(number=row.number),
            _("审批答复"),
            reverse("desk:objection", args=(row.number,)),
        )
    ruling = (
        Ruling.objects.filter(call=call, office=office, state="proposed").exclude(proposed_by=user).first()
    )
    if ruling is not None:
        return (
            _("决定 {reference} 等您确认").format(reference=ruling.reference),
            _("确认决定"),
            reverse("desk:ruling", args=(ruling.reference,)),
        )
    waiting = Q(state="ended") | (Q(state="prepared") & ~Q(prepared_by=user))
    publicity = Publicity.objects.filter(waiting, call=call, office=office).order_by("pk").first()
    if publicity is None:
        return None
    words = (
        _("公示 {reference} 等您发布")
        if publicity.state == "prepared"
        else _("公示 {reference} 期满，异议未办结")
    )
    return (
        words.format(reference=publicity.reference),
        _("看公示"),
        reverse("desk:publicity", args=(publicity.reference,)),
    )
