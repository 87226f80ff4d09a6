"""A reason in words."""

from __future__ import annotations

from django import forms

from .plain import PlainCharField, PlainForm


class ReasonForm(PlainForm):
    """Why something is taken back."""

    reason = PlainCharField(
        label="原因",
        max_length=500,
        help_text="写进申请的经过，各单位都能看到。500 字以内。",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
