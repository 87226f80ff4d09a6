"""What the walk of the commission and its experts needs besides tests/browser/people.py.

`python -m tests.browser.at_the_commission`: four applications at the commission, ready to be decided on; two experts
with accounts; and a blind panel in which one of them reads. `... scores`: those two fill in their sheets of the open panel.
"""

from __future__ import annotations

import logging
import sys
from datetime import timedelta

import django

from tests.browser import people

BLIND = "匿名评审组"
PANEL = "第一评审组"
READER, OTHER_READER = people.account("reader"), people.account("other-reader")
FOUND = "试点目标可以测量，任务和进度对应。"


def main(what: str = "stage") -> None:
    """Set the stage, or have the two experts fill in their sheets."""
    django.setup()
    logging.disable(logging.INFO)
    if what == "scores":
        _fill_in()
    else:
        _send_the_list()
        _judge()
        _experts()


def _send_the_list() -> None:
    """The three of the ranking district arrive beside the one that is there."""
    from shidian.accounts.models import User
    from shidian.calls.models import Call
    from shidian.dispatch import actions
    from shidian.organisations.models import Office
    from tests import steps

    handler = User.objects.get(email=people.RANKING_HANDLER)
    approver = User.objects.get(email=people.RANKING_APPROVER)
    call = Call.objects.get(is_demonstration=True)
    listed = actions.propose(call, Office.objects.get(key=people.RANKING_OFFICE), by=handler)
    listed = actions.confirm(listed, by=approver)
    actions.seal(listed, steps.scan(approver), by=approver)
    actions.dispatch(listed, by=approver)


def _judge() -> None:
    """Every point of the checklist is met, and the managing authority agreed: only the decision is left."""
    from shidian.accounts.models import User
    from shidian.applications.models import Application
    from shidian.calls.queries import gates_until
    from tests import steps

    officer = User.objects.get(email=people.OFFICER)
    for row in Application.objects.filter(office__key="commission", state="lodged"):
        application = steps.fresh(row)
        steps.sign(
            application, gates_until(application.call, application.call.definition.destination.key), officer
        )
        steps.judge(application, officer)


def _experts() -> None:
    from shidian.accounts.actions import accept_invitation
    from shidian.accounts.models import User
    from shidian.calls.models import Call
    from shidian.core import clock
    from shidian.organisations.models import Office
    from shidian.reviews.experts import assignment, panels, pool
    from shidian.reviews.experts.models import Panel
    from shidian.reviews.experts.pool import Details
    from shidian.reviews.experts.queries import applications_of

    officer = User.objects.get(email=people.OFFICER)
    office = Office.objects.get(key="commission")
    made = []
    for name, email, unit in (("何鉴", READER, "示例标准化研究院"), ("吕衡", OTHER_READER, "样板管理学会")):
        expert = pool.add(office, name=name, email=email, details=Details(unit, title="研究员"), by=officer)
        accept_invitation(expert.user, password=people.PASSWORD)
        made.append(expert)
    now = clock.now()
    call = Call.objects.get(is_demonstration=True)
    panel = panels.make(
        call,
        office,
        name=BLIND,
        areas=[],
        opens_at=now,
        closes_at=now + timedelta(days=7),
        by=officer,
    )
    # The call of the notice says nothing of blind review; another may.
    Panel.objects.filter(pk=panel.pk).update(blind=True)
    panel.refresh_from_db()
    assignment.assign(panel, [(made[0], applications_of(panel)[0])], by=officer)
    panels.open_panel(panel, by=officer)
    people.sign_everybody_in()


def _fill_in() -> None:
    """The first finds the first application far worse than the other expert does."""
    from shidian.calls.scoring import OVERALL
    from shidian.reviews.experts.models import Panel
    from shidian.reviews.experts.queries import assignments_of
    from shidian.reviews.scoring import actions
    from shidian.reviews.scoring.checking import Written
    from shidian.reviews.scoring.queries import scoring_of

    panel = Panel.objects.get(name=PANEL)
    rows = assignments_of(panel).filter(expert__user__email__in=(READER, OTHER_READER))
    scoring, first = scoring_of(panel), rows.order_by("application__reference")[0].application_id
    for number, row in enumerate(rows.order_by("application__reference")):
        harsh = row.application_id == first and row.expert.user.email == READER
        writings = {
            item.key: (
                Written(f"{item.points / 2 if harsh else item.points - 1 - number // 2:g}", FOUND),
                None,
            )
            for item in scoring.items
        }
        writings[OVERALL] = (Written(scoring.recommendations[int(harsh)].key, FOUND), None)
        actions.save_entries(row, writings, by=row.expert.user)
        actions.submit(row, by=row.expert.user)


if __name__ == "__main__":
    main(*sys.argv[1:])
