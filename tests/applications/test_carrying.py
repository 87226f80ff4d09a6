"""Who has to agree again after an edit: exactly those whose part changed, by a rule that anybody can check again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow
from shidian.signoffs.models import Carry, Party, Signature
from shidian.signoffs.queries import parties
from shidian.signoffs.scopes import scope_digest
from tests import steps

FIRST = ["district"]


def the_round(application: Application) -> Any:
    found = round_of(application)
    assert found is not None
    return found


def by_role(application: Application) -> dict[str, Party]:
    return {party.role: party for party in parties(the_round(application))}


def edit(application: Application, cast: steps.Cast, **texts: Any) -> Application:
    """Reopen, write, and freeze again."""
    applications.reopen(application, by=cast.lead_writer, reason="修改")
    steps.write(application, cast.lead_writer, **texts)
    applications.freeze(application, by=cast.lead_writer)
    return steps.fresh(application)


def test_an_edit_asks_only_those_whose_part_changed(cast: steps.Cast, call: Call) -> None:
    application = edit(steps.signed(cast, call), cast, funding__sources="区财政另行安排经费。")

    found = by_role(application)
    assert {role: party.has_agreed for role, party in found.items()} == {
        "lead": False,
        "guarantor": False,
        "guidance": True,
        "managing": False,
    }
    carried = found["guidance"].carried
    assert carried is not None
    assert carried.signature.digest != the_round(application).version.digest
    assert carried.scope_digest == carried.signature.scope_digest
    event = next(each for each in steps.events(application.chain) if each.name == "signoff.carried")
    assert event.detail["role"] == "guidance"
    assert (event.detail["from"], event.detail["version"]) == ("v1", "v2")


def test_freezing_says_before_who_signs_again_and_why(cast: steps.Cast, call: Call) -> None:
    application = steps.signed(cast, call)
    applications.reopen(application, by=cast.lead_writer, reason="修改")
    steps.write(application, cast.lead_writer, funding__sources="区财政另行安排经费。")

    foreseen = {each.body.role: each for each in applications.foresee(steps.fresh(application))}

    assert foreseen["guarantor"].changes == ["funding.sources"]
    assert not foreseen["guarantor"].carried
    assert foreseen["guidance"].carried
    assert foreseen["managing"].agreed is None


def test_without_a_change_everything_is_carried_and_the_gate_is_open(cast: steps.Cast, call: Call) -> None:
    application = edit(steps.signed(cast, call), cast)

    assert all(party.has_agreed for party in by_role(application).values() if party.gate == "district")
    names = [event.name for event in steps.events(application.chain)]
    assert names.count("application.signed") == 2
    applications.lodge(application, cast.heping, by=cast.lead_writer)
    assert steps.fresh(application).state == "lodged"


def test_what_was_carried_is_carried_on_until_its_part_changes(cast: steps.Cast, call: Call) -> None:
    application = edit(steps.signed(cast, call), cast, funding__sources="一。")
    application = edit(application, cast, funding__sources="二。")
    guidance = by_role(application)["guidance"]
    assert guidance.carried is not None
    assert guidance.carried.signature.party.round.version.label == "v1"

    application = edit(application, cast, goals__goals="目标改写。")
    assert by_role(application)["guidance"].carried is None


def test_another_body_in_the_same_role_has_agreed_to_nothing(cast: steps.Cast, call: Call) -> None:
    rows = [{"name": "天津市另一示范局", "code": "", "contact": "", "phone": ""}]
    application = edit(steps.signed(cast, call), cast, parties__guidance=rows)

    assert not any(party.has_agreed for party in by_role(application).values())


def test_a_call_can_have_all_sign_again(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = steps.signed(cast, call)
    definition = application.call.definition
    terms = definition.signing.model_copy(update={"again": "all"})
    monkeypatch.setitem(definition.__dict__, "signing", terms)
    applications.reopen(application, by=cast.lead_writer, reason="修改")

    assert all(each.changes == ["form"] for each in applications.foresee(application) if each.agreed)


def test_the_database_keeps_carries_and_signatures_as_they_are(cast: steps.Cast, call: Call) -> None:
    edit(steps.signed(cast, call), cast)

    for rows, change in (
        (Carry.objects.all(), {"scope_digest": "0" * 64}),
        (Signature.objects.all(), {"signatory": "别人"}),
        (Party.objects.all(), {"name": "别的单位"}),
    ):
        with pytest.raises(IntegrityError, match="evidence is never changed"), transaction.atomic():
            rows.update(**change)


def record(application: Application, party: Party, cast: steps.Cast, **given: Any) -> Signature:
    return applications.record_opinion(
        application,
        party,
        by=cast.lead_writer,
        signed_on=steps.today(application.call),
        scan=steps.scan(cast.lead_writer),
        **{"decision": Signature.Decision.AGREE, "signatory": "周某", **given},
    )


def test_one_person_does_not_sign_for_two_bodies(cast: steps.Cast, call: Call) -> None:
    application = steps.frozen(cast, call)
    found = by_role(application)
    record(application, found["lead"], cast, signatory="周 某")

    with pytest.raises(Invalid, match="不能再代表保证单位签名"), transaction.atomic():
        record(application, found["guarantor"], cast)

    record(application, found["guarantor"], cast, namesake=True)
    assert steps.last_event(application.chain).detail["namesake"] is True


def test_one_body_in_two_roles_signs_twice_by_one_person_unless_the_roles_are_separate(
    cast: steps.Cast, call: Call
) -> None:
    application = steps.start_filled(cast, call)
    body = [{"name": "天津市示范应急管理局", "code": "", "contact": "", "phone": ""}]
    steps.write(application, cast.lead_writer, parties__guarantors=body, parties__guidance=body)
    applications.freeze(application, by=cast.lead_writer)
    application = steps.fresh(application)
    found = by_role(application)

    record(application, found["guarantor"], cast)
    assert not by_role(application)["guidance"].has_agreed
    record(application, found["guidance"], cast)

    assert by_role(application)["guidance"].has_agreed


def test_sent_back_with_the_place(cast: steps.Cast, call: Call) -> None:
    application = steps.frozen(cast, call)
    given = {"decision": Signature.Decision.RETURN, "opinion": "经费写明年度", "place": "funding.sources"}

    signature = record(application, by_role(application)["guarantor"], cast, **given)

    assert signature.place == "funding.sources"
    event = steps.last_event(application.chain)
    assert (event.name, event.detail["place"]) == ("signoff.sent_back", "funding.sources")
    assert not by_role(application)["guarantor"].has_agreed


def test_in_sequence_each_waits_for_the_one_before(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shidian.applications import actions

    application = steps.start_filled(cast, call)
    bodies = [replace(body, step=number) for number, body in enumerate(actions.invited(application), start=1)]
    monkeypatch.setattr(actions, "invited", lambda _: bodies)
    applications.freeze(application, by=cast.lead_writer)
    application = steps.fresh(application)
    found = by_role(application)

    with pytest.raises(NotNow, match="要等承担单位"), transaction.atomic():
        record(application, found["guarantor"], cast)
    record(application, found["lead"], cast, signatory="李负责")
    record(application, found["guarantor"], cast)


EDITS = st.sampled_from(
    [
        {"funding__sources": "甲"},
        {"funding__sources": "乙"},
        {"goals__goals": "甲"},
        {"goals__goals": "乙"},
        {"cover__contact": "甲某"},
        {"basis__current_state": "甲"},
        {},
    ]
)
SIGNS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(list(Signature.Decision))), max_size=4)


@pytest.fixture
def frozen(cast: steps.Cast, call: Call) -> Application:
    return steps.frozen(cast, call)


@pytest.mark.above_database
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(EDITS, SIGNS), min_size=1, max_size=4))
def test_a_round_is_complete_only_with_valid_agreement_of_every_party(
    cast: steps.Cast, frozen: Application, turns: list[tuple[dict[str, str], list[tuple[int, Any]]]]
) -> None:
    """Random edits, freezes and opinions: whoever counts as agreed has signed exactly what its part says now."""
    point = transaction.savepoint()
    application = steps.fresh(frozen)
    for change, signs in turns:
        for number, decision in signs:
            party = list(parties(the_round(application)))[number]
            if party.has_agreed or party.gate not in FIRST:
                continue
            steps.sign_one(application, party, cast.lead_writer, decision)
        agreed_is_valid(application)
        application = edit(application, cast, **change)
        agreed_is_valid(application)
    assert verify().faults == []
    transaction.savepoint_rollback(point)


def agreed_is_valid(application: Application) -> None:
    round_ = the_round(application)
    content = round_.version.data
    for party in parties(round_):
        if party.has_agreed:
            signature = party.signature
            assert signature is not None
            assert signature.party.body == party.body
            assert signature.scope_digest == scope_digest(content, party.vouches_for)
    if round_.state == "complete":
        assert all(party.has_agreed for party in parties(round_))
