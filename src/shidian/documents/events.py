"""What is recorded about scans that were thrown in, in words."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "scan.thrown_in": gettext_noop("收到扫描件“{name}”（SHA-256 {sha256}）"),
    "scan.begun": gettext_noop("开始识别"),
    "scan.read": gettext_noop("识别完毕，共 {pages} 页，机器归好 {filed} 页"),
    "scan.failed": gettext_noop("识别中断：{fault}"),
}
