"""Registering a unit, its head's confirmation, first passwords, and the first administrator."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from shidian.accounts import lockout
from shidian.accounts.actions import accept_invitation, create_first_administrator
from shidian.accounts.links import decode
from shidian.accounts.links import invitation as invitations
from shidian.accounts.models import User
from shidian.core.errors import Invalid
from shidian.organisations import actions
from shidian.organisations.actions import Person
from shidian.organisations.links import head_of, is_head_token
from shidian.organisations.models import Membership, Organisation
from shidian.portal.access import person
from shidian.portal.forms.administrator import FirstAdministratorForm
from shidian.portal.forms.registration import password_problems, too_long
from shidian.portal.forms.spoken import registration_form
from shidian.questionnaires import forms as reader
from shidian.questionnaires.checks import Problem, check_section
from shidian.ui.questionnaire import bind

# The name under which the installation keeps the code that `shidian serve` prints.
_CODE_FILE = "first-administrator-code"
_LOCK_NAME = "first-administrator"


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Register a unit; what was typed stays when something is wrong, passwords excepted."""
    section = registration_form()
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    passwords: list[dict[str, str]] = []
    if request.method == "POST":
        values = reader.read(section, {name: [str(v) for v in given] for name, given in request.POST.lists()})
        if request.POST.get("go") != "stay":
            problems = [p for p in check_section(section, values) if p.severity == "error"] + too_long(
                section, values
            )
            passwords = password_problems(
                request.POST.get("password", ""),
                request.POST.get("again", ""),
                name=values.get("writer_name", ""),
                email=values.get("writer_email", ""),
            )
            if not problems and not passwords:
                try:
                    organisation = _register(values, request.POST["password"])
                except Invalid as invalid:
                    problems = [
                        Problem(section.key, key, f"f-{key}", message) for key, message in invalid.problems
                    ]
                else:
                    writer = Membership.objects.get(
                        organisation=organisation, role=Membership.Role.WRITER
                    ).user
                    done = redirect("portal:registered")
                    answer: HttpResponse = perform_login(request, writer, redirect_url=done.url)
                    return answer
    context = {
        "fields": bind(section, values, problems),
        "passwords": passwords,
        "password_wrong": [each["message"] for each in passwords if each["anchor"] == "id_password"],
        "again_wrong": [each["message"] for each in passwords if each["anchor"] == "id_again"],
        "form_problems": [*problems, *passwords],
    }
    return render(request, "portal/register.html", context)


def _register(values: dict[str, Any], password: str) -> Organisation:
    region = values["region"]
    return actions.register(
        name=values["name"],
        code=values["code"],
        region=region.get("county") or region.get("province", ""),
        address=values["address"],
        writer=Person(values["writer_name"], values["writer_email"], values["writer_phone"]),
        password=password,
        head=Person(values["head_name"], values["head_email"], values["head_phone"]),
    )


@login_required
@never_cache
@require_safe
def registered(request: HttpRequest) -> HttpResponse:
    """What happens after registering."""
    membership = (
        Membership.objects.filter(user=person(request)).select_related("organisation").order_by("-pk").first()
    )
    if membership is None:
        raise Http404
    organisation = membership.organisation
    return render(request, "portal/registered.html", {"unit": organisation, "head": head_of(organisation)})


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def head_confirmation(request: HttpRequest, organisation: int, user: str, token: str) -> HttpResponse:
    """The head sees who registered the unit and says whether that is right; a first password is set with it."""
    head = decode(user)
    unit = Organisation.objects.filter(pk=organisation).first()
    if head is None or unit is None or head_of(unit) != head:
        raise Http404
    if not is_head_token(unit, head, token):
        return render(request, "portal/link_over.html", {"unit": unit}, status=410)
    wants_password = not head.has_usable_password()
    choice = request.POST.get("choice", "")
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        if choice not in ("confirm", "refuse"):
            problems.append({"message": _("请选择是否认可这次注册"), "anchor": "choice-confirm"})
        if choice == "confirm" and wants_password:
            problems += password_problems(
                request.POST.get("password", ""),
                request.POST.get("again", ""),
                name=head.name,
                email=head.email,
            )
        if not problems:
            return _answer(request, unit, head, choice, wants_password)
    writer = (
        Membership.objects.filter(organisation=unit, role=Membership.Role.WRITER)
        .select_related("user")
        .first()
    )
    context = {
        "unit": unit,
        "head": head,
        "writer": writer.user if writer else None,
        "wants_password": wants_password,
        "choice": choice,
        "password_wrong": [each["message"] for each in problems if each["anchor"] == "id_password"],
        "again_wrong": [each["message"] for each in problems if each["anchor"] == "id_again"],
        "choice_wrong": [each["message"] for each in problems if each["anchor"] == "choice-confirm"],
        "form_problems": problems,
    }
    return render(request, "portal/head_confirmation.html", context)


def _answer(
    request: HttpRequest, unit: Organisation, head: User, choice: str, wants_password: bool
) -> HttpResponse:
    if choice == "refuse":
        actions.refuse(unit, by=head)
        return render(request, "portal/head_refused.html", {"unit": unit})
    with transaction.atomic():
        if wants_password:
            accept_invitation(head, password=request.POST["password"])
        actions.confirm(unit, by=head)
    messages.success(request, _("“{unit}”的注册已确认，现在可以申请了。").format(unit=unit.name))
    if wants_password:
        answer: HttpResponse = perform_login(request, head, redirect_url=redirect("portal:applications").url)
        return answer
    # The link alone does not open an account that has a password.
    return redirect("portal:applications")


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, user: str, token: str) -> HttpResponse:
    """Set the first password of an account that somebody else made, and sign in."""
    invited = decode(user)
    if invited is None:
        raise Http404
    if invited.has_usable_password() or not invitations.check_token(invited, token):
        return render(request, "portal/link_over.html", {"unit": None}, status=410)
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        problems = password_problems(
            request.POST.get("password", ""),
            request.POST.get("again", ""),
            name=invited.name,
            email=invited.email,
        )
        if not problems:
            accept_invitation(invited, password=request.POST["password"])
            answer: HttpResponse = perform_login(request, invited, redirect_url=redirect("home").url)
            return answer
    context = {
        "invited": invited,
        "password_wrong": [each["message"] for each in problems if each["anchor"] == "id_password"],
        "again_wrong": [each["message"] for each in problems if each["anchor"] == "id_again"],
        "form_problems": problems,
    }
    return render(request, "portal/invitation.html", context)


@never_cache
@sensitive_post_parameters("password", "again", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def first_administrator(request: HttpRequest) -> HttpResponse:
    """Make the first account of an installation, with the code that its start has printed; 404 once there is one."""
    if User.objects.exists():
        raise Http404
    form = FirstAdministratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _is_code(form, request.META.get("REMOTE_ADDR")):
        user = create_first_administrator(
            name=form.cleaned_data["name"],
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
        )
        (settings.DATA / _CODE_FILE).unlink(missing_ok=True)
        answer: HttpResponse = perform_login(request, user, redirect_url=redirect("home").url)
        return answer
    return render(
        request, "portal/first_administrator.html", {"form": form, "form_problems": form.problems()}
    )


def _is_code(form: FirstAdministratorForm, address: str | None) -> bool:
    """Whether the code is right; wrong ones are counted, and five lock the page for half an hour."""
    if lockout.is_locked(_LOCK_NAME):
        form.add_error("code", _("开通码连续 5 次不对，请 30 分钟以后再试。"))
        return False
    kept: Path = settings.DATA / _CODE_FILE
    right = kept.read_text().strip() if kept.exists() else ""
    given = form.cleaned_data["code"].strip()
    if right and secrets.compare_digest(right.encode(), given.encode()):
        lockout.forget(_LOCK_NAME)
        return True
    lockout.note_failure(_LOCK_NAME, address)
    form.add_error("code", _("开通码不对。它在启动系统时显示在命令行里，请照着输入。"))
    return False
