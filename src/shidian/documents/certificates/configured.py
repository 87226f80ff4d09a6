"""What this installation has: trusted roots, a time stamping authority, a platform, a token driver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from shidian.documents.certificates import trust
from shidian.documents.certificates.remote import Platform

if TYPE_CHECKING:
    from shidian.documents.certificates import timestamps


def trusted() -> trust.Trust:
    """The roots and lists of the folder SHIDIAN_TRUST as they are now; trust.BadTrust names a bad file."""
    return trust.load(settings.TRUST_FOLDER)


def authority() -> timestamps.Authority | None:
    """The time stamping authority, or None: then the time is the signer's claim."""
    if not settings.TSA:
        return None
    from shidian.documents.certificates import timestamps

    return timestamps.Authority(settings.TSA)


def platform() -> Platform | None:
    """The platform for remote seals, or None."""
    return Platform(settings.SEAL_PLATFORM, settings.SEAL_TOKEN) if settings.SEAL_PLATFORM else None


def accepts_unchecked_chains() -> bool:
    """Whether signatures count whose chain nobody can check, because no root is trusted here at all; off by default."""
    return bool(settings.ACCEPT_UNCHECKED_CHAINS)


def token_driver() -> Path | None:
    """The PKCS#11 driver, or None."""
    driver: Path | None = settings.PKCS11_DRIVER
    return driver
