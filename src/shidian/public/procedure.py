"""The procedure of a call as a picture and as a table of deadlines, made from its stages, parties and delivery point.

Nothing is fixed here: a call with three stages, or without a registering office, draws itself as well.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.calls.definition import CallDefinition, Stage
from shidian.calls.packages import Package

NUMERALS = gettext_noop("一二三四五六七八九十")


@dataclass(frozen=True)
class Step:
    """A box of the picture; `names` are joined by 或, `until` is shown in words under the text."""

    names: list[str]
    text: str = ""
    items: list[str] = field(default_factory=list)
    until: datetime | None = None


@dataclass(frozen=True)
class Level:
    """Boxes under a common heading."""

    label: str
    steps: list[Step]


@dataclass(frozen=True)
class Picture:
    """Levels from the lead to the destination; the way back leads from step `back` to the first."""

    levels: list[Level]
    back: int

    @property
    def count(self) -> int:
        """How many boxes there are."""
        return sum(len(level.steps) for level in self.levels)

    @property
    def numbered(self) -> list[tuple[str, list[tuple[str, Step]]]]:
        """(heading, [(numeral, box)]) for the template."""
        number = 0
        shown = []
        for level in self.levels:
            boxes = []
            for step in level.steps:
                boxes.append((numeral(number), step))
                number += 1
            shown.append((level.label, boxes))
        return shown


@dataclass(frozen=True)
class Deadline:
    """One row of the table: who does what until when; `until` None when neither notice nor package says."""

    who: str
    what: str
    until: datetime | None
    offices: list[tuple[str, datetime]] = field(default_factory=list)


def numeral(position: int) -> str:
    """一, 二, … for positions from 0; figures beyond ten."""
    return NUMERALS[position] if position < len(NUMERALS) else str(position + 1)


def kinds_of(call: CallDefinition, stage: Stage) -> list[str]:
    """The words for the offices of a stage."""
    labels = {kind.kind: kind.label for kind in call.office_kinds}
    return [labels[kind] for kind in stage.kinds]


def picture(package: Package) -> Picture:
    """The way from the lead through every stage to the destination."""
    call = package.call
    first = call.stages[0]
    lead, *_rest = [party.label for party in call.parties if party.names_from == call.uses.lead_name] or [
        _("承担单位")
    ]
    others = [party.label for party in call.parties if party.before == first.key and party.label != lead]
    steps = [Step([lead], _("自愿提出，填写申请书；自动保存，可随时中断"))]
    if others:
        steps.append(Step([_("各方会签")], items=others))
    levels = [Level(_("单位"), steps)]
    back = len(steps) + 1
    waiting: list[Step] = []
    for stage in call.stages:
        boxes = [*waiting, _stage_step(call, stage)]
        waiting = []
        levels.append(Level(stage.label, boxes))
        if call.delivery.after_stage == stage.key:
            waiting = [Step([package.office(call.delivery.office).short], _("接收登记，核对纸质与电子材料"))]
    if waiting:
        levels.append(Level(_("接收"), waiting))
    levels.append(Level(_("报送"), [Step([call.destination.label], _("接收报送的备选项目"))]))
    return Picture(levels, back)


def _stage_step(call: CallDefinition, stage: Stage) -> Step:
    # Parties of the next gate give their opinion while the file lies at this stage.
    gate = call.next_gate(stage.key)
    here = [_("{party}出具意见").format(party=party.label) for party in call.parties if party.before == gate]
    return Step(
        kinds_of(call, stage),
        _("审查、{verb_recommend}，列出{list_title}").format(
            verb_recommend=stage.verb_recommend, list_title=stage.list_title
        ),
        here,
        stage.dispatch_until,
    )


def deadlines(package: Package) -> list[Deadline]:
    """Who does what until when, in order; an office's own earlier time stands beneath the general one."""
    call = package.call
    rows = []
    for position, stage in enumerate(call.stages):
        offices = _("或").join(kinds_of(call, stage))
        if position == 0:
            own = [
                (office.short, office.hand_in_until)
                for office in package.offices
                if office.kind in stage.kinds
                and office.hand_in_until
                and office.hand_in_until != stage.hand_in_until
            ]
            rows.append(
                Deadline(
                    _("承担单位"),
                    _("会签齐全，向{offices}提交").format(offices=offices),
                    stage.hand_in_until,
                    own,
                )
            )
        rows.append(
            Deadline(
                offices,
                _("把{list_title}和材料报送{package}").format(
                    list_title=stage.list_title, package=_receiver(package, stage)
                ),
                stage.dispatch_until,
            )
        )
    return rows


def _receiver(package: Package, stage: Stage) -> str:
    call = package.call
    if call.delivery.after_stage == stage.key:
        return package.office(call.delivery.office).short
    gate = call.next_gate(stage.key)
    if gate == call.destination.key:
        return call.destination.label
    return _("或").join(kinds_of(call, call.stage(gate)))


def hand_in_until(package: Package) -> datetime | None:
    """Until when a lead may hand in; where offices have their own times, the general one."""
    return package.call.stages[0].hand_in_until
