"""What is recorded about experts, panels and who reads what, in words."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "expert.added": gettext_noop("{name}（{unit}）入专家库"),
    "expert.changed": gettext_noop("修改专家资料：{fields}"),
    "expert.deactivated": gettext_noop("停用专家：{reason}"),
    "expert.reactivated": gettext_noop("恢复专家"),
    "expert.declared": gettext_noop("申报回避：{about}（{kind}）"),
    "expert.declaration_withdrawn": gettext_noop("撤销第 {declaration} 号回避申报：{reason}"),
    "panel.made": gettext_noop("设立评审组“{name}”"),
    "panel.changed": gettext_noop("修改评审组“{name}”"),
    "panel.assigned": gettext_noop("分配给{expert} {count} 份（{means}）：{references}"),
    "panel.unassigned": gettext_noop("从{expert}撤回 {reference}：{reason}"),
    "panel.suspended": gettext_noop("{expert}须回避 {reference}，暂停评审"),
    "panel.opened": gettext_noop("开始评审"),
    "panel.discussing": gettext_noop("转入合议"),
    "panel.closed": gettext_noop("结束评审"),
    "panel.reopened": gettext_noop("重新开始评审：{reason}"),
    "plan.started": gettext_noop("计算分配方案"),
    "plan.finished": gettext_noop("分配方案算成：{pairs} 份次，{short} 份不足"),
    "plan.failed": gettext_noop("分配方案没有算成：{fault}"),
    "plan.confirmed": gettext_noop("确认分配方案：{pairs} 份次（{means}）"),
    "plan.discarded": gettext_noop("没有采用分配方案"),
}
TONES: dict[str, str] = {
    "panel.opened": "turn",
    "panel.suspended": "stop",
    "panel.unassigned": "void",
    "expert.deactivated": "void",
    "panel.closed": "done",
    "panel.reopened": "void",
    "plan.confirmed": "done",
    "plan.failed": "stop",
}
