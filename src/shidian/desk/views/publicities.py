"""Publicities at the desk: prepared by one person, published by another, watched until they have passed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.audit.queries import timeline
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import Invalid
from shidian.core.language import date_words
from shidian.core.verdict import Verdict
from shidian.desk.access import (
    deciding_office,
    last_office,
    officers_only,
    own_publicity,
    person,
    seen_publicity,
)
from shidian.desk.forms.publishing import CorrectionForm, LongerForm, WordsForm
from shidian.desk.forms.words import ReasonForm, posted
from shidian.dispatch.publishing import papers, rules
from shidian.dispatch.publishing import publicity as verbs
from shidian.dispatch.publishing.models import Objection, Publicity
from shidian.dispatch.publishing.queries import open_objections, publicities, publishable, struck, workdays
from shidian.documents.sheets import write_rows
from shidian.ui.files import pdf, sheet, stored
from shidian.ui.history import entries
from shidian.ui.templatetags.ui import form_problems

GET_POST = ("GET", "HEAD", "POST")


def objection_rows(found: Any, call: Call) -> list[dict[str, Any]]:
    """Objections with the working days that are left for the answer."""
    today = clock.now().astimezone(call.zone).date()
    table = workdays()
    return [
        {
            "objection": row,
            "left": table.between(today, row.due_on),
            "overdue": table.between(row.due_on, today),
            "late": row.is_open and row.due_on < today,
        }
        for row in found
    ]


def _objections(call: Call, **where: Any) -> list[Objection]:
    rows = Objection.objects.filter(publicity__call=call, **where)
    return list(
        rows.select_related("publicity", "item__application", "claimed_by", "answer", "objector").order_by(
            "-pk"
        )
    )


@require_safe
@officers_only
def overview(request: HttpRequest, call: str) -> HttpResponse:
    """Every publicity of the call, and every objection with its working-day clock."""
    user = person(request)
    here, office = deciding_office(user, call)
    waiting = publishable(here, office)
    context = {
        "call": here,
        "office": office,
        "rows": list(publicities(here, office)),
        "objections": objection_rows(_objections(here, publicity__office=office), here),
        "preparing": rules.can_prepare(user, here, office),
        "waiting": len(waiting),
    }
    return render(request, "desk/publicities.html", context)


@require_safe
@officers_only
def objections_xlsx(request: HttpRequest, call: str) -> HttpResponse:
    """The objections as a sheet, for the handling office."""
    here, office = deciding_office(person(request), call)
    title = _("{batch}异议").format(batch=here.definition.batch)
    columns = (
        _("异议编号"), _("公示编号"), _("申请编号"), _("收到时间"), _("应答复日期"), _("情况"), _("办理人"), _("结论"), _("异议人"),
        _("联系电话"), _("电子邮箱"), _("事实和理由"),
    )  # fmt: skip
    cells: list[list[Any]] = [
        [
            row.number,
            row.publicity.reference,
            row.item.application.reference if row.item else "",
            row.filed_at.astimezone(here.zone).replace(microsecond=0),
            row.due_on,
            row.state_label,
            row.claimed_by.label if row.claimed_by else "",
            row.answer.get_outcome_display() if row.answer else "",
            row.objector.name,
            row.objector.phone,
            row.objector.email,
            row.text,
        ]
        for row in _objections(here, publicity__office=office)
    ]
    now = clock.now().astimezone(here.zone)
    return sheet(write_rows(title, columns, cells, created=now), name=f"{title}-{now:%Y%m%d-%H%M}.xlsx")


def _say(form: forms.Form, refusal: Invalid) -> None:
    for place, message in refusal.problems or [("", refusal.reason)]:
        form.add_error(place if place in form.fields else None, message)


@require_http_methods(GET_POST)
@officers_only
def preparation(request: HttpRequest, call: str) -> HttpResponse:
    """Prepare one of what was decided and is not public yet."""
    user = person(request)
    here, office = last_office(user, call)
    initial = {"title": papers.standard_title(here), "text": papers.standard_text(here)}
    form = WordsForm(*posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.prepare(here, office, by=user, **form.cleaned_data)
        except Invalid as refusal:
            _say(form, refusal)
        else:
            messages.success(
                request, _("公示 {reference} 已拟定，等审批人发布。").format(reference=made.reference)
            )
            return redirect("desk:publicity", made.reference)
    listed = publishable(here, office)
    back = reverse("desk:publicities", args=(here.key,))
    return _confirmation(
        request,
        [(back, _("公示和异议"))],
        back,
        form,
        rules.can_prepare(user, here, office),
        title=_("拟定公示"),
        verb=_("拟定（{count} 项）").format(count=len(listed)),
        consequences=[
            _("已选报、还没有公示的 {count} 项列入名单，次序同清单。").format(count=len(listed)),
            _("拟定以后由审批人（另一个人）发布；发布以前可以修改和撤回。"),
            _("公示 {days} 个工作日，从发布的第二天算起；异议 {answer} 个工作日内答复。").format(
                days=here.definition.publicity.days, answer=here.definition.publicity.answer_days
            ),
        ],
    )


def _confirmation(
    request: HttpRequest,
    crumbs: list[tuple[str, str]],
    back: str,
    form: forms.Form | None,
    verdict: Verdict,
    **more: Any,
) -> HttpResponse:
    context = {
        "crumbs": crumbs,
        "back_url": back,
        "form": form,
        "form_problems": form_problems(form) if form else [],
        "refused": "" if verdict else verdict.reason,
        **more,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form and form.errors else 200)


def _crumbs(found: Publicity) -> tuple[list[tuple[str, str]], str]:
    back = reverse("desk:publicity", args=(found.reference,))
    return [
        (reverse("desk:publicities", args=(found.call.key,)), _("公示和异议")),
        (back, found.reference),
    ], back


@require_safe
@officers_only
def publicity(request: HttpRequest, reference: str) -> HttpResponse:
    """One publicity: what it says, who may do what next, its objections and its course."""
    user = person(request)
    found = seen_publicity(user, reference)
    told = found.version.data if found.version else papers.draft_content(found)
    out = struck(found) if found.version else set()
    context = {
        "publicity": found,
        "call": found.call,
        "told": told,
        "period": papers.period(told),
        "rows": [
            (list(zip(told["columns"], row, strict=True)), listed["reference"], listed["reference"] in out)
            for row, listed in zip(told["rows"], told["applications"], strict=True)
        ],
        "objections": objection_rows(_objections(found.call, publicity=found), found.call),
        "open": open_objections(found).count(),
        "publishing": rules.can_publish(user, found),
        "changing": rules.can_change(user, found),
        "withdrawing": rules.can_withdraw(user, found),
        "extending": rules.can_extend(user, found),
        "settling": rules.can_settle(user, found),
        "correcting": rules.can_prepare(user, found.call, found.office, found)
        if found.state in ("running", "ended", "passed")
        else None,
        "taking_in": rules.can_take_in(user, found),
        "history": entries(timeline(found.chain)),
    }
    return render(request, "desk/publicity.html", context)


@require_safe
@officers_only
def notice(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The notice as PDF; a draft of it while it is not published."""
    found = seen_publicity(person(request), reference)
    if found.version is None:
        return pdf(
            papers.draft_pdf(found), name=_("{reference}（草稿）.pdf").format(reference=found.reference)
        )
    return stored(papers.notice_pdf(found, found.version))


@require_http_methods(GET_POST)
@officers_only
def words(request: HttpRequest, reference: str) -> HttpResponse:
    """Change the words of one that is not published."""
    user = person(request)
    found = own_publicity(user, reference)
    form = WordsForm(*posted(request), initial={"title": found.title, "text": found.text})
    if request.method == "POST" and form.is_valid():
        try:
            verbs.change(found, by=user, **form.cleaned_data)
        except Invalid as refusal:
            _say(form, refusal)
        else:
            messages.success(request, _("公示稿已修改。"))
            return redirect("desk:publicity", reference)
    crumbs, back = _crumbs(found)
    return _confirmation(
        request, crumbs, back, form, rules.can_change(user, found), title=_("修改公示稿"), verb=_("保存"),
        consequences=[_("改了以后，发布的人须是另一个人。")],
    )  # fmt: skip


@require_http_methods(GET_POST)
@officers_only
def publication(request: HttpRequest, reference: str) -> HttpResponse:
    """The second person publishes what stands on the page."""
    user = person(request)
    found = own_publicity(user, reference)
    if request.method == "POST":
        made = verbs.publish(found, by=user, mark=request.POST.get("mark", ""))
        messages.success(
            request, _("已发布，公示到 {until}。").format(until=date_words(made.ends_on or date.min))
        )
        return redirect("desk:publicity", reference)
    told = papers.draft_content(found)
    crumbs, back = _crumbs(found)
    consequences = [
        _("《{title}》和 {count} 项名单立即在公开网页上显示，任何人都能看到。").format(
            title=found.title, count=len(told["rows"])
        ),
        _("公示到 {until} 24 时（{days} 个工作日，发布当日不计）。").format(
            until=date_words(date.fromisoformat(told["ends"])), days=told["days"]
        ),
        _("发布以后不能再改；有误的，只能发布更正，或者撤回。"),
    ]
    if not workdays().knows(date.fromisoformat(told["ends"])):
        consequences.append(_("这一年的放假安排还没有载入，只按星期计算，请核对。"))
    if found.replaces:
        consequences.append(
            _("公示 {replaces} 标明“已更正”，仍可查看。").format(replaces=found.replaces.reference)
        )
    return _confirmation(
        request, crumbs, back, None, rules.can_publish(user, found), title=_("发布公示"), verb=_("发布"),
        hidden={"mark": verbs.seen(found)}, consequences=consequences,
    )  # fmt: skip


@require_http_methods(GET_POST)
@officers_only
def withdrawal(request: HttpRequest, reference: str) -> HttpResponse:
    """Give it up, or take it back from the public, with a reason."""
    user = person(request)
    found = own_publicity(user, reference)
    form = ReasonForm(*posted(request), hint=_("已经发布的，理由显示在公示页上。"))
    return _act(
        request, found, form, rules.can_withdraw(user, found),
        lambda: verbs.withdraw(found, by=user, reason=form.cleaned_data["reason"]),
        done=_("公示已撤回。"), title=_("撤回公示"), verb=_("撤回"), stop=True,
        consequences=[_("没有发布的，不再发布；已经发布的，网页仍在，标明“已撤回”。"), _("撤回以后可以重新拟定。")],
    )  # fmt: skip


@require_http_methods(GET_POST)
@officers_only
def extension(request: HttpRequest, reference: str) -> HttpResponse:
    """More working days."""
    user = person(request)
    found = own_publicity(user, reference)
    form = LongerForm(*posted(request))
    return _act(
        request, found, form, rules.can_extend(user, found),
        lambda: verbs.extend(found, by=user, **form.cleaned_data),
        done=_("公示已延长。"), title=_("延长公示"), verb=_("延长"),
        consequences=[_("从原来的最后一天（已过的，从今天）往后数；期间继续受理异议。")],
    )  # fmt: skip


@require_http_methods(GET_POST)
@officers_only
def settlement(request: HttpRequest, reference: str) -> HttpResponse:
    """Close one that ended with an objection open, after all were answered."""
    user = person(request)
    found = own_publicity(user, reference)
    return _act(
        request, found, None, rules.can_settle(user, found),
        lambda: verbs.settle(found, by=user),
        done=_("公示已结束。"), title=_("结束公示"), verb=_("结束公示"),
        consequences=[_("全部异议已办结；没有被取消资格的各项，公示到此通过。")],
    )  # fmt: skip


def _act(
    request: HttpRequest,
    found: Publicity,
    form: forms.Form | None,
    verdict: Verdict,
    act: Callable[[], Any],
    *,
    done: str,
    **page: Any,
) -> HttpResponse:
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            act()
        except Invalid as refusal:
            if form is None:
                raise
            _say(form, refusal)
        else:
            messages.success(request, done)
            return redirect("desk:publicity", found.reference)
    crumbs, back = _crumbs(found)
    return _confirmation(request, crumbs, back, form, verdict, **page)


@require_http_methods(GET_POST)
@officers_only
def correction(request: HttpRequest, reference: str) -> HttpResponse:
    """Prepare another one in place of one that was published; the old one stays, marked."""
    user = person(request)
    found = own_publicity(user, reference)
    form = CorrectionForm(*posted(request), initial={"title": found.title, "text": found.text})
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.prepare(found.call, found.office, by=user, replaces=found, **form.cleaned_data)
        except Invalid as refusal:
            _say(form, refusal)
        else:
            messages.success(
                request, _("更正公示 {reference} 已拟定，等审批人发布。").format(reference=made.reference)
            )
            return redirect("desk:publicity", made.reference)
    crumbs, back = _crumbs(found)
    return _confirmation(
        request, crumbs, back, form, rules.can_prepare(user, found.call, found.office, found),
        title=_("更正公示"), verb=_("拟定更正"),
        consequences=[
            _("名单按现在已选报的各项重新列出，重新公示 {days} 个工作日。").format(days=found.call.definition.publicity.days),
            _("新的发布时，这一份标明“已更正”，仍可查看；没有办结的异议继续办理。"),
        ],
    )  # fmt: skip
