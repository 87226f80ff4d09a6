"""A party's opinion as its sealed page has it."""

from __future__ import annotations

from typing import Any

from django import forms

from shidian.documents.actions import SCANS
from shidian.documents.intake import FORMATS as KNOWN
from shidian.signoffs.models import Signature
from shidian.ui.days import DayField

from .plain import PlainCharField, PlainForm

ACCEPT = ",".join(f".{extension}" for name in SCANS for extension in KNOWN[name].extensions)


class OpinionForm(PlainForm):
    """Decision, who signed in which capacity, on which day, and words; the scan is taken in by the view."""

    decision = forms.ChoiceField(
        label="意见",
        choices=Signature.Decision.choices,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "请选择“同意”或者“不同意”"},
    )
    signatory = PlainCharField(label="签名的负责人", max_length=60, help_text="盖章页上签名的人。")
    capacity = PlainCharField(
        label="职务", max_length=60, required=False, help_text="例如主任、局长，可以不填。"
    )
    signed_on = DayField(
        label="盖章日期",
        help_text="盖章页上写的日期，年-月-日，例如 2023-07-10。",
    )
    opinion = PlainCharField(
        label="意见内容",
        max_length=2000,
        required=False,
        help_text="盖章页上另外写有意见的，照抄在这里；不同意的，请写明理由。",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    scan = forms.FileField(
        label="盖章页的扫描件或者照片",
        required=False,
        help_text="PDF、JPEG 或 PNG，不超过 50 MB。几页可以合成一个 PDF。",
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
    )

    def clean(self) -> dict[str, Any]:
        """A refusal needs its reason: the lead has to work with it."""
        data = super().clean() or self.cleaned_data
        if data.get("decision") == Signature.Decision.DISAGREE and not data.get("opinion"):
            self.add_error("opinion", "不同意的，请在“意见内容”里写明理由")
        return data
