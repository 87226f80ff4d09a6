"""The link by which a unit's head confirms its account."""

from __future__ import annotations

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from shidian.accounts.models import User
from shidian.organisations.models import Membership, Organisation


class HeadToken(PasswordResetTokenGenerator):
    """For one head of one unit: dead once the unit is confirmed or refused, or after the password-reset timeout."""

    key_salt = "shidian.organisations.head"

    def __init__(self, organisation: Organisation) -> None:
        super().__init__()
        self.organisation = organisation

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}{user.password}{self.organisation.pk}{self.organisation.state}{timestamp}"


def head_of(organisation: Organisation) -> User | None:
    """The head of a unit."""
    found = Membership.objects.filter(organisation=organisation, role="head").select_related("user").first()
    return found.user if found else None


def head_token(organisation: Organisation, head: User) -> str:
    """A new token for the head of a unit that waits for its confirmation."""
    return HeadToken(organisation).make_token(head)


def is_head_token(organisation: Organisation, head: User, token: str) -> bool:
    """Whether a token still confirms the unit."""
    return HeadToken(organisation).check_token(head, token)
