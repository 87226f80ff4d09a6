"""The procedure of a call as a picture and as a table of deadlines, made from its stages, parties and delivery point.

Nothing is fixed here: a call with three stages, or without a registering office, draws itself as well.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from shidian.calls.definition import CallDefinition, Stage
from shidian.calls.models import Call, Extension
from shidian.calls.packages import Package


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
    """One row of the table: who does what until when; `until` None when neither notice nor package says.

    `extended` is the extension for everybody that gave the time, `planned` the time before it.
    """

    who: str
    what: str
    until: datetime | None
    offices: list[tuple[str, datetime]] = field(default_factory=list)
    planned: datetime | None = None
    extended: Extension | None = None
    stage: str = ""
    deadline: str = ""


class Times:
    """The deadlines of a call with the extensions that hold for everybody or for an office; those of units are theirs."""

    def __init__(self, package: Package, call: Call | None = None) -> None:
        self.package = package
        self.call = call

    def general(self, stage: Stage, deadline: str) -> tuple[datetime | None, Extension | None]:
        """When it ends for everybody, and the extension that made it so."""
        base = stage.hand_in_until if deadline == Extension.Deadline.HAND_IN else stage.dispatch_until
        if self.call is None or base is None:
            return base, None
        until = self.call.until(stage, deadline)
        given = (
            row
            for row in self.call.extensions
            if row.until == until and row.covers(stage.key, deadline, office=None, lead=None)
        )
        return until, next(given, None)

    def own(self, stage: Stage, deadline: str) -> list[tuple[str, datetime]]:
        """The offices whose time is another than the general one, in the order of the package."""
        general, _given = self.general(stage, deadline)
        found = []
        offices = (
            {row.office.key: row.office for row in self.call.extensions if row.office} if self.call else {}
        )
        for office in self.package.offices:
            if office.kind not in stage.kinds:
                continue
            until = office.hand_in_until if deadline == Extension.Deadline.HAND_IN else None
            if self.call is not None and office.key in offices:
                until = self.call.until(stage, deadline, office=offices[office.key])
            if until and until != general:
                found.append((office.short, until))
        return found


def numeral(position: int) -> str:
    """一, 二, … for positions from 0 (1, 2, … in English); figures beyond ten."""
    signs = _("一 二 三 四 五 六 七 八 九 十").split()
    return signs[position] if position < len(signs) else str(position + 1)


def kinds_of(call: CallDefinition, stage: Stage) -> list[str]:
    """The words for the offices of a stage."""
    labels = {kind.kind: kind.label for kind in call.office_kinds}
    return [labels[kind] for kind in stage.kinds]


def picture(package: Package, times: Times | None = None) -> Picture:
    """The way from the lead through every stage to the destination."""
    call, times = package.call, times or Times(package)
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
        boxes = [*waiting, _stage_step(call, stage, times)]
        waiting = []
        levels.append(Level(stage.label, boxes))
        if call.delivery.after_stage == stage.key:
            waiting = [Step([package.office(call.delivery.office).short], _("接收登记，核对纸质与电子材料"))]
    if waiting:
        levels.append(Level(_("接收"), waiting))
    levels.append(Level(_("报送"), [Step([call.destination.label], _("接收报送的备选项目"))]))
    return Picture(levels, back)


def _stage_step(call: CallDefinition, stage: Stage, times: Times) -> Step:
    # Parties of the next gate give their opinion while the file lies at this stage.
    gate = call.next_gate(stage.key)
    here = [_("{party}出具意见").format(party=party.label) for party in call.parties if party.before == gate]
    return Step(
        kinds_of(call, stage),
        _("审查、{verb_recommend}，列出{list_title}").format(
            verb_recommend=stage.verb_recommend, list_title=stage.list_title
        ),
        here,
        times.general(stage, Extension.Deadline.DISPATCH)[0],
    )


def deadlines(package: Package, times: Times | None = None) -> list[Deadline]:
    """Who does what until when, in order; an office's own time stands beneath the general one."""
    call, times = package.call, times or Times(package)
    rows = []
    for position, stage in enumerate(call.stages):
        offices = _("或").join(kinds_of(call, stage))
        if position == 0:
            what = _("会签齐全，向{offices}提交").format(offices=offices)
            rows.append(_deadline(times, stage, Extension.Deadline.HAND_IN, _("承担单位"), what))
        what = _("把{list_title}和材料报送{package}").format(
            list_title=stage.list_title, package=_receiver(package, stage)
        )
        rows.append(_deadline(times, stage, Extension.Deadline.DISPATCH, offices, what))
    return rows


def _deadline(times: Times, stage: Stage, deadline: Extension.Deadline, who: str, what: str) -> Deadline:
    until, extended = times.general(stage, deadline)
    planned = stage.hand_in_until if deadline == Extension.Deadline.HAND_IN else stage.dispatch_until
    return Deadline(
        who,
        what,
        until,
        times.own(stage, deadline),
        planned if extended else None,
        extended,
        stage.key,
        str(deadline),
    )


def _receiver(package: Package, stage: Stage) -> str:
    call = package.call
    if call.delivery.after_stage == stage.key:
        return package.office(call.delivery.office).short
    gate = call.next_gate(stage.key)
    if gate == call.destination.key:
        return call.destination.label
    return _("或").join(kinds_of(call, call.stage(gate)))
