"""The first administrator's form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from .plain import PlainCharField, PlainForm
from .registration import password_problems


class FirstAdministratorForm(PlainForm):
    """Code, name, address, and a password typed twice."""

    code = PlainCharField(
        label=gettext_lazy("开通码"),
        max_length=40,
        help_text=gettext_lazy("启动系统时显示在命令行里的 8 位数字。"),
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "class": "input-code input-short"}
        ),
    )
    name = PlainCharField(
        label=gettext_lazy("姓名"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=gettext_lazy("电子邮箱"),
        max_length=254,
        help_text=gettext_lazy("用来登录。"),
        error_messages={"invalid": gettext_lazy("电子邮箱的格式不对，例如 name@example.com")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=gettext_lazy("密码"),
        strip=False,
        help_text=gettext_lazy("至少 10 个字符，不能全是数字，不能太常见。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("再输一次密码"),
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Judge the password with what is known of the person."""
        data = super().clean() or self.cleaned_data
        password = data.get("password")
        if password:
            found = password_problems(
                password, data.get("again", ""), name=data.get("name", ""), email=data.get("email", "")
            )
            for problem in found:
                self.add_error(problem["anchor"].removeprefix("id_"), problem["message"])
        return data
