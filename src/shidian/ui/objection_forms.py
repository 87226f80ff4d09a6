"""The form of an objection, for the public page and for the desk that enters one from a letter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.dispatch.publishing.models import Publicity, PublicityItem


def labels_of(publicity: Publicity) -> dict[int, str]:
    """The lines of a published list by the key of their item, in the words that the public sees."""
    if publicity.version is None:
        return {}
    told = publicity.version.data
    shown = [at for at, column in enumerate(told["columns"]) if column["value"] in ("name", "lead")]
    rows = {row.position: row.pk for row in publicity.items.all()}
    return {
        rows[position]: f"{position}. " + " · ".join(cells[at] for at in shown)
        for position, cells in enumerate(told["rows"], start=1)
        if position in rows
    }


class _ItemField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A line of a public list, by its place and name."""

    labels: Mapping[int, str] = {}

    def label_from_instance(self, obj: Any) -> str:
        """Place and name."""
        return self.labels.get(obj.pk, str(obj.position))


class ObjectionForm(forms.Form):
    """Who objects to what, and why; checked again by the verb."""

    item = _ItemField(
        label=gettext_lazy("对哪一项有异议"),
        queryset=PublicityItem.objects.none(),
        required=False,
        empty_label=gettext_lazy("整份名单，或者不针对某一项"),
        error_messages={"invalid_choice": gettext_lazy("请重新选择对哪一项有异议。")},
    )
    text = forms.CharField(
        label=gettext_lazy("事实和理由"),
        error_messages={"required": gettext_lazy("请写明事实和理由。")},
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("写清楚什么事、什么时候、有什么依据，便于核实。"),
    )
    name = forms.CharField(
        label=gettext_lazy("姓名或者单位名称"),
        error_messages={"required": gettext_lazy("请写姓名或者单位名称；匿名的异议无法答复。")},
    )
    email = forms.CharField(
        label=gettext_lazy("电子邮箱"),
        required=False,
        help_text=gettext_lazy("答复发到这里。邮箱、电话、地址至少写一项。"),
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "email", "spellcheck": "false"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("联系电话"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    address = forms.CharField(label=gettext_lazy("联系地址"), required=False)

    def __init__(self, *args: Any, items: Any, labels: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(_ItemField, self.fields["item"])
        field.labels = labels
        field.queryset = items

    def clean(self) -> dict[str, Any]:
        """One way to answer at least."""
        values: dict[str, Any] = super().clean() or {}
        if not any(values.get(name) for name in ("email", "phone", "address")):
            self.add_error("email", _("请至少写一种联系方式，答复要送到您那里。"))
        return values
