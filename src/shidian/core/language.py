"""What is kept, sent or printed is Chinese, whatever language the person who caused it has chosen for the screens."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise

from shidian.core.said import Said


def in_chinese() -> translation.override:
    """A block whose texts are Chinese."""
    return translation.override(settings.LANGUAGE_CODE)


def chinese(label: str | Promise) -> str:
    """The Chinese of a label, for the history."""
    with in_chinese():
        return str(label)


def in_words(said: str) -> str:
    """A text of `core.said` in the language of the page; any other text as it is."""
    if not isinstance(said, Said):
        return said
    if not said.values:
        return translation.gettext(said.template)
    values = {
        name: in_words(value) if isinstance(value, str) else value for name, value in said.values.items()
    }
    return translation.gettext(said.template).format(**values)
