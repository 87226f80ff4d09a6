"""The letter by which a person sets a new password; sent by the worker."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse

from shidian.accounts.models import User


def send(address: str) -> None:
    """Send the link to the account of an address; nothing when there is none."""
    user = User.objects.filter(email=address.strip().lower(), is_active=True).first()
    if user is None:
        return
    parts = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    lines = [
        f"{user.name}，您好：",
        "",
        f"有人在“{settings.SITE_NAME}”申请为这个邮箱的账号设置新密码。请打开下面的链接：",
        "",
        settings.ADDRESS + reverse("account_reset_password_from_key", kwargs=parts),
        "",
        "链接 3 天内有效，只能用一次。如果不是您本人申请的，不用理会，原来的密码仍然有效。",
    ]
    send_mail("设置新密码", "\n".join(lines), None, [user.email])
