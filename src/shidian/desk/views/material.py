"""The papers and files of an application, each only for who may see the application, and only of versions that arrived."""

from __future__ import annotations

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from shidian.applications import papers
from shidian.desk.access import Seen, officers_only, person, seen_application
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.signoffs.models import Signature
from shidian.ui.files import stored


def versions_seen(seen: Seen) -> dict[str, DocumentVersion]:
    """The versions that arrived where the reader looks, by label: an office never sees what was not handed to it."""
    arrivals = seen.application.lodgements.filter(pk__lte=seen.lodgement.pk).select_related(
        "version__document"
    )
    if seen.office is not None and seen.judges:
        arrivals = arrivals.filter(office=seen.office)
    found = {arrival.version.label: arrival.version for arrival in arrivals}
    found[seen.lodgement.version.label] = seen.lodgement.version
    return found


@require_safe
@officers_only
def form(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The official form of the version that is being looked at, or of an earlier one that arrived (?version=v1)."""
    seen = seen_application(person(request), reference)
    versions = versions_seen(seen)
    version = versions.get(request.GET.get("version", seen.lodgement.version.label))
    if version is None:
        raise Http404
    return stored(papers.form(version))


@require_safe
@officers_only
def scan(request: HttpRequest, reference: str, pk: int) -> HttpResponseBase:
    """What one opinion rests on: the scan of its sealed page, the certified PDF, or its statement."""
    seen = seen_application(person(request), reference)
    signature = (
        Signature.objects.filter(
            Q(party__round__version__in=versions_seen(seen).values())
            | Q(carries__party__round__version__in=versions_seen(seen).values()),
            pk=pk,
        )
        .select_related("scan", "certified", "mandate__file", "party__round__version__document")
        .first()
    )
    file = papers.evidence(signature) if signature is not None else None
    if signature is None or file is None:
        raise Http404
    suffix = file.name.rpartition(".")[2]
    return stored(file, name=f"{reference}-{signature.party.label}-{signature.party.name}.{suffix}")


@require_safe
@officers_only
def attachment(request: HttpRequest, reference: str, version: str, number: int) -> HttpResponseBase:
    """One attachment by its place in a version that arrived."""
    seen = seen_application(person(request), reference)
    found = versions_seen(seen).get(version)
    rows = found.data["attachments"] if found else []
    if not 0 < number <= len(rows):
        raise Http404
    row = rows[number - 1]
    file = (
        StoredFile.objects.filter(sha256=row["sha256"], media_type=row["media_type"]).order_by("pk").first()
    )
    if file is None:
        raise Http404
    return stored(file, name=row["name"])
