"""Saving by field: no text is overwritten unseen, none is lost, and typing is no event."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shidian.applications import actions
from shidian.applications.models import AnswerRevision, Application
from shidian.applications.queries import answers, unsettled, value_at
from shidian.applications.writing import (
    Contested,
    Saved,
    Writing,
    restore,
    save_field,
    save_fields,
    settle_for_theirs,
)
from shidian.calls.models import Call
from shidian.core.errors import NotNow, NotPermitted, Stale
from shidian.questionnaires.visibility import counted
from tests import steps
from tests.steps import refused


@pytest.fixture
def draft(cast: steps.Cast, call: Call) -> Application:
    return actions.start(call, cast.lead, by=cast.lead_writer)


def test_a_save_counts_up_keeps_the_earlier_text_and_records_no_event(
    cast: steps.Cast, draft: Application
) -> None:
    events = steps.traces()["audit.Event"]

    first = save_field(draft, "cover.name", "甲", by=cast.lead_writer, started_from=0)
    second = save_field(draft, "cover.name", "乙", by=cast.lead_head, started_from=1)

    assert isinstance(first, Saved)
    assert isinstance(second, Saved)
    assert (first.number, second.number) == (1, 2)
    row = draft.answers.get(section="cover", field="name")
    assert (row.value, row.number, row.saved_by) == ("乙", 2, cast.lead_head)
    assert [(each.number, each.value, each.by) for each in row.revisions.all()] == [
        (1, "甲", cast.lead_writer),
        (2, "乙", cast.lead_head),
    ]
    assert steps.fresh(draft).title == "乙"
    assert steps.traces()["audit.Event"] == events


def test_saving_the_same_again_changes_nothing(cast: steps.Cast, draft: Application) -> None:
    save_field(draft, "cover.name", "甲", by=cast.lead_writer, started_from=0)
    before = steps.traces()

    again = save_field(draft, "cover.name", "甲", by=cast.lead_head, started_from=0)

    assert isinstance(again, Saved)
    assert (again.number, again.changed) == (1, False)
    assert steps.traces() == before


def test_different_fields_of_one_section_never_meet(cast: steps.Cast, draft: Application) -> None:
    save_field(draft, "cover.name", "甲", by=cast.lead_writer, started_from=0)
    other = save_field(draft, "cover.contact", "王", by=cast.lead_head, started_from=0)

    assert isinstance(other, Saved)
    assert answers(draft)["cover"] == {"name": "甲", "contact": "王"}


def test_the_second_text_is_kept_aside_and_overwrites_nothing(cast: steps.Cast, draft: Application) -> None:
    save_field(draft, "cover.name", "原来", by=cast.lead_writer, started_from=0)
    save_field(draft, "cover.name", "先", by=cast.lead_writer, started_from=1)

    late = save_field(draft, "cover.name", "后", by=cast.lead_head, started_from=1)
    again = save_field(draft, "cover.name", "后", by=cast.lead_head, started_from=1)

    assert isinstance(late, Contested)
    assert (late.mine, late.theirs, late.base, late.number, late.who) == (
        "后",
        "先",
        "原来",
        2,
        cast.lead_writer.label,
    )
    assert isinstance(again, Contested)
    assert answers(draft)["cover"]["name"] == "先"
    aside = AnswerRevision.objects.filter(how="aside")
    assert [(each.value, each.number, each.base) for each in aside] == [("后", None, 1)]


def test_what_came_second_waits_until_its_writer_has_chosen(cast: steps.Cast, draft: Application) -> None:
    save_field(draft, "cover.name", "先", by=cast.lead_writer, started_from=0)
    save_field(draft, "cover.name", "后", by=cast.lead_head, started_from=0)
    assert [row.value for row in unsettled(draft, cast.lead_head)] == ["后"]
    assert unsettled(draft, cast.lead_writer) == []

    settle_for_theirs(draft, "cover.name", by=cast.lead_head, started_from=1)
    assert unsettled(draft, cast.lead_head) == []

    save_field(draft, "cover.name", "又", by=cast.lead_head, started_from=0)
    save_field(draft, "cover.name", "合在一起", by=cast.lead_head, started_from=1)
    assert unsettled(draft, cast.lead_head) == []
    assert answers(draft)["cover"]["name"] == "合在一起"


def test_a_choice_made_before_yet_another_text_is_stale(cast: steps.Cast, draft: Application) -> None:
    save_field(draft, "cover.name", "先", by=cast.lead_writer, started_from=0)
    save_field(draft, "cover.name", "后", by=cast.lead_head, started_from=0)
    save_field(draft, "cover.name", "更后", by=cast.lead_writer, started_from=1)

    refused(
        Stale,
        lambda: settle_for_theirs(draft, "cover.name", by=cast.lead_head, started_from=1),
        match="又有新的修改",
    )
    assert [row.value for row in unsettled(draft, cast.lead_head)] == ["后"]


def test_an_earlier_text_is_brought_back_as_the_newest(cast: steps.Cast, draft: Application) -> None:
    save_field(draft, "cover.name", "甲", by=cast.lead_writer, started_from=0)
    save_field(draft, "cover.name", "乙", by=cast.lead_writer, started_from=1)
    row = draft.answers.get(field="name")

    back = restore(row.revisions.get(number=1), by=cast.lead_head, started_from=2)

    assert isinstance(back, Saved)
    assert (back.value, back.number) == ("甲", 3)
    assert [(each.value, each.how) for each in row.revisions.all()][2] == ("甲", "restored")


def test_a_draft_takes_whatever_is_typed(cast: steps.Cast, draft: Application) -> None:
    odd = {"name": "长" * 100_000, "period": {"from": "明年", "to": ""}, "contact": "𬭎𠅤㛃"}

    steps.fill(draft, {"cover": odd}, cast.lead_writer)

    assert answers(draft)["cover"] == odd
    assert len(steps.fresh(draft).title) == 200


def test_nobody_else_writes_and_nobody_after_freezing(cast: steps.Cast, call: Call) -> None:
    application = steps.frozen(cast, call)

    for person in (cast.outsider, cast.heping_handler, cast.administrator, cast.auditor):
        refused(
            NotPermitted,
            lambda by=person: save_field(application, "cover.name", "别人", by=by, started_from=None),
        )
    refused(
        NotNow,
        lambda: save_field(application, "cover.name", "再改", by=cast.lead_writer, started_from=None),
        match="重新打开",
    )


def test_the_database_itself_keeps_every_text(cast: steps.Cast, draft: Application) -> None:
    save_field(draft, "cover.name", "甲", by=cast.lead_writer, started_from=0)
    revision = AnswerRevision.objects.get(answer__field="name")

    for wrong in (
        lambda: AnswerRevision.objects.filter(pk=revision.pk).update(value="改了"),
        revision.delete,
        lambda: AnswerRevision.objects.create(
            answer=revision.answer, number=1, base=0, value="又", how="typed", at=revision.at, by=revision.by
        ),
        lambda: AnswerRevision.objects.create(
            answer=revision.answer, number=2, base=0, value="又", how="aside", at=revision.at, by=revision.by
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


def test_many_fields_cost_no_more_reading(cast: steps.Cast, draft: Application) -> None:
    steps.fill(draft, steps.filled(draft.call), cast.lead_writer)
    with CaptureQueriesContext(connection) as one:
        save_field(draft, "goals.goals", "改一次", by=cast.lead_writer, started_from=None)
    writings = {"goals.goals": Writing("改二次", None), "cover.contact": Writing("某人", None)}
    with CaptureQueriesContext(connection) as two:
        save_fields(draft, writings, by=cast.lead_writer)

    assert len(two) - len(one) <= 2  # one row of the second field is written, and the revisions go together


# Whatever people do in whatever order, no text disappears.

PEOPLE = ("lead_writer", "lead_head")
STEP = st.tuples(
    st.sampled_from(["save", "late", "restore", "theirs", "freeze", "reopen"]),
    st.sampled_from(PEOPLE),
    st.sampled_from(["goals.goals", "cover.contact"]),
    st.text("甲乙丙丁", min_size=1, max_size=6),
    st.integers(0, 5),
)


@pytest.fixture
def started(cast: steps.Cast, call: Call) -> Application:
    return steps.start_filled(cast, call)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(STEP, min_size=3, max_size=14))
def test_no_text_disappears_whatever_the_order(
    cast: steps.Cast, started: Application, done: list[tuple[str, str, str, str, int]]
) -> None:
    with transaction.atomic():
        point = transaction.savepoint()
        _play(cast, steps.fresh(started), done)
        transaction.savepoint_rollback(point)


def _play(cast: steps.Cast, application: Application, done: list[tuple[str, str, str, str, int]]) -> None:
    written = {(path, value) for path, value in _all_texts(application)}
    for verb, name, path, text, back in done:
        person = getattr(cast, name)
        section, field = path.split(".")
        row = application.answers.get(section=section, field=field)
        frozen = steps.fresh(application).state == "signing"
        before = (row.value, row.number)
        try:
            if verb in ("save", "late"):
                base = max(row.number - back, 0) if verb == "late" else row.number
                outcome = save_field(application, path, text, by=person, started_from=base)
                assert not frozen
                written.add((path, text))
                if isinstance(outcome, Contested):
                    assert (outcome.theirs, outcome.number) == before
                    assert outcome.base == value_at(row, base)
            elif verb == "restore":
                earlier = row.revisions.order_by("pk")[back % row.revisions.count()]
                restore(earlier, by=person, started_from=row.number)
                assert not frozen
            elif verb == "theirs":
                settle_for_theirs(application, path, by=person, started_from=row.number)
                assert not frozen
            elif verb == "freeze":
                version = actions.freeze(application, by=person)
                assert version.data["answers"] == counted(
                    application.call.questionnaire, answers(application)
                )
            else:
                actions.reopen(application, by=person, reason="再改")
        except NotNow:
            assert frozen == (verb != "reopen")
        row.refresh_from_db()
        assert row.number >= before[1]
        if row.number == before[1]:
            assert row.value == before[0]
        # The row is what the newest numbered revision says, and every number is there once.
        numbered = [each for each in row.revisions.all() if each.number is not None]
        assert [each.number for each in numbered] == list(range(1, row.number + 1))
        assert numbered[-1].value == row.value
    assert written <= _all_texts(application)


def _all_texts(application: Application) -> set[tuple[str, str]]:
    rows = AnswerRevision.objects.filter(
        answer__application=application, answer__field__in=("goals", "contact")
    ).select_related("answer")
    return {(row.answer.path, row.value) for row in rows}
