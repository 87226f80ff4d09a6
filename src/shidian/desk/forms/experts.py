"""Forms of the pool of experts and of panels."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.calls.models import Call
from shidian.calls.queries import area_label
from shidian.reviews.experts import pool
from shidian.reviews.experts.pool import Details
from shidian.reviews.models import ConflictDeclaration, Expert, Panel
from shidian.ui.days import DayField

_TIME = re.compile(r"([01]?\d|2[0-3])[:：时]([0-5]\d)?分?")
MOST = gettext_lazy("最多 %(limit_value)d 字，现在 %(show_value)d 字")


def _text(label: Any, most: int, *, required: bool = False, needed: Any = "", **more: Any) -> forms.CharField:
    messages = {"max_length": MOST, **({"required": needed} if needed else {})}
    return forms.CharField(label=label, max_length=most, required=required, error_messages=messages, **more)


class ExpertForm(forms.Form):
    """What the pool holds of a person."""

    unit = _text(
        gettext_lazy("工作单位"),
        120,
        required=True,
        needed=gettext_lazy("请写工作单位"),
        help_text=gettext_lazy("全称；回避按它和代码判断。"),
    )
    unit_code = _text(gettext_lazy("单位统一社会信用代码"), 30)
    parent_unit = _text(
        gettext_lazy("上级单位"),
        120,
        help_text=gettext_lazy("主管部门或者上级公司；同一上级单位的申请要回避。"),
    )
    parent_code = _text(gettext_lazy("上级单位统一社会信用代码"), 30)
    title = _text(gettext_lazy("职称"), 60)
    phone = _text(gettext_lazy("手机"), 30)
    specialities = forms.MultipleChoiceField(
        label=gettext_lazy("专业方向"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("自动分配时，专业对口的优先。"),
        error_messages={"invalid_choice": gettext_lazy("请选择列表里的方向")},
    )
    others = _text(
        gettext_lazy("其他专业方向"), 300, help_text=gettext_lazy("列表里没有的，写在这里，用顿号隔开。")
    )

    def __init__(self, *args: Any, expert: Expert | None = None, **kwargs: Any) -> None:
        choices = pool.area_choices()
        known = {key for key, _words in choices}
        if expert is not None:
            kwargs["initial"] = {
                **{
                    name: getattr(expert, name)
                    for name in ("unit", "unit_code", "parent_unit", "parent_code", "title", "phone")
                },
                "specialities": [key for key in expert.specialities if key in known],
                "others": _("、").join(key for key in expert.specialities if key not in known),
            }
        super().__init__(*args, **kwargs)
        self.fields["specialities"].choices = choices  # type: ignore[attr-defined]

    def details(self) -> Details:
        """What a valid form says."""
        values = self.cleaned_data
        others = pool.split_words(values["others"])
        return Details(
            values["unit"],
            values["unit_code"],
            values["parent_unit"],
            values["parent_code"],
            (*values["specialities"], *others),
            values["title"],
            values["phone"],
        )


class NewExpertForm(ExpertForm):
    """A person to be taken into the pool."""

    name = _text(gettext_lazy("姓名"), 60, required=True, needed=gettext_lazy("请写姓名"))
    email = forms.EmailField(
        label=gettext_lazy("电子邮箱"),
        help_text=gettext_lazy("就是登录名；已有账号的，写原来的邮箱。没有账号的，会收到设置密码的邮件。"),
        error_messages={
            "required": gettext_lazy("请写电子邮箱"),
            "invalid": gettext_lazy("邮箱的写法不对，例如 name@example.cn"),
        },
    )
    field_order = ("name", "email")


class TableForm(forms.Form):
    """A file with a table."""

    file = forms.FileField(
        label=gettext_lazy("文件"),
        help_text=gettext_lazy(
            "CSV（UTF-8、GB18030 编码都可以）或 Excel（.xlsx），最大 10 MB。列的次序不限。"
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
        error_messages={
            "required": gettext_lazy("请选择文件"),
            "invalid": gettext_lazy("请选择文件"),
            "empty": gettext_lazy("文件是空的，请重新导出"),
        },
    )


class DeclarationForm(forms.Form):
    """Why an expert shall not judge an application."""

    kind = forms.ChoiceField(
        label=gettext_lazy("情形"),
        choices=ConflictDeclaration.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("请选择是哪种情形"),
            "invalid_choice": gettext_lazy("请选择是哪种情形"),
        },
    )
    text = _text(
        gettext_lazy("说明"),
        500,
        required=True,
        needed=gettext_lazy("请写明情形"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class UnitDeclarationForm(DeclarationForm):
    """Why an expert shall not judge whatever a unit has part in."""

    unit = _text(gettext_lazy("单位名称"), 120, help_text=gettext_lazy("全称；名称和代码至少写一项。"))
    code = _text(gettext_lazy("单位统一社会信用代码"), 30)
    field_order = ("unit", "code")


class PanelForm(forms.Form):
    """A panel: what it is called, which areas it reads, and from when until when."""

    name = _text(
        gettext_lazy("评审组名称"),
        80,
        required=True,
        needed=gettext_lazy("请写评审组的名称"),
        help_text=gettext_lazy("例如：应急管理组。"),
    )
    areas = forms.MultipleChoiceField(
        label=gettext_lazy("评审哪些领域"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("一项都不选，就是全部领域。"),
        error_messages={"invalid_choice": gettext_lazy("请选择列表里的领域")},
    )
    opens = DayField(
        label=gettext_lazy("评审开始"),
        help_text=gettext_lazy("例如 2023-08-07。"),
        error_messages={"required": gettext_lazy("请写哪一天开始")},
    )
    closes = DayField(
        label=gettext_lazy("评审截止"),
        help_text=gettext_lazy("例如 2023-08-18。"),
        error_messages={"required": gettext_lazy("请写哪一天截止")},
    )
    clock = forms.CharField(
        label=gettext_lazy("截止那天的几点"),
        initial="17:00",
        max_length=12,
        help_text=gettext_lazy("例如 17:00；写 23:59 就是当日结束。"),
        widget=forms.TextInput(attrs={"class": "input-short num", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("请写几点"), "max_length": gettext_lazy("例如写 17:00")},
    )

    def __init__(self, call: Call, *args: Any, panel: Panel | None = None, **kwargs: Any) -> None:
        if panel is not None:
            closes = panel.closes_at.astimezone(call.zone)
            kwargs["initial"] = {
                "name": panel.name,
                "areas": panel.areas,
                "opens": panel.opens_at.astimezone(call.zone).date(),
                "closes": closes.date(),
                "clock": f"{closes:%H:%M}",
            }
        super().__init__(*args, **kwargs)
        self.call = call
        tops = [(area.key, area.label) for area in call.definition.areas]
        within = [(path, area_label(call, path)) for path in call.definition.area_labels if "/" in path]
        self.fields["areas"].choices = [*tops, *within]  # type: ignore[attr-defined]

    def clean_clock(self) -> time:
        """The time of day."""
        found = _TIME.fullmatch(self.cleaned_data["clock"].strip().replace(" ", ""))
        if not found:
            raise forms.ValidationError(_("看不出是几点，例如写 17:00"))
        return time(int(found[1]), int(found[2] or 0), 59 if found[2] == "59" else 0)

    def given(self) -> dict[str, Any]:
        """What the verb is given, of a valid form."""
        values = self.cleaned_data
        zone = self.call.zone
        return {
            "name": values["name"],
            "areas": values["areas"],
            "opens_at": datetime.combine(values["opens"], time(), tzinfo=zone),
            "closes_at": datetime.combine(values["closes"], values["clock"], tzinfo=zone),
        }


def _number(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=1000,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"class": "input-short num"}),
        error_messages={
            "required": gettext_lazy("请写一个数"),
            "invalid": gettext_lazy("请写一个数"),
            "min_value": gettext_lazy("最少写 1"),
            "max_value": gettext_lazy("最多写 %(limit_value)d"),
        },
    )


class AutomaticForm(forms.Form):
    """How a plan is worked out."""

    readers = _number(gettext_lazy("每件申请几位专家"))
    most = _number(gettext_lazy("每位专家最多几件"), gettext_lazy("已经分配的也算在内。"))
    strict = forms.BooleanField(
        label=gettext_lazy("只分配给专业对口的专家"),
        required=False,
        help_text=gettext_lazy("不勾选时，对口的优先，不够再请其他专家。"),
    )
