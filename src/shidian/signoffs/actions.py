"""Opening a round, recording an opinion, voiding a round."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from shidian.accounts.models import User
from shidian.audit.actions import move, record
from shidian.core import clock
from shidian.core.errors import NotNow, Stale
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.signoffs.hooks import gate_settled
from shidian.signoffs.models import Gate, Party, Round, Signature


@dataclass(frozen=True, slots=True)
class Invited:
    """A body asked to agree, in one role, before one gate."""

    role: str
    label: str
    name: str
    gate: str
    code: str = ""


@transaction.atomic
def open_round(version: DocumentVersion, invited: Iterable[Invited], *, purpose: str, chain: str) -> Round:
    """Open the round of a frozen version; its parties stand in the order given."""
    round_ = Round.objects.create(version=version, purpose=purpose, chain=chain, opened_at=clock.now())
    Party.objects.bulk_create(
        Party(
            round=round_,
            position=position,
            role=body.role,
            label=body.label,
            name=body.name[:120],
            code=body.code[:18],
            gate=body.gate,
        )
        for position, body in enumerate(invited, start=1)
    )
    return round_


@transaction.atomic
def record_signature(
    party: Party,
    *,
    by: User,
    decision: Signature.Decision,
    signatory: str,
    signed_on: date,
    scan: StoredFile,
    capacity: str = "",
    opinion: str = "",
) -> Signature:
    """Record a party's opinion on paper, bound to the digest of the round's version.

    When the last party due at a gate agrees, the gate settles once, whoever of several comes last at the same moment
    (the round's row is locked); when all parties agreed, the round completes. Refused (`Stale`) once the round is
    void, because the version was replaced; refused (`NotNow`) for a party that has agreed already.
    """
    round_ = Round.objects.select_for_update().select_related("version").get(pk=party.round_id)
    if round_.state == "void":
        raise Stale("申请内容已有新版本，这一版的会签已失效，请用新版本的意见页。")
    if party.has_agreed:
        raise NotNow(f"{party.label}“{party.name}”已经同意这一版。")
    signature = Signature.objects.create(
        party=party,
        decision=decision,
        opinion=opinion,
        signatory=signatory,
        capacity=capacity,
        signed_on=signed_on,
        scan=scan,
        digest=round_.version.digest,
        recorded_at=clock.now(),
        recorded_by=by,
    )
    agreed = decision == Signature.Decision.AGREE
    record(
        "signoff.agreed" if agreed else "signoff.declined",
        round_.chain,
        by=by,
        detail={
            "label": party.label,
            "name": party.name,
            "role": party.role,
            "version": round_.version.label,
            "digest": signature.digest,
            "signatory": signatory,
            "signed_on": signed_on.isoformat(),
            "scan": scan.sha256,
            "opinion": opinion,
        },
    )
    if agreed:
        _settle(round_, party.gate, by=by)
    return signature


def _settle(round_: Round, key: str, *, by: User) -> None:
    waiting = [party for party in round_.parties.prefetch_related("signatures") if not party.has_agreed]
    if not any(party.gate == key for party in waiting):
        gate, first = Gate.objects.get_or_create(round=round_, key=key, defaults={"settled_at": clock.now()})
        if first:
            gate_settled.call(round_.purpose, gate)
    if not waiting:
        move(round_, "complete", by=by, detail={"version": round_.version.label})


@transaction.atomic
def void_round(round_: Round, *, by: User, reason: str) -> None:
    """Void a round whose version is given up; the signatures stay as evidence of what was agreed then."""
    round_ = Round.objects.select_for_update().select_related("version").get(pk=round_.pk)
    if round_.state == "void":
        return
    given = [f"{party.label} {party.name}" for party in round_.parties.all() if party.has_agreed]
    move(round_, "void", by=by, detail={"version": round_.version.label, "reason": reason, "given": given})
