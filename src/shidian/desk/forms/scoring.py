"""Sheets as they are posted, and the short forms around results and meetings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.calls.scoring import OVERALL, Scoring, written
from shidian.reviews.scoring.checking import Written
from shidian.ui.days import DayField

_TIME = re.compile(r"([01]?\d|2[0-3])[:：时]([0-5]\d)分?")


def keys_of(scoring: Scoring) -> list[str]:
    """The items of a sheet as they are saved, with the overall opinion where the call asks for one."""
    asks = bool(scoring.recommendations or scoring.overall_comment)
    return [*scoring.by_key, *([OVERALL] if asks else [])]


def entry(data: Mapping[str, str], key: str) -> Written | None:
    """What was posted for an item; None when it was not."""
    value = data.get(f"{key}-{'choice' if key == OVERALL else 'points'}")
    comment = data.get(f"{key}-comment")
    # Radio buttons of which none is chosen are not posted.
    return None if value is None and comment is None else Written(value or "", comment or "")


def numbers(data: Mapping[str, str]) -> dict[str, int]:
    """The number of each item that the writer saw; a page without them cannot overwrite anything."""
    try:
        given = json.loads(data.get("numbers", ""))
    except ValueError:
        return {}
    return {k: v for k, v in given.items() if isinstance(v, int)} if isinstance(given, dict) else {}


class ModerationForm(forms.Form):
    """Other points for an item of a submitted sheet."""

    item = forms.ChoiceField(
        label=gettext_lazy("评分项目"),
        error_messages={
            "required": gettext_lazy("请选择评分项目"),
            "invalid_choice": gettext_lazy("请选择评分项目"),
        },
    )
    points = forms.CharField(
        label=gettext_lazy("改为多少分"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "class": "input-short num"}
        ),
        error_messages={"required": gettext_lazy("请写改为多少分"), "max_length": gettext_lazy("请写数字")},
    )
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("写明合议的情况和专家本人的意见。原来的分数保留，理由随结果冻结。"),
        error_messages={
            "required": gettext_lazy("请写明理由"),
            "max_length": gettext_lazy("最多 500 字，现在 %(show_value)d 字"),
        },
    )

    def __init__(self, scoring: Scoring, points: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("请选择"))] + [
            (
                item.key,
                _("{label}（现在 {points} 分，满分 {full}）").format(
                    label=item.label, points=written(points[item.key]), full=written(item.points)
                ),
            )
            for item in scoring.items
        ]
        self.fields["item"].choices = choices  # type: ignore[attr-defined]


class RemarkForm(forms.Form):
    """Something to say in a discussion."""

    text = forms.CharField(
        label=gettext_lazy("您的意见"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("发出以后不能修改或者删除。"),
        error_messages={
            "required": gettext_lazy("请写意见"),
            "max_length": gettext_lazy("最多 4000 字，现在 %(show_value)d 字"),
        },
    )


class PlanForm(forms.Form):
    """When and where a panel meets."""

    day = DayField(
        label=gettext_lazy("哪一天"),
        help_text=gettext_lazy("例如 2023-08-10。"),
        error_messages={"required": gettext_lazy("请写哪一天")},
    )
    clock = forms.CharField(
        label=gettext_lazy("几点"),
        max_length=12,
        help_text=gettext_lazy("例如 09:00。"),
        widget=forms.TextInput(attrs={"class": "input-short num", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("请写几点"), "max_length": gettext_lazy("例如写 09:00")},
    )
    place = forms.CharField(
        label=gettext_lazy("地点"),
        max_length=120,
        error_messages={"required": gettext_lazy("请写地点"), "max_length": gettext_lazy("最多 120 字")},
    )
    chair = forms.CharField(
        label=gettext_lazy("主持人"),
        max_length=60,
        error_messages={"required": gettext_lazy("请写主持人"), "max_length": gettext_lazy("最多 60 字")},
    )

    def clean_clock(self) -> time:
        """The time of day."""
        found = _TIME.fullmatch("".join(self.cleaned_data["clock"].split()))
        if not found:
            raise forms.ValidationError(_("看不出是几点，例如写 09:00"))
        return time(int(found[1]), int(found[2]))

    def facts(self, zone: ZoneInfo) -> dict[str, Any]:
        """What the verb is given, of a valid form."""
        values = self.cleaned_data
        return {
            "held_at": datetime.combine(values["day"], values["clock"], zone),
            "place": values["place"],
            "chair": values["chair"],
        }
