"""`python -m bench.seats N`: N writers, each signed in with an application of its own; prints them as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import django
from django.conf import settings


def main(count: int) -> None:
    """Make units, writers, sessions and drafts through the verbs, inside the window of a shifted call."""
    django.setup()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.urls import reverse
    from tests import steps

    from shidian.accounts.models import User
    from shidian.applications.actions import start
    from shidian.audit.actions import SYSTEM
    from shidian.calls.actions import load, publish
    from shidian.calls.packages import read
    from shidian.core import clock
    from shidian.organisations.actions import confirm
    from shidian.organisations.models import Membership, Organisation

    call = load(
        read(Path(__file__).resolve().parent.parent / "calls" / "tianjin-2023-smps10"),
        by=SYSTEM,
        shift_to=clock.now().date(),
    )
    publish(call, by=SYSTEM)
    call = type(call).objects.get(pk=call.pk)
    sections = call.questionnaire.sections
    largest = max(sections, key=lambda found: len([field for field in found.fields if field.paper]))
    texts = next(found for found in sections if all(field.type == "long_text" for field in found.fields))
    answers = steps.filled(call)
    csrf = "c" * 32
    seats = []
    for number in range(count):
        unit = Organisation.objects.create(
            name=f"测速单位 {number}", code=f"BENCH{number:04d}", region="120101", registered_at=clock.now()
        )
        user = User.objects.create_user(f"bench{number}@example.cn", None, name=f"测速 {number}")
        Membership.objects.create(user=user, organisation=unit, role="head", since=clock.now())
        confirm(unit, by=user)
        application = start(call, unit, by=user)
        steps.fill(application, answers, user)
        field = texts.fields[0].key
        keys = []
        for backend in (settings.AUTHENTICATION_BACKENDS[0], "django.contrib.auth.backends.ModelBackend"):
            session = SessionStore()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = backend
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.create()
            keys.append(session.session_key)
        seats.append(
            {
                "cookie": f"{settings.SESSION_COOKIE_NAME}={keys[0]}; {settings.CSRF_COOKIE_NAME}={csrf}",
                "bare": f"{settings.SESSION_COOKIE_NAME}={keys[1]}",
                "csrf": csrf,
                "page": reverse("portal:section", args=[application.reference, largest.key]),
                "save": reverse("portal:field", args=[application.reference, texts.key, field]),
                "field": field,
                "number": application.answers.get(section=texts.key, field=field).number,
            }
        )
    json.dump(seats, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
