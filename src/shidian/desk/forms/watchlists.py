"""Forms of the loaded lists: the file with what it is, and which column is which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.organisations.models import Watchlist
from shidian.organisations.watchlists import HEAD_WITHIN, TARGETS, Reading
from shidian.ui.days import DayField

FILES = ".csv,.txt,.tsv,.xlsx"
SOURCES_ID = "known-sources"


class FileForm(forms.Form):
    """A file of a list, what it is, from whom and as of when."""

    kind = forms.ChoiceField(
        label=gettext_lazy("名单种类"),
        choices=Watchlist.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("请选择是哪种名单"),
            "invalid_choice": gettext_lazy("请选择是哪种名单"),
        },
    )
    source = forms.CharField(
        label=gettext_lazy("来源"),
        max_length=120,
        help_text=gettext_lazy(
            "从哪里取得，例如“国家企业信用信息公示系统”。同一种类、同一来源的新文件取代旧的；来源不同的并存。"
        ),
        widget=forms.TextInput(attrs={"list": SOURCES_ID, "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("请写名单的来源，例如“国家企业信用信息公示系统”"),
            "max_length": gettext_lazy("来源最多 120 字，现在 %(show_value)d 字"),
        },
    )
    as_of = DayField(
        label=gettext_lazy("截至日期"),
        help_text=gettext_lazy("名单反映哪一天的情况，一般是导出的日子，例如 2023-07-10。"),
        error_messages={"required": gettext_lazy("请写名单截至哪一天")},
    )
    file = forms.FileField(
        label=gettext_lazy("文件"),
        help_text=gettext_lazy(
            "CSV（UTF-8、GB18030 编码都可以）或 Excel（.xlsx），最大 40 MB、30 万行。列的名称和次序不限，下一步可以核对。"
        ),
        widget=forms.FileInput(attrs={"accept": FILES}),
        error_messages={
            "required": gettext_lazy("请选择文件"),
            "invalid": gettext_lazy("请选择文件"),
            "empty": gettext_lazy("文件是空的，请重新导出"),
        },
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that a target may be."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A target with the columns to choose from."""

    target: str
    label: str
    choices: list[Choice]
    wrong: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A message at its place."""

    message: str
    anchor: str


class ColumnsForm:
    """Which column is which, as recognised or as posted."""

    def __init__(self, reading: Reading, data: Mapping[str, str] | None = None) -> None:
        self.reading = reading
        self.data = data
        self.problems: list[Problem] = []
        self._wrong: dict[str, str] = {}
        self.columns: dict[str, int] = dict(reading.columns)
        self.head, self.sheet = reading.head, reading.sheet
        if data is not None:
            self._read(data)

    def _read(self, data: Mapping[str, str]) -> None:
        self.columns = {
            target: int(given)
            for target in TARGETS
            if (given := data.get(target, "")).isascii() and given.isdigit() and len(given) < 4
        }
        head = data.get("head", "").strip()
        if head.isascii() and head.isdigit() and len(head) < 3 and int(head) <= HEAD_WITHIN:
            self.head = int(head)
        else:
            self.say(
                "head",
                _("表头在第几行，请写 0 至 {head_within} 的数字；没有表头的写 0").format(
                    head_within=HEAD_WITHIN
                ),
            )
        if data.get("sheet", "") in self.reading.sheets:
            self.sheet = data["sheet"]

    def say(self, place: str, message: str) -> None:
        """Say what is wrong at its place."""
        self._wrong[place] = message
        self.problems.append(Problem(message, f"c-{place}" if place else ""))

    @property
    def wrong_head(self) -> str:
        """What is wrong with the header's row."""
        return self._wrong.get("head", "")

    @property
    def recognises(self) -> bool:
        """Whether another header or sheet is meant and no column was said, so that they are recognised anew."""
        moved = (self.head, self.sheet) != (self.reading.head, self.reading.sheet)
        return moved and self.columns == self.reading.columns

    def rows(self) -> list[Column]:
        """All targets with their choices."""
        heads = [(str(at), _named(at, head)) for at, head in enumerate(self.reading.heads)]
        return [
            Column(
                target,
                _(label),
                [Choice(value, words, self.columns.get(target) == int(value)) for value, words in heads],
                self._wrong.get(target, ""),
            )
            for target, label in TARGETS.items()
        ]


def _named(at: int, head: str) -> str:
    return (
        _("第 {at} 列　{head}").format(at=at + 1, head=head)
        if head and head != f"第 {at + 1} 列"
        else _("第 {at} 列").format(at=at + 1)
    )
