from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.applications.queries import visible_to
from shidian.audit.models import Event
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import NotNow, NotPermitted
from shidian.dispatch.models import CandidateList
from shidian.dispatch.queries import registered
from shidian.organisations.models import Membership, Officer, Organisation
from shidian.rehearsal.demonstration import DEMONSTRATION_PASSWORD, set_up
from shidian.reviews.experts.queries import visible_to as experts_see
from shidian.signoffs.models import Signature
from tests import steps

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=steps.package().call.zone)


def quiet(words: str) -> None:
    """Say nothing."""


@pytest.fixture
def demonstration(db: None, settings: Any, django_capture_on_commit_callbacks: Any) -> Call:
    settings.DEMONSTRATION = True
    with clock.at(NOW), django_capture_on_commit_callbacks(execute=True):
        return set_up(steps.package(), tell=quiet)


@pytest.mark.long(8)
@pytest.mark.above_database
def test_the_demonstration_gives_every_role_work_and_is_set_up_once(demonstration: Call) -> None:
    """One set-up, looked at from all sides, run again, and run again much later: it is too long to be made for each."""
    both_calls_stand_beside_one_another(demonstration)
    applications_stand_in_every_state(demonstration)
    every_listed_account_finds_work(demonstration)
    the_head_of_the_pending_unit_has_a_letter()
    it_happened_in_the_days_before_now_and_holds()
    a_second_run_changes_nothing()
    when_it_has_closed_its_dates_are_moved_again(demonstration)


def both_calls_stand_beside_one_another(demonstration: Call) -> None:
    original = Call.objects.get(is_demonstration=False)

    assert (original.state, original.definition.issued_on.isoformat()) == ("published", "2023-06-13")
    assert demonstration.definition.issued_on.isoformat() == "2026-11-13"
    with clock.at(NOW):
        assert demonstration.is_open
        assert original.is_over
    assert not original.applications.exists()


def applications_stand_in_every_state(demonstration: Call) -> None:
    found = Counter(demonstration.applications.values_list("state", flat=True))

    assert found == {"draft": 2, "signing": 2, "lodged": 4, "returned": 1, "recommended": 3}
    assert set(demonstration.applications.values_list("stage", flat=True)) == {"", "district", "city"}
    empty, half = demonstration.applications.filter(state="draft").order_by("pk")
    assert (empty.title, bool(half.title)) == ("", True)
    started = demonstration.applications.filter(state="signing")
    agreed = [Signature.objects.filter(party__round__version=row.version).count() for row in started]
    assert min(agreed) == 2 < max(agreed)


def every_listed_account_finds_work(demonstration: Call) -> None:
    users = User.objects.filter(is_demonstration=True)

    assert all(user.check_password(DEMONSTRATION_PASSWORD) for user in users)
    roles = {
        (row.office.kind, row.role) for row in Officer.objects.filter(user__in=users).select_related("office")
    }
    assert roles == {
        ("bureau", "handler"),
        ("bureau", "approver"),
        ("sector", "handler"),
        ("sector", "approver"),
        ("commission", "handler"),
        ("commission", "approver"),
        ("registry", "registrar"),
    }
    assert set(Membership.objects.filter(user__in=users).values_list("role", flat=True)) == {"writer", "head"}
    assert users.filter(is_administrator=True).count() == users.filter(is_auditor=True).count() == 1
    experts = users.filter(expert__isnull=False)
    assert experts.count() == 2
    for user in users.exclude(is_administrator=True):
        sees = experts_see if user in experts else visible_to
        assert sees(user).exists(), user.email
    waiting = CandidateList.objects.filter(state="proposed").values_list("office__kind", flat=True)
    assert sorted(waiting) == ["bureau", "commission"]
    assert [len(row.missing) for row in registered(demonstration)] == [2, 4]


def the_head_of_the_pending_unit_has_a_letter() -> None:
    [unit] = Organisation.objects.filter(state="pending")
    head = unit.memberships.get(role="head").user

    [letter] = [found for found in mail.outbox if found.to == [head.email]]
    assert unit.name in letter.body


def it_happened_in_the_days_before_now_and_holds() -> None:
    # Letters leave when the worker comes to them.
    times = list(Event.objects.exclude(chain__startswith="message:").values_list("at", flat=True))

    assert NOW - timedelta(days=12) < min(times) < max(times) < NOW
    assert verify().faults == []


def a_second_run_changes_nothing() -> None:
    before = steps.traces()

    with clock.at(NOW + timedelta(days=3)):
        set_up(steps.package(), tell=quiet)

    assert steps.traces() == before


def when_it_has_closed_its_dates_are_moved_again(demonstration: Call) -> None:
    later = NOW + timedelta(days=90)

    with clock.at(later):
        again = set_up(steps.package(), tell=quiet)
        again = Call.objects.get(pk=again.pk)
        assert again.is_open

    assert again.pk == demonstration.pk
    assert Application.objects.filter(call=again).count() == 12


def test_it_is_set_up_in_a_demonstration_only(db: None) -> None:
    with pytest.raises(NotPermitted):
        set_up(steps.package(), tell=quiet)
    with pytest.raises(CommandError, match="演示"):
        call_command("demonstrate")

    assert not User.objects.exists()
    assert not Call.objects.exists()


def test_a_database_with_other_accounts_is_left_alone(db: None, settings: Any) -> None:
    settings.DEMONSTRATION = True
    steps.make_user("somebody", "某人")

    with pytest.raises(NotNow), clock.at(NOW):
        set_up(steps.package(), tell=quiet)

    assert not Call.objects.exists()


@pytest.mark.long(8)
@pytest.mark.above_database
def test_another_package_can_be_shown_too(db: None, settings: Any) -> None:
    settings.DEMONSTRATION = True

    with clock.at(NOW):
        call = set_up(steps.package(steps.PREFECTURE), tell=quiet)

    assert call.applications.count() == 12
    assert verify().faults == []
