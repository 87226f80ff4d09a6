"""The completeness checklist (形式审查要点), generated from the call and from what was handed in.

Machine findings stand beside an item and never decide it: the verdict is a person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shidian.applications.models import Lodgement
from shidian.calls.definition import CallDefinition
from shidian.calls.queries import gates_until
from shidian.core.digests import short_code
from shidian.questionnaires.checks import Problem, check
from shidian.reviews.listings import Search, searches
from shidian.reviews.models import Check
from shidian.signoffs.models import Round
from shidian.signoffs.queries import parties


@dataclass(frozen=True, slots=True)
class Item:
    """One point to judge: `finding` is what the machine saw, `tone` its colour (done, stop or empty).

    `search` stands where the call asks about lists of units; it never colours the finding.
    """

    key: str
    group: str
    label: str
    finding: str
    tone: str
    hint: str = ""
    search: Search | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """An item with the latest verdict of a person on it, if any."""

    item: Item
    check: Check | None


def items(lodgement: Lodgement) -> list[Item]:
    """The items for one arrival, in the order: conditions, sections, parties, attachments, extras of the call."""
    call = lodgement.application.call
    content = lodgement.version.data
    problems = check(call.questionnaire, content["answers"])
    return [
        *_conditions(lodgement),
        *_sections(lodgement, problems),
        *_parties(lodgement),
        *_attachments(call.definition, content),
        *(
            Item(f"extra-{extra.key}", "其他", extra.label, "", "", extra.hint)
            for extra in call.definition.checklist
        ),
    ]


def _conditions(lodgement: Lodgement) -> list[Item]:
    definition, content = lodgement.application.call.definition, lodgement.version.data
    answers = content["answers"].get("conditions", {})
    searched = searches(definition, content)
    found: list[Item] = []
    for condition in definition.conditions:
        said = [(part, answers.get(f"{condition.key}-{part.key}", "")) for part in condition.parts]
        against = [part.question for part, value in said if value != part.qualifies]
        finding = "自述全部符合" if not against else f"自述 {len(against)} 项不符合：{'；'.join(against)}"
        tone = "stop" if against else "done"
        key, label = f"condition-{condition.key}", f"基本条件{condition.numeral}"
        search = searched.get(condition.key)
        found.append(Item(key, "基本条件", label, finding, tone, condition.text, search))
    return found


def _sections(lodgement: Lodgement, problems: list[Problem]) -> list[Item]:
    found: list[Item] = []
    for section in lodgement.application.call.questionnaire.sections:
        if section.key == "conditions":
            continue
        mine = [problem for problem in problems if problem.section == section.key]
        finding = "各栏已填，格式无误" if not mine else "；".join(problem.message for problem in mine[:5])
        found.append(
            Item(f"section-{section.key}", "申请书", section.title, finding, "stop" if mine else "done")
        )
    return found


def _parties(lodgement: Lodgement) -> list[Item]:
    round_ = Round.objects.filter(version=lodgement.version_id).first()
    if round_ is None:
        return []
    due = gates_until(lodgement.application.call, lodgement.stage)
    code = short_code(lodgement.digest)
    found: list[Item] = []
    for party in parties(round_):
        signature = party.signature
        label = f"{party.label}：{party.name}"
        if signature is not None:
            day = f"{signature.signed_on.year} 年 {signature.signed_on.month} 月 {signature.signed_on.day} 日"
            said = f"{signature.get_decision_display()}，{signature.signatory}，{day}，所见版本 {short_code(signature.digest)}"
            fits = party.has_agreed and signature.digest == lodgement.digest
            finding, tone = (said, "done") if fits else (f"{said}；与本版本 {code} 不符或未同意", "stop")
        elif party.gate in due:
            finding, tone = "没有意见", "stop"
        else:
            finding, tone = "本批规定在以后的环节出具，现在不必等候", ""
        found.append(
            Item(f"party-{party.position}", "各单位意见", label, finding, tone, "盖章、签名、日期齐全")
        )
    return found


def _attachments(definition: CallDefinition, content: dict[str, Any]) -> list[Item]:
    found: list[Item] = []
    for slot in definition.attachments:
        count = sum(1 for row in content["attachments"] if row["slot"] == slot.key)
        if not count and not slot.required:
            continue
        finding, tone = (f"{count} 个文件", "done") if count else ("没有上传", "stop")
        found.append(Item(f"attachment-{slot.key}", "证明材料", slot.label, finding, tone, slot.hint))
    return found


def judged(lodgement: Lodgement) -> list[Judged]:
    """The items with the verdicts given so far."""
    latest = {row.item: row for row in lodgement.checks.select_related("by").order_by("pk")}
    return [Judged(item, latest.get(item.key)) for item in items(lodgement)]
