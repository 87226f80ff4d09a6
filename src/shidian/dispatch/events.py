"""What is recorded about lists, paper and packages, in the words of the timeline."""

from django.utils.translation import gettext_noop

WORDINGS: dict[str, str] = {
    "list.started": gettext_noop("开始编制{title}"),
    "list.ranked": gettext_noop("调整排序"),
    "list.proposed": gettext_noop("提交审批，共 {count} 项"),
    "list.sent_back": gettext_noop("审批人退回重排：{reason}"),
    "list.confirmed": gettext_noop("审批通过，清单冻结（版本码 {code}）"),
    "list.revoked": gettext_noop("撤销审批，重新编制：{reason}"),
    "list.sealed": gettext_noop("上传盖章扫描件"),
    "list.dispatched": gettext_noop("报送{to}，共 {count} 项"),
    "paper.counted": gettext_noop("登记第 {copy} 份纸质材料（{version}）"),
    "paper.voided": gettext_noop("更正：第 {copy} 份纸质材料登记有误，{reason}"),
    "electronic.registered": gettext_noop("登记电子材料（{version}）"),
    "package.started": gettext_noop("开始生成报送包"),
    "package.finished": gettext_noop("报送包已生成，清单摘要 {digest}"),
    "package.failed": gettext_noop("报送包生成失败：{fault}"),
}
TONES: dict[str, str] = {
    "list.sent_back": "void",
    "list.revoked": "void",
    "list.confirmed": "done",
    "list.dispatched": "done",
    "paper.voided": "void",
    "package.failed": "stop",
    "package.finished": "done",
}
