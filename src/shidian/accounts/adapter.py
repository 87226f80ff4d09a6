"""How allauth is used here: no self-made accounts beside registration, and our own lock-out."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from shidian.accounts import lockout
from shidian.accounts.models import User


def display(user: User) -> str:
    """The name by which allauth's pages call a person."""
    return user.label


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closed sign-up, lock-out by address."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by registering a unit or by an administrator."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse an address that is locked, before the password is looked at."""
        if lockout.is_locked(credentials.get("email", "")):
            raise ValidationError(
                _("这个账号连续 5 次输错密码，已锁定 30 分钟。请稍后再试，或者用“忘记密码”。")
            )

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a failure."""
        lockout.note_failure(credentials.get("email", ""), request.META.get("REMOTE_ADDR"))

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> Any:
        """Forget earlier failures."""
        lockout.forget(user.email)
        return super().post_login(request, user, **kwargs)
