"""The completeness checklist (形式审查要点), generated from the call and from what was handed in.

Machine findings stand beside an item and never decide it: the verdict is a person's. What is to be judged is known
without them (`points`); they are looked for where somebody reads the list (`items`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shidian.applications.models import Application, Lodgement
from shidian.applications.scanned import seen_in
from shidian.calls.definition import AttachmentSlot, ChecklistExtra, Condition
from shidian.calls.queries import gates_until
from shidian.core.digests import short_code
from shidian.core.language import date_words
from shidian.questionnaires.checks import check
from shidian.questionnaires.definition import Section
from shidian.reviews.findings import Finding, of_section, of_signature
from shidian.reviews.listings import Search, searches
from shidian.reviews.models import Check
from shidian.reviews.similar import alike
from shidian.signoffs.models import Party


@dataclass(frozen=True, slots=True)
class Point:
    """One point to judge; `about` is what of the call or of the sign-off it asks about."""

    key: str
    group: str
    label: str
    hint: str
    about: Condition | Section | Party | AttachmentSlot | ChecklistExtra


@dataclass(frozen=True, slots=True)
class Item:
    """A point as a person reads it: `finding` is what the machine saw, `tone` its colour (done, stop or empty).

    `search` stands where the call asks about lists of units; it never colours the finding. `compared`: what was found is
    shown on the page of applications that are alike. `findings` are what else the machine saw (`reviews.findings`).
    """

    point: Point
    finding: str = ""
    tone: str = ""
    search: Search | None = None
    compared: bool = False
    findings: Sequence[Finding] = ()

    @property
    def key(self) -> str:
        """Of the point."""
        return self.point.key

    @property
    def group(self) -> str:
        """Of the point."""
        return self.point.group

    @property
    def label(self) -> str:
        """Of the point."""
        return self.point.label

    @property
    def hint(self) -> str:
        """Of the point."""
        return self.point.hint


@dataclass(frozen=True, slots=True)
class Judged:
    """A point, with what the machine saw or without, and the latest verdict of a person on it, if any."""

    item: Item
    check: Check | None


def points(lodgement: Lodgement) -> list[Point]:
    """What is to be judged of one arrival: conditions, sections, parties, attachments, extras of the call."""
    return list(_points(lodgement, _parties(lodgement)))


def items(lodgement: Lodgement) -> list[Item]:
    """The same points with what the machine sees."""
    everybody = list(
        _parties(lodgement)
        .select_related("round__version")
        .defer("round__version__content")
        .prefetch_related("signatures", "carries__signature__party__round__version")
    )
    look = _Machine(lodgement, everybody)
    return [look.at(point) for point in _points(lodgement, everybody)]


def judged(lodgement: Lodgement, *, look: bool = True) -> list[Judged]:
    """The items with the verdicts given so far; without a `look` of the machine, where only verdicts count."""
    latest = {row.item: row for row in lodgement.checks.select_related("by").order_by("pk")}
    rows = items(lodgement) if look else [Item(point) for point in points(lodgement)]
    return [Judged(item, latest.get(item.key)) for item in rows]


def _parties(lodgement: Lodgement) -> QuerySet[Party]:
    return Party.objects.filter(round__version=lodgement.version_id).order_by("position")


def _points(lodgement: Lodgement, parties: Iterable[Party]) -> Iterator[Point]:
    call = lodgement.application.call
    definition = call.definition
    for condition in definition.conditions:
        label = _("基本条件{numeral}").format(numeral=condition.numeral)
        yield Point(f"condition-{condition.key}", _("基本条件"), label, condition.text, condition)
    for section in call.questionnaire.sections:
        if section.key != "conditions":
            yield Point(f"section-{section.key}", _("申请书"), section.title, "", section)
    for party in parties:
        label = _("{party}：{party_2}").format(party=party.label, party_2=party.name)
        yield Point(f"party-{party.position}", _("各单位意见"), label, _("盖章、签名、日期齐全"), party)
    filled = {row["slot"] for row in lodgement.version.data["attachments"]}
    for slot in definition.attachments:
        if slot.required or slot.key in filled:
            yield Point(f"attachment-{slot.key}", _("证明材料"), slot.label, slot.hint, slot)
    for extra in definition.checklist:
        yield Point(f"extra-{extra.key}", _("其他"), extra.label, extra.hint, extra)


class _Machine:
    """What the machine sees of one arrival; what several points need is looked for once."""

    def __init__(self, lodgement: Lodgement, parties: Sequence[Party]) -> None:
        call = lodgement.application.call
        self.lodgement = lodgement
        self.content = lodgement.version.data
        self.searched = searches(call.definition, self.content)
        self.problems: dict[str, list[str]] = defaultdict(list)
        for problem in check(call.questionnaire, self.content["answers"]):
            self.problems[problem.section].append(problem.message)
        self.due = gates_until(call, lodgement.stage)
        signed = [signature for party in parties if (signature := party.signature)]
        self.scanned = seen_in(signed)

    def at(self, point: Point) -> Item:
        """The point with what it sees there."""
        match point.about:
            case Condition():
                return self.condition(point, point.about)
            case Section():
                return self.section(point, point.about)
            case Party():
                return self.party(point, point.about)
            case AttachmentSlot():
                return self.attachments(point, point.about)
            case ChecklistExtra():
                return self.further(point, point.about)

    def condition(self, point: Point, condition: Condition) -> Item:
        answers = self.content["answers"].get("conditions", {})
        said = [(part, answers.get(f"{condition.key}-{part.key}", "")) for part in condition.parts]
        against = [part.question for part, value in said if value != part.qualifies]
        finding = (
            _("自述全部符合")
            if not against
            else _("自述 {count} 项不符合：{against}").format(
                count=len(against), against=_("；").join(against)
            )
        )
        return Item(point, finding, "stop" if against else "done", self.searched.get(condition.key))

    def section(self, point: Point, section: Section) -> Item:
        mine = self.problems.get(section.key, [])
        finding = _("各栏已填，格式无误") if not mine else _("；").join(mine[:5])
        answers = self.content["answers"].get(section.key) or {}
        more = tuple(of_section(self.lodgement, section, answers))
        return Item(point, finding, "stop" if mine else "done", findings=more)

    def party(self, point: Point, party: Party) -> Item:
        signature = party.signature
        if signature is None:
            if party.gate in self.due:
                return Item(point, _("没有意见"), "stop")
            return Item(point, _("本批规定在以后的环节出具，现在不必等候"))
        said = _("{decision}，{signatory}，{day}，所见版本 {short_code}").format(
            decision=signature.get_decision_display(),
            signatory=signature.signatory,
            day=date_words(signature.signed_on),
            short_code=short_code(signature.digest),
        )
        more = of_signature(self.lodgement, signature, self.scanned.get(signature.pk, []))
        digest = self.lodgement.digest
        if party.has_agreed and (signature.digest == digest or party.carried is not None):
            return Item(point, said, "done", findings=more)
        words = _("{said}；与本版本 {code} 不符或未同意").format(said=said, code=short_code(digest))
        return Item(point, words, "stop", findings=more)

    def attachments(self, point: Point, slot: AttachmentSlot) -> Item:
        count = sum(row["slot"] == slot.key for row in self.content["attachments"])
        if count:
            return Item(point, _("{count} 个文件").format(count=count), "done")
        return Item(point, _("没有上传"), "stop")

    def further(self, point: Point, extra: ChecklistExtra) -> Item:
        if extra.machine != "alike":
            return Item(point)
        # Only how many: which they are is told to those who may see them.
        return Item(point, alike(self.lodgement.application, Application.objects.all()).words, compared=True)
