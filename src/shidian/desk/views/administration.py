"""System administration: who acts for which office, units that wait, accounts. It shows no application."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.accounts import actions as accounts_actions
from shidian.accounts.models import User
from shidian.audit.queries import timeline
from shidian.core.errors import Invalid, Refused
from shidian.desk import cases
from shidian.desk.access import administrators_only, person
from shidian.desk.forms.words import AppointmentForm, AuditorForm, posted
from shidian.notifications.letters import head_link, invitation_link
from shidian.notifications.models import Message
from shidian.organisations import actions as organisations
from shidian.organisations.links import head_of
from shidian.organisations.models import Membership, Office, Officer, Organisation, Watchlist
from shidian.ui.filters import words_of
from shidian.ui.history import entries
from shidian.ui.templatetags.ui import form_problems

GET_POST = ("GET", "HEAD", "POST")


@require_safe
@administrators_only
def administration(request: HttpRequest) -> HttpResponse:
    """What waits for an administrator, and the offices with their people."""
    offices = Office.objects.prefetch_related(
        Prefetch("officers", Officer.objects.select_related("user").order_by("role", "pk"))
    )
    rows = [
        {"office": office, "officers": list(office.officers.all()), "lacks": _lacks(office)}
        for office in offices
    ]
    context = {
        "rows": rows,
        "lacking": sum(bool(row["lacks"]) for row in rows),
        "waiting": Organisation.objects.filter(state="pending").count(),
        "uninvited": User.objects.filter(
            password__startswith=UNUSABLE_PASSWORD_PREFIX, is_active=True
        ).count(),
        "watchlists": Watchlist.objects.filter(state="current").count(),
        "unsent": Message.objects.filter(state__in=("failed", "bounced")).count(),
        "people": User.objects.count(),
        "auditors": User.objects.filter(is_auditor=True, is_active=True).count(),
    }
    return render(request, "desk/administration.html", context)


def _lacks(office: Office) -> str:
    """What an office cannot do for want of people, in words."""
    people: dict[str, set[int]] = {}
    for officer in office.officers.all():
        people.setdefault(officer.role, set()).add(officer.user_id)
    if not people:
        return _("还没有人员")
    handlers, approvers = people.get(Officer.Role.HANDLER, set()), people.get(Officer.Role.APPROVER, set())
    if handlers and not approvers:
        return _("没有审批人，清单不能审批")
    if approvers and not handlers:
        return _("没有经办人，申请不能审查")
    if handlers and handlers == approvers and len(handlers) == 1:
        return _("经办人和审批人是同一人，清单不能审批")
    return ""


@require_http_methods(GET_POST)
@administrators_only
def office(request: HttpRequest, key: str) -> HttpResponse:
    """The people of one office, and appointing another."""
    user = person(request)
    found = get_object_or_404(Office, key=key)
    form = AppointmentForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            officer = organisations.appoint(
                found, Officer.Role(values["role"]), name=values["name"], email=values["email"], by=user
            )
        except Invalid as refused:
            form.add_error(None, refused.reason)
        else:
            words = _("已设 {user} 为{name}{role}。").format(
                user=officer.user.label, name=found.name, role=officer.get_role_display()
            )
            if not officer.user.has_usable_password():
                words += _("邀请邮件已发出；也可以在下面复制链接当面转交。")
            messages.success(request, words)
            return redirect("desk:office", key)
    officers = [
        {"officer": officer, "link": invitation_link(officer.user) if officer.user.is_active else ""}
        for officer in found.officers.select_related("user").order_by("role", "pk")
    ]
    context = {
        "office": found,
        "officers": officers,
        "lacks": _lacks(found),
        "form": form,
        "form_problems": form_problems(form),
        "history": entries(timeline(found.chain)),
    }
    return render(request, "desk/office.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_POST)
@administrators_only
def dismissal(request: HttpRequest, pk: int) -> HttpResponse:
    """End that a person acts for an office."""
    officer = get_object_or_404(Officer.objects.select_related("user", "office"), pk=pk)
    back = reverse("desk:office", args=(officer.office.key,))
    if request.method == "POST":
        organisations.dismiss(officer, by=person(request))
        messages.success(
            request,
            _("已免去 {user} 的{role}。").format(user=officer.user.label, role=officer.get_role_display()),
        )
        return redirect(back)
    context = {
        "rooted": True,
        "crumbs": [(reverse("desk:administration"), _("系统管理")), (back, officer.office.name)],
        "title": _("免去 {user} 的{role}").format(user=officer.user.label, role=officer.get_role_display()),
        "verb": _("免去"),
        "stop": True,
        "consequences": [
            _("{user} 从现在起不能以{role}身份办理{office}的事。").format(
                user=officer.user.label, role=officer.get_role_display(), office=officer.office.name
            ),
            _("以前办过的事仍记在其名下；账号不停用。"),
        ],
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context)


def _query(**parts: str) -> str:
    """The parameters of a list, for its pages; empty ones are left out."""
    return urlencode({name: value for name, value in parts.items() if value})


@require_safe
@administrators_only
def units(request: HttpRequest) -> HttpResponse:
    """Registered units; first those whose head has not confirmed."""
    words = words_of(request.GET)
    everything = request.GET.get("all") == "1"
    rows = Organisation.objects.order_by("-registered_at")
    if not everything:
        rows = rows.filter(state="pending")
    for word in words.split():
        rows = rows.filter(Q(name__icontains=word) | Q(code__icontains=word))
    heads = Membership.objects.select_related("user")
    page = Paginator(rows.prefetch_related(Prefetch("memberships", heads)), cases.PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "rows": [_unit(row) for row in page.object_list],
        "words": words,
        "everything": everything,
        "waiting": Organisation.objects.filter(state="pending").count(),
        "query": "&".join(
            part for part in (f"q={words}" if words else "", "all=1" if everything else "") if part
        ),
    }
    return render(request, "desk/units.html", context)


def _unit(row: Organisation) -> dict[str, Any]:
    roles = {member.role: member.user for member in row.memberships.all()}
    tone = {"pending": "wait", "confirmed": "done", "refused": "stop"}[row.state]
    return {
        "unit": row,
        "writer": roles.get("writer"),
        "head": roles.get("head"),
        "word": _(row.MACHINE.labels[row.state]),
        "tone": tone,
    }


@require_http_methods(GET_POST)
@administrators_only
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """One unit: its people, the link for its head, and sending the letter once more (POST)."""
    found = get_object_or_404(Organisation, pk=pk)
    if request.method == "POST":
        organisations.ask_head_again(found, by=person(request))
        messages.success(request, _("确认邮件已重发。"))
        return redirect("desk:unit", pk)
    members = Membership.objects.filter(organisation=found).select_related("user").order_by("role")
    context = {
        **_unit(found),
        "members": members,
        "link": head_link(found),
        "head": head_of(found),
        "history": entries(timeline(found.chain)),
    }
    return render(request, "desk/unit.html", context)


@require_safe
@administrators_only
def accounts(request: HttpRequest) -> HttpResponse:
    """All accounts with what they may do."""
    words = words_of(request.GET)
    show = request.GET.get("show", "")
    rows = User.objects.order_by("name", "pk").prefetch_related(
        Prefetch("offices", Officer.objects.select_related("office")),
        Prefetch("memberships", Membership.objects.select_related("organisation")),
    )
    narrow = {
        "invited": Q(password__startswith=UNUSABLE_PASSWORD_PREFIX, is_active=True),
        "inactive": Q(is_active=False),
        "auditors": Q(is_auditor=True),
        "administrators": Q(is_administrator=True),
    }
    if show in narrow:
        rows = rows.filter(narrow[show])
    for word in words.split():
        rows = rows.filter(Q(name__icontains=word) | Q(email__icontains=word))
    page = Paginator(rows, cases.PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [{"user": row, "roles": _roles(row), **_account_state(row)} for row in page.object_list],
        "words": words,
        "show": show,
        "views": [
            ("", _("全部")),
            ("invited", _("还没有设密码")),
            ("inactive", _("已停用")),
            ("auditors", _("审计员")),
            ("administrators", _("系统管理员")),
        ],
        "query": _query(q=words, show=show),
    }
    return render(request, "desk/accounts.html", context)


def _roles(user: User) -> list[str]:
    """Everything that an account is, in words."""
    roles = [f"{row.office.name}{row.get_role_display()}" for row in user.offices.all()]
    roles += [f"{row.organisation.name}{row.get_role_display()}" for row in user.memberships.all()]
    if user.is_administrator:
        roles.append(_("系统管理员"))
    if user.is_auditor:
        roles.append(_("审计员"))
    return roles


def _account_state(user: User) -> dict[str, str]:
    if not user.is_active:
        return {"word": _("已停用"), "tone": "stop"}
    if not user.has_usable_password():
        return {"word": _("等本人设密码"), "tone": "wait"}
    return {"word": _("正常"), "tone": "done"}


@require_safe
@administrators_only
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: roles, the link for its first password, and what was recorded about it."""
    found = get_object_or_404(User, pk=pk)
    context = {
        "account": found,
        "roles": _roles(found),
        **_account_state(found),
        "link": invitation_link(found) if found.is_active else "",
        "is_self": found.pk == person(request).pk,
        "history": entries(timeline(found.chain)),
    }
    return render(request, "desk/account.html", context)


@require_http_methods(GET_POST)
@administrators_only
def deactivation(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an account."""
    user = person(request)
    found = get_object_or_404(User, pk=pk)
    if request.method == "POST":
        accounts_actions.deactivate(found, by=user)
        messages.success(request, _("{label} 的账号已停用。").format(label=found.label))
        return redirect("desk:account", pk)
    return _account_page(
        request,
        found,
        title=_("停用 {label} 的账号").format(label=found.label),
        verb=_("停用"),
        stop=True,
        consequences=[_("本人立即不能再登录，已登录的也会退出。"), _("做过的事仍记在其名下；以后可以恢复。")],
        refused=_("不能停用自己的账号，请另一位系统管理员办理。") if found.pk == user.pk else "",
    )


@require_http_methods(GET_POST)
@administrators_only
def reactivation(request: HttpRequest, pk: int) -> HttpResponse:
    """Open an account again."""
    found = get_object_or_404(User, pk=pk)
    if request.method == "POST":
        accounts_actions.reactivate(found, by=person(request))
        messages.success(request, _("{label} 的账号已恢复。").format(label=found.label))
        return redirect("desk:account", pk)
    return _account_page(
        request,
        found,
        title=_("恢复 {label} 的账号").format(label=found.label),
        verb=_("恢复"),
        consequences=[_("本人可以用原来的密码登录，岗位和单位与停用前一样。")],
    )


def _account_page(request: HttpRequest, found: User, **context: Any) -> HttpResponse:
    back = reverse("desk:account", args=(found.pk,))
    crumbs = [
        (reverse("desk:administration"), _("系统管理")),
        (reverse("desk:accounts"), _("账号")),
        (back, found.label),
    ]
    return render(
        request, "desk/confirmation.html", {"rooted": True, "crumbs": crumbs, "back_url": back, **context}
    )


@require_http_methods(GET_POST)
@administrators_only
def auditors(request: HttpRequest) -> HttpResponse:
    """Who audits, and appointing another; an administrator cannot be one."""
    form = AuditorForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = accounts_actions.appoint_auditor(
                name=form.cleaned_data["name"], email=form.cleaned_data["email"], by=person(request)
            )
        except Invalid as refused:
            for place, message in refused.problems:
                form.add_error(place if place in form.fields else None, message)
        except Refused as refused:
            form.add_error(None, refused.reason)
        else:
            messages.success(request, _("已设 {made} 为审计员。").format(made=made.label))
            return redirect("desk:auditors")
    rows = [
        {"user": row, "link": invitation_link(row) if row.is_active else "", **_account_state(row)}
        for row in User.objects.filter(is_auditor=True).order_by("name", "pk")
    ]
    context = {"rows": rows, "form": form, "form_problems": form_problems(form)}
    return render(request, "desk/auditors.html", context, status=422 if form.errors else 200)
