"""How many an office may send, in all and of an area, as the call says: how it stands, and who let more pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _

from shidian.applications.models import Application
from shidian.calls.definition import Bounds
from shidian.calls.models import Call
from shidian.calls.queries import stage_of
from shidian.dispatch.models import CandidateList, QuotaWaiver
from shidian.dispatch.queries import effective, entries, items, withdrawals
from shidian.organisations.models import Office


@dataclass(frozen=True, slots=True)
class Standing:
    """One quota: how many count against it, its bounds, and the waiver that reaches farthest."""

    scope: str  # "" for all together, or the key of an area
    label: str
    count: int
    minimum: int | None
    maximum: int | None
    waiver: QuotaWaiver | None = None

    @property
    def over(self) -> int:
        """By how many it is over the maximum."""
        return max(self.count - self.maximum, 0) if self.maximum is not None else 0

    @property
    def under(self) -> int:
        """By how many it is under the minimum."""
        return max((self.minimum or 0) - self.count, 0)

    @property
    def blocks(self) -> bool:
        """Whether the list must not be sent: over the quota, and nobody let that many pass."""
        return self.over > 0 and (self.waiver is None or self.waiver.count < self.count)

    @property
    def tone(self) -> str:
        """How the page shows it."""
        if self.blocks:
            return "stop"
        return "wait" if self.over or self.under else "done"

    @property
    def words(self) -> str:
        """How it stands, in a sentence."""
        facts = {"label": self.label, "count": self.count, "most": self.maximum, "least": self.minimum}
        if self.over and not self.blocks:
            return _("{label}：{count} 件，名额 {most} 件，超过的已经同意。").format(**facts)
        if self.over:
            return _("{label}：{count} 件，名额 {most} 件，超过 {over} 件。").format(**facts, over=self.over)
        if self.under:
            return _(
                "{label}：{count} 件，至少要 {least} 件，还差 {under} 件；可以报送，请在函里说明。"
            ).format(**facts, under=self.under)
        if self.maximum is not None:
            return _("{label}：{count} 件，名额 {most} 件，还可以推荐 {left} 件。").format(
                **facts, left=self.maximum - self.count
            )
        return _("{label}：{count} 件，至少要 {least} 件，已经够了。").format(**facts)


def counted(call: Call, office: Office, listed: CandidateList | None) -> list[Application]:
    """What counts against an office's quota: what it sent and did not withdraw, and what its open list brings."""
    sent = {row.application.pk: row.application for row in effective(call, office)}
    if listed is not None and listed.state != "dispatched":
        for change in withdrawals(listed):
            sent.pop(change.application_id, None)
    if listed is not None and listed.state in ("proposed", "confirmed"):
        new = [item.application for item in items(listed)]
    else:
        new = [row.application for row in entries(call, office)]
    return [*sent.values(), *(row for row in new if row.pk not in sent)]


def quotas(call: Call, office: Office, listed: CandidateList | None) -> list[Standing]:
    """How an office stands against every quota that the call has for it; nothing where it has none."""
    here = stage_of(call, office)
    quota = here.quota if here else None
    if quota is None:
        return []
    rows = counted(call, office, listed)
    areas = Counter(row.area.partition("/")[0] for row in rows)
    whole = quota.offices.get(office.key, quota)
    labels = {area.key: area.label for area in call.definition.areas}
    wanted: list[tuple[str, str, int, Bounds]] = [("", _("本机构"), len(rows), whole)]
    wanted += [(key, labels.get(key, key), areas[key], bounds) for key, bounds in quota.areas.items()]
    given: dict[str, QuotaWaiver] = {}
    if listed is not None:
        for waiver in listed.waivers.select_related("office", "by", "file").order_by("count"):
            given[waiver.scope] = waiver
    return [
        Standing(scope, label, count, bounds.minimum, bounds.maximum, given.get(scope))
        for scope, label, count, bounds in wanted
        if bounds.minimum is not None or bounds.maximum is not None
    ]
