"""The token of a sign-off link is taken out of the address before anything else looks at it.

Whatever is logged, reported by mail or passed on with a request names its address: refused methods and forged posts
too, which no view ever sees. So this middleware stands first.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

OPENING = "/sign/open/"


class TokenOutOfAddress:
    """Puts what follows `/sign/open/` in the address on the request, as `sign_token`, and leaves the rest."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        before, opening, rest = request.path_info.partition(OPENING)
        if opening and not before:
            request.sign_token = rest.partition("/")[0]  # type: ignore[attr-defined]
            request.path = request.path.partition(OPENING)[0] + OPENING
            request.path_info = OPENING
            for name, value in list(request.META.items()):
                if isinstance(value, str) and OPENING in value:
                    request.META[name] = OPENING
        return self.get_response(request)
