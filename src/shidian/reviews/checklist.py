"""The completeness checklist (形式审查要点), generated from the call and from what was handed in.

Machine findings stand beside an item and never decide it: the verdict is a person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from shidian.applications.models import Lodgement
from shidian.calls.definition import CallDefinition
from shidian.calls.queries import gates_until
from shidian.core.digests import short_code
from shidian.questionnaires.checks import Problem, check
from shidian.reviews.listings import Search, searches
from shidian.reviews.models import Check
from shidian.signoffs.models import Round
from shidian.signoffs.queries import asked


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
            Item(f"extra-{extra.key}", _("其他"), extra.label, "", "", extra.hint)
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
        finding = (
            _("自述全部符合")
            if not against
            else _("自述 {count} 项不符合：{against}").format(
                count=len(against), against=_("；").join(against)
            )
        )
        tone = "stop" if against else "done"
        key, label = f"condition-{condition.key}", _("基本条件{numeral}").format(numeral=condition.numeral)
        search = searched.get(condition.key)
        found.append(Item(key, _("基本条件"), label, finding, tone, condition.text, search))
    return found


def _sections(lodgement: Lodgement, problems: list[Problem]) -> list[Item]:
    found: list[Item] = []
    for section in lodgement.application.call.questionnaire.sections:
        if section.key == "conditions":
            continue
        mine = [problem for problem in problems if problem.section == section.key]
        finding = (
            _("各栏已填，格式无误") if not mine else _("；").join(problem.message for problem in mine[:5])
        )
        found.append(
            Item(f"section-{section.key}", _("申请书"), section.title, finding, "stop" if mine else "done")
        )
    return found


def _parties(lodgement: Lodgement) -> list[Item]:
    round_ = Round.objects.filter(version=lodgement.version_id).first()
    if round_ is None:
        return []
    due = gates_until(lodgement.application.call, lodgement.stage)
    code = short_code(lodgement.digest)
    found: list[Item] = []
    for party in asked(round_):
        signature = party.signature
        label = _("{party}：{party_2}").format(party=party.label, party_2=party.name)
        if signature is not None:
            day = _("{year} 年 {month} 月 {day} 日").format(
                year=signature.signed_on.year, month=signature.signed_on.month, day=signature.signed_on.day
            )
            said = _("{decision}，{signatory}，{day}，所见版本 {short_code}").format(
                decision=signature.get_decision_display(),
                signatory=signature.signatory,
                day=day,
                short_code=short_code(signature.digest),
            )
            fits = party.has_agreed and (signature.digest == lodgement.digest or party.carried is not None)
            finding, tone = (
                (said, "done")
                if fits
                else (_("{said}；与本版本 {code} 不符或未同意").format(said=said, code=code), "stop")
            )
        elif party.gate in due:
            finding, tone = _("没有意见"), "stop"
        else:
            finding, tone = _("本批规定在以后的环节出具，现在不必等候"), ""
        found.append(
            Item(f"party-{party.position}", _("各单位意见"), label, finding, tone, _("盖章、签名、日期齐全"))
        )
    return found


def _attachments(definition: CallDefinition, content: dict[str, Any]) -> list[Item]:
    found: list[Item] = []
    for slot in definition.attachments:
        count = sum(1 for row in content["attachments"] if row["slot"] == slot.key)
        if not count and not slot.required:
            continue
        finding, tone = (
            (_("{count} 个文件").format(count=count), "done") if count else (_("没有上传"), "stop")
        )
        found.append(Item(f"attachment-{slot.key}", _("证明材料"), slot.label, finding, tone, slot.hint))
    return found


def judged(lodgement: Lodgement) -> list[Judged]:
    """The items with the verdicts given so far."""
    latest = {row.item: row for row in lodgement.checks.select_related("by").order_by("pk")}
    return [Judged(item, latest.get(item.key)) for item in items(lodgement)]
