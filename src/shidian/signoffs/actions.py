"""Opening a round and carrying into it what was agreed before, recording an opinion, voiding a round."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import Actor, move, record
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, Stale, require
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.signoffs import rules
from shidian.signoffs.hooks import gate_settled
from shidian.signoffs.mandates import mandate_for, mandates_of
from shidian.signoffs.models import Carry, Gate, Link, LinkStep, Party, Round, Signature
from shidian.signoffs.queries import asked, given_before, standing
from shidian.signoffs.scopes import Scope, scope_digest
from shidian.signoffs.terms import ORDINARY, Terms


@dataclass(frozen=True, slots=True)
class Invited:
    """A body asked to agree, in one role, before one gate; `scope` is what it vouches for, None for everything.

    It is asked when everybody of an earlier `step` has agreed.
    """

    role: str
    label: str
    name: str
    gate: str
    code: str = ""
    step: int = 1
    scope: Scope | None = None

    @property
    def body(self) -> tuple[str, str, str]:
        """What makes it the same party in the round of another version; see `Party.body`."""
        return (self.role, self.name[:120], self.code[:18])


@dataclass(frozen=True, slots=True)
class Anew:
    """The bodies that are asked again although nothing changed for them: what they said of versions up to `until`."""

    bodies: frozenset[tuple[str, str, str]]
    until: int

    def binds(self, signature: Signature) -> bool:
        """Whether an agreement does not count on."""
        party = signature.party
        return party.round.version.number <= self.until and party.body in self.bodies


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an opinion rests on: the scan of a sealed page, what was proved at the screen, or a PDF with a certificate."""

    means: Signature.Means
    scan: StoredFile | None = None
    certified: StoredFile | None = None
    proof: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def paper(cls, scan: StoredFile) -> Evidence:
        """A sealed page as it was scanned."""
        return cls(Signature.Means.PAPER, scan=scan)


@transaction.atomic
def open_round(
    version: DocumentVersion,
    invited: Iterable[Invited],
    *,
    purpose: str,
    chain: str,
    by: Actor,
    terms: Terms = ORDINARY,
    anew: Anew | None = None,
) -> Round:
    """Open the round of a frozen version; its parties stand in the order given.

    Where the terms let those sign again whose part changed, the agreements to the version before whose scope has the
    same digest are carried here, each with an event, but for what is asked `anew`; a gate may settle at once.
    """
    round_ = Round.objects.create(
        version=version, purpose=purpose, chain=chain, terms=terms.model_dump(), opened_at=clock.now()
    )
    Party.objects.bulk_create(
        Party(
            round=round_,
            position=position,
            role=body.role,
            label=body.label,
            name=body.name[:120],
            code=body.code[:18],
            gate=body.gate,
            step=body.step,
            scope=body.scope.model_dump() if body.scope else None,
        )
        for position, body in enumerate(invited, start=1)
    )
    if terms.again == "changed":
        _carry(round_, by=by, anew=anew)
    return round_


def _carry(round_: Round, *, by: Actor, anew: Anew | None) -> None:
    before = given_before(round_.version)
    content = round_.version.data
    gates: dict[str, None] = {}
    for party in round_.parties.order_by("position") if before else ():
        signature = before.get(party.body)
        digest = scope_digest(content, party.vouches_for)
        if signature is None or signature.scope_digest != digest or (anew and anew.binds(signature)):
            continue
        Carry.objects.create(party=party, signature=signature, scope_digest=digest, at=clock.now())
        gates[party.gate] = None
        record(
            "signoff.carried",
            round_.chain,
            by=by,
            detail={
                "party": party.pk,
                "label": party.label,
                "name": party.name,
                "role": party.role,
                "version": round_.version.label,
                "from": signature.party.round.version.label,
                "signatory": signature.signatory,
                "signed_on": signature.signed_on.isoformat(),
                "scope_digest": digest,
            },
        )
    if gates:
        waiting = [party for party in asked(round_) if not party.has_agreed]
        for gate in gates:
            _settle(round_, gate, waiting, by=by)


@transaction.atomic
def record_signature(
    party: Party,
    *,
    by: Actor,
    decision: Signature.Decision,
    signatory: str,
    signed_on: date,
    evidence: Evidence,
    capacity: str = "",
    opinion: str = "",
    place: str = "",
    namesake: bool = False,
    link: Link | None = None,
) -> Signature:
    """Record a party's opinion, whatever its means, bound to the digest of the round's version and to that of its own scope.

    When the last party due at a gate agrees, the gate settles once, whoever of several comes last at the same moment
    (the round's row is locked); when all parties agreed, the round completes. Refused (`Stale`) once the round is
    void, because the version was replaced; refused (`NotNow`) for a party that has agreed already or whose turn has not
    come; refused (`Invalid`, at `signatory`) for a person who has signed where the terms want another one, unless it is
    a `namesake`, which is recorded, and for a delegate outside of the period of its mandate; within it the signature
    names the mandate. A `link` by which the opinion came decides nothing more, and an agreement ends every other one.
    """
    round_ = Round.objects.select_for_update().select_related("version").get(pk=party.round_id)
    if round_.state == "void":
        raise Stale(_("申请内容已有新版本，这一版的会签已失效，请用新版本的意见页。"))
    everybody = asked(round_)
    party = next(each for each in everybody if each.pk == party.pk)
    if party.has_agreed:
        raise NotNow(_("{party}“{party_2}”已经同意这一版。").format(party=party.label, party_2=party.name))
    require(rules.is_their_turn(party, everybody))
    terms = Terms.stored(round_.terms)
    if not namesake and (fault := rules.same_person(party, signatory, everybody, terms)):
        raise Invalid(fault, [("signatory", fault)])
    party.round = round_
    mandate, fault = mandate_for(mandates_of(party), signatory, signed_on)
    if fault:
        raise Invalid(fault, [("signatory", fault)])
    signature = Signature.objects.create(
        party=party,
        decision=decision,
        opinion=opinion,
        place=place,
        signatory=signatory,
        capacity=capacity,
        signed_on=signed_on,
        means=evidence.means,
        scan=evidence.scan,
        certified=evidence.certified,
        proof=dict(evidence.proof),
        mandate=mandate,
        digest=round_.version.digest,
        scope_digest=scope_digest(round_.version.data, party.vouches_for),
        recorded_at=clock.now(),
        recorded_by_id=by.pk,
    )
    if link is not None:
        LinkStep.objects.create(
            link=link,
            kind=LinkStep.Kind.DECIDED,
            at=signature.recorded_at,
            signature=signature,
            address=evidence.proof.get("address"),
        )
    detail = {
        "party": party.pk,
        "label": party.label,
        "name": party.name,
        "role": party.role,
        "version": round_.version.label,
        "digest": signature.digest,
        "signatory": signatory,
        "signed_on": signed_on.isoformat(),
        "means": evidence.means.value,
        **({"scan": evidence.scan.sha256} if evidence.scan else {}),
        **({"certified": evidence.certified.sha256} if evidence.certified else {}),
        "opinion": opinion,
        **({"place": place} if place else {}),
        **({"namesake": True} if namesake else {}),
        **({"mandate": mandate.pk, "given_by": mandate.given_by} if mandate else {}),
    }
    match signature.decision:
        case Signature.Decision.AGREE:
            record("signoff.agreed", round_.chain, by=by, detail=detail)
        case Signature.Decision.DISAGREE:
            record("signoff.declined", round_.chain, by=by, detail=detail)
        case _:
            record("signoff.sent_back", round_.chain, by=by, detail=detail)
    if decision == Signature.Decision.AGREE:
        revoke_links([party], by=by)
        _settle(
            round_, party.gate, [each for each in everybody if each != party and not each.has_agreed], by=by
        )
    return signature


def _settle(round_: Round, key: str, waiting: Sequence[Party], *, by: Actor) -> None:
    if not any(party.gate == key for party in waiting):
        gate, first = Gate.objects.get_or_create(round=round_, key=key, defaults={"settled_at": clock.now()})
        if first:
            gate_settled.call(round_.purpose, gate, by)
    if not waiting:
        move(round_, "complete", by=by, detail={"version": round_.version.label})


@transaction.atomic
def void_round(round_: Round, *, by: User, reason: str) -> None:
    """Void a round whose version is given up; the signatures stay as evidence, and links to sign by are worth nothing more."""
    round_ = Round.objects.select_for_update().select_related("version").get(pk=round_.pk)
    if round_.state == "void":
        return
    given = [f"{party.label} {party.name}" for party in round_.parties.all() if party.has_agreed]
    revoked = revoke_links(round_.parties.all(), by=by)
    detail = {"version": round_.version.label, "reason": reason, "given": given}
    move(
        round_,
        "void",
        by=by,
        detail={**detail, **({"links": [link.key for link in revoked]} if revoked else {})},
    )


def revoke_links(parties: Collection[Party], *, by: Actor) -> list[Link]:
    """Make every usable link of these parties useless, within the caller's transaction; those that were."""
    rows = Link.objects.filter(party__in=[party.pk for party in parties]).select_related("party__round")
    alive = [link for link in rows.prefetch_related("steps") if standing(link).alive]
    at = clock.now()
    LinkStep.objects.bulk_create(
        LinkStep(link=link, kind=LinkStep.Kind.REVOKED, at=at, by_id=by.pk) for link in alive
    )
    return alive
