"""What is arranged for the opinion of one party: where it is written to, and who may sign for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy

from shidian.documents.actions import SCANS
from shidian.documents.intake import FORMATS

from .days import DayField
from .plain import PlainCharField, PlainForm

ACCEPT = ",".join(f".{extension}" for name in SCANS for extension in FORMATS[name].extensions)


class ContactForm(PlainForm):
    """Where a party is written to about its opinion."""

    name = PlainCharField(label=gettext_lazy("联系人"), max_length=60, required=False)
    email = PlainCharField(
        label=gettext_lazy("电子邮箱"),
        max_length=254,
        help_text=gettext_lazy("会签链接和提醒寄到这里。"),
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
    )
    mobile = PlainCharField(
        label=gettext_lazy("手机"),
        max_length=30,
        required=False,
        help_text=gettext_lazy("验证码发到这里。"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    second_email = PlainCharField(
        label=gettext_lazy("另一个邮箱"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("没有手机的，验证码寄到这里；也没有的，另寄一封到上面的邮箱。"),
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
    )


class MandateEndForm(PlainForm):
    """Which mandate is taken back, from which day on, and why."""

    mandate = forms.ChoiceField(label=gettext_lazy("哪一份"))
    from_day = DayField(
        label=gettext_lazy("从哪天起收回"),
        help_text=gettext_lazy("从这一天起不能再受托签名，以前签的仍然有效。"),
    )
    reason = PlainCharField(label=gettext_lazy("收回的原因"), max_length=200)

    def __init__(self, *args: Any, mandates: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["mandate"]).choices = mandates


class MandateForm(PlainForm):
    """Who may sign for a party, from when to when; the file is taken in by the view."""

    delegate = PlainCharField(
        label=gettext_lazy("受托人"),
        max_length=60,
        help_text=gettext_lazy("代为签名的人，与签名时写的姓名一致。"),
    )
    capacity = PlainCharField(label=gettext_lazy("受托人职务"), max_length=60, required=False)
    given_by = PlainCharField(
        label=gettext_lazy("委托人"), max_length=60, help_text=gettext_lazy("该单位的负责人。")
    )
    since = DayField(label=gettext_lazy("委托期限自"), help_text=gettext_lazy("年-月-日，例如 2023-07-01。"))
    until = DayField(label=gettext_lazy("委托期限至"), help_text=gettext_lazy("包括这一天。"))
    scan = forms.FileField(
        label=gettext_lazy("委托书的扫描件或者照片"),
        required=False,
        help_text=gettext_lazy("PDF、JPEG 或 PNG，不超过 50 MB。"),
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
    )
