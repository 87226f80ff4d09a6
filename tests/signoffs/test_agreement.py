"""Random courses of a sign-off: edits, freezes, opinions by every means, refusals, mandates, carries, in any order.

Whatever happens, a round is complete only if every party has an agreement whose scope digest is that of the current
version, given by somebody who might; and what has no such agreement is never handed in.
"""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shidian.applications import actions as applications
from shidian.applications import rules, signing
from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core.errors import Refused
from shidian.documents.actions import keep
from shidian.documents.models import StoredFile
from shidian.signoffs import actions as signoffs
from shidian.signoffs.links import Holder
from shidian.signoffs.models import Carry, Link, Mandate, Party, Round, Signature
from shidian.signoffs.queries import links_of, parties, standing
from shidian.signoffs.scopes import scope_digest
from tests import steps

ROLES = ("lead", "guarantor", "guidance", "managing")
PEOPLE = ("李负责", "周区长", "吴局长", "郑科长")
"""So few that one person comes up for two bodies."""

role = st.sampled_from(ROLES)
person = st.sampled_from(PEOPLE)
decision = st.sampled_from(["agree", "agree", "agree", "disagree", "return"])
means = st.sampled_from(["paper", "certificate", "link"])
path = st.sampled_from(["funding.sources", "goals.goals", "cover.contact", "lead.address"])
text = st.sampled_from(["改成甲。", "改成乙。"])
step = st.one_of(
    st.tuples(st.just("edit"), path, text),
    st.tuples(st.just("new version"), st.lists(st.tuples(path, text), max_size=2)),
    st.tuples(st.just("freeze")),
    st.tuples(st.just("reopen")),
    st.tuples(st.just("paper"), role, person, decision),
    st.tuples(st.just("certificate"), role, person, decision),
    st.tuples(st.just("link"), role, person, decision),
    st.tuples(st.just("late link"), role, person, decision),
    st.tuples(st.just("mandate"), role, person, st.integers(-3, 3), st.integers(0, 3)),
    st.tuples(st.just("by delegate"), role, person, st.integers(-3, 3), st.integers(0, 3), means),
    st.tuples(st.just("revoke"), role),
    st.tuples(st.just("everybody"), st.lists(means, min_size=4, max_size=4), st.permutations(PEOPLE)),
)


class Course:
    """One application on its way, and what a person may try with it."""

    def __init__(self, cast: steps.Cast, call: Call, frozen: Application | None = None) -> None:
        self.cast, self.call = cast, call
        self.application = steps.fresh(frozen or steps.frozen(cast, call))
        self.held: dict[str, tuple[Link, Any]] = {}
        self.mandates_before: dict[
            int, int
        ] = {}  # the clock stands still: what was there when somebody signed
        self.scan: StoredFile = keep(BytesIO(steps.pdf_bytes()), name="a.pdf", media_type="application/pdf")

    def take(self, name: str, *told: Any) -> None:
        """One step; a refusal leaves nothing behind."""
        held = dict(self.held)
        try:
            with transaction.atomic():
                getattr(self, name.replace(" ", "_"))(*told)
        except Refused:
            self.held = held  # a link that was made within the step is gone with it
        self.application = steps.fresh(self.application)

    @property
    def today(self) -> date:
        return steps.today(self.call)

    def party(self, role: str) -> Party:
        round_ = round_of(self.application)
        assert round_ is not None
        return Party.objects.select_related("round__version").get(round=round_, role=role)

    def edit(self, path: str, text: str) -> None:
        steps.write(self.application, self.cast.lead_writer, **{path.replace(".", "__"): text})

    def freeze(self) -> None:
        applications.freeze(self.application, by=self.cast.lead_writer)

    def reopen(self) -> None:
        applications.reopen(self.application, by=self.cast.lead_writer, reason="修改")

    def new_version(self, edits: list[tuple[str, str]]) -> None:
        """What mostly happens: taken back, changed here and there or not at all, and frozen again."""
        self.take("reopen")
        for path, text in edits:
            self.take("edit", path, text)
        self.take("freeze")

    def paper(self, role: str, who: str, decision: str) -> None:
        applications.record_opinion(
            self.application,
            self.party(role),
            by=self.cast.lead_writer,
            decision=Signature.Decision(decision),
            signatory=who,
            signed_on=self.today,
            scan=self.scan,
            opinion="理由",
        )

    def certificate(self, role: str, who: str, decision: str) -> None:
        party = self.party(role)
        signoffs.record_signature(
            party,
            by=self.cast.lead_writer,
            decision=Signature.Decision(decision),
            signatory=who,
            signed_on=self.today,
            evidence=signoffs.Evidence(Signature.Means.CERTIFICATE, certified=self.scan),
        )

    def link(self, role: str, who: str, decision: str) -> None:
        link, _ = steps.send_link(self.application, self.party(role), self.cast.lead_writer)
        proof = steps.prove(link)
        self.held[role] = (link, proof)
        self._decide(link, proof, who, decision)

    def late_link(self, role: str, who: str, decision: str) -> None:
        """A link that was opened some steps ago, perhaps for a version that is gone, perhaps used already."""
        if role in self.held:
            self._decide(*self.held[role], who, decision)

    def _decide(self, link: Link, proof: Any, who: str, decision: str) -> None:
        kind = Signature.Decision(decision)
        signing.sign_by_link(Holder(link, proof, None), decision=kind, signatory=who, opinion="理由")

    def mandate(self, role: str, who: str, since: int, days: int) -> None:
        first = self.today + timedelta(days=since)
        signing.give_mandate(
            self.application,
            self.party(role),
            delegate=who,
            given_by="某负责人",
            since=first,
            until=first + timedelta(days=days),
            file=self.scan,
            by=self.cast.lead_writer,
        )

    def by_delegate(self, role: str, who: str, since: int, days: int, means: str) -> None:
        """A mandate, and at once the signature of the one whom it names; the first stays where the second is refused."""
        self.take("mandate", role, who, since, days)
        self.take(means, role, who, "agree")

    def revoke(self, role: str) -> None:
        for link in links_of(self.party(role)):
            signing.revoke_link(self.application, link, by=self.cast.lead_writer)

    def everybody(self, means: list[str], people: list[str]) -> None:
        """Who has not agreed does so, each by a person of its own."""
        for role, by, who in zip(ROLES, means, people, strict=True):
            self.take(by, role, who, "agree")

    # What always holds

    def check(self) -> None:
        """Every round of the application, by rules written anew from the rows alone."""
        current = round_of(self.application)
        for round_ in Round.objects.filter(version__document=self.application.document_id):
            valid = {party.pk: self.valid(party) for party in parties(round_)}
            if round_.state == "complete":
                assert all(valid.values())
                assert round_ == current
            elif round_.state == "open":
                assert not all(valid.values())
                assert round_ == current
            else:
                assert not any(
                    standing(link).alive for party in round_.parties.all() for link in links_of(party)
                )
            for gate in ("district", "national"):
                due = [party for party in round_.parties.all() if party.gate == gate]
                settled = round_.gates.filter(key=gate).exists()
                assert settled == all(valid[party.pk] for party in due) or round_.state == "void"
        if self.application.state == "signing" and current is not None:
            due = [party for party in parties(current) if party.gate == "district"]
            may = rules.can_lodge(self.cast.lead_writer, self.application, self.cast.heping)
            assert bool(may) == all(self.valid(party) for party in due)
        for signature in Signature.objects.select_related("party__round__version", "mandate"):
            newest = Mandate.objects.order_by("pk").last()
            self.mandates_before.setdefault(signature.pk, newest.pk if newest else 0)
            self.check_signature(signature)

    def valid(self, party: Party) -> bool:
        """Whether a party agrees to what it vouches for as the version has it."""
        digest = scope_digest(party.round.version.data, party.vouches_for)
        own = Signature.objects.filter(party=party).order_by("pk").last()
        if own is not None:
            return own.decision == "agree" and own.scope_digest == digest
        carry = Carry.objects.filter(party=party).select_related("signature__party").first()
        if carry is None:
            return False
        seen = carry.signature.party
        assert (seen.role, seen.name, seen.code) == (party.role, party.name, party.code)
        return (
            carry.signature.decision == "agree"
            and carry.signature.scope_digest == digest == carry.scope_digest
        )

    def check_signature(self, signature: Signature) -> None:
        """Bound to its version; a delegate's within its period."""
        version = signature.party.round.version
        assert signature.digest == version.digest
        assert signature.scope_digest == scope_digest(version.data, signature.party.vouches_for)
        named = [
            each
            for each in Mandate.objects.filter(delegate=signature.signatory)
            if each.party.body == signature.party.body and each.pk <= self.mandates_before[signature.pk]
        ]
        if not named:
            assert signature.mandate is None
        else:
            assert signature.mandate in named
            assert signature.mandate.since <= signature.signed_on <= signature.mandate.until


@pytest.fixture
def frozen(cast: steps.Cast, call: Call) -> Application:
    return steps.frozen(cast, call)


@pytest.mark.long(5)
@pytest.mark.above_database
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(course=st.lists(step, max_size=25))
def test_a_round_is_complete_only_by_agreements_to_what_the_version_says(
    cast: steps.Cast, call: Call, frozen: Application, course: list[tuple[Any, ...]]
) -> None:
    with transaction.atomic():
        try:
            walk = Course(cast, call, frozen)
            for name, *told in course:
                walk.take(name, *told)
                walk.check()
            assert verify().faults == []
        finally:
            transaction.set_rollback(True)


@pytest.mark.parametrize("means", ["paper", "certificate", "link"])
def test_every_means_completes_a_round(cast: steps.Cast, call: Call, means: str) -> None:
    walk = Course(cast, call)
    for number, role in enumerate(ROLES):
        walk.take(means, role, PEOPLE[number], "agree")

    walk.check()
    assert Round.objects.get().state == "complete"
    assert set(Signature.objects.values_list("means", flat=True)) == {"screen" if means == "link" else means}


def test_an_edit_after_all_have_agreed_asks_exactly_two_again_by_whatever_means_they_had(
    cast: steps.Cast, call: Call
) -> None:
    walk = Course(cast, call)
    for role, means, who in zip(ROLES, ("paper", "link", "certificate", "link"), PEOPLE, strict=True):
        walk.take(means, role, who, "agree")
    walk.take("reopen")
    walk.take("edit", "lead.address", "新址")
    walk.take("freeze")
    walk.check()
    application: Application = walk.application

    waiting = [party.role for party in parties(round_of(application)) if not party.has_agreed]  # type: ignore[arg-type]

    assert waiting == ["lead", "guidance", "managing"]
