"""Every problem of an answer, as a sentence that says what to do, with the place where to do it.

Errors stop a freeze; warnings are only shown: an answer that does not meet a condition, and what merely looks odd.
What an earlier answer does not call for (`visibility`) is not checked. A section is turned into a list of checks once;
checking it then takes microseconds. The rules of the call package across fields are asked by `rulebook`.
"""

import operator
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.organisations.codes import (
    contacts,
    document_number,
    economic_types,
    industries,
    months,
    regions,
    standard_number,
    unit_code,
)
from shidian.questionnaires import prose, rulebook
from shidian.questionnaires.definition import Column, Field, Questionnaire, Section, Severity
from shidian.questionnaires.functions import NOT_YET
from shidian.questionnaires.problems import Problem
from shidian.questionnaires.visibility import EVERYTHING, Visible, visible

__all__ = ["Problem", "Values", "check", "check_part", "check_section", "errors", "is_blank", "unprintable"]

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufffd-\uffff\U000f0000-\U0010ffff]"
)
_NOT_READABLE = gettext_noop("内容无法识别，请重新填写")
_MAX_PATTERN = 5000
_BETWEEN = "‖"
_CHOSEN = ("yes_no", "choice", "area", "region", "industry", "economic_type")
_TEXT_TYPES: dict[str, Callable[[str], str | None]] = {
    "month": months.check_month,
    "date": months.check_day,
    "unit_code": unit_code.check,
    "postcode": contacts.check_postcode,
    "phone": contacts.check_phone,
    "email": contacts.check_email,
    "document_number": document_number.check,
    "standard_number": standard_number.check,
    "industry": industries.check,
}


Values = Mapping[str, Any]
_Check = Callable[[Any, Values, list[Problem]], None]
_Said = tuple[str, Severity, str]
"""The message, its severity, and the last part of its code."""
_Cell = Callable[[str], _Said | None]


def check(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> list[Problem]:
    """All problems of all sections in the order of the form, then answers that contradict one another.

    The problems of a section are those of its fields and of the rules of the call that are shown there, in the order of
    its fields. `answers` holds values by section key; a missing section counts as blank. Never raises, whatever is
    stored.
    """
    known = visible(questionnaire, answers)
    across: dict[str, list[Problem]] = {}
    for problem in rulebook.broken(questionnaire, answers, known):
        across.setdefault(problem.section, []).append(problem)
    problems: list[Problem] = []
    for section in questionnaire.sections:
        if known.section(section.key):
            own = check_section(section, answers.get(section.key, {}), known)
            problems.extend(_ordered(section, own, across.get(section.key)))
    problems.extend(_contradictions(questionnaire, answers, known))
    return problems


def check_part(questionnaire: Questionnaire, section: str, answers: Mapping[str, Any]) -> list[Problem]:
    """What `check` would say of one section: for its page, which has the other answers at hand."""
    known = visible(questionnaire, answers)
    if not known.section(section):
        return []
    asked = questionnaire.section(section)
    own = check_section(asked, answers.get(section, {}), known)
    across = rulebook.broken(questionnaire, answers, known, section=section)
    against = _contradictions(questionnaire, answers, known, only=section)
    return [*_ordered(asked, own, across), *against]


def _ordered(section: Section, own: list[Problem], across: list[Problem] | None) -> list[Problem]:
    if not across:
        return own
    order = {key: number for number, key in enumerate(section.by_key)}
    return sorted([*own, *across], key=lambda problem: order[problem.field])


def check_section(section: Section, values: Any, known: Visible = EVERYTHING) -> list[Problem]:
    """The problems of one section by itself, in the order of its fields. Never raises, whatever is stored."""
    checks: list[tuple[str, _Check]] | None = section.prepared.get("checks")
    if checks is None:
        checks = section.prepared["checks"] = [
            (field.key, _prepare(section, field)) for field in section.fields
        ]
    if not isinstance(values, Mapping):
        values = {}
    problems: list[Problem] = []
    for key, run in checks:
        if known.field(section.key, key):
            run(values.get(key), values, problems)
    return problems


def errors(problems: list[Problem]) -> list[Problem]:
    """Only those that stop a freeze."""
    return [problem for problem in problems if problem.severity == "error"]


def is_blank(value: Any) -> bool:
    """True when nothing was answered: no text, no row with text, no part of a range or region."""
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, dict | Mapping):
        return all(map(is_blank, value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_blank, value))
    return value is None


def unprintable(text: str) -> str | None:
    """What to do about the first character that no paper can show: private use, control, damaged; None if all is well."""
    if text.isprintable() and "\ufffd" not in text:
        return None
    found = _UNPRINTABLE.search(text)
    if not found:
        return None
    character, place = found.group(), found.start() + 1
    point = f"U+{ord(character):04X}"
    if character == "\ufffd" or "\ud800" <= character <= "\udfff":
        return _("第 {place} 个字符在传送中损坏（{point}），请重新输入").format(place=place, point=point)
    if character >= "\ue000" and character not in "\ufffe\uffff":
        return _(
            "第 {place} 个字符“{character}”是自造字（{point}），别的电脑和打印件上显示不出来，请改用标准汉字"
        ).format(place=place, character=character, point=point)
    return _("第 {place} 个字符是看不见的控制字符（{point}），请删除").format(place=place, point=point)


# Preparing the checks of a section


def _prepare(section: Section, field: Field) -> _Check:
    if field.type == "rows":
        return _Table(section, field)
    if field.type == "month_range":
        return _parted(section, field, _range_faults, "from")
    if field.type == "region":
        return _parted(section, field, _region_faults, "province")
    return _rich(section, field) if field.rich else _single(section, field)


def _rich(section: Section, field: Field) -> _Check:
    """The check of a text, and of the tables and pictures in it."""
    as_text = _single(section, field)
    place = (section.key, field.key, f"f-{field.key}")

    def run(value: Any, values: Values, problems: list[Problem]) -> None:
        as_text(value, values, problems)
        for fault in prose.faults(value) if isinstance(value, str) else ():
            message = _("“{field}”{message}").format(field=field.name, message=fault.message)
            code = f"{section.key}.{field.key}:{fault.kind}[{fault.line}]"
            problems.append(Problem(*place, message, "error", code))

    return run


def _single(section: Section, field: Field) -> _Check:
    anchor = f"f-{field.key}"
    path = f"{section.key}.{field.key}"
    cell = _text_check(field)
    doubts = _doubts(section, field)
    missing = _("请{value}“{field}”").format(
        value=_("选择") if field.type in _CHOSEN else _("填写"), field=field.name
    )
    place = (section.key, field.key, anchor)

    def run(value: Any, values: Values, problems: list[Problem]) -> None:
        if value is None or value == "":
            if field.required:
                problems.append(Problem(*place, missing, "error", f"{path}:required"))
            return
        if not isinstance(value, str):
            message = _("“{field}”的{not_readable}").format(field=field.name, not_readable=_NOT_READABLE)
            problems.append(Problem(*place, message, "error", f"{path}:unreadable"))
            return
        found = cell(value)
        if found:
            problems.append(Problem(*place, found[0], found[1], f"{path}:{found[2]}"))
            if found[1] == "error":
                return
        elif field.required and value.isspace():
            problems.append(Problem(*place, missing, "error", f"{path}:required"))
            return
        for kind, doubt in doubts:
            message = doubt(value, values) or ""
            if message:
                problems.append(Problem(*place, message, "warning", f"{path}:{kind}"))

    return run


def _text_check(asked: Field | Column) -> _Cell:
    """The check of one text by its type, length, characters and pattern; the message names the field."""
    name, limit, kind = asked.name, asked.max_chars, asked.type
    typed = _TEXT_TYPES.get(kind) or _listed(asked)
    pattern = re.compile(asked.pattern) if asked.pattern else None
    measure = prose.length if isinstance(asked, Field) and asked.rich else len

    def run(value: str) -> _Said | None:
        if limit is not None and len(value) > limit and (length := measure(value)) > limit:
            over = length - limit
            return (
                _("“{name}”不能超过 {limit} 字，现有 {length} 字，请删减 {over} 字").format(
                    name=name, limit=limit, length=length, over=over
                ),
                "error",
                "length",
            )
        # The two built-in tests say no to far more than is wrong, but what they let pass is right, and at once.
        if (not value.isprintable() or "\ufffd" in value) and (wrong := unprintable(value)):
            return _("“{name}”{wrong}").format(name=name, wrong=wrong), "error", "characters"
        if typed is not None:
            wrong = typed(value)
            if wrong:
                return _("“{name}”有误：{wrong}").format(name=name, wrong=wrong), "error", "format"
        if pattern is not None and len(value) <= _MAX_PATTERN and not pattern.search(value):
            return asked.pattern_message, asked.pattern_severity, "pattern"
        return None

    return run


def _listed(asked: Field | Column) -> Callable[[str], str | None] | None:
    choose = _("不在可选范围内，请重新选择")
    match asked.type:
        case "yes_no":
            return lambda value: None if value in ("yes", "no") else _("请选择“是”或者“否”")
        case "choice" | "area":
            known = frozenset(choice.value for choice in asked.choices)
            return lambda value: None if value in known else choose
        case "economic_type":
            return lambda value: None if economic_types.exists(value) else choose
        case _:
            return None


_Doubt = Callable[[str, Values], str | None]


def _disqualifying(field: Field, value: Any) -> str | None:
    """An answer that does not qualify: what it was, why it matters in the words of the call, and who judges it."""
    if value == field.qualifies:
        return None
    said = {"yes": _("是"), "no": _("否")}.get(str(value), str(value))
    return _("“{field}”答的是“{said}”。{explain}是否符合，由受理机构判断。").format(
        field=field.name, said=said, explain=field.explain
    )


def _doubts(section: Section, field: Field) -> list[tuple[str, _Doubt]]:
    """What may look odd in a field, each with the last part of its code."""
    found: list[tuple[str, _Doubt]] = []
    if field.qualifies:
        found.append(("qualifies", lambda value, _rest: _disqualifying(field, value)))
    if field.type == "unit_code":
        found.append(("doubt", lambda code, _rest: unit_code.doubt(code)))
    if field.type == "economic_type" and (
        codes := [each for each in section.fields if each.type == "unit_code"]
    ):
        found.append(("type", _type_doubt(codes[0].key)))
    if field.region_from:
        found.append(("region", _region_doubt(field, section.field(field.region_from))))
    if field.not_before:
        found.append(("order", _order_doubt(field, section.field(field.not_before))))
    return found


def _type_doubt(key: str) -> _Doubt:
    def doubt(value: str, values: Values) -> str | None:
        code = values.get(key)
        return economic_types.doubt(value, code) if isinstance(code, str) else None

    return doubt


def _region_doubt(field: Field, other: Field) -> _Doubt:
    key = other.key

    def of_code(code: str, values: Values) -> str | None:
        chosen, own = _chosen_region(values.get(key)), unit_code.region(code)
        known = regions.get(own)
        if not chosen or known is None or own == "100000":
            return None
        same = regions.province_of(own) == regions.province_of(chosen)
        if same and known.level == 3 and not known.legacy and not chosen.endswith("0000"):
            same = own == chosen
        if same:
            return None
        return _("代码里的行政区划是{full_name}，与“{other}”（{full_name_2}）不同，请确认").format(
            full_name=regions.full_name(own), other=other.name, full_name_2=regions.full_name(chosen)
        )

    def of_postcode(code: str, values: Values) -> str | None:
        chosen = _chosen_region(values.get(key))
        return contacts.doubt_postcode(code, chosen) if chosen else None

    return of_code if field.type == "unit_code" else of_postcode


def _chosen_region(value: Any) -> str:
    """The county, else the province; nothing while the two do not belong together."""
    if not isinstance(value, Mapping):
        return ""
    province, county = value.get("province"), value.get("county")
    if not isinstance(province, str) or not regions.exists(province):
        return ""
    if not isinstance(county, str) or not regions.exists(county):
        return province
    return county if regions.province_of(county) == province else ""


def _order_doubt(field: Field, other: Field) -> _Doubt:
    def doubt(value: str, values: Values) -> str | None:
        first = values.get(other.key)
        if not isinstance(first, str) or not months.is_month(value):
            return None
        if months.is_month(first):
            if value >= first:
                return None
            return _("“{field}”（{written}）早于“{other}”（{written_2}），请确认").format(
                field=field.name,
                written=months.written(value),
                other=other.name,
                written_2=months.written(first),
            )
        if first.startswith(NOT_YET):
            return _("“{other}”写的是“{first}”，“{field}”却有年月，请确认").format(
                other=other.name, first=first[:20], field=field.name
            )
        return None

    return doubt


_Fault = tuple[str, str, Severity, str]
"""The part of a control name, the message, its severity, and the last part of its code."""


def _parted(
    section: Section, field: Field, faults: Callable[[Field, Any], Iterator[_Fault]], first: str
) -> _Check:
    """The check of a field with several controls; what is wrong as a whole is said at the first."""
    blank = (
        _("请选择“{field}”的省（市）和县（区）").format(field=field.name)
        if field.type == "region"
        else _("请填写“{field}”").format(field=field.name)
    )
    place = (section.key, field.key)

    path = f"{section.key}.{field.key}"

    def run(value: Any, _values: Values, problems: list[Problem]) -> None:
        whole = f"f-{field.key}-{first}"
        if is_blank(value):
            if field.required:
                problems.append(Problem(*place, whole, blank, "error", f"{path}:required"))
        elif not isinstance(value, Mapping):
            message = _("“{field}”的{not_readable}").format(field=field.name, not_readable=_NOT_READABLE)
            problems.append(Problem(*place, whole, message, "error", f"{path}:unreadable"))
        else:
            for part, message, severity, kind in faults(field, value):
                code = f"{path}.{part}:{kind}"
                problems.append(Problem(*place, f"f-{field.key}-{part}", message, severity, code))

    return run


def _range_faults(field: Field, value: Mapping[str, Any]) -> Iterator[_Fault]:
    name = field.name
    wrong = {part: _month_fault(value.get(part)) for part in ("from", "to")}
    for part, word in (("from", _("开始")), ("to", _("结束"))):
        if wrong[part]:
            yield (
                part,
                _("“{name}”的{word}时间有误：{wrong}").format(name=name, word=word, wrong=wrong[part]),
                "error",
                "format",
            )
    if any(wrong.values()):
        return
    span = months.length(value["from"], value["to"])
    if span <= 0:
        yield (
            "to",
            _("“{name}”的结束时间（{written}）早于开始时间，请改正").format(
                name=name, written=months.written(value["to"])
            ),
            "error",
            "order",
        )
    elif field.expected_months and span != field.expected_months:
        yield (
            "to",
            _("“{name}”共 {span} 个月，一般为 {expected_months} 个月，请确认").format(
                name=name, span=span, expected_months=field.expected_months
            ),
            "warning",
            "length",
        )


def _month_fault(month: Any) -> str | None:
    if is_blank(month):
        return _("请填写年月")
    return months.check_month(month) if isinstance(month, str) else _NOT_READABLE


def _region_faults(field: Field, value: Mapping[str, Any]) -> Iterator[_Fault]:
    name = field.name
    province, county, detail = parts = [value.get(part, "") for part in ("province", "county", "detail")]
    if not all(isinstance(part, str) for part in parts):
        yield (
            "province",
            _("“{name}”的{not_readable}").format(name=name, not_readable=_NOT_READABLE),
            "error",
            "unreadable",
        )
        return
    known = regions.get(province)
    if not province:
        yield "province", _("“{name}”的省（市）没有选择，请选择").format(name=name), "error", "required"
    elif known is None or known.level != 1:
        yield (
            "province",
            _("“{name}”的省（市）不在可选范围内，请重新选择").format(name=name),
            "error",
            "format",
        )
    elif wrong := _county_fault(known, county):
        yield "county", _("“{name}”的县（区）{wrong}").format(name=name, wrong=wrong), "error", "format"
    elif (former := regions.get(county)) and former.legacy:
        words = _("“{name}”的{full_name}（{county}）已经撤销或者更名，请选择现在的县（区）").format(
            name=name, full_name=regions.full_name(county), county=county
        )
        yield "county", words, "warning", "former"
    limit = field.max_chars or 200
    if len(detail) > limit:
        yield (
            "detail",
            _("“{name}”不能超过 {limit} 字，现有 {count} 字，请删减").format(
                name=name, limit=limit, count=len(detail)
            ),
            "error",
            "length",
        )
    elif wrong := unprintable(detail):
        yield "detail", _("“{name}”{wrong}").format(name=name, wrong=wrong), "error", "characters"


def _county_fault(province: regions.Region, county: str) -> str | None:
    if not county:
        return _("没有选择，请选择") if regions.counties(province.code) else None
    found = regions.get(county)
    if found is None or found.level != 3:
        return _("不在可选范围内，请重新选择")
    if regions.province_of(county) != province.code:
        return _("{name}不在{province}，请重新选择").format(name=found.name, province=province.name)
    return None


class _Table:
    """The check of a field with rows."""

    def __init__(self, section: Section, field: Field) -> None:
        self.field, self.whole, self.place = field, f"f-{field.key}", (section.key, field.key)
        self.path = f"{section.key}.{field.key}"
        self.least = max(field.min_rows, 1) if field.required else field.min_rows
        self.most = field.max_rows or sys.maxsize
        self.keys = [column.key for column in field.columns]
        self.checks = [(column, _text_check(column)) for column in field.columns]
        self.limits = [column.max_chars or sys.maxsize for column in field.columns]
        self.untyped = all(
            column.type in ("text", "long_text") and not column.pattern for column in field.columns
        )

    def __call__(self, value: Any, _values: Values, problems: list[Problem]) -> None:
        name = self.field.name
        if value is not None and not isinstance(value, list):
            message = _("“{name}”的{not_readable}").format(name=name, not_readable=_NOT_READABLE)
            problems.append(Problem(*self.place, self.whole, message, "error", f"{self.path}:unreadable"))
            return
        filled = 0
        seen: dict[str, int] = {}
        for number, row in enumerate(value or (), 1):
            if not is_blank(row):
                filled += 1
                self._row(number, row, seen, problems)
        if filled < self.least:
            message = _("请填写“{name}”，至少 {least} 行，现有 {filled} 行").format(
                name=name, least=self.least, filled=filled
            )
            problems.append(Problem(*self.place, self.whole, message, "error", f"{self.path}:required"))
        elif filled > self.most:
            message = _("“{name}”最多 {most} 行，现有 {filled} 行，请合并或者删减").format(
                name=name, most=self.most, filled=filled
            )
            problems.append(Problem(*self.place, self.whole, message, "error", f"{self.path}:count"))

    def _row(self, number: int, row: Any, seen: dict[str, int], problems: list[Problem]) -> None:
        if not isinstance(row, dict):
            code = f"{self.path}[{number}]:unreadable"
            problems.append(Problem(*self.place, self.whole, self._at(number, _NOT_READABLE), "error", code))
            return
        cells: list[Any] = [row.get(key) for key in self.keys]
        joined = _joined(cells)
        first = seen.setdefault(joined or repr(cells), number)
        if first != number:
            message = _("“{field}”第 {number} 行与第 {first} 行相同，请确认是否重复").format(
                field=self.field.name, number=number, first=first
            )
            anchor = f"{self.whole}-{number}-{self.keys[0]}"
            code = f"{self.path}[{number}]:repeated"
            problems.append(Problem(*self.place, anchor, message, "warning", code))
        # A row in which every cell has text that fits and prints needs no look at its single cells.
        if self.untyped and joined.isprintable() and "\ufffd" not in joined and _all_fit(cells, self.limits):
            return
        for cell, (column, test) in zip(cells, self.checks, strict=True):
            if found := _cell_fault(cell, column, test):
                anchor = f"{self.whole}-{number}-{column.key}"
                code = f"{self.path}[{number}].{column.key}:{found[2]}"
                problems.append(Problem(*self.place, anchor, self._at(number, found[0]), found[1], code))

    def _at(self, number: int, message: str) -> str:
        return _("“{field}”第 {number} 行：{message}").format(
            field=self.field.name, number=number, message=message
        )


def _joined(cells: list[Any]) -> str:
    try:
        return _BETWEEN.join(cells)
    except TypeError:
        return ""


def _cell_fault(cell: Any, column: Column, test: _Cell) -> _Said | None:
    if is_blank(cell):
        return (
            (_("请填写“{column}”").format(column=column.name), "error", "required")
            if column.required
            else None
        )
    if not isinstance(cell, str):
        return (
            _("“{column}”的{not_readable}").format(column=column.name, not_readable=_NOT_READABLE),
            "error",
            "unreadable",
        )
    return test(cell)


def _all_fit(cells: list[Any], limits: list[int]) -> bool:
    return all(cells) and all(map(str.strip, cells)) and all(map(operator.le, map(len, cells), limits))


def _contradictions(
    questionnaire: Questionnaire, answers: Mapping[str, Any], known: Visible, *, only: str | None = None
) -> list[Problem]:
    found: list[Problem] = []
    for section in questionnaire.sections:
        if only not in (None, section.key):
            continue
        for field in section.fields:
            if not field.same_as or not known.field(section.key, field.key):
                continue
            other_section, _rest, other_key = field.same_as.partition(".")
            other = questionnaire.find(field.same_as)
            mine, theirs = _value(answers, section.key, field.key), _value(answers, other_section, other_key)
            if (
                other is None
                or not known.field(other_section, other_key)
                or not isinstance(mine, str)
                or not isinstance(theirs, str)
                or not mine
                or not theirs
            ):
                continue
            if mine != theirs:
                message = _("这里的回答与“{other}”的回答不同，请改成一致").format(other=other.name)
                code = f"{section.key}.{field.key}:same_as"
                found.append(Problem(section.key, field.key, f"f-{field.key}", message, "warning", code))
    return found


def _value(answers: Mapping[str, Any], section: str, field: str) -> Any:
    values = answers.get(section)
    return values.get(field) if isinstance(values, Mapping) else None
