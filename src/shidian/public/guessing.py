"""A limit on guessing: an address that brought too many marks that were made up waits a while."""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

WRONG = 20
SECONDS = 600


def is_too_many(request: HttpRequest) -> bool:
    """Whether this address has used up its wrong ones for now."""
    return int(cache.get(_key(request), 0)) >= WRONG


def note_wrong(request: HttpRequest) -> None:
    """Count one that was wrong; after SECONDS without any the count is forgotten."""
    key = _key(request)
    cache.set(key, int(cache.get(key, 0)) + 1, SECONDS)


OBJECTIONS = 10
OBJECTIONS_SECONDS = 3600


def may_file(request: HttpRequest) -> bool:
    """Whether this address may file another objection for now: so many an hour."""
    return int(cache.get(_key(request, "objections"), 0)) < OBJECTIONS


def note_filed(request: HttpRequest) -> None:
    """Count an objection that was filed."""
    key = _key(request, "objections")
    cache.set(key, int(cache.get(key, 0)) + 1, OBJECTIONS_SECONDS)


def address_of(request: HttpRequest) -> str:
    """Where a request comes from, as far as our own proxy knows."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.SECURE_PROXY_SSL_HEADER:
        # The last one is what our own proxy saw; what stands before it anybody can write.
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    return address


def _key(request: HttpRequest, what: str = "sheet-check") -> str:
    return f"{what}:{address_of(request)}"[:200].replace(" ", "")
