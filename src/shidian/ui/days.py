"""A day as people write it. Not `type="date"`: browsers show that in their own language, 07/10/2023 in an English one."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from shidian.organisations.codes import months


class DayInput(forms.TextInput):
    """A short text control for digits."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"inputmode": "numeric", "autocomplete": "off", "class": "input-short num", **(attrs or {})}
        )


class DayField(forms.CharField):
    """A day in any usual way of writing (2023-07-10, 2023.7.10, 2023年7月10日); the cleaned value is a date."""

    widget = DayInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=20, **kwargs)

    def clean(self, value: Any) -> Any:
        """The day, None when nothing is written and nothing is required, or what is wrong with it."""
        text = months.normalise_day(super().clean(value))
        if not text:
            return None
        if fault := months.check_day(text):
            raise forms.ValidationError(fault)
        return date.fromisoformat(text)


def read_day(text: str) -> date | None:
    """The day that is written, or None; for filters, which ignore what they cannot read."""
    day = months.normalise_day(text.strip())
    return date.fromisoformat(day) if months.check_day(day) is None else None
