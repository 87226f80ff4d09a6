from __future__ import annotations

from io import BytesIO

import docx
import pikepdf
import pytest

from shidian.audit.actions import SYSTEM, move
from shidian.audit.models import Event
from shidian.calls.scoring import Meeting as Terms
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, NotPermitted, Stale
from shidian.reviews.scoring import actions, meeting, papers
from shidian.reviews.scoring.meeting import _tally
from shidian.reviews.scoring.models import Leaving, Meeting, Vote
from tests.reviews.scoring.panel import declare, discussing, reviewing, submitted


@pytest.fixture
def world(cast, call):
    world = reviewing(cast, call, experts=3, applications=2)
    declare(world, 1, 0)
    return world


def planned(world):
    return meeting.plan(
        world.panel, by=world.officer, held_at=clock.now(), place="市民中心三楼会议室", chair="赵处长"
    )


def opened(world, absent=()):
    found = planned(world)
    people = meeting.members(found)
    meeting.attend(found, [m.pk for at, m in enumerate(people) if at not in absent], by=world.officer)
    return meeting.start(found, by=world.officer)


def votes(turn, choice="agree"):
    return {str(member.pk): choice for member in turn.room}


def test_planning_puts_everything_on_the_agenda_and_every_conflict_beside_it(world):
    found = planned(world)

    turns = meeting.turns(found)

    assert [turn.item.application for turn in turns] == world.applications
    assert [member.expert for member in meeting.members(found)] == world.experts
    assert [[row.member.expert for row in turn.out] for turn in turns] == [[world.experts[1]], []]
    assert "已申报回避" in turns[0].out[0].reason


def test_a_plan_says_what_is_missing(world):
    with pytest.raises(Invalid) as found:
        meeting.plan(world.panel, by=world.officer, held_at=clock.now(), place=" ", chair="")

    assert [problem.anchor for problem in found.value.problems] == ["id_place", "id_chair"]


def test_a_meeting_does_not_start_below_the_quorum(world):
    found = planned(world)
    first = meeting.members(found)[0]
    meeting.attend(found, [first.pk], by=world.officer)

    with pytest.raises(NotNow) as refused:
        meeting.start(found, by=world.officer)

    assert "不足 2/3" in refused.value.reason


def test_only_a_handler_of_the_office_keeps_the_meeting(world):
    with pytest.raises(NotPermitted):
        meeting.plan(world.panel, by=world.experts[0].user, held_at=clock.now(), place="某处", chair="某人")
    with pytest.raises(NotPermitted):
        meeting.attend(planned(world), [], by=world.cast.other_handler)


def test_the_order_changes_only_for_what_was_not_begun(world):
    found = opened(world)
    first, second = (turn.item.pk for turn in meeting.turns(found))
    meeting.order(found, [second, first], by=world.officer)
    assert [turn.item.pk for turn in meeting.turns(found)] == [second, first]

    meeting.call_item(found, second, by=world.officer)
    meeting.order(found, [first, second], by=world.officer)

    assert [turn.item.pk for turn in meeting.turns(found)] == [second, first]
    with pytest.raises(Stale):
        meeting.order(found, [999_999], by=world.officer)


def test_who_has_a_conflict_must_leave_and_has_no_vote(world):
    found = opened(world)
    turn = meeting.turns(found)[0]
    conflicted = turn.out[0].member
    meeting.call_item(found, turn.item.pk, by=world.officer)

    with pytest.raises(NotNow):
        meeting.come_back(found, turn.item.pk, conflicted.pk, by=world.officer)
    with pytest.raises(Stale):
        meeting.vote(found, turn.item.pk, {**votes(turn), str(conflicted.pk): "agree"}, by=world.officer)
    meeting.vote(found, turn.item.pk, votes(turn), by=world.officer)

    tally = meeting.turns(found)[0].tally
    assert (tally.agree, tally.room, tally.passed) == (2, 2, True)


def test_a_conflict_that_comes_to_be_known_late_takes_the_vote_back(world):
    found = opened(world)
    turn = meeting.turns(found)[1]
    meeting.call_item(found, turn.item.pk, by=world.officer)
    meeting.vote(found, turn.item.pk, votes(turn), by=world.officer)
    declare(world, 0, 1)
    meeting.call_item(found, meeting.turns(found)[0].item.pk, by=world.officer)

    assert Vote.objects.filter(item=turn.item).count() == 2
    assert Leaving.objects.get(item=turn.item).conflicted


def test_somebody_leaves_and_it_can_be_corrected(world):
    found = opened(world)
    turn = meeting.turns(found)[1]
    member = turn.room[0]
    meeting.call_item(found, turn.item.pk, by=world.officer)
    with pytest.raises(Invalid):
        meeting.leave(found, turn.item.pk, member.pk, by=world.officer, reason=" ")
    meeting.leave(found, turn.item.pk, member.pk, by=world.officer, reason="曾任该单位顾问")
    assert len(meeting.turns(found)[1].room) == 2

    meeting.come_back(found, turn.item.pk, member.pk, by=world.officer)

    assert len(meeting.turns(found)[1].room) == 3
    assert Event.objects.filter(name="meeting.left").count() == 1


def test_a_vote_needs_enough_in_the_room_and_everybody_in_it(world):
    found = opened(world, absent=(2,))
    first, second = meeting.turns(found)
    with pytest.raises(NotNow):
        meeting.vote(found, second.item.pk, votes(second), by=world.officer)
    meeting.call_item(found, first.item.pk, by=world.officer)
    with pytest.raises(NotNow) as refused:
        meeting.vote(found, first.item.pk, votes(first), by=world.officer)
    assert "在场 1 人" in refused.value.reason
    meeting.call_item(found, second.item.pk, by=world.officer)

    with pytest.raises(Invalid) as invalid:
        meeting.vote(found, second.item.pk, dict(list(votes(second).items())[:1]), by=world.officer)

    assert len(invalid.value.problems) == 1


@pytest.mark.parametrize(
    ("agree", "against", "abstain", "terms", "passed"),
    [
        (2, 1, 0, {}, True),
        (2, 2, 0, {}, False),
        (2, 2, 0, {"more_than": False}, True),
        (2, 1, 0, {"majority": "2/3", "more_than": False}, True),
        (2, 1, 0, {"majority": "2/3"}, False),
        (0, 0, 0, {}, None),
    ],
)
def test_a_majority_is_of_the_votes(agree, against, abstain, terms, passed):
    counts = {"agree": agree, "against": against, "abstain": abstain}

    assert _tally(Terms(**terms), counts, 4, 6).passed is passed


def test_counted_votes_are_as_many_as_people_in_the_room(world, monkeypatch):
    found = opened(world)
    turn = meeting.turns(found)[1]
    scoring = meeting.scoring_of(world.panel)
    counting = scoring.model_copy(update={"meeting": Terms(votes="counts")})
    monkeypatch.setattr(meeting, "scoring_of", lambda panel: counting)
    meeting.call_item(found, turn.item.pk, by=world.officer)

    for wrong in ({"agree": "2"}, {"agree": "x", "against": "3"}):
        with pytest.raises(Invalid):
            meeting.vote(found, turn.item.pk, wrong, by=world.officer)
    meeting.vote(found, turn.item.pk, {"agree": "2", "against": "", "abstain": "1"}, by=world.officer)

    tally = meeting.turns(found)[1].tally
    assert (tally.agree, tally.against, tally.abstain, tally.passed) == (2, 0, 1, True)


def test_the_minutes_say_everything_and_are_frozen(world):
    found = opened(world)
    for at in range(2):
        turn = meeting.turns(found)[at]
        meeting.call_item(found, turn.item.pk, by=world.officer)
        meeting.vote(found, turn.item.pk, votes(turn, "agree" if at else "against"), by=world.officer)
        meeting.note(found, "同意列入，建议补充指标。", by=world.officer, pk=turn.item.pk)
        if not at:
            with pytest.raises(NotNow):
                meeting.close(found, by=world.officer)
        meeting.end_item(found, turn.item.pk, by=world.officer)
    meeting.note(found, "下周复核。", by=world.officer)

    closed = meeting.close(found, by=world.officer)

    content = closed.version.data
    assert [item["passed"] for item in content["agenda"]] == [False, True]
    assert content["agenda"][0]["out"][0]["conflicted"]
    assert content["notes"] == "下周复核。"
    with pytest.raises(NotNow):
        meeting.note(found, "改", by=world.officer)

    pdf = papers.minutes_pdf(closed.version)
    assert papers.minutes_pdf(closed.version).pk == pdf.pk
    assert len(pikepdf.open(BytesIO(pdf.read())).pages) == 2
    word = docx.Document(BytesIO(papers.minutes_docx(closed.version)))
    text = "\n".join(paragraph.text for paragraph in word.paragraphs)
    assert "专家2号回避离席：已申报回避" in text
    assert "在场 3 人，同意 3 票，反对 0 票，弃权 0 票，通过。" in text
    assert word.tables[0].rows[1].cells[1].text == "第一评审组"
    assert papers.minutes_docx(closed.version) == papers.minutes_docx(closed.version)


def test_closed_minutes_are_corrected_as_a_new_version(world):
    found = meeting.close(opened(world), by=world.officer)

    meeting.reopen(found, by=world.officer, reason="漏记一人")
    again = meeting.close(Meeting.objects.get(), by=world.officer)

    assert [version.number for version in again.document.versions.all()] == [1, 2]


def test_minutes_stay_once_a_result_was_frozen_after_them(world, clock_at):
    submitted(world.assignments[0, 1])
    discussing(world)
    found = meeting.close(opened(world), by=world.officer)
    clock_at(2023, 7, 3, 12, 0)
    actions.freeze_result(world.panel, by=world.officer)

    with pytest.raises(NotNow):
        meeting.reopen(found, by=world.officer, reason="再改")


def test_an_agenda_takes_what_was_assigned_later(world):
    found = planned(world)
    world.assignments[0, 1].delete()

    meeting.plan(world.panel, by=world.officer, held_at=clock.now(), place="二楼", chair="赵处长")

    assert Meeting.objects.get(pk=found.pk).place == "二楼"
    assert len(meeting.turns(found)) == 2


MEETINGS = [("planned", {"start"}), ("open", {"close"}), ("closed", {"reopen"})]


@pytest.mark.parametrize(("state", "may"), MEETINGS)
def test_a_verb_leads_a_meeting_on_or_changes_nothing(world, state, may):
    found = planned(world)
    if state != "planned":
        meeting.attend(found, [m.pk for m in meeting.members(found)], by=world.officer)
        meeting.start(found, by=world.officer)
    if state == "closed":
        meeting.close(found, by=world.officer)
    found = Meeting.objects.select_related("panel").get()
    assert found.state == state

    for verb in set(Meeting.MACHINE.transitions) - may:
        with pytest.raises(Stale):
            move(found, verb, by=SYSTEM)

    assert may == set(Meeting.MACHINE.verbs_from(state))
    assert Meeting.objects.get().state == state
