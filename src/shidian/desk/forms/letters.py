"""The words of a letter, as officers write them."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from shidian.calls.letters import LONGEST_SUBJECT, LONGEST_TEXT

_REQUIRED = {"required": gettext_lazy("请写上文字")}


class LetterForm(forms.Form):
    """Subject and text; whether the placeholders are right is judged by the verb."""

    subject = forms.CharField(
        label=gettext_lazy("主题"),
        max_length=LONGEST_SUBJECT,
        help_text=gettext_lazy("主题不出现人名、单位和试点名称。"),
        error_messages={
            **_REQUIRED,
            "max_length": gettext_lazy("最多 %(limit_value)d 字，现在 %(show_value)d 字"),
        },
    )
    text = forms.CharField(
        label=gettext_lazy("正文"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=gettext_lazy("空一行是新的一段。网址单独写一行，收信人可以直接点开。"),
        error_messages={
            **_REQUIRED,
            "max_length": gettext_lazy("最多 %(limit_value)d 字，现在 %(show_value)d 字"),
        },
    )
