"""What lies at an office, and how it adds up."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from shidian.applications.models import Application, Lodgement
from shidian.applications.states import LEFT
from shidian.calls.models import Call
from shidian.calls.queries import stage_of
from shidian.organisations.models import Office
from shidian.reviews.models import Claim, Decision


def arrived_at(
    call: Call, office: Office, rows: QuerySet[Application] | None = None
) -> QuerySet[Application]:
    """Every application of a call that ever arrived at an office, with the time of its latest arrival there.

    `rows` are some that are known to have arrived: of them alone, without asking again.
    """
    latest = Lodgement.objects.filter(application=OuterRef("pk"), office=office).order_by("-pk")
    if rows is None:
        rows = Application.objects.filter(
            call=call, pk__in=Lodgement.objects.filter(office=office).values("application")
        )
    return (
        rows.select_related("lead", "office", "version", "call")
        .defer("version__content")
        .annotate(arrived_at=Subquery(latest.values("at")[:1]), arrival=Subquery(latest.values("number")[:1]))
        .order_by("arrived_at")
    )


def stages_before(call: Call, office: Office) -> set[str]:
    """The keys of the stages that come before the one at which an office works."""
    here = stage_of(call, office)
    keys = [found.key for found in call.definition.stages]
    return set(keys[: keys.index(here.key)]) if here else set()


@dataclass(frozen=True, slots=True)
class Counts:
    """How what an office received is divided; the parts add up to `received`."""

    received: int
    to_review: int
    returned: int
    declined: int
    recommended: int
    sent: int
    withdrawn: int
    merged: int = 0
    called_back: int = 0

    @property
    def elsewhere(self) -> int:
        """What went another way: merged into a joint recommendation, or called back by the office that had sent it."""
        return self.merged + self.called_back

    @property
    def adds_up(self) -> bool:
        """Whether the parts make the whole."""
        parts = (self.to_review, self.returned, self.declined, self.recommended, self.sent, self.withdrawn)
        return sum(parts) + self.elsewhere == self.received


def counts(call: Call, office: Office) -> Counts:
    """Count what an office received by where it is now, as this office sees it.

    What was returned and is being corrected counts as returned until it comes back; what went on to a later office
    (or was nominated) counts as sent, whatever became of it there; what the office before took back as called back.
    """
    here = list(
        Application.objects.filter(call=call, office=office)
        .order_by()
        .values_list("state")
        .annotate(count=Count("pk"))
    )
    before = stages_before(call, office)
    went_on = called_back = 0
    for stage, count in _elsewhere(call, office):
        if stage in before:
            called_back += count
        else:
            went_on += count
    found = dict.fromkeys(("to_review", "returned", "declined", "recommended", "withdrawn", "merged"), 0)
    for state, count in here:
        if state == "lodged":
            found["to_review"] += count
        elif state in ("returned", "draft", "signing"):
            found["returned"] += count
        elif state not in LEFT:
            found[state] += count
    # What lies here arrived here.
    left = sum(count for state, count in here if state in LEFT)
    received = sum(found.values()) + left + went_on + called_back
    return Counts(received=received, sent=left + went_on, called_back=called_back, **found)


def _elsewhere(call: Call, office: Office) -> list[tuple[str, int]]:
    """How many that arrived at an office lie elsewhere now, by stage.

    Asked of the fewer: of all that lies elsewhere whether it arrived here, or of all that arrived here where it lies.
    """
    away = Application.objects.filter(Q(office__lt=office.pk) | Q(office__gt=office.pk), call=call).order_by()
    arrivals = Lodgement.objects.filter(office=office)
    if away.count() > arrivals.count():
        rows = away.filter(pk__in=arrivals.values("application"))
    else:
        rows = away.filter(Exists(arrivals.filter(application=OuterRef("pk"))))
    return list(rows.values_list("stage").annotate(count=Count("pk")))


def decisions(application: Application) -> QuerySet[Decision]:
    """All decisions on an application, the newest first, with their reasons."""
    return (
        Decision.objects.filter(lodgement__application=application)
        .select_related("by", "confirmed_by", "lodgement__office")
        .prefetch_related("reasons")
        .order_by("-pk")
    )


def claim_on(application: Application) -> Claim | None:
    """Who works on the application where it lies now; nobody when it was not claimed."""
    rows = Claim.objects.filter(
        lodgement__application=application, lodgement__office=application.office_id, ended_at__isnull=True
    )
    return rows.select_related("user", "lodgement").order_by("-pk").first()
