"""Order by score: a list put in the order of points that somebody else has worked out.

Whoever has scores (experts' results, say) adds a source from its `apps.py`; the page of the list then offers the order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.core.errors import NotNow
from shidian.dispatch.actions import rank
from shidian.dispatch.models import CandidateList
from shidian.dispatch.queries import entries
from shidian.organisations.models import Office

Scores = Mapping[int, Decimal | float]
"""Points by the key of the application; one that has none stands behind all that have, as it stood."""

sources: dict[str, Callable[[Call, Office], Scores]] = {}
"""Where scores come from, by the words of the button (marked with gettext_noop)."""


def by_score(applications: list[Application], scores: Scores) -> list[str]:
    """The references in descending order of score; equal scores and those without keep their order."""
    have = [row for row in applications if row.pk in scores]
    have.sort(key=lambda row: -Decimal(str(scores[row.pk])))
    return [row.reference for row in [*have, *(row for row in applications if row.pk not in scores)]]


def order_by(
    call: Call, office: Office, scores: Scores, *, by: User, seen: str | None = None
) -> CandidateList:
    """Rank the list by given scores; an ordinary ranking, which may be changed by hand afterwards."""
    rows = [row.application for row in entries(call, office)]
    if not any(row.pk in scores for row in rows):
        raise NotNow(_("清单上的申请还没有得分，不能按得分排序。"))
    return rank(call, office, by_score(rows, scores), by=by, seen=seen)


def offered(call: Call, office: Office) -> list[tuple[str, Scores]]:
    """The scores that there are for an office's list, by their words."""
    found = [(label, source(call, office)) for label, source in sources.items()]
    return [(label, scores) for label, scores in found if scores]
