"""Starting from the unit's profile and from an earlier application, and a profile that changed later."""

from __future__ import annotations

import pytest

from shidian.applications import actions
from shidian.applications.models import AnswerRevision, Application
from shidian.applications.queries import answers, written_in
from shidian.applications.reusing import earlier, newer_in_profile, take_newer
from shidian.applications.writing import Contested
from shidian.audit.actions import SYSTEM
from shidian.audit.models import Event
from shidian.calls.actions import load, publish
from shidian.calls.models import Call
from shidian.core.errors import NotNow, NotPermitted
from shidian.organisations import profiles
from tests import steps

TOLD = {"address": "新路 2 号", "phone": "022-27119999", "industry": "9224", "business_scope": "应急救援"}


def lead_rows(application: Application):
    return written_in(application, "lead")


def test_a_new_application_starts_with_what_the_profile_tells(cast: steps.Cast, call: Call) -> None:
    profiles.keep(cast.lead, TOLD, by=cast.lead_writer)

    draft = actions.start(call, cast.lead, by=cast.lead_writer)

    told = answers(draft)["lead"]
    assert {key: told[key] for key in TOLD} == TOLD
    assert set(AnswerRevision.objects.filter(answer__application=draft).values_list("how", flat=True)) == {
        "prefilled"
    }


def test_a_draft_stays_as_it_is_until_somebody_takes_the_newer_profile(
    cast: steps.Cast, call: Call, clock_at
) -> None:
    draft = actions.start(call, cast.lead, by=cast.lead_writer)
    steps.write(draft, cast.lead_writer, lead__phone="022-27110001")
    section = call.questionnaire.section("lead")
    assert newer_in_profile(draft, section, lead_rows(draft)) == []
    clock_at(2023, 7, 3, 11, 0)
    profiles.keep(cast.lead, TOLD, by=cast.lead_head)

    assert answers(draft)["lead"]["phone"] == "022-27110001"
    found = {
        each.field.key: (each.value, each.number)
        for each in newer_in_profile(draft, section, lead_rows(draft))
    }
    assert found == {
        "address": ("新路 2 号", 1),
        "phone": ("022-27119999", 1),
        "industry": ("9224", 0),
        "business_scope": ("应急救援", 0),
    }

    take_newer(draft, section, {key: number for key, (_, number) in found.items()}, by=cast.lead_writer)

    assert {key: answers(draft)["lead"][key] for key in TOLD} == TOLD
    assert newer_in_profile(draft, section, lead_rows(draft)) == []
    newest = AnswerRevision.objects.filter(answer__application=draft).latest("pk")
    assert newest.how == "prefilled"


def test_what_was_written_after_the_profile_changed_is_left_alone(
    cast: steps.Cast, call: Call, clock_at
) -> None:
    draft = actions.start(call, cast.lead, by=cast.lead_writer)
    clock_at(2023, 7, 3, 11, 0)
    profiles.keep(cast.lead, TOLD, by=cast.lead_head)
    steps.write(draft, cast.lead_writer, lead__phone="022-27110001", lead__address="就要这个")

    found = newer_in_profile(draft, call.questionnaire.section("lead"), lead_rows(draft))

    assert {each.field.key for each in found} == {"industry", "business_scope"}


def test_taking_the_profile_never_overwrites_what_somebody_else_wrote_meanwhile(
    cast: steps.Cast, call: Call, clock_at
) -> None:
    draft = actions.start(call, cast.lead, by=cast.lead_writer)
    section = call.questionnaire.section("lead")
    clock_at(2023, 7, 3, 11, 0)
    profiles.keep(cast.lead, {"address": "新路 2 号"}, by=cast.lead_head)
    seen = {each.field.key: each.number for each in newer_in_profile(draft, section, lead_rows(draft))}
    clock_at(
        2023, 7, 3, 10, 30
    )  # somebody whose save is older than the profile, but newer than what was seen
    steps.write(draft, cast.lead_head, lead__address="又一条路")

    (outcome,) = take_newer(draft, section, seen, by=cast.lead_writer)

    assert isinstance(outcome, Contested)
    assert answers(draft)["lead"]["address"] == "又一条路"


def test_what_the_new_form_asks_alike_comes_and_is_marked_as_copied(cast: steps.Cast, call: Call) -> None:
    source = steps.start_filled(cast, call)
    profiles.keep(cast.lead, TOLD, by=cast.lead_writer)

    draft = actions.start(call, cast.lead, by=cast.lead_writer, source=source)

    old, new = answers(source), answers(draft)
    assert new["goals"] == old["goals"]
    assert new["plan"] == old["plan"]
    assert new["cover"]["area"] == old["cover"]["area"]
    assert new["lead"]["phone"] == TOLD["phone"]  # the profile goes first
    assert not draft.attachments.exists()
    how = {
        row.answer.path: row.how
        for row in AnswerRevision.objects.filter(answer__application=draft).select_related("answer")
    }
    assert how["goals.goals"] == "copied"
    assert how["lead.phone"] == "prefilled"
    assert steps.fresh(draft).title == old["cover"]["name"]
    event = Event.objects.get(chain=draft.chain, name="application.copied")
    assert event.detail["source"] == source.reference
    assert event.detail["left"] == []


def test_what_the_new_call_does_not_have_stays_behind_with_its_reason(cast: steps.Cast, call: Call) -> None:
    source = steps.start_filled(cast, call)
    steps.write(source, cast.lead_writer, cover__area="no/such-area")
    rows = [{"time": "2024年1月", "content": "甲", "units": "乙", "gone": "丙"}]
    steps.write(source, cast.lead_writer, plan__plan=rows)

    draft = actions.start(call, cast.lead, by=cast.lead_writer, source=source)

    assert not answers(draft)["cover"].get("area")
    assert answers(draft)["plan"]["plan"] == [{"time": "2024年1月", "content": "甲", "units": "乙"}]
    event = Event.objects.get(chain=draft.chain, name="application.copied")
    assert [(name, why) for _, name, why in event.detail["left"]] == [
        (call.questionnaire.section("cover").field("area").name, "新的批次里没有这个选项")
    ]


def test_of_a_form_that_asks_otherwise_everything_is_named_as_left(
    cast: steps.Cast, call: Call, clock_at
) -> None:
    source = steps.start_filled(cast, call)
    other = load(steps.package(steps.PREFECTURE), by=SYSTEM)
    publish(other, by=SYSTEM)
    clock_at(2025, 3, 10, 10, 0)

    draft = actions.start(Call.objects.get(pk=other.pk), cast.lead, by=cast.lead_writer, source=source)

    event = Event.objects.get(chain=draft.chain, name="application.copied")
    assert event.detail["count"] == 0
    filled = [value for section in answers(source).values() for value in section.values() if value]
    assert len(event.detail["left"]) == len(filled)
    assert {why for _, _, why in event.detail["left"]} == {"新的申请书里没有这一栏，或者填法不同"}


def test_only_from_the_unit_s_own_applications(cast: steps.Cast, call: Call) -> None:
    source = steps.start_filled(cast, call)

    assert earlier(cast.lead_writer, cast.lead) == [source]
    assert earlier(cast.outsider, cast.lead) == []
    with pytest.raises(NotPermitted):
        actions.start(call, cast.other_unit, by=cast.outsider, source=source)
    assert not Application.objects.filter(lead=cast.other_unit).exists()


def test_nothing_is_taken_into_what_is_frozen(cast: steps.Cast, call: Call, clock_at) -> None:
    application = steps.frozen(cast, call)
    clock_at(2023, 7, 3, 11, 0)
    profiles.keep(cast.lead, TOLD, by=cast.lead_head)

    with pytest.raises(NotNow):
        take_newer(application, call.questionnaire.section("lead"), {"phone": 1}, by=cast.lead_writer)
