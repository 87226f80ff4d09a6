"""What is open by a problem list and what is not, who is asked again, and what is said about each entry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from shidian.applications import actions as applications
from shidian.applications import corrections, reusing, writing
from shidian.applications.models import Answer, Application, Correction, OpeningRequest
from shidian.applications.openings import kept_within, opening
from shidian.applications.places import Place
from shidian.applications.queries import answers, dispatch_until, lodgement_here, round_of, standing
from shidian.calls.models import Call
from shidian.calls.queries import gates_until, window
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.reviews import actions as reviews
from shidian.reviews import problems
from shidian.signoffs.queries import asked
from tests import steps
from tests.steps import refused


def returned(cast: steps.Cast, call: Call, *places: str, severity: str = "must") -> Application:
    """Lodged, and returned for one problem at each place."""
    application = steps.lodged(cast, call)
    return again(application, cast, places, severity=severity)


def again(
    application: Application, cast: steps.Cast, places: Sequence[str], *, severity: str = "must"
) -> Application:
    lodgement = lodgement_here(application)
    assert lodgement is not None
    for place in places:
        problems.draft(lodgement, place=place, text="不对", severity=severity, by=cast.heping_handler)
    reviews.return_for_correction(application, by=cast.heping_handler)
    return steps.fresh(application)


def write(application: Application, cast: steps.Cast, **texts: Any) -> None:
    steps.write(steps.fresh(application), cast.lead_writer, **texts)


def table(application: Application, path: str = "plan.plan") -> list[dict[str, str]]:
    section, _rest, field = path.partition(".")
    return [dict(row) for row in answers(application)[section][field]]


# Places


@pytest.mark.parametrize(
    "text",
    ["", "s:goals", "f:cover.name", "r:plan.plan.2", "a:", "a:staff", "a:staff:0123456789abcdef", "p:3"],
)
def test_a_place_is_read_as_it_is_written(text: str) -> None:
    assert str(Place.read(text)) == text


@pytest.mark.parametrize(
    "text", ["x", "f:", "f:cover", "r:plan.plan.0", "r:plan.plan", "p:0", "a::0123456789abcdef"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        Place.read(text)


# What is open


def test_only_the_field_that_is_named_is_written(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "f:goals.goals")

    write(application, cast, goals__goals="改过的目标")
    refused(NotNow, lambda: write(application, cast, cover__name="另一个名称"), match="没有列入问题清单")
    assert answers(application)["goals"]["goals"] == "改过的目标"


def test_a_problem_that_should_be_put_right_opens_too(cast: steps.Cast, call: Call) -> None:
    write(returned(cast, call, "f:goals.goals", severity="should"), cast, goals__goals="改过的目标")


def test_every_way_of_writing_is_refused(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "f:goals.goals")
    row = Answer.objects.get(application=application, section="cover", field="contact")
    revision = row.revisions.get()
    by = cast.lead_writer
    slot = next(slot for slot in call.definition.attachments if slot.required)

    refused(
        NotNow,
        lambda: writing.save_field(application, "cover.contact", "别人", by=by, started_from=row.number),
        match="申请开放",
    )
    refused(
        NotNow,
        lambda: writing.save_fields(
            application, {"cover.contact": writing.Writing("别人", None)}, by=by, how=writing.How.IMPORTED
        ),
    )
    revision.value = "别人"
    refused(NotNow, lambda: writing.restore(revision, by=by, started_from=row.number))
    refused(
        NotNow,
        lambda: applications.attach(application, slot, BytesIO(steps.pdf_bytes()), name="证书.pdf", by=by),
    )
    attachment = application.attachments.first()
    assert attachment is not None
    refused(NotNow, lambda: applications.detach(attachment, by=by))
    assert reusing.take_newer(application, call.questionnaire.section("lead"), {}, by=by) == []


def test_a_whole_section_and_the_whole_application_open(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "s:cover")
    write(application, cast, cover__contact="别人")
    refused(NotNow, lambda: write(application, cast, goals__goals="改"))

    application = again(steps.hand_in_again(application, cast), cast, [""])
    write(application, cast, goals__goals="改", cover__contact="又一个人")


def test_one_row_opens_and_the_others_stay(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "r:plan.plan.2")
    first, second = table(application)

    write(application, cast, plan__plan=[first, {**second, "units": "改过的单位"}])
    write(application, cast, plan__plan=[first])
    write(application, cast, plan__plan=[{**second, "units": "换了地方"}, first])
    for rows in (
        [],
        [second],
        [{**first, "units": "别人"}, second],
        [first, second, dict(second, units="多一行")],
    ):
        refused(NotNow, lambda rows=rows: write(application, cast, plan__plan=rows), match="第 2 行")


@given(st.lists(st.integers(0, 4), max_size=8), st.lists(st.integers(0, 4), max_size=8))
def test_rows_are_kept_when_all_are_there_in_their_order(kept: list[int], now: list[int]) -> None:
    at, whole = -1, True
    for row in kept:
        at = next((place for place in range(at + 1, len(now)) if now[place] == row), -2)
        if at < 0:
            whole = False
            break
    assert kept_within(kept, now) is whole


def test_one_file_is_replaced_and_the_others_stay(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    assert application.version is not None
    held = application.version.data["attachments"][0]
    application = again(application, cast, [f"a:{held['slot']}:{held['sha256'][:16]}"])
    slot = next(slot for slot in call.definition.attachments if slot.key == held["slot"])
    other = next(
        slot
        for slot in call.definition.attachments
        if (slot.required and slot.key != slot.key) or slot.key == "staff"
    )
    by = cast.lead_writer

    def put(where: Any, name: str) -> Any:
        return applications.attach(
            steps.fresh(application), where, BytesIO(steps.pdf_bytes(2)), name=name, by=by
        )

    refused(NotNow, lambda: put(slot, "多的.pdf"), match="先删去")
    applications.detach(application.attachments.get(slot=slot.key), by=by)
    added = put(slot, "换的.pdf")
    refused(NotNow, lambda: put(slot, "多的.pdf"))
    refused(NotNow, lambda: put(other, "别的.pdf"), match="没有列入")
    applications.detach(added, by=by)
    put(slot, "再换的.pdf")


def test_a_slot_opens_whole(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "a:support")
    slot = next(slot for slot in call.definition.attachments if slot.key == "support")

    for number in range(2):
        applications.attach(
            application, slot, BytesIO(steps.pdf_bytes(number + 1)), name=f"{number}.pdf", by=cast.lead_writer
        )


def test_what_a_field_brings_with_it_opens_too(cast: steps.Cast, call: Call) -> None:
    """The answer shows another field, which is required then: without it the application could not be frozen."""
    hidden = next(
        field for section in call.questionnaire.sections for field in section.fields if field.visible_when
    )
    path = f"lead.{hidden.key}"
    application = returned(cast, call, "f:lead.system_established")
    opened = opening(application)
    assert opened is not None
    assert opened.has_field(path)
    condition = next(
        section for section in call.questionnaire.sections if section.key == "conditions"
    ).fields[0]
    asked_ = again_opening(application, cast, f"f:conditions.{condition.key}")
    assert asked_.has_field(f"conditions.{condition.key}-note")


def again_opening(application: Application, cast: steps.Cast, place: str) -> Any:
    found = again(steps.hand_in_again(application, cast), cast, [place])
    opened = opening(found)
    assert opened is not None
    return opened


def test_what_an_error_stands_against_can_be_put_right(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "f:goals.goals")
    Answer.objects.filter(application=application, section="cover", field="contact").update(value="")

    write(application, cast, cover__contact="王")
    write(
        application, cast, cover__contact="王经办"
    )  # it stays open while it differs from what was handed in
    refused(NotNow, lambda: write(application, cast, cover__name="别的名称"))


def test_a_draft_that_no_office_holds_costs_no_query(
    cast: steps.Cast, call: Call, django_assert_num_queries: Any
) -> None:
    draft = steps.start_filled(cast, call)

    with django_assert_num_queries(0):
        assert opening(draft) is None


def test_it_stays_open_after_reopening(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "f:goals.goals")
    write(application, cast, goals__goals="第一次改")
    applications.freeze(application, by=cast.lead_writer)
    applications.reopen(application, by=cast.lead_writer, reason="还有错字")
    application = steps.fresh(application)

    assert application.state == "draft"
    write(application, cast, goals__goals="第二次改")
    refused(NotNow, lambda: write(application, cast, cover__name="别的名称"))


# Who is asked again


def test_only_those_sign_again_whose_part_changed_or_whose_sheet_is_named(
    cast: steps.Cast, call: Call
) -> None:
    application = steps.lodged(cast, call)
    assert application.version is not None
    roles = [party["role"] for party in application.version.data["parties"]]
    application = again(application, cast, ["f:cover.contact", f"p:{roles.index('guarantor') + 1}"])
    write(application, cast, cover__contact="新联系人")

    foreseen = {each.body.role: each.carried for each in applications.foresee(application)}
    assert foreseen["guidance"] is True
    assert foreseen["guarantor"] is False
    applications.freeze(application, by=cast.lead_writer)
    round_ = round_of(steps.fresh(application))
    assert round_ is not None
    carried = {party.role for party in asked(round_) if party.carried}
    assert "guidance" in carried
    assert "guarantor" not in carried


def test_a_sheet_signed_anew_counts_on_in_the_next_version(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    assert application.version is not None
    roles = [party["role"] for party in application.version.data["parties"]]
    application = again(application, cast, [f"p:{roles.index('guidance') + 1}"])
    applications.freeze(application, by=cast.lead_writer)
    steps.sign(steps.fresh(application), gates_until(call, "district"), cast.lead_writer)
    applications.reopen(steps.fresh(application), by=cast.lead_writer, reason="再看一遍")
    applications.freeze(steps.fresh(application), by=cast.lead_writer)

    round_ = round_of(steps.fresh(application))
    assert round_ is not None
    assert "guidance" in {party.role for party in asked(round_) if party.carried}


# Asking for more


def ask(application: Application, cast: steps.Cast, place: str = "f:cover.name") -> OpeningRequest:
    correction = Correction.objects.filter(application=application).latest("pk")
    return corrections.ask_opening(correction, place=place, reason="两处要一致", by=cast.lead_writer)


def test_more_is_opened_on_request(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "f:goals.goals")
    request = ask(application, cast)
    refused(NotNow, lambda: write(application, cast, cover__name="别的名称"))
    refused(Invalid, lambda: ask(application, cast), match="还在等")
    refused(Invalid, lambda: ask(application, cast, "f:goals.goals"), match="已经可以")
    refused(Invalid, lambda: ask(application, cast, "f:no.such"))

    corrections.answer_opening(request, opened=True, by=cast.heping_handler)

    write(application, cast, cover__name="和平区示范（社会管理和公共服务）综合标准化试点")
    refused(
        NotNow, lambda: corrections.answer_opening(request, opened=False, words="不", by=cast.heping_handler)
    )
    names = [event.name for event in steps.events(application.chain)]
    assert names[-2:] == ["application.opening_asked", "application.opening_granted"]


def test_a_request_is_refused_with_a_reason(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "f:goals.goals")
    request = ask(application, cast)

    refused(Invalid, lambda: corrections.answer_opening(request, opened=False, by=cast.heping_handler))
    refused(NotPermitted, lambda: corrections.answer_opening(request, opened=True, by=cast.other_handler))
    refused(NotPermitted, lambda: corrections.answer_opening(request, opened=True, by=cast.lead_writer))
    corrections.answer_opening(request, opened=False, words="名称已经核定", by=cast.heping_handler)

    refused(NotNow, lambda: write(application, cast, cover__name="别的名称"))
    ask(application, cast)  # with a better reason, another time


def test_strangers_ask_and_reply_nothing(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "f:goals.goals")
    correction = Correction.objects.get(application=application)
    item = correction.items.get()

    refused(NotPermitted, lambda: corrections.reply(item, text="改了", by=cast.outsider))
    refused(
        NotPermitted,
        lambda: corrections.ask_opening(correction, place="f:cover.name", reason="想改", by=cast.outsider),
    )


# The list


def test_the_list_has_a_number_a_deadline_on_working_days_and_goes_out(
    cast: steps.Cast, call: Call, django_capture_on_commit_callbacks: Any
) -> None:
    application = steps.lodged(cast, call)
    with django_capture_on_commit_callbacks(execute=True):
        again(application, cast, ["f:goals.goals"])

    correction = Correction.objects.get()
    assert correction.reference == "TJ10-0001-Q01"
    assert correction.until is not None
    assert correction.days == 5
    until = correction.until.astimezone(call.zone)
    assert until.isoformat() == corrections.due(call, 5).isoformat()
    assert until.weekday() < 5
    assert standing(steps.fresh(application)).until == correction.until
    letters = [letter for letter in mail.outbox if letter.attachments]
    assert {letter.to[0] for letter in letters} == {cast.lead_writer.email, cast.lead_head.email}
    assert "不对" in str(letters[0].body) and "/correction" in str(letters[0].body)
    [(name, content, kind)] = letters[0].attachments
    assert (name, kind) == ("问题清单-TJ10-0001-Q01.pdf", "application/pdf")
    assert bytes(content).startswith(b"%PDF")  # type: ignore[arg-type]


def test_a_list_may_have_no_deadline(cast: steps.Cast, call: Call) -> None:
    application = steps.lodged(cast, call)
    said = [reviews.Said("请补充")]
    refused(
        Invalid,
        lambda: reviews.return_for_correction(application, by=cast.heping_handler, reasons=said, days=500),
    )
    reviews.return_for_correction(application, by=cast.heping_handler, reasons=said, days=0)

    assert Correction.objects.get().until is None


def test_other_deadlines_run_or_stop_as_the_call_says(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch, clock_at: Any
) -> None:
    terms = call.definition.corrections
    application = returned(cast, call, "f:goals.goals")
    ordinary = window(call, cast.heping).dispatch_until
    assert ordinary is not None
    assert terms.clock == "runs"
    Correction.objects.get()
    stops = call.definition.model_copy(update={"corrections": terms.model_copy(update={"clock": "stops"})})
    monkeypatch.setattr(Call, "definition", stops)
    application = steps.hand_in_again(application, cast)
    assert dispatch_until(application) == ordinary  # that list was sent while the clock ran on

    application = again(application, cast, ["f:goals.goals"])
    sent = clock.now().astimezone(call.zone)
    clock_at(sent.year, sent.month, sent.day + 2, sent.hour, sent.minute, sent.second)
    write(application, cast, goals__goals="改")
    application = steps.hand_in_again(application, cast)

    later = dispatch_until(application)
    assert later is not None
    assert timedelta(days=2) - timedelta(seconds=2) <= later - ordinary <= timedelta(days=2, seconds=2)


def test_replies_are_kept_and_end_with_the_correction(cast: steps.Cast, call: Call) -> None:
    application = returned(cast, call, "f:goals.goals")
    item = Correction.objects.get().items.get()
    refused(Invalid, lambda: corrections.reply(item, text="  ", by=cast.lead_writer))
    corrections.reply(item, text="补了指标", by=cast.lead_writer)
    assert item.standing == ("wait", "已回复")

    steps.hand_in_again(application, cast)

    refused(NotNow, lambda: corrections.reply(item, text="还有", by=cast.lead_writer))


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_open_can_be_frozen_again(cast: steps.Cast, call: Call, seed: int) -> None:
    """No opening deadlocks: an error that stands after writing in what is open can be put right."""
    paths = [
        f"{section.key}.{field.key}" for section in call.questionnaire.sections for field in section.fields
    ]
    chosen = paths[seed::11]
    application = returned(cast, call, *(f"f:{path}" for path in chosen))
    for path in chosen:
        steps.write(steps.fresh(application), cast.lead_writer, **{path.replace(".", "__"): ""})

    opened = opening(steps.fresh(application))
    assert opened is not None
    wrong = [each for each in applications.problems(application) if each.severity == "error"]
    assert [each for each in wrong if not opened.has_field(f"{each.section}.{each.field}")] == []
    good = steps.filled(call)
    for path in dict.fromkeys(f"{each.section}.{each.field}" for each in wrong):
        section, _rest, field = path.partition(".")
        write(application, cast, **{path.replace(".", "__"): good[section][field]})
    for path in chosen:
        section, _rest, field = path.partition(".")
        write(application, cast, **{path.replace(".", "__"): good[section][field]})
    applications.freeze(application, by=cast.lead_writer)
