"""Locking an address after failed sign-ins, by rows that all workers see (GB/T 22239-2019, 8.1.4.1)."""

from __future__ import annotations

from datetime import timedelta

from shidian.accounts.models import SignInFailure
from shidian.core import clock

ATTEMPTS = 5
WINDOW = timedelta(minutes=30)


def is_locked(email: str) -> bool:
    """Whether an address had too many failures within the window."""
    since = clock.now() - WINDOW
    return SignInFailure.objects.filter(email=email.strip().lower(), at__gt=since).count() >= ATTEMPTS


def note_failure(email: str, address: str | None) -> None:
    """Record a failed attempt, whether or not the address has an account."""
    SignInFailure.objects.create(email=email.strip().lower()[:254], at=clock.now(), address=address)


def forget(email: str) -> None:
    """After a sign-in that succeeded, failures no longer count."""
    SignInFailure.objects.filter(email=email.strip().lower()).delete()
