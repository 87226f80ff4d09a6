"""Signing by a one-time link, without an account; and by the account of a party's head.

A link is opened once by its token, which is then out of every address: a cookie of that link alone, signed and for its
pages only, says from then on that its holder had the letter. See decision 17.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.applications import papers, rules
from shidian.applications.models import Application
from shidian.applications.queries import access, round_of, working_applications
from shidian.applications.signing import application_of, sign_by_account, sign_by_link, to_sign
from shidian.core.errors import Invalid, NotNow
from shidian.documents.render.compiler import PaperError
from shidian.portal.access import person
from shidian.portal.forms.signing import CodeForm, DecisionForm
from shidian.portal.overview import board
from shidian.portal.vouching import picture_numbers, places_of, shown_file, vouched
from shidian.signoffs import links
from shidian.signoffs.contacts import masked
from shidian.signoffs.links import Holder
from shidian.signoffs.mandates import mandates_of
from shidian.signoffs.models import Link, LinkStep, Party, Signature
from shidian.signoffs.queries import asked, following, standing
from shidian.signoffs.rules import is_their_turn
from shidian.ui import files

_SALT = "shidian.portal.signing"
_COOKIE_HOURS = 12
_TYPED = ("decision", "opinion", "place", "signatory", "capacity")

View = Callable[..., HttpResponseBase]


def private(view: View) -> View:
    """Kept by no cache and found by no search engine."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return guarded


def address_of(request: HttpRequest) -> str | None:
    """From where a request came: as the proxy in front of us says, where there is one."""
    told = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        told = request.headers.get("X-Forwarded-For", told).rpartition(",")[2].strip()
    try:
        return str(ip_address(told))
    except ValueError:
        return None


# Opening


@private
@sensitive_variables()
@require_safe
def open_link(request: HttpRequest) -> HttpResponse:
    """Exchange the token for the link's own cookie and go on to an address without it (see `portal.sealing`)."""
    token: str = getattr(request, "sign_token", "")
    link = links.find_link(token)
    response = redirect("portal:sign-over") if link is None else redirect("portal:sign", key=link.key)
    response.headers["Referrer-Policy"] = "no-referrer"
    if link is not None:
        links.note_opened(link, address=address_of(request))
        _keep(response, link, None)
    return response


def _keep(response: HttpResponse, link: Link, proof: LinkStep | None) -> None:
    response.set_cookie(
        f"shidian_sign_{link.pk}",
        signing.dumps([link.pk, proof.pk if proof else None], salt=_SALT),
        max_age=_COOKIE_HOURS * 3600,
        path=reverse("portal:sign", kwargs={"key": link.key}),
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",  # the letter is opened from another site, and the redirect must carry it
    )


def held(request: HttpRequest, key: str) -> tuple[Link, LinkStep | None] | None:
    """The link whose letter this browser has opened, with the step that proves its holder; None for anybody else."""
    rows = Link.objects.select_related("party__round__version__document", "contact").prefetch_related("steps")
    link = rows.filter(key=key).first()
    if link is None:
        raise Http404
    try:
        told = signing.loads(
            request.COOKIES.get(f"shidian_sign_{link.pk}", ""), salt=_SALT, max_age=_COOKIE_HOURS * 3600
        )
    except signing.BadSignature:
        return None
    return (link, links.proof_of(link, told[1])) if told[0] == link.pk else None


@private
@never_cache
@require_safe
def over(request: HttpRequest) -> HttpResponse:
    """What to do with a link that leads nowhere, or that was not opened from its letter."""
    return render(request, "portal/sign_over.html", {"reason": "", "next": None})


# The pages of a link


@private
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, key: str) -> HttpResponse:
    """First the code, then what is vouched for with the three decisions, then the receipt."""
    came = held(request, key)
    if came is None:
        return redirect("portal:sign-over")
    link, proof = came
    stands = standing(link)
    if stands.key == "decided":
        signature = links.receipt_of(link)
        return (
            _receipt(request, link, proof, signature) if signature else _over(request, _("链接已过期"), link)
        )
    if not stands.alive:
        return _over(request, stands.words, link)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    if do == "send":
        return _send_code(request, link)
    if do == "code":
        return _try_code(request, link)
    if proof is None:
        return _code_page(request, link, expired=do == "decide")
    return _decide(request, link, proof) if do == "decide" else _page(request, link)


def _over(request: HttpRequest, reason: str, link: Link) -> HttpResponse:
    newer = following(link)
    context = {
        "reason": reason,
        "party": link.party,
        "next": newer,
        "next_to": masked(newer.contact.email) if newer else "",
    }
    return render(request, "portal/sign_over.html", context, status=410)


def _send_code(request: HttpRequest, link: Link) -> HttpResponse:
    try:
        links.ask_code(link, address=address_of(request))
    except NotNow as refused:
        return _code_page(request, link, refused=refused.reason)
    typed = {name: request.POST[name] for name in _TYPED if name in request.POST}
    return _code_page(request, link) if typed else redirect("portal:sign", key=link.key)


@sensitive_variables()
def _try_code(request: HttpRequest, link: Link) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, link, form=form)
    try:
        step, fault = links.try_code(link, form.cleaned_data["code"], address=address_of(request))
    except NotNow as refused:
        return _over(request, refused.reason, link)
    if step is None:
        form.add_error("code", fault)
        return _code_page(request, link, form=form)
    typed = any(name in request.POST for name in _TYPED)
    response = _page(request, link, typed=request.POST) if typed else redirect("portal:sign", key=link.key)
    _keep(response, link, step)
    return response


def _code_page(
    request: HttpRequest,
    link: Link,
    *,
    form: CodeForm | None = None,
    refused: str = "",
    expired: bool = False,
) -> HttpResponse:
    steps = list(link.steps.order_by("pk"))
    kinds = [
        step.kind for step in steps if step.kind in (LinkStep.Kind.CODE_ASKED, LinkStep.Kind.CODE_UNSENT)
    ]
    context = {
        "link": link,
        "party": link.party,
        "asked": bool(kinds),
        "unsent": bool(kinds) and kinds[-1] == LinkStep.Kind.CODE_UNSENT,
        "goes_to": masked(link.code_goes_to),
        "by_sms": link.channel == Link.Channel.SMS,
        "same_mail": link.channel == Link.Channel.MAIL,
        "form": form or CodeForm(),
        "refused": refused,
        "expired": expired,
        "typed": {name: request.POST[name] for name in _TYPED if name in request.POST},
        "form_problems": form.problems() if form else [],
    }
    return render(request, "portal/sign_code.html", context)


def _blocked(application: Application, party: Party) -> str:
    """Why the party cannot decide now; "" when it can."""
    allowed = rules.can_sign_on_screen(application, party)
    if not allowed:
        return allowed.reason
    everybody = asked(party.round)
    here = next(each for each in everybody if each.pk == party.pk)
    if here.has_agreed:
        return _("贵单位已经同意这一版。")
    turn = is_their_turn(here, everybody)
    return "" if turn else turn.reason


def _page(
    request: HttpRequest,
    link: Link,
    *,
    form: DecisionForm | None = None,
    typed: Mapping[str, str] | None = None,
    refused: str = "",
) -> HttpResponse:
    pictures = picture_numbers(link.party.round.version)

    def address(name: str) -> str | None:
        place = {"key": link.key, "number": pictures.get(name, 0)}
        return reverse("portal:sign-file", kwargs=place) if name in pictures else None

    context = _context(link.party, form, address=address, typed=typed)
    context |= {
        "link": link,
        "refused": refused,
        "form_url": reverse("portal:sign-form", kwargs={"key": link.key}),
        "certificate_url": reverse("portal:sign-certificate", kwargs={"key": link.key, "how": "file"}),
        "until": link.expires_at,
        "beside": links.beside(link),
    }
    return render(request, "portal/sign.html", context)


def _context(
    party: Party,
    form: DecisionForm | None,
    *,
    address: Callable[[str], str | None],
    typed: Mapping[str, str] | None = None,
    own_name: bool = True,
) -> dict[str, Any]:
    application = application_of(party)
    seen = vouched(application, party, address=address)
    if form is None:
        initial = {name: typed[name] for name in _TYPED if typed and name in typed}
        form = DecisionForm(initial=initial, places=places_of(seen.parts), unit=party.name, own_name=own_name)
    return {
        "application": application,
        "party": party,
        "version": party.round.version,
        "vouched": seen,
        "blocked": _blocked(application, party),
        "mandates": mandates_of(party),
        "form": form,
        "form_problems": form.problems() if form.is_bound else [],
    }


def _form(request: HttpRequest, party: Party, *, own_name: bool = True) -> DecisionForm:
    parts = vouched(application_of(party), party).parts
    return DecisionForm(request.POST, places=places_of(parts), unit=party.name, own_name=own_name)


def _said(form: DecisionForm) -> dict[str, Any]:
    data = form.cleaned_data
    decision = Signature.Decision(data["decision"])
    return {
        "decision": decision,
        "capacity": data["capacity"],
        "opinion": data["opinion"],
        "place": data["place"] if decision != Signature.Decision.AGREE else "",
    }


def _decide(request: HttpRequest, link: Link, proof: LinkStep) -> HttpResponse:
    form = _form(request, link.party)
    if form.is_valid():
        try:
            sign_by_link(
                Holder(link, proof, address_of(request)),
                signatory=form.cleaned_data["signatory"],
                **_said(form),
            )
        except Invalid as invalid:
            for field, message in invalid.problems:
                form.add_error(field, message)
        except NotNow as refused:
            return _page(request, link, form=form, refused=refused.reason)
        else:
            return redirect("portal:sign", key=link.key)
    return _page(request, link, form=form)


def _receipt(request: HttpRequest, link: Link, proof: LinkStep | None, signature: Signature) -> HttpResponse:
    context = {
        "link": link,
        "party": link.party,
        "signature": signature,
        "application": application_of(link.party),
        "version": link.party.round.version,
        "number": papers.statement_number(signature),
        "statement_url": reverse("portal:sign-statement", kwargs={"key": link.key}),
        "until": link.expires_at,
        # Told only to whoever gave the code: the letter alone may have been passed on.
        "beside": links.beside(link) if proof is not None else [],
    }
    return render(request, "portal/sign_receipt.html", context)


@private
@never_cache
@require_POST
def beside(request: HttpRequest, key: str, other: str) -> HttpResponse:
    """Go on from a link to another one of the same person: as if its letter had been opened, so its code is still asked."""
    came = held(request, key)
    if came is None or came[1] is None:
        raise Http404
    link = links.go_beside(Holder(came[0], came[1], address_of(request)), other)
    if link is None:
        raise Http404
    response = redirect("portal:sign", key=link.key)
    _keep(response, link, None)
    return response


def holder_of(request: HttpRequest, key: str) -> Holder:
    """The holder of a link who gave the code, while the link may be used, for what stands beside its page; else 404."""
    came = held(request, key)
    if came is None or came[1] is None or not standing(came[0]).alive:
        raise Http404
    return Holder(came[0], came[1], address_of(request))


@private
@require_safe
def form(request: HttpRequest, key: str) -> HttpResponseBase:
    """The frozen version as the official form, to the holder of a link who gave the code."""
    link = holder_of(request, key).link
    try:
        return files.stored(papers.form(link.party.round.version))
    except PaperError as fault:
        messages.error(request, _("申请书打印不出来：{fault}").format(fault=fault))
        return redirect("portal:sign", key=key)


@private
@require_safe
def file(request: HttpRequest, key: str, number: int) -> HttpResponseBase:
    """An attachment that the party vouches for, or a picture of an answer."""
    party = holder_of(request, key).link.party
    found = shown_file(party.round.version, party.vouches_for, number)
    if found is None:
        raise Http404
    return files.stored(found)


@private
@require_safe
def statement(request: HttpRequest, key: str) -> HttpResponseBase:
    """What the opinion rests on that was given by this link, until the link expires: its statement, or the signed form."""
    came = held(request, key)
    signature = links.receipt_of(came[0]) if came else None
    if signature is None:
        raise Http404
    return _evidence(signature)


def _evidence(signature: Signature) -> HttpResponseBase:
    found = papers.evidence(signature)
    if found is None:
        raise Http404
    return files.stored(found)


# By an account


def own_party(request: HttpRequest, pk: int) -> Party:
    """A party for which this person may sign with its account, or 404."""
    party = Party.objects.select_related("round__version__document").filter(pk=pk).first()
    if party is None or not rules.can_sign_for(person(request), rules.unit_of(application_of(party), party)):
        raise Http404
    return party


def _given(request: HttpRequest, party: Party) -> Signature | None:
    """The opinion that counts, when this account gave it on this version."""
    current = party.signature
    mine = current is not None and current.party_id == party.pk
    if current is None or not mine:
        return None
    by_certificate = current.means == Signature.Means.CERTIFICATE and current.recorded_by_id
    return current if person(request).pk in (current.proof.get("account"), by_certificate) else None


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_off(request: HttpRequest, party: int) -> HttpResponse:
    """The head of the party's own unit decides with its account: the same page, without a link."""
    found = own_party(request, party)
    given = _given(request, found)
    if given is not None and request.method != "POST" and "again" not in request.GET:
        context = {
            "party": found,
            "signature": given,
            "application": application_of(found),
            "version": found.round.version,
            "number": papers.statement_number(given),
            "statement_url": reverse("portal:sign-off-statement", kwargs={"party": found.pk}),
            "again": given.decision != Signature.Decision.AGREE,
        }
        return render(request, "portal/sign_receipt.html", context)
    pictures = picture_numbers(found.round.version)

    def address(name: str) -> str | None:
        place = {"party": found.pk, "number": pictures.get(name, 0)}
        return reverse("portal:sign-off-file", kwargs=place) if name in pictures else None

    form = _form(request, found, own_name=False) if request.method == "POST" else None
    refused = ""
    if form is not None and form.is_valid():
        try:
            sign_by_account(found, by=person(request), address=address_of(request), **_said(form))
        except (Invalid, NotNow) as fault:
            refused = fault.reason
        else:
            return redirect("portal:sign-off", party=found.pk)
    context = _context(found, form, address=address, own_name=False) | {
        "refused": refused,
        "form_url": reverse("portal:sign-off-form", kwargs={"party": found.pk}),
        "certificate_url": reverse("portal:sign-off-certificate", kwargs={"party": found.pk, "how": "file"}),
        "signer": person(request),
    }
    return render(request, "portal/sign.html", context)


@login_required
@require_safe
def sign_off_form(request: HttpRequest, party: int) -> HttpResponseBase:
    """The frozen version as the official form, to the head of the party's unit."""
    found = own_party(request, party)
    try:
        return files.stored(papers.form(found.round.version))
    except PaperError as fault:
        messages.error(request, _("申请书打印不出来：{fault}").format(fault=fault))
        return redirect("portal:sign-off", party=party)


@login_required
@require_safe
def sign_off_file(request: HttpRequest, party: int, number: int) -> HttpResponseBase:
    """An attachment that the party vouches for, or a picture of an answer."""
    found = own_party(request, party)
    file = shown_file(found.round.version, found.vouches_for, number)
    if file is None:
        raise Http404
    return files.stored(file)


@login_required
@require_safe
def sign_off_statement(request: HttpRequest, party: int) -> HttpResponseBase:
    """What the opinion rests on that this account gave."""
    given = _given(request, own_party(request, party))
    if given is None:
        raise Http404
    return _evidence(given)


@login_required
@never_cache
@require_safe
def sign_offs(request: HttpRequest) -> HttpResponse:
    """What waits for one's own opinion, and whom one's own applications wait for."""
    user = person(request)
    boards = []
    for application in working_applications(user).filter(state="signing"):
        round_ = round_of(application)
        if access(user, application).leads and round_ is not None:
            boards.append({"application": application, "rows": board(user, application, round_)})
    return render(request, "portal/sign_offs.html", {"to_sign": to_sign(user), "boards": boards})
