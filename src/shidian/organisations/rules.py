"""Who acts for an office."""

from __future__ import annotations

from shidian.accounts.models import User
from shidian.organisations.models import Office, Officer


def holds_office(user: User, office: Office | None, *roles: Officer.Role) -> bool:
    """Whether a person acts for an office in one of `roles`."""
    return office is not None and Officer.objects.filter(user=user, office=office, role__in=roles).exists()
