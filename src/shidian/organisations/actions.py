"""Registering a unit, its head's confirmation, and appointing officers."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.actions import ensure_user
from shidian.accounts.models import User
from shidian.audit.actions import move, record
from shidian.core import clock
from shidian.core.errors import Invalid, NotPermitted
from shidian.core.language import chinese
from shidian.organisations.codes import unit_code
from shidian.organisations.links import head_of
from shidian.organisations.models import Membership, Office, Officer, Organisation


@dataclass(frozen=True, slots=True)
class Person:
    """A person named at registration."""

    name: str
    email: str
    phone: str = ""


@transaction.atomic
def register(
    *, name: str, code: str, region: str, address: str, writer: Person, password: str, head: Person
) -> Organisation:
    """Register a unit: its writer gets an account at once, its head is asked to confirm.

    Until the head confirms, nothing can be handed in. Refused (`Invalid`, each with its place) for a wrong code (GB
    32100-2015, GB 11714-1997), a unit or an address that is registered already, or one person as writer and head.
    """
    code = unit_code.normalise(code)
    problems: list[tuple[str, str]] = []
    if fault := unit_code.check(code):
        problems.append(("code", fault))
    known = Organisation.objects.select_for_update().filter(code=code).first()
    if known is not None and known.state != "refused":
        problems.append(
            ("code", _("这个代码的单位已经注册，请与本单位的经办人联系；需要换人的，请找系统管理员。"))
        )
    if User.objects.filter(email=writer.email.strip().lower()).exists():
        problems.append(("writer_email", _("这个邮箱已有账号，请直接登录，或者换一个邮箱。")))
    if writer.email.strip().lower() == head.email.strip().lower():
        problems.append(("head_email", _("负责人要用自己的邮箱确认，不能与经办人相同。")))
    if problems:
        raise Invalid(_("有几处要改。"), problems)
    user = User.objects.create_user(writer.email, password, name=writer.name, phone=writer.phone)
    if known is None:
        organisation = Organisation.objects.create(
            name=name, code=code, region=region, address=address, registered_at=clock.now()
        )
    else:
        organisation = known
        organisation.memberships.all().delete()
        organisation.name, organisation.region, organisation.address = name, region, address
        organisation.save(update_fields=("name", "region", "address"))
        move(organisation, "register_again", by=user)
    leader = ensure_user(name=head.name, email=head.email, phone=head.phone, by=user)
    for person, role in ((user, Membership.Role.WRITER), (leader, Membership.Role.HEAD)):
        Membership.objects.create(user=person, organisation=organisation, role=role, since=clock.now())
    detail = {"name": name, "code": code, "writer": user.name, "head": leader.name}
    record("organisation.registered", organisation.chain, by=user, detail=detail)
    return organisation


@transaction.atomic
def ask_head_again(organisation: Organisation, *, by: User) -> None:
    """Send the head's link once more, at the wish of a member or an administrator."""
    member = Membership.objects.filter(user=by, organisation=organisation).exists()
    if not (member or by.is_administrator):
        raise NotPermitted(_("只有本单位人员可以重发确认邮件。"))
    record("organisation.head_asked", organisation.chain, by=by)


@transaction.atomic
def confirm(organisation: Organisation, *, by: User) -> None:
    """The head confirms the unit's account; from now on it may start applications. Refused for anybody else."""
    _require_head(organisation, by)
    move(organisation, "confirm", by=by, detail={"name": organisation.name})


@transaction.atomic
def refuse(organisation: Organisation, *, by: User) -> None:
    """The head says that the unit did not register; its code is free to be registered again."""
    _require_head(organisation, by)
    move(organisation, "refuse", by=by, detail={"name": organisation.name})


def _require_head(organisation: Organisation, by: User) -> None:
    head = head_of(organisation)
    if head is None or head.pk != by.pk:
        raise NotPermitted(_("只有单位负责人本人可以确认。"))


@transaction.atomic
def appoint(office: Office, role: Officer.Role, *, name: str, email: str, by: User) -> Officer:
    """Let a person act for an office; a new account gets a one-time link. Only an administrator appoints."""
    if not by.is_administrator:
        raise NotPermitted(_("只有系统管理员可以设置机构人员。"))
    user = ensure_user(name=name, email=email, by=by)
    officer, made = Officer.objects.get_or_create(
        user=user, office=office, role=role, defaults={"since": clock.now()}
    )
    if made:
        detail = {"name": user.name, "role": chinese(Officer.Role(officer.role).label), "user": user.pk}
        record("office.appointed", office.chain, by=by, detail=detail)
    return officer


@transaction.atomic
def dismiss(officer: Officer, *, by: User) -> None:
    """End that a person acts for an office; what was done stays in the history."""
    if not by.is_administrator:
        raise NotPermitted(_("只有系统管理员可以设置机构人员。"))
    detail = {
        "name": officer.user.name,
        "role": chinese(Officer.Role(officer.role).label),
        "user": officer.user_id,
    }
    record("office.dismissed", officer.office.chain, by=by, detail=detail)
    officer.delete()
