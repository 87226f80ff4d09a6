"""Who is reminded of deadlines when: on working days, once each, and in one mail a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from shidian.applications import actions as applications
from shidian.applications import signing
from shidian.applications.queries import round_of
from shidian.calls.actions import extend
from shidian.calls.definition import Reminders
from shidian.calls.models import Call, Extension
from shidian.core.workdays import calendar
from shidian.notifications import reminders
from shidian.notifications.actions import mark_read, prefer
from shidian.notifications.models import Message, Notice
from shidian.notifications.reminders import moments, tend
from shidian.signoffs.models import Party
from tests import steps

SHANGHAI = ZoneInfo("Asia/Shanghai")
At = Callable[..., None]


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=SHANGHAI)


def told(until: datetime, **more: Any) -> list[str]:
    return [f"{each.label} {each.at:%m-%d %H:%M}" for each in moments(until, Reminders(**more), SHANGHAI)]


def test_the_moments_before_and_after_a_deadline() -> None:
    # A Thursday; the seventh day before is a Thursday, the third a Monday.
    assert told(at(2023, 7, 20, 17)) == [
        "7d 07-13 08:00", "3d 07-17 08:00", "1d 07-19 08:00", "4h 07-20 13:00",
        "late1d 07-21 08:00", "late3d 07-24 08:00", "late7d 07-27 08:00",
    ]  # fmt: skip


def test_what_falls_on_a_holiday_goes_out_on_the_working_day_before() -> None:
    # The deadline itself lies in the holidays of National Day 2023 (29 September to 6 October).
    found = told(at(2023, 10, 3, 17), late_days=[])

    assert found == ["7d 09-26 08:00", "4h 09-28 08:00"]  # the nearest one of those that fall together


@given(
    st.datetimes(datetime(2023, 1, 10), datetime(2026, 12, 20)),
    st.lists(st.integers(1, 60), max_size=4),
    st.lists(st.integers(1, 23), max_size=2),
)
def test_every_moment_is_on_a_working_day_and_before_the_deadline(
    until: datetime, days: list[int], hours: list[int]
) -> None:
    end = until.replace(tzinfo=SHANGHAI)
    found = moments(end, Reminders(days=days, hours=hours, late_days=[]), SHANGHAI)

    assert all(calendar().is_working(each.at.date()) for each in found)
    assert all(each.at <= end for each in found)
    assert len({each.at for each in found}) == len(found)
    assert bool(found) == bool(days or hours)


@pytest.fixture
def draft(cast: steps.Cast, call: Call) -> Any:
    return steps.start_filled(cast, call)


def through(
    clock_at: At, days: range, hours: tuple[int, ...] = (6, 8, 9, 13, 14, 16, 18, 22)
) -> Iterator[str]:
    """Ask at these hours of July 2023; tell when mail went out."""
    for day in days:
        for hour in hours:
            clock_at(2023, 7, day, hour, 0)
            if tend():
                yield f"{day} {hour}"


def test_people_with_drafts_are_reminded_7_3_and_1_days_and_4_hours_before(
    cast: steps.Cast, draft: Any, clock_at: At
) -> None:
    # Hand-ins close on Monday the 24th at 17:00; the third and the first day before are a weekend.
    assert list(through(clock_at, range(4, 32))) == ["17 8", "21 8", "24 13"]
    assert {letter.to[0] for letter in mail.outbox} == {cast.lead_writer.email, cast.lead_head.email}
    assert len(mail.outbox) == 6
    assert all(draft.name not in letter.subject for letter in mail.outbox)
    assert "2023-07-24 17:00" in mail.outbox[0].body
    assert draft.reference in mail.outbox[0].body


def test_who_has_handed_in_is_not_reminded_but_the_office_is(
    cast: steps.Cast, call: Call, clock_at: At
) -> None:
    steps.lodged(cast, call)
    mail.outbox.clear()
    # The district must have dispatched on Monday the 31st at 23:59:59.
    assert list(through(clock_at, range(22, 32))) == ["24 8", "28 8", "31 22"]
    assert {letter.to[0] for letter in mail.outbox} == {
        cast.heping_handler.email, cast.heping_approver.email
    }  # fmt: skip
    mail.outbox.clear()
    clock_at(2023, 8, 1, 9)
    assert tend() == 2
    assert "期限 2023-07-31 23:59 已经过了" in mail.outbox[0].body


def test_one_mail_a_day_holds_everything_what_falls_due_later_included(
    cast: steps.Cast, call: Call, draft: Any, clock_at: At
) -> None:
    """On the day on which hand-ins close, the writer also has news of another application."""
    other = steps.frozen(cast, call)
    clock_at(2023, 7, 22, 9)
    list(through(clock_at, range(4, 24)))
    mail.outbox.clear()
    clock_at(2023, 7, 24, 7)
    reminders.tell_people(
        reminders.KINDS["progress"],
        [cast.lead_writer],
        key="news",
        values={"reference": other.reference},
        place="/",
    )
    sent = list(through(clock_at, range(24, 25)))

    assert sent == ["24 8", "24 13"]  # to the writer in the morning, to the head four hours before
    mine = [letter for letter in mail.outbox if letter.to == [cast.lead_writer.email]]
    assert len(mine) == 1
    assert mine[0].body.count("递交截止") == 2 and "有进展" in mine[0].body


def test_a_round_that_was_cut_off_goes_on_where_it_stopped(
    cast: steps.Cast, draft: Any, clock_at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_at(2023, 7, 17, 8, 5)
    whole = reminders._tell
    killed = []

    def once(*args: Any, **named: Any) -> int:
        if killed:
            raise KeyboardInterrupt
        killed.append(1)
        return whole(*args, **named)

    monkeypatch.setattr(reminders, "_tell", once)
    with pytest.raises(KeyboardInterrupt):
        tend()
    monkeypatch.undo()
    clock_at(2023, 7, 17, 9, 0)

    assert tend() == 1
    assert tend() == 0
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted(
        [cast.lead_writer.email, cast.lead_head.email]
    )
    assert Message.objects.filter(kind="digest").count() == 2


def test_more_time_moves_the_reminders(cast: steps.Cast, call: Call, draft: Any, clock_at: At) -> None:
    clock_at(2023, 7, 20, 12)
    extend(
        Call.objects.get(pk=call.pk), by=cast.commission_officer, stage=call.definition.stages[0].key,
        deadline=Extension.Deadline.HAND_IN, until=at(2023, 7, 28, 17), reason="停电", lead=cast.lead,
    )  # fmt: skip
    mail.outbox.clear()

    assert list(through(clock_at, range(20, 32))) == ["21 8", "25 8", "27 8", "28 13"]


def test_a_draft_that_was_begun_a_moment_ago_is_not_reminded(
    cast: steps.Cast, call: Call, clock_at: At
) -> None:
    clock_at(2023, 7, 17, 9)
    steps.start_filled(cast, call)

    assert tend() == 0


def test_reminders_can_be_turned_off_but_stand_on_the_page(
    cast: steps.Cast, draft: Any, clock_at: At
) -> None:
    prefer(cast.lead_head, {"deadline": ("", False)}, phone="")
    clock_at(2023, 7, 17, 8)
    tend()

    assert [letter.to[0] for letter in mail.outbox] == [cast.lead_writer.email]
    assert Notice.objects.filter(user=cast.lead_head, kind="deadline").count() == 1


def test_news_wait_for_the_morning_of_a_working_day_and_not_for_who_read_them(
    cast: steps.Cast, call: Call, clock_at: At
) -> None:
    for person in (cast.lead_head, cast.lead_writer):
        reminders.tell_people(
            reminders.KINDS["progress"],
            [person],
            key=f"n{person.pk}",
            values={"reference": "TJ10-1"},
            place="/",
        )
    mark_read(cast.lead_writer)
    clock_at(2023, 7, 8, 9)  # a Saturday

    assert tend() == 0
    clock_at(2023, 7, 10, 9)
    assert tend() == 1
    assert mail.outbox[-1].to == [cast.lead_head.email]
    assert mail.outbox[-1].subject == "今天有 1 条消息"


def test_parties_without_an_account_are_reminded_in_the_last_hours_too(
    cast: steps.Cast, call: Call, clock_at: At
) -> None:
    application = steps.frozen(cast, call)
    party = Party.objects.get(round=round_of(application), role="guarantor")
    signing.give_contact(application, party, email="a@unit.example", by=cast.lead_writer)
    second = steps.start_filled(cast, call)
    applications.freeze(second, by=cast.lead_writer)
    clock_at(2023, 7, 24, 12)
    assert signing.remind_all() == 0
    clock_at(2023, 7, 24, 13)
    assert signing.remind_all() == 1
    clock_at(2023, 7, 24, 15)

    assert signing.remind_all() == 0
