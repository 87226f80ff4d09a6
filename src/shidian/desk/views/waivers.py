"""More than the quota: asked for, decided by whom the call names, kept as evidence."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.accounts.models import User
from shidian.core.language import in_words
from shidian.core.verdict import Verdict
from shidian.desk.access import officers_only, person, workplace
from shidian.desk.forms.lists import WaiverForm
from shidian.desk.forms.words import ReasonForm, posted, tell_refused, upload
from shidian.dispatch import rules, waiving
from shidian.dispatch.models import CandidateList, QuotaWaiver
from shidian.dispatch.queries import lists_visible_to, open_list
from shidian.dispatch.quotas import quotas
from shidian.documents.intake import Rejected
from shidian.organisations.models import Officer
from shidian.ui.files import stored
from shidian.ui.kept import keep
from shidian.ui.templatetags.ui import form_problems
from shidian.ui.uploads import refused

GET_POST = ("GET", "HEAD", "POST")
ALL = "all"


def _reason(verdict: Verdict) -> str:
    return "" if verdict else verdict.reason


@require_http_methods(GET_POST)
@officers_only
def asking(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """Ask for more than the quota, with the reason."""
    user = person(request)
    here, place = workplace(user, call, office)
    listed = open_list(here, place)
    who = rules.waives(here, place)
    if who is None:
        raise Http404
    form = ReasonForm(*posted(request), hint=_("写清楚为什么要超过名额，对方据此决定。"))
    if request.method == "POST" and form.is_valid():
        waiving.ask_waiver(here, place, by=user, reason=form.cleaned_data["reason"])
        messages.success(request, _("已向{office}申请超额报送。").format(office=who.name))
        return redirect("desk:list", call=here.key, office=place.key)
    context = {
        "crumbs": [(reverse("desk:list", args=(here.key, place.key)), _("清单"))],
        "back_url": reverse("desk:list", args=(here.key, place.key)),
        "title": _("申请超额报送"),
        "verb": _("提出申请"),
        "consequences": [
            *(row.words for row in quotas(here, place, listed) if row.blocks),
            _("由{office}的审批人决定；同意以前，清单可以编制、审批、盖章，不能报送。").format(
                office=who.name
            ),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": _reason(rules.can_ask_waiver(user, here, place, listed)),
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


@require_safe
@officers_only
def waivers(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The lists over their quota on which an office decides, and what it decided."""
    here, place = workplace(person(request), call, office)
    found = waiving.waiting_for(here, place)
    context = {
        "call": here,
        "office": place,
        "rows": [
            {
                "listed": listed,
                "over": over,
                "asked": waiving.asked(listed),
                "refusal": waiving.refusal(listed),
            }
            for listed, over in found
            if over
        ],
        "given": QuotaWaiver.objects.filter(office=place, list__call=here)
        .select_related("list__office", "by", "file")
        .order_by("-pk"),
        "areas": {area.key: area.label for area in here.definition.areas},
    }
    return render(request, "desk/waivers.html", context)


def _decided_by(user: User, reference: str) -> CandidateList:
    """An open list on whose quota the person's office decides."""
    rows = CandidateList.objects.select_related("call", "office").exclude(state="dispatched")
    listed = get_object_or_404(rows, reference=reference)
    who = rules.waives(listed.call, listed.office)
    if who is None or not Officer.objects.filter(user=user, office=who).exists():
        raise Http404
    return listed


@require_http_methods(GET_POST)
@officers_only
def waiver(request: HttpRequest, reference: str, scope: str) -> HttpResponse:
    """Let a list pass with as many as it holds now."""
    user = person(request)
    listed = _decided_by(user, reference)
    key = "" if scope == ALL else scope
    row = next((row for row in quotas(listed.call, listed.office, listed) if row.scope == key), None)
    who = rules.waives(listed.call, listed.office)
    if row is None or who is None:
        raise Http404
    form = WaiverForm(*posted(request), hint=_("写清楚同意超额的依据。"))
    back = reverse("desk:waivers", args=(listed.call.key, who.key))
    if request.method == "POST":
        form.is_valid()
        tell_refused(form, "file", refused(request))
        if form.is_valid() and _waived(form, listed, key, user):
            messages.success(request, _("已同意{office}超额报送。").format(office=listed.office.name))
            return redirect(back)
    asked = waiving.asked(listed)
    context = {
        "crumbs": [(back, _("超额报送"))],
        "back_url": back,
        "title": _("同意{office}超额报送").format(office=listed.office.name),
        "verb": _("同意 {count} 件").format(count=row.count),
        "multipart": True,
        "consequences": [
            row.words,
            *([_("对方的理由：{reason}").format(reason=asked.detail.get("reason", ""))] if asked else []),
            _("只同意现在的 {count} 件；再增加，要重新同意。").format(count=row.count),
            _("同意记在您名下，随清单冻结，不能收回。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": _reason(rules.can_waive(user, listed, key)),
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_POST)
@officers_only
def waiver_refusal(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer that a list shall keep within its quota."""
    user = person(request)
    listed = _decided_by(user, reference)
    who = rules.waives(listed.call, listed.office) or listed.office
    form = ReasonForm(*posted(request), hint=_("写清楚为什么不同意，对方据此调整清单。"))
    back = reverse("desk:waivers", args=(listed.call.key, who.key))
    if request.method == "POST" and form.is_valid():
        waiving.refuse(listed, by=user, reason=form.cleaned_data["reason"])
        messages.success(request, _("已答复{office}：不同意超额报送。").format(office=listed.office.name))
        return redirect(back)
    asked = waiving.asked(listed)
    context = {
        "crumbs": [(back, _("超额报送"))],
        "back_url": back,
        "title": _("不同意{office}超额报送").format(office=listed.office.name),
        "verb": _("不同意"),
        "stop": True,
        "consequences": [
            *(row.words for row in quotas(listed.call, listed.office, listed) if row.blocks),
            *([_("对方的理由：{reason}").format(reason=asked.detail.get("reason", ""))] if asked else []),
            _("马上通知对方。清单不能报送，要减到名额以内；对方可以再申请。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": _reason(rules.can_waive(user, listed)),
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


def _waived(form: WaiverForm, listed: CandidateList, scope: str, user: User) -> bool:
    given = upload(form, "file")
    try:
        file = keep(given, by=user) if given is not None else None
    except Rejected as rejected:
        form.add_error("file", in_words(rejected.said))
        return False
    waiving.waive(listed, scope, by=user, reason=form.cleaned_data["reason"], file=file)
    return True


@require_safe
@officers_only
def waiver_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The paper that allows more than the quota, for the office that gave it and whoever sees the list."""
    user = person(request)
    found = get_object_or_404(QuotaWaiver.objects.select_related("list", "file", "office"), pk=pk)
    own = Officer.objects.filter(user=user, office=found.office).exists()
    if found.file is None or not (own or lists_visible_to(user).filter(pk=found.list_id).exists()):
        raise Http404
    return stored(found.file)
