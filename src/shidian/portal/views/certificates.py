"""Signing with a certificate and looking at such signatures; the pages themselves are `ui.certificates`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.applications import certifying, rules
from shidian.applications.models import Application, Attestation
from shidian.applications.signing import application_of
from shidian.core.verdict import Verdict
from shidian.portal import overview
from shidian.portal.access import own_application, person, seen_application, seen_version
from shidian.signoffs.models import Party
from shidian.signoffs.queries import last_certified
from shidian.ui import certificates, files

from . import signing

_OWN_MEANS = (certificates.FILE, certificates.DESK)
"""A token is plugged into the server, and the platform asks for somebody whose account keeps the request."""


def _party(application: Application, pk: int) -> Party:
    return get_object_or_404(
        Party.objects.select_related("round__version__document"),
        pk=pk,
        round__version__document=application.document_id,
    )


def _crumbs(application: Application) -> list[tuple[str, str]]:
    return [
        (reverse("portal:applications"), _("我的申请")),
        (overview.url("application", application), application.reference),
    ]


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@certificates.keys_in_memory
def sign(request: HttpRequest, reference: str, party: int, how: str) -> HttpResponse:
    """One way to sign for a party."""
    application = own_application(request, reference)
    found = _party(application, party)
    frame = certificates.Frame(
        template="portal/base.html",
        crumbs=_crumbs(application),
        back=f"{overview.url('application', application)}#board",
        paper=overview.url("certificate-paper", application, party=found.pk),
        progress=overview.url("seal-progress", application, party=found.pk),
        sm2=overview.url("attestation", application, party=found.pk, how="upload"),
        ways={
            key: overview.url("certificate", application, party=found.pk, how=key)
            for key in certificates.WAYS
        },
    )
    return certificates.signing_page(request, application, found, how, by=person(request), frame=frame)


def _may_by_link(_by: Any, application: Application, party: Party) -> Verdict:
    return rules.can_sign_on_screen(application, party)


def _may_by_account(by: Any, application: Application, party: Party) -> Verdict:
    owns = rules.can_sign_for(by, rules.unit_of(application, party))
    return owns and rules.can_sign_on_screen(application, party)


@signing.private
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@certificates.keys_in_memory
def sign_by_link(request: HttpRequest, key: str, how: str) -> HttpResponse:
    """One way to sign with a certificate for who came by a link and gave the code; it uses the link up."""
    holder = signing.holder_of(request, key)
    here = reverse("portal:sign", kwargs={"key": key})
    frame = certificates.Frame(
        template="portal/base.html",
        crumbs=[(here, _("会签意见"))],
        back=here,
        paper=reverse("portal:sign-paper", kwargs={"key": key}),
        ways={way: reverse("portal:sign-certificate", kwargs={"key": key, "how": way}) for way in _OWN_MEANS},
    )
    application = application_of(holder.link.party)
    return certificates.signing_page(
        request, application, holder.link.party, how, by=holder, frame=frame, may=_may_by_link
    )


@signing.private
@require_safe
def link_paper(request: HttpRequest, key: str) -> HttpResponseBase:
    """The file that is signed next, to who came by a link and gave the code."""
    base = certifying.sheet(signing.holder_of(request, key).link.party).base
    return files.stored(base, download="download" in request.GET)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@certificates.keys_in_memory
def sign_by_account(request: HttpRequest, party: int, how: str) -> HttpResponse:
    """One way to sign with a certificate for the head of the party's own unit."""
    found = signing.own_party(request, party)
    here = reverse("portal:sign-off", kwargs={"party": party})
    frame = certificates.Frame(
        template="portal/base.html",
        crumbs=[(reverse("portal:sign-offs"), _("会签")), (here, found.label)],
        back=here,
        paper=reverse("portal:sign-off-paper", kwargs={"party": party}),
        ways={
            way: reverse("portal:sign-off-certificate", kwargs={"party": party, "how": way})
            for way in _OWN_MEANS
        },
    )
    return certificates.signing_page(
        request, application_of(found), found, how, by=person(request), frame=frame, may=_may_by_account
    )


@login_required
@require_safe
def account_paper(request: HttpRequest, party: int) -> HttpResponseBase:
    """The file that is signed next, to the head of the party's own unit."""
    base = certifying.sheet(signing.own_party(request, party)).base
    return files.stored(base, download="download" in request.GET)


@login_required
@require_safe
def paper(request: HttpRequest, reference: str, party: int) -> HttpResponseBase:
    """The file that is signed next: the frozen form, or the newest one with signatures."""
    application = own_application(request, reference)
    base = certifying.sheet(_party(application, party)).base
    return files.stored(base, download="download" in request.GET)


@login_required
@never_cache
@require_safe
def seal_progress(request: HttpRequest, reference: str, party: int) -> JsonResponse:
    """How a seal that was asked for stands."""
    application = own_application(request, reference)
    return certificates.seal_progress(request, _party(application, party))


@login_required
@never_cache
@require_safe
def review(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """The signatures of a version, checked now."""
    application = seen_application(request, reference)
    version = seen_version(person(request), application, number)
    here = overview.url("version", application, number=number)
    return certificates.review_page(
        request,
        application,
        overview.round_on(version),
        frame=certificates.Frame(
            template="portal/base.html",
            crumbs=[*_crumbs(application), (here, version.label)],
            back=here,
            attestation=lambda pk: overview.url("attestation-file", application, number=number, pk=pk),
        ),
        download=overview.url("certified", application, number=number),
    )


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@certificates.keys_in_memory
def attest(request: HttpRequest, reference: str, party: int, how: str) -> HttpResponse:
    """A party's SM2 signature over the content of the version."""
    application = own_application(request, reference)
    found = _party(application, party)
    number = found.round.version.number
    frame = certificates.Frame(
        template="portal/base.html",
        crumbs=_crumbs(application),
        back=overview.url("certificates", application, number=number),
        paper=overview.url("version-content", application, number=number),
        ways={
            key: overview.url("attestation", application, party=found.pk, how=key)
            for key in certificates.SM2_WAYS
        },
    )
    return certificates.attestation_page(request, application, found, how, by=person(request), frame=frame)


@login_required
@require_safe
def content(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """The canonical JSON of a version, to the byte as its digest covers it."""
    application = seen_application(request, reference)
    version = seen_version(person(request), application, number)
    name = f"{application.reference}-{version.label}.json"
    return files.made(version.content.encode(), name=name, media_type="application/json", download=True)


@login_required
@require_safe
def attestation_file(request: HttpRequest, reference: str, number: int, pk: int) -> HttpResponseBase:
    """The file of an SM2 signature."""
    application = seen_application(request, reference)
    version = seen_version(person(request), application, number)
    given = get_object_or_404(
        Attestation.objects.select_related("file"), pk=pk, party__round__version=version
    )
    return files.stored(given.file, download=True)


@login_required
@require_safe
def certified(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """The newest file of a version with signatures in it."""
    application = seen_application(request, reference)
    round_ = overview.round_on(seen_version(person(request), application, number))
    newest = last_certified(round_) if round_ else None
    if newest is None or newest.certified is None:
        raise Http404
    return files.stored(newest.certified, download=True)
