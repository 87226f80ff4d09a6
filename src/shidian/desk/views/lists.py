"""Candidate lists: put in order, put forward, approved by a second person, sealed, sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.accounts.models import User
from shidian.audit.queries import timeline
from shidian.calls.models import Call
from shidian.calls.queries import area_label, office_after, stage_of, window
from shidian.core.errors import Invalid, NotNow, Stale
from shidian.core.language import in_words
from shidian.core.verdict import Verdict
from shidian.desk.access import officers_only, own_list, person, seen_list, workplace
from shidian.desk.forms.ranking import RankingForm
from shidian.desk.forms.words import ReasonForm, ScanForm, posted, tell_refused, upload
from shidian.desk.views.letters import DOCX
from shidian.dispatch import actions, papers, ranking, rules
from shidian.dispatch.certified import is_signed, seal_by_certificate
from shidian.dispatch.holdings import received_of, slips_of
from shidian.dispatch.letters import is_outdated, letter_of
from shidian.dispatch.models import CandidateList, Letter
from shidian.dispatch.queries import (
    Entry,
    counted_plan,
    effective,
    entries,
    is_last_stage,
    items,
    open_list,
    order_mark,
    sent_lists,
    withdrawals,
)
from shidian.dispatch.quotas import quotas
from shidian.dispatch.waiving import refusal as refusal_of
from shidian.documents.intake import Rejected
from shidian.organisations.models import Office, Officer
from shidian.organisations.rules import holds_office
from shidian.ui.files import made, sheet, stored
from shidian.ui.history import entries as timeline_entries
from shidian.ui.kept import keep
from shidian.ui.templatetags.ui import form_problems
from shidian.ui.uploads import refused

GET_POST = ("GET", "HEAD", "POST")


def _keys(call: Call, office: Office) -> dict[str, str]:
    return {"call": call.key, "office": office.key}


def _to_preparation(call: Call, office: Office) -> HttpResponseRedirect:
    return redirect(reverse("desk:list", kwargs=_keys(call, office)))


def _reason(verdict: Verdict) -> str:
    return "" if verdict else verdict.reason


def _target(call: Call, office: Office) -> str:
    """Where the office's list goes, in words."""
    if is_last_stage(call, office):
        return call.definition.destination.label
    following = office_after(call, office)
    return following.name if following else ""


@require_http_methods(GET_POST)
@officers_only
def preparation(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The list as it writes itself: order, remarks, how it will print. Once put forward it has a page of its own."""
    user = person(request)
    here, place = workplace(user, call, office)
    found = stage_of(here, place)
    if found is None:
        raise NotNow(_("这个机构在本批次中没有清单。"))
    listed = open_list(here, place)
    if listed is not None and listed.state != "draft":
        return redirect("desk:list-detail", listed.reference)
    rows = entries(here, place)
    form, refusal = None, ""
    if request.method == "POST":
        form = RankingForm(rows, request.POST.dict())
        if not form.problems:
            try:
                actions.rank(
                    here, place, form.order, by=user, remarks=form.remarks, seen=request.POST.get("seen")
                )
            except Stale as stale:
                refusal = stale.reason
        if not form.problems and not refusal:
            moved = request.POST.get("up") or request.POST.get("down") or ""
            messages.success(request, _("排序和备注已保存。"))
            at = f"?at={moved}#row-{moved}" if moved in form.order else ""
            return redirect(reverse("desk:list", kwargs=_keys(here, place)) + at)
    can_rank, can_propose = rules.can_rank(user, place, listed), rules.can_propose(user, here, place, listed)
    content = papers.draft_content(here, place)
    plan = counted_plan(here)
    context = {
        "call": here,
        "office": place,
        "stage": found,
        "listed": listed,
        "window": window(here, place),
        "target": _target(here, place),
        "rows": [_row(here, entry, None if refusal else form) for entry in rows],
        "stale": refusal,
        "yours": _yours(rows, form) if refusal and form else [],
        "seen": order_mark(listed),
        "quotas": quotas(here, place, listed),
        "waives": rules.waives(here, place),
        "refusal": refusal_of(listed) if listed is not None else None,
        "asking": rules.can_ask_waiver(user, here, place, listed),
        "scores": [label for label, _scores in ranking.offered(here, place)],
        "letter": letter_of(here, place, listed),
        "letter_written": listed is not None and Letter.objects.filter(list=listed).exists(),
        "letter_outdated": is_outdated(here, place, listed),
        "changes": papers.change_rows(content.get("changes", [])),
        "at": request.GET.get("at", ""),
        "form_problems": form.problems if form else [],
        "ranking": can_rank,
        "proposing": can_propose,
        "areas": _areas(here, rows),
        "plan": plan,
        "paper_copies": plan.total * len(rows) if plan else 0,
        "content": _preview(content),
        "approvers": _names(place, Officer.Role.APPROVER),
        "earlier": CandidateList.objects.filter(call=here, office=place, state="dispatched").order_by("pk"),
        "history": timeline_entries(timeline(listed.chain)) if listed else [],
    }
    status = 409 if refusal else 422 if form and form.problems else 200
    return render(request, "desk/list.html", context, status=status)


def _yours(rows: list[Entry], form: RankingForm) -> list[dict[str, str]]:
    """The order and the remarks that were posted in vain, to be looked up while the list is ranked again."""
    names = {row.application.reference: row.application.name for row in rows}
    return [
        {"reference": reference, "name": names[reference], "remark": form.remarks[reference]}
        for reference in form.order
    ]


@require_POST
@officers_only
def by_score(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """Put the list in the order of one source of scores."""
    user = person(request)
    here, place = workplace(user, call, office)
    label = request.POST.get("source", "")
    scores = next((found for name, found in ranking.offered(here, place) if name == label), None)
    if scores is None:
        raise NotNow(_("还没有可以用来排序的得分。"))
    ranking.order_by(here, place, scores, by=user, seen=request.POST.get("seen"))
    messages.success(request, _("已按得分排序，还可以再调整。"))
    return _to_preparation(here, place)


def _row(call: Call, entry: Entry, form: RankingForm | None) -> dict[str, Any]:
    application = entry.application
    reference = application.reference
    return {
        "application": application,
        "rank": form.typed[reference] if form else entry.rank,
        "remark": form.remarks[reference] if form else entry.remark,
        "area": area_label(call, application.area),
        "rank_wrong": form.wrong.get(f"rank-{reference}", "") if form else "",
        "remark_wrong": form.wrong.get(f"remark-{reference}", "") if form else "",
    }


def _preview(content: Mapping[str, Any]) -> dict[str, Any]:
    """A list as the page draws it: each cell with the class of its column's width."""
    styles = [
        "is-wide" if column["width"] >= 20 else "is-mid" if column["width"] >= 12 else ""
        for column in content["columns"]
    ]
    rows = [list(zip(row, styles, strict=True)) for row in content["rows"]]
    return {"title": content["title"], "columns": content["columns"], "rows": rows}


def _areas(call: Call, rows: list[Entry]) -> list[tuple[str, int]]:
    """How many of the list fall into each area of the first level; they add up to the list."""
    counted = Counter(row.application.area.partition("/")[0] for row in rows)
    known = [(area.label, counted.pop(area.key, 0)) for area in call.definition.areas]
    return known + ([(_("其他"), counted.total())] if counted.total() else [])


def _names(office: Office, role: Officer.Role) -> list[str]:
    return [row.user.label for row in office.officers.filter(role=role).select_related("user")]


@require_safe
@officers_only
def draft_pdf(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The list in preparation as a paper marked as a draft."""
    here, place = workplace(person(request), call, office)
    return made(
        papers.draft_pdf(here, place), name=f"清单草稿-{place.short}.pdf", media_type="application/pdf"
    )


@require_safe
@officers_only
def draft_xlsx(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The list in preparation as a sheet."""
    here, place = workplace(person(request), call, office)
    return sheet(papers.draft_xlsx(here, place), name=f"清单草稿-{place.short}.xlsx")


@require_safe
@officers_only
def draft_docx(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The list in preparation as a Word document."""
    here, place = workplace(person(request), call, office)
    content = papers.draft_docx(here, place)
    return made(content, name=f"清单草稿-{place.short}.docx", media_type=DOCX, download=True)


@require_http_methods(GET_POST)
@officers_only
def proposal(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """Put the list before the approver."""
    user = person(request)
    here, place = workplace(user, call, office)
    if request.method == "POST":
        proposed = actions.propose(here, place, by=user)
        messages.success(request, _("清单 {listed} 已提交审批。").format(listed=proposed.reference))
        return redirect("desk:list-detail", proposed.reference)
    rows = entries(here, place)
    listed = open_list(here, place)
    changed = listed.changes.count() if listed is not None else 0
    found = stage_of(here, place)
    others = [name for name in _names(place, Officer.Role.APPROVER) if name != user.label]
    context = {
        "crumbs": [(reverse("desk:list", kwargs=_keys(here, place)), _("清单"))],
        "title": _("提交清单审批"),
        "verb": _("提交审批（{count} 件）").format(count=len(rows)),
        "consequences": [
            _("{list_title}共 {count} 件，按现在的排序提交，审批期间不能再改。").format(
                list_title=found.list_title if found else _("清单"), count=len(rows)
            ),
            _("由另一个人审批：{others}。").format(others=_("、").join(others))
            if others
            else _("本机构还没有另外的审批人，请系统管理员先设审批人。"),
            *([_("另撤下或者更正已报送的 {count} 件。").format(count=changed)] if changed else []),
            *([_("函随清单一起审批、冻结。")] if letter_of(here, place, listed) else []),
            *(row.words for row in quotas(here, place, listed) if row.over or row.under),
            _("审批人可以通过，也可以写明理由退回重排。"),
        ],
        "refused": _reason(rules.can_propose(user, here, place, listed)),
        "back_url": reverse("desk:list", kwargs=_keys(here, place)),
    }
    return render(request, "desk/confirmation.html", context)


@require_safe
@officers_only
def detail(request: HttpRequest, reference: str) -> HttpResponseBase:
    """A list that was put forward: where it stands, what is to be done by whom, and what was frozen."""
    user = person(request)
    listed = seen_list(user, reference)
    call, office = listed.call, listed.office
    own = holds_office(user, office, *Officer.Role)
    if own and listed.state == "draft":
        return _to_preparation(call, office)
    content = listed.version.data if listed.version else papers.list_content(listed)
    rows = items(listed)
    plan = counted_plan(call)
    delivery = call.definition.delivery
    delivered = listed.state == "dispatched" and delivery.after_stage == listed.stage
    context = {
        "listed": listed,
        "call": call,
        "office": office,
        "stage": stage_of(call, office),
        "window": window(call, office),
        "own": own,
        "content": _preview(content),
        "rows": [
            {"item": item, "application": item.application, "area": area_label(call, item.application.area)}
            for item in rows
        ],
        "target": _target(call, office),
        "last": is_last_stage(call, office),
        "package": getattr(listed, "package", None) if listed.state == "dispatched" else None,
        "approving": rules.can_approve(user, listed),
        "revoking": rules.can_revoke(user, listed),
        "sealing": rules.can_seal(user, listed),
        "dispatching": rules.can_dispatch(user, listed),
        "is_approver": holds_office(user, office, Officer.Role.APPROVER),
        "approvers": _names(office, Officer.Role.APPROVER),
        "plan": plan if delivery.after_stage == listed.stage else None,
        "delivery": delivery if delivery.after_stage == listed.stage else None,
        "registry": next((d.name for d in call.package.offices if d.key == delivery.office), ""),
        "paper_copies": plan.total * len(content["rows"]) if plan else 0,
        "received": received_of(listed) if delivered else [],
        "slips": slips_of(listed) if delivered and own else [],
        "history": timeline_entries(timeline(listed.chain)),
        "letter": content.get("letter"),
        "final": listed.version is not None and listed.state in ("confirmed", "dispatched"),
        "reason": content.get("reason", ""),
        "supplements": content.get("supplements", []),
        "changes": papers.change_rows(content.get("changes", [])),
        "waivers": listed.waivers.select_related("office", "by", "file"),
        "area_labels": {area.key: area.label for area in call.definition.areas},
        "quotas": quotas(call, office, listed) if listed.state != "dispatched" else [],
        "waives": rules.waives(call, office),
        "refusal": refusal_of(listed) if listed.state != "dispatched" else None,
        "asking": rules.can_ask_waiver(user, call, office, listed),
        "writing": rules.can_write_letter(user, call, office, listed),
        **_effective(listed),
    }
    return render(request, "desk/list_detail.html", context)


def _effective(listed: CandidateList) -> dict[str, Any]:
    """What the office has sent in all, where there is more than one list; and the others."""
    lists = sent_lists(listed.call, listed.office)
    if len(lists) < 2 or listed.state != "dispatched":
        return {"effective": []}
    return {"effective": effective(listed.call, listed.office), "lists": lists}


@require_safe
@officers_only
def pdf(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The approved list as it is sealed; before approval, the draft."""
    listed = seen_list(person(request), reference)
    if listed.version is not None and listed.state in ("confirmed", "dispatched"):
        return stored(papers.list_pdf(listed, listed.version))
    draft = papers.draft_pdf(listed.call, listed.office)
    return made(draft, name=f"清单草稿-{listed.office.short}.pdf", media_type="application/pdf")


@require_safe
@officers_only
def xlsx(request: HttpRequest, reference: str) -> HttpResponse:
    """The same as a sheet."""
    listed = seen_list(person(request), reference)
    if listed.version is not None and listed.state in ("confirmed", "dispatched"):
        name = f"{listed.version.data['title']}-{listed.office.short}.xlsx"
        return sheet(papers.list_xlsx(listed, listed.version), name=name)
    return sheet(papers.draft_xlsx(listed.call, listed.office), name=f"清单草稿-{listed.office.short}.xlsx")


@require_safe
@officers_only
def docx(request: HttpRequest, reference: str) -> HttpResponse:
    """The same as a Word document."""
    listed = seen_list(person(request), reference)
    if listed.version is not None and listed.state in ("confirmed", "dispatched"):
        name = f"{listed.version.data['title']}-{listed.office.short}.docx"
        content = papers.list_docx(listed, listed.version)
    else:
        name = f"清单草稿-{listed.office.short}.docx"
        content = papers.draft_docx(listed.call, listed.office)
    return made(content, name=name, media_type=DOCX, download=True)


def _confirmation(
    request: HttpRequest, listed: CandidateList, status: int = 200, **context: Any
) -> HttpResponse:
    back = reverse("desk:list-detail", args=(listed.reference,))
    context = {
        "crumbs": [(back, _("清单 {listed}").format(listed=listed.reference))],
        "back_url": back,
        **context,
    }
    return render(request, "desk/confirmation.html", context, status=status)


@require_http_methods(GET_POST)
@officers_only
def approval(request: HttpRequest, reference: str) -> HttpResponse:
    """The second person approves: the list is frozen with its digest."""
    user = person(request)
    listed = own_list(user, reference)
    if request.method == "POST":
        actions.confirm(listed, by=user)
        messages.success(request, _("清单已审批。请打印、盖章，再上传扫描件。"))
        return redirect("desk:list-detail", reference)
    count = listed.items.count()
    return _confirmation(
        request,
        listed,
        title=_("审批通过这份清单"),
        verb=_("审批通过"),
        consequences=[
            _("清单共 {count} 件，由 {proposed_by} 提交；您以审批人身份负责。").format(
                count=count, proposed_by=listed.proposed_by.label if listed.proposed_by else ""
            ),
            _("清单就此冻结，带上核对码，排序和备注不能再改。"),
            _("接着打印、盖章、上传扫描件，然后报送；报送以前可以撤销审批。"),
        ],
        refused=_reason(rules.can_approve(user, listed)) or _reason(rules.still_stands(listed)),
    )


@require_http_methods(GET_POST)
@officers_only
def sending_back(request: HttpRequest, reference: str) -> HttpResponse:
    """The approver gives the list back with a reason."""
    user = person(request)
    listed = own_list(user, reference)
    form = ReasonForm(*posted(request), hint=_("写清楚要怎样重排，经办人会看到。"))
    if request.method == "POST" and form.is_valid():
        actions.send_back(listed, by=user, reason=form.cleaned_data["reason"])
        messages.success(request, _("清单已退回经办人重新编制。"))
        return _to_preparation(listed.call, listed.office)
    return _confirmation(
        request,
        listed,
        422 if form.errors else 200,
        title=_("退回清单重排"),
        verb=_("退回重排"),
        stop=True,
        consequences=[_("经办人可以调整排序和备注、收回个别推荐，再提交一次。")],
        form=form,
        form_problems=form_problems(form),
        refused=_reason(rules.can_approve(user, listed)),
    )


@require_http_methods(GET_POST)
@officers_only
def revocation(request: HttpRequest, reference: str) -> HttpResponse:
    """Take an approval back while the list has not left."""
    user = person(request)
    listed = own_list(user, reference)
    form = ReasonForm(*posted(request), hint=_("写清楚为什么撤销，经办人会看到。"))
    if request.method == "POST" and form.is_valid():
        actions.revoke(listed, by=user, reason=form.cleaned_data["reason"])
        messages.success(request, _("审批已撤销，清单回到编制中。"))
        return _to_preparation(listed.call, listed.office)
    return _confirmation(
        request,
        listed,
        422 if form.errors else 200,
        title=_("撤销审批"),
        verb=_("撤销审批"),
        stop=True,
        consequences=[
            _("清单回到编制中，要重新提交、重新审批。"),
            _("已盖章的纸和已上传的扫描件作废，须重新打印盖章。"),
        ],
        form=form,
        form_problems=form_problems(form),
        refused=_reason(rules.can_revoke(user, listed)),
    )


@require_http_methods(GET_POST)
@officers_only
def seal(request: HttpRequest, reference: str) -> HttpResponse:
    """Upload the scan of the sealed list; a better one may replace it until the list is sent."""
    user = person(request)
    listed = own_list(user, reference)
    verdict = rules.can_seal(user, listed)
    form = ScanForm(*posted(request))
    if request.method == "POST":
        form.is_valid()
        tell_refused(form, "scan", refused(request))
    if request.method == "POST" and form.is_valid() and _sealed(form, listed, user):
        messages.success(request, _("盖章扫描件已上传，可以报送了。"))
        return redirect("desk:list-detail", reference)
    code = listed.version.code if listed.version else ""
    return _confirmation(
        request,
        listed,
        422 if form.errors else 200,
        title=_("上传盖章扫描件"),
        verb=_("上传"),
        multipart=True,
        consequences=[
            _("扫描以前，核对纸上的核对码是不是 {code}。").format(code=code)
            if code
            else _("先审批，再打印盖章。"),
            _("扫描件随清单一起报送；报送以前可以换一份更清楚的。"),
            _("不盖章的，可以上传用本机构数字证书签名的清单 PDF，签名当场核验。"),
        ],
        form=form,
        form_problems=form_problems(form),
        refused=_reason(verdict),
    )


def _sealed(form: ScanForm, listed: CandidateList, user: User) -> bool:
    file = upload(form, "scan")
    if file is None:
        return False
    content = file.read()
    file.seek(0)
    try:
        if is_signed(content):
            seal_by_certificate(listed, content, by=user)
        else:
            actions.seal(listed, keep(file, by=user), by=user)
    except Invalid as invalid:
        for _name, message in invalid.problems or [("scan", invalid.reason)]:
            form.add_error("scan", message)
        return False
    except Rejected as rejected:
        form.add_error("scan", in_words(rejected.said))
        return False
    return True


@require_safe
@officers_only
def sealed(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The scan of the sealed list."""
    listed = seen_list(person(request), reference)
    if listed.sealed_scan is None:
        raise NotNow(_("这份清单还没有上传盖章扫描件。"))
    return stored(listed.sealed_scan)


@require_http_methods(GET_POST)
@officers_only
def dispatch(request: HttpRequest, reference: str) -> HttpResponse:
    """Send the list with everything on it, after saying what follows and by when."""
    user = person(request)
    listed = own_list(user, reference)
    if request.method == "POST":
        actions.dispatch(listed, by=user)
        messages.success(request, _("清单 {reference} 已报送。").format(reference=reference))
        return redirect("desk:list-detail", reference)
    call, office = listed.call, listed.office
    last, count = is_last_stage(call, office), listed.items.count()
    target = _target(call, office)
    plan, delivery = counted_plan(call), call.definition.delivery
    consequences = [
        _("清单上的 {count} 件申请一次报送{target}；全部送出，或者一件也不送。").format(
            count=count, target=target
        )
    ]
    if last:
        consequences.append(
            _("这些申请的状态变为“已报送国家”，系统随后生成给{target}的报送包。").format(target=target)
        )
    else:
        consequences.append(_("从此由{target}办理；承担单位会看到申请已经报送。").format(target=target))
    if back := withdrawals(listed).count():
        consequences.append(_("撤下的 {count} 件回到本机构，重新审查。").format(count=back))
    if listed.version is not None and "letter" in listed.version.data:
        letter = listed.version.data["letter"]
        consequences.append(
            _("{label}{number}随清单一起报送。").format(label=letter["label"], number=letter["number"])
        )
    consequences.append(_("名次、备注从此不能再改，也不能撤回；以后再推荐的，另列一份补充清单。"))
    if plan and delivery.after_stage == listed.stage:
        registry = next((d.name for d in call.package.offices if d.key == delivery.office), "")
        consequences.append(
            _("纸质材料每件 {total} 份、共 {total_2} 份，另送{registry}登记。").format(
                total=plan.total, total_2=plan.total * count, registry=registry
            )
        )
    return _confirmation(
        request,
        listed,
        title=_("报送清单给{target}").format(target=target),
        verb=_("报送 {count} 件").format(count=count),
        consequences=consequences,
        until=window(call, office).dispatch_until,
        refused=_reason(rules.can_dispatch(user, listed)),
    )
