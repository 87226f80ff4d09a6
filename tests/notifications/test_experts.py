"""The letters of expert review: who hears what, and that none says who applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail

from shidian.audit.models import Event
from shidian.calls.models import Call
from shidian.core import clock
from shidian.notifications import telling
from shidian.notifications.models import Notice
from shidian.notifications.telling import more_of, title_of
from shidian.reviews.experts import assignment, declaring, panels
from shidian.reviews.scoring import actions, meeting
from tests import steps
from tests.reviews.experts import scene
from tests.reviews.scoring.panel import discussing, reviewing, submitted

pytestmark = pytest.mark.above_database
Commits = Callable[..., Any]


def subjects(email: str) -> list[str]:
    return [letter.subject for letter in mail.outbox if letter.to == [email]]


def noticed(email: str) -> list[tuple[str, str]]:
    """Kind and place of what stands on the page of messages, the oldest first."""
    return list(Notice.objects.filter(user__email=email).order_by("pk").values_list("kind", "place"))


def test_a_new_expert_is_invited_with_a_link_a_known_one_without(
    cast: steps.Cast, django_capture_on_commit_callbacks: Commits
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        scene.expert(cast)
        scene.expert(cast, email="new@example.cn")

    assert subjects(cast.expert.email) == subjects("new@example.cn") == ["您已列入评审专家库"]
    known, new = (str(letter.body) for letter in mail.outbox)
    assert "设置密码" not in known
    assert "设置密码" in new
    assert noticed("new@example.cn") == [("expert_invited", "/desk/reading/me/")]


def test_experts_hear_when_the_panel_opens_and_of_what_is_given_afterwards(
    cast: steps.Cast, call: Call, django_capture_on_commit_callbacks: Commits
) -> None:
    application = scene.there(cast, call)
    first, second = scene.expert(cast), scene.expert(cast, email="second@example.cn")
    panel = scene.panel(cast, call)
    by = cast.commission_officer
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assignment.assign(panel, [(first, application)], by=by)
    assert mail.outbox == []
    with django_capture_on_commit_callbacks(execute=True):
        panels.open_panel(panel, by=by)
    # A worker that comes late to what was given before the panel opened asks nobody twice.
    telling.tell(Event.objects.get(name="panel.assigned").pk)
    assert subjects(cast.expert.email) == ["请评审申请"]
    with django_capture_on_commit_callbacks(execute=True):
        assignment.assign(panel, [(second, application)], by=by)
    assert subjects("second@example.cn") == ["请评审申请"]
    assert all("和平区示范" not in str(letter.body) + letter.subject for letter in mail.outbox)
    for email in (cast.expert.email, "second@example.cn"):
        assert ("expert_called", "/desk/reading/") in noticed(email)
    assert "1 件" in str(mail.outbox[0].body)


def test_the_office_hears_of_a_conflict(
    cast: steps.Cast, call: Call, django_capture_on_commit_callbacks: Commits
) -> None:
    application = scene.there(cast, call)
    expert = scene.expert(cast)
    panel = scene.panel(cast, call)
    assignment.assign(panel, [(expert, application)], by=cast.commission_officer)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        declaring.declare(expert, kind="advice", text="写过稿", application=application, by=cast.expert)

    for person in (cast.commission_officer, cast.commission_approver):
        assert subjects(person.email) == ["有专家须回避，请另请专家"]
    assert application.reference in str(mail.outbox[0].body)
    assert "写过稿" not in str(mail.outbox[0].body)
    assert ("expert_suspended", f"/desk/panels/{panel.pk}/") in noticed(cast.commission_officer.email)


def test_an_expert_hears_what_others_do_to_a_sheet_and_of_the_meeting(
    cast: steps.Cast, call: Call, django_capture_on_commit_callbacks: Commits
) -> None:
    world = reviewing(cast, call, experts=2)
    sheet, other = submitted(world.assignments[0, 0]), submitted(world.assignments[1, 0])
    first, second = (expert.user.email for expert in world.experts)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        actions.reopen(sheet, by=world.officer, reason="第二项漏了评语")
    with django_capture_on_commit_callbacks(execute=True):
        discussing(world)
        actions.moderate(other, "plan", "25", by=world.officer, reason="合议一致")
        meeting.plan(world.panel, by=world.officer, held_at=clock.now(), place="三楼会议室", chair="韩组长")

    reference, pk = world.applications[0].reference, world.assignments[0, 0].pk
    assert noticed(first) == [
        ("sheet_reopened", f"/desk/sheets/{pk}/"),
        ("panel_discussing", "/desk/sheets/"),
        ("meeting", f"/desk/panels/{world.panel.pk}/meeting/live/"),
    ]
    assert subjects(first)[0] == f"申请 {reference} 的评分表重新打开"
    assert "第二项漏了评语" in str(mail.outbox[0].body)
    assert f"/desk/sheets/{pk}/" in str(mail.outbox[0].body)
    moderated = Notice.objects.get(user__email=second, kind="sheet_moderated")
    assert "由 27 分改为 25 分" in more_of(moderated)
    assert "三楼会议室" in more_of(Notice.objects.get(user__email=first, kind="meeting"))
    told = [title_of(row) + more_of(row) for row in Notice.objects.filter(user__email__in=(first, second))]
    assert not any(cast.lead.name in words for words in told)
