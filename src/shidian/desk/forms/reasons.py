"""Reasons for a return or a refusal: any number, each about one part of the form or about all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from shidian.desk.forms.checks import Problem
from shidian.questionnaires.definition import Questionnaire
from shidian.reviews.actions import Said
from shidian.reviews.checklist import Judged
from shidian.reviews.models import Check

MOST = 50
LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """One reason as typed."""

    number: int
    text: str
    section: str
    wrong: str


class ReasonsForm:
    """Rows named reasons-<n>-text and reasons-<n>-section; buttons add and drop rows without a script too."""

    def __init__(self, questionnaire: Questionnaire, given: Sequence[Said]) -> None:
        self.questionnaire = questionnaire
        self.given = list(given)
        self.problems: list[Problem] = []

    @classmethod
    def prefilled(cls, questionnaire: Questionnaire, rows: Sequence[Judged]) -> ReasonsForm:
        """A row for every item judged not met, with its note."""
        keys = {section.key for section in questionnaire.sections}
        given: list[Said] = []
        for row in rows:
            if row.check is None or row.check.verdict != Check.Verdict.NOT_MET:
                continue
            section = row.item.key.removeprefix("section-") if row.item.key.startswith("section-") else ""
            if row.item.key.startswith("condition-"):
                section = "conditions"
            text = (
                _("{item}：{note}").format(item=row.item.label, note=row.check.note)
                if row.check.note
                else _("{item}不符合，请改正").format(item=row.item.label)
            )
            given.append(Said(text, section if section in keys else ""))
        return cls(questionnaire, given or [Said("")])

    @classmethod
    def posted(cls, questionnaire: Questionnaire, data: Mapping[str, str]) -> ReasonsForm:
        """What was typed, in the order of the rows; no row is lost because it is wrong."""
        numbers = sorted(
            int(name.split("-")[1])
            for name in data
            if name.startswith("reasons-") and name.endswith("-text") and name.split("-")[1].isdecimal()
        )
        given = [
            Said(data[f"reasons-{number}-text"].strip(), data.get(f"reasons-{number}-section", ""))
            for number in numbers[:MOST]
        ]
        return cls(questionnaire, given or [Said("")])

    def change_rows(self, data: Mapping[str, str]) -> bool:
        """Do what an add or drop button asks for; False when none was pressed."""
        if "rows-add" in data:
            self.given.append(Said(""))
            return True
        number = data.get("rows-drop", "").rpartition("-")[2]
        if number.isdecimal():
            if 0 < int(number) <= len(self.given):
                del self.given[int(number) - 1]
            self.given = self.given or [Said("")]
            return True
        return False

    def check(self, *, needed: bool = True) -> list[Said]:
        """The reasons that say something; problems name each place where one is wrong, and that one is `needed`."""
        known = {key for key, _rest in self.sections}
        said = [reason for reason in self.given if reason.text]
        for number, reason in enumerate(self.given, start=1):
            if len(reason.text) > LONGEST:
                self._say(
                    number,
                    _("第 {number} 条最多 {longest} 字，现在 {count} 字").format(
                        number=number, longest=LONGEST, count=len(reason.text)
                    ),
                )
            if reason.section not in known:
                self._say(number, _("第 {number} 条请重新选择所指部分").format(number=number))
        if needed and not said:
            self._say(1, _("请写明理由，对方要据此办理"))
        return said

    def _say(self, number: int, message: str) -> None:
        self.problems.append(Problem(message, f"f-reasons-{number}-text"))

    @property
    def sections(self) -> list[tuple[str, str]]:
        """What a reason can refer to, in the language of the page."""
        return [("", _("整份申请"))] + [
            (section.key, f"{section.mark}　{section.title}") for section in self.questionnaire.sections
        ]

    @property
    def rows(self) -> list[Row]:
        """The rows as shown."""
        wrong = {problem.anchor: problem.message for problem in self.problems}
        return [
            Row(number, reason.text, reason.section, wrong.get(f"f-reasons-{number}-text", ""))
            for number, reason in enumerate(self.given, start=1)
        ]

    @property
    def empty_row(self) -> Row:
        """The model of a new row."""
        return Row(0, "", "", "")
