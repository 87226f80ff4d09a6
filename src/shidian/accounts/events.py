"""What is recorded about accounts, in words."""

WORDINGS: dict[str, str] = {
    "user.created": "开通账号 {name}",
    "user.accepted": "本人设置登录密码",
    "user.made_auditor": "{name} 任审计员",
    "user.deactivated": "停用账号 {name}",
    "user.reactivated": "恢复账号 {name}",
}
