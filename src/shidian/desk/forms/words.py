"""Short forms of the desk: a reason, an upload, a party's opinion, a person to appoint."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.organisations.models import Officer
from shidian.signoffs.models import Signature
from shidian.ui.days import DayField

SCANS = ".pdf,.jpg,.jpeg,.png"
CHOOSE = gettext_lazy("请选择文件")

_REFUSED = (Signature.Decision.DISAGREE, Signature.Decision.RETURN)


class ReasonForm(forms.Form):
    """Why something is undone."""

    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": gettext_lazy("请写明理由"),
            "max_length": gettext_lazy("最多 200 字，现在 %(show_value)d 字"),
        },
    )

    def __init__(self, *args: Any, hint: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = hint


class ScanForm(forms.Form):
    """One scan; its content is looked at by the document intake, not here."""

    scan = forms.FileField(
        label=gettext_lazy("盖章扫描件"),
        help_text=gettext_lazy(
            "PDF、JPEG 或 PNG，最大 50 MB。用 200 至 300 DPI 扫描，看得清公章和签名即可。"
        ),
        widget=forms.ClearableFileInput(attrs={"accept": SCANS}),
        error_messages={
            "required": CHOOSE,
            "empty": gettext_lazy("文件是空的，请重新扫描或导出"),
            "invalid": CHOOSE,
        },
    )


class OpinionForm(forms.Form):
    """A party's opinion from its sealed page. A scan that was taken in already need not be chosen again."""

    decision = forms.ChoiceField(
        label=gettext_lazy("意见"),
        choices=Signature.Decision.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("请选择同意或者不同意"),
            "invalid_choice": gettext_lazy("请选择同意或者不同意"),
        },
    )
    opinion = forms.CharField(
        label=gettext_lazy("意见内容"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("意见栏里写了字的，照写；不同意或者退回修改的，写明理由。"),
        error_messages={"max_length": gettext_lazy("最多 2000 字，现在 %(show_value)d 字")},
    )
    signatory = forms.CharField(
        label=gettext_lazy("签名人"),
        max_length=60,
        help_text=gettext_lazy("意见栏里负责人的签名。"),
        error_messages={
            "required": gettext_lazy("请写签名的负责人"),
            "max_length": gettext_lazy("最多 60 字"),
        },
    )
    capacity = forms.CharField(
        label=gettext_lazy("职务"),
        required=False,
        max_length=60,
        error_messages={"max_length": gettext_lazy("最多 60 字")},
    )
    signed_on = DayField(
        label=gettext_lazy("盖章日期"),
        help_text=gettext_lazy("照意见栏所写的年月日，例如 2023-07-10。"),
        error_messages={"required": gettext_lazy("请写意见栏里的日期")},
    )
    scan = forms.FileField(
        label=gettext_lazy("意见页扫描件"),
        required=False,
        help_text=gettext_lazy("PDF、JPEG 或 PNG，最大 50 MB。"),
        widget=forms.FileInput(attrs={"accept": SCANS}),
        error_messages={"empty": gettext_lazy("文件是空的，请重新扫描或导出")},
    )

    def __init__(self, *args: Any, kept: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept

    def clean(self) -> dict[str, Any]:
        """A file is needed unless one is kept; who disagrees says why."""
        values: dict[str, Any] = super().clean() or {}
        if not values.get("scan") and not self.kept and "scan" not in self.errors:
            self.add_error("scan", CHOOSE)
        if values.get("decision") in _REFUSED and not values.get("opinion", "").strip():
            self.add_error("opinion", _("不同意的，请写明理由"))
        return values


class AppointmentForm(forms.Form):
    """A person to act for an office."""

    name = forms.CharField(
        label=gettext_lazy("姓名"),
        max_length=60,
        error_messages={"required": gettext_lazy("请写姓名"), "max_length": gettext_lazy("最多 60 字")},
    )
    email = forms.EmailField(
        label=gettext_lazy("电子邮箱"),
        help_text=gettext_lazy("就是登录名；已有账号的，写原来的邮箱。"),
        error_messages={
            "required": gettext_lazy("请写电子邮箱"),
            "invalid": gettext_lazy("邮箱的写法不对，例如 name@example.cn"),
        },
    )
    role = forms.ChoiceField(
        label=gettext_lazy("岗位"),
        choices=Officer.Role.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选择岗位"), "invalid_choice": gettext_lazy("请选择岗位")},
    )


class AuditorForm(forms.Form):
    """A person to be auditor."""

    name = AppointmentForm.base_fields["name"]
    email = AppointmentForm.base_fields["email"]


def posted(request: HttpRequest) -> tuple[QueryDict | None, MultiValueDict[str, Any] | None]:
    """What a form is bound to: data and files of a POST, however empty; nothing else."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def tell_refused(form: forms.Form, name: str, words: str) -> None:
    """Say at a file's field why the files of the request were not taken; nothing when they were."""
    if words:
        form.errors.pop(name, None)
        form.add_error(name, words)


def upload(form: forms.Form, name: str) -> UploadedFile[bytes] | None:
    """The file of a valid form's field, if one was given."""
    file = form.cleaned_data.get(name)
    return file if isinstance(file, UploadedFile) else None
