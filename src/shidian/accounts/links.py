"""One-time links: a token without a table, dead as soon as what it was made for has happened."""

from __future__ import annotations

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from shidian.accounts.models import User


class InvitationToken(PasswordResetTokenGenerator):
    """For the first password of an account that somebody else made.

    The hash holds the account, its password and its last sign-in: setting the password, or signing in, ends it.
    """

    key_salt = "shidian.accounts.invitation"


invitation = InvitationToken()


def encode(user: User) -> str:
    """The account as it stands in a link."""
    return urlsafe_base64_encode(force_bytes(user.pk))


def decode(text: str) -> User | None:
    """The active account of a link, or None when the link is not one of ours."""
    try:
        pk = int(force_str(urlsafe_base64_decode(text)))
    except (ValueError, OverflowError):
        return None
    return User.objects.filter(pk=pk, is_active=True).first() if 0 < pk < 2**63 else None
