"""Chinese and English.

What is kept, sent or printed is Chinese, whatever language the person who caused it has chosen for the screens.
"""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.utils import dateformat, translation
from django.utils.functional import Promise

from shidian.core.said import Said


def in_chinese() -> translation.override:
    """A block whose texts are Chinese."""
    return translation.override(settings.LANGUAGE_CODE)


def chinese(label: str | Promise) -> str:
    """The Chinese of a label, for the history."""
    with in_chinese():
        return str(label)


def date_words(day: date) -> str:
    """2023 年 7 月 13 日; 13 July 2023 in English. A time must be local already."""
    return dateformat.format(day, translation.gettext("Y 年 n 月 j 日"))


def day_words(day: date) -> str:
    """7 月 13 日, without its year; 13 July in English. A time must be local already."""
    return dateformat.format(day, translation.gettext("n 月 j 日"))


def month_words(month: date) -> str:
    """2023 年 7 月, of any day in it; July 2023 in English."""
    return dateformat.format(month, translation.gettext("Y 年 n 月"))


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
