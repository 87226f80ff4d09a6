"""Naming somebody for a role, and giving sections away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.accounts.models import User
from shidian.applications.roles import Role
from shidian.questionnaires.definition import Section

from .plain import PlainCharField, PlainForm

PERSON, UNIT = "person", "unit"
"""Whom a section may be given to, besides somebody who works on the application already."""

WORDS = {
    Role.OWNER: gettext_lazy("负责：各部分都能写；本单位的还可以分派各部分"),
    Role.EDITOR: gettext_lazy("可编辑：没有交给别人的部分都能写"),
    Role.COMMENTER: gettext_lazy("可批注：能看，能写批注"),
    Role.VIEWER: gettext_lazy("只读：只能看"),
}


class RoleForm(PlainForm):
    """A person by address, and the role."""

    email = PlainCharField(
        label=gettext_lazy("电子邮箱"),
        max_length=254,
        help_text=gettext_lazy("可以是外单位的人。还没有账号的，系统发邮件请其设置密码。"),
    )
    name = PlainCharField(
        label=gettext_lazy("姓名"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("对方还没有账号时填写，已有账号的不用填。"),
    )
    role = forms.ChoiceField(
        label=gettext_lazy("角色"),
        choices=list(WORDS.items()),
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("请选择一个角色")},
    )


class GiveForm(PlainForm):
    """Sections, and to whom: somebody who works on it, another person by address, or a unit by code."""

    sections = forms.MultipleChoiceField(
        label=gettext_lazy("哪几个部分"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": gettext_lazy("请选择列出的部分")},
    )
    to = forms.ChoiceField(
        label=gettext_lazy("交给谁"),
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("请选择交给谁填写")},
    )
    code = PlainCharField(
        label=gettext_lazy("参加单位的统一社会信用代码"),
        max_length=30,
        required=False,
        help_text=gettext_lazy("选“参加单位”时填写。该单位的人能看整份申请，只写交给它的部分。"),
    )
    email = PlainCharField(
        label=gettext_lazy("电子邮箱"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("选“另一个人”时填写。"),
    )
    name = PlainCharField(
        label=gettext_lazy("姓名"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("这个人还没有账号时填写，系统发邮件请其设置密码。"),
    )

    def __init__(
        self, *args: Any, sections: Sequence[Section], people: Sequence[User], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sections"].choices = [(each.key, each.title) for each in sections]  # type: ignore[attr-defined]
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            *((str(person.pk), person.label) for person in people),
            (PERSON, _("另一个人（填邮箱）")),
            (UNIT, _("参加单位（填代码）")),
        ]
        self.fields["sections"].error_messages["required"] = _("请选择要交出去的部分")

    def clean(self) -> dict[str, Any]:
        """What the choice calls for must be there."""
        data = super().clean() or self.cleaned_data
        if data.get("to") == PERSON and not data.get("email") and "email" not in self.errors:
            self.add_error("email", _("请填写对方的电子邮箱"))
        if data.get("to") == UNIT and not data.get("code") and "code" not in self.errors:
            self.add_error("code", _("请填写参加单位的统一社会信用代码"))
        return data
