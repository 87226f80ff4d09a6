"""The decisions on an application: each a page that says what follows, and one verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from shidian.accounts.models import User
from shidian.applications.actions import record_opinion
from shidian.applications.corrections import MOST_DAYS, due
from shidian.applications.inbox import record_opinion_of
from shidian.applications.models import Application
from shidian.applications.places import Place
from shidian.applications.queries import round_of
from shidian.applications.rules import can_record_opinion, can_take_back, recommend_word
from shidian.applications.scanned import party_boxes, questions
from shidian.calls.queries import stage, stage_after
from shidian.core.errors import Invalid
from shidian.core.language import in_chinese, in_words
from shidian.core.verdict import Verdict
from shidian.desk import marking
from shidian.desk.access import Seen, held_application, officers_only, person
from shidian.desk.forms.checks import Problem
from shidian.desk.forms.reasons import ReasonsForm
from shidian.desk.forms.words import OpinionForm, ReasonForm, posted, tell_refused, upload
from shidian.desk.marking import Marked
from shidian.desk.reading import done_lines
from shidian.documents.inbox import Inbox
from shidian.documents.intake import Rejected
from shidian.documents.models import SealBox, StoredFile
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from shidian.reviews.checklist import Judged, judged
from shidian.reviews.freshness import Done, Overtaken, mark
from shidian.reviews.rules import can_recommend, can_settle
from shidian.signoffs.models import Party, Signature
from shidian.ui.kept import keep, ticket
from shidian.ui.kept import kept as kept_scan
from shidian.ui.templatetags.ui import form_problems
from shidian.ui.uploads import refused

GET_POST = ("GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a page on which reasons are given."""

    title: str
    button: str
    lead: str
    consequences: list[str]
    done: str


def _back(reference: str) -> str:
    return reverse("desk:application", args=(reference,))


@require_http_methods(GET_POST)
@officers_only
def return_for_correction(request: HttpRequest, reference: str) -> HttpResponse:
    """Send the problem list: what was marked while reading, reasons besides, and until when it is wanted back."""
    user = person(request)
    seen = held_application(user, reference)
    found = seen.application
    drafts = marking.marked(seen.lodgement)
    words = _Words(
        title=_("发出问题清单，退回补正"),
        button=pgettext("act", "退回补正"),
        lead=_("没有标在具体位置的问题写在这里。指到某一部分的，整个部分开放修改；不指的，整份申请开放。"),
        consequences=[
            _("申请退给{lead}，清单在页面上逐条显示，同时寄邮件，附 PDF。").format(lead=found.lead.name),
            _("只有清单所列各处可以修改，其余锁定；对方可以申请开放别处，由您答复。"),
            _("改好以后重新冻结：改动涉及其所担保内容的单位重新出具意见，其余沿用。"),
            _("改好以后仍交回{office}，不受收件截止时间限制。").format(office=seen.lodgement.office.name),
        ],
        done=_("已退回{lead}补正，问题清单已发出。").format(lead=found.lead.name),
    )
    term = _days(request, found)
    return _with_reasons(
        request,
        seen,
        words,
        partial(reviews.return_for_correction, days=term.days),
        can_settle(user, found),
        more={"drafts": drafts, "term": term},
    )


@dataclass(frozen=True, slots=True)
class _Term:
    """The working days until a list is wanted back, as typed, with what they come to."""

    typed: str
    days: int | None
    wrong: str
    until: datetime | None


def _days(request: HttpRequest, found: Application) -> _Term:
    usual = found.call.definition.corrections.days
    typed = request.POST.get("days", "").strip() if "days" in request.POST else str(usual or "")
    if not typed:
        return _Term("", 0, "", None)
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 4 else -1
    if not 0 <= number <= MOST_DAYS:
        wrong = _("期限请写 1 至 {most} 个工作日，不限期的不写").format(most=MOST_DAYS)
        return _Term(typed[:20], None, wrong, None)
    return _Term(typed, number, "", due(found.call, number) if number else None)


@require_http_methods(GET_POST)
@officers_only
def decline(request: HttpRequest, reference: str) -> HttpResponse:
    """Do not recommend, with reasons."""
    user = person(request)
    seen = held_application(user, reference)
    found = seen.application
    word = _("不予{recommend_word}").format(recommend_word=recommend_word(found))
    words = _Words(
        title=word,
        button=word,
        lead=_("写明不符合哪一项要求、依据是什么。"),
        consequences=[
            _("{lead}的这项申请在本批次到此结束，不能再改、再交。").format(lead=found.lead.name),
            _("理由会逐条显示给承担单位。"),
            _("决定记在您名下，不能收回；只是需要补材料的，请改用“退回补正”。"),
        ],
        done=_("已作出决定：{word}。").format(word=word),
    )
    return _with_reasons(request, seen, words, reviews.decline, can_settle(user, found))


def _with_reasons(
    request: HttpRequest,
    seen: Seen,
    words: _Words,
    verb: Callable[..., Any],
    verdict: Verdict,
    *,
    more: Mapping[str, Any] | None = None,
) -> HttpResponse:
    user, found = person(request), seen.application
    questionnaire = found.call.questionnaire
    more = dict(more or {})
    status, done = 200, list[Done]()
    drafts = more.get("drafts", [])
    if request.method == "POST":
        form = ReasonsForm.posted(questionnaire, request.POST.dict())
        if not form.change_rows(request.POST.dict()):
            said = form.check(needed=not drafts)
            if "term" in more and more["term"].wrong:
                form.problems.append(Problem(more["term"].wrong, "days"))
            mark_ = request.POST.get("seen", "")[:100]
            try:
                ready = not form.problems and _done(form, partial(verb, seen=mark_), found, said, user)
            except Overtaken as overtaken:
                form.problems.append(Problem(overtaken.reason, "h-done"))
                ready, done = False, overtaken.done
            if ready:
                messages.success(
                    request, _("{reference}：{done}").format(reference=found.reference, done=words.done)
                )
                return redirect(_back(found.reference))
            status = 409 if done else 422
    else:
        with in_chinese():  # what is written to the unit
            form = ReasonsForm.prefilled(questionnaire, _unmarked(seen, drafts))
    context = {
        "mark": mark(found),
        "done": done_lines(done),
        "returns": "drafts" in more,
        **more,
        "application": found,
        "words": words,
        "form": form,
        "form_problems": form.problems,
        "stops": "drafts" not in more,
        "refused": "" if verdict else verdict.reason,
        "back_url": _back(found.reference),
    }
    return render(request, "desk/reasons.html", context, status=status)


def _unmarked(seen: Seen, drafts: Sequence[Marked]) -> list[Judged]:
    """The items judged, without those about whose part an entry was drafted already."""
    parts = {Place.read(row.draft.place).section for row in drafts} - {""}
    rows = judged(seen.lodgement)
    return [row for row in rows if row.item.key.partition("-")[2] not in parts]


def _done(
    form: ReasonsForm, verb: Callable[..., Any], found: Application, said: Sequence[Said], user: User
) -> bool:
    try:
        verb(found, by=user, reasons=said)
    except Invalid as refusal:
        form.problems.append(Problem(refusal.reason, "f-reasons-1-text"))
        return False
    return True


@require_http_methods(GET_POST)
@officers_only
def recommendation(request: HttpRequest, reference: str) -> HttpResponse:
    """Recommend (at a later stage: whatever the call names it), after saying what follows."""
    user = person(request)
    seen = held_application(user, reference)
    found = seen.application
    word = recommend_word(found)
    done: list[Done] = []
    if request.method == "POST":
        try:
            reviews.recommend(found, by=user, seen=request.POST.get("seen", "")[:100])
        except Overtaken as overtaken:
            done = overtaken.done
    if request.method == "POST" and not done:
        messages.success(
            request,
            _("{reference}：已{word}，列在清单末尾，可以去排序。").format(
                reference=found.reference, word=word
            ),
        )
        return redirect(_back(reference))
    here = stage(found.call, found.stage)
    following = stage_after(found.call, here.key)
    onward = following.turn if following else found.call.definition.destination.label
    rows = judged(seen.lodgement, look=False)
    verdict = can_recommend(user, found, rows)
    context = {
        "application": found,
        "title": _("{word}这项申请").format(word=word),
        "verb": pgettext("act", "%(word)s") % {"word": word},
        "consequences": [
            _("{count} 个审查要点您都已判定，没有不符合的。").format(count=len(rows)),
            _("申请自动列入{office}的{list_title}，由您排序。").format(
                office=found.office.name if found.office else "", list_title=here.list_title
            ),
            _("清单经审批人（另一个人）审批、盖章、报送以后，进入：{onward}。").format(onward=onward),
            _("清单提交审批以前，可以收回{word}。").format(word=word),
        ],
        "hidden": {"seen": mark(found)},
        "done": done_lines(done),
        "refused": "" if verdict else verdict.reason,
        "back_url": _back(reference),
    }
    return render(request, "desk/confirmation.html", context, status=409 if done else 200)


@require_http_methods(GET_POST)
@officers_only
def taking_back(request: HttpRequest, reference: str) -> HttpResponse:
    """Put a recommended application back under review, with a reason."""
    user = person(request)
    found = held_application(user, reference).application
    word = recommend_word(found) if found.stage else _("推荐")
    form = ReasonForm(*posted(request), hint=_("只在历史记录里，供以后查看。"))
    done: list[Done] = []
    if request.method == "POST" and form.is_valid():
        seen = request.POST.get("seen", "")[:100]
        try:
            reviews.take_back(found, by=user, reason=form.cleaned_data["reason"], seen=seen)
        except Overtaken as overtaken:
            done = overtaken.done
        else:
            messages.success(
                request,
                _("{reference}：已收回{word}，回到待审查。").format(reference=found.reference, word=word),
            )
            return redirect(_back(reference))
    verdict = can_take_back(user, found)
    context = {
        "application": found,
        "title": _("收回{word}").format(word=word),
        "verb": _("收回{word}").format(word=word),
        "stop": True,
        "consequences": [
            _("申请从清单里移出，回到待审查；审查要点的判定都还在。"),
            _("以后可以再次{word}。").format(word=word),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "hidden": {"seen": mark(found)},
        "done": done_lines(done),
        "refused": "" if verdict else verdict.reason,
        "back_url": _back(reference),
    }
    status = 409 if done else 422 if form.errors else 200
    return render(request, "desk/confirmation.html", context, status=status)


@require_http_methods(GET_POST)
@officers_only
def opinion(request: HttpRequest, reference: str, party: int) -> HttpResponse:
    """Record the opinion of a party that is due behind this stage (the managing authority's, at the last one)."""
    user = person(request)
    seen = held_application(user, reference)
    found = seen.application
    round_ = round_of(found)
    body = Party.objects.filter(pk=party, round=round_).first() if round_ else None
    if body is None:
        raise Http404
    verdict = can_record_opinion(user, found, body)
    kept = kept_scan(request.POST.get("kept", ""), by=user, place=request.path)
    box = _filed_page(request, seen, body)
    form = OpinionForm(*posted(request), kept=kept is not None or box is not None)
    if request.method == "POST":
        kept = _keep(form, kept, user) if verdict else kept
        tell_refused(form, "scan", refused(request))
        source = kept or box
        if verdict and form.is_valid() and source and _recorded(form, found, body, source, user):
            messages.success(
                request,
                _("已登记{body}“{body_2}”的意见：{form}。").format(
                    body=body.label, body_2=body.name, form=_decision(form)
                ),
            )
            return redirect(_back(reference) + "#h-parties")
    context = {
        "application": found,
        "party": body,
        "form": form,
        "kept": kept,
        "box": box if kept is None else None,
        "questions": questions(box) if box else [],
        "inbox": seen.office.key if seen.office else "",
        "ticket": ticket(kept, by=user, place=request.path),
        "version": found.version,
        "form_problems": form_problems(form),
        "refused": "" if verdict else verdict.reason,
        "back_url": _back(reference),
    }
    return render(request, "desk/opinion.html", context, status=422 if form.errors else 200)


def _filed_page(request: HttpRequest, seen: Seen, party: Party) -> SealBox | None:
    """The box of the party on a page that lies filed in the office's inbox, when the address or the form names it."""
    asked = request.POST.get("page") or request.GET.get("page") or ""
    rows = party_boxes(Inbox(office=seen.office), party.round.version) if seen.office and asked else []
    return next(
        (each.box for each in rows if each.party == party and str(each.box.scanned_id) == asked), None
    )


def _decision(form: OpinionForm) -> str:
    return str(Signature.Decision(form.cleaned_data["decision"]).label)


def _keep(form: OpinionForm, kept: StoredFile | None, user: User) -> StoredFile | None:
    """Take in a file that came with the form, whatever else is wrong; a rejected one is a problem of its field."""
    form.is_valid()
    file = upload(form, "scan")
    if file is None:
        return kept
    try:
        return keep(file, by=user)
    except Rejected as rejected:
        form.add_error("scan", in_words(rejected.said))
        return kept


def _recorded(
    form: OpinionForm, found: Application, body: Party, source: StoredFile | SealBox, user: User
) -> bool:
    """Record what the form says, resting on a file or on a page that lies filed."""
    values = form.cleaned_data
    said = {
        "decision": Signature.Decision(values["decision"]),
        "signatory": values["signatory"],
        "signed_on": values["signed_on"],
        "capacity": values["capacity"],
        "opinion": values["opinion"],
    }
    try:
        if isinstance(source, SealBox):
            record_opinion_of(source.scanned, found, body, by=user, **said)
        else:
            record_opinion(found, body, by=user, scan=source, **said)
    except Invalid as refusal:
        for place, message in refusal.problems or [("", refusal.reason)]:
            form.add_error(place if place in form.fields else None, message)
        return False
    return True
