"""The base of the small fixed forms: errors in the words of this site, and as lines of the error summary."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from shidian.questionnaires.forms import plain_text


class PlainForm(forms.Form):
    """A form whose required fields say what to fill in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        for field in self.fields.values():
            verb = _("选择") if isinstance(field, forms.ChoiceField | forms.FileField) else _("填写")
            field.error_messages["required"] = _("请{verb}“{field}”").format(verb=verb, field=field.label)
            if isinstance(field, forms.CharField) and field.max_length:
                field.error_messages["max_length"] = _("“{field}”不能超过 {max_length} 个字").format(
                    field=field.label, max_length=field.max_length
                )

    def problems(self) -> list[dict[str, str]]:
        """The lines of the error summary: message and the id of the control."""
        lines = []
        for name, errors in self.errors.items():
            bound = self[name] if name in self.fields else None
            anchor = (bound.id_for_label or bound.auto_id) if bound is not None else ""
            if bound is not None and isinstance(bound.field.widget, forms.RadioSelect):
                anchor = f"{bound.auto_id}_0"
            lines += [{"message": str(error), "anchor": anchor} for error in errors]
        return lines


class PlainCharField(forms.CharField):
    """Text in NFC without control characters; a null character is dropped like the others, not refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = [each for each in self.validators if "NullCharacters" not in type(each).__name__]

    def to_python(self, value: Any) -> str:
        """Clean before anything is judged."""
        return super().to_python(unicodedata.normalize("NFC", plain_text(value or ""))) or ""
