"""Which bodies were named in what was handed in: kept by code and comparable name, to find who applied together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from shidian.applications.models import Application, Lodgement
from shidian.audit.models import Event
from shidian.organisations.queries import Unit
from shidian.reviews.experts.conflicts import fixed_roles
from shidian.reviews.experts.models import Body
from shidian.signoffs.models import Party


def hear(sender: object, event: Event, **_more: Any) -> None:
    """After an application was handed in: note its bodies."""
    if event.name == "application.lodged":
        reference = event.chain.removeprefix("application:")
        keep(Lodgement.objects.filter(application__reference=reference))


def keep(lodgements: Iterable[Lodgement]) -> int:
    """Note the bodies of the versions that were handed in and are not noted yet; how many versions those were."""
    known = set(
        Body.objects.values_list("version", flat=True).filter(
            version__in=[row.version_id for row in lodgements]
        )
    )
    noted: set[int] = set(known)
    for row in lodgements:
        if row.version_id in noted:
            continue
        noted.add(row.version_id)
        _keep(row)
    return len(noted) - len(known)


@transaction.atomic
def _keep(lodgement: Lodgement) -> None:
    application = Application.objects.select_related("lead", "call").get(pk=lodgement.application_id)
    lead = application.lead
    # Whom the call names for everybody makes nobody acquainted.
    parties = (
        Party.objects.filter(round__version=lodgement.version_id)
        .exclude(role__in=fixed_roles(application.call))
        .values_list("label", "name", "code")
    )
    Body.objects.bulk_create(
        Body(
            application=application,
            version_id=lodgement.version_id,
            label=label,
            name=name,
            code=Unit(code, name).body,
            key=Unit(code, name).key,
            at=lodgement.at,
        )
        for label, name, code in dict.fromkeys([("", lead.name, lead.code), *parties])
    )


def fill() -> int:
    """Note what is missing: handed in before there were experts, or while the server was killed. Asked for each panel."""
    noted = Body.objects.filter(version=OuterRef("version"))
    return keep(list(Lodgement.objects.filter(~Exists(noted))))
