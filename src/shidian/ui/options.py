"""Entries of a list of answers, in groups."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.html import escape


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of a list; `checked` when it is the answer; `id` only for radios."""

    value: str
    label: str
    checked: bool
    id: str = ""


@dataclass(frozen=True)
class OptionGroup:
    """Entries under a common heading; the heading may be empty."""

    label: str
    options: tuple[Option, ...]

    @cached_property
    def markup(self) -> str:
        """The group inside a select; kept, since the long lists are the same on every page."""
        entries = "".join(
            f'<option value="{escape(option.value)}"{" selected" if option.checked else ""}>{escape(option.label)}</option>'
            for option in self.options
        )
        return f'<optgroup label="{escape(self.label)}">{entries}</optgroup>' if self.label else entries
