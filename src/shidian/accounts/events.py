"""What is recorded about accounts, in words."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "user.created": gettext_noop("开通账号 {name}"),
    "user.accepted": gettext_noop("本人设置登录密码"),
    "user.made_auditor": gettext_noop("{name} 任审计员"),
    "user.deactivated": gettext_noop("停用账号 {name}"),
    "user.reactivated": gettext_noop("恢复账号 {name}"),
}
