"""How a party is reached whose opinion is due behind the stage of the office that holds the application."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.desk.access import held_application, officers_only, person
from shidian.signoffs.models import Mandate, Party
from shidian.ui import files, parties


def _held(request: HttpRequest, reference: str) -> Application:
    """An application that lies at the person's office now; one that was sent on is arranged by the next one."""
    seen = held_application(person(request), reference)
    if seen.office is None or seen.office.pk != seen.application.office_id:
        raise Http404
    return seen.application


def _party(application: Application, pk: int) -> Party:
    """A party of the version that lies at the office, or 404."""
    rows = Party.objects.select_related("round__version__document")
    found = rows.filter(pk=pk, round=round_of(application)).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@officers_only
@never_cache
def party(request: HttpRequest, reference: str, party: int) -> HttpResponse:
    """Everything about reaching one party."""
    application = _held(request, reference)
    found = _party(application, party)
    here = reverse("desk:application", args=(reference,))
    frame = parties.Frame(
        "desk/base.html",
        [(reverse("desk:home"), _("工作台")), (here, reference)],
        board=f"{here}#h-parties",
        opinion=reverse("desk:opinion", args=(reference, found.pk)),
        mandate=lambda pk: reverse("desk:mandate", args=(reference, pk)),
    )
    return parties.party_page(request, application, found, by=person(request), frame=frame)


@require_safe
@officers_only
def mandate(request: HttpRequest, reference: str, mandate: int) -> HttpResponseBase:
    """The file of a mandate of such a party."""
    application = _held(request, reference)
    rows = Mandate.objects.filter(pk=mandate, party__round__version__document=application.document_id)
    found = rows.select_related("file", "party").first()
    known = round_of(application)
    if found is None or known is None or found.party.body not in [each.body for each in known.parties.all()]:
        raise Http404
    return files.stored(found.file)
