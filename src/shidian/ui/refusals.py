"""Middleware that turns a refusal which no view has caught into its page, with the reason in plain words."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from shidian.core.errors import Invalid, NotNow, NotPermitted, Refused
from shidian.core.language import in_words

from . import errors


class Refusals:
    """A refusal is no fault of the system: 403 you may not, 409 not now, 422 what was given is wrong."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page of a refusal; JSON for autosave, which shows the words itself; None for real errors."""
        if isinstance(exception, NotPermitted):
            page, reason = errors.FORBIDDEN, exception.reason
        elif isinstance(exception, NotNow):
            page, reason = errors.CONFLICT, exception.reason
        elif isinstance(exception, Invalid):
            page, reason = errors.UNPROCESSABLE, exception.reason
        elif isinstance(
            exception, Refused
        ):  # what is asked for cannot be had now: no box to sign in, no answer
            page, reason = errors.CONFLICT, exception.reason
        else:
            return None
        reason = in_words(reason)
        if request.headers.get("X-Requested-With") == "autosave":
            conflict = page is errors.CONFLICT
            return JsonResponse(
                {
                    "conflict": conflict,
                    "url": request.get_full_path(),
                    "reason": reason,
                },
                status=page.status,
            )
        return errors.respond(request, page, reason, getattr(exception, "problems", ()))
