"""Entries of a list of answers, in groups."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of a list; `checked` when it is the answer; `id` only for radios."""

    value: str
    label: str
    checked: bool
    id: str = ""


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """Entries under a common heading; the heading may be empty."""

    label: str
    options: tuple[Option, ...]
