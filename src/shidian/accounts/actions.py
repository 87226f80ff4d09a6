"""Making accounts: the first administrator, and accounts that wait for their first password."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import SYSTEM, Actor, record
from shidian.core.errors import Invalid, NotNow, NotPermitted


@transaction.atomic
def create_first_administrator(*, name: str, email: str, password: str) -> User:
    """Make the account that appoints all others. Refused as soon as any account exists."""
    if User.objects.exists():
        raise NotNow(_("系统已经有账号了。"))
    user = User.objects.create_user(email, password, name=name, is_administrator=True)
    record("user.created", user.chain, by=SYSTEM, detail={"name": name, "role": "administrator"})
    return user


@transaction.atomic
def ensure_user(*, name: str, email: str, phone: str = "", by: Actor) -> User:
    """The account of that address, made without a password when there is none: its owner sets it by a one-time link."""
    address = email.strip().lower()
    found = User.objects.filter(email=address).first()
    if found is not None:
        return found
    user = User.objects.create_user(address, None, name=name, phone=phone)
    record("user.created", user.chain, by=by, detail={"name": name})
    return user


@transaction.atomic
def appoint_auditor(*, name: str, email: str, by: User) -> User:
    """Give an account the auditor's role. Refused for administrators: the two are kept apart (GB/T 22239-2019)."""
    if not by.is_administrator:
        raise NotNow(_("只有系统管理员可以设审计员。"))
    user = ensure_user(name=name, email=email, by=by)
    if user.is_administrator:
        words = _("系统管理员不能兼任审计员，请换一个人。")
        raise Invalid(words, [("email", words)])
    user.is_auditor = True
    user.save(update_fields=("is_auditor",))
    record("user.made_auditor", user.chain, by=by, detail={"name": user.name})
    return user


@transaction.atomic
def accept_invitation(user: User, *, password: str) -> None:
    """Set the first password of an account; its one-time link is dead from now on."""
    user.set_password(password)
    user.save(update_fields=("password",))
    record("user.accepted", user.chain, by=user)


@transaction.atomic
def deactivate(user: User, *, by: User) -> None:
    """Close an account: nobody signs in with it, and who is signed in is out at once. What was done stays.

    Only an administrator closes accounts; refused for the own one, so that an administrator always remains.
    """
    user = _changeable(user, by=by)
    if user.pk == by.pk:
        raise NotNow(_("不能停用自己的账号，请另一位系统管理员办理。"))
    if not user.is_active:
        raise NotNow(_("这个账号已经停用。"))
    _set_active(user, active=False)
    record("user.deactivated", user.chain, by=by, detail={"name": user.name})


@transaction.atomic
def reactivate(user: User, *, by: User) -> None:
    """Open a closed account again with the roles it has. Only an administrator does; refused for an open one."""
    user = _changeable(user, by=by)
    if user.is_active:
        raise NotNow(_("这个账号没有停用。"))
    _set_active(user, active=True)
    record("user.reactivated", user.chain, by=by, detail={"name": user.name})


def _changeable(user: User, *, by: User) -> User:
    if not by.is_administrator:
        raise NotPermitted(_("只有系统管理员可以停用和恢复账号。"))
    return User.objects.select_for_update().get(pk=user.pk)


def _set_active(user: User, *, active: bool) -> None:
    user.is_active = active
    user.save(update_fields=("is_active",))
