"""Who may give more time than the call does."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.calls.queries import offices_at
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.organisations.models import Officer
from shidian.organisations.rules import holds_office


def can_extend(user: User, call: Call) -> Verdict:
    """Handlers and approvers of an office of the last stage give more time, once the call is published."""
    last = offices_at(call, call.definition.stages[-1].key)
    if not any(holds_office(user, office, Officer.Role.HANDLER, Officer.Role.APPROVER) for office in last):
        names = _("或").join(office.short for office in last)
        return no(_("延期由{names}决定。").format(names=names))
    if call.state != "published":
        return not_now(_("本批次还没有发布。"))
    return YES
