"""Signing by mandate: within its period, on paper as by link, and never outside of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from shidian.applications import actions, signing
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow
from shidian.signoffs.models import Mandate, MandateEnd, Party, Signature
from tests import steps


@pytest.fixture
def application(cast: steps.Cast, call: Call) -> Application:
    return steps.frozen(cast, call)


@pytest.fixture
def party(application: Application) -> Party:
    round_ = round_of(application)
    assert round_ is not None
    return Party.objects.select_related("round__version").get(round=round_, role="guarantor")


def given(application: Application, party: Party, cast: steps.Cast, **told: Any) -> Mandate:
    values = {
        "since": date(2023, 7, 1),
        "until": date(2023, 7, 5),
        "delegate": "郑科长",
        "given_by": "周区长",
    } | told
    return signing.give_mandate(
        application, party, file=steps.scan(cast.lead_writer), by=cast.lead_writer, **values
    )


def on_paper(application: Application, party: Party, cast: steps.Cast, who: str) -> Signature:
    return actions.record_opinion(
        application,
        party,
        by=cast.lead_writer,
        decision=Signature.Decision.AGREE,
        signatory=who,
        signed_on=steps.today(application.call),
        scan=steps.scan(cast.lead_writer),
    )


@pytest.mark.parametrize("means", ["paper", "link"])
def test_a_delegate_signs_within_its_period_and_the_signature_names_the_mandate(
    cast: steps.Cast, application: Application, party: Party, means: str
) -> None:
    mandate = given(application, party, cast)

    signature = (
        on_paper(application, party, cast, "郑 科长")
        if means == "paper"
        else steps.sign_by_link(application, party, cast.lead_writer, signatory="郑科长")
    )

    assert signature.mandate == mandate
    event = steps.events(application.chain)[-1]
    assert (event.detail["mandate"], event.detail["given_by"]) == (mandate.pk, "周区长")


@pytest.mark.parametrize("means", ["paper", "link"])
@pytest.mark.parametrize(
    "period", [(date(2023, 6, 1), date(2023, 7, 2)), (date(2023, 7, 4), date(2023, 8, 1))]
)
def test_outside_of_its_period_a_delegate_is_refused(
    cast: steps.Cast, application: Application, party: Party, means: str, period: tuple[date, date]
) -> None:
    given(application, party, cast, since=period[0], until=period[1])

    with pytest.raises(Invalid) as refusal:
        if means == "paper":
            on_paper(application, party, cast, "郑科长")
        else:
            steps.sign_by_link(application, party, cast.lead_writer, signatory="郑科长")

    assert "不在期限内" in refusal.value.reason
    assert [place for place, _ in refusal.value.problems] == ["signatory"]
    assert not Signature.objects.exists()


def test_the_last_mandate_that_covers_the_day_counts(
    cast: steps.Cast, application: Application, party: Party
) -> None:
    given(application, party, cast, since=date(2023, 6, 1), until=date(2023, 6, 30))
    holding = given(application, party, cast)
    given(application, party, cast, since=date(2023, 8, 1), until=date(2023, 8, 30))

    assert on_paper(application, party, cast, "郑科长").mandate == holding


def test_the_mandate_of_another_body_is_none_here(
    cast: steps.Cast, application: Application, party: Party
) -> None:
    other = Party.objects.select_related("round__version").get(round=party.round, role="guidance")
    given(application, other, cast)

    assert on_paper(application, party, cast, "郑科长").mandate is None


def test_a_mandate_holds_for_the_next_version_too(
    cast: steps.Cast, application: Application, party: Party
) -> None:
    mandate = given(application, party, cast)
    actions.reopen(application, by=cast.lead_writer, reason="修改")
    actions.freeze(application, by=cast.lead_writer)
    application = steps.fresh(application)
    again = Party.objects.select_related("round__version").get(round=round_of(application), role="guarantor")

    assert on_paper(application, again, cast, "郑科长").mandate == mandate


@pytest.mark.parametrize(
    ("told", "field"),
    [({"until": date(2023, 6, 30)}, "until"), ({"given_by": "郑 科长"}, "delegate")],
)
def test_what_is_no_mandate_is_refused_at_its_field(
    cast: steps.Cast, application: Application, party: Party, told: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        given(application, party, cast, **told)

    assert [place for place, _ in refusal.value.problems] == [field]


def test_a_mandate_that_was_taken_back_serves_no_more_from_that_day(
    cast: steps.Cast, application: Application, party: Party
) -> None:
    mandate = given(application, party, cast)

    signing.end_mandate(
        application, mandate, from_day=date(2023, 7, 3), reason="人员调整", by=cast.lead_writer
    )

    with pytest.raises(Invalid) as refusal:
        on_paper(application, party, cast, "郑科长")
    assert "已经收回" in refusal.value.reason
    with pytest.raises(NotNow):
        signing.end_mandate(
            application, mandate, from_day=date(2023, 7, 4), reason="再次", by=cast.lead_writer
        )
    assert steps.events(application.chain)[-1].name == "signoff.mandate_ended"


def test_what_was_signed_by_a_mandate_stays_when_it_is_taken_back_later(
    cast: steps.Cast, application: Application, party: Party
) -> None:
    mandate = given(application, party, cast)
    signature = on_paper(application, party, cast, "郑科长")

    with pytest.raises(Invalid) as refusal:
        signing.end_mandate(
            application, mandate, from_day=date(2023, 7, 3), reason="人员调整", by=cast.lead_writer
        )
    signing.end_mandate(
        application, mandate, from_day=date(2023, 7, 4), reason="人员调整", by=cast.lead_writer
    )

    assert [place for place, _ in refusal.value.problems] == ["from_day"]
    assert signature.mandate == mandate


@pytest.mark.parametrize(
    ("told", "field"), [({"from_day": date(2023, 7, 6)}, "from_day"), ({"reason": " "}, "reason")]
)
def test_what_takes_no_mandate_back_is_refused_at_its_field(
    cast: steps.Cast, application: Application, party: Party, told: dict[str, Any], field: str
) -> None:
    mandate = given(application, party, cast)
    values = {"from_day": date(2023, 7, 4), "reason": "人员调整"} | told

    with pytest.raises(Invalid) as refusal:
        signing.end_mandate(application, mandate, by=cast.lead_writer, **values)

    assert [place for place, _ in refusal.value.problems] == [field]


def test_the_database_keeps_mandates_as_they_are(
    cast: steps.Cast, application: Application, party: Party
) -> None:
    mandate = given(application, party, cast)

    with pytest.raises(IntegrityError), transaction.atomic():
        Mandate.objects.update(until=date(2024, 1, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        mandate.delete()
    signing.end_mandate(
        application, mandate, from_day=date(2023, 7, 3), reason="人员调整", by=cast.lead_writer
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        MandateEnd.objects.all().delete()
