"""Joint recommendations: asked for, answered, or put together where both applications arrived."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.accounts.models import User
from shidian.applications import papers
from shidian.applications.models import Application
from shidian.calls.queries import area_label
from shidian.core.verdict import Verdict
from shidian.desk.access import held_application, officers_only, person, workplace
from shidian.desk.forms.lists import JointAnswerForm, JointOfferForm
from shidian.desk.forms.words import ReasonForm, posted
from shidian.organisations.models import Office, Officer
from shidian.reviews import joint
from shidian.reviews.models import JointOffer
from shidian.ui.files import stored
from shidian.ui.templatetags.ui import form_problems

GET_POST = ("GET", "HEAD", "POST")


def _reason(verdict: Verdict) -> str:
    return "" if verdict else verdict.reason


@require_http_methods(GET_POST)
@officers_only
def offering(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask another office of the stage to recommend an application too."""
    user = person(request)
    found = held_application(user, reference).application
    form = JointOfferForm(joint.partners_of(found), *posted(request), hint=_("写清楚为什么联合推荐。"))
    back = reverse("desk:application", args=(reference,))
    if request.method == "POST" and form.is_valid():
        to = get_object_or_404(Office, key=form.cleaned_data["to"])
        joint.offer(found, to, by=user, reason=form.cleaned_data["reason"])
        messages.success(request, _("已请{office}联合推荐，等待答复。").format(office=to.name))
        return redirect(back)
    context = {
        "application": found,
        "back_url": back,
        "title": _("请其他机构联合推荐"),
        "verb": _("发出邀请"),
        "consequences": [
            _("对方看到这件申请的名称、承担单位和申请书，可以同意，也可以不同意，都写明理由。"),
            _("同意的，这件申请由两个机构联合推荐，清单上写两个机构的名称，在上级只算一件。"),
            _("对方也收到同一试点申请的，可以把那一件并入这一件。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": _reason(joint.can_offer(user, found)),
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


def _asked(user: User, pk: int) -> JointOffer:
    rows = JointOffer.objects.select_related(
        "application__lead",
        "application__version",
        "application__call",
        "application__office",
        "to",
        "office",
    )
    found = get_object_or_404(rows, pk=pk)
    if not Officer.objects.filter(user=user, office=found.to).exists():
        raise Http404
    return found


@require_safe
@officers_only
def offers(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """What an office was asked to recommend jointly: open, and answered."""
    here, place = workplace(person(request), call, office)
    answered = (
        JointOffer.objects.filter(to=place, application__call=here, answer__isnull=False)
        .select_related("application", "office", "answer__by")
        .order_by("-pk")
    )
    context = {
        "call": here,
        "office": place,
        "open": [row for row in joint.open_offers(place) if row.application.call_id == here.pk],
        "answered": answered,
    }
    return render(request, "desk/joint_offers.html", context)


@require_http_methods(GET_POST)
@officers_only
def answering(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree or refuse, with the reason; an own application of the same project may be merged."""
    user = person(request)
    offer = _asked(user, pk)
    rows = joint.mergeable(offer)
    form = JointAnswerForm(rows, *posted(request), hint=_("对方和上级都会看到。"))
    back = reverse("desk:joint-offers", args=(offer.application.call.key, offer.to.key))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        agreed = values["agreed"] == "yes"
        merged = next((row for row in rows if row.reference == values["merged"]), None) if agreed else None
        joint.answer(offer, agreed=agreed, by=user, reason=values["reason"], merged=merged)
        messages.success(request, _("已同意联合推荐。") if agreed else _("已答复，不联合推荐。"))
        return redirect(back)
    found = offer.application
    context = {
        "crumbs": [(back, _("联合推荐"))],
        "back_url": back,
        "title": _("答复联合推荐"),
        "verb": _("答复"),
        "offer": offer,
        "found": found,
        "area": area_label(found.call, found.area),
        "consequences": [
            _("同意的，清单上写两个机构的名称，由{office}报送，只算一件。").format(office=offer.office.name),
            _("并入的申请就此结束，两件之间互相写明；不能收回。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": _reason(joint.can_answer(user, offer)),
    }
    return render(request, "desk/joint_answer.html", context, status=422 if form.errors else 200)


@require_safe
@officers_only
def offered_form(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The form of the application that was offered, for the office that was asked, until it has answered."""
    offer = _asked(person(request), pk)
    version = offer.application.version
    if version is None or not joint.open_offers(offer.to).filter(pk=offer.pk).exists():
        raise Http404
    return stored(papers.form(version))


@require_http_methods(GET_POST)
@officers_only
def joining(request: HttpRequest, reference: str, other: str) -> HttpResponse:
    """Go on with one of two applications that arrived from two recommenders, in both their names."""
    user = person(request)
    kept = held_application(user, reference).application
    merged = held_application(user, other).application
    form = ReasonForm(*posted(request), hint=_("写清楚根据什么认定是同一个试点。"))
    if request.method == "POST" and form.is_valid():
        joint.put_together(kept, merged, by=user, reason=form.cleaned_data["reason"])
        messages.success(
            request,
            _("{merged} 已并入 {kept}，联合推荐。").format(merged=merged.reference, kept=kept.reference),
        )
        return redirect("desk:application", kept.reference)
    context = {
        "application": kept,
        "back_url": reverse("desk:alike", args=(reference,)),
        "title": _("合并为联合推荐"),
        "verb": _("把 {merged} 并入 {kept}").format(merged=merged.reference, kept=kept.reference),
        "stop": True,
        "consequences": [
            _("保留 {kept}（{name}），由原来的两个推荐单位联合推荐，只算一件。").format(
                kept=kept.reference, name=kept.name
            ),
            _("{merged}（{name}）就此结束，不能再办；两件之间互相写明。").format(
                merged=merged.reference, name=merged.name
            ),
            _("合并以后不能分开。要保留另一件的，请从那一件的“相同的申请”里合并。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": _reason(joint.can_put_together(user, kept, merged)),
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


def links_of(application: Application, user: User) -> dict[str, object]:
    """What the page of an application says of joint recommendations."""
    return {
        "joined": joint.joint_of(application),
        "merged_into": joint.merged_into(application),
        "offers": joint.offers_of(application),
        "offering": joint.can_offer(user, application),
    }
