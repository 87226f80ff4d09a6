"""Recording a party's opinion from its sealed page, and showing the scan."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shidian.accounts.models import User
from shidian.applications import actions, rules
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.core.errors import Invalid
from shidian.core.language import in_words
from shidian.documents.intake import Rejected, safe_name
from shidian.documents.models import StoredFile
from shidian.portal import overview
from shidian.portal.access import own_application, person, seen_application, seen_versions
from shidian.portal.forms.opinion import OpinionForm
from shidian.signoffs.models import Party, Signature
from shidian.signoffs.queries import outstanding
from shidian.ui import files
from shidian.ui.kept import keep, ticket
from shidian.ui.kept import kept as kept_scan
from shidian.ui.uploads import refused


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def opinion(request: HttpRequest, reference: str, party: int) -> HttpResponse:
    """What the sealed page says; when something is wrong, what was typed and the file taken in stay."""
    application = own_application(request, reference)
    found = get_object_or_404(
        Party.objects.select_related("round__version"),
        pk=party,
        round__version__document=application.document_id,
    )
    user = person(request)
    allowed = rules.can_record_opinion(user, application, found)
    form = OpinionForm(request.POST or None, places=_places(application))
    kept: StoredFile | None = None
    if request.method == "POST" and allowed:
        kept, fault = _scan(request, user)
        valid = form.is_valid()
        if fault:
            form.add_error("scan", fault)
        if valid and kept is not None and not fault and _record(form, application, found, user, kept):
            return _done(request, application, found, form)
    if "signatory" not in form.errors and not form.data.get("namesake"):
        del form.fields["namesake"]  # asked only where somebody of that name has signed
    current = round_of(application)
    context = {
        "application": application,
        "party": found,
        "version": found.round.version,
        "form": form,
        "kept": kept,
        "token": ticket(kept, by=user, place=request.path),
        "allowed": allowed,
        "previous": found.signature,
        "current": current is not None and current.pk == found.round_id and current.state != "void",
        "form_problems": form.problems() if form.is_bound else [],
    }
    return render(request, "portal/opinion.html", context)


def _places(application: Application) -> list[tuple[str, str]]:
    return [
        (f"{section.key}.{field.key}", f"{section.title}：{field.name}")
        for section in application.call.questionnaire.sections
        if section.paper
        for field in section.fields
        if field.paper
    ]


def _scan(request: HttpRequest, user: User) -> tuple[StoredFile | None, str]:
    """The scan of this post: a new file goes before one that was kept; or what is wrong with it."""
    kept = kept_scan(request.POST.get("kept", ""), by=user, place=request.path)
    if why := refused(request):
        return kept, why
    given = request.FILES.get("scan")
    if given is None:
        return kept, "" if kept else _("请选择盖章页的扫描件或者照片")
    try:
        return keep(given, by=user), ""
    except Rejected as rejected:
        return kept, _("“{name}”没有收下：{rejected}").format(
            name=safe_name(given.name or ""), rejected=in_words(rejected.said)
        )


def _record(form: OpinionForm, application: Application, party: Party, user: User, scan: StoredFile) -> bool:
    data: dict[str, Any] = form.cleaned_data
    try:
        actions.record_opinion(
            application,
            party,
            by=user,
            decision=Signature.Decision(data["decision"]),
            signatory=data["signatory"],
            capacity=data["capacity"],
            signed_on=data["signed_on"],
            opinion=data["opinion"],
            place=data["place"] if data["decision"] != Signature.Decision.AGREE else "",
            namesake=data["namesake"],
            scan=scan,
        )
    except Invalid as invalid:
        for key, message in invalid.problems:
            form.add_error(key, message)
        return False
    return True


def _done(request: HttpRequest, application: Application, party: Party, form: OpinionForm) -> HttpResponse:
    word = Signature.Decision(form.cleaned_data["decision"]).label
    messages.success(
        request,
        _("已登记：{party}“{party_2}”{word} {version}。").format(
            party=party.label, party_2=party.name, word=word, version=party.round.version.label
        ),
    )
    waiting = outstanding(party.round, overview.due_gates(application))
    if request.POST.get("go") == "next" and waiting:
        return redirect(overview.url("opinion", application, party=waiting[0].pk))
    return redirect(f"{overview.url('application', application)}#board")


@login_required
@require_safe
def scan(request: HttpRequest, reference: str, signature: int) -> HttpResponseBase:
    """The scan of a signed page, to those who may see the version it was given on."""
    application = seen_application(request, reference)
    found = (
        Signature.objects.filter(pk=signature, party__round__version__document=application.document_id)
        .select_related("scan", "party__round")
        .first()
    )
    if found is None or found.scan is None:
        raise Http404
    if found.party.round.version_id not in {row.pk for row in seen_versions(person(request), application)}:
        raise Http404
    return files.stored(found.scan, download="download" in request.GET)
