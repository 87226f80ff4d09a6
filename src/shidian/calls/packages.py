"""A call package read from its folder: every fault named by file and line, one digest over all files.

A published call keeps `Package.to_json()`, which holds the files themselves, so a stored call needs no folder. The
generated parts (the section of conditions, the choices of an area field) are made on every reading, never stored.
"""

import base64
import binascii
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shidian.calls import letters, marked
from shidian.calls.definition import (
    LIST_FACTS,
    PUBLIC_FACTS,
    AttachmentSlot,
    CallDefinition,
    Condition,
    ConditionPart,
    OfficeDefinition,
    PartyRole,
    Stage,
    in_zone,
)
from shidian.calls.scoring import Scoring
from shidian.core.canonical import digest_json
from shidian.core.digests import sha256_of_bytes
from shidian.core.errors import Invalid
from shidian.organisations.codes import regions
from shidian.questionnaires.definition import Choice, Field, Questionnaire, Section, Value
from shidian.questionnaires.expressions import alias, faults

CALL, QUESTIONNAIRE, OFFICES, NOTICE = "call.yaml", "questionnaire.yaml", "offices.yaml", "notice.txt"
SCORING = "scoring.yaml"
"""How experts score; a call without experts has no such file."""
CONDITIONS = "conditions"
"""Key of the generated section in which the conditions are answered one by one."""

MAX_TEXT, MAX_FILE, MAX_TOTAL, MAX_FILES = 1 << 20, 10 << 20, 30 << 20, 200
FORMAT = 1

PARTY_COLUMNS = ("name", "code", "contact", "phone")
_USES: dict[str, tuple[str, ...]] = {
    "name": ("text",),
    "period": ("month_range",),
    "area": ("area",),
    "lead_name": ("text",),
    "lead_code": ("unit_code",),
    "region": ("region",),
    "contact": ("text",),
    "phone": ("phone",),
}

T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Problem:
    """A fault of a package, at a line that counts from 1."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}：{self.message}"


class PackageErrors(Invalid):
    """The folder is no call package; `problems` lists every fault, in order of file and line."""

    problems: list[Problem]

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = sorted(set(problems))
        super().__init__("征集包有误：\n" + "\n".join(str(problem) for problem in found), found)


@dataclass(frozen=True)
class Package:
    """A call package that is fit to be published.

    `files` holds every file by its path in the folder; `digest` is over all of them (and over the shift, if any).
    """

    call: CallDefinition
    questionnaire: Questionnaire
    offices: list[OfficeDefinition]
    files: dict[str, bytes]
    digest: str
    shifted_days: int = 0
    scoring: Scoring | None = None
    folder: Path | None = field(default=None, compare=False)
    lines: dict[str, dict[marked.Path, int]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def notice(self) -> str:
        """The words of the notice."""
        return self.files[NOTICE].decode("utf-8")

    def line(self, file: str, path: marked.Path) -> int:
        """The line of a path in one of the YAML files, or of what encloses it."""
        return marked.Marked(lines=self.lines.get(file, {})).line(path)

    def office(self, key: str) -> OfficeDefinition:
        """The office with this key; KeyError if there is none."""
        for office in self.offices:
            if office.key == key:
                return office
        raise KeyError(key)

    def shifted(self, to: date) -> "Package":
        """The same call as if it had been issued on `to`: every date and time moves by the same number of days.

        It is another call, so its key ends in `-demo` and its reference prefix in D, and both can be loaded side by
        side. The words of the notice stay, so a date in its text is that of the original.
        """
        return _shift(self, (to - self.call.issued_on).days)

    def to_json(self) -> dict[str, Any]:
        """Everything that `from_json` needs, as JSON values; files in base64."""
        return {
            "format": FORMAT,
            "files": {
                path: base64.b64encode(content).decode("ascii") for path, content in self.files.items()
            },
            "shifted_days": self.shifted_days,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Package":
        """The package that `to_json` wrote.

        Only the shape is checked again, not how the parts fit together: a rule that was added later must not make an
        old call unreadable. PackageErrors when the value is no stored package.
        """
        try:
            files = {
                str(p): base64.b64decode(content, validate=True) for p, content in stored["files"].items()
            }
            days = stored["shifted_days"]
            known = stored["format"] == FORMAT and isinstance(days, int)
        except (KeyError, TypeError, AttributeError, ValueError, binascii.Error) as wrong:
            raise PackageErrors([Problem(CALL, 1, "保存的征集包已损坏")]) from wrong
        if not known:
            raise PackageErrors([Problem(CALL, 1, "保存的征集包格式不认识")])
        return _shift(_build(files, None, strict=False), days)


def read(folder: Path) -> Package:
    """Read a call package from a folder.

    Refused with PackageErrors, all faults together: files that are missing, too large or links; YAML that is not plain;
    unknown or missing keys, wrong types; references that lead nowhere; times in the wrong order; missing templates.
    """
    return _build(_files(folder), folder, strict=True)


def _files(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise PackageErrors([Problem(str(folder), 1, "没有这个文件夹")])
    problems: list[Problem] = []
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in PurePosixPath(name).parts):
            continue
        if path.is_symlink():
            problems.append(Problem(name, 1, "征集包里不能有链接，请放入文件本身"))
            continue
        if not path.is_file():
            continue
        limit = MAX_TEXT if path.suffix in (".yaml", ".txt") else MAX_FILE
        size = path.stat().st_size
        total += size
        if size > limit:
            problems.append(Problem(name, 1, f"文件有 {size} 字节，超过上限 {limit} 字节"))
        elif total > MAX_TOTAL or len(files) >= MAX_FILES:
            problems.append(Problem(name, 1, f"征集包超过上限（{MAX_FILES} 个文件、共 {MAX_TOTAL} 字节）"))
            break
        else:
            files[name] = path.read_bytes()
    if problems:
        raise PackageErrors(problems)
    return files


def _build(files: dict[str, bytes], folder: Path | None, *, strict: bool) -> Package:
    required = (CALL, QUESTIONNAIRE, OFFICES, NOTICE)
    problems = [Problem(name, 1, "缺少这个文件") for name in required if name not in files]
    texts = {
        name: text
        for name in (CALL, QUESTIONNAIRE, OFFICES, SCORING)
        if name in files and (text := _parse(name, files[name], problems)) is not None
    }
    call = _validate(CALL, TypeAdapter(CallDefinition), texts, problems)
    questionnaire = _validate(QUESTIONNAIRE, TypeAdapter(Questionnaire), texts, problems)
    offices = _validate(OFFICES, TypeAdapter(list[OfficeDefinition]), texts, problems)
    scoring = _validate(SCORING, TypeAdapter(Scoring), texts, problems)
    if NOTICE in files:
        try:
            files[NOTICE].decode("utf-8")
        except UnicodeDecodeError as wrong:
            line = files[NOTICE].count(b"\n", 0, wrong.start) + 1
            problems.append(Problem(NOTICE, line, "文件不是 UTF-8 编码，请另存为 UTF-8"))
    if strict and call and questionnaire and offices is not None:
        for file, path, message in _misfits(call, questionnaire, offices, files):
            problems.append(Problem(file, texts[file].line(path), message))
    if problems or not call or not questionnaire or offices is None:
        raise PackageErrors(problems)
    return Package(
        call=_with_evidence(call),
        questionnaire=_completed(call, questionnaire),
        offices=[
            o.model_copy(update={"hand_in_until": in_zone(o.hand_in_until, call.zone)}) for o in offices
        ],
        files=files,
        digest=_digest(files, 0),
        scoring=scoring,
        folder=folder,
        lines={name: text.lines for name, text in texts.items()},
    )


def _digest(files: Mapping[str, bytes], shifted_days: int) -> str:
    content: dict[str, Any] = {"files": {path: sha256_of_bytes(data) for path, data in files.items()}}
    if shifted_days:
        content["shifted_days"] = shifted_days
    return digest_json(content)


def _shift(package: Package, days: int) -> Package:
    if not days:
        return package
    total = package.shifted_days + days
    original = _build(package.files, package.folder, strict=False) if package.shifted_days else package
    if not total:
        return original
    by = timedelta(days=total)
    names = {"key": f"{original.call.key}-demo", "prefix": f"{original.call.prefix[:7]}D"}
    offices = [
        office.model_copy(update={"hand_in_until": office.hand_in_until + by})
        if office.hand_in_until
        else office
        for office in original.offices
    ]
    return replace(
        original,
        call=original.call.shifted(total).model_copy(update=names),
        offices=offices,
        shifted_days=total,
        digest=_digest(original.files, total),
    )


# Reading and validating one file


def _parse(name: str, content: bytes, problems: list[Problem]) -> marked.Marked | None:
    try:
        text = marked.parse(content)
    except marked.NotReadable as wrong:
        problems.append(Problem(name, wrong.line, wrong.message))
        return None
    problems.extend(Problem(name, line, message) for line, message in text.faults)
    return text


def _validate(
    name: str, adapter: TypeAdapter[T], texts: Mapping[str, marked.Marked], problems: list[Problem]
) -> T | None:
    text = texts.get(name)
    if text is None:
        return None
    try:
        return adapter.validate_json(orjson.dumps(text.data), strict=True)
    except ValidationError as wrong:
        for error in wrong.errors(include_url=False):
            path = tuple(error["loc"])
            problems.append(Problem(name, text.line(path), _in_chinese(path, error)))
        return None


_NO_DAY = "{where}不是有效日期，应写成 2023-06-13"
_NO_MOMENT = "{where}不是有效的日期时间，应写成 2023-07-31T17:00:00"
_MESSAGES = {
    "missing": "缺少{where}",
    "extra_forbidden": "不认识的键{where}，请检查拼写",
    "string_type": "{where}应为文字；数字、true、false 请加引号",
    "string_pattern_mismatch": "{where}的写法不对，应符合 {pattern}",
    "string_too_short": "{where}不能为空",
    "string_too_long": "{where}太长，不能超过 {max_length} 个字符",
    "int_type": "{where}应为整数",
    "bool_type": "{where}应为 true 或 false",
    "list_type": "{where}应为列表（每项以“- ”开头）",
    "too_short": "{where}不能为空",
    "model_type": "{where}应为一组“键: 值”",
    "literal_error": "{where}不在允许的值之内，应为：{expected}",
    "greater_than_equal": "{where}不能小于 {ge}",
    "less_than_equal": "{where}不能大于 {le}",
    "date_type": _NO_DAY,
    "date_parsing": _NO_DAY,
    "date_from_datetime_parsing": _NO_DAY,
    "datetime_type": _NO_MOMENT,
    "datetime_parsing": _NO_MOMENT,
    "value_error": "{error}",
}


def _in_chinese(path: marked.Path, error: ErrorDetails) -> str:
    last = path[-1] if path else "文件"
    where = f"第 {last + 1} 项" if isinstance(last, int) else f"“{last}”"
    context = dict(error.get("ctx", {}))
    if "expected" in context:
        context["expected"] = str(context["expected"]).replace(" or ", "、").replace(", ", "、")
    return _MESSAGES.get(error["type"], "{where}的内容不对").format(where=where, **context)


# How the parts fit together

Misfit = tuple[str, marked.Path, str]


def _misfits(
    call: CallDefinition,
    questionnaire: Questionnaire,
    offices: list[OfficeDefinition],
    files: Mapping[str, bytes],
) -> Iterator[Misfit]:
    yield from _repeated_keys(call, offices)
    yield from _bad_parties(call, questionnaire)
    yield from _bad_stages(call, offices)
    yield from _bad_offices(call, offices)
    yield from _bad_references(call, questionnaire, files)
    yield from _bad_conditions(call, questionnaire)
    yield from _bad_sections(call, questionnaire)
    yield from _bad_expressions(call, questionnaire)
    yield from _bad_pictures(call, questionnaire)
    yield from _bad_phrases(call, questionnaire)
    for at, letter in enumerate(call.letters):
        for place, message in letters.faults(letter.kind, letter.subject, letter.text):
            yield CALL, ("letters", at, place), message


def _repeated_keys(call: CallDefinition, offices: list[OfficeDefinition]) -> Iterator[Misfit]:
    def repeated(file: str, path: marked.Path, keys: list[str], name: str) -> Iterator[Misfit]:
        for at, key in enumerate(keys):
            if key in keys[:at]:
                yield file, (*path, at, name), f"“{key}”重复，每一项要有自己的 {name}"

    yield from repeated(CALL, ("conditions",), [c.key for c in call.conditions], "key")
    for at, condition in enumerate(call.conditions):
        yield from repeated(CALL, ("conditions", at, "parts"), [part.key for part in condition.parts], "key")
    yield from repeated(CALL, ("parties",), [party.role for party in call.parties], "role")
    yield from repeated(CALL, ("stages",), [stage.key for stage in call.stages], "key")
    yield from repeated(CALL, ("office_kinds",), [kind.kind for kind in call.office_kinds], "kind")
    yield from repeated(CALL, ("copies",), [plan.key for plan in call.copies], "key")
    for at, plan in enumerate(call.copies):
        yield from repeated(CALL, ("copies", at, "holders"), [holder.key for holder in plan.holders], "key")
    yield from repeated(CALL, ("attachments",), [slot.key for slot in call.attachments], "key")
    yield from repeated(CALL, ("checklist",), [item.key for item in call.checklist], "key")
    yield from repeated(CALL, ("list_columns",), [column.key for column in call.list_columns], "key")
    yield from repeated(CALL, ("accepted_warnings",), [d.code for d in call.accepted_warnings], "code")
    yield from repeated(CALL, ("letters",), [letter.kind for letter in call.letters], "kind")
    yield from repeated(OFFICES, (), [office.key for office in offices], "key")

    def areas(found: list[Any], path: marked.Path) -> Iterator[Misfit]:
        yield from repeated(CALL, path, [area.key for area in found], "key")
        for at, area in enumerate(found):
            yield from areas(area.children, (*path, at, "children"))

    yield from areas(call.areas, ("areas",))


def _bad_scope(
    call: CallDefinition, questionnaire: Questionnaire, party: PartyRole, here: marked.Path
) -> Iterator[Misfit]:
    if party.vouches_for is None:
        return
    there: marked.Path = (*here, "vouches_for")
    slots = {slot.key for slot in call.attachments} | set(call.evidence_slots.values())
    sections = {section.key for section in questionnaire.sections} | {CONDITIONS}
    for at, section in enumerate(party.vouches_for.sections):
        if section not in sections:
            yield CALL, (*there, "sections", at), f"表单里没有部分“{section}”"
    for at, path in enumerate(party.vouches_for.fields):
        if questionnaire.find(path) is None:
            yield CALL, (*there, "fields", at), f"表单里没有栏目“{path}”，应写成 部分.栏目"
    for at, slot in enumerate(party.vouches_for.attachments):
        if slot not in slots:
            yield CALL, (*there, "attachments", at), f"没有材料类别“{slot}”"


def _bad_parties(call: CallDefinition, questionnaire: Questionnaire) -> Iterator[Misfit]:
    roles = {party.role for party in call.parties}
    for at, apart in enumerate(call.signing.separate):
        for number, role in enumerate(apart):
            if role not in roles:
                yield CALL, ("signing", "separate", at, number), f"parties 里没有角色“{role}”"
    gates = "、".join(call.gates)
    for at, party in enumerate(call.parties):
        here: marked.Path = ("parties", at)
        yield from _bad_scope(call, questionnaire, party, here)
        if party.before not in call.gates:
            yield CALL, (*here, "before"), f"before“{party.before}”不是阶段，也不是终点；可以写：{gates}"
        if party.notice_before and party.notice_before not in call.gates:
            yield (
                CALL,
                (*here, "notice_before"),
                f"notice_before“{party.notice_before}”不是阶段；可以写：{gates}",
            )
        if party.prints_on not in type(call.papers).model_fields:
            yield CALL, (*here, "prints_on"), f"prints_on“{party.prints_on}”不是 papers 里的名称"
        if party.name is not None and _several(party):
            yield CALL, (*here, "name"), "写了固定的 name，就只有一个单位，请写 maximum: 1"
        if party.names_from and (wrong := _bad_source(party, questionnaire.find(party.names_from))):
            yield CALL, (*here, "names_from"), f"names_from“{party.names_from}”{wrong}"


def _several(party: PartyRole) -> bool:
    return party.minimum > 1 or party.maximum != 1


def _bad_source(party: PartyRole, asked: Field | None) -> str | None:
    if asked is None:
        return "不是问卷里的字段"
    if asked.type == "rows":
        missing = [key for key in PARTY_COLUMNS if key not in {column.key for column in asked.columns}]
        return f"缺少列：{'、'.join(missing)}" if missing else None
    if asked.type != "text":
        return f"应为 text 或 rows 字段，现为 {asked.type}"
    return "只能填一个名称，请写 maximum: 1，或者改用 type: rows 的字段" if _several(party) else None


def _bad_stages(call: CallDefinition, offices: list[OfficeDefinition]) -> Iterator[Misfit]:
    kinds = {kind.kind for kind in call.office_kinds}
    manned = {office.kind for office in offices}
    last = None
    for at, stage in enumerate(call.stages):
        here: marked.Path = ("stages", at)
        if stage.key == call.destination.key:
            yield CALL, ("destination", "key"), f"终点“{stage.key}”与阶段同名"
        for position, kind in enumerate(stage.kinds):
            if kind not in kinds:
                yield CALL, (*here, "kinds", position), f"“{kind}”不在 office_kinds 里"
        if not manned.intersection(stage.kinds):
            yield CALL, (*here, "kinds"), f"{OFFICES} 里没有一个机构属于阶段“{stage.key}”"
        times = [
            (name, moment)
            for name in ("opens", "hand_in_until", "dispatch_until")
            if (moment := getattr(stage, name)) is not None
        ]
        for (early, before), (late, after) in itertools.pairwise(times):
            if after <= before:
                yield CALL, (*here, late), f"{late} 应晚于 {early}"
        if last and stage.dispatch_until and stage.dispatch_until <= last:
            yield CALL, (*here, "dispatch_until"), "dispatch_until 应晚于前一阶段"
        last = stage.dispatch_until or last
        yield from _bad_quota(call, stage, here, offices)


def _bad_quota(
    call: CallDefinition, stage: Stage, here: marked.Path, offices: list[OfficeDefinition]
) -> Iterator[Misfit]:
    if stage.quota is None:
        return
    keys = {office.key for office in offices if office.kind in stage.kinds}
    areas = {area.key for area in call.areas}
    for key in stage.quota.offices:
        if key not in keys:
            yield CALL, (*here, "quota", "offices", key), f"“{key}”不是阶段“{stage.key}”的机构"
    for key in stage.quota.areas:
        if key not in areas:
            yield CALL, (*here, "quota", "areas", key), f"“{key}”不是第一级的重点领域"
    if stage.key == call.stages[-1].key and stage.quota.waived_by == "receiver":
        yield (
            CALL,
            (*here, "quota"),
            "最后一级的接收机构不在系统内，quota 要写 waived_by: approver",
        )


def _bad_offices(call: CallDefinition, offices: list[OfficeDefinition]) -> Iterator[Misfit]:
    kinds = {kind.kind for kind in call.office_kinds}
    for at, office in enumerate(offices):
        if office.kind not in kinds:
            known = "、".join(sorted(kinds))
            yield (
                OFFICES,
                (at, "kind"),
                f"机构“{office.key}”的 kind“{office.kind}”不在 office_kinds 里；可以写：{known}",
            )
        if office.region and not regions.exists(office.region):
            yield OFFICES, (at, "region"), f"机构“{office.key}”的 region“{office.region}”不在行政区划代码表里"
    keys = {office.key for office in offices}
    if call.delivery.office not in keys:
        yield CALL, ("delivery", "office"), f"“{call.delivery.office}”不是 {OFFICES} 里的机构"
    if call.delivery.after_stage not in {stage.key for stage in call.stages}:
        yield CALL, ("delivery", "after_stage"), f"“{call.delivery.after_stage}”不是阶段"


def _bad_references(
    call: CallDefinition, questionnaire: Questionnaire, files: Mapping[str, bytes]
) -> Iterator[Misfit]:
    for name, types in _USES.items():
        path = getattr(call.uses, name)
        if path is None:
            continue
        asked = questionnaire.find(path)
        if asked is None:
            yield CALL, ("uses", name), f"uses.{name}“{path}”不是问卷里的字段"
        elif asked.type not in types:
            yield CALL, ("uses", name), f"uses.{name}“{path}”应为 {'、'.join(types)} 字段，现为 {asked.type}"
    for at, path in enumerate(call.experts.withheld):
        if questionnaire.find(path) is None:
            yield CALL, ("experts", "withheld", at), f"experts.withheld“{path}”不是问卷里的字段"
    yield from _bad_columns(call)
    yield from _bad_public_columns(call)
    registered = [at for at, plan in enumerate(call.copies) if plan.registered]
    if call.copies and len(registered) != 1:
        yield CALL, ("copies",), "copies 里必须有一个、而且只有一个写 registered: true（登记时按它清点）"
    for name in type(call.papers).model_fields:
        path = getattr(call.papers, name)
        if path is not None and path not in files:
            yield CALL, ("papers", name), f"没有模板文件 {path}"


def _bad_conditions(call: CallDefinition, questionnaire: Questionnaire) -> Iterator[Misfit]:
    for at, condition in enumerate(call.conditions):
        for position, part in enumerate(condition.parts):
            asked = questionnaire.find(part.asked_by) if part.asked_by else None
            if part.asked_by and (asked is None or asked.type != "yes_no"):
                here = ("conditions", at, "parts", position, "asked_by")
                yield CALL, here, f"asked_by“{part.asked_by}”不是问卷里的 yes_no 字段"
            if part.slot and part.slot not in {slot.key for slot in call.attachments}:
                here = ("conditions", at, "parts", position, "slot")
                yield CALL, here, f"slot“{part.slot}”不是 attachments 里的材料"
            elif part.evidence and not part.slot and len(_evidence_key(condition, part)) > LONGEST_SLOT:
                here = ("conditions", at, "parts", position, "key")
                words = f"这一问要有自己的材料，“{_evidence_key(condition, part)}”超过 {LONGEST_SLOT} 个字符，请缩短 key"
                yield CALL, here, words


def _bad_columns(call: CallDefinition) -> Iterator[Misfit]:
    for at, column in enumerate(call.list_columns):
        if column.value not in LIST_FACTS and column.value not in {party.role for party in call.parties}:
            yield (
                CALL,
                ("list_columns", at, "value"),
                f"清单列的 value“{column.value}”既不是 {'、'.join(sorted(LIST_FACTS))} 之一，也不是 parties 里的角色",
            )
        if column.value in ("region", "contact", "phone") and getattr(call.uses, column.value) is None:
            yield (
                CALL,
                ("list_columns", at, "value"),
                f"清单列“{column.value}”要用 uses.{column.value}，没有写",
            )


def _bad_public_columns(call: CallDefinition) -> Iterator[Misfit]:
    roles = {party.role for party in call.parties}
    for at, column in enumerate(call.publicity.columns):
        if column.value not in PUBLIC_FACTS and column.value not in roles:
            yield (
                CALL,
                ("publicity", "columns", at, "value"),
                f"公示列的 value“{column.value}”既不是 {'、'.join(sorted(PUBLIC_FACTS))} 之一，也不是 parties 里的角色",
            )


def _bad_sections(call: CallDefinition, questionnaire: Questionnaire) -> Iterator[Misfit]:
    roles = {party.role for party in call.parties}
    for at, section in enumerate(questionnaire.sections):
        here: marked.Path = ("sections", at)
        if section.key == CONDITIONS:
            yield (
                QUESTIONNAIRE,
                (*here, "key"),
                f"“{CONDITIONS}”由 {CALL} 的 conditions 自动生成，请换一个名字",
            )
        for position, derived in enumerate(section.derived):
            kind, _, role = derived.source.partition(":")
            known = (
                role in roles
                if kind == "party"
                else derived.source == "date" or questionnaire.find(derived.source) is not None
            )
            if not known:
                message = f"source“{derived.source}”不是字段、party:角色或 date"
                yield QUESTIONNAIRE, (*here, "derived", position, "source"), message
        for position, asked in enumerate(section.fields):
            if asked.type == "area" and asked.choices:
                message = f"重点领域由 {CALL} 的 areas 自动生成，请删除 choices"
                yield QUESTIONNAIRE, (*here, "fields", position, "choices"), message
            if asked.same_as and questionnaire.find(asked.same_as) is None:
                message = f"same_as“{asked.same_as}”不是问卷里的字段"
                yield QUESTIONNAIRE, (*here, "fields", position, "same_as"), message


def _bad_expressions(call: CallDefinition, questionnaire: Questionnaire) -> Iterator[Misfit]:
    """Rules and conditions, judged with the generated section; facts that lists and parties need must not be hidden."""
    try:
        completed = _completed(call, questionnaire)
    except ValidationError:
        return  # what cannot be put together is told already
    for path, message in faults(completed):
        yield QUESTIONNAIRE, path, message
    needed = [(("uses", name), getattr(call.uses, name)) for name in type(call.uses).model_fields]
    needed += [(("parties", str(at)), party.names_from) for at, party in enumerate(call.parties)]
    for (kind, name), path in needed:
        asked = questionnaire.find(path) if path else None
        if asked and (asked.visible_when or questionnaire.section(path.partition(".")[0]).visible_when):
            where: marked.Path = ("uses", name) if kind == "uses" else (kind, int(name), "names_from")
            yield CALL, where, f"“{path}”写了 visible_when，可能不问；清单和各方要用的字段必须总是问"


# What is generated


def _bad_pictures(call: CallDefinition, questionnaire: Questionnaire) -> Iterator[Misfit]:
    if questionnaire.pictures is None:
        return
    for at, slot in enumerate(call.attachments):
        if slot.key == questionnaire.pictures:
            if not set(slot.formats) <= {"jpeg", "png"}:
                yield CALL, ("attachments", at, "formats"), "放插图的材料只能是 jpeg、png"
            return
    words = f"pictures“{questionnaire.pictures}”不是 call.yaml 的 attachments 里的材料"
    yield QUESTIONNAIRE, ("pictures",), words


def _bad_phrases(call: CallDefinition, questionnaire: Questionnaire) -> Iterator[Misfit]:
    known = {"", CONDITIONS, "attachments", *questionnaire.by_key}
    for at, phrase in enumerate(call.corrections.phrases):
        if phrase.section not in known:
            here = ("corrections", "phrases", at, "section")
            yield CALL, here, f"section“{phrase.section}”不是问卷里的部分，也不是 attachments"


def _completed(call: CallDefinition, questionnaire: Questionnaire) -> Questionnaire:
    choices = [Choice(value=path, label=label) for path, label in call.area_labels.items()]

    def complete(section: Section, asked: Field) -> Field:
        if asked.type == "area":
            return asked.model_copy(update={"choices": choices})
        if f"{section.key}.{asked.key}" == call.uses.period and not asked.expected_months:
            return asked.model_copy(update={"expected_months": call.default_months})
        return asked

    sections = [
        Section(**(_parts(section) | {"fields": [complete(section, asked) for asked in section.fields]}))
        for section in questionnaire.sections
    ]
    if call.conditions:
        sections.append(_conditions(call.conditions))
    return Questionnaire(**(_parts(questionnaire) | {"sections": sections}))


def _parts(value: Value) -> dict[str, Any]:
    # A new object instead of a copy: a copy would carry along what cached properties have computed.
    return {name: getattr(value, name) for name in type(value).model_fields}


def _conditions(conditions: list[Condition]) -> Section:
    """The section in which every part of every condition is answered; an answer that does not qualify is a warning."""
    return Section(
        key=CONDITIONS,
        mark="核",
        title="基本条件",
        paper=False,
        guidance=[f"{condition.numeral}{condition.text}" for condition in conditions],
        fields=[
            asked for condition in conditions for part in condition.parts for asked in _part(condition, part)
        ],
    )


LONGEST_SLOT = 40


def _evidence_key(condition: Condition, part: ConditionPart) -> str:
    return f"condition-{condition.key}-{part.key}"


def _with_evidence(call: CallDefinition) -> CallDefinition:
    """The call with a slot for the files of every question that wants evidence and names no slot."""
    known = {slot.key for slot in call.attachments}
    own = [
        AttachmentSlot(
            key=key,
            label=f"基本条件{condition.numeral}：{part.question.rstrip('？?')}",
            hint="能够证明这一条的文件、说明或者照片。",
            maximum=5,
            formats=["pdf", "jpeg", "png", "docx"],
        )
        for condition in call.conditions
        for part in condition.parts
        if part.evidence and not part.slot and (key := _evidence_key(condition, part)) not in known
    ]
    return call.model_copy(update={"attachments": [*call.attachments, *own]}) if own else call


def _part(condition: Condition, part: ConditionPart) -> tuple[Field, Field]:
    """The question and its words: where it can be seen; or, once the answer does not qualify, how that came about."""
    key, group = f"{condition.key}-{part.key}", f"{condition.numeral}{condition.text}"
    short = part.question.rstrip("？?")
    answer = Field(
        key=key,
        label=part.question,
        type="yes_no",
        required=True,
        paper=False,
        group=group,
        qualifies=part.qualifies,
        explain=part.explain,
        same_as=part.asked_by,
    )
    note = Field(
        key=f"{key}-note",
        label=f"{short}：{'依据' if part.evidence else '说明'}",
        type="text",
        required=True,
        paper=False,
        group=group,
        max_chars=500,
        hint="写明可以查到的文件、机构或者人员。"
        if part.evidence
        else "写清时间、经过、处理结果或者现在的打算；是否符合，由受理机构判断。",
        visible_when=None
        if part.evidence
        else f"{CONDITIONS}.{alias(key)} == '{'no' if part.qualifies == 'yes' else 'yes'}'",
    )
    return answer, note
