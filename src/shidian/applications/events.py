"""What is recorded about an application, in the words of its timeline. Names are those of the state table and verbs."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "application.started": gettext_noop("开始填写申请"),
    "application.frozen": gettext_noop("冻结 {version}（版本码 {code}），送各单位会签"),
    "application.reopened": gettext_noop("重新打开修改，{version} 的会签失效：{reason}"),
    "application.lodged": gettext_noop("向{office}递交 {version}，回执 {number}"),
    "application.returned": gettext_noop("{office}退回补正：{reasons}"),
    "application.declined": gettext_noop("{office}不予推荐：{reasons}"),
    "application.recommended": "{office}{verb}",
    "application.taken_back": gettext_noop("{office}收回“{verb}”，重新审查：{reason}"),
    "application.passed_on": gettext_noop("随清单 {list} 报送{office}"),
    "application.nominated": gettext_noop("随清单 {list} 报送{destination}"),
    "application.withdrawn": gettext_noop("承担单位撤回申请：{reason}"),
    "application.copied": gettext_noop("从以前的申请 {source} 带入 {count} 栏"),
    "application.shared": gettext_noop("{name} 在这份申请里的角色定为“{role}”"),
    "application.unshared": gettext_noop("收回 {name} 的角色“{role}”"),
    "application.section_given": gettext_noop("“{section}”交给{to}填写"),
    "application.section_taken_back": gettext_noop("从{to}收回“{section}”"),
    "application.signed": gettext_noop("{version} 在“{gate}”之前须同意的单位已全部同意"),
}
TONES: dict[str, str] = {
    "application.frozen": "done",
    "application.signed": "done",
    "application.lodged": "turn",
    "application.recommended": "done",
    "application.passed_on": "done",
    "application.nominated": "done",
    "application.reopened": "void",
    "application.taken_back": "void",
    "application.returned": "void",
    "application.declined": "stop",
    "application.withdrawn": "stop",
}
