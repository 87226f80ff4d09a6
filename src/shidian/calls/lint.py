"""What a call says that cannot all be true, or that its notice leaves open: warnings, each with its place.

Everything is worked out from the package; a warning that the package has decided about carries the decision and is
shown all the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from shidian.calls.definition import CopyPlan
from shidian.calls.packages import CALL, CONDITIONS, QUESTIONNAIRE, SCORING, Package
from shidian.calls.scoring import ScoreItem, written
from shidian.organisations.codes import regions
from shidian.questionnaires.expressions import conditional, never

_DIGITS = "一二三四五六七八九"
_HEADING = re.compile(rf"^\s*([{_DIGITS}十]{{1,3}})、")
_ITEM = re.compile(r"^\s*([0-9０-９]{1,2})[．.、]")


@dataclass(frozen=True, order=True)
class Warning_:  # noqa: N801 (the name without the underscore is a builtin)
    """Something to decide; `decision` is what the package says about this code, empty while it says nothing."""

    file: str
    line: int
    code: str
    message: str
    decision: str = ""

    def __str__(self) -> str:
        decided = f"\n    本包的决定：{self.decision}" if self.decision else ""
        return f"{self.file}:{self.line}：[{self.code}] {self.message}{decided}"


_Finding = tuple[str, str, tuple[str | int, ...], str]


def lint(package: Package) -> list[Warning_]:
    """All warnings of a package in order of file and line.

    Codes: copies-differ, party-before-sight, party-gate-moved, heading-skipped, label-skipped,
    deadline-not-in-notice, stage-without-dates, code-label, condition-wider, condition-not-asked, office-closes-late,
    region-not-current, required-may-hide, visible-never, rule-never-asked, rule-never-holds, paper-without-marks,
    anchors-gap, comment-never, item-without-weight, ties-undecided, trim-unused, decision-without-warning.
    """
    decisions = {decision.code: decision.text for decision in package.call.accepted_warnings}
    findings = [
        *_copies(package),
        *_parties(package),
        *_numerals(package),
        *_deadlines(package),
        *_offices(package),
        *_code_labels(package),
        *_conditions(package),
        *_hidden(package),
        *_rules(package),
        *_marks(package),
        *_scoring(package),
    ]
    found = {code for code, *_ in findings}
    for at, decision in enumerate(package.call.accepted_warnings):
        if decision.code not in found:
            message = f"本包对“{decision.code}”作了决定，但没有这样的警告，请删除或者检查写法"
            findings.append(("decision-without-warning", CALL, ("accepted_warnings", at), message))
    return sorted(
        Warning_(file, package.line(file, path), code, message, decisions.get(code, ""))
        for code, file, path, message in findings
    )


def _copies(package: Package) -> Iterator[_Finding]:
    plans = package.call.copies
    if len({plan.total for plan in plans}) < 2:
        return

    def told(plan: CopyPlan) -> str:
        return f"“{plan.label}”共 {plan.total} 份（{'通知' if plan.source == 'notice' else '申请书'}）"

    counted = next((at for at, plan in enumerate(plans) if plan.registered), 0)
    message = f"纸质份数互相矛盾：{'；'.join(told(plan) for plan in plans)}。登记按“{plans[counted].label}”"
    yield "copies-differ", CALL, ("copies", counted, "holders"), message


def _parties(package: Package) -> Iterator[_Finding]:
    call = package.call
    acting = {kind: stage for stage in reversed(call.stages) for kind in stage.kinds}
    offices = {office.name: office for office in package.offices}
    for at, party in enumerate(call.parties):
        told = party.notice_before or party.before
        office = offices.get(party.name or "")
        stage = acting.get(office.kind) if office else None
        if stage and call.gates.index(told) <= call.gates.index(stage.key):
            where = "notice_before" if party.notice_before else "before"
            gate = call.stage(told).label
            message = (
                f"{party.label}“{party.name}”须在“{gate}”之前同意，但它自己就是“{stage.label}”的受理机构，"
                "到那时才见到材料"
            )
            yield "party-before-sight", CALL, ("parties", at, where), message
        elif party.notice_before and party.notice_before != party.before:
            message = (
                f"{party.label}须同意的时间与通知不同：通知为 {party.notice_before}，本包为 {party.before}"
            )
            yield "party-gate-moved", CALL, ("parties", at, "before"), message


def _numerals(package: Package) -> Iterator[_Finding]:
    questionnaire = package.questionnaire
    headings: list[tuple[str, tuple[str | int, ...]]] = [
        (section.paper_title, ("sections", at, "paper_title"))
        for at, section in enumerate(questionnaire.sections)
        if section.paper and section.paper_title
    ]
    if questionnaire.opinions_title:
        headings.append((questionnaire.opinions_title, ("opinions_title",)))
    yield from _skipped("heading-skipped", headings, _HEADING, "{}、")
    for at, section in enumerate(questionnaire.sections):
        labels: list[tuple[str, tuple[str | int, ...]]] = [
            (asked.label, ("sections", at, "fields", position, "label"))
            for position, asked in enumerate(section.fields)
            if asked.paper and section.paper and section.key != CONDITIONS
        ]
        yield from _skipped("label-skipped", labels, _ITEM, "{}．")


def _skipped(
    code: str, titles: list[tuple[str, tuple[str | int, ...]]], pattern: re.Pattern[str], written: str
) -> Iterator[_Finding]:
    """Gaps in the numbers at the start of titles, and an unnumbered title right after the last number."""
    numbered = [
        (at, number)
        for at, (title, _) in enumerate(titles)
        if (number := _number(pattern.match(title))) is not None
    ]
    shown = _in_words if pattern is _HEADING else str
    for (before, low), (after, high) in zip([(-1, 0), *numbered], numbered, strict=False):
        if high == low + 1:
            continue
        title, path = titles[after]
        if high <= low:
            message = f"“{title}”的序号没有接着前面的“{written.format(shown(low))}”"
        else:
            missing = "".join(f"“{written.format(shown(number))}”" for number in range(low + 1, high))
            between = [titles[at][0] for at in range(before + 1, after)]
            message = f"“{title}”之前缺序号{missing}" + (f"；“{between[-1]}”没有序号" if between else "")
        yield code, QUESTIONNAIRE, path, message
    if numbered and numbered[-1][0] + 1 < len(titles):
        last, number = numbered[-1]
        title, path = titles[last + 1]
        message = (
            f"“{titles[last][0]}”之后没有“{written.format(shown(number + 1))}”；下一项是没有序号的“{title}”"
        )
        yield code, QUESTIONNAIRE, path, message


def _number(found: re.Match[str] | None) -> int | None:
    if found is None:
        return None
    text = found[1]
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (((_DIGITS.find(tens) + 1) or 1) * 10 if ten else 0) + (_DIGITS.find(ones) + 1 if ones else 0)


def _in_words(number: int) -> str:
    tens, ones = divmod(number, 10)
    ten = "" if not tens else "十" if tens == 1 else f"{_DIGITS[tens - 1]}十"
    return ten + (_DIGITS[ones - 1] if ones else "")


def _deadlines(package: Package) -> Iterator[_Finding]:
    call = package.call
    notice = re.sub(r"\s", "", package.notice)
    for at, stage in enumerate(call.stages):
        here: tuple[str | int, ...] = ("stages", at)
        for name, word in (("hand_in_until", "收件截止时间"), ("dispatch_until", "报送截止时间")):
            moment: datetime | None = getattr(stage, name)
            if moment is None or package.shifted_days:
                continue
            day = f"{moment.year}年{moment.month}月{moment.day}日"
            if day not in notice:
                message = f"“{stage.label}”的{word}为 {day} {moment:%H:%M}，通知里没有这个日期"
                yield "deadline-not-in-notice", CALL, (*here, name), message
        if at == 0 and stage.hand_in_until is None:
            yield (
                "stage-without-dates",
                CALL,
                here,
                f"“{stage.label}”没有收件截止时间，承担单位何时报送不设限",
            )
        if stage.dispatch_until is None:
            yield "stage-without-dates", CALL, here, f"“{stage.label}”没有报送截止时间"


def _offices(package: Package) -> Iterator[_Finding]:
    closing = {kind: stage for stage in reversed(package.call.stages) for kind in stage.kinds}
    for at, office in enumerate(package.offices):
        stage = closing.get(office.kind)
        until = stage.hand_in_until or stage.dispatch_until if stage else None
        if office.hand_in_until and until and office.hand_in_until > until:
            message = f"{office.name}的收件截止时间晚于“{stage.label if stage else ''}”的截止时间"
            yield "office-closes-late", "offices.yaml", (at, "hand_in_until"), message
        region = regions.get(office.region)
        if region and region.legacy:
            message = f"{office.name}的行政区划代码 {office.region}（{region.name}）已经停用"
            yield "region-not-current", "offices.yaml", (at, "region"), message


def _code_labels(package: Package) -> Iterator[_Finding]:
    for at, section in enumerate(package.questionnaire.sections):
        for position, asked in enumerate(section.fields):
            if asked.type == "unit_code" and asked.paper and "社会信用代码" not in asked.label:
                message = (
                    f"表中写“{asked.label}”；这里接受 18 位统一社会信用代码和 9 位组织机构代码，比表中写的宽"
                )
                yield "code-label", QUESTIONNAIRE, ("sections", at, "fields", position, "label"), message


def _conditions(package: Package) -> Iterator[_Finding]:
    conditions = package.call.conditions
    asks_any = any(part.asked_by for condition in conditions for part in condition.parts)
    for at, condition in enumerate(conditions):
        asked = [part for part in condition.parts if part.asked_by]
        others = [part for part in condition.parts if not part.asked_by]
        if asked and others:
            message = f"条件{condition.numeral}有 {len(condition.parts)} 项，表中只问了其中 {len(asked)} 项"
            yield "condition-wider", CALL, ("conditions", at, "text"), message
    if conditions and not asks_any:
        message = "表中没有一个字段对应基本条件，条件只在屏幕上回答"
        yield "condition-not-asked", CALL, ("conditions",), message


def _hidden(package: Package) -> Iterator[_Finding]:
    """Conditions that never show anything, and those that can leave a box of the official form blank."""
    questionnaire = package.questionnaire
    places = {section.key: at for at, section in enumerate(questionnaire.sections)}
    for section, asked, condition in conditional(questionnaire):
        path: tuple[str | int, ...] = ("sections", places[section.key])
        if asked is not None:
            path = (*path, "fields", list(section.by_key).index(asked.key))
        name = asked.name if asked else section.title
        if section.key == CONDITIONS:
            continue
        if never(questionnaire, condition):
            message = f"“{name}”的 visible_when 在试算的各种答案下都不成立，可能永远不会出现：{condition}"
            yield "visible-never", QUESTIONNAIRE, (*path, "visible_when"), message
        boxes = [field for field in ([asked] if asked else section.fields) if field.paper and field.required]
        if section.paper and boxes:
            named = "、".join(f"“{field.name}”" for field in boxes)
            message = f"不出现时，申请书上的必填栏{named}印成空白"
            yield "required-may-hide", QUESTIONNAIRE, (*path, "visible_when"), message


def _rules(package: Package) -> Iterator[_Finding]:
    questionnaire = package.questionnaire
    for at, rule in enumerate(questionnaire.rules):
        by_row = questionnaire.find(f"{rule.section}.{rule.field}") if rule.column else None
        if rule.when and never(questionnaire, rule.when, by_row):
            message = f"规则“{rule.key}”的 when 在试算的各种答案下都不成立，可能永远不会检查"
            yield "rule-never-asked", QUESTIONNAIRE, ("rules", at, "when"), message
        if never(questionnaire, rule.must, by_row):
            message = f"规则“{rule.key}”的 must 在试算的各种答案下都不成立，可能怎么填都不对"
            yield "rule-never-holds", QUESTIONNAIRE, ("rules", at, "must"), message


def _marks(package: Package) -> Iterator[_Finding]:
    for name in type(package.call.papers).model_fields:
        path = getattr(package.call.papers, name)
        template = package.files.get(path, b"").decode(errors="replace") if path else ""
        if template and "corner-marks(" not in template:
            message = f"模板 {path} 没有用 corner-marks，印出的纸没有页面标记，扫描件不能自动归位"
            yield "paper-without-marks", CALL, ("papers", name), message


def _scoring(package: Package) -> Iterator[_Finding]:
    scoring = package.scoring
    if scoring is None:
        return
    for at, item in enumerate(scoring.items):
        here: tuple[str | int, ...] = ("items", at)
        if not item.weight:
            yield "item-without-weight", SCORING, (*here, "weight"), f"“{item.label}”的权重是 0，评了也不计分"
        if item.comment_below is not None and not 0 < item.comment_below <= item.points:
            message = f"“{item.label}”的 comment_below 不在 0 和 {written(item.points)} 之间"
            yield "comment-never", SCORING, (*here, "comment_below"), message
        if item.anchors:
            yield from _anchors(item, here)
    formula = scoring.formula
    if not formula.ties:
        yield "ties-undecided", SCORING, ("formula", "ties"), "得分相同时没有规则，都算并列"
    if formula.result == "trimmed" and formula.trim_from > 9:
        message = f"要有 {formula.trim_from} 份评分表才去掉最高分和最低分，通常不会有这么多"
        yield "trim-unused", SCORING, ("formula", "trim_from"), message


def _anchors(item: ScoreItem, here: tuple[str | int, ...]) -> Iterator[_Finding]:
    """Points that no judgement covers, or two."""
    bands = sorted((band.low, band.high, band.label) for band in item.anchors)
    ends = [(-item.step, -item.step, ""), *bands, (item.points + item.step, item.points, "")]
    for (_low, high, label), (low, _high, following) in pairwise(ends):
        if low > high + item.step:
            first, last = written(high + item.step), written(low - item.step)
            points = f"{first} 分" if first == last else f"{first} 至 {last} 分"
            yield "anchors-gap", SCORING, (*here, "anchors"), f"“{item.label}”的 {points}没有说明是什么水平"
        elif low <= high:
            message = f"“{item.label}”的 {written(low)} 分既是“{label}”又是“{following}”"
            yield "anchors-gap", SCORING, (*here, "anchors"), message
