"""The print pack of a version: choosing what to print, and the PDF."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shidian.applications import packs, papers, rules
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.calls.queries import planned_copies
from shidian.core.errors import Invalid
from shidian.core.verdict import Verdict
from shidian.documents.models import DocumentVersion
from shidian.documents.render.compiler import PaperError
from shidian.portal.access import person, read_application, seen_version
from shidian.portal.forms.printing import PackOffer, offered
from shidian.signoffs.models import Round
from shidian.signoffs.queries import parties
from shidian.ui import files


@dataclass(frozen=True, slots=True)
class _Asked:
    application: Application
    version: DocumentVersion
    round: Round | None
    allowed: Verdict
    offer: PackOffer | None


@login_required
@never_cache
@require_safe
def page(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """What will be printed, to be chosen from; the usual choice is made already."""
    return _page(request, _asked(request, reference, number))


@login_required
@never_cache
@require_safe
def pdf(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """The chosen sheets as one PDF; the page again, with what is wrong, when they cannot be printed."""
    asked = _asked(request, reference, number)
    if not asked.allowed or asked.offer is None or asked.round is None:
        return _page(request, asked, status=409)
    try:
        content = packs.pack(asked.application, asked.version, asked.round, asked.offer.choice)
    except PaperError as fault:
        return _page(request, asked, _("打印不出来：{fault}").format(fault=fault), status=422)
    except Invalid as invalid:
        return _page(request, asked, invalid.reason, status=422)
    return files.pdf(content, name=f"打印包-{asked.application.reference}-{asked.version.label}.pdf")


def _asked(request: HttpRequest, reference: str, number: int) -> _Asked:
    application = read_application(request, reference)
    version = seen_version(person(request), application, number)
    round_ = round_of(application)
    allowed = rules.can_print_pack(application, version)
    offer = None
    if allowed and round_ is not None:
        offer = offered(
            planned_copies(application.call),
            list(parties(round_)),
            packs.everything(application, round_),
            request.GET,
        )
    return _Asked(application, version, round_, allowed, offer)


def _page(request: HttpRequest, asked: _Asked, problem: str = "", status: int = 200) -> HttpResponse:
    pages = 0
    if asked.offer is not None and not problem:
        try:
            pages = papers.form_setting(asked.version).layout.pages
        except PaperError as fault:
            problem = _("打印不出来：{fault}").format(fault=fault)
    decisions = {each.code: each.text for each in asked.application.call.definition.accepted_warnings}
    context = {
        "application": asked.application,
        "version": asked.version,
        "offer": asked.offer,
        "refused": asked.allowed.reason,
        "pages": pages,
        "difference": decisions.get(packs.COPIES_DIFFER, "")
        if asked.offer and len(asked.offer.plans) > 1
        else "",
        "form_problems": [{"message": problem, "anchor": "copies"}] if problem else [],
    }
    return render(request, "portal/print_pack.html", context, status=status)
