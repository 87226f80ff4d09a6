"""The pool of experts: who is in it, taking people in by hand or from a file, what each declared."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, BinaryIO, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core import signing
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.audit.queries import timeline
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow
from shidian.desk.access import kept_expert, person, pool_keepers_only, pool_of
from shidian.desk.forms.experts import ExpertForm, NewExpertForm, TableForm, UnitDeclarationForm
from shidian.desk.forms.words import ReasonForm, posted, tell_refused
from shidian.documents.sheets import write_rows
from shidian.notifications.letters import invitation_link
from shidian.organisations.models import Office
from shidian.reviews.experts import declaring, pool
from shidian.reviews.experts.rules import AT_WORK
from shidian.reviews.models import ConflictDeclaration, Expert
from shidian.ui.files import sheet
from shidian.ui.filters import words_of
from shidian.ui.history import entries
from shidian.ui.templatetags.ui import form_problems
from shidian.ui.uploads import refused

GET_POST = ("GET", "HEAD", "POST")
PER_PAGE = 50
SALT = "shidian.desk.experts"
VALID_SECONDS = 24 * 3600


def _found(request: HttpRequest, office: Office) -> tuple[QuerySet[Expert], dict[str, str]]:
    """The experts that the address asks for, and what it asks."""
    asked = {
        "q": words_of(request.GET),
        "speciality": request.GET.get("speciality", "")[:200],
        "state": request.GET.get("state", "") if request.GET.get("state") in ("gone", "all") else "",
    }
    rows = Expert.objects.filter(office=office).select_related("user").order_by("user__name", "pk")
    if asked["state"] != "all":
        rows = rows.filter(active=asked["state"] != "gone")
    for word in asked["q"].split():
        rows = rows.filter(
            Q(user__name__icontains=word)
            | Q(unit__icontains=word)
            | Q(unit_code__icontains=word)
            | Q(parent_unit__icontains=word)
        )
    if wanted := asked["speciality"]:
        # Specialities are JSON text: each stands between quotes, an area below one begins with it.
        rows = rows.annotate(said=Cast("specialities", TextField())).filter(
            Q(said__contains=f'"{wanted}"') | Q(said__contains=f'"{wanted}/')
        )
    working = Q(assignments__withdrawn_at__isnull=True, assignments__panel__state__in=AT_WORK)
    return rows.annotate(load=Count("assignments", filter=working)), asked


@require_safe
@pool_keepers_only
def experts(request: HttpRequest, office: str) -> HttpResponse:
    """Everybody in the pool, by name, speciality and unit."""
    place = pool_of(person(request), office)
    rows, asked = _found(request, place)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    others = sorted(
        {
            key
            for keys in Expert.objects.filter(office=place).values_list("specialities", flat=True)
            for key in keys
        }
    )
    areas = pool.area_choices()
    known = {key for key, _words in areas}
    words = dict(areas)
    context = {
        "office": place,
        "page": page,
        "rows": [(row, [words.get(key, key) for key in row.specialities]) for row in page.object_list],
        "asked": asked,
        "query": urlencode({key: value for key, value in asked.items() if value}),
        "specialities": [*areas, *((key, key) for key in others if key not in known)],
        "total": Expert.objects.filter(office=place, active=True).count(),
        "empty": not Expert.objects.filter(office=place).exists(),
    }
    return render(request, "desk/experts.html", context)


@require_safe
@pool_keepers_only
def experts_xlsx(request: HttpRequest, office: str) -> HttpResponse:
    """The same people as a sheet, which can be imported again."""
    place = pool_of(person(request), office)
    rows, _asked = _found(request, place)
    words = dict(pool.area_choices())
    heads = [names[0] for names in pool.COLUMNS.values()]
    table = [
        [
            row.name, row.user.email, row.unit, row.unit_code, row.parent_unit, row.parent_code,
            "、".join(words.get(key, key) for key in row.specialities), row.title, row.phone,
            row.load, _("在库") if row.active else _("已停用"),  # type: ignore[attr-defined]
        ]
        for row in rows
    ]  # fmt: skip
    title = _("专家库（{office}）").format(office=place.short)
    now = clock.now()
    content = write_rows(title, [*heads, _("在评份数"), _("状态")], table, created=now)
    return sheet(content, name=f"{title}-{now:%Y%m%d}.xlsx")


def _crumbs(office: Office) -> list[tuple[str, str]]:
    return [(reverse("desk:experts", args=(office.key,)), _("专家库"))]


@require_http_methods(GET_POST)
@pool_keepers_only
def new(request: HttpRequest, office: str) -> HttpResponse:
    """Take one person into the pool."""
    place = pool_of(person(request), office)
    form = NewExpertForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = pool.add(
                place, name=values["name"], email=values["email"], details=form.details(), by=person(request)
            )
        except Invalid as invalid:
            _say(form, invalid)
        else:
            words = _("{name} 已入专家库。").format(name=made.name)
            if not made.user.has_usable_password():
                words += _("邀请邮件已发出；也可以在下面复制链接当面转交。")
            messages.success(request, words)
            return redirect("desk:expert", place.key, made.pk)
    context = {"office": place, "form": form, "form_problems": form_problems(form)}
    return render(request, "desk/expert_new.html", context, status=422 if form.errors else 200)


def _say(form: Any, invalid: Invalid) -> None:
    for place, message in invalid.problems or [(None, invalid.reason)]:
        form.add_error(place if place in form.fields else None, message)


@require_http_methods(GET_POST)
@pool_keepers_only
def importing(request: HttpRequest, office: str) -> HttpResponse:
    """Import from a file: first what would happen, line by line; then, confirmed, exactly that."""
    place = pool_of(person(request), office)
    form = TableForm(*posted(request))
    rows: list[pool.Row] = []
    if request.method == "POST" and "confirmed" in request.POST:
        return _confirmed(request, place)
    if request.method == "POST":
        tell_refused(form, "file", refused(request))
        if form.is_valid():
            try:
                rows = pool.look(place, cast(BinaryIO, form.cleaned_data["file"].file))
            except Invalid as invalid:
                _say(form, invalid)
    return _import_page(request, place, form, rows)


def _import_page(request: HttpRequest, place: Office, form: TableForm, rows: list[pool.Row]) -> HttpResponse:
    good = [row for row in rows if row.what in ("new", "change")]
    words = dict(pool.area_choices())
    counted = {what: sum(row.what == what for row in rows) for what in ("new", "change", "same", "wrong")}
    context = {
        "office": place,
        "form": form,
        "form_problems": form_problems(form) if form.is_bound and not rows else [],
        "rows": [(row, [words.get(key, key) for key in row.details.get("specialities", ())]) for row in rows],
        "counted": counted,
        "kept": signing.dumps([asdict(row) for row in good], salt=SALT, compress=True) if good else "",
    }
    status = 422 if form.is_bound and form.errors and not rows else 200
    return render(request, "desk/expert_import.html", context, status=status)


def _confirmed(request: HttpRequest, place: Office) -> HttpResponse:
    try:
        kept = signing.loads(request.POST.get("confirmed", ""), salt=SALT, max_age=VALID_SECONDS)
    except signing.BadSignature:
        raise NotNow(_("预览已经过期，请重新上传文件。")) from None
    rows = [pool.Row(**row) for row in kept]
    try:
        added, changed = pool.take(place, rows, by=person(request))
    except Invalid as invalid:
        messages.error(request, invalid.reason)
        return redirect("desk:expert-import", place.key)
    messages.success(
        request, _("已导入：新增 {added} 人，修改 {changed} 人。").format(added=added, changed=changed)
    )
    return redirect("desk:experts", place.key)


@require_safe
@pool_keepers_only
def template_xlsx(request: HttpRequest, office: str) -> HttpResponse:
    """An empty sheet with the columns of the import."""
    pool_of(person(request), office)
    heads = [names[0] for names in pool.COLUMNS.values()]
    title = _("专家导入模板")
    return sheet(write_rows(title, heads, [], created=clock.now()), name=f"{title}.xlsx")


@require_http_methods(GET_POST)
@pool_keepers_only
def expert(request: HttpRequest, office: str, pk: int) -> HttpResponse:
    """One person: what the pool holds, what was declared, what it was given."""
    user = person(request)
    found = kept_expert(user, office, pk)
    declaring_unit = request.method == "POST" and "declare" in request.POST
    data = posted(request)
    form = ExpertForm(*((None, None) if declaring_unit else data), expert=found)
    declaration = UnitDeclarationForm(*(data if declaring_unit else (None, None)), auto_id="declared_%s")
    if declaring_unit and declaration.is_valid():
        try:
            declaring.declare(found, by=user, **declaration.cleaned_data)
        except Invalid as invalid:
            _say(declaration, invalid)
        else:
            messages.success(request, _("已登记回避。"))
            return redirect("desk:expert", office, pk)
    elif request.method == "POST" and not declaring_unit and form.is_valid():
        try:
            pool.change(found, form.details(), by=user)
        except Invalid as invalid:
            _say(form, invalid)
        else:
            messages.success(request, _("已保存。"))
            return redirect("desk:expert", office, pk)
    problems = form_problems(declaration if declaring_unit else form)
    rows = ConflictDeclaration.objects.filter(expert=found, withdraws__isnull=True)
    context = {
        "office": found.office,
        "expert": found,
        "form": form,
        "declaration": declaration,
        "form_problems": problems,
        "declarations": rows.select_related("application", "by", "withdrawal__by").order_by("-pk"),
        "assignments": found.assignments.filter(withdrawn_at__isnull=True)
        .select_related("panel", "application")
        .order_by("-pk")[:200],
        "link": invitation_link(found.user) if found.user.is_active else "",
        "history": entries(timeline(found.chain)),
    }
    return render(request, "desk/expert.html", context, status=422 if problems else 200)


@require_http_methods(GET_POST)
@pool_keepers_only
def deactivation(request: HttpRequest, office: str, pk: int) -> HttpResponse:
    """Put a person out of the pool, with the reason."""
    found = kept_expert(person(request), office, pk)
    form = ReasonForm(*posted(request), hint=_("例如：本人退出；任期已满。"))
    back = reverse("desk:expert", args=(office, pk))
    if request.method == "POST" and form.is_valid():
        pool.deactivate(found, reason=form.cleaned_data["reason"], by=person(request))
        messages.success(request, _("已停用 {name}。").format(name=found.name))
        return redirect(back)
    context = {
        "crumbs": [*_crumbs(found.office), (back, found.name)],
        "title": _("停用专家 {name}").format(name=found.name),
        "verb": _("停用"),
        "stop": True,
        "consequences": [
            _("从现在起看不到任何分配给本人的申请，也不再参加分配。"),
            _("已经打的分和记录都留着；以后可以恢复。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": "" if found.active else _("专家已停用。"),
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_POST)
@pool_keepers_only
def reactivation(request: HttpRequest, office: str, pk: int) -> HttpResponse:
    """Take a person into the pool again."""
    found = kept_expert(person(request), office, pk)
    back = reverse("desk:expert", args=(office, pk))
    if request.method == "POST":
        pool.reactivate(found, by=person(request))
        messages.success(request, _("已恢复 {name}。").format(name=found.name))
        return redirect(back)
    context = {
        "crumbs": [*_crumbs(found.office), (back, found.name)],
        "title": _("恢复专家 {name}").format(name=found.name),
        "verb": _("恢复"),
        "consequences": [_("从现在起又可以分配申请；以前没有撤回的分配也恢复可看。")],
        "refused": _("专家已在库中。") if found.active else "",
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context)


@require_http_methods(GET_POST)
@pool_keepers_only
def declaration_withdrawal(request: HttpRequest, office: str, pk: int) -> HttpResponse:
    """Take a declared conflict back, with the reason."""
    place = pool_of(person(request), office)
    row = (
        ConflictDeclaration.objects.filter(pk=pk, expert__office=place, withdraws__isnull=True)
        .select_related("expert__user", "expert__office", "application")
        .first()
    )
    if row is None:
        raise Http404
    form = ReasonForm(*posted(request), hint=_("例如：本人来函说明，选错了申请。"))
    back = reverse("desk:expert", args=(office, row.expert_id))
    if request.method == "POST" and form.is_valid():
        declaring.withdraw(row, reason=form.cleaned_data["reason"], by=person(request))
        messages.success(request, _("已撤销这项回避申报。"))
        return redirect(back)
    gone = ConflictDeclaration.objects.filter(withdraws=row).exists()
    context = {
        "crumbs": [*_crumbs(place), (back, row.expert.name)],
        "title": _("撤销 {name} 的第 {number} 号回避申报").format(name=row.expert.name, number=row.pk),
        "verb": _("撤销申报"),
        "stop": True,
        "consequences": [
            _("没有别的回避情形时，本人又可以看到和评审有关的申请。"),
            _("申报和撤销都留在记录里。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": _("这项申报已经撤销。") if gone else "",
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)
