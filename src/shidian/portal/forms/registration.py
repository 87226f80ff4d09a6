"""The registration of a unit as a small questionnaire, so that it looks and checks like the application form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.accounts.models import User
from shidian.questionnaires.checks import Problem
from shidian.questionnaires.definition import Field, Section

_UNIT, _WRITER, _HEAD = gettext_noop("单位"), gettext_noop("经办人（您本人）"), gettext_noop("单位负责人")

SECTION = Section(
    key="registration",
    mark=gettext_noop("册"),
    title=gettext_noop("注册单位"),
    fields=[
        Field(
            key="name",
            label=gettext_noop("单位名称"),
            type="text",
            required=True,
            max_chars=100,
            group=_UNIT,
            hint=gettext_noop("与公章一致的全称。"),
        ),
        Field(
            key="code",
            label=gettext_noop("统一社会信用代码"),
            type="unit_code",
            required=True,
            group=_UNIT,
            hint=gettext_noop("18 位统一社会信用代码；没有的填 9 位组织机构代码。"),
        ),
        Field(key="region", label=gettext_noop("所在地"), type="region", required=True, group=_UNIT),
        Field(
            key="address",
            label=gettext_noop("单位地址"),
            type="text",
            required=True,
            max_chars=200,
            group=_UNIT,
        ),
        Field(
            key="writer_name",
            label=gettext_noop("经办人姓名"),
            type="text",
            required=True,
            max_chars=50,
            group=_WRITER,
        ),
        Field(
            key="writer_email",
            label=gettext_noop("经办人电子邮箱"),
            type="email",
            required=True,
            group=_WRITER,
            hint=gettext_noop("用来登录和接收通知。"),
        ),
        Field(
            key="writer_phone",
            label=gettext_noop("经办人联系电话"),
            type="phone",
            required=True,
            group=_WRITER,
        ),
        Field(
            key="head_name",
            label=gettext_noop("负责人姓名"),
            type="text",
            required=True,
            max_chars=50,
            group=_HEAD,
            hint=gettext_noop("法定代表人或者主要负责人。系统会给负责人发邮件，请其确认这次注册。"),
        ),
        Field(
            key="head_email",
            label=gettext_noop("负责人电子邮箱"),
            type="email",
            required=True,
            group=_HEAD,
            hint=gettext_noop("负责人本人的邮箱，不能与经办人相同。"),
        ),
        Field(
            key="head_phone",
            label=gettext_noop("负责人联系电话"),
            type="phone",
            required=True,
            group=_HEAD,
        ),
    ],
)

_LIMITS = {"writer_email": 254, "head_email": 254, "writer_phone": 30, "head_phone": 30}
"""What the columns hold."""


def too_long(section: Section, values: Mapping[str, Any]) -> list[Problem]:
    """Addresses and numbers that are too long to be kept."""
    return [
        Problem(
            section.key,
            key,
            f"f-{key}",
            _("“{field}”不能超过 {max_length} 个字符").format(
                field=section.field(key).name, max_length=limit
            ),
        )
        for key, limit in _LIMITS.items()
        if len(str(values.get(key, ""))) > limit
    ]


def password_problems(password: str, again: str, *, name: str = "", email: str = "") -> list[dict[str, str]]:
    """What is wrong with a new password typed twice; each with its message and the id of its control."""
    if not password:
        return [{"message": _("请设置密码"), "anchor": "id_password"}]
    found = []
    try:
        validate_password(password, User(name=name, email=email))
    except ValidationError as weak:
        found = [{"message": message, "anchor": "id_password"} for message in weak.messages]
    if len(password) > 128:
        found.append({"message": _("密码不能超过 128 个字符"), "anchor": "id_password"})
    if password != again:
        found.append({"message": _("两次输入的密码不一样，请重新输入"), "anchor": "id_again"})
    return found
