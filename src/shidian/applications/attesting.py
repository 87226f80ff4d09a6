"""SM2 signatures of parties over the content of a version: kept as evidence beside their opinions."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any

from django.db import transaction

from shidian.applications import rules
from shidian.applications.actions import locked
from shidian.applications.certifying import May, trust
from shidian.applications.errors import NotSound
from shidian.applications.models import Application, Attestation
from shidian.audit.actions import Actor, record
from shidian.core import clock
from shidian.core.errors import require
from shidian.documents.actions import keep
from shidian.documents.certificates import configured, sm2
from shidian.documents.models import DocumentVersion
from shidian.signoffs.models import Party, Round

CMS = "application/pkcs7-signature"


def texts(version: DocumentVersion) -> list[bytes]:
    """What may be signed for a version: its canonical JSON, or one of its digests as text."""
    digests = [version.digest, version.second_digest]
    return [version.content.encode(), *(digest.encode() for digest in digests if digest)]


def take(
    application: Application, party: Party, content: bytes, *, by: Actor, may: May = rules.can_attest
) -> Attestation:
    """Keep a CMS signature that was made elsewhere. Refused by the rule, and (NotSound) for one that does not hold."""
    return _take(application, party, content, how="upload", by=by, may=may)


def sign(
    application: Application, party: Party, signer: sm2.Signer, *, by: Actor, may: May = rules.can_attest
) -> Attestation:
    """Sign the canonical JSON of the party's version here, and keep the signature. Refused as `take`."""
    require(may(by, application, party))
    version = party.round.version
    content = sm2.sign(version.content.encode(), signer, at=clock.now())
    return _take(application, party, content, how="file", by=by, may=may)


def _take(
    application: Application, party: Party, content: bytes, *, how: str, by: Any, may: May
) -> Attestation:
    require(may(by, application, party))
    version = party.round.version
    found = check(party, content, at=clock.now().astimezone(application.call.zone))
    allowed = {"untrusted"} if configured.accepts_unchecked_chains() and not trust().roots else set()
    wrong = [each for each in found.findings if each.severity == "error" and each.code not in allowed]
    if wrong or found.holder is None:
        raise NotSound(wrong or list(found.findings))
    with transaction.atomic():
        application = locked(application)
        Round.objects.select_for_update().get(pk=party.round_id)
        require(may(by, application, party))
        name = f"{version.document.reference}-{version.label}-{party.label}-{party.name}.p7s"
        given = Attestation.objects.create(
            party=party,
            file=keep(BytesIO(content), name=name, media_type=CMS),
            digest=version.digest,
            subject=found.holder.subject[:400],
            report={
                "how": how,
                "holder": found.holder.shown,
                "issuer": found.holder.issuer,
                "serial": found.holder.serial,
                "certificate": found.holder.sha256,
                "signed_at": found.signed_at.isoformat() if found.signed_at else None,
                "trusted": found.trusted,
                "revocation": found.revocation,
                "notes": [{"code": each.code, "message": each.message} for each in found.findings],
            },
            at=clock.now(),
            by_id=by.pk,
        )
        record(
            "attestation.given",
            party.round.chain,
            by=by,
            detail={
                "label": party.label,
                "name": party.name,
                "version": version.label,
                "subject": given.subject,
                "file": given.file.sha256,
            },
        )
    return given


def check(party: Party, content: bytes, *, at: datetime) -> sm2.Attested:
    """Everything that can be said of a CMS signature for a party."""
    lead = party.round.version.data.get("lead", {})
    code = party.code or (str(lead.get("code", "")) if party.name == lead.get("name") else "")
    return sm2.check(content, texts(party.round.version), name=party.name, code=code, trust=trust(), at=at)


def review(round_: Round) -> list[tuple[Attestation, sm2.Attested]]:
    """The SM2 signatures of a round, the oldest first, each checked again for the moment at which it was kept."""
    rows = Attestation.objects.filter(party__round=round_)
    found = rows.select_related("file", "party__round__version__document")
    return [(each, check(each.party, each.file.read(), at=each.at)) for each in found]
