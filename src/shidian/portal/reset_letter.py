"""The letter by which a person sets a new password; sent by the worker."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from shidian.accounts.models import User
from shidian.notifications.letter import Letter, letter
from shidian.notifications.models import Message
from shidian.notifications.sending import send as send_message


def send(address: str) -> None:
    """Send the link to the account of an address; nothing when there is none."""
    user = User.objects.filter(email=address.strip().lower(), is_active=True).first()
    if user is not None:
        send_message("password", {"user": user.pk}, to=user.email, user=user)


def compose(message: Message) -> Letter:
    """The letter, with a token that it alone holds."""
    user = User.objects.get(pk=message.args["user"])
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
    return letter("设置新密码", lines, secret=True)
