"""The life of the reading of a scan: waiting for its turn, being read, done, or given up."""

from django.utils.translation import gettext_noop

from shidian.core.transitions import machine

READING = machine(
    "reading",
    {
        "waiting": gettext_noop("排队等待识别"),
        "reading": gettext_noop("正在识别"),
        "done": gettext_noop("识别完毕"),
        "failed": gettext_noop("没有识别成"),
    },
    [
        # A worker that was killed leaves its reading under way; the next one goes on with it.
        ("begin", ("waiting", "reading", "failed"), "reading", "scan.begun"),
        ("finish", "reading", "done", "scan.read"),
        ("fail", "reading", "failed", "scan.failed"),
    ],
)
