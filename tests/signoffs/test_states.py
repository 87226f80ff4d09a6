"""Every verb tried in every state of a round."""

from __future__ import annotations

from io import BytesIO

import pytest

from shidian.applications.queries import round_of
from shidian.calls.models import Call
from shidian.documents.actions import keep
from shidian.signoffs import actions as signoffs
from shidian.signoffs.models import Party, Round, Signature
from shidian.signoffs.states import ROUND
from tests import steps


def open_but_one(cast: steps.Cast, call: Call) -> Round:
    """Everybody has agreed but the last party."""
    application = steps.frozen(cast, call)
    round_ = round_of(application)
    assert round_ is not None
    for party in list(round_.parties.order_by("position"))[:-1]:
        steps.sign_one(application, party, cast.lead_writer)
    return Round.objects.get(pk=round_.pk)


def complete(cast: steps.Cast, call: Call) -> Round:
    round_ = open_but_one(cast, call)
    sign(round_, cast)
    return Round.objects.get(pk=round_.pk)


def void(cast: steps.Cast, call: Call) -> Round:
    round_ = open_but_one(cast, call)
    signoffs.void_round(round_, by=cast.lead_writer, reason="修改")
    return Round.objects.get(pk=round_.pk)


def sign(round_: Round, cast: steps.Cast) -> Signature:
    party = round_.parties.order_by("position").last()
    assert isinstance(party, Party)
    return signoffs.record_signature(
        party,
        by=cast.lead_writer,
        decision=Signature.Decision.AGREE,
        signatory="负责人",
        signed_on=steps.today(Call.objects.get()),
        evidence=signoffs.Evidence.paper(SCAN[0]),
    )


SCAN: list = []


@pytest.fixture(autouse=True)
def scan(db: None) -> None:
    SCAN[:] = [keep(BytesIO(steps.pdf_bytes()), name="意见.pdf", media_type="application/pdf")]


STATES = [
    (open_but_one, "open", {"complete", "void"}),
    (complete, "complete", {"void"}),
    (void, "void", set()),
]


def test_all_pairs_are_here() -> None:
    told = {(state, verb) for _, state, verbs in STATES for verb in verbs}

    assert told == {(state, verb) for verb, step in ROUND.transitions.items() for state in step.sources}


@pytest.mark.parametrize(("reach", "state", "may"), STATES, ids=[state for _, state, _ in STATES])
def test_a_verb_leads_on_or_changes_nothing(
    cast: steps.Cast, call: Call, reach, state: str, may: set[str]
) -> None:
    thing = reach(cast, call)
    assert thing.state == state

    # A void round is void: asking again is answered in silence, since whoever asks has what it wants.
    steps.try_every_verb(
        thing,
        {
            "complete": lambda: sign(thing, cast),
            "void": lambda: signoffs.void_round(thing, by=cast.lead_writer, reason="修改"),
        },
        may=may,
        quiet=["void"],
    )
