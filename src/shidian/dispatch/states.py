"""The life of a candidate list (备选项目清单), and of the package made of the last one."""

from django.utils.translation import gettext_noop

from shidian.core.transitions import machine

LIST = machine(
    "list",
    {
        "draft": gettext_noop("编制中"),
        "proposed": gettext_noop("待审批"),
        "confirmed": gettext_noop("已审批，待盖章报送"),
        "dispatched": gettext_noop("已报送"),
    },
    [
        ("propose", "draft", "proposed", "list.proposed"),
        ("send_back", "proposed", "draft", "list.sent_back"),
        ("confirm", "proposed", "confirmed", "list.confirmed"),
        ("revoke", "confirmed", "draft", "list.revoked"),
        ("dispatch", "confirmed", "dispatched", "list.dispatched"),
    ],
)

PACKAGE = machine(
    "package",
    {
        "waiting": gettext_noop("等待生成"),
        "building": gettext_noop("正在生成"),
        "ready": gettext_noop("已生成"),
        "failed": gettext_noop("生成失败"),
    },
    [
        ("build", ("waiting", "building", "failed"), "building", "package.started"),
        ("finish", "building", "ready", "package.finished"),
        ("fail", "building", "failed", "package.failed"),
    ],
)
