"""The life of a candidate list (备选项目清单), and of the package made of the last one."""

from shidian.core.transitions import machine

LIST = machine(
    "list",
    {"draft": "编制中", "proposed": "待审批", "confirmed": "已审批，待盖章报送", "dispatched": "已报送"},
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
    {"waiting": "等待生成", "building": "正在生成", "ready": "已生成", "failed": "生成失败"},
    [
        ("build", ("waiting", "building", "failed"), "building", "package.started"),
        ("finish", "building", "ready", "package.finished"),
        ("fail", "building", "failed", "package.failed"),
    ],
)
