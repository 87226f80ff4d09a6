"""Who is here now, and what others changed meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shidian.applications import actions, presence
from shidian.applications.models import Application, Presence
from shidian.calls.models import Call
from shidian.core import clock
from tests import steps


@pytest.fixture
def draft(cast: steps.Cast, call: Call) -> Application:
    return actions.start(call, cast.lead, by=cast.lead_writer)


def later(application: Application, seconds: int) -> None:
    """Let everybody have been seen so much longer ago."""
    for row in Presence.objects.filter(application=application):
        Presence.objects.filter(pk=row.pk).update(seen_at=row.seen_at - timedelta(seconds=seconds))


def test_others_are_told_by_section_and_are_gone_after_a_minute(cast: steps.Cast, draft: Application) -> None:
    assert presence.arrive(draft, "cover", cast.lead_writer) == {}

    assert presence.arrive(draft, "plan", cast.lead_head) == {"cover": ["王经办"]}
    assert presence.others(draft, cast.lead_writer) == {"plan": ["李负责"]}
    later(draft, 59)
    assert presence.others(draft, cast.lead_writer) == {"plan": ["李负责"]}
    later(draft, 1)
    assert presence.others(draft, cast.lead_writer) == {}


def test_opening_a_page_again_at_once_writes_nothing(cast: steps.Cast, draft: Application) -> None:
    presence.arrive(draft, "cover", cast.lead_writer)
    with CaptureQueriesContext(connection) as again:
        presence.arrive(draft, "cover", cast.lead_writer)
    later(draft, 21)
    presence.arrive(draft, "cover", cast.lead_writer)

    assert len(again) == 1
    row = Presence.objects.get()
    assert row.seen_at == clock.now()


def test_a_beat_tells_the_fields_that_others_wrote_since_and_never_one_s_own(
    cast: steps.Cast, draft: Application
) -> None:
    steps.write(draft, cast.lead_writer, cover__name="甲", cover__contact="乙")
    seen = {row.field: row.number for row in draft.answers.filter(section="cover")}
    steps.write(draft, cast.lead_head, cover__name="丙")
    steps.write(draft, cast.lead_writer, cover__contact="丁")
    steps.write(draft, cast.lead_head, goals__goals="别的部分")

    with CaptureQueriesContext(connection) as asked:
        present, changed = presence.beat(draft, "cover", cast.lead_writer, seen)

    assert len(asked) == 2
    assert present == {}
    assert {key: (each.number, each.who) for key, each in changed.items()} == {
        "name": (seen["name"] + 1, "李负责")
    }
    assert presence.beat(draft, "cover", cast.lead_writer, {})[1] == {}  # a page that shows no field


def test_two_people_on_one_page_see_each_other(cast: steps.Cast, draft: Application) -> None:
    presence.beat(draft, "cover", cast.lead_writer, {})

    assert presence.beat(draft, "cover", cast.lead_head, {})[0] == {"cover": ["王经办"]}
    assert presence.beat(draft, "cover", cast.lead_writer, {})[0] == {"cover": ["李负责"]}
    assert Presence.objects.count() == 2
