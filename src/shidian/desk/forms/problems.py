"""An entry of a problem list as it is written: the place, a phrase of the call or one's own words, and how bad it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.applications.corrections import LONGEST
from shidian.applications.models import Severity
from shidian.calls.definition import Phrase


class ProblemForm(forms.Form):
    """A phrase and one's own words together are the text; one of them is enough."""

    place = forms.ChoiceField(
        label=gettext_lazy("位置"),
        error_messages={
            "required": gettext_lazy("请选择所指的位置"),
            "invalid_choice": gettext_lazy("请重新选择所指的位置"),
        },
    )
    phrase = forms.ChoiceField(
        label=gettext_lazy("常用语"),
        required=False,
        help_text=gettext_lazy("本批次常用的话，选一条就可以；下面再写的接在后面。"),
        error_messages={"invalid_choice": gettext_lazy("请重新选择常用语")},
    )
    text = forms.CharField(
        label=gettext_lazy("哪里不对，要改成什么样"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    severity = forms.ChoiceField(
        label=gettext_lazy("要求"),
        choices=Severity.choices,
        widget=forms.RadioSelect,
        initial=Severity.MUST,
        error_messages={
            "required": gettext_lazy("请选择必须改还是建议改"),
            "invalid_choice": gettext_lazy("请选择必须改还是建议改"),
        },
    )

    def __init__(
        self,
        *args: Any,
        places: Sequence[tuple[str, str]],
        phrases: Sequence[Phrase],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        # An empty value stands for the whole application, which no select can send back as chosen.
        self.fields["place"].choices = [(key or WHOLE, label) for key, label in places]  # type: ignore[attr-defined]
        if phrases:
            known = [(phrase.text, phrase.text) for phrase in phrases]
            self.fields["phrase"].choices = [("", _("不用常用语")), *known]  # type: ignore[attr-defined]
        else:
            del self.fields["phrase"]

    def clean(self) -> dict[str, Any]:
        """The phrase and the words together, within the length of an entry."""
        values = super().clean() or {}
        text = "".join(filter(None, (values.get("phrase", ""), values.get("text", "").strip())))
        if not text:
            self.add_error("text", _("请写明哪里不对、要改成什么样，或者选一条常用语"))
        elif len(text) > LONGEST:
            self.add_error(
                "text",
                _("最多 {longest} 个字，现在 {count} 个，请删短").format(longest=LONGEST, count=len(text)),
            )
        values["words"] = text
        if values.get("place") == WHOLE:
            values["place"] = ""
        return values


WHOLE = "whole"
