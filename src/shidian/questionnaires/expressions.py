"""Conditions that a call package writes: CEL, compiled once, seeing answers as text and calling `functions` only.

A package is judged when it is read (`faults`): every name, method, column and choice must exist, and every expression
must give the right kind of value for sample answers. What fails all the same while somebody writes is skipped and
logged once; it never breaks a page. docs/developer/decisions/0007-expressions.md says why this library.
"""

import importlib.machinery
import importlib.util
import itertools
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

from shidian.questionnaires.definition import COMPOSITE, Column, Field, Questionnaire, Rule, Section
from shidian.questionnaires.functions import FUNCTIONS

logger = logging.getLogger(__name__)

MOST_ROWS = 500
"""Rows of a table that an expression sees; more than any form takes."""

_BUILT_IN = frozenset(("size", "has", "string", "int", "double"))
_OF_TEXT = frozenset(("contains", "startsWith", "endsWith", "matches", "size"))
_OF_ROWS = frozenset(("all", "exists", "exists_one", "map", "filter", "size"))
_MACRO = "all|exists_one|exists|map|filter"
_WORDS = frozenset(("true", "false", "null", "in"))
_DEEPEST, _MOST_NESTED = 30, 2
_CHOSEN = ("yes_no", "choice", "area")

_STRING = re.compile(r"(?:(?<!\w)[rR])?(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")")
_COMMENT = re.compile(r"//[^\n]*")
_PATH = re.compile(r"(?<![\w.])([A-Za-z_]\w*)((?:\s*\.\s*[A-Za-z_]\w*)*)\s*(\()?", re.ASCII)
_METHOD = re.compile(r"\.\s*([A-Za-z_]\w*)\s*\(", re.ASCII)
_LOOP = re.compile(rf"(?:(\w+)\s*\.\s*(\w+)\s*)?\.\s*(?:{_MACRO})\s*\(\s*([A-Za-z_]\w*)\s*,", re.ASCII)
_NESTING = re.compile(rf"\.\s*(?:{_MACRO})\s*\(|[(\[{{]|[)\]}}]", re.ASCII)
_COMPARED = re.compile(
    r"(?<![\w.])(\w+\s*\.\s*\w+)\s*(?:==|!=|<=|>=|<|>)\s*('[^']*'|\"[^\"]*\"|true\b|false\b|null\b|[-+]?[0-9][0-9.]*)",
    re.ASCII,
)
_PLACE = re.compile(r"<input>:(\d+):(\d+)")


class NotAnExpression(ValueError):
    """The text cannot be used; the message says why, in words for who writes the package."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; `needs` are the fields it looks at, as (section, field), `cells` those of its row."""

    source: str
    program: Any
    needs: tuple[tuple[str, str], ...]
    cells: frozenset[str]


Path = tuple[str | int, ...]


class Fault(NamedTuple):
    """What is wrong with an expression of a package, by its path in the questionnaire's file."""

    path: Path
    message: str


@cache
def library() -> Any:
    """The CEL extension alone: its package would load a terminal program with it (0.3 s and 20 MB in every process)."""
    if "cel.cel" in sys.modules:
        return sys.modules["cel.cel"]
    package = importlib.util.find_spec("cel")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        loaders = (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES)
        found = importlib.machinery.FileFinder(folder, loaders).find_spec("cel")
        if found and found.loader:
            module = importlib.util.module_from_spec(found)
            found.loader.exec_module(module)
            sys.modules["cel.cel"] = module
            return module
    return importlib.import_module("cel")


def alias(key: str) -> str:
    """A key as expressions write it: a hyphen would be a minus."""
    return key.replace("-", "_")


@lru_cache(maxsize=2000)
def compiled(source: str) -> Any:
    """The program of an expression; NotAnExpression when it is none, or too deep to be run safely."""
    plain = _plain(source)
    if "'''" in source or '"""' in source:
        raise NotAnExpression("不能用三个引号的文字")
    if strange := next((sign for sign in plain if ord(sign) > 127), ""):
        raise NotAnExpression(f"文字以外有全角符号或者汉字“{strange}”，请改成半角，或者加上引号")
    _bounded(plain)
    try:
        return library().compile(source)
    except Exception as wrong:
        place = _PLACE.search(str(wrong))
        where = f"第 {place[1]} 行第 {place[2]} 个字符附近" if place else ""
        raise NotAnExpression(f"{where}写法不对，请检查引号、括号和运算符（==、!=、&&、||、!）") from wrong


def _plain(source: str) -> str:
    """The expression without what stands in quotes and in comments, every character at its place."""
    hidden = _STRING.sub(lambda found: "'" + " " * (len(found[0]) - 2) + "'", source)
    return _COMMENT.sub(lambda found: " " * len(found[0]), hidden)


def _bounded(plain: str) -> None:
    open_: list[bool] = []
    for found in _NESTING.finditer(plain):
        sign = found[0]
        if sign in ")]}":
            if open_:
                open_.pop()
            continue
        open_.append(sign.startswith("."))
        if sum(open_) > _MOST_NESTED:
            raise NotAnExpression(f"all、exists、map、filter 最多套 {_MOST_NESTED} 层")
        if len(open_) > _DEEPEST:
            raise NotAnExpression(f"括号最多套 {_DEEPEST} 层")


# What an expression looks at


def needs(questionnaire: Questionnaire, source: str) -> tuple[tuple[str, str], ...]:
    """The fields that an expression names, in the order of the form; unknown names are left out."""
    named = set()
    for root, rest, _ in _paths(_plain(source)):
        field = _field(questionnaire, root, rest[0]) if rest else None
        if field:
            named.add((root, field.key))
    return tuple(
        (section.key, field.key)
        for section in questionnaire.sections
        for field in section.fields
        if (section.key, field.key) in named
    )


def _paths(plain: str) -> Iterator[tuple[str, list[str], bool]]:
    for found in _PATH.finditer(plain):
        yield found[1], found[2].replace(".", " ").split(), bool(found[3])


def _field(questionnaire: Questionnaire, section: str, name: str) -> Field | None:
    found = questionnaire.by_key.get(section)
    return next((field for field in found.fields if alias(field.key) == name), None) if found else None


def expression(questionnaire: Questionnaire, source: str) -> Expression:
    """An expression ready to run; NotAnExpression when it is none."""
    cells = frozenset(rest[0] for root, rest, _ in _paths(_plain(source)) if root == "row" and rest)
    return Expression(source, compiled(source), needs(questionnaire, source), cells)


# Running


class Scope:
    """Answers as expressions see them: text, ranges and regions with all their parts, tables as rows with all cells.

    What is `hidden` (`section` or `section.field`) is blank. An answer is handed over when it is first needed, and with
    it the fields of its section that stand `together`.
    """

    def __init__(
        self,
        questionnaire: Questionnaire,
        answers: Mapping[str, Any],
        *,
        together: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.questionnaire, self.answers = questionnaire, answers
        self.hidden: set[str] = set()
        self.together = together or {}
        self.context = library().Context({}, FUNCTIONS)
        self.given: dict[str, dict[str, Any]] = {}

    def at_row(self, cells: Mapping[str, str]) -> None:
        """What follows is asked of this row."""
        self.context.add_variable("row", cells)

    def run(self, asked: Expression) -> Any:
        """The value of an expression. Raises whatever the library raises."""
        touched = set()
        for section, key in asked.needs:
            if alias(key) not in self.given.get(section, ()):
                touched.add(section)
                for each in (key, *self.together.get(section, ())):
                    self._give(section, each)
        for section in touched:
            self.context.add_variable(section, self.given[section])
        return asked.program.execute(self.context)

    def _give(self, section: str, key: str) -> None:
        field = self.questionnaire.section(section).field(key)
        hidden = section in self.hidden or f"{section}.{key}" in self.hidden
        values = self.answers.get(section)
        stored = values.get(key) if isinstance(values, Mapping) and not hidden else None
        self.given.setdefault(section, {})[alias(key)] = typed(field, stored)


def typed(field: Field, stored: Any) -> Any:
    """An answer in the one shape that expressions see, whatever is stored."""
    if field.type == "rows":
        rows = stored if isinstance(stored, list) else []
        return [
            cells
            for row in rows[:MOST_ROWS]
            if isinstance(row, Mapping) and any((cells := row_of(field, row)).values())
        ]
    if parts := COMPOSITE.get(field.type):
        held = stored if isinstance(stored, Mapping) else {}
        return {part: _text(held.get(part)) for part in parts}
    return _text(stored)


def row_of(field: Field, row: Mapping[str, Any]) -> dict[str, str]:
    """The cells of a row by column, all of them."""
    return {column.key: _text(row.get(column.key)) for column in field.columns}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def failed(questionnaire: Questionnaire, what: str, wrong: Exception) -> None:
    """Log once a process that an expression of a form could not be run and was skipped."""
    told: set[str] = questionnaire.prepared.setdefault("failed", set())
    if what not in told:
        told.add(what)
        logger.warning("%s v%s: %s was skipped: %s", questionnaire.key, questionnaire.version, what, wrong)


# Judging a package


def faults(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Everything wrong with the rules and conditions of a form, in its order."""
    for at, section in enumerate(questionnaire.sections):
        if section.visible_when:
            yield from _bad_condition(
                questionnaire, section.visible_when, ("sections", at, "visible_when"), at
            )
        for position, field in enumerate(section.fields):
            if field.visible_when:
                path: Path = ("sections", at, "fields", position, "visible_when")
                yield from _bad_condition(questionnaire, field.visible_when, path, at, position)
    keys = [rule.key for rule in questionnaire.rules]
    for at, rule in enumerate(questionnaire.rules):
        if rule.key in keys[:at]:
            yield Fault(("rules", at, "key"), f"规则“{rule.key}”出现了两次，每条规则要有自己的 key")
        yield from _bad_rule(questionnaire, rule, ("rules", at))


def _bad_condition(
    questionnaire: Questionnaire, source: str, path: Path, at: int, position: int = -1
) -> Iterator[Fault]:
    wrong = list(_bad_names(questionnaire, source))
    for section, key in needs(questionnaire, source):
        place = questionnaire.sections.index(questionnaire.section(section))
        field = questionnaire.section(section).field(key)
        order = (place, questionnaire.sections[place].fields.index(field))
        if order == (at, position):
            wrong.append("visible_when 不能看自己")
        elif order >= (at, position):
            where = "前面各部分的字段" if position < 0 else "前面的字段"
            wrong.append(f"visible_when 只能看{where}，“{section}.{alias(key)}”不在前面")
    yield from _judged(questionnaire, source, path, wrong, kind="condition")


def _bad_rule(questionnaire: Questionnaire, rule: Rule, path: Path) -> Iterator[Fault]:
    field = questionnaire.find(f"{rule.section}.{rule.field}")
    if field is None:
        yield Fault((*path, "at"), f"at“{rule.at}”不是问卷里的字段")
        return
    columns = [column.key for column in field.columns]
    if rule.column and rule.column not in columns:
        yield Fault((*path, "at"), f"at“{rule.at}”的列“{rule.column}”不在“{rule.field}”里")
        return
    by_row = field if rule.column else None
    for name, source in (("when", rule.when), ("must", rule.must)):
        if source:
            wrong = list(_bad_names(questionnaire, source, by_row))
            yield from _judged(questionnaire, source, (*path, name), wrong, kind="condition", by_row=by_row)
    for name, source in rule.show.items():
        wrong = list(_bad_names(questionnaire, source, by_row))
        yield from _judged(questionnaire, source, (*path, "show", name), wrong, kind="words", by_row=by_row)
    known = {*rule.show, *(["row"] if rule.column else [])}
    named = set(re.findall(r"\{([^{}]*)\}", rule.message))
    if unknown := sorted(named - known):
        words = "、".join(f"{{{name}}}" for name in unknown)
        yield Fault((*path, "message"), f"message 里的 {words} 没有在 show 里写明算法")
    if unused := sorted(set(rule.show) - named):
        yield Fault((*path, "show"), f"show 里的“{unused[0]}”没有用在 message 里")


def _judged(
    questionnaire: Questionnaire,
    source: str,
    path: Path,
    wrong: Sequence[str],
    *,
    kind: str,
    by_row: Field | None = None,
) -> Iterator[Fault]:
    """What is wrong by name; else by the way it is written; else by what it does with sample answers."""
    try:
        compiled(source)
    except NotAnExpression as fault:
        yield Fault(path, f"“{source.strip()}”{fault}")
        return
    if not wrong:
        wrong = [*_bad_comparisons(questionnaire, source, by_row)] or [
            *_bad_samples(questionnaire, source, kind, by_row)
        ]
    yield from (Fault(path, message) for message in dict.fromkeys(wrong))


def _bad_names(questionnaire: Questionnaire, source: str, by_row: Field | None = None) -> Iterator[str]:
    plain = _plain(source)
    yield from _bad_calls(plain)
    bound = {
        found[3]: _field(questionnaire, found[1], found[2]) if found[1] else None
        for found in _LOOP.finditer(plain)
    }
    for root, rest, called in _paths(plain):
        if root in _WORDS:
            continue
        if not rest and called:
            continue
        if root in bound:
            yield from _bad_cell(root, rest, bound[root], called=called)
        elif root == "row":
            if by_row is None:
                yield "row（一行）只能用在 at 写成“部分.字段[].列”的规则里"
            else:
                yield from _bad_cell(root, rest, by_row, called=called)
        elif root in questionnaire.by_key:
            yield from _bad_path(questionnaire, root, rest, called=called)
        else:
            yield f"没有“{root}”这个名字；答案写成“部分.字段”，例如 {_example(questionnaire)}"


def _bad_calls(plain: str) -> Iterator[str]:
    for root, rest, called in _paths(plain):
        if called and not rest and root not in FUNCTIONS and root not in _BUILT_IN | _WORDS:
            yield f"没有函数“{root}”；可以用 {'、'.join([*FUNCTIONS, *sorted(_BUILT_IN)])}"
    for method in _METHOD.findall(plain):
        if method not in _OF_TEXT | _OF_ROWS:
            yield f"没有“.{method}(…)”这种写法；可以用 {'、'.join(sorted(_OF_TEXT | _OF_ROWS))}"


def _bad_path(questionnaire: Questionnaire, section: str, rest: list[str], *, called: bool) -> Iterator[str]:
    field = _field(questionnaire, section, rest[0]) if rest else None
    if not rest:
        yield f"“{section}”是一个部分，要写明其中的字段，例如 {_example(questionnaire, section)}"
    elif field is None:
        yield f"部分“{section}”里没有字段“{rest[0]}”"
    else:
        parts = rest[1:-1] if called and len(rest) > 1 else rest[1:]
        known = COMPOSITE.get(field.type, ())
        for part in parts:
            if part not in known:
                yield f"字段“{section}.{rest[0]}”没有“{part}”" + (
                    f"，只有 {'、'.join(known)}" if known else ""
                )
        if called and len(rest) > 1 and rest[-1] not in (_OF_ROWS if field.type == "rows" else _OF_TEXT):
            yield f"字段“{section}.{rest[0]}”不能用“.{rest[-1]}(…)”"


def _bad_cell(root: str, rest: list[str], table: Field | None, *, called: bool) -> Iterator[str]:
    if table is None or table.type != "rows" or not rest:
        return
    known = [column.key for column in table.columns]
    if rest[0] not in known:
        yield f"“{root}.{rest[0]}”不是“{table.key}”的列，只有 {'、'.join(known)}"
    elif len(rest) > 1 and not called:
        yield f"“{root}.{rest[0]}”是一个格子，没有“{rest[1]}”"


def _bad_comparisons(questionnaire: Questionnaire, source: str, by_row: Field | None) -> Iterator[str]:
    """Answers compared with what they can never be: they are text, and those of a closed list one of its values."""
    for found in _COMPARED.finditer(_COMMENT.sub("", source)):
        root, name = found[1].replace(".", " ").split()
        asked: Field | Column | None = _field(questionnaire, root, name)
        if root == "row" and by_row:
            asked = next((column for column in by_row.columns if column.key == name), None)
        if asked is None or asked.type == "rows" or asked.type in COMPOSITE:
            continue
        given = found[2]
        if given[0] not in "'\"":
            yes = "“是”写成 'yes'，“否”写成 'no'" if asked.type == "yes_no" else "比较数字请用 number(…)"
            yield f"“{root}.{name}”的答案是文字，不能与 {given} 比较；{yes}"
        elif known := _values(asked):
            value = given[1:-1]
            if value and value not in known:
                yield f"“{root}.{name}”没有“{value}”这个答案，只有 {'、'.join(known)}"


def _values(asked: Field | Column) -> list[str]:
    if asked.type == "yes_no":
        return ["yes", "no"]
    return [choice.value for choice in asked.choices] if asked.type in _CHOSEN else []


def _example(questionnaire: Questionnaire, section: str = "") -> str:
    found = questionnaire.by_key.get(section) or questionnaire.sections[0]
    return f"{found.key}.{alias(found.fields[0].key)}"


def _bad_samples(questionnaire: Questionnaire, source: str, kind: str, by_row: Field | None) -> Iterator[str]:
    asked = expression(questionnaire, source)
    for answers, row in samples(questionnaire, source, by_row):
        try:
            value = _tried(questionnaire, asked, answers, row)
        except Exception as wrong:  # noqa: BLE001 (whatever a library says of a package's expression is a fault of it)
            yield f"“{source.strip()}”不能计算：{_reason(wrong)}"
            return
        if kind == "condition" and not isinstance(value, bool):
            yield f"“{source.strip()}”应当得出是或否，现在得出的是{_kind(value)}"
            return
        if kind == "words" and not _can_be_shown(value):
            yield f"“{source.strip()}”应当得出文字、数字或者一列文字"
            return


def _tried(
    questionnaire: Questionnaire, asked: Expression, answers: Mapping[str, Any], row: Mapping[str, str] | None
) -> Any:
    scope = Scope(questionnaire, answers)
    if row is not None:
        scope.at_row(row)
    return scope.run(asked)


def _reason(wrong: Exception) -> str:
    if isinstance(wrong, KeyError):
        return f"没有“{wrong.args[0]}”"
    if isinstance(wrong, TypeError):
        return "文字、数字、是否不能混在一起比较或者运算（数字写成 12.0，文字变数字用 number）"
    if "regex" in str(wrong):
        return "matches 里的正则表达式写得不对"
    return "请检查函数的参数个数和写法"


def _kind(value: Any) -> str:
    return "文字" if isinstance(value, str) else "数字" if isinstance(value, int | float) else "别的东西"


def _can_be_shown(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def samples(
    questionnaire: Questionnaire, source: str, by_row: Field | None = None
) -> Iterator[tuple[dict[str, Any], dict[str, str] | None]]:
    """Answers to try an expression with: none, usual ones, both ends of every choice, and the words that it quotes.

    All texts are the same once, and different once.
    """
    named = needs(questionnaire, source)
    wanted = [questionnaire.section(section).field(key) for section, key in named]
    quoted = [found.lstrip("rR")[1:-1] for found in _STRING.findall(source)]
    together = "、".join(quoted).replace("|", "、")
    texts = list(dict.fromkeys(("", together, *quoted, "示例", "2024-01", "12")))[:8]

    for choose, text, alike in itertools.product((0, 1), texts, (True, False)):
        answers: dict[str, Any] = {}
        for number, ((section, _), field) in enumerate(zip(named, wanted, strict=True)):
            own = text if alike or not number % 2 else f"{text}之二"
            answers.setdefault(section, {})[field.key] = _sample(field, choose, own)
        row = _sample_row(by_row, choose, text if alike else f"{text}之三") if by_row else None
        yield answers, row


def _sample(field: Field, choose: int, text: str) -> Any:
    if field.type == "rows":
        return [_sample_row(field, choose, text)] * 2 if text else []
    if field.type == "month_range":
        return {"from": "2024-01", "to": "2025-12"} if text else {}
    if field.type == "region":
        return {"province": "120000", "county": "120101", "detail": ""} if text else {}
    return _sample_text(field, choose, text)


def _sample_row(field: Field, choose: int, text: str) -> dict[str, str]:
    return {column.key: _sample_text(column, choose, text) for column in field.columns}


def _sample_text(asked: Field | Column, choose: int, text: str) -> str:
    values = _values(asked)
    if not values:
        return text
    return text if text in values or not text else values[min(choose, len(values) - 1)]


def never(questionnaire: Questionnaire, source: str, by_row: Field | None = None) -> bool:
    """No sample answers make the expression true: for warnings only, since samples are not everything."""
    asked = expression(questionnaire, source)
    for answers, row in samples(questionnaire, source, by_row):
        try:
            if _tried(questionnaire, asked, answers, row) is True:
                return False
        except Exception:  # noqa: BLE001 (told by `faults`)
            return False
    return True


def conditional(questionnaire: Questionnaire) -> list[tuple[Section, Field | None, str]]:
    """The sections and fields with a condition, in the order of the form, with the condition."""
    found: list[tuple[Section, Field | None, str]] = []
    for section in questionnaire.sections:
        if section.visible_when:
            found.append((section, None, section.visible_when))
        found += [(section, field, field.visible_when) for field in section.fields if field.visible_when]
    return found
