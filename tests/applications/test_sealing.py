"""Seals on a platform: rows that wait, are carried on by whoever looks, and end in one way only."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from shidian.applications import actions, certifying, sealing
from shidian.applications.certifying import Said
from shidian.applications.models import Application, SealRequest
from shidian.applications.states import SEAL_REQUEST
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core.errors import NotNow, NotPermitted
from shidian.documents.certificates import trial
from shidian.documents.certificates.findings import Unusable
from shidian.signoffs.models import Party, Signature
from tests import steps
from tests.applications.test_certifying import agree, parties


@pytest.fixture
def application(cast: steps.Cast, call: Call, test_ca: trial.Trial, settings: Any) -> Application:
    settings.SEAL_PLATFORM, settings.SEAL_TOKEN = test_ca.address, test_ca.token
    return steps.frozen(cast, call)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the tests stands still, so each look asks the platform."""
    monkeypatch.setattr(sealing, "PATIENCE", sealing.PATIENCE * 0)


def ask(
    application: Application, party: Party, platform: trial.Trial, cast: steps.Cast, manner: trial.Manner
) -> SealRequest:
    seal = platform.add_seal(party.name, manner=manner)
    made = sealing.ask(application, party, seal.id, Said(f"{party.label}负责人"), by=cast.lead_writer)
    return SealRequest.objects.get(pk=made.pk)


def confirm(platform: trial.Trial) -> None:
    for signing in list(platform.signings.values()):
        platform.confirm(signing)


def test_a_seal_that_signs_at_once(cast: steps.Cast, application: Application, test_ca: trial.Trial) -> None:
    party = parties(application)[0]

    request = ask(application, party, test_ca, cast, "sign")

    signature = Signature.objects.get(party=party)
    assert request.state == "signed" and signature.proof["how"] == "platform"
    assert signature.recorded_by == cast.lead_writer
    names = [event.name for event in steps.events(application.chain)]
    assert names.index("seal.asked") < names.index("signoff.agreed") < names.index("seal.signed")


def test_somebody_confirms_later_and_the_system_finds_it(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    party = parties(application)[0]
    request = ask(application, party, test_ca, cast, "ask")
    assert request.state == "waiting"
    with pytest.raises(NotNow, match="已经申请过"):
        ask(application, party, test_ca, cast, "ask")
    sealing.follow_all()
    assert not Signature.objects.exists()

    confirm(test_ca)
    sealing.follow_all()
    sealing.follow_all()

    request.refresh_from_db()
    assert request.state == "signed" and Signature.objects.count() == 1


@pytest.mark.above_database
def test_when_another_signs_meanwhile_it_is_asked_for_again_on_top_of_theirs(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    first, second, *_ = parties(application)
    request = ask(application, first, test_ca, cast, "ask")
    other = agree(application, second, test_ca, cast)

    confirm(test_ca)
    sealing.follow(request)
    request.refresh_from_db()
    assert (request.state, request.rounds, request.base) == ("waiting", 2, other.certified.sha256)
    confirm(test_ca)
    sealing.follow(request)

    request.refresh_from_db()
    review = certifying.review(first.round)
    assert request.state == "signed"
    assert review is not None and review.ok and len(review.looked) == 2
    assert verify().faults == []


@pytest.mark.parametrize(
    ("manner", "state"),
    [("refuse", "refused"), ("wrong_hash", "failed"), ("other_unit", "failed"), ("fail", "waiting")],
)
@pytest.mark.above_database
def test_what_goes_wrong_is_told_and_records_nothing(
    cast: steps.Cast, application: Application, test_ca: trial.Trial, manner: trial.Manner, state: str
) -> None:
    request = ask(application, parties(application)[0], test_ca, cast, manner)

    assert request.state == state and request.fault
    assert not Signature.objects.exists()


@pytest.mark.above_database
def test_a_platform_that_is_away_changes_nothing(
    cast: steps.Cast, application: Application, test_ca: trial.Trial, settings: Any
) -> None:
    request = ask(application, parties(application)[0], test_ca, cast, "ask")
    settings.SEAL_PLATFORM = "http://127.0.0.1:9"
    sealing.follow(request)
    request.refresh_from_db()
    assert request.state == "waiting" and "没有响应" in request.fault

    settings.SEAL_PLATFORM = test_ca.address
    confirm(test_ca)
    sealing.follow(request)

    assert Signature.objects.count() == 1


@pytest.mark.above_database
def test_a_version_given_up_meanwhile_takes_no_seal(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    request = ask(application, parties(application)[0], test_ca, cast, "ask")
    actions.reopen(application, by=cast.lead_writer, reason="改")

    confirm(test_ca)
    sealing.follow(request)

    request.refresh_from_db()
    assert request.state == "failed" and "失效" in request.fault
    assert not Signature.objects.exists()


def test_a_request_is_taken_back_unless_it_was_confirmed(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    first, second, *_ = parties(application)
    request = ask(application, first, test_ca, cast, "ask")
    with pytest.raises(NotPermitted):
        sealing.withdraw(application, request, by=cast.outsider)
    sealing.withdraw(application, request, by=cast.lead_head)
    request.refresh_from_db()
    assert request.state == "withdrawn"
    assert next(iter(test_ca.signings.values())).stands == "cancelled"

    late = ask(application, second, test_ca, cast, "ask")
    confirm(test_ca)
    with pytest.raises(NotNow, match="收不回"):
        sealing.withdraw(application, late, by=cast.lead_head)

    late.refresh_from_db()
    assert late.state == "signed"


@pytest.mark.above_database
def test_a_seal_that_is_not_there(
    cast: steps.Cast, application: Application, test_ca: trial.Trial, settings: Any
) -> None:
    party = parties(application)[0]
    with pytest.raises(Unusable, match="找不到"):
        sealing.ask(application, party, "none", Said("李某"), by=cast.lead_writer)
    settings.SEAL_PLATFORM = ""
    with pytest.raises(NotNow, match="没有设置签章平台"):
        sealing.ask(application, party, "none", Said("李某"), by=cast.lead_writer)


def test_every_end_is_reached_from_waiting_only() -> None:
    assert {verb: step.sources for verb, step in SEAL_REQUEST.transitions.items()} == dict.fromkeys(
        ("finish", "refuse", "fail", "withdraw"), frozenset({"waiting"})
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_seal_asked_for_twice_and_looked_at_twice_at_the_same_moment_counts_once(
    cast: steps.Cast, call: Call, test_ca: trial.Trial, settings: Any
) -> None:
    settings.SEAL_PLATFORM, settings.SEAL_TOKEN = test_ca.address, test_ca.token
    made = steps.frozen(cast, call)
    party = parties(made)[0]
    seal = test_ca.add_seal(party.name, manner="ask")
    said = Said("负责人")

    raised = steps.together(
        partial(sealing.ask, made, party, seal.id, said, by=cast.lead_writer),
        partial(sealing.ask, made, party, seal.id, said, by=cast.lead_head),
    )
    assert [type(fault) for fault in raised] == [NotNow]
    request = SealRequest.objects.get()

    confirm(test_ca)
    assert steps.together(partial(sealing.follow, request), partial(sealing.follow, request)) == []

    request.refresh_from_db()
    assert request.state == "signed" and Signature.objects.count() == 1
    assert verify().faults == []
