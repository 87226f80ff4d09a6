"""The order and the remarks of a list in preparation, as posted by number fields and by buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from shidian.desk.forms.checks import Problem
from shidian.dispatch.queries import Entry

LONGEST_REMARK = 200


class RankingForm:
    """Fields rank-<reference> and remark-<reference>; buttons `up` and `down` carry a reference."""

    def __init__(self, entries: Sequence[Entry], data: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self.remarks: dict[str, str] = {}
        self.wrong: dict[str, str] = {}
        self.typed: dict[str, str] = {}
        wanted: list[tuple[int, int, int, str]] = []
        for entry in entries:
            reference = entry.application.reference
            self.remarks[reference] = data.get(f"remark-{reference}", entry.remark).strip()
            typed = data.get(f"rank-{reference}", str(entry.rank)).strip()
            self.typed[reference] = typed
            number = int(typed) if typed.isdecimal() and len(typed) < 6 else 0
            if not number:
                self._say(
                    reference,
                    _("{reference}：名次请写 1 至 {count} 的数字").format(
                        reference=reference, count=len(entries)
                    ),
                    "rank",
                )
                number = entry.rank
            if len(self.remarks[reference]) > LONGEST_REMARK:
                self._say(
                    reference,
                    _("{reference}：备注最多 {longest_remark} 字").format(
                        reference=reference, longest_remark=LONGEST_REMARK
                    ),
                    "remark",
                )
            # A row moved up goes before the one that holds its new place, a row moved down behind it.
            moved = (number > entry.rank) - (number < entry.rank)
            wanted.append((number, moved, entry.rank, reference))
        self.order = [reference for *_rest, reference in sorted(wanted)]
        self._press(data)

    def _say(self, reference: str, message: str, name: str) -> None:
        self.problems.append(Problem(message, f"{name}-{reference}"))
        self.wrong[f"{name}-{reference}"] = message

    def _press(self, data: Mapping[str, str]) -> None:
        for name, step in (("up", -1), ("down", 1)):
            reference = data.get(name, "")
            if reference in self.order:
                at = self.order.index(reference)
                self.order.insert(max(at + step, 0), self.order.pop(at))
