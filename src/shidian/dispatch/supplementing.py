"""What an office has sent in all: its lists in their order, each supplement applied; and what a supplement changes.

A list that was sent is never changed. A supplement (补充更正清单) is a later list of the same office, with a number, a
letter and an approval of its own; it adds what was recommended since, withdraws and corrects what was sent before.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import record
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, Stale, require
from shidian.dispatch import rules
from shidian.dispatch.actions import started
from shidian.dispatch.models import CandidateList, ListChange
from shidian.dispatch.queries import effective, open_list, sent_lists
from shidian.organisations.models import Office

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change as given: what becomes of one application, and why."""

    kind: ListChange.Kind
    reason: str
    place: int | None = None
    remark: str | None = None


@transaction.atomic
def change(call: Call, office: Office, reference: str, wanted: Wanted, *, by: User) -> ListChange:
    """Write into the supplement that an application sent before is withdrawn or corrected; again, it is written anew.

    Refused while nothing was sent, for what is not on the effective list, and for a withdrawal of what the receiving
    office has decided on already.
    """
    require(rules.can_rank(by, office, open_list(call, office)))
    if not sent_lists(call, office):
        raise NotNow(_("还没有报送过清单，不用补充更正：直接改清单就行。"))
    lines = effective(call, office)
    line = next((row for row in lines if row.application.reference == reference), None)
    if line is None:
        raise Stale(_("{reference} 不在已报送的有效清单上，请刷新页面再办。").format(reference=reference))
    _check(wanted, len(lines))
    if wanted.kind == ListChange.Kind.WITHDRAW:
        require(rules.can_be_called_back(line.application, office))
    listed = started(call, office, by=by)
    listed.changes.filter(application=line.application).delete()
    correcting = wanted.kind == ListChange.Kind.CORRECT
    made = ListChange.objects.create(
        list=listed,
        application=line.application,
        kind=wanted.kind,
        place=wanted.place if correcting else None,
        remark=wanted.remark if correcting else None,
        reason=wanted.reason.strip(),
    )
    detail = {"what": made.get_kind_display(), "application": reference, "reason": made.reason}
    record("list.changed", listed.chain, by=by, detail=detail)
    return made


def _check(wanted: Wanted, count: int) -> None:
    problems: list[tuple[str, str]] = []
    if not wanted.reason.strip():
        problems.append(("reason", _("请写明理由。")))
    if len(wanted.reason) > LONGEST:
        problems.append(("reason", _("最多 {longest} 字").format(longest=LONGEST)))
    if wanted.kind == ListChange.Kind.CORRECT:
        if wanted.place is None and wanted.remark is None and not problems:
            problems.append(("place", _("写明更正后的名次，或者更正后的备注")))
        if wanted.place is not None and not 1 <= wanted.place <= count:
            problems.append(("place", _("名次请写 1 至 {count} 的数字").format(count=count)))
        if wanted.remark is not None and len(wanted.remark) > LONGEST:
            problems.append(("remark", _("最多 {longest} 字").format(longest=LONGEST)))
    if problems:
        raise Invalid(problems[0][1], problems)


@transaction.atomic
def unchange(call: Call, office: Office, reference: str, *, by: User) -> None:
    """Take a change out of the supplement that is being prepared."""
    listed = open_list(call, office)
    require(rules.can_rank(by, office, listed))
    if listed is None or not listed.changes.filter(application__reference=reference).delete()[0]:
        raise Stale(_("{reference} 没有写在补充更正里，请刷新页面。").format(reference=reference))
    record("list.unchanged", listed.chain, by=by, detail={"application": reference})


@transaction.atomic
def give_reason(call: Call, office: Office, reason: str, *, by: User) -> CandidateList:
    """Say why a supplement is sent; it stands on the list and is frozen with it."""
    require(rules.can_rank(by, office, open_list(call, office)))
    if not sent_lists(call, office):
        raise NotNow(_("第一份清单不用写补充更正的理由。"))
    words = reason.strip()
    if not words:
        raise Invalid(_("请写明理由。"), [("why", _("请写明理由。"))])
    if len(words) > 500:
        raise Invalid(_("最多 500 字"), [("why", _("最多 500 字"))])
    listed = started(call, office, by=by)
    listed.reason = words
    listed.save(update_fields=("reason",))
    record("list.reasoned", listed.chain, by=by, detail={"reason": words})
    return listed
