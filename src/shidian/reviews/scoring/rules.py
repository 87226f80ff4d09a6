"""Who may score, discuss, moderate, freeze and run a meeting, and when."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.core import clock
from shidian.core.verdict import YES, Verdict, no, not_now
from shidian.organisations.models import Officer
from shidian.organisations.rules import holds_office
from shidian.reviews.experts.models import Assignment, Panel
from shidian.reviews.experts.queries import readable
from shidian.reviews.scoring.models import Meeting, ScoreSheet
from shidian.reviews.scoring.queries import last_result

HANDLER, APPROVER = Officer.Role.HANDLER, Officer.Role.APPROVER


def can_look(user: User, panel: Panel) -> Verdict:
    """Handlers and approvers of the panel's office, and auditors, see what experts gave."""
    if user.is_auditor or holds_office(user, panel.office, HANDLER, APPROVER):
        return YES
    return no(_("只有组织评审的机构可以看评分。"))


def can_run(user: User, panel: Panel) -> Verdict:
    """A handler of the panel's office reopens, moderates, freezes and keeps the meeting."""
    if holds_office(user, panel.office, HANDLER):
        return YES
    return no(_("只有组织评审的机构的经办人可以办理。"))


def can_score(user: User, assignment: Assignment, sheet: ScoreSheet | None) -> Verdict:
    """The expert, while the panel reviews and time is left; a reopened sheet may be finished after that."""
    if assignment.expert.user_id != user.pk or not readable(user).filter(pk=assignment.pk).exists():
        return no(_("这份申请没有分给您评审，或者您应当回避。"))
    if sheet is not None and sheet.state == "submitted":
        return not_now(_("评分表已经提交；要改，请组织评审的机构重新打开。"))
    if sheet is not None and sheet.version_id is not None:
        return YES
    panel = assignment.panel
    if panel.state != "reviewing":
        return not_now(_("评审组现在不收评分。"))
    if clock.now() < panel.opens_at:
        return not_now(_("评审还没有开始。"))
    if clock.now() > panel.closes_at:
        return not_now(_("评审已经截止。"))
    return YES


def can_reopen(user: User, sheet: ScoreSheet) -> Verdict:
    """A handler gives a submitted sheet back while the panel is not closed."""
    panel = sheet.assignment.panel
    allowed = can_run(user, panel)
    if not allowed:
        return allowed
    if panel.state not in ("reviewing", "discussing"):
        return not_now(_("评审已经结束，不能再改评分。"))
    if sheet.state != "submitted":
        return not_now(_("评分表还没有提交。"))
    return YES


def can_moderate(user: User, sheet: ScoreSheet) -> Verdict:
    """A handler records what the discussion settled on a submitted sheet."""
    allowed = can_run(user, sheet.assignment.panel)
    if not allowed:
        return allowed
    if sheet.assignment.panel.state != "discussing":
        return not_now(_("评审组转入合议以后，才能调整评分。"))
    if sheet.state != "submitted":
        return not_now(_("评分表还没有提交。"))
    return YES


def can_discuss(user: User, panel: Panel, application: Application) -> Verdict:
    """In the discussion: experts who handed in their own sheet of the application, and the officers."""
    if panel.state != "discussing":
        return not_now(_("评审组还没有转入合议。"))
    if can_run(user, panel):
        return YES
    mine = readable(user).filter(panel=panel, application=application)
    if not mine.exists():
        return no(_("这份申请没有分给您评审，或者您应当回避。"))
    if not mine.filter(sheet__state="submitted").exists():
        return not_now(_("提交自己的评分表以后，才能看别人的。"))
    return YES


def can_freeze(user: User, panel: Panel) -> Verdict:
    """A handler freezes the result once nothing more is handed in by itself."""
    allowed = can_run(user, panel)
    if not allowed:
        return allowed
    if panel.state not in ("discussing", "closed"):
        return not_now(_("评审组转入合议或者结束以后，才能冻结结果。"))
    return YES


def can_keep_meeting(user: User, panel: Panel, meeting: Meeting | None) -> Verdict:
    """A handler keeps the meeting until it is closed."""
    allowed = can_run(user, panel)
    if not allowed:
        return allowed
    if panel.state == "preparing":
        return not_now(_("评审还没有开始。"))
    if meeting is not None and meeting.state == "closed":
        return not_now(_("已经散会，会议纪要已经冻结。"))
    return YES


def can_record(user: User, meeting: Meeting) -> Verdict:
    """A handler writes down what happens, while the meeting is open."""
    allowed = can_keep_meeting(user, meeting.panel, meeting)
    if not allowed:
        return allowed
    if meeting.state != "open":
        return not_now(_("评审会还没有开始。"))
    return YES


def can_reopen_meeting(user: User, meeting: Meeting) -> Verdict:
    """A handler corrects closed minutes as long as no result was frozen after them."""
    allowed = can_run(user, meeting.panel)
    if not allowed:
        return allowed
    if meeting.state != "closed":
        return not_now(_("评审会还没有散会。"))
    last = last_result(meeting.panel)
    if last is not None and meeting.version is not None and last.created_at > meeting.version.created_at:
        return not_now(_("会后已经冻结评审结果，会议纪要不能再改。"))
    return YES
