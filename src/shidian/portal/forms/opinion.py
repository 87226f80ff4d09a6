"""A party's opinion as its sealed page has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.signoffs.models import Signature
from shidian.ui.days import DayField
from shidian.ui.party_forms import ACCEPT

from .plain import PlainCharField, PlainForm


class OpinionForm(PlainForm):
    """Decision, who signed in which capacity, on which day, and words; the scan is taken in by the view."""

    decision = forms.ChoiceField(
        label=gettext_lazy("意见"),
        choices=Signature.Decision.choices,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("请选择“同意”“不同意”或者“退回修改”")},
    )
    signatory = PlainCharField(
        label=gettext_lazy("签名的负责人"), max_length=60, help_text=gettext_lazy("盖章页上签名的人。")
    )
    capacity = PlainCharField(
        label=gettext_lazy("职务"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("例如主任、局长，可以不填。"),
    )
    signed_on = DayField(
        label=gettext_lazy("盖章日期"),
        help_text=gettext_lazy("盖章页上写的日期，年-月-日，例如 2023-07-10。"),
    )
    opinion = PlainCharField(
        label=gettext_lazy("意见内容"),
        max_length=2000,
        required=False,
        help_text=gettext_lazy("盖章页上另外写有意见的，照抄在这里；不同意或者退回修改的，请写明理由。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    scan = forms.FileField(
        label=gettext_lazy("盖章页的扫描件或者照片"),
        required=False,
        help_text=gettext_lazy("PDF、JPEG 或 PNG，不超过 50 MB。几页可以合成一个 PDF。"),
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
    )

    place = forms.ChoiceField(
        label=gettext_lazy("要修改的地方"),
        required=False,
        help_text=gettext_lazy("不同意或者退回修改，而且指明了哪一栏的，选出来；修改的人由此直接到这一栏。"),
    )
    namesake = forms.BooleanField(label=gettext_lazy("确系同名的另一个人"), required=False)

    def __init__(self, *args: Any, places: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["place"]).choices = [("", _("（没有指明）")), *places]

    def clean(self) -> dict[str, Any]:
        """A refusal needs its reason: the lead has to work with it."""
        data = super().clean() or self.cleaned_data
        refused = data.get("decision") in (Signature.Decision.DISAGREE, Signature.Decision.RETURN)
        if refused and not data.get("opinion"):
            self.add_error("opinion", _("不同意或者退回修改的，请在“意见内容”里写明理由"))
        return data
