"""What is recorded about score sheets, results and meetings, in words. Experts are named, points are not."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "sheet.submitted": gettext_noop("{expert}提交 {reference} 的评分表（{version}，版本码 {code}）"),
    "sheet.reopened": gettext_noop("重新打开{expert}对 {reference} 的评分表：{reason}"),
    "sheet.moderated": gettext_noop(
        "合议调整{expert}对 {reference} 的评分：{item}由 {before} 改为 {after}，{reason}"
    ),
    "panel.remarked": gettext_noop("在合议中对 {reference} 发表意见"),
    "result.frozen": gettext_noop("冻结评审结果（{version}，版本码 {code}）"),
    "meeting.planned": gettext_noop("安排评审会：{held_at}，{place}"),
    "meeting.changed": gettext_noop("更改评审会的安排：{held_at}，{place}"),
    "meeting.ordered": gettext_noop("调整议程顺序"),
    "meeting.attended": gettext_noop("登记到会：{present}"),
    "meeting.started": gettext_noop("评审会开始，到会 {count} 人"),
    "meeting.called": gettext_noop("开始讨论第 {position} 项（{reference}）"),
    "meeting.passed": gettext_noop("第 {position} 项（{reference}）讨论完毕"),
    "meeting.left": gettext_noop("{expert}在讨论 {reference} 时回避：{reason}"),
    "meeting.returned": gettext_noop("更正：{expert}在讨论 {reference} 时没有离席"),
    "meeting.voted": gettext_noop("{reference} 表决：同意 {agree}，反对 {against}，弃权 {abstain}"),
    "meeting.closed": gettext_noop("散会，会议纪要冻结（版本码 {code}）"),
    "meeting.reopened": gettext_noop("重新打开会议记录：{reason}"),
}
TONES: dict[str, str] = {
    "sheet.submitted": "done",
    "sheet.reopened": "void",
    "sheet.moderated": "void",
    "result.frozen": "done",
    "meeting.started": "turn",
    "meeting.closed": "done",
    "meeting.reopened": "void",
}
