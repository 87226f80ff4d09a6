"""One objection at the desk: claimed, looked into, answered in writing, confirmed by another person."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.audit.queries import timeline
from shidian.core.errors import Invalid
from shidian.core.language import in_words
from shidian.desk.access import officers_only, own_objection, own_publicity, person, seen_objection
from shidian.desk.forms.publishing import AnswerForm, NoteForm
from shidian.desk.forms.words import ReasonForm, posted, tell_refused, upload
from shidian.desk.views.publicities import objection_rows
from shidian.dispatch.publishing import objections as verbs
from shidian.dispatch.publishing import rules
from shidian.dispatch.publishing.models import Objection, ObjectionAnswer
from shidian.dispatch.publishing.objections import Who
from shidian.documents.intake import Rejected
from shidian.ui.files import stored
from shidian.ui.history import entries
from shidian.ui.kept import keep, kept, ticket
from shidian.ui.objection_forms import ObjectionForm, labels_of
from shidian.ui.templatetags.ui import form_problems
from shidian.ui.uploads import refused

GET_POST = ("GET", "HEAD", "POST")


def _crumbs(found: Objection) -> tuple[list[tuple[str, str]], str]:
    back = reverse("desk:objection", args=(found.number,))
    return [
        (reverse("desk:publicities", args=(found.publicity.call.key,)), _("公示和异议")),
        (reverse("desk:publicity", args=(found.publicity.reference,)), found.publicity.reference),
        (back, found.number),
    ], back


@require_safe
@officers_only
def objection(request: HttpRequest, number: str) -> HttpResponse:
    """What was objected, by whom, until when it is to be answered, what was found out, and the answer."""
    return _page(request, seen_objection(person(request), number))


def _page(request: HttpRequest, found: Objection, form: NoteForm | None = None) -> HttpResponse:
    user = person(request)
    form = form or NoteForm()
    [row] = objection_rows([found], found.publicity.call)
    context = {
        "objection": found,
        "publicity": found.publicity,
        "call": found.publicity.call,
        "row": row,
        "who": found.objector,
        "files": list(found.files.select_related("file")),
        "notes": list(found.notes.select_related("by")),
        "answers": list(found.answers.select_related("by", "letter").order_by("-pk")),
        "claiming": rules.can_claim(user, found),
        "answering": rules.can_answer(user, found),
        "confirming": rules.can_decide_answer(user, found),
        "form": form,
        "form_problems": form_problems(form),
        "history": entries(timeline(found.chain)),
    }
    return render(request, "desk/objection.html", context, status=422 if form.errors else 200)


@require_POST
@officers_only
def claim(request: HttpRequest, number: str) -> HttpResponse:
    """Take it in hand."""
    user = person(request)
    verbs.claim(own_objection(user, number), by=user)
    messages.success(request, _("这件异议由您办理。"))
    return redirect("desk:objection", number)


@require_POST
@officers_only
def note(request: HttpRequest, number: str) -> HttpResponse:
    """Write down what was found out."""
    user = person(request)
    found = own_objection(user, number)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    verbs.note(found, form.cleaned_data["note"], by=user)
    messages.success(request, _("核实记录已写入。"))
    return redirect("desk:objection", number)


@require_http_methods(GET_POST)
@officers_only
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """Put an answer before the approver, with a sealed letter or without; a letter that was taken in need not be chosen again."""
    user = person(request)
    found = own_objection(user, number)
    verdict = rules.can_answer(user, found)
    letter = kept(request.POST.get("kept", ""), by=user, place=request.path)
    last = found.answers.order_by("-pk").first()
    initial = {"outcome": last.outcome, "text": last.text, "strikes": last.strikes} if last else {}
    form = AnswerForm(*posted(request), about=found.item_id is not None, initial=initial)
    if request.method == "POST" and verdict:
        form.is_valid()
        tell_refused(form, "scan", refused(request))
        if file := upload(form, "scan"):
            try:
                letter = keep(file, by=user)
            except Rejected as rejected:
                form.add_error("scan", in_words(rejected.said))
        if form.is_valid():
            given = form.cleaned_data
            try:
                verbs.answer(
                    found,
                    outcome=ObjectionAnswer.Outcome(given["outcome"]),
                    text=given["text"],
                    strikes=given.get("strikes", False),
                    letter=letter,
                    by=user,
                )
            except Invalid as refusal:
                for place, message in refusal.problems:
                    form.add_error(place if place in form.fields else None, message)
            else:
                messages.success(request, _("答复已提交，等审批人确认。"))
                return redirect("desk:objection", number)
    crumbs, back = _crumbs(found)
    context = {
        "crumbs": crumbs,
        "title": _("答复异议"),
        "verb": _("提交审批"),
        "multipart": True,
        "hidden": {"kept": ticket(letter, by=user, place=request.path)},
        "consequences": [
            _("审批人（另一个人）确认以后，答复发给异议人，并显示在他的查询页上。"),
            *([_("已收到答复函“{name}”，不用再选。").format(name=letter.name)] if letter else []),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": "" if verdict else verdict.reason,
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_POST)
@officers_only
def confirmation(request: HttpRequest, number: str) -> HttpResponse:
    """The second person confirms the answer, and what it changes."""
    user = person(request)
    found = own_objection(user, number)
    if request.method == "POST":
        verbs.confirm(found, by=user)
        messages.success(request, _("异议已办结，答复已发出。"))
        return redirect("desk:objection", number)
    verdict = rules.can_decide_answer(user, found)
    consequences = []
    if found.answer:
        consequences.append(
            _("结论：{outcome}。答复由 {who} 拟写。").format(
                outcome=found.answer.get_outcome_display(), who=found.answer.by.label
            )
        )
        consequences.append(_("答复发给异议人，不能再改。"))
        if found.answer.strikes and found.item:
            consequences.append(
                _("{reference}“{name}”取消资格，从清单和公示里移出，在本批次到此结束。").format(
                    reference=found.item.application.reference, name=found.item.application.name
                )
            )
    return _confirm(request, found, title=_("确认答复"), verb=_("确认"), consequences=consequences,
                    refused="" if verdict else verdict.reason)  # fmt: skip


def _confirm(request: HttpRequest, found: Objection, status: int = 200, **more: Any) -> HttpResponse:
    crumbs, back = _crumbs(found)
    return render(
        request, "desk/confirmation.html", {"crumbs": crumbs, "back_url": back, **more}, status=status
    )


@require_http_methods(GET_POST)
@officers_only
def sending_back(request: HttpRequest, number: str) -> HttpResponse:
    """The approver gives the answer back."""
    user = person(request)
    found = own_objection(user, number)
    form = ReasonForm(*posted(request), hint=_("写清楚要再核实什么、怎样改。"))
    if request.method == "POST" and form.is_valid():
        verbs.send_back(found, by=user, reason=form.cleaned_data["reason"])
        messages.success(request, _("答复已退回。"))
        return redirect("desk:objection", number)
    verdict = rules.can_decide_answer(user, found)
    return _confirm(
        request, found, 422 if form.errors else 200, title=_("退回答复"), verb=_("退回"), stop=True,
        consequences=[_("办理人改了再提交；这一稿留在记录里。")], form=form, form_problems=form_problems(form),
        refused="" if verdict else verdict.reason,
    )  # fmt: skip


@require_safe
@officers_only
def objection_file(request: HttpRequest, number: str, pk: int) -> HttpResponseBase:
    """A file that the objector added."""
    found = seen_objection(person(request), number)
    row = found.files.select_related("file").filter(pk=pk).first()
    if row is None:
        raise Http404
    return stored(row.file)


@require_safe
@officers_only
def answer_letter(request: HttpRequest, number: str, pk: int) -> HttpResponseBase:
    """The sealed letter of an answer."""
    found = seen_objection(person(request), number)
    row = found.answers.select_related("letter").filter(pk=pk, letter__isnull=False).first()
    if row is None or row.letter is None:
        raise Http404
    return stored(row.letter)


@require_http_methods(GET_POST)
@officers_only
def taking_in(request: HttpRequest, reference: str) -> HttpResponse:
    """Enter an objection that came by letter or in person."""
    user = person(request)
    found = own_publicity(user, reference)
    form = ObjectionForm(*posted(request), items=found.items.all(), labels=labels_of(found))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        who = Who(given["name"], given["phone"], given["email"], given["address"])
        try:
            made = verbs.file(found, who=who, text=given["text"], item=given["item"], by=user)
        except Invalid as refusal:
            for place, message in refusal.problems:
                form.add_error(place if place in form.fields else None, message)
        else:
            messages.success(request, _("已登记异议 {number}。").format(number=made.number))
            return redirect("desk:objection", made.number)
    verdict = rules.can_take_in(user, found)
    back = reverse("desk:publicity", args=(found.reference,))
    context = {
        "crumbs": [
            (reverse("desk:publicities", args=(found.call.key,)), _("公示和异议")),
            (back, found.reference),
        ],
        "title": _("登记来信来访的异议"),
        "verb": _("登记"),
        "consequences": [_("与网上提出的异议一样编号、计时、答复。")],
        "form": form,
        "form_problems": form_problems(form),
        "refused": "" if verdict else verdict.reason,
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)
