"""The life of an application (DESIGN: draft, out for sign-off, at an office, on a list, nominated).

At which stage of the call a lodged or recommended application stands is told by its office, not by more states.
"""

from django.utils.translation import gettext_noop

from shidian.core.transitions import machine

EDITABLE = ("draft", "returned")
"""States in which the lead writes."""

LEFT = ("nominated", "approved", "not_selected")
"""States of what has left for the destination."""

APPLICATION = machine(
    "application",
    {
        "draft": gettext_noop("填写中"),
        "signing": gettext_noop("会签中"),
        "lodged": gettext_noop("待受理审查"),
        "returned": gettext_noop("退回补正"),
        "recommended": gettext_noop("已推荐"),
        "nominated": gettext_noop("已报送国家"),
        "approved": gettext_noop("国家批准"),
        "not_selected": gettext_noop("国家未选入"),
        "declined": gettext_noop("不予推荐"),
        "withdrawn": gettext_noop("已撤回"),
        "merged": gettext_noop("并入联合推荐"),
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
        ("strike_off", ("recommended", "nominated"), "declined", "application.struck_off"),
        ("approve", ("nominated", "not_selected"), "approved", "application.approved"),
        ("not_select", ("nominated", "approved"), "not_selected", "application.not_selected"),
        ("call_back", ("lodged", "nominated"), "lodged", "application.called_back"),
        ("merge", ("lodged", "recommended"), "merged", "application.merged"),
        ("withdraw", (*EDITABLE, "signing", "lodged", "recommended"), "withdrawn", "application.withdrawn"),
    ],
)

SEAL_REQUEST = machine(
    "seal_request",
    {
        "waiting": gettext_noop("等待用印"),
        "signed": gettext_noop("已签名"),
        "refused": gettext_noop("没有同意用印"),
        "failed": gettext_noop("没有签成"),
        "withdrawn": gettext_noop("已收回"),
    },
    [
        ("finish", "waiting", "signed", "seal.signed"),
        ("refuse", "waiting", "refused", "seal.refused"),
        ("fail", "waiting", "failed", "seal.failed"),
        ("withdraw", "waiting", "withdrawn", "seal.withdrawn"),
    ],
)
"""A seal on a platform elsewhere, asked for and waited for."""
