"""The bare framework, for comparison in the same run: one authenticated page with session, user and a template."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from shidian.config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.bare"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "shidian.audit",
    "shidian.accounts",
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
PAGE = "<!doctype html><title>{{ name }}</title><h1>{{ name }}</h1>"


def page(request: HttpRequest) -> HttpResponse:
    """Say the name of who is signed in."""
    if not request.user.is_authenticated:
        return HttpResponse(status=403)
    return HttpResponse(engines["django"].from_string(PAGE).render({"name": request.user.name}))


urlpatterns = [path("", page)]
