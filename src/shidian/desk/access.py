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
from shidian.dispatch.holdings import keeper_offices
from shidian.dispatch.models import CandidateList
from shidian.dispatch.publishing.models import Objection, Publicity, ResultLetter
from shidian.dispatch.queries import calls_of, is_last_stage, lists_visible_to, works_as_registry
from shidian.organisations.models import Office, Officer
from shidian.organisations.rules import holds_office
from shidian.reviews.experts.queries import expert_of, readable
from shidian.reviews.experts.rules import pools_of
from shidian.reviews.models import Assignment, AssignmentPlan, Expert, Panel, Ruling
from shidian.reviews.rules import can_keep_watchlists

DECIDING = (Officer.Role.HANDLER, Officer.Role.APPROVER)
"""Who works on decisions, publicities, objections and results at the last stage."""

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


def pool_keepers_only(view: View[P]) -> View[P]:
    """For those who keep a pool of experts; 404 for everybody else who is signed in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not pools_of(person(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return cast(View[P], login_required(guarded))


def experts_only(view: View[P]) -> View[P]:
    """For experts in a pool; 404 for everybody else who is signed in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if expert_of(person(request)) is None:
            raise Http404
        return view(request, *args, **kwargs)

    return cast(View[P], login_required(guarded))


def pool_of(user: User, office_key: str) -> Office:
    """The office of an address, when the person keeps its experts."""
    found = next((office for office in pools_of(user) if office.key == office_key), None)
    if found is None:
        raise Http404
    return found


def kept_panel(user: User, pk: int) -> Panel:
    """A panel of an office whose experts the person keeps."""
    found = Panel.objects.select_related("call", "office").filter(pk=pk, office__in=pools_of(user)).first()
    if found is None:
        raise Http404
    return found


def kept_plan(user: User, pk: int) -> AssignmentPlan:
    """A plan of such a panel."""
    plans = AssignmentPlan.objects.select_related("panel__call", "panel__office", "by")
    found = plans.filter(pk=pk, panel__office__in=pools_of(user)).first()
    if found is None:
        raise Http404
    return found


def kept_expert(user: User, office_key: str, pk: int) -> Expert:
    """An expert of such an office."""
    office = pool_of(user, office_key)
    found = Expert.objects.select_related("user", "office").filter(pk=pk, office=office).first()
    if found is None:
        raise Http404
    return found


def own_reading(user: User, pk: int) -> Assignment:
    """What an expert may read now; one with a conflict is not there for it."""
    found = readable(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


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


def keeper_of(user: User, call_key: str) -> tuple[Call, Office]:
    """The call and the office from which a person follows its paper copies: its registry, or its last stage."""
    for call, office in keeper_offices(user):
        if call.key == call_key:
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


def last_office(user: User, call_key: str) -> tuple[Call, Office]:
    """The call and the office of its last stage, when the person is a handler or an approver of it."""
    for call, office in calls_of(user):
        if call.key == call_key and is_last_stage(call, office) and holds_office(user, office, *DECIDING):
            return call, office
    raise Http404


def deciding_office(user: User, call_key: str) -> tuple[Call, Office]:
    """The same, for reading: an auditor sees the work of the last stage, too."""
    if not user.is_auditor:
        return last_office(user, call_key)
    call = Call.objects.public().filter(key=call_key).first()
    offices = offices_at(call, call.definition.stages[-1].key) if call else []
    if call is None or not offices:
        raise Http404
    return call, offices[0]


def seen_publicity(user: User, reference: str) -> Publicity:
    """A publicity of an office for which the person decides; all for auditors."""
    rows = Publicity.objects.select_related(
        "call", "office", "version", "replaces", "corrected_by", "prepared_by", "published_by"
    )
    found = rows.filter(reference=reference).first()
    if found is None or not (user.is_auditor or holds_office(user, found.office, *DECIDING)):
        raise Http404
    return found


def own_publicity(user: User, reference: str) -> Publicity:
    """The same for those who work on it."""
    found = seen_publicity(user, reference)
    if not holds_office(user, found.office, *DECIDING):
        raise Http404
    return found


def seen_objection(user: User, number: str) -> Objection:
    """An objection that the person's office handles; all for auditors. A unit never sees one."""
    rows = Objection.objects.select_related(
        "publicity__call", "publicity__office", "item__application__lead", "objector", "claimed_by", "confirmed_by",
        "answer__by", "answer__letter", "decision__by", "filed_with",
    )  # fmt: skip
    found = rows.filter(number=number).first()
    if found is None or not (user.is_auditor or holds_office(user, found.publicity.office, *DECIDING)):
        raise Http404
    return found


def own_objection(user: User, number: str) -> Objection:
    """The same for those who work on it."""
    found = seen_objection(user, number)
    if not holds_office(user, found.publicity.office, *DECIDING):
        raise Http404
    return found


def seen_ruling(user: User, reference: str) -> Ruling:
    """Decisions put forward at an office for which the person decides; all for auditors."""
    rows = Ruling.objects.select_related("call", "office", "version", "proposed_by", "closed_by")
    found = rows.filter(reference=reference).first()
    if found is None or not (user.is_auditor or holds_office(user, found.office, *DECIDING)):
        raise Http404
    return found


def own_ruling(user: User, reference: str) -> Ruling:
    """The same for those who work on it."""
    found = seen_ruling(user, reference)
    if not holds_office(user, found.office, *DECIDING):
        raise Http404
    return found


def seen_letter(user: User, pk: int) -> ResultLetter:
    """A letter of the destination at an office for which the person decides; all for auditors."""
    found = ResultLetter.objects.select_related("call", "office", "file", "by").filter(pk=pk).first()
    if found is None or not (user.is_auditor or holds_office(user, found.office, *DECIDING)):
        raise Http404
    return found


def own_letter(user: User, pk: int) -> ResultLetter:
    """The same for those who work on it."""
    found = seen_letter(user, pk)
    if not holds_office(user, found.office, *DECIDING):
        raise Http404
    return found
