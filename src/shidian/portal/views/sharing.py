"""Who works on an application: roles of people, and sections given to people and partner units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shidian.accounts.models import User
from shidian.applications import rules, sharing
from shidian.applications.models import Application, Collaborator, SectionGift
from shidian.applications.queries import access, collaborators, gifts, people
from shidian.applications.roles import Role
from shidian.core.errors import Invalid
from shidian.organisations.actions import Person
from shidian.organisations.models import Membership, Organisation
from shidian.portal import overview
from shidian.portal.access import own_application, person
from shidian.portal.forms.sharing import PERSON, UNIT, GiveForm, RoleForm


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, reference: str) -> HttpResponse:
    """Everybody with role and sections; who may, gives and takes back on the same page."""
    application = own_application(request, reference)
    user = person(request)
    do = request.POST.get("do", "")
    working = people(application)
    role_form = RoleForm(request.POST if do == "role" else None, prefix="role")
    give_form = GiveForm(
        request.POST if do == "give" else None,
        prefix="give",
        sections=application.call.questionnaire.sections,
        people=working,
    )
    done = ""
    if request.method == "POST":
        if do == "role":
            done = _role(application, role_form, user)
        elif do == "give":
            done = _give(application, give_form, working, user)
        elif do == "unrole":
            done = _unrole(application, request.POST.get("row", ""), user)
        elif do == "take":
            done = _take(application, request.POST.get("row", ""), user)
        else:
            raise Http404
    if done:
        messages.success(request, done)
        return redirect(overview.url("sharing", application))
    held = gifts(application)
    context = {
        "application": application,
        "people": _people(application, working, held),
        "sections": [
            {"section": section, "gifts": [gift for gift in held if gift.section == section.key]}
            for section in application.call.questionnaire.sections
        ],
        "role_form": role_form,
        "give_form": give_form,
        "roles": rules.can_assign_roles(user, application),
        "giving": rules.can_give_sections(user, application),
        "access": access(user, application),
        "form_problems": [*role_form.problems(), *give_form.problems()],
    }
    return render(request, "portal/sharing.html", context)


def _people(
    application: Application, working: Sequence[User], held: Sequence[SectionGift]
) -> list[dict[str, Any]]:
    """Everybody with role, unit and sections, those of the lead unit first."""
    named = {row.user_id: row for row in collaborators(application)}
    units: dict[int, list[Membership]] = {}
    for membership in Membership.objects.filter(user__in=working).select_related("organisation"):
        units.setdefault(membership.user_id, []).append(membership)
    titles = {section.key: section.title for section in application.call.questionnaire.sections}
    rows = []
    for each in working:
        mine = [
            gift.section
            for gift in held
            if gift.user_id == each.pk
            or any(gift.organisation_id == belongs.organisation_id for belongs in units.get(each.pk, []))
        ]
        own = next(
            (row for row in units.get(each.pk, []) if row.organisation_id == application.lead_id), None
        )
        row = named.get(each.pk)
        role: Role | None
        if own is not None and own.role == Membership.Role.HEAD:
            role, row = Role.OWNER, None
        elif row is not None:
            role = Role(row.role)
        elif own is not None:
            role = Role.OWNER if application.started_by_id == each.pk else Role.EDITOR
        else:
            role = None
        rows.append(
            {
                "user": each,
                "unit": (own or next(iter(units.get(each.pk, [])), None)),
                "own": own is not None,
                "role": role.label if role else "",
                "row": row,
                "sections": [titles[key] for key in dict.fromkeys(mine) if key in titles],
            }
        )
    return sorted(rows, key=lambda row: not row["own"])


def _role(application: Application, form: RoleForm, user: User) -> str:
    if not form.is_valid():
        return ""
    data = form.cleaned_data
    try:
        row = sharing.share(
            application, Role(data["role"]), person=Person(data["name"], data["email"]), by=user
        )
    except Invalid as invalid:
        _show(form, invalid)
        return ""
    return _("{user}的角色定为“{role}”{user_2}。").format(
        user=row.user.label, role=row.get_role_display(), user_2=_letter(row.user)
    )


def _give(application: Application, form: GiveForm, working: Sequence[User], user: User) -> str:
    if not form.is_valid():
        return ""
    data = form.cleaned_data
    titles = {section.key: section.title for section in application.call.questionnaire.sections}
    try:
        with transaction.atomic():
            to: User | Person | Organisation
            if data["to"] == UNIT:
                to = sharing.unit_at(data["code"])
            elif data["to"] == PERSON:
                to = Person(data["name"], data["email"])
            else:
                to = next(each for each in working if str(each.pk) == data["to"])
            given = [sharing.give(application, key, to=to, by=user) for key in data["sections"]]
    except Invalid as invalid:
        _show(form, invalid)
        return ""
    names = _("、").join(titles[gift.section] for gift in given)
    letter = _letter(given[0].user) if given[0].user else ""
    return _("“{names}”已交给{holder}填写{letter}。").format(
        names=names, holder=given[0].holder, letter=letter
    )


def _letter(user: User) -> str:
    return "" if user.has_usable_password() else _("，邀请邮件已发到其邮箱")


def _show(form: RoleForm | GiveForm, invalid: Invalid) -> None:
    for key, words in invalid.problems:
        form.add_error(key if key in form.fields else None, words)


def _unrole(application: Application, pk: str, user: User) -> str:
    row = _row(Collaborator.objects.select_related("user", "application"), application, pk)
    sharing.unshare(row, by=user)
    return _("已收回{user}的角色“{role}”。").format(user=row.user.label, role=row.get_role_display())


def _take(application: Application, pk: str, user: User) -> str:
    row = _row(SectionGift.objects.select_related("user", "organisation", "application"), application, pk)
    sharing.take_back(row, by=user)
    title = application.call.questionnaire.section(row.section).title
    return _("“{title}”已从{holder}收回；写过的都在。").format(title=title, holder=row.holder)


def _row(rows: Any, application: Application, pk: str) -> Any:
    found = rows.filter(application=application, pk=int(pk)).first() if _is_key(pk) else None
    if found is None:
        raise Http404
    return found


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
