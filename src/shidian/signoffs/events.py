"""What is recorded about sign-offs, in words."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "signoff.agreed": gettext_noop("{label}“{name}”同意 {version}，签名 {signatory}，{signed_on}"),
    "signoff.declined": gettext_noop(
        "{label}“{name}”不同意 {version}，签名 {signatory}，{signed_on}：{opinion}"
    ),
    "signoff.sent_back": gettext_noop(
        "{label}“{name}”请退回修改 {version}，签名 {signatory}，{signed_on}：{opinion}"
    ),
    "signoff.carried": gettext_noop(
        "{label}“{name}”对 {from} 的同意沿用到 {version}：它所担保的内容没有改动（{signatory}，{signed_on}）"
    ),
    "signoff.addressed": gettext_noop("{label}“{name}”的会签地址定为 {to}"),
    "signoff.link_made": gettext_noop("给{label}“{name}”寄会签链接：{to}，验证码走{channel}"),
    "signoff.link_revoked": gettext_noop("{label}“{name}”的会签链接作废（{to}）"),
    "signoff.delegated": gettext_noop(
        "{label}“{name}”委托 {delegate} 签名，{since} 至 {until}，委托人 {given_by}"
    ),
    "signoff.mandate_ended": gettext_noop("{label}“{name}”对 {delegate} 的委托自 {from} 起收回：{reason}"),
    "signoff.reminded": gettext_noop("提醒{label}“{name}”（{to}）"),
    "signoff.completed": gettext_noop("{version} 各单位均已同意"),
    "signoff.voided": gettext_noop("{version} 的会签失效：{reason}"),
}
TONES: dict[str, str] = {
    "signoff.agreed": "done",
    "signoff.completed": "done",
    "signoff.carried": "done",
    "signoff.declined": "stop",
    "signoff.sent_back": "stop",
    "signoff.voided": "void",
}
