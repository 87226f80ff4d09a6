"""The verdicts of a completeness check, as posted: one choice and one note an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from shidian.reviews.checklist import Item, Judged
from shidian.reviews.models import Check


@dataclass(frozen=True, slots=True)
class Problem:
    """A message at its place."""

    message: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One verdict of an item."""

    value: str
    label: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Row:
    """An item as shown: its choices, its note, what was said the last time."""

    item: Item
    choices: list[Choice]
    note: str
    check: Check | None
    earlier: str
    wrong: str


class ChecksForm:
    """What is posted wins over what is stored; nothing is chosen that no person has chosen."""

    def __init__(self, rows: Sequence[Judged], data: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.problems: list[Problem] = []
        self.verdicts: dict[str, tuple[str, str]] = {}
        self._wrong: dict[str, str] = {}
        if data is not None:
            for row in rows:
                self._read(row.item, data)

    def _read(self, item: Item, data: Mapping[str, str]) -> None:
        verdict = data.get(f"verdict-{item.key}", "")
        note = data.get(f"note-{item.key}", "").strip()
        if verdict:
            self.verdicts[item.key] = (verdict, note)
        if note and not verdict:
            self._say(item, _("写了说明，还没有判定，请选一项"))
        if len(note) > 500:
            self._say(item, _("说明最多 500 字，现在 {count} 字").format(count=len(note)))

    def _say(self, item: Item, message: str) -> None:
        self._wrong[item.key] = message
        self.problems.append(
            Problem(_("{item}：{message}").format(item=item.label, message=message), f"check-{item.key}")
        )

    def refuse(self, reason: str) -> None:
        """Add what the verb refused."""
        self.problems.append(Problem(reason, ""))

    def groups(self, rows: Sequence[Judged], earlier: Mapping[str, str]) -> list[tuple[str, list[Row]]]:
        """The items by group, in their order."""
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(row.item.group, []).append(self._row(row, earlier.get(row.item.key, "")))
        return list(groups.items())

    def _row(self, row: Judged, earlier: str) -> Row:
        chosen = row.check.verdict if row.check else ""
        note = row.check.note if row.check else ""
        if self.data is not None:
            chosen = self.data.get(f"verdict-{row.item.key}", "")
            note = self.data.get(f"note-{row.item.key}", "")
        choices = [Choice(value, str(label), value == chosen) for value, label in Check.Verdict.choices]
        return Row(row.item, choices, note, row.check, earlier, self._wrong.get(row.item.key, ""))
