"""The profile of a unit as a small questionnaire, so that it looks and checks like the application form."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from shidian.organisations.profiles import LABELS
from shidian.questionnaires.definition import Field, Section

SECTION = Section(
    key="profile",
    mark=gettext_noop("单"),
    title=gettext_noop("单位资料"),
    fields=[
        Field(
            key="region", label=LABELS["region"], type="region", hint=gettext_noop("选择省（市）和县（区）。")
        ),
        Field(key="address", label=LABELS["address"], type="text", max_chars=200),
        Field(key="postcode", label=LABELS["postcode"], type="postcode", region_from="region"),
        Field(key="head_name", label=gettext_noop("法定代表人（负责人）"), type="text", max_chars=50),
        Field(key="phone", label=LABELS["phone"], type="phone", max_chars=100),
        Field(key="email", label=LABELS["email"], type="email", max_chars=254),
        Field(
            key="industry",
            label=LABELS["industry"],
            type="industry",
            hint=gettext_noop(
                "按《国民经济行业分类》写几个字或者代码，从列出的行业里选；选到门类或者大类即可。"
            ),
        ),
        Field(
            key="economic_type",
            label=LABELS["economic_type"],
            type="economic_type",
            hint=gettext_noop("企业按营业执照选；机关、事业单位、社会团体等没有经济类型，选“不适用”。"),
        ),
        Field(key="business_scope", label=LABELS["business_scope"], type="long_text", max_chars=2000),
    ],
)
