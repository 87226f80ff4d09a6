"""What is recorded about calls, in words."""

WORDINGS: dict[str, str] = {
    "call.loaded": "载入征集包第 {version} 版",
    "call.published": "发布批次",
}
