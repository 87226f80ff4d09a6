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
