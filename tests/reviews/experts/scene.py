"""Experts and panels for tests: a pool at the commission, a panel for what lies there."""

from __future__ import annotations

from datetime import timedelta

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.core import clock
from shidian.reviews.experts import panels, pool
from shidian.reviews.experts.pool import Details
from shidian.reviews.models import Expert, Panel
from tests import steps

FAR = Details(unit="天津市远处研究院", unit_code="", specialities=("emergency",))


def expert(cast: steps.Cast, details: Details = FAR, *, user: User | None = None, email: str = "") -> Expert:
    """A person in the commission's pool; without `user` that of the cast."""
    person = user or cast.expert
    name, address = (person.name, person.email) if not email else (email.partition("@")[0], email)
    return pool.add(cast.commission, name=name, email=address, details=details, by=cast.commission_officer)


def panel(cast: steps.Cast, call: Call, name: str = "第一组", areas: tuple[str, ...] = ()) -> Panel:
    now = clock.now()
    return panels.make(
        call,
        cast.commission,
        name=name,
        areas=areas,
        opens_at=now,
        closes_at=now + timedelta(days=7),
        by=cast.commission_officer,
    )


def there(cast: steps.Cast, call: Call) -> Application:
    """An application that lies at the commission."""
    return steps.at_last_stage_waiting(cast, call)
