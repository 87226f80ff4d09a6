"""What is recorded about calls, in words."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "call.loaded": gettext_noop("载入征集包第 {version} 版"),
    "call.published": gettext_noop("发布批次"),
}
