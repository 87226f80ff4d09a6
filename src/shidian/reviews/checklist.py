"""The completeness checklist (形式审查要点), generated from the call and from what was handed in.

Machine findings stand beside an item and never decide it: the verdict is a person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from shidian.applications.models import Application, Lodgement
from shidian.applications.scanned import seen_in
from shidian.calls.definition import CallDefinition
from shidian.calls.queries import gates_until
from shidian.core.digests import short_code
from shidian.core.language import date_words
from shidian.questionnaires.checks import Problem, check
from shidian.reviews.findings import Finding, of_section, of_signature
from shidian.reviews.listings import Search, searches
from shidian.reviews.models import Check
from shidian.reviews.similar import alike
from shidian.signoffs.models import Round


@dataclass(frozen=True, slots=True)
class Item:
    """One point to judge: `finding` is what the machine saw, `tone` its colour (done, stop or empty).

    `search` stands where the call asks about lists of units; it never colours the finding. `compared`: what was found is
    shown on the page of applications that are alike. `findings` are what else the machine saw (`reviews.findings`).
    """

    key: str
    group: str
    label: str
    finding: str
    tone: str
    hint: str = ""
    search: Search | None = None
    compared: bool = False
    findings: tuple[Finding, ...] = ()


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
            Item(
                f"extra-{extra.key}",
                _("其他"),
                extra.label,
                _alike(lodgement) if extra.machine == "alike" else "",
                "",
                extra.hint,
                compared=extra.machine == "alike",
            )
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
    answers = lodgement.version.data["answers"]
    for section in lodgement.application.call.questionnaire.sections:
        if section.key == "conditions":
            continue
        mine = [problem for problem in problems if problem.section == section.key]
        finding = (
            _("各栏已填，格式无误") if not mine else _("；").join(problem.message for problem in mine[:5])
        )
        more = of_section(lodgement, section, answers.get(section.key) or {})
        found.append(
            Item(
                f"section-{section.key}",
                _("申请书"),
                section.title,
                finding,
                "stop" if mine else "done",
                findings=tuple(more),
            )
        )
    return found


def _parties(lodgement: Lodgement) -> list[Item]:
    round_ = (
        Round.objects.filter(version=lodgement.version_id)
        .select_related("version")
        .defer("version__content")
        .first()
    )
    if round_ is None:
        return []
    due = gates_until(lodgement.application.call, lodgement.stage)
    code = short_code(lodgement.digest)
    found: list[Item] = []
    everybody = list(
        round_.parties.order_by("position").prefetch_related(
            "signatures", "carries__signature__party__round__version"
        )
    )
    seen = seen_in([signature for party in everybody if (signature := party.signature)])
    for party in everybody:
        signature = party.signature
        more: list[Finding] = []
        label = _("{party}：{party_2}").format(party=party.label, party_2=party.name)
        if signature is not None:
            said = _("{decision}，{signatory}，{day}，所见版本 {short_code}").format(
                decision=signature.get_decision_display(),
                signatory=signature.signatory,
                day=date_words(signature.signed_on),
                short_code=short_code(signature.digest),
            )
            more = of_signature(lodgement, signature, seen.get(signature.pk, []))
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
            Item(
                f"party-{party.position}",
                _("各单位意见"),
                label,
                finding,
                tone,
                _("盖章、签名、日期齐全"),
                findings=tuple(more),
            )
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


def _alike(lodgement: Lodgement) -> str:
    # Only how many: which they are is told to those who may see them.
    return alike(lodgement.application, Application.objects.all()).words


def judged(lodgement: Lodgement) -> list[Judged]:
    """The items with the verdicts given so far."""
    latest = {row.item: row for row in lodgement.checks.select_related("by").order_by("pk")}
    return [Judged(item, latest.get(item.key)) for item in items(lodgement)]
