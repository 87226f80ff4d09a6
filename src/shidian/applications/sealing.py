"""Seals that a platform elsewhere keeps: asked for, waited for, and put into the paper when somebody has confirmed.

A request is a row, so nobody has to wait on a page: whoever looks (`follow`) carries it on, and every minute the
system does. Only a digest leaves this system; what comes back is checked like any other signature.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from io import BytesIO

from cryptography import x509
from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import certifying, rules
from shidian.applications.certifying import Said, Sheet
from shidian.applications.errors import Overtaken
from shidian.applications.models import Application, SealRequest
from shidian.audit.actions import move, record
from shidian.core import clock
from shidian.core.errors import NotNow, Refused, require
from shidian.documents.actions import keep
from shidian.documents.certificates import configured
from shidian.documents.certificates.findings import Unusable
from shidian.documents.certificates.prepared import Prepared
from shidian.documents.certificates.remote import Answer, Platform, Seal, Subject, require_signed
from shidian.documents.intake import Rejected
from shidian.documents.models import StoredFile
from shidian.signoffs.models import Party, Round

PATIENCE = timedelta(seconds=1)
"""The platform is asked about one request this often at most, however many look."""
_LATER = ("platform_down", "platform_busy", "tsa")
_KIND = "application/octet-stream"
_log = logging.getLogger(__name__)


def platform() -> Platform:
    """The platform of this installation; NotNow without one."""
    found = configured.platform()
    if found is None:
        raise NotNow(_("本系统没有设置签章平台。请使用证书文件，或者用签名软件签好后上传。"))
    return found


def seals() -> list[Seal]:
    """The seals that may be asked for. Unusable when the platform does not tell."""
    return platform().seals()


def waiting(party: Party) -> SealRequest | None:
    """The request of a party that waits for somebody on the platform."""
    rows = SealRequest.objects.select_related("party__round__version__document", "asked_by", "prepared")
    return rows.filter(party=party, state="waiting").first()


def last(party: Party) -> SealRequest | None:
    """The newest request of a party, however it stands."""
    return SealRequest.objects.filter(party=party).select_related("party__round").order_by("-pk").first()


def ask(application: Application, party: Party, seal: str, said: Said, *, by: User) -> SealRequest:
    """Ask for a seal for a party; somebody on the platform has to confirm, which may take days.

    Refused as of `certifying.require_ready`, for a party that waits already (NotNow), and for a seal that the
    platform does not have or that cannot sign (Unusable).
    """
    certifying.require_ready(application, party, said, by=by)
    _require_none(party)
    there = platform()
    chosen = next((each for each in there.seals() if each.id == seal), None)
    if chosen is None:
        raise Unusable("seal", _("签章平台上找不到这枚印章。请重新选择。"))
    on = certifying.sheet(party)
    paper = _paper(application, on, chosen.chain, said, picture=chosen.picture)
    with transaction.atomic():
        Round.objects.select_for_update().get(pk=party.round_id)  # two at once: the second finds the first
        _require_none(party)
        request = SealRequest.objects.create(
            party=party,
            seal=chosen.id,
            seal_name=chosen.name,
            signatory=said.signatory,
            capacity=said.capacity,
            namesake=said.namesake,
            prepared=_kept(paper),
            base=on.base.sha256,
            key=str(uuid.uuid4()),
            asked_at=clock.now(),
            asked_by=by,
        )
        record("seal.asked", request.chain, by=by, detail=_detail(request))
    follow(request)
    return request


def _require_none(party: Party) -> None:
    if waiting(party) is not None:
        raise NotNow(_("已经申请过用印，还在等签章平台上的人同意。"))


def _paper(
    application: Application,
    on: Sheet,
    chain: tuple[x509.Certificate, ...],
    said: Said,
    *,
    picture: bytes | None,
) -> Prepared:
    at = clock.now().astimezone(application.call.zone).replace(microsecond=0)
    stamped = configured.authority() is not None
    return certifying.prepare(on, chain, said, at=at, picture=picture, timestamp=stamped)


def _kept(paper: Prepared) -> StoredFile:
    return keep(BytesIO(paper.dump()), name="待用印.prepared", media_type=_KIND)


def _detail(request: SealRequest) -> dict[str, str]:
    party = request.party
    return {"label": party.label, "name": party.name, "seal": request.seal_name, "base": request.base}


def follow(request: SealRequest) -> None:
    """Ask the platform how a request stands, and carry it on: sign, ask again on a newer file, or end it.

    A platform or an authority that does not answer changes nothing: the request waits on, and says why.
    """
    request = SealRequest.objects.select_related(
        "party__round__version__document", "asked_by", "prepared"
    ).get(pk=request.pk)
    if request.state != "waiting":
        return
    if request.looked_at is not None and clock.now() < request.looked_at + PATIENCE:
        return
    paper = Prepared.load(request.prepared.read())
    chain = tuple(x509.load_der_x509_certificate(one) for one in paper.chain)
    seal = Seal(request.seal, request.seal_name, "", "", chain, None)
    try:
        answer = _asked(request, seal, paper)
        if answer.state == "waiting":
            _note(request, "")
            return
        require_signed(answer)
        _finish(request, paper, answer)
    except Overtaken:
        _again(request)
    except (Refused, Rejected) as refusal:
        _refused(request, refusal)


def _asked(request: SealRequest, seal: Seal, paper: Prepared) -> Answer:
    there = platform()
    if request.token:
        return there.poll(request.token, seal)
    version = request.party.round.version
    subject = Subject(
        title=f"申请书 {version.document.reference}：{request.party.label}“{request.party.name}”",
        reference=version.document.reference,
        version=version.label,
        digest=version.digest,
    )
    answer = there.start(seal, paper.message, subject, key=request.key)
    SealRequest.objects.filter(pk=request.pk).update(token=answer.id)
    request.token = answer.id
    return answer if answer.state == "waiting" else there.poll(answer.id, seal)


def _note(request: SealRequest, fault: str) -> None:
    SealRequest.objects.filter(pk=request.pk).update(looked_at=clock.now(), fault=fault[:500])


def _application(request: SealRequest) -> Application:
    rows = Application.objects.select_related("call", "lead", "office", "version")
    return rows.get(document=request.party.round.version.document_id)


def _finish(request: SealRequest, paper: Prepared, answer: Answer) -> None:
    application = _application(request)
    on = certifying.sheet(request.party)
    if on.base.sha256 != request.base:
        raise Overtaken(_("其间另一家已在这份文件上签名。"))
    from shidian.documents.certificates import signing

    pdf = signing.complete(paper, answer.signature, authority=configured.authority())
    checked = certifying.passed(on, pdf, application.call.zone)
    said = Said(request.signatory, request.capacity, request.namesake)
    with transaction.atomic():
        row = SealRequest.objects.select_for_update().get(pk=request.pk)
        if row.state != "waiting":  # somebody else who looked was faster
            return
        certifying.record(application, checked, said, how="platform", by=request.asked_by)
        move(request, "finish", by=request.asked_by, detail=_detail(request), looked_at=clock.now(), fault="")


def _again(request: SealRequest) -> None:
    """Somebody else signed meanwhile: the paper is prepared on top of theirs, and the seal asked for once more."""
    try:
        application, on = _application(request), certifying.sheet(request.party)
        chosen = next((each for each in seals() if each.id == request.seal), None)
        if chosen is None:
            raise Unusable("seal", _("签章平台上已经没有这枚印章。请重新申请。"))
        said = Said(request.signatory, request.capacity, request.namesake)
        certifying.require_ready(application, request.party, said, by=request.asked_by)
        paper = _paper(application, on, chosen.chain, said, picture=chosen.picture)
    except (Refused, Rejected) as refusal:
        _refused(request, refusal)
        return
    newest = on.newest
    with transaction.atomic():
        changed = SealRequest.objects.filter(pk=request.pk, state="waiting", base=request.base).update(
            prepared=_kept(paper),
            base=on.base.sha256,
            key=str(uuid.uuid4()),
            token="",
            rounds=request.rounds + 1,
            looked_at=None,
            fault="",
        )
        if not changed:
            return
        detail = _detail(request) | {"who": newest.party.name if newest else "", "base": on.base.sha256}
        record("seal.asked_again", request.chain, by=request.asked_by, detail=detail)
    follow(request)


def _refused(request: SealRequest, refusal: Refused | Rejected) -> None:
    code = refusal.code if isinstance(refusal, Unusable | Rejected) else ""
    reason = refusal.reason if isinstance(refusal, Refused) else refusal.said
    if code in (*_LATER, "busy"):
        _note(request, reason)
        return
    with transaction.atomic():
        row = SealRequest.objects.select_for_update().get(pk=request.pk)
        if row.state != "waiting":
            return
        verb = "refuse" if code.startswith("seal_") else "fail"
        detail = _detail(request) | {"reason": reason[:300]}
        move(request, verb, by=request.asked_by, detail=detail, looked_at=clock.now(), fault=reason[:500])


def follow_all() -> None:
    """Carry on every request that waits; run every minute. One that cannot be carried on keeps no other waiting."""
    for request in SealRequest.objects.filter(state="waiting"):
        try:
            follow(request)
        except Exception:  # noqa: BLE001 (the next one must not wait for this one)
            _log.exception("seal request %s", request.pk)


def withdraw(application: Application, request: SealRequest, *, by: User) -> None:
    """Take a request back. Refused for people who may not record the opinion, and (NotNow) when it was signed already."""
    require(rules.can_record_opinion(by, application, request.party))
    if request.token:
        try:
            answer = platform().cancel(request.token)
        except Unusable as fault:
            if fault.code != "seal":
                raise
        else:
            if answer.state == "signed":
                follow(request)
                raise NotNow(_("签章平台上刚才已经同意用印，收不回了。"))
    move(request, "withdraw", by=by, detail=_detail(request))
