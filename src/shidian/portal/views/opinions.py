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
from shidian.applications.inbox import record_opinion_of
from shidian.applications.models import Application
from shidian.applications.papers import evidence
from shidian.applications.queries import round_of
from shidian.applications.scanned import opinion_pages, party_boxes, questions
from shidian.applications.signing import due_gates
from shidian.core.errors import Invalid
from shidian.core.language import in_words
from shidian.documents.inbox import Inbox
from shidian.documents.intake import Rejected, safe_name
from shidian.documents.models import SealBox, StoredFile
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
    box = _filed_page(request, application, found)
    if request.method == "POST" and allowed:
        kept, fault = _scan(request, user, filed=box is not None)
        valid = form.is_valid()
        if fault:
            form.add_error("scan", fault)
        source = kept or box
        if valid and source and not fault and _record(form, application, found, user, source):
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
        "box": box if kept is None else None,
        "questions": questions(box) if box else [],
        "inbox": application.lead_id,
        "token": ticket(kept, by=user, place=request.path),
        "allowed": allowed,
        "previous": found.signature,
        "current": current is not None and current.pk == found.round_id and current.state != "void",
        "form_problems": form.problems() if form.is_bound else [],
    }
    return render(request, "portal/opinion.html", context)


def _places(application: Application) -> list[tuple[str, str]]:
    return [
        (
            f"{section.key}.{field.key}",
            _("{section}：{field}").format(section=section.title, field=field.name),
        )
        for section in application.call.questionnaire.sections
        if section.paper
        for field in section.fields
        if field.paper
    ]


def _filed_page(request: HttpRequest, application: Application, party: Party) -> SealBox | None:
    """The box of the party on a page that lies filed in this version, when the address or the form names the page."""
    asked = request.POST.get("page") or request.GET.get("page") or ""
    rows = party_boxes(Inbox(unit=application.lead), party.round.version) if asked else []
    return next(
        (each.box for each in rows if each.party == party and str(each.box.scanned_id) == asked), None
    )


def _scan(request: HttpRequest, user: User, *, filed: bool) -> tuple[StoredFile | None, str]:
    """The scan of this post: a new file goes before one that was kept, and that before a page that lies filed."""
    kept = kept_scan(request.POST.get("kept", ""), by=user, place=request.path)
    if why := refused(request):
        return kept, why
    given = request.FILES.get("scan")
    if given is None:
        return kept, "" if kept or filed else _("请选择盖章页的扫描件或者照片")
    try:
        return keep(given, by=user), ""
    except Rejected as rejected:
        return kept, _("“{name}”没有收下：{rejected}").format(
            name=safe_name(given.name or ""), rejected=in_words(rejected.said)
        )


def _record(
    form: OpinionForm, application: Application, party: Party, user: User, source: StoredFile | SealBox
) -> bool:
    """Record what the form says, resting on a file or on a page that lies filed."""
    data: dict[str, Any] = form.cleaned_data
    said = {
        "decision": Signature.Decision(data["decision"]),
        "signatory": data["signatory"],
        "capacity": data["capacity"],
        "signed_on": data["signed_on"],
        "opinion": data["opinion"],
        "place": data["place"] if data["decision"] != Signature.Decision.AGREE else "",
        "namesake": data["namesake"],
    }
    try:
        if isinstance(source, SealBox):
            record_opinion_of(source.scanned, application, party, by=user, **said)
        else:
            actions.record_opinion(application, party, by=user, scan=source, **said)
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
    waiting = outstanding(party.round, due_gates(application))
    if request.POST.get("go") == "next" and waiting:
        following = overview.url("opinion", application, party=waiting[0].pk)
        page = opinion_pages(Inbox(unit=application.lead), party.round.version).get(waiting[0].pk)
        return redirect(f"{following}?page={page.scanned_id}" if page else following)
    return redirect(f"{overview.url('application', application)}#board")


@login_required
@require_safe
def scan(request: HttpRequest, reference: str, signature: int) -> HttpResponseBase:
    """What an opinion rests on (scan, certified PDF or statement), to those who may see the version it was given on."""
    application = seen_application(request, reference)
    found = (
        Signature.objects.filter(pk=signature, party__round__version__document=application.document_id)
        .select_related("scan", "certified", "mandate__file", "party__round__version__document")
        .first()
    )
    if found is None:
        raise Http404
    if found.party.round.version_id not in {row.pk for row in seen_versions(person(request), application)}:
        raise Http404
    file = evidence(found)
    if file is None:
        raise Http404
    return files.stored(file, download="download" in request.GET)
