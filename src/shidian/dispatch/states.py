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

PUBLICITY = machine(
    "publicity",
    {
        "prepared": gettext_noop("待发布"),
        "running": gettext_noop("公示中"),
        "ended": gettext_noop("公示期满，有异议未办结"),
        "passed": gettext_noop("公示结束"),
        "replaced": gettext_noop("已更正，以新的公示为准"),
        "withdrawn": gettext_noop("已撤回"),
    },
    [
        ("publish", "prepared", "running", "publicity.published"),
        ("end", "running", "ended", "publicity.ended"),
        ("extend", ("running", "ended"), "running", "publicity.extended"),
        ("settle", "ended", "passed", "publicity.passed"),
        ("replace", ("running", "ended", "passed"), "replaced", "publicity.replaced"),
        ("withdraw", ("prepared", "running", "ended"), "withdrawn", "publicity.withdrawn"),
    ],
)
"""What the city decided, shown to the public for some working days (公示)."""

OBJECTION = machine(
    "objection",
    {
        "filed": gettext_noop("待受理"),
        "handling": gettext_noop("核实中"),
        "proposed": gettext_noop("答复待审批"),
        "settled": gettext_noop("已答复"),
        "withdrawn": gettext_noop("异议人已撤回"),
    },
    [
        ("claim", ("filed", "handling"), "handling", "objection.claimed"),
        ("answer", "handling", "proposed", "objection.answered"),
        ("send_back", "proposed", "handling", "objection.sent_back"),
        ("confirm", "proposed", "settled", "objection.settled"),
        ("withdraw", ("filed", "handling", "proposed"), "withdrawn", "objection.withdrawn"),
    ],
)
"""An objection to what is made public (异议), from its filing to the answer in writing."""
