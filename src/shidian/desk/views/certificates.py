"""Signing with a certificate where the opinion is due at this stage, and looking at signatures; see `ui.certificates`."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.applications import certifying
from shidian.applications.models import Application, Attestation
from shidian.applications.queries import round_of
from shidian.desk.access import held_application, officers_only, person, seen_application
from shidian.desk.views.material import versions_seen
from shidian.signoffs.models import Party, Round
from shidian.signoffs.queries import last_certified
from shidian.ui import certificates, files


def _party(application: Application, pk: int) -> Party:
    round_ = round_of(application)
    rows = Party.objects.select_related("round__version__document")
    found = rows.filter(pk=pk, round=round_).first() if round_ else None
    if found is None:
        raise Http404
    return found


def _frame(application: Application, **more: object) -> certificates.Frame:
    here = reverse("desk:application", args=(application.reference,))
    crumbs = [(reverse("desk:home"), _("工作台")), (here, application.reference)]
    return certificates.Frame("desk/base.html", crumbs, f"{here}#h-parties", **more)  # type: ignore[arg-type]


@require_http_methods(["GET", "HEAD", "POST"])
@officers_only
@never_cache
@certificates.keys_in_memory
def sign(request: HttpRequest, reference: str, party: int, how: str) -> HttpResponse:
    """One way to sign for a party whose opinion is due behind this stage."""
    user = person(request)
    application = held_application(user, reference).application
    found = _party(application, party)
    ways = {key: reverse("desk:certificate", args=(reference, found.pk, key)) for key in certificates.WAYS}
    frame = _frame(
        application,
        paper=reverse("desk:certificate-paper", args=(reference, found.pk)),
        progress=reverse("desk:seal-progress", args=(reference, found.pk)),
        ways=ways,
    )
    return certificates.signing_page(request, application, found, how, by=user, frame=frame)


@require_safe
@officers_only
def paper(request: HttpRequest, reference: str, party: int) -> HttpResponseBase:
    """The file that is signed next."""
    application = held_application(person(request), reference).application
    return files.stored(certifying.sheet(_party(application, party)).base, download="download" in request.GET)


@require_safe
@officers_only
@never_cache
def seal_progress(request: HttpRequest, reference: str, party: int) -> JsonResponse:
    """How a seal that was asked for stands."""
    application = held_application(person(request), reference).application
    return certificates.seal_progress(request, _party(application, party))


def _round(request: HttpRequest, reference: str) -> tuple[Application, Round | None]:
    seen = seen_application(person(request), reference)
    versions = versions_seen(seen)
    version = versions.get(request.GET.get("version", seen.lodgement.version.label))
    if version is None:
        raise Http404
    round_ = Round.objects.filter(version=version).select_related("version__document").first()
    return seen.application, round_


@require_safe
@officers_only
@never_cache
def review(request: HttpRequest, reference: str) -> HttpResponse:
    """The signatures of the version that is being looked at, or of an earlier one that arrived (?version=v1)."""
    application, round_ = _round(request, reference)
    label = f"?version={round_.version.label}" if round_ else ""
    download = reverse("desk:certified", args=(reference,)) + label
    frame = _frame(
        application, attestation=lambda pk: reverse("desk:attestation-file", args=(reference, pk)) + label
    )
    return certificates.review_page(request, application, round_, frame=frame, download=download)


@require_safe
@officers_only
def attestation_file(request: HttpRequest, reference: str, pk: int) -> HttpResponseBase:
    """The file of an SM2 signature."""
    _application, round_ = _round(request, reference)
    given = get_object_or_404(Attestation.objects.select_related("file"), pk=pk, party__round=round_)
    return files.stored(given.file, download=True)


@require_safe
@officers_only
def certified(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The newest file with signatures in it."""
    _application, round_ = _round(request, reference)
    newest = last_certified(round_) if round_ else None
    if newest is None or newest.certified is None:
        raise Http404
    return files.stored(newest.certified, download=True)
