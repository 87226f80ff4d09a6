"""What is recorded about calls, in words."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "call.loaded": gettext_noop("载入征集包第 {version} 版"),
    "call.published": gettext_noop("发布批次"),
    "call.extended": gettext_noop("“{stage}”的{deadline}延至 {until}：{whom}。理由：{reason}"),
    "call.extension_taken_back": gettext_noop("收回“{stage}”{deadline}的延期：{whom}。理由：{reason}"),
}
