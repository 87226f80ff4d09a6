"""Keeps the entries and the index of words as the applications are (decision 24).

What happens to an application is indexed by a job after the event is committed, typing by the job of every minute:
neither a verb nor a save waits for it, and a full index can never make one fail. Every job reads how things stand and
makes it so, whatever was done before; run twice, or after a crash, it comes to the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django_q.tasks import async_task

from shidian.applications.models import Answer, Application, Attachment, Lodgement
from shidian.audit.models import Event
from shidian.calls.queries import offices_at
from shidian.core import clock
from shidian.organisations.models import Office
from shidian.search import engine
from shidian.search.content import Content, of_lodgement, of_work, remarks_on
from shidian.search.models import Entry

_PREFIX = "application:"
_UNIT = "organisation:"
_LONGEST = 40
"""Seconds that the job of every minute takes at most for what has never been indexed."""


def hear(sender: object, event: Event, **_more: Any) -> None:
    """After anything happened to an application or a unit: index it in the background."""
    if event.chain.startswith(_PREFIX):
        async_task("shidian.search.indexing.index", event.chain.removeprefix(_PREFIX))
    if event.chain.startswith(_UNIT):
        async_task("shidian.search.indexing.index_unit", event.chain.removeprefix(_UNIT))


def follow(sender: object, pk: int, fields: Mapping[str, Any], **_more: Any) -> None:
    """Copy where an application stands, in the transaction that moves it: what is counted is never behind."""
    named = {"state": "state", "stage": "stage", "office": "here"}
    copied = {copy: fields[name] for name, copy in named.items() if name in fields}
    Entry.objects.filter(application=pk).update(**copied)


def index_unit(key: str) -> int:
    """Make the entries of a unit's applications as its name and district are now; how many applications."""
    rows = Application.objects.filter(lead=int(key)).select_related("call", "lead").order_by("pk")
    return sum(bool(_index(application)) for application in rows)


def index(reference: str) -> int:
    """Make the entries of one application as it stands now; how many it has. Nothing for one that does not exist."""
    application = Application.objects.filter(reference=reference).select_related("call", "lead").first()
    return _index(application) if application is not None else 0


@transaction.atomic
def _index(application: Application) -> int:
    # One at a time for an application: a job that read earlier must not write later.
    locked = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    application.state, application.stage, application.office_id = locked.state, locked.stage, locked.office_id
    now = clock.now()
    kept = {entry.office_id: entry for entry in Entry.objects.filter(application=application)}
    wanted = _wanted(application)
    for office, (lodgement, content, is_latest) in wanted.items():
        entry = kept.pop(office, None)
        fields = {
            **asdict(content),
            "lodgement": lodgement,
            "is_latest": is_latest,
            "call": application.call,
            "reference": application.reference,
            "unit": application.lead.name,
            "region": application.lead.region,
            "state": application.state,
            "stage": application.stage,
            "here_id": application.office_id,
            "arrived_at": lodgement.at if lodgement else application.started_at,
            "indexed_at": now,
        }
        if entry is None:
            entry = Entry.objects.create(application=application, office_id=office, **fields)
            engine.put([row_of(entry, application.lead_id)])
            continue
        before = entry.texts
        old = row_of(entry, application.lead_id)
        for name, value in fields.items():
            setattr(entry, name, value)
        entry.save()
        if entry.texts != before:
            engine.take_out([old])
            engine.put([row_of(entry, application.lead_id)])
    for entry in kept.values():
        engine.take_out([row_of(entry, application.lead_id)])
        entry.delete()
    return len(wanted)


def row_of(entry: Entry, lead: int) -> engine.Row:
    """An entry as a row of the index: found by whom, and its texts."""
    who = (f"o{entry.office_id}", "any") if entry.office_id else (f"u{lead}", f"a{entry.application_id}")
    return engine.Row(entry.pk, who, entry.texts)


def _wanted(application: Application) -> dict[int | None, tuple[Lodgement | None, Content, bool]]:
    arrivals = list(application.lodgements.select_related("version", "office").order_by("pk"))
    for arrival in arrivals:
        arrival.application = application
    remarks = remarks_on(application)
    found: dict[int | None, tuple[Lodgement | None, Content, bool]] = {
        None: (None, of_work(application, arrivals, remarks), False)
    }
    last = {arrival.office_id: arrival for arrival in arrivals}
    latest = arrivals[-1].pk if arrivals else 0
    for office, arrival in last.items():
        found[office] = (arrival, of_lodgement(arrivals, arrival, remarks), arrival.pk == latest)
    registry, sent = _registered(application, arrivals)
    if registry is not None and sent is not None and registry.pk not in found:
        found[registry.pk] = (sent, of_lodgement(arrivals, sent, ()), False)
    return found


def _registered(
    application: Application, arrivals: list[Lodgement]
) -> tuple[Office | None, Lodgement | None]:
    """The office that registers papers, and the arrival by which it knows of the application."""
    delivery = application.call.definition.delivery
    senders = {office.pk for office in offices_at(application.call, delivery.after_stage)}
    sent = next((arrival for arrival in reversed(arrivals) if arrival.sent_by_id in senders), None)
    if sent is None:
        return None, None
    return Office.objects.filter(key=delivery.office).first(), sent


# By itself


def tend() -> int:
    """Every minute: index what was typed since, and what a job that was killed left out; how many.

    After an update that brought the index in, it fills it so, minute by minute.
    """
    done, begin = 0, time.monotonic()
    for application in _behind():
        done += bool(_index(application))
    for application in (
        _without_entry().select_related("call", "lead").order_by("pk").iterator(chunk_size=100)
    ):
        if time.monotonic() - begin > _LONGEST:
            break
        done += bool(_index(application))
    return done


def _behind() -> Iterator[Application]:
    # Of a day only: what is older was indexed, or is brought in by `rebuild`.
    since = clock.now() - timedelta(days=1)
    recent = set(
        Answer.objects.filter(saved_at__gte=since)
        .annotate(seen=_seen("application"))
        .filter(Q(seen__isnull=True) | Q(saved_at__gte=F("seen")))
        .values_list("application", flat=True)
    )
    recent |= set(
        Attachment.objects.filter(added_at__gte=since)
        .annotate(seen=_seen("application"))
        .filter(Q(seen__isnull=True) | Q(added_at__gte=F("seen")))
        .values_list("application", flat=True)
    )
    happened: dict[str, Any] = dict(
        Event.objects.filter(at__gte=since, chain__startswith=_PREFIX)
        .order_by()
        .values("chain")
        .annotate(last=Max("at"))
        .values_list("chain", "last")
    )
    rows = Application.objects.select_related("call", "lead")
    seen = dict(
        Entry.objects.filter(
            office=None, application__reference__in=[name.removeprefix(_PREFIX) for name in happened]
        ).values_list("application__reference", "indexed_at")
    )
    late = [
        reference
        for reference, last in ((name.removeprefix(_PREFIX), last) for name, last in happened.items())
        if reference not in seen or seen[reference] < last
    ]
    yield from rows.filter(Q(pk__in=recent) | Q(reference__in=late)).iterator(chunk_size=100)


def _seen(path: str) -> Any:
    return Subquery(Entry.objects.filter(application=OuterRef(path), office=None).values("indexed_at")[:1])


def rebuild(*, chunk: int = 200) -> Iterator[int]:
    """Make everything anew, in the order in which it came; yields how many applications are done.

    Searching goes on meanwhile, and finds what is done so far; the newest come last.
    """
    done = 0
    with transaction.atomic():
        engine.clear()
        Entry.objects.all().delete()
    references = list(Application.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(references), chunk):
        with transaction.atomic():
            for application in (
                Application.objects.filter(pk__in=references[start : start + chunk])
                .select_related("call", "lead")
                .order_by("pk")
            ):
                _index(application)
                done += 1
        yield done
    engine.tidy()


def missing() -> int:
    """How many applications have no entry at all; none when everything is well."""
    return _without_entry().count()


def _without_entry() -> QuerySet[Application]:
    return Application.objects.filter(~Exists(Entry.objects.filter(application=OuterRef("pk"))))
