"""The registry: paper copies counted one by one, electronic material, and what is still missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.calls.queries import stage
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, Stale
from shidian.desk import cases
from shidian.desk.access import officers_only, person, registry_of
from shidian.desk.forms.words import ReasonForm, posted
from shidian.dispatch import actions, papers, registering
from shidian.dispatch.holdings import LONGEST_CODE, received_since
from shidian.dispatch.models import PaperCopy
from shidian.dispatch.queries import Registered, counted_plan, registered
from shidian.dispatch.registering import Received
from shidian.dispatch.rules import can_register
from shidian.documents.sheets import write_rows
from shidian.organisations.models import Office
from shidian.ui import errors
from shidian.ui.csp import with_camera
from shidian.ui.files import made, sheet
from shidian.ui.templatetags.ui import form_problems


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    words: str
    missing: bool

    @classmethod
    def read(cls, query: dict[str, str]) -> Asked:
        """Read the parameters of a GET."""
        return cls(" ".join(query.get("q", "").split())[:100], query.get("missing") == "1")

    @property
    def query(self) -> str:
        """The parameters again."""
        parts = {"q": self.words, "missing": "1" if self.missing else ""}
        return urlencode({name: value for name, value in parts.items() if value})

    def shows(self, row: Registered) -> bool:
        """Whether a row is asked for."""
        application = row.application
        text = f"{application.reference} {application.name} {application.lead.name}".lower()
        return (not self.missing or bool(row.missing)) and all(
            word in text for word in self.words.lower().split()
        )


def _rows(call: Call) -> list[Registered]:
    return sorted(registered(call), key=lambda row: row.application.reference)


@require_safe
@officers_only
def registry(request: HttpRequest, call: str) -> HttpResponse:
    """Everything that was sent on, copy by copy, and the field for what a scanner reads."""
    user = person(request)
    here, office = registry_of(user, call)
    return _page(request, here, office, user)


def _page(
    request: HttpRequest,
    here: Call,
    office: Office,
    user: User,
    *,
    code: str = "",
    wrong: str = "",
    status: int = 200,
) -> HttpResponse:
    rows = _rows(here)
    asked = Asked.read(request.GET.dict())
    page = Paginator([row for row in rows if asked.shows(row)], cases.PER_PAGE).get_page(
        request.GET.get("page")
    )
    plan = counted_plan(here)
    copies = [copy for row in rows for copy in row.copies.values()]
    context = {
        "call": here,
        "office": office,
        "asked": asked,
        "page": page,
        "rows": page.object_list,
        "total": len(rows),
        "complete": sum(not row.missing for row in rows),
        "incomplete": sum(bool(row.missing) for row in rows),
        "copies_wanted": len(copies),
        "copies_here": sum(copy is not None for copy in copies),
        "electronic": sum(row.electronic is not None for row in rows),
        "plan": plan,
        "plans": here.definition.copies,
        "delivery": here.definition.delivery,
        "stage": stage(here, here.definition.delivery.after_stage),
        "registering": can_register(user, here, office),
        "query": asked.query,
        "at": request.GET.get("at", ""),
        "next": _next(page.object_list, request.GET.get("at", "")),
        "numbers": range(1, (plan.total if plan else 0) + 1),
        "code": code[:LONGEST_CODE],
        "wrong": wrong,
        "today": today(here, user),
    }
    return with_camera(render(request, "desk/registry.html", context, status=status))


def _next(rows: Iterable[Registered], at: str) -> str:
    """After something was counted of `at`: the application whose button is next, itself while it lacks anything."""
    lacking = [row.application.reference for row in rows if row.missing] if at else []
    return next((reference for reference in lacking if reference >= at), lacking[0] if lacking else "")


SHOWN_TODAY = 50


@dataclass(frozen=True, slots=True)
class Today:
    """What one person received since midnight: the newest copies, and how many there are of how many applications."""

    copies: list[PaperCopy]
    count: int
    applications: int

    @property
    def words(self) -> str:
        """The numbers in words."""
        return _("今天您登记了 {count} 份，{applications} 件申请。").format(
            count=self.count, applications=self.applications
        )


def today(call: Call, user: User) -> Today:
    """What a person received today, by the calendar of the call."""
    midnight = clock.now().astimezone(call.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = received_since(call, user, midnight)
    numbers = rows.aggregate(count=Count("pk"), applications=Count("application", distinct=True))
    return Today(list(rows[:SHOWN_TODAY]), numbers["count"], numbers["applications"])


def _received_words(got: Received) -> str:
    named = _("已登记 {reference} 第 {copy} 份（{version}），").format(
        reference=got.copy.application.reference, copy=got.copy.copy, version=got.copy.version.label
    )
    if got.planned.plan.registered:
        missing = got.row.missing
        return named + (
            _("还缺{missing}。").format(missing=_("、").join(missing)) if missing else _("材料已齐。")
        )
    return named + _("{holder}留存的一份，不计入应收的 {count} 份。").format(
        holder=got.planned.holder.label, count=len(got.row.copies)
    )


@require_POST
@officers_only
def receiving(request: HttpRequest, call: str) -> HttpResponse:
    """Count the copy whose code was scanned or typed.

    A script is answered in JSON: `tone` (done, wait for what is counted already, stop), the words, and on success the
    row for the list of today with its numbers. Without script: the page again, with the words at the field.
    """
    user = person(request)
    here, office = registry_of(user, call)
    code = request.POST.get("code", "")
    by_script = request.headers.get("X-Requested-With") == "scan"
    try:
        got = registering.receive(here, office, code, by=user)
    except (Invalid, NotNow) as refusal:
        status = errors.UNPROCESSABLE.status if isinstance(refusal, Invalid) else errors.CONFLICT.status
        if by_script:
            tone = "wait" if isinstance(refusal, Stale) else "stop"
            return JsonResponse({"tone": tone, "words": refusal.reason}, status=status)
        return _page(request, here, office, user, code=code, wrong=refusal.reason, status=status)
    words = _received_words(got)
    if by_script:
        row = render_to_string("desk/parts/scanned.html", {"call": here, "copy": got.copy}, request)
        return JsonResponse({"tone": "done", "words": words, "row": row, "counted": today(here, user).words})
    messages.success(request, words)
    return redirect("desk:registry", call)


def _on_list(call: Call, reference: str) -> Application:
    for row in registered(call):
        if row.application.reference == reference:
            return row.application
    raise Http404


def _back(request: HttpRequest, call: str, reference: str) -> HttpResponseRedirect:
    """To the same rows as before, at the one that was worked on."""
    asked = Asked.read({"q": request.POST.get("q", ""), "missing": request.POST.get("missing", "")})
    query = "&".join(part for part in (asked.query, urlencode({"at": reference})) if part)
    # No fragment: browsers put the focus where `autofocus` says only on pages without one.
    return redirect(f"{reverse('desk:registry', args=(call,))}?{query}")


def _still_missing(call: Call, reference: str) -> str:
    row = next(found for found in registered(call) if found.application.reference == reference)
    return _("还缺{missing}。").format(missing=_("、").join(row.missing)) if row.missing else _("材料已齐。")


@require_POST
@officers_only
def copy(request: HttpRequest, call: str, reference: str) -> HttpResponse:
    """Count one paper copy; a second press of the same button tells that it is counted, and does nothing."""
    user = person(request)
    here, office = registry_of(user, call)
    application = _on_list(here, reference)
    given = request.POST.get("copy", "")
    number = int(given) if given.isdecimal() and len(given) < 4 else 0
    try:
        actions.count_copy(
            here, office, application, number, by=user, note=request.POST.get("note", "").strip()
        )
    except Stale as stale:
        messages.warning(request, _("{reference}：{reason}").format(reference=reference, reason=stale.reason))
    else:
        left = _still_missing(here, reference)
        messages.success(
            request,
            _("{reference}：第 {number} 份纸质材料已登记，{left}").format(
                reference=reference, number=number, left=left
            ),
        )
    return _back(request, call, reference)


@require_POST
@officers_only
def electronic(request: HttpRequest, call: str, reference: str) -> HttpResponse:
    """Note that the electronic material was looked at and is complete."""
    user = person(request)
    here, office = registry_of(user, call)
    application = _on_list(here, reference)
    try:
        actions.register_electronic(
            here, office, application, by=user, note=request.POST.get("note", "").strip()
        )
    except Stale as stale:
        messages.warning(request, _("{reference}：{reason}").format(reference=reference, reason=stale.reason))
    else:
        messages.success(
            request,
            _("{reference}：电子材料已登记，{here}").format(
                reference=reference, here=_still_missing(here, reference)
            ),
        )
    return _back(request, call, reference)


@require_http_methods(("GET", "HEAD", "POST"))
@officers_only
def copy_void(request: HttpRequest, call: str, pk: int) -> HttpResponse:
    """Correct a copy that was counted by mistake, with the reason; the first record stays."""
    user = person(request)
    here, office = registry_of(user, call)
    counted = (
        PaperCopy.objects.select_related("application__lead", "version", "by")
        .filter(pk=pk, application__call=here)
        .first()
    )
    if counted is None:
        raise Http404
    application = counted.application
    back = reverse("desk:registry", args=(call,)) + f"?at={application.reference}#row-{application.reference}"
    form = ReasonForm(*posted(request), hint=_("例如：误记到另一件申请，或者缺页退回。"))
    if request.GET.get("scanned"):
        form.initial["reason"] = _("刚才误扫，撤销登记。")
    if request.method == "POST" and form.is_valid():
        actions.void_copy(here, office, counted, by=user, reason=form.cleaned_data["reason"])
        messages.success(
            request,
            _("{application}：第 {copy} 份的登记已更正，可以重新登记。").format(
                application=application.reference, copy=counted.copy
            ),
        )
        return redirect(back)
    verdict = can_register(user, here, office)
    done = bool(getattr(counted, "void", None))
    context = {
        "crumbs": [(back, _("材料登记"))],
        "title": _("更正 {application} 第 {copy} 份").format(
            application=application.reference, copy=counted.copy
        ),
        "verb": _("更正这一份"),
        "stop": True,
        "consequences": [
            _("{application}第 {copy} 份，版本 {version}，由{by}登记。").format(
                application=application.name,
                copy=counted.copy,
                version=counted.version.label,
                by=counted.by.label,
            ),
            _("原来的登记留在历史里，不会删除；这一份改为“缺”，可以重新登记。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": _("这一份已经更正过了。") if done else ("" if verdict else verdict.reason),
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


@require_safe
@officers_only
def registry_pdf(request: HttpRequest, call: str) -> HttpResponse:
    """The register as a paper."""
    here, office = registry_of(person(request), call)
    content = papers.registration_pdf(here, office)
    return made(content, name=f"材料登记表-{office.short}.pdf", media_type="application/pdf")


@require_safe
@officers_only
def registry_xlsx(request: HttpRequest, call: str) -> HttpResponse:
    """The rows that are asked for, as a sheet."""
    here, office = registry_of(person(request), call)
    asked = Asked.read(request.GET.dict())
    plan = counted_plan(here)
    numbers = range(1, (plan.total if plan else 0) + 1)
    columns = [
        "申请编号",
        "试点名称",
        "承担单位",
        "版本",
        *(f"第 {n} 份" for n in numbers),
        "电子材料",
        "还缺",
    ]
    rows = []
    for row in _rows(here):
        if asked.shows(row):
            days = [
                copy.at.astimezone(here.zone).replace(microsecond=0) if copy else "缺"
                for copy in row.copies.values()
            ]
            at = row.electronic.at.astimezone(here.zone).replace(microsecond=0) if row.electronic else "缺"
            application = row.application
            missing = "、".join(row.missing)
            rows.append(
                [
                    application.reference,
                    application.name,
                    application.lead.name,
                    row.version.label,
                    *days,
                    at,
                    missing,
                ]
            )
    now = clock.now().astimezone(here.zone)
    content = write_rows(f"材料登记表（{office.short}）", columns, rows, created=now)
    return sheet(content, name=f"材料登记表-{now:%Y%m%d-%H%M}.xlsx")
