"""Forms of publicities, objections and results."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from shidian.desk.forms.words import SCANS
from shidian.dispatch.publishing.models import ObjectionAnswer
from shidian.dispatch.publishing.objections import LONGEST
from shidian.dispatch.publishing.publicity import LONGEST_TEXT, LONGEST_TITLE
from shidian.ui.days import DayField

_MOST = gettext_lazy("最多 %(limit_value)d 字，现在 %(show_value)d 字")


class WordsForm(forms.Form):
    """The words around the list of a publicity."""

    title = forms.CharField(
        label=gettext_lazy("标题"),
        max_length=LONGEST_TITLE,
        error_messages={"required": gettext_lazy("请写标题"), "max_length": _MOST},
    )
    text = forms.CharField(
        label=gettext_lazy("正文"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("名单、公示时间和怎样提异议自动列出，不用写。不要写个人的电话和证件号码。"),
        error_messages={"required": gettext_lazy("请写正文"), "max_length": _MOST},
    )


class CorrectionForm(WordsForm):
    """The same for a publicity that corrects another."""

    why = forms.CharField(
        label=gettext_lazy("为什么更正"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("显示在新旧两份公示上。"),
        error_messages={"required": gettext_lazy("请写明为什么更正"), "max_length": _MOST},
    )


class LongerForm(forms.Form):
    """More working days, and why."""

    days = forms.IntegerField(
        label=gettext_lazy("再延几个工作日"),
        min_value=1,
        max_value=60,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "class": "input-short num", "autocomplete": "off"}
        ),
        error_messages={
            "required": gettext_lazy("请写工作日数"),
            "invalid": gettext_lazy("请写数字"),
            "min_value": gettext_lazy("至少 1 个工作日"),
            "max_value": gettext_lazy("最多 60 个工作日"),
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("显示在公示页上。"),
        error_messages={"required": gettext_lazy("请写明理由"), "max_length": _MOST},
    )


class NoteForm(forms.Form):
    """What was found out."""

    note = forms.CharField(
        label=gettext_lazy("核实记录"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("只给本机构和审计看，写了不能改。"),
        error_messages={"required": gettext_lazy("请写核实记录"), "max_length": _MOST},
    )


class AnswerForm(forms.Form):
    """The answer to an objection."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("结论"),
        choices=ObjectionAnswer.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("请选择结论"),
            "invalid_choice": gettext_lazy("请选择结论"),
        },
    )
    strikes = forms.BooleanField(
        label=gettext_lazy("取消这一项的资格，从名单移出"),
        required=False,
        help_text=gettext_lazy("审批人确认答复时生效。"),
    )
    text = forms.CharField(
        label=gettext_lazy("答复"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("写明核实的情况、结论和依据；会原样发给异议人。"),
        error_messages={"required": gettext_lazy("请写答复"), "max_length": _MOST},
    )
    scan = forms.FileField(
        label=gettext_lazy("盖章的答复函"),
        required=False,
        help_text=gettext_lazy("可以不传。PDF、JPEG 或 PNG，最大 50 MB。"),
        widget=forms.FileInput(attrs={"accept": SCANS}),
        error_messages={"empty": gettext_lazy("文件是空的，请重新扫描或导出")},
    )

    def __init__(self, *args: Any, about: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not about:
            del self.fields["strikes"]


class LetterForm(forms.Form):
    """A letter of the destination."""

    issuer = forms.CharField(
        label=gettext_lazy("来文机关"),
        max_length=100,
        error_messages={"required": gettext_lazy("请写来文机关"), "max_length": _MOST},
    )
    number = forms.CharField(
        label=gettext_lazy("文号"),
        max_length=80,
        help_text=gettext_lazy("照来文写，例如 国标委发〔2023〕27号。"),
        error_messages={"required": gettext_lazy("请写文号"), "max_length": _MOST},
    )
    title = forms.CharField(
        label=gettext_lazy("标题"),
        max_length=200,
        error_messages={"required": gettext_lazy("请写标题"), "max_length": _MOST},
    )
    dated = DayField(
        label=gettext_lazy("成文日期"),
        help_text=gettext_lazy("例如 2023-07-10。"),
        error_messages={"required": gettext_lazy("请写成文日期")},
    )
    scan = forms.FileField(
        label=gettext_lazy("来文扫描件"),
        required=False,
        help_text=gettext_lazy("PDF、JPEG 或 PNG，最大 50 MB。"),
        widget=forms.FileInput(attrs={"accept": SCANS}),
        error_messages={"empty": gettext_lazy("文件是空的，请重新扫描或导出")},
    )


class SheetForm(forms.Form):
    """A sheet with results."""

    sheet = forms.FileField(
        label=gettext_lazy("Excel 文件"),
        help_text=gettext_lazy("按“申请编号”对上，列名见模板；先试读，确认了才登记。最大 10 MB。"),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        error_messages={
            "required": gettext_lazy("请选择文件"),
            "empty": gettext_lazy("文件是空的，请重新导出"),
            "invalid": gettext_lazy("请选择文件"),
        },
    )
