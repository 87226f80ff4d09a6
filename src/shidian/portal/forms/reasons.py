"""A reason in words."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from .plain import PlainCharField, PlainForm


class ReasonForm(PlainForm):
    """Why something is taken back."""

    reason = PlainCharField(
        label=gettext_lazy("原因"),
        max_length=500,
        help_text=gettext_lazy("写进申请的经过，各单位都能看到。500 字以内。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ExplanationForm(PlainForm):
    """Why something that the check warns of is right as it stands; empty to take the reason back."""

    code = PlainCharField(max_length=200, widget=forms.HiddenInput)
    reason = PlainCharField(
        label=gettext_lazy("说明"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("受理机构会看到。500 字以内；清空再保存就是删去。"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
