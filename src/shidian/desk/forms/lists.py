"""Forms about lists: the cover letter, what a supplement changes, more than the quota, joint recommendations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.applications.models import Application
from shidian.desk.forms.words import SCANS, ReasonForm
from shidian.dispatch.models import ListChange
from shidian.dispatch.queries import Line
from shidian.organisations.models import Office

REQUIRED = {"required": gettext_lazy("请填写")}


class LetterForm(forms.Form):
    """The cover letter; what it may hold is checked by `dispatch.letters.checked`."""

    number = forms.CharField(
        label=gettext_lazy("发文字号"),
        required=False,
        help_text=gettext_lazy("例如 津和市监函〔2023〕5号；括号写成别的样子也行，会自动改正。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    title = forms.CharField(label=gettext_lazy("标题"), required=False)
    addressee = forms.CharField(label=gettext_lazy("主送机关"), required=False)
    body = forms.CharField(
        label=gettext_lazy("正文"),
        required=False,
        help_text=gettext_lazy("一行一段，每段开头自动空两字。附件、署名、日期和版记由系统排好，不用写。"),
        widget=forms.Textarea(attrs={"rows": 10}),
    )
    copy_to = forms.CharField(label=gettext_lazy("抄送"), required=False)


class SupplementReasonForm(forms.Form):
    """Why a supplement is sent."""

    why = forms.CharField(
        label=gettext_lazy("补充更正的理由"),
        required=False,
        help_text=gettext_lazy("写在清单上，随清单冻结；接收机构和承担单位都看得到。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ChangeForm(forms.Form):
    """One change of what was sent: withdrawn, or corrected in place or remark."""

    reference = forms.ChoiceField(
        label=gettext_lazy("哪一件"), error_messages={"required": gettext_lazy("请选择申请")}
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("怎样改"),
        choices=(
            (ListChange.Kind.CORRECT, gettext_lazy("更正名次或备注")),
            (ListChange.Kind.WITHDRAW, gettext_lazy("撤下，不再推荐")),
        ),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选择怎样改")},
    )
    place = forms.CharField(
        label=gettext_lazy("更正后的名次"),
        required=False,
        help_text=gettext_lazy("不改名次的，空着。"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    remark = forms.CharField(
        label=gettext_lazy("更正后的备注"), required=False, help_text=gettext_lazy("不改备注的，空着。")
    )
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": gettext_lazy("请写明理由"),
            "max_length": gettext_lazy("最多 200 字，现在 %(show_value)d 字"),
        },
    )

    def __init__(self, lines: list[Line], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reference"].choices = [  # type: ignore[attr-defined]
            ("", _("请选择")),
            *(
                (
                    row.application.reference,
                    _("第 {place} 位　{name}（{reference}）").format(
                        place=place, name=row.application.name, reference=row.application.reference
                    ),
                )
                for place, row in enumerate(lines, start=1)
            ),
        ]

    def clean_place(self) -> int | None:
        """A number, or nothing."""
        typed = str(self.cleaned_data.get("place", "")).strip()
        if not typed:
            return None
        if not typed.isdecimal() or len(typed) > 5:
            raise forms.ValidationError(_("名次请写数字"))
        return int(typed)


class WaiverForm(ReasonForm):
    """More than the quota, with the reason and, where there is one, the paper that allows it."""

    file = forms.FileField(
        label=gettext_lazy("批准超额的文件"),
        required=False,
        help_text=gettext_lazy("没有可以不传。PDF、JPEG 或 PNG，最大 50 MB。"),
        widget=forms.FileInput(attrs={"accept": SCANS}),
        error_messages={"empty": gettext_lazy("文件是空的，请重新扫描或导出")},
    )


class JointOfferForm(ReasonForm):
    """Which office is asked to recommend jointly."""

    to = forms.ChoiceField(
        label=gettext_lazy("请哪个机构联合推荐"), error_messages={"required": gettext_lazy("请选择机构")}
    )
    field_order = ("to", "reason")

    def __init__(self, offices: list[Office], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            ("", _("请选择")),
            *((office.key, office.name) for office in offices),
        ]


class JointAnswerForm(ReasonForm):
    """Whether an office joins in, and which application of its own is closed in favour of the other."""

    agreed = forms.ChoiceField(
        label=gettext_lazy("答复"),
        choices=(("yes", gettext_lazy("同意联合推荐")), ("no", gettext_lazy("不联合推荐"))),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选择答复")},
    )
    merged = forms.ChoiceField(
        label=gettext_lazy("本机构的哪一件并入它"),
        required=False,
        help_text=gettext_lazy("同一试点在本机构也递交了的，选上，就此并入、不再单独办理。"),
    )
    field_order = ("agreed", "merged", "reason")

    def __init__(self, rows: list[Application], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["merged"].choices = [  # type: ignore[attr-defined]
            ("", _("没有，只是联合推荐")),
            *((row.reference, f"{row.reference}　{row.name}") for row in rows),
        ]
