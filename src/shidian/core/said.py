"""Texts that know how they were made, so that they can be said in another language later, in another process.

`say("文件有 {count} 页", count=3)` is the Chinese text; its template and values travel with it. Without Django: the
inspector of files runs without it. `core.language.in_words` says it in the language of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Said(str):
    """A Chinese text with its template and values; a value may be such a text itself."""

    __slots__ = ("template", "values")

    template: str
    values: dict[str, Any]

    def packed(self) -> list[Any]:
        """As JSON: [template, {name: value}]."""
        return [
            self.template,
            {
                name: value.packed() if isinstance(value, Said) else value
                for name, value in self.values.items()
            },
        ]


def say(template: str, /, **values: Any) -> Said:
    """Put the values into the template; xgettext knows this name."""
    said = Said(template.format(**values) if values else template)
    said.template, said.values = template, values
    return said


def unpacked(packed: Sequence[Any]) -> Said:
    """The text of what `packed` gave."""
    template, values = packed
    return say(
        template,
        **{name: unpacked(value) if isinstance(value, list) else value for name, value in values.items()},
    )


def listed(said: Sequence[str]) -> str:
    """Several in one: 甲、乙、丙."""
    if len(said) < 2:
        return said[0] if said else ""
    return say("{first}、{rest}", first=said[0], rest=listed(said[1:]))


def pack(said: str) -> list[Any]:
    """Any text as JSON; one that was not made by `say` has no template but itself."""
    return said.packed() if isinstance(said, Said) else [said, {}]
