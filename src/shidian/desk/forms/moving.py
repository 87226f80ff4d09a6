"""Where paper copies go: put on a shelf, handed on, taken in."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.calls.models import Call
from shidian.calls.queries import planned_copies
from shidian.desk.forms.words import SCANS

SHELVE, HAND, BACK = "shelve", "hand", "back"
OTHER = ""


class MovingForm(forms.Form):
    """What is done with the chosen copies, and what belongs to it."""

    verb = forms.ChoiceField(
        label=gettext_lazy("办什么"),
        choices=(
            (HAND, gettext_lazy("交给……")),
            (SHELVE, gettext_lazy("存放到……")),
            (BACK, gettext_lazy("收回、收到")),
        ),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("请选择办什么"),
            "invalid_choice": gettext_lazy("请选择办什么"),
        },
    )
    holder = forms.ChoiceField(
        label=gettext_lazy("交给谁"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("请选择交给谁")},
    )
    to = forms.CharField(
        label=gettext_lazy("其他接收人"),
        required=False,
        help_text=gettext_lazy("单位和姓名，例如：市市场监管委 标准化处 李某。"),
        max_length=120,
        error_messages={"max_length": gettext_lazy("最多 120 字，现在 %(show_value)d 字")},
    )
    slip = forms.FileField(
        label=gettext_lazy("签收单扫描件（可以没有）"),
        required=False,
        help_text=gettext_lazy("PDF、JPEG 或 PNG，最大 50 MB。"),
        widget=forms.FileInput(attrs={"accept": SCANS}),
        error_messages={"empty": gettext_lazy("文件是空的，请重新扫描或导出")},
    )
    shelf = forms.CharField(
        label=gettext_lazy("存放位置"),
        required=False,
        help_text=gettext_lazy("例如：档案室 3 架 2 层。"),
        max_length=60,
        error_messages={"max_length": gettext_lazy("最多 60 字，现在 %(show_value)d 字")},
    )
    note = forms.CharField(
        label=gettext_lazy("说明（可以不写）"),
        required=False,
        max_length=200,
        error_messages={"max_length": gettext_lazy("最多 200 字，现在 %(show_value)d 字")},
    )

    def __init__(self, call: Call, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        holders = {each.holder.key: each.holder.label for each in planned_copies(call)}
        choices = [*holders.items(), (OTHER, _("其他（在下面写明）"))]
        cast("forms.ChoiceField", self.fields["holder"]).choices = choices

    def clean(self) -> dict[str, Any]:
        """What the verb needs is there."""
        values: dict[str, Any] = super().clean() or {}
        verb = values.get("verb")
        if verb == HAND and not values.get("holder") and not values.get("to") and "to" not in self.errors:
            self.add_error("to", _("请选择交给谁，或者在这里写明"))
        if verb == SHELVE and not values.get("shelf") and "shelf" not in self.errors:
            self.add_error("shelf", _("请写存放位置"))
        return values
