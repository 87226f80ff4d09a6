"""Giving more time: for whom, which deadline, until when, and why."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.calls.models import Call, Extension
from shidian.organisations.codes import unit_code
from shidian.organisations.models import Office, Organisation
from shidian.ui.days import DayField

ALL, OFFICE, UNIT = "all", "office", "unit"
_TIME = re.compile(r"([01]?\d|2[0-3])[:：时]([0-5]\d)?分?")


class ExtensionForm(forms.Form):
    """Which deadline becomes later, for whom, until when and why."""

    what = forms.ChoiceField(
        label=gettext_lazy("哪个期限"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("请选择要延的期限"),
            "invalid_choice": gettext_lazy("请选择要延的期限"),
        },
    )
    whom = forms.ChoiceField(
        label=gettext_lazy("给谁延"),
        choices=(
            (ALL, gettext_lazy("所有单位和机构（例如系统故障）")),
            (OFFICE, gettext_lazy("一个机构，和向它递交的单位")),
            (UNIT, gettext_lazy("一个承担单位（只延递交）")),
        ),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("请选择给谁延期"),
            "invalid_choice": gettext_lazy("请选择给谁延期"),
        },
    )
    office = forms.ChoiceField(
        label=gettext_lazy("机构"),
        required=False,
        help_text=gettext_lazy("给一个机构延期时选。"),
        error_messages={"invalid_choice": gettext_lazy("请选择列表里的机构")},
    )
    unit = forms.CharField(
        label=gettext_lazy("承担单位"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("给一个单位延期时写：统一社会信用代码、组织机构代码，或者单位全称。"),
        error_messages={"max_length": gettext_lazy("最多 120 字")},
    )
    day = DayField(
        label=gettext_lazy("延到哪一天"),
        help_text=gettext_lazy("例如 2023-08-04。"),
        error_messages={"required": gettext_lazy("请写延到哪一天")},
    )
    clock = forms.CharField(
        label=gettext_lazy("几点"),
        initial="17:00",
        max_length=12,
        help_text=gettext_lazy("例如 17:00；写 23:59 就是当日结束。"),
        widget=forms.TextInput(attrs={"class": "input-short num", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("请写几点"), "max_length": gettext_lazy("例如写 17:00")},
    )
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("记在历史里。给所有单位延期的，理由会显示在公开页面上。"),
        error_messages={
            "required": gettext_lazy("请写明理由"),
            "max_length": gettext_lazy("最多 500 字，现在 %(show_value)d 字"),
        },
    )

    def __init__(self, call: Call, offices: list[Office], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.call = call
        self.offices = {office.key: office for office in offices}
        self.fields["what"].choices = [(key, words) for key, words, _until in deadlines(call)]  # type: ignore[attr-defined]
        choices = [("", _("请选择"))] + [(office.key, office.name) for office in offices]
        self.fields["office"].choices = choices  # type: ignore[attr-defined]

    def clean_clock(self) -> time:
        """The time of day."""
        found = _TIME.fullmatch(self.cleaned_data["clock"].strip().replace(" ", ""))
        if not found:
            raise forms.ValidationError(_("看不出是几点，例如写 17:00"))
        # To the last second of that minute: what a deadline of 23:59 means to everybody.
        return time(int(found[1]), int(found[2] or 0), 59 if found[2] == "59" else 0)

    def clean(self) -> dict[str, Any]:
        """The office or the unit that is named."""
        values: dict[str, Any] = super().clean() or {}
        whom, what = values.get("whom"), values.get("what", "")
        if whom == OFFICE and not values.get("office") and "office" not in self.errors:
            self.add_error("office", _("请选择机构"))
        if whom == UNIT:
            values["lead"] = self._unit(values.get("unit", ""))
            if what and not what.endswith(Extension.Deadline.HAND_IN):
                self.add_error("whom", _("报送由受理机构办理，不能只给一个承担单位延期"))
        return values

    def _unit(self, text: str) -> Organisation | None:
        words = "".join(text.split())
        if not words:
            self.add_error("unit", _("请写承担单位的代码或者全称"))
            return None
        code = unit_code.normalise(words)
        found = list(Organisation.objects.filter(code=code)) if code else []
        found = found or list(Organisation.objects.filter(name=text.strip())[:2])
        if len(found) != 1:
            self.add_error("unit", _("没有找到这个已注册的单位，请核对代码或者全称"))
            return None
        return found[0]

    def target(self) -> dict[str, Any]:
        """What the verb is given, of a valid form."""
        values = self.cleaned_data
        stage, _dot, deadline = values["what"].partition(".")
        moment = datetime.combine(values["day"], values["clock"], tzinfo=self.call.zone)
        return {
            "stage": stage,
            "deadline": Extension.Deadline(deadline),
            "until": moment,
            "reason": values["reason"],
            "office": self.offices[values["office"]] if values["whom"] == OFFICE else None,
            "lead": values.get("lead") if values["whom"] == UNIT else None,
        }


def deadlines(call: Call) -> list[tuple[str, str, datetime]]:
    """The deadlines that the call sets: key, words, and when each ends for everybody now."""
    found = []
    for position, stage in enumerate(call.definition.stages):
        for deadline in Extension.Deadline:
            if deadline == Extension.Deadline.HAND_IN and position:
                continue
            until = call.until(stage, deadline)
            if until is not None:
                found.append(
                    (
                        f"{stage.key}.{deadline}",
                        _("{stage}：{deadline}").format(stage=stage.label, deadline=deadline.label),
                        until,
                    )
                )
    return found
