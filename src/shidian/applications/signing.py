"""What is arranged for the sign-off of an application, and signing on screen: by a link or by an account.

The lead arranges it until it has handed in; then the office that holds the application, where an opinion is due next.

Each verb locks the application and asks its rule; what belongs to any sign-off is done by `signoffs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from shidian.accounts.models import User
from shidian.applications import rules
from shidian.applications.actions import locked
from shidian.applications.content import at_path
from shidian.applications.models import Application
from shidian.applications.queries import dispatch_until, hand_in_until, lodgement_here, round_of
from shidian.audit.actions import SYSTEM, Actor
from shidian.calls.models import Call
from shidian.calls.queries import gate_after, gates_until
from shidian.core import clock
from shidian.core.errors import Refused, require
from shidian.core.workdays import calendar
from shidian.documents.models import StoredFile
from shidian.organisations.models import Organisation
from shidian.signoffs import links, mandates, reminders
from shidian.signoffs.actions import Evidence, record_signature
from shidian.signoffs.contacts import contact_of, contacts_of
from shidian.signoffs.links import Holder
from shidian.signoffs.models import Contact, Link, Mandate, Party, Reminder, Round, Signature
from shidian.signoffs.queries import asked, links_of, standing, waiting_since
from shidian.signoffs.rules import is_their_turn
from shidian.signoffs.terms import Terms

REMIND_FROM, REMIND_UNTIL = 8, 18
"""Hours of the day between which the system reminds by itself."""


def application_of(party: Party) -> Application:
    """The application in whose round a party stands."""
    rows = Application.objects.select_related("call", "lead", "office", "version")
    return rows.get(document=party.round.version.document_id)


def due_gates(application: Application) -> list[str]:
    """The gates whose parties must have agreed before the lead can hand in, or the office that holds it can send it on."""
    if application.state == "lodged":
        return gates_until(application.call, gate_after(application.call, application.stage))
    first = application.stage or application.call.definition.stages[0].key
    return gates_until(application.call, first)


def waited_for(application: Application) -> list[Party]:
    """The parties that are asked now: due, their turn, and without an opinion on this version."""
    round_ = round_of(application)
    if application.state not in ("signing", "lodged") or round_ is None or round_.state == "void":
        return []
    everybody = asked(round_)
    due = due_gates(application)
    found = [
        party
        for party in everybody
        if party.gate in due and party.signature is None and is_their_turn(party, everybody)
    ]
    for party in found:
        party.round = round_
    return found


def where_somebody_may_be_waited_for() -> QuerySet[Application]:
    """The applications that are out for sign-off, and those at a stage behind which the call has an opinion due."""
    found = Q(state="signing")
    for call in Call.objects.all():
        gates = {role.before for role in call.definition.parties}
        stages = [stage.key for stage in call.definition.stages if gate_after(call, stage.key) in gates]
        found |= Q(state="lodged", call=call, stage__in=stages)
    return Application.objects.filter(found).select_related("call", "lead", "office", "version")


def asked_since(
    application: Application, party: Party, everybody: Sequence[Party], round_: Round
) -> datetime:
    """Since when a party is waited for: at an office not before the application arrived there."""
    since = waiting_since(party, everybody, round_)
    arrival = lodgement_here(application) if application.state == "lodged" else None
    return max(since, arrival.at) if arrival else since


def opinions_until(application: Application) -> datetime | None:
    """Until when the opinions that are waited for are wanted: hand-ins close, or the office must send on."""
    return dispatch_until(application) if application.state == "lodged" else hand_in_until(application)


def suggested_contact(application: Application, party: Party) -> dict[str, str]:
    """What the form tells of a party and may serve as its contact: the person named, a mobile number."""
    role = next((role for role in application.call.definition.parties if role.role == party.role), None)
    version = application.version
    values = at_path(version.data["answers"], role.names_from or "") if role and version else None
    for row in values if isinstance(values, list) else ():
        if isinstance(row, Mapping) and str(row.get("name", "")).strip()[:120] == party.name:
            told = {"name": str(row.get("contact", "")), "email": str(row.get("email", ""))}
            phone = str(row.get("phone", ""))
            return told | {"mobile": phone if phone.startswith("1") and len(phone) == 11 else ""}
    return {}


@transaction.atomic
def give_contact(
    application: Application,
    party: Party,
    *,
    email: str,
    by: User,
    name: str = "",
    mobile: str = "",
    second_email: str = "",
) -> Contact:
    """Say where a party is written to, or correct it; links that went to a wrong address are dead from now on."""
    application = locked(application)
    require(rules.can_reach(by, application, party))
    return links.give_contact(party, email=email, name=name, mobile=mobile, second_email=second_email, by=by)


@transaction.atomic
def send_link(application: Application, party: Party, *, by: User) -> Link:
    """Send a party its one-time link; an earlier one is dead from now on."""
    application = locked(application)
    require(rules.can_reach(by, application, party))
    return links.make_link(party, by=by)


def can_send_to(application: Application) -> list[Party]:
    """The parties that are waited for, have a contact and no link that may be used."""
    round_ = round_of(application)
    known = contacts_of(round_) if round_ else {}
    return [
        party
        for party in waited_for(application)
        if party.body in known and not any(standing(link).alive for link in links_of(party))
    ]


@transaction.atomic
def send_links(application: Application, *, by: User) -> list[Link]:
    """Send a link to everybody who is waited for, has a contact and no link that may be used."""
    application = locked(application)
    return [send_link(application, party, by=by) for party in can_send_to(application)]


@transaction.atomic
def revoke_link(application: Application, link: Link, *, by: User) -> None:
    """Make a link useless that the party has not used yet."""
    application = locked(application)
    require(rules.can_reach(by, application, link.party))
    links.revoke(link, by=by)


@transaction.atomic
def remind(application: Application, party: Party, *, by: User) -> Reminder:
    """Remind a party that is waited for; refused when its address had a letter today."""
    application = locked(application)
    require(rules.can_reach(by, application, party))
    return reminders.remind([party], by=by)[0]


@transaction.atomic
def give_mandate(
    application: Application,
    party: Party,
    *,
    delegate: str,
    given_by: str,
    since: date,
    until: date,
    file: StoredFile,
    by: User,
    capacity: str = "",
) -> Mandate:
    """Keep the mandate by which somebody else signs for a party, with its file and its period."""
    application = locked(application)
    require(rules.can_reach(by, application, party))
    return mandates.give_mandate(
        party,
        delegate=delegate,
        capacity=capacity,
        given_by=given_by,
        since=since,
        until=until,
        file=file,
        by=by,
    )


@transaction.atomic
def end_mandate(application: Application, mandate: Mandate, *, from_day: date, reason: str, by: User) -> None:
    """Keep that the party took a mandate back: nobody signs by it from that day on."""
    application = locked(application)
    require(rules.can_attest(by, application, mandate.party))
    mandates.end_mandate(mandate, from_day=from_day, reason=reason, by=by)


# Signing on screen


@transaction.atomic
def sign_by_link(
    holder: Holder,
    *,
    decision: Signature.Decision,
    signatory: str,
    capacity: str = "",
    opinion: str = "",
    place: str = "",
) -> Signature:
    """Record a party's opinion by its link; who signs is the one who is named, without an account."""
    application = locked(application_of(holder.link.party))
    require(rules.can_sign_on_screen(application, holder.link.party))
    return links.decide(
        holder,
        decision=decision,
        signatory=signatory,
        capacity=capacity,
        opinion=opinion,
        place=place,
        today=_today(application),
    )


@transaction.atomic
def sign_by_account(
    party: Party,
    *,
    by: User,
    decision: Signature.Decision,
    capacity: str = "",
    opinion: str = "",
    place: str = "",
    address: str | None = None,
) -> Signature:
    """Record a party's opinion by the head of its own unit, who is signed in and signs by the name of the account."""
    application = locked(application_of(party))
    unit = rules.unit_of(application, party)
    require(rules.can_sign_for(by, unit))
    require(rules.can_sign_on_screen(application, party))
    return record_signature(
        party,
        by=by,
        decision=decision,
        signatory=by.name,
        signed_on=_today(application),
        capacity=capacity,
        opinion=opinion,
        place=place,
        evidence=Evidence(
            Signature.Means.SCREEN,
            proof={"account": by.pk, "unit": unit.name if unit else "", "address": address},
        ),
    )


def to_sign(user: User) -> list[tuple[Application, Party, Organisation]]:
    """The parties for which a person may sign with its account now."""
    units = {row.organisation.code: row.organisation for row in rules.headed(user)}
    if not units:
        return []
    names = [unit.name for unit in units.values()]
    rounds = Round.objects.filter(state="open")
    mine = Party.objects.filter(round__in=rounds, code__in=units) | Party.objects.filter(
        round__in=rounds, code="", name__in=names
    )
    found = []
    for application in (
        where_somebody_may_be_waited_for()
        .filter(document__versions__round__in=mine.values("round"))
        .distinct()
        .order_by("pk")
    ):
        for party in waited_for(application):
            unit = rules.unit_of(application, party)
            if unit is not None and unit.code in units:
                found.append((application, party, unit))
    return found


def _today(application: Application) -> date:
    return clock.now().astimezone(application.call.zone).date()


# Reminders by the system


def is_reminded(application: Application, party: Party) -> bool:
    """Whether the system reminds a party by itself: one with an address; at an office only one that the office wrote to."""
    contact = contact_of(party)
    arrival = lodgement_here(application) if application.state == "lodged" else None
    if contact is None or arrival is None:
        return contact is not None
    return contact.at >= arrival.at or party.links.filter(made_at__gte=arrival.at).exists()


def next_reminder(application: Application, party: Party, round_: Round) -> date | None:
    """The day on which the system will remind a party that is waited for, if nothing happens before; None for never."""
    if not is_reminded(application, party):
        return None
    terms = Terms.stored(round_.terms)
    asked_on = reminders.local_day(asked_since(application, party, asked(round_), round_))
    until = opinions_until(application)
    yesterday = reminders.local_day(clock.now()) - timedelta(days=1)
    last = party.reminders.order_by("pk").last()
    after = max(yesterday, reminders.local_day(last.at)) if last else yesterday
    return reminders.next_day(
        after, asked_on=asked_on, until=reminders.local_day(until) if until else None, terms=terms
    )


def remind_all() -> int:
    """Remind everybody whose day it is, or whose last hours have come; one letter an address, and how many letters.

    Asked every hour by the schedule.
    """
    now: datetime = clock.now()
    by_day = REMIND_FROM <= timezone.localtime(now, timezone.get_default_timezone()).hour < REMIND_UNTIL
    today = reminders.local_day(now)
    by_address: dict[str, list[Party]] = {}
    later: dict[str, list[Party]] = {}  # who would have a second letter today
    for application in where_somebody_may_be_waited_for().order_by("pk").iterator():
        for party in waited_for(application):
            contact = contact_of(party)
            if contact is None or not is_reminded(application, party):
                continue
            begin = _last_hours(application, party)
            on_its_day = by_day and next_reminder(application, party, party.round) == today
            if begin is not None and now < begin and reminders.local_day(begin) == today and not on_its_day:
                later.setdefault(contact.email, []).append(party)
            elif on_its_day or (begin is not None and begin <= now):
                by_address.setdefault(contact.email, []).append(party)
    letters = 0
    for email, parties in by_address.items():
        letters += _remind_by_itself([*parties, *later.get(email, ())], by=SYSTEM)
    return letters


def _last_hours(application: Application, party: Party) -> datetime | None:
    """When the hours begin that the terms name, before the opinions are wanted; None once that is past, on holidays, and
    when the party was first asked later than that.
    """
    until, terms = opinions_until(application), Terms.stored(party.round.terms)
    if until is None or not terms.remind_hours or clock.now() >= until:
        return None
    begin = until - timedelta(hours=terms.remind_hours)
    late = asked_since(application, party, asked(party.round), party.round) >= begin
    return None if late or not calendar(settings.WORKDAYS).is_working(reminders.local_day(begin)) else begin


def _remind_by_itself(parties: list[Party], *, by: Actor) -> bool:
    try:
        reminders.remind(parties, by=by)
    except Refused:
        return False  # somebody agreed, or was written to, a moment ago
    return True
