"""How a call stands today, in a word for its chip and in words for the heading."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from shidian.calls.models import Call
from shidian.core import clock

from .procedure import kinds_of


@dataclass(frozen=True)
class Standing:
    """`kind` colours the chip, `word` is written on it; `until` is the next deadline and `what` what it ends."""

    kind: str
    word: str
    what: str
    until: datetime | None
    may_start: bool


def standing(call: Call) -> Standing:
    """Not yet open, open, being checked after the hand-in has closed, or over."""
    definition = call.definition
    first = definition.stages[0]
    offices = _("或").join(kinds_of(definition, first))
    if call.is_over:
        return Standing("idle", _("征集已结束"), _("报送截止"), _last(call), False)
    if first.opens and clock.now() < call.moment(first.opens):
        return Standing("wait", _("尚未开始"), _("开始收件"), call.moment(first.opens), False)
    if call.is_open:
        until = call.moment(first.hand_in_until) if first.hand_in_until else None
        return Standing("turn", _("征集中"), _("{offices}收件截止").format(offices=offices), until, True)
    coming = [call.moment(s.dispatch_until) for s in definition.stages if s.dispatch_until]
    until = min((moment for moment in coming if moment >= clock.now()), default=None)
    return Standing("wait", _("申请已截止，审查推荐中"), _("报送截止"), until, False)


def _last(call: Call) -> datetime | None:
    ends = [end for s in call.definition.stages for end in (s.hand_in_until, s.dispatch_until) if end]
    return call.moment(max(ends)) if ends else None
