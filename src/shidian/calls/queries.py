"""Stages and offices of a call: who works where, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shidian.calls.definition import Area, CopyHolder, CopyPlan, Stage
from shidian.calls.models import Call, Extension
from shidian.core import clock
from shidian.organisations.models import Office, Organisation


def stage(call: Call, key: str) -> Stage:
    """The stage of that key; LookupError when the call has none."""
    for found in call.definition.stages:
        if found.key == key:
            return found
    raise LookupError(key)


def stage_after(call: Call, key: str) -> Stage | None:
    """The stage that follows, or None after the last one."""
    stages = list(call.definition.stages)
    position = [found.key for found in stages].index(key)
    return stages[position + 1] if position + 1 < len(stages) else None


def gates_until(call: Call, key: str) -> list[str]:
    """The gates that must be settled to enter stage `key` (or the destination): its own and those before it."""
    gates = [found.key for found in call.definition.stages] + [call.definition.destination.key]
    return gates[: gates.index(key) + 1]


def gate_after(call: Call, key: str) -> str:
    """The gate that lies behind stage `key`: the next stage, or the destination."""
    following = stage_after(call, key)
    return following.key if following else call.definition.destination.key


def stage_of(call: Call, office: Office) -> Stage | None:
    """The stage at which an office works in this call; None when it has no part in it."""
    if office.key not in {definition.key for definition in call.package.offices}:
        return None
    return next((found for found in call.definition.stages if office.kind in found.kinds), None)


def offices_at(call: Call, stage_key: str) -> list[Office]:
    """The offices of a stage, in the order of the package."""
    kinds = stage(call, stage_key).kinds
    keys = [definition.key for definition in call.package.offices if definition.kind in kinds]
    found = Office.objects.in_bulk(keys, field_name="key")
    return [found[key] for key in keys if key in found]


def office_after(call: Call, office: Office) -> Office | None:
    """The office to which `office` sends its list: named in the package, or the only one of the next stage."""
    here = stage_of(call, office)
    following = stage_after(call, here.key) if here else None
    if following is None:
        return None
    named = next((d.sends_to for d in call.package.offices if d.key == office.key), "")
    candidates = offices_at(call, following.key)
    if named:
        return next(found for found in candidates if found.key == named)
    if len(candidates) != 1:
        raise LookupError(f"{office.key}: the package does not say where its list goes")
    return candidates[0]


@dataclass(frozen=True, slots=True)
class Window:
    """When an office takes hand-ins, and until when it must have sent its list; None is open-ended."""

    opens: datetime | None
    hand_in_until: datetime | None
    dispatch_until: datetime | None

    def takes_hand_ins(self) -> bool:
        """Whether a new hand-in comes in time now."""
        now = clock.now()
        return not (self.opens and now < self.opens) and not (self.hand_in_until and now > self.hand_in_until)

    def may_dispatch(self, *, later: timedelta = timedelta()) -> bool:
        """Whether a list sent now is in time, when its deadline stood still for so long."""
        return not (self.dispatch_until and clock.now() > self.dispatch_until + later)


def window(call: Call, office: Office, lead: Organisation | None = None) -> Window:
    """The window of an office, for a unit where one is named, with the extensions granted (`Call.until`)."""
    found = stage_of(call, office)
    if found is None:
        raise LookupError(office.key)
    return Window(
        opens=call.moment(found.opens) if found.opens else None,
        hand_in_until=call.until(found, Extension.Deadline.HAND_IN, office=office, lead=lead),
        dispatch_until=call.until(found, Extension.Deadline.DISPATCH, office=office),
    )


@dataclass(frozen=True, slots=True)
class PlannedCopy:
    """One paper copy that the call asks for: its number as printed in the marks, and for whom it is."""

    number: int
    plan: CopyPlan
    holder: CopyHolder


def planned_copies(call: Call) -> list[PlannedCopy]:
    """Every copy that the call asks for, numbered through: those of the plan that is counted first, then the others."""
    plans = sorted(call.definition.copies, key=lambda plan: not plan.registered)
    wanted = [(plan, holder) for plan in plans for holder in plan.holders for _ in range(holder.count)]
    return [PlannedCopy(number, plan, holder) for number, (plan, holder) in enumerate(wanted, start=1)]


def area_label(call: Call, path: str) -> str:
    """The labels along a path of area keys: 应急管理 · 综合减灾社区. An unknown path is shown as it is."""
    labels: list[str] = []
    level: list[Area] = list(call.definition.areas)
    for key in path.split("/"):
        found = next((area for area in level if area.key == key), None)
        if found is None:
            return path
        labels.append(found.label)
        level = list(found.children)
    return " · ".join(labels)
