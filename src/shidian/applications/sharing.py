"""Who works on an application: roles by name, and sections given to people and to partner units."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.actions import ensure_user
from shidian.accounts.models import User
from shidian.applications import rules
from shidian.applications.models import Application, Collaborator, SectionGift
from shidian.applications.roles import Role
from shidian.audit.actions import record
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, require
from shidian.core.language import chinese
from shidian.organisations.actions import Person
from shidian.organisations.codes import unit_code
from shidian.organisations.models import Membership, Officer, Organisation


def _locked(application: Application) -> Application:
    rows = Application.objects.select_for_update(of=("self",)).select_related("call", "lead")
    return rows.get(pk=application.pk)


def _forget(application: Application) -> None:
    # What a page has read before no longer holds.
    application.access_of = None
    vars(application).pop("access_for", None)


@transaction.atomic
def share(application: Application, role: Role, *, person: User | Person, by: User) -> Collaborator:
    """Give a person a role, in place of the one held so far; a person known by address alone gets an account.

    Refused by `can_assign_roles`, and (`Invalid`) for the head, who is always owner, for people who judge or guard
    applications, and for an address or a name that is none.
    """
    locked = _locked(application)
    require(rules.can_assign_roles(by, locked))
    person = _fit(person, by)
    if Membership.objects.filter(user=person, organisation=locked.lead_id, role="head").exists():
        raise _wrong("email", _("单位负责人始终负责这份申请，不用另外指定。"))
    held = locked.collaborators.filter(user=person, ended_at__isnull=True).first()
    if held is not None:
        if held.role == role:
            return held
        _end(held, by)
    found = Collaborator.objects.create(
        application=locked, user=person, role=role, given_at=clock.now(), given_by=by
    )
    detail = {"name": person.label, "role": chinese(Role(role).label), "user": person.pk}
    record("application.shared", locked.chain, by=by, detail=detail)
    _forget(application)
    return found


@transaction.atomic
def unshare(collaborator: Collaborator, *, by: User) -> None:
    """Take a role back; people of the lead unit then have again what they have without saying."""
    application = collaborator.application
    locked = _locked(application)
    require(rules.can_assign_roles(by, locked))
    if not _end(collaborator, by):
        raise NotNow(_("这个角色已经收回了。"))
    detail = {"name": collaborator.user.label, "role": chinese(Role(collaborator.role).label)}
    record("application.unshared", locked.chain, by=by, detail=detail)
    _forget(application)


@transaction.atomic
def give(
    application: Application, section: str, *, to: User | Person | Organisation, by: User
) -> SectionGift:
    """Let a person or a partner unit write a section; editors who do not have it then only read it.

    Refused by `can_give_sections`, for the lead unit itself, and for people who judge or guard applications.
    """
    locked = _locked(application)
    require(rules.can_give_sections(by, locked))
    title = locked.call.questionnaire.section(section).title
    if not isinstance(to, Organisation):
        to = _fit(to, by)
        target: dict[str, User | Organisation] = {"user": to}
    else:
        if to.pk == locked.lead_id:
            raise _wrong("code", _("承担单位的人本来就能填写；要指定人的，请按人员交。"))
        if to.state != "confirmed":
            raise _wrong(
                "code", _("“{to}”的账号还没有经其负责人确认，确认以后才能交给它填写。").format(to=to.name)
            )
        target = {"organisation": to}
    held = locked.gifts.filter(section=section, ended_at__isnull=True, **target).first()
    if held is not None:
        return held
    found = SectionGift.objects.create(
        application=locked, section=section, given_at=clock.now(), given_by=by, **target
    )
    detail = {"section": title, "to": found.holder, "users": [person.pk for person in _people_of(to)]}
    record("application.section_given", locked.chain, by=by, detail=detail)
    _forget(application)
    return found


@transaction.atomic
def take_back(gift: SectionGift, *, by: User) -> None:
    """Take a section back; what was written in it stays."""
    application = gift.application
    locked = _locked(application)
    require(rules.can_give_sections(by, locked))
    if not _end(gift, by):
        raise NotNow(_("这一部分已经收回了。"))
    detail = {"section": locked.call.questionnaire.section(gift.section).title, "to": gift.holder}
    record("application.section_taken_back", locked.chain, by=by, detail=detail)
    _forget(application)


def unit_at(code: str) -> Organisation:
    """The unit with this code; refused (`Invalid`) when it has no account."""
    given = unit_code.normalise(code)
    found = Organisation.objects.filter(code=given).first() if given else None
    if found is None:
        words = _("这个代码的单位还没有账号。请对方先注册；也可以按人员邮箱交给对方的经办人。")
        raise _wrong("code", words if given else _("请填写参加单位的统一社会信用代码"))
    return found


def _people_of(to: User | Organisation) -> list[User]:
    if isinstance(to, User):
        return [to]
    return [row.user for row in Membership.objects.filter(organisation=to).select_related("user")]


def _fit(person: User | Person, by: User) -> User:
    """The account of the person, made when there is none; refused for those who cannot take part."""
    if isinstance(person, Person):
        person = _account(person, by)
    if not person.is_active:
        raise _wrong("email", _("这个账号已经停用，请与系统管理员联系。"))
    if person.is_administrator or person.is_auditor or Officer.objects.filter(user=person).exists():
        raise _wrong(
            "email",
            _("{person}是系统管理员、审计员或者受理机构的人员，不能参加填写。").format(person=person.label),
        )
    return person


def _account(named: Person, by: User) -> User:
    name, address = named.name.strip(), named.email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise _wrong("email", _("请填写对方的电子邮箱，例如 name@example.cn")) from None
    if len(address) > 254:
        raise _wrong("email", _("电子邮箱不能超过 254 个字符"))
    if not name and not User.objects.filter(email=address).exists():
        raise _wrong("name", _("这个邮箱还没有账号，请同时填写对方的姓名；系统会发邮件请对方设置密码"))
    if len(name) > 60:
        raise _wrong("name", _("姓名不能超过 60 个字"))
    return ensure_user(name=name, email=address, by=by)


def _end(row: Collaborator | SectionGift, by: User) -> bool:
    # Whoever comes second finds nothing to end.
    rows = type(row)._default_manager.filter(pk=row.pk, ended_at__isnull=True)
    return bool(rows.update(ended_at=clock.now(), ended_by=by))


def _wrong(place: str, words: str) -> Invalid:
    return Invalid(words, [(place, words)])
