"""The life of an application (DESIGN: draft, out for sign-off, at an office, on a list, nominated).

At which stage of the call a lodged or recommended application stands is told by its office, not by more states.
"""

from django.utils.translation import gettext_noop

from shidian.core.transitions import machine

EDITABLE = ("draft", "returned")
"""States in which the lead writes."""

APPLICATION = machine(
    "application",
    {
        "draft": gettext_noop("填写中"),
        "signing": gettext_noop("会签中"),
        "lodged": gettext_noop("待受理审查"),
        "returned": gettext_noop("退回补正"),
        "recommended": gettext_noop("已推荐"),
        "nominated": gettext_noop("已报送国家"),
        "declined": gettext_noop("不予推荐"),
        "withdrawn": gettext_noop("已撤回"),
    },
    [
        ("freeze", EDITABLE, "signing", "application.frozen"),
        ("reopen", "signing", "draft", "application.reopened"),
        ("lodge", "signing", "lodged", "application.lodged"),
        ("return_for_correction", "lodged", "returned", "application.returned"),
        ("decline", "lodged", "declined", "application.declined"),
        ("recommend", "lodged", "recommended", "application.recommended"),
        ("take_back", "recommended", "lodged", "application.taken_back"),
        ("pass_on", "recommended", "lodged", "application.passed_on"),
        ("nominate", "recommended", "nominated", "application.nominated"),
        ("withdraw", (*EDITABLE, "signing", "lodged", "recommended"), "withdrawn", "application.withdrawn"),
    ],
)
