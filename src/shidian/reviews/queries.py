"""What lies at an office, and how it adds up."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from shidian.applications.models import Application, Lodgement
from shidian.calls.models import Call
from shidian.organisations.models import Office
from shidian.reviews.models import Decision


def arrived_at(call: Call, office: Office) -> QuerySet[Application]:
    """Every application of a call that ever arrived at an office, with the time of its latest arrival there."""
    latest = Lodgement.objects.filter(application=OuterRef("pk"), office=office).order_by("-pk")
    return (
        Application.objects.filter(
            call=call, pk__in=Lodgement.objects.filter(office=office).values("application")
        )
        .select_related("lead", "office", "version", "call")
        .defer("version__content")
        .annotate(arrived_at=Subquery(latest.values("at")[:1]), arrival=Subquery(latest.values("number")[:1]))
        .order_by("arrived_at")
    )


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

    @property
    def adds_up(self) -> bool:
        """Whether the parts make the whole."""
        parts = (self.to_review, self.returned, self.declined, self.recommended, self.sent, self.withdrawn)
        return sum(parts) == self.received


def counts(call: Call, office: Office) -> Counts:
    """Count what an office received by where it is now, as this office sees it.

    What was returned and is being corrected counts as returned until it comes back; what went on to a later office
    (or was nominated) counts as sent, whatever became of it there.
    """
    rows = arrived_at(call, office).values_list("pk", "state", "office", "stage")
    found = {"to_review": 0, "returned": 0, "declined": 0, "recommended": 0, "sent": 0, "withdrawn": 0}
    for _, state, holder, _ in rows:
        if holder != office.pk or state == "nominated":
            found["sent"] += 1
        elif state == "lodged":
            found["to_review"] += 1
        elif state in ("returned", "draft", "signing"):
            found["returned"] += 1
        else:
            found[state] += 1
    return Counts(received=len(rows), **found)


def decisions(application: Application) -> QuerySet[Decision]:
    """All decisions on an application, the newest first, with their reasons."""
    return (
        Decision.objects.filter(lodgement__application=application)
        .select_related("by", "lodgement__office")
        .prefetch_related("reasons")
        .order_by("-pk")
    )
