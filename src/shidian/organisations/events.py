"""What is recorded about units and offices, in words."""

WORDINGS: dict[str, str] = {
    "organisation.registered": "注册单位“{name}”（{code}），经办人 {writer}，负责人 {head}",
    "organisation.registered_again": "单位重新注册",
    "organisation.head_asked": "重发负责人确认邮件",
    "organisation.confirmed": "负责人确认单位账号",
    "organisation.refused": "负责人未认可单位账号",
    "office.appointed": "任命 {name} 为{role}",
    "office.dismissed": "免去 {name} 的{role}",
}
