"""What is recorded about lists, paper and packages, in the words of the timeline."""

WORDINGS: dict[str, str] = {
    "list.started": "开始编制{title}",
    "list.ranked": "调整排序",
    "list.proposed": "提交审批，共 {count} 项",
    "list.sent_back": "审批人退回重排：{reason}",
    "list.confirmed": "审批通过，清单冻结（版本码 {code}）",
    "list.revoked": "撤销审批，重新编制：{reason}",
    "list.sealed": "上传盖章扫描件",
    "list.dispatched": "报送{to}，共 {count} 项",
    "paper.counted": "登记第 {copy} 份纸质材料（{version}）",
    "paper.voided": "更正：第 {copy} 份纸质材料登记有误，{reason}",
    "electronic.registered": "登记电子材料（{version}）",
    "package.started": "开始生成报送包",
    "package.finished": "报送包已生成，清单摘要 {digest}",
    "package.failed": "报送包生成失败：{fault}",
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
