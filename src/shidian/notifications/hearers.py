"""Who hears of an event. Whoever did it is left out afterwards."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.applications.queries import people
from shidian.audit.models import Event
from shidian.calls.models import Call, Extension
from shidian.calls.queries import office_after, offices_at
from shidian.dispatch.rules import waives
from shidian.notifications.told import Told
from shidian.organisations.models import Membership, Office, Officer
from shidian.reviews.experts.queries import READING, assignments_of
from shidian.reviews.experts.rules import KEEPERS

WRITTEN = ("draft", "signing")
"""States in which an application has not been handed in, or not again."""


def nobody(told: Told) -> Iterable[User]:
    """For kinds that no event causes."""
    return []


def leads_of(application: Application) -> list[User]:
    """The people of the lead unit who work on the application."""
    own = set(Membership.objects.filter(organisation=application.lead_id).values_list("user_id", flat=True))
    return [person for person in people(application) if person.pk in own]


def leads(told: Told) -> Iterable[User]:
    """The people of the lead unit."""
    return leads_of(told.application) if told.application is not None else []


def made_public(told: Told) -> Iterable[User]:
    """The people of the lead units whose applications are made public."""
    if told.publicity is None:
        return []
    shown = Application.objects.filter(publicity_items__publicity=told.publicity)
    return writers(shown)


def named_people(told: Told) -> Iterable[User]:
    """Those whom the event names."""
    detail = told.event.detail
    keys = detail.get("users") or [detail["user"]]
    return User.objects.filter(pk__in=keys, is_active=True).order_by("pk")


def members(told: Told) -> Iterable[User]:
    """The people of the unit."""
    return (
        User.objects.filter(memberships__organisation=told.unit, is_active=True).order_by("pk")
        if told.unit
        else []
    )


def officers_of(offices: Iterable[Office], *roles: str) -> list[User]:
    """The people who act for offices in one of these roles."""
    rows = Officer.objects.filter(office__in=list(offices), role__in=roles)
    return list(User.objects.filter(pk__in=rows.values("user"), is_active=True).order_by("pk"))


def handlers(told: Told) -> Iterable[User]:
    """The handlers of the office at which it lies."""
    return officers_of([told.office], Officer.Role.HANDLER) if told.office is not None else []


def handlers_waiting(told: Told) -> Iterable[User]:
    """The handlers of the office at which it lies, for what a party said there; before it is handed in nobody."""
    application = told.application
    return handlers(told) if application is not None and application.state == "lodged" else []


def approvers(told: Told) -> Iterable[User]:
    """The approvers of the office at which it lies."""
    return officers_of([told.office], Officer.Role.APPROVER) if told.office is not None else []


def both(told: Told) -> Iterable[User]:
    """The handlers and the approvers of the office at which it lies."""
    roles = (Officer.Role.HANDLER, Officer.Role.APPROVER)
    return officers_of([told.office], *roles) if told.office is not None else []


def quota_approvers(told: Told) -> Iterable[User]:
    """The approvers of the office that may let the list pass over its quota."""
    listed = told.listed
    target = waives(listed.call, listed.office) if listed is not None else None
    return officers_of([target], Officer.Role.APPROVER) if target is not None else []


def panel_keepers(told: Told) -> Iterable[User]:
    """Those who keep the panel."""
    return officers_of([told.office], *KEEPERS) if told.office is not None else []


def panel_experts(told: Told) -> Iterable[User]:
    """The experts who read in the panel now."""
    if told.panel is None or told.panel.state not in READING:
        return []
    found = {row.expert.user_id: row.expert.user for row in assignments_of(told.panel)}
    return [person for _user, person in sorted(found.items()) if person.is_active]


def called_experts(told: Told) -> Iterable[User]:
    """All of them when the panel begins to read; who was given something while it reads, when that is what happened."""
    given = told.event.detail.get("user")
    if given is None:
        return panel_experts(told)
    begun = Event.objects.filter(chain=told.event.chain, name__in=("panel.opened", "panel.reopened"))
    if begun.filter(number__gt=told.event.number).exists():
        return []  # given before, and told with the others
    return [person for person in panel_experts(told) if person.pk == given]


def next_handlers(told: Told) -> Iterable[User]:
    """The handlers of the office to which a list was sent; nobody where it left for the destination."""
    listed = told.listed
    target = office_after(listed.call, listed.office) if listed is not None else None
    return officers_of([target], Officer.Role.HANDLER) if target is not None else []


def writers(applications: Iterable[Application]) -> list[User]:
    """The people of the lead units of these applications."""
    units = {application.lead_id for application in applications}
    rows = Membership.objects.filter(organisation__in=units, organisation__state="confirmed")
    return list(User.objects.filter(pk__in=rows.values("user"), is_active=True).order_by("pk"))


def concerned_by_extension(told: Told) -> Iterable[User]:
    """Those who have more or less time now: who writes applications of the call, and the offices of the stage."""
    call = told.call
    if call is None:
        return []
    row = Extension.objects.filter(call=call, at__lte=told.event.at).order_by("-pk").first()
    return _concerned(call, row) if row is not None else []


def _concerned(call: Call, row: Extension) -> list[User]:
    offices = [row.office] if row.office is not None else offices_at(call, row.stage)
    found = []
    if row.lead_id is None:
        found = officers_of(offices, Officer.Role.HANDLER, Officer.Role.APPROVER)
    if row.deadline == Extension.Deadline.HAND_IN:
        mine = Q(lead=row.lead_id) if row.lead_id else Q(office=row.office_id) if row.office_id else Q()
        found += writers(Application.objects.filter(mine, call=call, state__in=WRITTEN))
    return list({person.pk: person for person in found}.values())
