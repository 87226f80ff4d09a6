"""The last two parties signing at the same moment, on PostgreSQL with real threads."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import Any

import pytest

from shidian.applications import actions as applications
from shidian.applications import signing
from shidian.applications.queries import round_of
from shidian.audit.models import Event
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core.errors import NotNow, Stale
from shidian.documents.actions import freeze, keep
from shidian.documents.models import Document
from shidian.signoffs import actions as signoffs
from shidian.signoffs.actions import Invited
from shidian.signoffs.hooks import gate_settled
from shidian.signoffs.links import Holder
from shidian.signoffs.models import Gate, Party, Round, Signature
from tests import steps
from tests.steps import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 20


@pytest.fixture
def settled() -> Iterator[list[Gate]]:
    """The gates that were announced to the app which opened the round."""
    announced: list[Gate] = []
    gate_settled.register("race", lambda gate, by: announced.append(gate))
    yield announced
    del gate_settled._handlers["race"]


@pytest.fixture
def scan(cast: steps.Cast) -> Any:
    return keep(BytesIO(steps.pdf_bytes()), name="意见.pdf", media_type="application/pdf")


def opened(number: int, by: Any) -> tuple[Round, list[Party]]:
    """A round of three parties due before one gate; the first has agreed."""
    document = Document.objects.create(kind="race", reference=f"R-{number}")
    version = freeze(document, {"number": number}, by=by)
    invited = [
        Invited(role=role, label=role, name=f"{role}单位", gate="first") for role in ("甲", "乙", "丙")
    ]
    round_ = signoffs.open_round(version, invited, purpose="race", chain=f"race:{number}", by=by)
    return round_, list(round_.parties.order_by("position"))


def sign(party: Party, by: Any, scan: Any) -> Signature:
    return signoffs.record_signature(
        Party.objects.get(pk=party.pk),
        by=by,
        decision=Signature.Decision.AGREE,
        signatory=f"{party.name}负责人",
        signed_on=steps.today(Call.objects.get()),
        evidence=signoffs.Evidence.paper(scan),
    )


def test_the_gate_settles_exactly_once_whoever_comes_last(
    cast: steps.Cast, settled: list[Gate], scan: Any
) -> None:
    for number in range(ROUNDS):
        round_, (first, second, third) = opened(number, cast.lead_writer)
        sign(first, cast.lead_writer, scan)

        raised = together(
            partial(sign, second, cast.lead_writer, scan), partial(sign, third, cast.lead_head, scan)
        )

        assert raised == []
        round_.refresh_from_db()
        assert round_.state == "complete"
        assert Gate.objects.filter(round=round_).count() == 1
        assert Event.objects.filter(chain=f"race:{number}", name="signoff.completed").count() == 1
    assert len(settled) == ROUNDS
    assert verify().faults == []


def test_one_party_signing_twice_at_the_same_moment_is_taken_once(
    cast: steps.Cast, settled: list[Gate], scan: Any
) -> None:
    for number in range(ROUNDS):
        _, parties = opened(number, cast.lead_writer)

        raised = together(
            partial(sign, parties[0], cast.lead_writer, scan), partial(sign, parties[0], cast.lead_head, scan)
        )

        assert [type(fault) for fault in raised] == [NotNow]
        assert parties[0].signatures.count() == 1


def test_a_signature_and_a_void_at_the_same_moment_leave_no_opinion_on_a_void_round_unnoticed(
    cast: steps.Cast, settled: list[Gate], scan: Any
) -> None:
    """Either the opinion came first and is listed among those that became void, or it is refused."""
    for number in range(ROUNDS):
        round_, parties = opened(number, cast.lead_writer)

        raised = together(
            partial(sign, parties[0], cast.lead_writer, scan),
            partial(signoffs.void_round, round_, by=cast.lead_head, reason="修改"),
        )

        given = Event.objects.get(chain=f"race:{number}", name="signoff.voided").detail["given"]
        if raised:
            assert [type(fault) for fault in raised] == [Stale]
            assert (given, parties[0].signatures.count()) == ([], 0)
        else:
            assert given == ["甲 甲单位"]


def test_an_application_is_announced_once_when_its_last_two_opinions_arrive_together(
    cast: steps.Cast, call: Call
) -> None:
    application = steps.frozen(cast, call)
    round_ = round_of(application)
    assert round_ is not None
    _, guarantor, guidance, _ = round_.parties.order_by("position")
    first = round_.parties.get(role="lead")
    steps.sign_one(application, first, cast.lead_writer)

    raised = together(
        lambda: steps.sign_one(application, guarantor, cast.lead_writer),
        lambda: steps.sign_one(application, guidance, cast.lead_head),
    )

    assert raised == []
    names = [event.name for event in steps.events(application.chain)]
    assert names.count("application.signed") == 1
    assert list(Gate.objects.values_list("key", flat=True)) == ["district"]
    assert verify().faults == []


def test_the_last_two_sign_at_once_one_by_link_and_one_on_paper(cast: steps.Cast, call: Call) -> None:
    for _ in range(5):
        application = steps.start_filled(cast, call)
        applications.freeze(application, by=cast.lead_writer)
        application = steps.fresh(application)
        round_ = round_of(application)
        assert round_ is not None
        _, guarantor, guidance, _ = round_.parties.select_related("round__version").order_by("position")
        steps.sign_one(application, round_.parties.get(role="lead"), cast.lead_writer)
        link, _token = steps.send_link(application, guarantor, cast.lead_writer)
        proof = steps.prove(link)
        agree = Signature.Decision.AGREE

        raised = together(
            lambda: signing.sign_by_link(Holder(link, proof, None), decision=agree, signatory="周区长"),  # noqa: B023
            lambda: steps.sign_one(application, guidance, cast.lead_head),  # noqa: B023
        )

        assert raised == []
        names = [event.name for event in steps.events(application.chain)]
        assert names.count("application.signed") == 1
        assert list(round_.gates.values_list("key", flat=True)) == ["district"]
    assert verify().faults == []


def test_one_link_used_twice_at_the_same_moment_decides_once(cast: steps.Cast, call: Call) -> None:
    application = steps.frozen(cast, call)
    round_ = round_of(application)
    assert round_ is not None
    parties = list(round_.parties.select_related("round__version").order_by("position"))
    for party in parties:
        link, _token = steps.send_link(application, party, cast.lead_writer)
        proof = steps.prove(link)

        def decide(decision: str, link: Any = link, proof: Any = proof, who: str = party.name) -> Signature:
            kind = Signature.Decision(decision)
            return signing.sign_by_link(
                Holder(link, proof, None), decision=kind, signatory=who, opinion="理由"
            )

        raised = together(partial(decide, "disagree"), partial(decide, "return"), partial(decide, "disagree"))

        assert [type(fault) for fault in raised] == [NotNow, NotNow]
        assert party.signatures.count() == 1
        assert link.steps.filter(kind="decided").count() == 1


def test_a_link_that_is_revoked_while_it_is_used_either_decided_before_or_not_at_all(
    cast: steps.Cast, call: Call
) -> None:
    for _ in range(5):
        application = steps.start_filled(cast, call)
        applications.freeze(application, by=cast.lead_writer)
        application = steps.fresh(application)
        round_ = round_of(application)
        assert round_ is not None
        party = round_.parties.select_related("round__version").get(role="guarantor")
        link, _token = steps.send_link(application, party, cast.lead_writer)
        proof = steps.prove(link)
        agree = Signature.Decision.AGREE

        raised = together(
            lambda: signing.sign_by_link(Holder(link, proof, None), decision=agree, signatory="周区长"),  # noqa: B023
            lambda: signing.revoke_link(application, link, by=cast.lead_head),  # noqa: B023
        )

        assert len(raised) == 1
        assert isinstance(raised[0], NotNow)
        ends = set(link.steps.filter(kind__in=("decided", "revoked")).values_list("kind", flat=True))
        assert ends == ({"decided"} if party.signatures.exists() else {"revoked"})
