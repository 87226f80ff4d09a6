from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from shidian.audit.actions import SYSTEM, move
from shidian.audit.models import Event
from shidian.audit.protection import drop_statements
from shidian.audit.queries import verify
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, NotPermitted, Stale
from shidian.documents.models import DocumentVersion
from shidian.reviews.scoring import actions, queries, rules
from shidian.reviews.scoring.actions import Contested, Kept
from shidian.reviews.scoring.checking import Written
from shidian.reviews.scoring.models import Moderation, ScoreSheet, SheetEntry
from tests.reviews.scoring.panel import (
    FULL,
    all_submitted,
    declare,
    discussing,
    reviewing,
    submitted,
    write,
)

LOW = {"basis": "10", "need": "12", "plan": "20", "resources": "9", "benefit": "9"}


@pytest.fixture
def world(cast, call):
    return reviewing(cast, call)


def test_what_is_typed_is_kept_right_or_wrong(world):
    assignment = world.assignments[0, 0]

    outcomes = actions.save_entries(
        assignment, {"basis": (Written("二十", "说明"), 0)}, by=assignment.expert.user
    )

    assert outcomes == [Kept("basis", 1)]
    row = SheetEntry.objects.get()
    assert (row.value, row.comment) == ("二十", "说明")


def test_two_windows_never_write_over_each_other_unseen(world):
    assignment, user = world.assignments[0, 0], world.experts[0].user
    actions.save_entries(assignment, {"basis": (Written("12"), 0)}, by=user)

    [outcome] = actions.save_entries(assignment, {"basis": (Written("15"), 0)}, by=user)

    assert outcome == Contested("basis", 1, Written("15"), Written("12"))
    assert SheetEntry.objects.get().value == "12"
    assert actions.save_entries(assignment, {"basis": (Written("15"), 1)}, by=user) == [Kept("basis", 2)]
    assert actions.save_entries(assignment, {"basis": (Written("15"), 1)}, by=user) == [Kept("basis", 2)]


def test_an_item_that_the_sheet_does_not_have_is_refused(world):
    with pytest.raises(Invalid):
        actions.save_entries(world.assignments[0, 0], {"beauty": (Written("1"), 0)}, by=world.experts[0].user)


def test_submitting_names_every_problem_with_its_place(world):
    assignment = world.assignments[0, 0]
    write(assignment, {**FULL, "basis": "11.25", "need": "21", "plan": "x"}, choice="", comment=" ")
    actions.save_entries(assignment, {"benefit": (Written("8"), None)}, by=assignment.expert.user)

    with pytest.raises(Invalid) as found:
        actions.submit(assignment, by=assignment.expert.user)

    assert [problem.anchor for problem in found.value.problems] == [
        "f-basis-points",
        "f-need-points",
        "f-plan-points",
        "f-benefit-comment",
        "f-overall-choice-recommend",
        "f-overall-comment",
    ]
    assert "以 0.5 分为一档" in found.value.problems[0].message
    assert "最多 20 分" in found.value.problems[1].message
    assert "低于 9 分，请写明理由" in found.value.problems[3].message


def test_an_empty_sheet_cannot_be_submitted(world):
    with pytest.raises(Invalid) as found:
        actions.submit(world.assignments[0, 0], by=world.experts[0].user)

    assert len(found.value.problems) == 7


def test_a_submitted_sheet_is_frozen(world):
    sheet = submitted(world.assignments[0, 0], {**FULL, "basis": "１８．５"})

    assert sheet.state == "submitted"
    data = sheet.version.data
    assert data["points"]["basis"] == "18.5"
    assert data["total"] == "88.00"
    assert data["recommendation_label"] == "建议列为试点"
    with pytest.raises(NotNow):
        write(world.assignments[0, 0])


def test_reopening_needs_an_officer_and_a_reason_and_keeps_what_was_submitted(world):
    sheet = submitted(world.assignments[0, 0])
    first = sheet.version

    with pytest.raises(NotPermitted):
        actions.reopen(sheet, by=world.experts[0].user, reason="想改")
    with pytest.raises(Invalid):
        actions.reopen(sheet, by=world.officer, reason=" ")
    actions.reopen(sheet, by=world.officer, reason="专家说明写错一项")
    again = submitted(world.assignments[0, 0], LOW)

    assert [version.number for version in again.document.versions.all()] == [1, 2]
    assert DocumentVersion.objects.get(pk=first.pk).data["points"]["basis"] == "18"
    assert Event.objects.filter(name="sheet.reopened").get().detail["reason"] == "专家说明写错一项"


def test_nothing_new_is_scored_after_the_end_but_a_reopened_sheet_is_finished(world, clock_at):
    sheet = submitted(world.assignments[0, 0])
    write(world.assignments[1, 0])
    actions.reopen(sheet, by=world.officer, reason="更正")

    with clock.at(world.panel.closes_at + timedelta(seconds=1)):
        with pytest.raises(NotNow):
            actions.submit(world.assignments[1, 0], by=world.experts[1].user)
        actions.submit(world.assignments[0, 0], by=world.experts[0].user)


def test_nobody_else_scores(world):
    with pytest.raises(NotPermitted):
        actions.save_entries(world.assignments[0, 0], {"basis": (Written("1"), 0)}, by=world.experts[1].user)
    with pytest.raises(NotPermitted):
        actions.submit(world.assignments[0, 0], by=world.officer)


def test_a_conflict_shuts_the_expert_out_and_the_sheet_counts_no_more(world):
    all_submitted(world, [FULL, LOW, FULL])
    discussing(world)
    declare(world, 1, 0)

    now = queries.standing(world.panel)

    assert [row.number for row in now.rows] == [1, 3]
    assert now.lines[0].mean == Decimal("87.50")
    assert queries.own_assignment(world.experts[1].user, world.assignments[1, 0].pk) is None
    assert not rules.can_discuss(world.experts[1].user, world.panel, world.applications[0])
    with pytest.raises(NotPermitted):
        actions.remark(world.panel, world.applications[0], "我说两句", by=world.experts[1].user)
    content = queries.result_content(now)
    assert content["left_out"][0]["expert"] == "专家2号"
    assert len(content["sheets"]) == 2


def test_only_who_submitted_takes_part_in_the_discussion(world):
    submitted(world.assignments[0, 0])
    write(world.assignments[1, 0])
    application = world.applications[0]

    assert not rules.can_discuss(world.experts[0].user, world.panel, application)
    discussing(world)

    assert rules.can_discuss(world.experts[0].user, world.panel, application)
    assert not rules.can_discuss(world.experts[1].user, world.panel, application)
    assert not rules.can_discuss(world.cast.outsider, world.panel, application)
    row = actions.remark(world.panel, application, "  目标可以再具体。 ", by=world.experts[0].user)
    assert (row.text, row.assignment) == ("目标可以再具体。", world.assignments[0, 0])
    with pytest.raises(Invalid):
        actions.remark(world.panel, application, " ", by=world.experts[0].user)


def test_a_moderation_stands_beside_the_submitted_version(world):
    sheets = all_submitted(world, [FULL, FULL, LOW])
    with pytest.raises(NotNow):
        actions.moderate(sheets[2], "plan", "25", by=world.officer, reason="合议")
    discussing(world)
    outlier = queries.standing(world.panel).outliers[0]

    row = actions.moderate(sheets[2], "plan", "25", by=world.officer, reason="合议后专家认可进度安排合理")
    actions.moderate(sheets[2], "plan", "26", by=world.officer, reason="再次合议")

    assert (outlier.expert, outlier.by) == ("E3", Decimal("-27.50"))
    assert (row.before, row.after) == ("20", "25")
    now = queries.standing(world.panel)
    assert now.rows[2].points["plan"] == 26
    assert now.rows[2].submitted["plan"] == 20
    assert sheets[2].version.data["points"]["plan"] == "20"
    assert Event.objects.filter(name="sheet.moderated").last().detail["before"] == "25"


@pytest.mark.parametrize(
    ("item", "points", "reason"),
    [("plan", "31", "x"), ("plan", "27", "x"), ("nothing", "1", "x"), ("plan", "26", " ")],
)
def test_a_moderation_says_what_is_wrong(world, item, points, reason):
    sheet = submitted(world.assignments[0, 0])
    discussing(world)

    with pytest.raises(Invalid):
        actions.moderate(sheet, item, points, by=world.officer, reason=reason)

    assert not Moderation.objects.exists()


def test_a_reopened_sheet_leaves_its_moderations_behind(world):
    sheets = all_submitted(world)
    discussing(world)
    actions.moderate(sheets[0], "plan", "20", by=world.officer, reason="合议")
    actions.reopen(sheets[0], by=world.officer, reason="本人要求重评")

    assert [row.number for row in queries.standing(world.panel).missing] == [1]
    submitted(world.assignments[0, 0])
    assert queries.standing(world.panel).rows[0].points["plan"] == 27


def test_a_result_is_frozen_and_computed_again_to_the_same_bytes(world):
    sheets = all_submitted(world, [FULL, FULL, LOW])
    with pytest.raises(NotNow):
        actions.freeze_result(world.panel, by=world.officer)
    discussing(world)

    version = actions.freeze_result(world.panel, by=world.officer)

    assert queries.is_equal(version)
    assert version.data["result"][0]["score"] == "78.33"
    assert queries.ranking(world.panel) == [(world.applications[0], Decimal("78.33"))]
    with pytest.raises(Stale):
        actions.freeze_result(world.panel, by=world.officer)
    actions.moderate(sheets[2], "plan", "25", by=world.officer, reason="合议")
    second = actions.freeze_result(world.panel, by=world.officer)
    assert second.number == 2
    assert second.data["moderations"][0]["after"] == "25"
    assert [queries.is_equal(each) for each in queries.results_of(world.panel)] == [True, True]


def test_a_forged_result_is_found_by_the_command_and_by_the_audit(world, capsys):
    all_submitted(world)
    discussing(world)
    version = actions.freeze_result(world.panel, by=world.officer)
    call_command("scores", "verify")
    assert "逐字节相同" in capsys.readouterr().out
    assert verify().ok

    with connection.cursor() as cursor:
        for statement in drop_statements(connection.vendor, DocumentVersion._meta.db_table):
            cursor.execute(statement)
        forged = version.content.replace('"score":"87.50"', '"score":"97.50"')
        assert forged != version.content
        cursor.execute(
            f"UPDATE {DocumentVersion._meta.db_table} SET content = %s WHERE id = %s", (forged, version.pk)
        )

    with pytest.raises(CommandError):
        call_command("scores", "verify", version.document.reference)
    assert any("重新计算" in fault for fault in verify().faults)


def test_the_score_gives_the_order_before_anything_is_frozen(cast, call):
    world = reviewing(cast, call, experts=1, applications=2)
    submitted(world.assignments[0, 1])

    assert queries.ranking(world.panel) == [(world.applications[1], Decimal("87.50"))]


def test_the_queries_of_a_standing_do_not_grow(cast, call, django_assert_max_num_queries):
    world = reviewing(cast, call, experts=3, applications=2)
    all_submitted(world)

    with django_assert_max_num_queries(20):
        queries.standing(world.panel)


def test_moderations_and_remarks_are_evidence(world):
    sheets = all_submitted(world)
    discussing(world)
    row = actions.moderate(sheets[0], "plan", "20", by=world.officer, reason="合议")
    said = actions.remark(world.panel, world.applications[0], "意见", by=world.officer)

    for evidence in (row, said):
        with pytest.raises(DatabaseError), transaction.atomic():
            type(evidence).objects.filter(pk=evidence.pk).delete()


SHEETS = [("draft", {"submit"}), ("submitted", {"reopen"})]


@pytest.mark.parametrize(("state", "may"), SHEETS)
def test_a_verb_leads_a_sheet_on_or_changes_nothing(world, state, may):
    write(world.assignments[0, 0])
    if state == "submitted":
        actions.submit(world.assignments[0, 0], by=world.experts[0].user)
    sheet = ScoreSheet.objects.select_related("assignment__panel").get()
    for verb in ScoreSheet.MACHINE.transitions:
        if verb in may:
            continue
        with pytest.raises(Stale):
            move(sheet, verb, by=SYSTEM)
        sheet.refresh_from_db()
        assert sheet.state == state
    assert may == set(ScoreSheet.MACHINE.verbs_from(state))
