"""A small language for searching: words, "phrases", -not, OR, brackets, and key:value with comparisons.

`parse` takes any text and never fails: what it cannot read is a problem with its place. It knows no keys; what a key
and its value mean is for whoever searches. `written` is the way back: `parse(written(tree)).tree == tree`.
Full-width signs count as the plain ones: ：（）“”－＞＜＝｜.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

LONGEST = 500
DEEPEST = 12
MOST = 40
"""Words and conditions in one query."""

_FOLDED = str.maketrans(
    {
        "：": ":", "（": "(", "）": ")", "“": '"', "”": '"', "＂": '"', "－": "-", "＞": ">", "＜": "<", "＝": "=",
        "｜": "|",
    }
)  # fmt: skip
_KEY = re.compile(r"[^\W\d_][\w]{0,19}:")
_OPERATORS = ("<=", ">=", "≤", "≥", "<", ">", "=")
_SAME = {"≤": "<=", "≥": ">=", "=": ""}
_ENDS = frozenset(' \t\r\n\f\v()"|')


@dataclass(frozen=True, slots=True)
class Word:
    """Text that must stand somewhere; a phrase stood in quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Test:
    """A condition: what stands under `key` is one of `values`, or compares with the one value by `operator`."""

    __test__ = False  # no test case of pytest

    key: str
    operator: str  # "", "<", "<=", ">", ">="
    values: tuple[str, ...]
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts; two or more, none of them an And itself."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of the parts; two or more, none of them an Or itself."""

    parts: tuple[Node, ...]


Node = Word | Test | Not | And | Or


@dataclass(frozen=True, slots=True)
class Problem:
    """What cannot be read, and from where to where in the text."""

    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was understood of a text, and what was not."""

    text: str
    tree: Node | None
    problems: list[Problem]


def parse(text: str) -> Parsed:
    """Read a query; any text has an answer."""
    reader = _Reader(text)
    tree = reader.whole()
    return Parsed(text, tree, reader.problems)


class _Reader:
    """One pass over the text, by descent; a `_Deep` inside ends it."""

    def __init__(self, text: str) -> None:
        self.text = text.translate(_FOLDED)
        self.at = 0
        self.count = 0
        self.problems: list[Problem] = []

    def problem(self, message: str, start: int, end: int | None = None) -> None:
        self.problems.append(Problem(message, start, self.at if end is None else end))

    def whole(self) -> Node | None:
        if len(self.text) > LONGEST:
            self.problem(_("查询最多 {most} 个字。").format(most=LONGEST), LONGEST, len(self.text))
            return None
        parts: list[Node] = []
        while True:
            found = self.alternatives(0)
            if found is not None:
                parts.append(found)
            if self.at >= len(self.text):
                break
            self.at += 1  # a bracket that closes nothing
            self.problem(_("多了一个右括号。"), self.at - 1)
        if self.count > MOST:
            self.problem(_("一次最多 {most} 个词和条件。").format(most=MOST), 0, len(self.text))
        return _all(parts)

    def blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def takes_or(self) -> bool:
        self.blanks()
        if self.text.startswith("|", self.at):
            self.at += 1
            return True
        word = self.text[self.at : self.at + 2]
        after = self.text[self.at + 2 : self.at + 3]
        if word == "OR" and (not after or after in _ENDS):
            self.at += 2
            return True
        return False

    def alternatives(self, depth: int) -> Node | None:
        parts: list[Node] = []
        while True:
            found = self.sequence(depth)
            start = self.at
            if found is not None:
                parts.append(found)
            if not self.takes_or():
                if found is None and parts:
                    self.problem(_("OR 后面要有词或条件。"), max(0, start - 2), start)
                return _any(parts)
            if found is None:
                self.problem(_("OR 前面要有词或条件。"), start)

    def sequence(self, depth: int) -> Node | None:
        parts: list[Node] = []
        while True:
            before = self.at
            if self.takes_or():
                self.at = before
                return _all(parts)
            self.blanks()
            if self.at >= len(self.text) or self.text[self.at] == ")":
                return _all(parts)
            found = self.one(depth)
            if found is not None:
                self.count += 1
                parts.append(found)

    def one(self, depth: int) -> Node | None:
        start = self.at
        if self.text[start] == "-":
            self.at += 1
            if self.at >= len(self.text) or self.text[self.at].isspace() or self.text[self.at] in ")|-":
                self.problem(_("减号后面要紧跟不要的词或条件。"), start)
                return None
            part = self.one(depth)
            return None if part is None else part.part if isinstance(part, Not) else Not(part)
        if self.text[start] == "(":
            return self.bracket(depth)
        if match := _KEY.match(self.text, start):
            self.at = match.end()
            return self.test(match[0][:-1], start)
        return Word(text) if (text := self.piece()) else None

    def bracket(self, depth: int) -> Node | None:
        start = self.at
        self.at += 1
        if depth >= DEEPEST:
            self.problem(_("括号套得太深，最多 {most} 层。").format(most=DEEPEST), start)
            self.at = len(self.text)
            return None
        found = self.alternatives(depth + 1)
        if self.at < len(self.text):
            self.at += 1
            if found is None:
                self.problem(_("括号里没有词或条件。"), start)
        else:
            self.problem(_("少了一个右括号。"), start, start + 1)
        return found

    def test(self, key: str, start: int) -> Node | None:
        operator = next((sign for sign in _OPERATORS if self.text.startswith(sign, self.at)), "")
        self.at += len(operator)
        values: list[str] = []
        while True:
            value = self.piece(stop=",，、")
            if value:
                values.append(value)
            if self.at < len(self.text) and self.text[self.at] in ",，、":
                self.at += 1
                continue
            break
        if not values:
            self.problem(_("“{key}：”后面要写值。").format(key=key), start)
            return None
        operator = _SAME.get(operator, operator)
        if operator and len(values) > 1:
            self.problem(_("比较只能跟一个值。"), start)
            return None
        return Test(key, operator, tuple(values), start, self.at)

    def piece(self, stop: str = "") -> str:
        """A quoted or plain stretch; what stands in quotes may hold anything."""
        start = self.at
        if self.text.startswith('"', start):
            end = self.text.find('"', start + 1)
            if end < 0:
                self.at = len(self.text)
                self.problem(_("引号没有关上。"), start, start + 1)
                return self.text[start + 1 :].strip()
            self.at = end + 1
            return self.text[start + 1 : end].strip()
        while self.at < len(self.text) and self.text[self.at] not in _ENDS and self.text[self.at] not in stop:
            if self.text[self.at].isspace():
                break
            self.at += 1
        if self.at == start and not stop:
            self.at += 1
            return ""
        return self.text[start : self.at]


def _all(parts: list[Node]) -> Node | None:
    flat = [each for part in parts for each in (part.parts if isinstance(part, And) else (part,))]
    return None if not flat else flat[0] if len(flat) == 1 else And(tuple(flat))


def _any(parts: list[Node]) -> Node | None:
    flat = [each for part in parts for each in (part.parts if isinstance(part, Or) else (part,))]
    return None if not flat else flat[0] if len(flat) == 1 else Or(tuple(flat))


# The way back


def written(tree: Node | None) -> str:
    """The query as a text that is read as the same tree."""
    if tree is None:
        return ""
    if isinstance(tree, And):
        return " ".join(_bracketed(part, Or) for part in tree.parts)
    if isinstance(tree, Or):
        return " OR ".join(written(part) for part in tree.parts)
    if isinstance(tree, Not):
        return "-" + _bracketed(tree.part, And, Or)
    if isinstance(tree, Test):
        return f"{tree.key}:{tree.operator}{','.join(_quoted(value, value=True) for value in tree.values)}"
    return _quoted(tree.text)


def _bracketed(part: Node, *kinds: type) -> str:
    return f"({written(part)})" if isinstance(part, kinds) else written(part)


def _quoted(text: str, *, value: bool = False) -> str:
    folded = text.translate(_FOLDED)
    plain = not any(character in _ENDS or character.isspace() for character in folded)
    if value:
        plain = plain and not any(sign in folded for sign in ",，、") and not folded.startswith(_OPERATORS)
    else:
        plain = plain and folded != "OR" and not folded.startswith("-") and not _KEY.match(folded)
    return folded if plain and folded else f'"{folded}"'


# Changing a query by clicks


def parts_of(tree: Node | None) -> tuple[Node, ...]:
    """What stands side by side at the top."""
    return () if tree is None else tree.parts if isinstance(tree, And) else (tree,)


def without_key(tree: Node | None, *keys: str) -> Node | None:
    """The query without the conditions of these keys at the top."""
    return _all([part for part in parts_of(tree) if not (isinstance(part, Test) and part.key in keys)])


def with_test(tree: Node | None, test: Test, *others: str) -> Node | None:
    """The query with one more condition, in the place of those of the same key (and its other names)."""
    rest = without_key(tree, test.key, *others)
    return _all([*parts_of(rest), test])


def wanted(tree: Node | None, *keys: str) -> Iterator[str]:
    """The texts that are looked for, and the values of these keys; those that must not be are left out."""
    if isinstance(tree, Word):
        yield tree.text
    elif isinstance(tree, Test) and tree.key in keys:
        yield from tree.values
    elif isinstance(tree, And | Or):
        for part in tree.parts:
            yield from wanted(part, *keys)
