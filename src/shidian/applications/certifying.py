"""Agreeing with a certificate: the frozen form is signed at the party's box, each signature on top of those before.

Whoever acts is told in full by the arguments (application, party, `by`, and `may`, the rule that is asked of them), so
that a party who comes by a link takes the same way as a person with an account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from io import BytesIO
from typing import Any

from cryptography import x509
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from shidian.applications import actions, papers, rules
from shidian.applications.errors import NotSound, Overtaken
from shidian.applications.models import Application
from shidian.audit.actions import Actor
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, require
from shidian.core.language import in_chinese
from shidian.core.verdict import Verdict, not_now
from shidian.documents.actions import keep
from shidian.documents.certificates import checking, configured, holders, prepared
from shidian.documents.certificates.checking import Checked, Report
from shidian.documents.certificates.findings import Finding, Unusable
from shidian.documents.certificates.signers import Signer
from shidian.documents.certificates.trust import BadTrust, Trust
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.documents.render.compiler import PaperError
from shidian.signoffs.links import Holder
from shidian.signoffs.models import Party, Round, Signature
from shidian.signoffs.queries import asked, certified, last_certified
from shidian.signoffs.rules import is_their_turn, same_person
from shidian.signoffs.terms import Terms

May = Callable[[Any, Application, Party], Verdict]

TRIES = 8
"""How often a signature is made again when others sign the same paper in the same moment."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a party signs: the form of the version, the newest file with signatures on it, and everybody's box.

    `base` is `form` as long as nobody has signed with a certificate. `taken` are the fields of signatures that were
    recorded; `signed` tells who they are.
    """

    party: Party
    version: DocumentVersion
    form: StoredFile
    base: StoredFile
    places: dict[int, prepared.Place]
    expected: tuple[checking.Expected, ...]
    taken: frozenset[str]
    signed: tuple[Signature, ...]

    @property
    def place(self) -> prepared.Place:
        """The box of the party itself."""
        return self.places[self.party.pk]

    @property
    def newest(self) -> Signature | None:
        """The signature that was put on last."""
        return self.signed[-1] if self.signed else None


@dataclass(frozen=True, slots=True)
class Said:
    """Who signs, in which capacity, and that a person of the same name is another one (see `record_signature`)."""

    signatory: str
    capacity: str = ""
    namesake: bool = False


@lru_cache(maxsize=64)
def _boxes(digest: str, version: int) -> dict[tuple[str, int], Any]:
    return dict(papers.boxes(DocumentVersion.objects.get(pk=version, digest=digest)))


def sheet(party: Party) -> Sheet:
    """What there is to sign for a party now. Unusable ("box", "paper") when the form has no box for it or no print."""
    round_ = party.round
    version = round_.version
    try:
        boxes = _boxes(version.digest, version.pk)
        form = papers.form(version)
    except PaperError as fault:
        raise Unusable("paper", fault.message) from fault
    places, expected = {}, []
    counted: dict[str, int] = {}
    for each in round_.parties.order_by("position"):
        counted[each.role] = counted.get(each.role, 0) + 1
        box = boxes.get((each.role, counted[each.role]))
        if box is None:
            continue
        field = prepared.field_name(round_.pk, each.pk)
        places[each.pk] = prepared.place_in(box, field=field, label=f"{each.label} {each.name} 数字签名")
        required = each.pk == party.pk
        expected.append(
            checking.Expected(places[each.pk], each.name, _code(version, each), required=required)
        )
    if party.pk not in places:
        raise Unusable(
            "box", _("这一批的申请书没有标明本单位签名的位置，不能用证书签名。请打印后盖章，登记盖章页。")
        )
    signed = tuple(certified(round_))
    base = signed[-1].certified if signed else form
    taken = frozenset(str(each.proof.get("field", "")) for each in signed)
    return Sheet(party, version, form, base or form, places, tuple(expected), taken, signed)


def _code(version: DocumentVersion, party: Party) -> str:
    """The code of a party; the lead's stands with the lead, not with its party."""
    lead = version.data.get("lead", {})
    return party.code or (str(lead.get("code", "")) if party.name == lead.get("name") else "")


def ready(application: Application, party: Party, *, by: Any, may: May = rules.can_record_opinion) -> Verdict:
    """Whether a party may sign now, or why not: the rule, the turn, and that it has not agreed."""
    verdict = may(by, application, party)
    if not verdict:
        return verdict
    everybody = asked(party.round)
    mine = next(each for each in everybody if each.pk == party.pk)
    if mine.has_agreed:
        return not_now(_("该单位已经同意这一版。"))
    return is_their_turn(mine, everybody)


def require_ready(
    application: Application, party: Party, said: Said, *, by: Any, may: May = rules.can_record_opinion
) -> None:
    """Refuse early what `record_certified` would refuse in the end, so that no key is used for nothing."""
    require(ready(application, party, by=by, may=may))
    everybody = asked(party.round)
    mine = next(each for each in everybody if each.pk == party.pk)
    terms = Terms.stored(party.round.terms)
    if not said.namesake and (fault := same_person(mine, said.signatory, everybody, terms)):
        raise Invalid(fault, [("signatory", fault)])


def prepare(
    on: Sheet,
    chain: tuple[x509.Certificate, ...],
    said: Said,
    *,
    at: datetime,
    picture: bytes | None,
    timestamp: bool,
) -> prepared.Prepared:
    """The paper with room for the signature at the party's box; what stands there says who signs what, and when."""
    from shidian.documents.certificates import signing

    holder = holders.read(chain[0])
    who = said.signatory + (f"（{said.capacity}）" if said.capacity else "")
    words = (
        f"数字签名：{holder.organisation or holder.name}",
        who,
        f"{at:%Y-%m-%d %H:%M:%S} UTC{at:%z}",
        f"同意 {on.version.label}　{on.version.code}",
    )
    return signing.prepare(
        on.base.read(),
        on.place,
        chain,
        at=at,
        reason=f"同意 {on.version.document.reference} {on.version.label}（{on.version.code}）",
        picture=picture,
        words=words,
        timestamp=timestamp,
        extra_fonts=settings.FONTS_FOLDER,
    )


def sign(
    application: Application,
    party: Party,
    signer: Signer,
    said: Said,
    *,
    how: str,
    by: Actor,
    picture: bytes | None = None,
    other_name: bool = False,
    may: May = rules.can_record_opinion,
    holder: Holder | None = None,
) -> Signature:
    """Sign for a party on top of the newest signed file, check what came of it, and record the agreement.

    Where somebody else signs in the same moment, the signature is made again on top of theirs. Refused as of
    `require_ready`, `signing` (Unusable), `accept` (NotSound) and `record_certified`.
    """
    from shidian.documents.certificates import signing

    require_ready(application, party, said, by=by, may=may)
    authority = configured.authority()
    for _try in range(TRIES):
        on = sheet(party)
        at = clock.now().astimezone(application.call.zone).replace(microsecond=0)
        paper = prepare(on, signer.chain, said, at=at, picture=picture, timestamp=authority is not None)
        pdf = signing.complete(paper, signer.sign(paper.message), authority=authority)
        try:
            checked = passed(on, pdf, application.call.zone, other_name=other_name)
            return record(application, checked, said, how=how, by=by, may=may, holder=holder)
        except Overtaken:
            continue
    raise NotNow(_("几家单位同时在这份文件上签名，这次没有轮到。请再签一次。"))


def take_in(
    application: Application,
    party: Party,
    pdf: bytes,
    said: Said,
    *,
    by: Actor,
    other_name: bool = False,
    may: May = rules.can_record_opinion,
    holder: Holder | None = None,
) -> Signature:
    """Take a PDF that was signed elsewhere as the agreement of a party; NotSound says all that stands against it."""
    require_ready(application, party, said, by=by, may=may)
    checked = passed(sheet(party), pdf, application.call.zone, other_name=other_name)
    return record(application, checked, said, how="desk", by=by, may=may, holder=holder)


@dataclass(frozen=True, slots=True)
class Passed:
    """A signed file that was checked and may be recorded: the party's signature in it, and what stays to be said."""

    on: Sheet
    pdf: bytes
    mine: Checked
    notes: list[Finding]


def passed(on: Sheet, pdf: bytes, zone: tzinfo, *, other_name: bool = False) -> Passed:
    """Check a signed file now; NotSound as of `accept`. Takes its time, so it stands before any transaction."""
    report = examine(on, pdf, at=clock.now().astimezone(zone))
    mine, notes = accept(on, pdf, report, other_name=other_name)
    return Passed(on, pdf, mine, notes)


def record(
    application: Application,
    checked: Passed,
    said: Said,
    *,
    how: str,
    by: Actor,
    may: May = rules.can_record_opinion,
    holder: Holder | None = None,
) -> Signature:
    """Keep a checked file and record the agreement of its party. Refused as of `actions.record_certified`."""
    on = checked.on
    with transaction.atomic():
        file = keep(
            BytesIO(checked.pdf),
            name=f"申请书-{on.version.document.reference}-{on.version.label}-已签名.pdf",
            media_type="application/pdf",
        )
        return actions.record_certified(
            application,
            on.party,
            by=by,
            base=on.base.sha256,
            certified=file,
            signed_at=checked.mine.signed_at or clock.now(),
            signatory=said.signatory,
            capacity=said.capacity,
            namesake=said.namesake,
            proof=proof(checked.mine, checked.notes, how=how),
            may=may,
            holder=holder,
        )


def examine(on: Sheet, pdf: bytes, *, at: datetime, trusted: Trust | None = None) -> Report:
    """Everything that can be said of a signed file, by its bytes; `at` as of `checking.check`."""
    return checking.check(
        pdf,
        original=checking.Original(on.form.sha256, on.form.size),
        expected=on.expected,
        trust=trusted if trusted is not None else trust(),
        at=at,
    )


def trust() -> Trust:
    """Whom this installation trusts. Unusable ("trust") when its folder cannot be read."""
    try:
        return configured.trusted()
    except BadTrust as fault:
        raise Unusable(
            "trust",
            _("可信根证书的文件夹有问题，现在不能核验签名：{fault}。请联系系统管理员。").format(fault=fault),
        ) from fault


def accept(
    on: Sheet, pdf: bytes, report: Report, *, other_name: bool = False
) -> tuple[Checked, list[Finding]]:
    """The signature of the party in a file that may be taken, and what stays to be said of it.

    NotSound: another version, changed, a signature that does not hold or is not trusted, none of this party, and a
    file that lacks the signatures recorded before. `other_name`: a person has confirmed that a certificate with
    another name belongs to the unit. A chain that nobody can check passes where `accepts_unchecked_chains`.
    """
    mine = report.of_party(on.place.field)
    wrong = _errors(report.findings)
    if report.same_version and not pdf.startswith(on.base.read()):
        wrong.insert(0, _lacks(on))
    allowed = {"other_unit"} if other_name else set()
    if not trust().roots and configured.accepts_unchecked_chains():
        allowed.add("untrusted")
    for one in report.signatures:
        if one.field not in on.taken:
            wrong += [found for found in _errors(one.findings) if found.code not in allowed]
    if mine is None and not wrong:
        wrong.append(Finding("missing", _("文件里没有“{name}”的签名。").format(name=on.party.name)))
    if wrong or mine is None:
        kinds = {found.code for found in wrong}
        # A missing party is only the consequence of a certificate that names another unit.
        confirmable = mine is not None and kinds - {"missing"} == {"other_unit"}
        wrong = [found for found in wrong if found.code != "missing"] or wrong
        raise NotSound(_once(wrong), confirmable=confirmable)
    return mine, list(mine.findings)


def _errors(findings: Iterable[Finding]) -> list[Finding]:
    return [found for found in findings if found.severity == "error"]


def _once(findings: Iterable[Finding]) -> list[Finding]:
    return list({(found.code, found.message): found for found in findings}.values())


def _lacks(on: Sheet) -> Finding:
    names = _("、").join(
        dict.fromkeys(
            _("{label}“{name}”").format(label=each.party.label, name=each.party.name) for each in on.signed
        )
    )
    return Finding(
        "older_base",
        _(
            "这份文件里没有{names}已经做好的签名：是在他们签名以前下载的。请重新下载现在的文件，在它上面再签一次；"
            "您的签名不会盖掉别人的。"
        ).format(names=names),
    )


def proof(mine: Checked, findings: Iterable[Finding], *, how: str) -> dict[str, Any]:
    """What is kept of a signature beside its file, as JSON: who, by which certificate, when, how it was proved."""
    holder = mine.holder
    with in_chinese():
        return {
            "how": how,
            "field": mine.field,
            "subject": holder.subject if holder else "",
            "holder": holder.shown if holder else "",
            "unit_code": holder.unit_code if holder else "",
            "issuer": holder.issuer if holder else "",
            "serial": holder.serial if holder else "",
            "certificate": holder.sha256 if holder else "",
            "key": holder.key if holder else "",
            "algorithm": mine.digest_algorithm,
            "signed_at": mine.signed_at.isoformat() if mine.signed_at else None,
            "time_proved": mine.time_from == "authority",
            "time_authority": mine.authority,
            "chain": [each.subject for each in mine.chain],
            "trusted": mine.trusted,
            "revocation": mine.revocation,
            "notes": [{"code": found.code, "message": found.message} for found in findings],
        }


# --- looking at what was signed -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Looked:
    """One recorded signature, looked at again: `checked` is None when the file no longer holds it."""

    signature: Signature
    checked: Checked | None


@dataclass(frozen=True, slots=True)
class Review:
    """All signatures with certificates of one round in its newest file, checked now.

    `report` speaks of the file; `strangers` are signatures in it that were not recorded as anybody's opinion.
    """

    file: StoredFile
    report: Report
    looked: tuple[Looked, ...]
    strangers: tuple[Checked, ...]

    @property
    def ok(self) -> bool:
        """Whether the file is whole and every recorded signature holds."""
        return not _errors(self.report.findings) and all(
            each.checked is not None and _holds(each) for each in self.looked
        )


def _holds(looked: Looked) -> bool:
    told = {note["code"] for note in looked.signature.proof.get("notes", ())}
    assert looked.checked is not None  # noqa: S101 (asked before)
    return all(found.code in told for found in _errors(looked.checked.findings))


def review(round_: Round) -> Review | None:
    """Check the newest signed file of a round again, from its bytes and the trusted roots of now; None without one.

    Each signature is judged for the moment at which it was recorded, or the time that a stamp proves: a certificate
    that has expired since takes nothing from it. Unusable and intake.Rejected when it cannot be looked at now.
    """
    newest = last_certified(round_)
    if newest is None or newest.certified is None:
        return None
    on = sheet(newest.party)
    pdf = newest.certified.read()
    zone = papers.package_of(round_.version).call.zone
    trusted = trust()
    report = examine(on, pdf, at=newest.recorded_at.astimezone(zone), trusted=trusted)
    found = {one.field: one for one in report.signatures}
    looked = []
    for signature in on.signed:
        checked = found.get(str(signature.proof.get("field", "")))
        if checked is not None and not checked.ok and signature.pk != newest.pk:
            earlier = examine(on, pdf, at=signature.recorded_at.astimezone(zone), trusted=trusted)
            checked = next((one for one in earlier.signatures if one.field == checked.field), checked)
        looked.append(Looked(signature, checked))
    strangers = tuple(one for one in report.signatures if one.field not in on.taken)
    return Review(newest.certified, report, tuple(looked), strangers)
