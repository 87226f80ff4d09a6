"""YAML read strictly, with the line of every key and item remembered.

A plain subset: mappings with text keys, lists, text, whole numbers, true/false, null. `yes` and `no` are text, dates are
text for whoever validates; aliases, tags, several documents and repeated keys are refused.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]
MAX_DEPTH = 30

# The parser in C gives the same events several times faster, where PyYAML was built with it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})", re.ASCII)
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufeff]")


class NotReadable(Exception):
    """The text is not YAML that can be read on; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass
class Marked:
    """What a file says, the line of each path in it, and faults that did not stop the reading."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the path, or of the nearest thing around it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


@dataclass
class _Open:
    container: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None
    skip: bool = False


def parse(content: bytes) -> Marked:
    """Read one YAML document; NotReadable when it cannot be understood, `faults` for what can be reported together."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        raise NotReadable(line, "文件不是 UTF-8 编码，请另存为 UTF-8") from wrong
    try:
        return _parse(text)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        raise NotReadable(
            mark.line + 1 if mark else 1, "YAML 写法有误，请检查这一行和上一行的缩进、冒号后的空格和引号"
        ) from wrong
    except yaml.YAMLError as wrong:
        position = getattr(wrong, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        raise NotReadable(line, "文件含有 YAML 不允许的字符，请删除") from wrong


def _parse(text: str) -> Marked:
    marked = Marked()
    stack: list[_Open] = []
    documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.DocumentStartEvent():
                documents += 1
                if documents > 1:
                    raise NotReadable(line, "一个文件只能有一个 YAML 文档，请删除多余的“---”")
            case yaml.AliasEvent():
                raise NotReadable(line, "不能用引用（*名称），请把内容写完整")
            case yaml.ScalarEvent() if _awaits_key(stack):
                _take_key(marked, stack[-1], event.value, line)
            case yaml.ScalarEvent():
                _put(marked, stack, _scalar(marked, event, line), line)
            case yaml.CollectionStartEvent():
                _open(marked, stack, event, line)
            case yaml.CollectionEndEvent():
                stack.pop()
    return marked


def _awaits_key(stack: list[_Open]) -> bool:
    return bool(stack) and isinstance(stack[-1].container, dict) and stack[-1].key is None


def _open(marked: Marked, stack: list[_Open], event: yaml.CollectionStartEvent, line: int) -> None:
    if _awaits_key(stack):
        raise NotReadable(line, "键必须是文字")
    if len(stack) >= MAX_DEPTH:
        raise NotReadable(line, f"嵌套超过 {MAX_DEPTH} 层")
    if event.tag is not None:
        raise NotReadable(line, "不能用类型标记（以“!”开头）")
    container: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
    stack.append(_Open(container, _put(marked, stack, container, line)))


def _take_key(marked: Marked, parent: _Open, key: str, line: int) -> None:
    if _FORBIDDEN.search(key):
        raise NotReadable(line, "键含有控制字符")
    parent.key = key
    parent.skip = key in parent.container
    if parent.skip:
        first = marked.lines[(*parent.path, key)]
        marked.faults.append((line, f"键“{key}”重复，前一个在第 {first} 行，请删除一个"))
    else:
        marked.lines[(*parent.path, key)] = line


def _put(marked: Marked, stack: list[_Open], value: Any, line: int) -> Path:
    if not stack:
        marked.data = value
        marked.lines[()] = line
        return ()
    parent = stack[-1]
    if isinstance(parent.container, list):
        path: Path = (*parent.path, len(parent.container))
        parent.container.append(value)
        marked.lines[path] = line
        return path
    path = (*parent.path, str(parent.key))
    if parent.skip:
        # Under a repeated key nothing is kept, but its inside is read on, to find the other faults.
        path = (*path, "(重复)")
    else:
        parent.container[str(parent.key)] = value
    parent.key, parent.skip = None, False
    return path


def _scalar(marked: Marked, event: yaml.ScalarEvent, line: int) -> str | int | bool | None:
    if event.tag is not None:
        marked.faults.append((line, "不能用类型标记（以“!”开头）"))
    value: str = event.value
    if found := _FORBIDDEN.search(value):
        marked.faults.append((line, f"文字里有控制字符（U+{ord(found.group()):04X}），请删除"))
        return ""
    if event.style:
        return value
    if value in ("", "~", "null"):
        return None
    if value in ("true", "false"):
        return value == "true"
    if _INTEGER.fullmatch(value):
        return int(value)
    return value
