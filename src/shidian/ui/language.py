"""The language of the screens: Chinese, unless the person chose English.

Only the person's own choice counts. What the browser asks for does not: many an office computer says English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation.trans_real import DjangoTranslation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

ENGLISH = "en"
_CHINESE = re.compile(r"[\u3400-\u9fff]")


class Language:
    """Middleware: answers in the language of the cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, in English when the cookie says so."""
        if offered() and request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) == ENGLISH:
            with translation.override(ENGLISH):
                response = self.get_response(request)
            response.headers.setdefault("Content-Language", ENGLISH)
        else:
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", "zh-CN")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ("Cookie",))
        return response


@csrf_exempt  # a language is no right; so that public pages need no cookie
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language for a year and go back to the page; an unknown language changes nothing."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    response = HttpResponseRedirect(back)
    chosen = request.POST.get("language")
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


@cache
def _words_of(language: str) -> dict[str, str]:
    catalogue = DjangoTranslation(
        language, domain="djangojs", localedirs=[str(path) for path in settings.LOCALE_PATHS]
    )._catalog  # type: ignore[attr-defined]
    return {said: meant for said, meant in catalogue.items() if isinstance(said, str) and said and meant}


def words() -> dict[str, str]:
    """What the modules of the browser say, by the Chinese; nothing while the page is Chinese."""
    return _words_of(ENGLISH) if translation.get_language() == ENGLISH else {}


def tongue(text: str) -> SafeString:
    """The attribute that has a reader's voice speak Chinese content as such on an English page, else nothing."""
    foreign = translation.get_language() == ENGLISH and _CHINESE.search(text)
    return SafeString(' lang="zh-CN"' if foreign else "")


@cache
def offered() -> bool:
    """Whether there is an English catalogue to choose; half a language is none."""
    return any(
        (Path(path) / ENGLISH / "LC_MESSAGES" / "django.mo").exists() for path in settings.LOCALE_PATHS
    )


_ENGLISH_TOO: dict[str, Any] = {
    "page": "zh-CN",
    "other": {"code": ENGLISH, "lang": ENGLISH, "name": "English"},
    "words": {},
}
_CHINESE_ALONE: dict[str, Any] = {"page": "zh-CN", "other": None, "words": {}}


def of_page() -> dict[str, Any]:
    """What the frame of a page says of languages: its own, the other one, and the words of its modules."""
    if translation.get_language() != ENGLISH:
        return _ENGLISH_TOO if offered() else _CHINESE_ALONE
    code = settings.LANGUAGE_CODE
    other = {"code": code, "lang": "zh-CN", "name": dict(settings.LANGUAGES)[code]}
    return {"page": ENGLISH, "other": other, "words": words()}
