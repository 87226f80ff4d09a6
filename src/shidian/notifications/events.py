"""What is recorded about messages and the words of letters. No address and no text of a letter stands in the history."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "message.sent": gettext_noop("发出（第 {attempts} 次）"),
    "message.failed": gettext_noop("试了 {attempts} 次没有发出：{fault}"),
    "message.dropped": gettext_noop("事情已经办了，不用再发"),
    "message.bounced": gettext_noop("被对方的邮件服务器退回：{fault}"),
    "message.tried_again": gettext_noop("重新发送"),
    "call.letter_worded": gettext_noop("改写通知“{letter}”的文字"),
    "call.letter_reset": gettext_noop("通知“{letter}”恢复原来的文字"),
}
TONES: dict[str, str] = {
    "message.sent": "done",
    "message.failed": "stop",
    "message.bounced": "stop",
    "message.dropped": "void",
}
