"""Signing on screen: the decision, and the code before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.questionnaires.checks import unprintable
from shidian.signoffs.links import CODE_DIGITS
from shidian.signoffs.models import Signature

from .plain import PlainCharField, PlainForm


class DecisionForm(PlainForm):
    """The three decisions, with reason and place for those that do not agree, and who decides in which capacity."""

    decision = forms.ChoiceField(
        label=gettext_lazy("意见"),
        choices=Signature.Decision.choices,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("请选择“同意”“不同意”或者“退回修改”")},
    )
    opinion = PlainCharField(
        label=gettext_lazy("意见内容"),
        max_length=2000,
        required=False,
        help_text=gettext_lazy(
            "不同意或者退回修改的，请写明理由；同意的可以不填。承担单位和受理机构会看到。"
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    place = forms.ChoiceField(
        label=gettext_lazy("要修改的地方"),
        required=False,
        help_text=gettext_lazy("不同意或者退回修改的，可以指明是哪一栏。"),
    )
    signatory = PlainCharField(
        label=gettext_lazy("签署人姓名"),
        max_length=60,
        help_text=gettext_lazy("代表单位表态的负责人本人；受托的填受托人。"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    capacity = PlainCharField(
        label=gettext_lazy("职务"),
        max_length=60,
        help_text=gettext_lazy("例如主任、局长。"),
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
    read = forms.BooleanField(error_messages={"required": gettext_lazy("请确认已经看过")})

    def __init__(
        self,
        *args: Any,
        places: Sequence[tuple[str, str]] = (),
        unit: str = "",
        own_name: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["place"]).choices = [("", _("（没有指明）")), *places]
        self.fields["read"].label = _("我已看过上面的内容，有权代表“{unit}”表态。").format(unit=unit)
        self.fields["read"].error_messages["required"] = _("请看过内容以后，勾选有权代表“{unit}”表态").format(
            unit=unit
        )
        if not own_name:
            del self.fields["signatory"]

    def clean(self) -> dict[str, Any]:
        """A refusal needs its reason; what the statement cannot print is named."""
        data = super().clean() or self.cleaned_data
        refused = data.get("decision") in (Signature.Decision.DISAGREE, Signature.Decision.RETURN)
        if refused and not data.get("opinion"):
            self.add_error("opinion", _("不同意或者退回修改的，请在“意见内容”里写明理由"))
        for name in ("opinion", "signatory", "capacity"):
            if wrong := unprintable(data.get(name) or ""):
                self.add_error(name, wrong)
        return data


class CodeForm(PlainForm):
    """The code that was sent by the second channel."""

    code = PlainCharField(
        label=gettext_lazy("验证码"),
        max_length=20,
        help_text=gettext_lazy("{digits} 位数字，10 分钟内有效。"),
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "input-short num"}
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("{digits} 位数字，10 分钟内有效。").format(digits=CODE_DIGITS)
