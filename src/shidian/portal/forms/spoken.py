"""The small questionnaires of this system itself, in the language of the page; those of a call are content."""

from __future__ import annotations

from functools import cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shidian.portal.forms import profile, registration
from shidian.questionnaires.definition import Section


def registration_form() -> Section:
    """What a unit tells when it registers."""
    return _spoken("registration", get_language())


def profile_form() -> Section:
    """What a unit tells of itself once."""
    return _spoken("profile", get_language())


@cache
def _spoken(key: str, language: str | None) -> Section:
    """A section whose own words are translated; `language` is that of the page, and only keeps them apart."""
    section = {each.key: each for each in (registration.SECTION, profile.SECTION)}[key]
    told = section.model_dump(exclude_unset=True)
    for field in told["fields"]:
        field |= {name: _(field[name]) for name in ("label", "hint", "group") if field.get(name)}
    return Section.model_validate({**told, "title": _(section.title)})
