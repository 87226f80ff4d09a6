"""What is recorded about sign-offs, in words."""

WORDINGS: dict[str, str] = {
    "signoff.agreed": "{label}“{name}”同意 {version}，签名 {signatory}，{signed_on}",
    "signoff.declined": "{label}“{name}”不同意 {version}，签名 {signatory}，{signed_on}：{opinion}",
    "signoff.completed": "{version} 各单位均已同意",
    "signoff.voided": "{version} 的会签失效：{reason}",
}
TONES: dict[str, str] = {
    "signoff.agreed": "done",
    "signoff.completed": "done",
    "signoff.declined": "stop",
    "signoff.voided": "void",
}
