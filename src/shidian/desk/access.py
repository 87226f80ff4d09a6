"""Who may open what at the desk. Whoever has no part in a thing gets 404, never a word about whether it exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase

from shidian.accounts.models import User
from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import visible_to
from shidian.calls.models import Call
from shidian.calls.queries import offices_at
from shidian.dispatch.models import CandidateList
from shidian.dispatch.queries import calls_of, lists_visible_to, works_as_registry
from shidian.organisations.models import Office, Officer
from shidian.reviews.rules import can_keep_watchlists

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def person(request: HttpRequest) -> User:
    """Who is signed in; only for views behind one of the decorators here."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    return user


def officers_only(view: View[P]) -> View[P]:
    """For people who act for an office, and auditors; 404 for everybody else who is signed in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = person(request)
        if not (user.is_auditor or Officer.objects.filter(user=user).exists()):
            raise Http404
        return view(request, *args, **kwargs)

    return cast(View[P], login_required(guarded))


def administrators_only(view: View[P]) -> View[P]:
    """For system administrators; 404 for everybody else who is signed in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not person(request).is_administrator:
            raise Http404
        return view(request, *args, **kwargs)

    return cast(View[P], login_required(guarded))


def auditors_only(view: View[P]) -> View[P]:
    """For auditors; 404 for everybody else who is signed in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not person(request).is_auditor:
            raise Http404
        return view(request, *args, **kwargs)

    return cast(View[P], login_required(guarded))


def watchlist_keepers_only(view: View[P]) -> View[P]:
    """For those who load and withdraw lists of units; 404 for everybody else who is signed in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not can_keep_watchlists(person(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return cast(View[P], login_required(guarded))


def workplace(user: User, call_key: str, office_key: str) -> tuple[Call, Office]:
    """The call and the office of an address, when the person acts for that office in that call."""
    for call, office in calls_of(user):
        if call.key == call_key and office.key == office_key:
            return call, office
    raise Http404


def registry_of(user: User, call_key: str) -> tuple[Call, Office]:
    """The call and its registry, when the person acts for it."""
    for call, office in calls_of(user):
        if call.key == call_key and works_as_registry(call, office):
            return call, office
    raise Http404


@dataclass(frozen=True, slots=True)
class Seen:
    """An application as one person sees it: by the latest arrival at an office of theirs, or where it was sent."""

    application: Application
    lodgement: Lodgement
    office: Office | None  # the person's own; None for an auditor
    judges: bool  # whether the completeness check of this arrival is shown


def seen_application(user: User, reference: str) -> Seen:
    """Find an application through what a person may see as an officer or auditor; a lead's own does not count here."""
    application = visible_to(user).filter(reference=reference).first()
    if application is None:
        raise Http404
    arrivals = list(application.lodgements.select_related("office", "version", "sent_by").order_by("-pk"))
    for arrival in arrivals:
        arrival.application = application
    if user.is_auditor and arrivals:
        return Seen(application, arrivals[0], None, judges=True)
    offices = {
        row.office_id: row.office for row in Officer.objects.filter(user=user).select_related("office")
    }
    # Where it lies now comes first: one person may act for the offices of two stages.
    here = [arrival for arrival in arrivals if arrival.office_id in offices]
    here.sort(key=lambda arrival: arrival.office_id == application.office_id, reverse=True)
    if here:
        return Seen(application, here[0], offices[here[0].office_id], judges=True)
    delivery = application.call.definition.delivery
    registry = next((office for office in offices.values() if office.key == delivery.office), None)
    if registry is not None:
        senders = {office.pk for office in offices_at(application.call, delivery.after_stage)}
        sent = next((arrival for arrival in arrivals if arrival.sent_by_id in senders), None)
        if sent is not None:
            return Seen(application, sent, registry, judges=False)
    raise Http404


def held_application(user: User, reference: str) -> Seen:
    """An application of which the person's office has charge: for pages on which it is decided."""
    seen = seen_application(user, reference)
    if seen.office is None or not seen.judges:
        raise Http404
    return seen


def seen_list(user: User, reference: str) -> CandidateList:
    """A candidate list that a person may see."""
    listed = lists_visible_to(user).filter(reference=reference).first()
    if listed is None:
        raise Http404
    return listed


def own_list(user: User, reference: str) -> CandidateList:
    """A candidate list of an office for which the person acts."""
    listed = seen_list(user, reference)
    if not Officer.objects.filter(user=user, office=listed.office_id).exists():
        raise Http404
    return listed
