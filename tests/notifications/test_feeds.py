"""Calendars: what stands in them, and the secret of their address."""

from __future__ import annotations

from datetime import UTC, datetime

import icalendar
import pytest
from django.test import Client
from django.urls import reverse

from shidian.calls.models import Call
from shidian.notifications import feeds
from shidian.notifications.feeds import Entry, ics
from tests import steps


def read(raw: bytes) -> list[tuple[str, datetime]]:
    found = icalendar.Calendar.from_ical(raw)
    return [(str(event["uid"]), event.decoded("dtstart")) for event in found.walk("VEVENT")]


def test_a_person_finds_its_own_deadlines(cast: steps.Cast, call: Call) -> None:
    draft = steps.start_filled(cast, call)
    mine = read(ics(feeds.of_person(cast.lead_writer), "x"))

    assert mine == [
        ("tianjin-2023-smps10-district-hand_in@127.0.0.1", datetime(2023, 7, 24, 9, tzinfo=UTC)),
        (f"{draft.reference}-hand-in@127.0.0.1", datetime(2023, 7, 24, 9, tzinfo=UTC)),
    ]
    assert [uid.partition("@")[0] for uid, _at in read(ics(feeds.of_person(cast.heping_handler), "x"))] == [
        f"{call.key}-district-{cast.heping.key}-hand_in",
        f"{call.key}-district-{cast.heping.key}-dispatch",
    ]
    assert feeds.of_person(cast.administrator) == []


def test_more_time_moves_the_same_entry(cast: steps.Cast, call: Call) -> None:
    before = dict(read(ics(feeds.of_person(cast.heping_handler), "x")))
    steps.extension(cast, call)
    after = dict(read(ics(feeds.of_person(cast.heping_handler), "x")))

    assert before.keys() == after.keys()
    assert sorted(before.values()) != sorted(after.values())


def test_lines_are_folded_and_signs_escaped() -> None:
    entry = Entry("u", datetime(2023, 7, 24, 9, tzinfo=UTC), "一，二;三\\四\n" + "长" * 60, "/x/")
    raw = ics([entry], "名")

    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\r\nDTSTART:20230724T090000Z\r\n" in raw
    [event] = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    assert str(event["summary"]) == entry.title


def test_the_address_is_secret_and_ends(cast: steps.Cast, call: Call) -> None:
    token = feeds.token_of(feeds.open_feed(cast.lead_writer))
    url = reverse("ui:calendar-feed", args=(token,))
    answer = Client().get(url)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert "no-store" in answer.headers["Cache-Control"]
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    for each in (wrong, "1-", "x", "999-abc", f"{2**70}-abc"):
        assert feeds.owner_of(each) is None
    second = feeds.token_of(feeds.open_feed(cast.lead_writer))
    assert second != token
    assert Client().get(url).status_code == 404
    feeds.close_feed(cast.lead_writer)
    assert feeds.owner_of(second) is None


def test_the_address_of_a_closed_account_ends(cast: steps.Cast) -> None:
    token = feeds.token_of(feeds.open_feed(cast.outsider))
    cast.outsider.is_active = False
    cast.outsider.save()

    assert feeds.owner_of(token) is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("district/hand_in", 200),
        ("district/dispatch", 200),
        ("district/nothing", 404),
        ("nowhere/hand_in", 404),
        ("city/hand_in", 404),
    ],
)
def test_one_deadline_is_for_everybody(call: Call, path: str, status: int) -> None:
    assert Client().get(f"/calendar/{call.key}/{path}.ics").status_code == status
