"""How a call stands today, in a word for its chip and in words for the heading."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from shidian.calls.models import Call, Extension
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
        return Standing("idle", _("征集已结束"), _("报送截止"), call.ends_at, False)
    if first.opens and clock.now() < call.moment(first.opens):
        return Standing("wait", _("尚未开始"), _("开始收件"), call.moment(first.opens), False)
    if call.is_open:
        until = call.until(first, Extension.Deadline.HAND_IN)
        return Standing("turn", _("征集中"), _("{offices}收件截止").format(offices=offices), until, True)
    coming = [call.until(stage, Extension.Deadline.DISPATCH) for stage in definition.stages]
    until = min((moment for moment in coming if moment and moment >= clock.now()), default=None)
    return Standing("wait", _("申请已截止，审查推荐中"), _("报送截止"), until, False)
