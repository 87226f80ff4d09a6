"""The judgement on one signed PDF, in a process that may crash, stall or run out of memory.

Every statement is made from the bytes: the file begins with the frozen paper, each revision after it only adds
signatures (pyHanko's policy over all revisions, and our own look at each widget), each signature covers what was
there when it was made, and its certificate leads to a trusted root at the time of signing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, BinaryIO, Literal

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodeLimits
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    ModificationLevel,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.diff_analysis.form_rules_api import (
    FieldComparisonContext,
    FormUpdate,
    FormUpdatingRule,
    _list_fields,
)
from pyhanko.sign.diff_analysis.rules.form_field_rules import (
    GenericFieldModificationRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
)
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError, SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from shidian.core.said import say
from shidian.documents import intake_worker
from shidian.documents.certificates import holders
from shidian.documents.certificates.checking import (
    QUESTION,
    REPORT,
    Checked,
    Expected,
    Modification,
    Question,
    Report,
)
from shidian.documents.certificates.findings import Finding
from shidian.documents.certificates.holders import Holder
from shidian.documents.certificates.prepared import Place

MOST_SIGNATURES = 100
MOST_REVISIONS = 300
_LARGEST_TEXT = 300
_CLOCKS = timedelta(minutes=10)
"""How far a signer's clock may go before ours."""
_SLACK = 3.0
"""How far, in points, a signature may stand outside its box."""

_END = re.compile(rb"%%EOF(?:\r\n|\r|\n)?")
_BROKEN = (
    PdfError, *holders.UNREADABLE, TypeError, KeyError, IndexError, AttributeError, AssertionError, OverflowError,
    RecursionError, OSError, NotImplementedError, CMSExtractionError, SignatureValidationError, ValidationError,
    PathError,
)  # fmt: skip

_AGAIN = say("请从系统下载要签的 PDF，不要另存或打印，直接在它上面签名后重新上传。")


def serve() -> None:
    """Be the kept worker of `checking`."""
    logging.disable(logging.CRITICAL)
    intake_worker.serve(_answer)


def _answer(file: BinaryIO, asked: dict[str, Any]) -> dict[str, Any]:
    file.seek(0)
    report = judge(file.read(), QUESTION.validate_python(asked["question"]))
    return {"report": REPORT.dump_python(report, mode="json")}


@dataclass
class _Found:
    """A signature while it is being looked at."""

    name: str
    widget: Any
    object: Any
    embedded: EmbeddedPdfSignature | None
    findings: list[Finding] = field(default_factory=list)

    def add(self, code: str, message: str, severity: Literal["error", "warning", "note"] = "error") -> None:
        if code not in [finding.code for finding in self.findings]:
            self.findings.append(Finding(code, message, severity))


def judge(content: bytes, question: Question) -> Report:
    """Say everything about `content`; never raises for what is in it."""
    findings: list[Finding] = []
    size = _beginning(content, question)
    if size is None:
        findings.append(
            Finding(
                "other_version",
                say(
                    "这个文件不是在本系统冻结的这一版上签的：开头与该版本不一致。可能签的是旧版本、打印后的扫描件，或者签名软件把文件重新保存了。"
                    "{again}",
                    again=_AGAIN,
                ),
            )
        )
    try:
        reader = _reader(content)
        revisions = reader.xrefs.total_revisions
        if revisions > MOST_REVISIONS:
            raise ValueError("too many revisions")
        found = list(_signatures(reader))
    except _BROKEN:
        findings.append(
            Finding("damaged", say("PDF 文件不完整或者结构有误，签名无法核验。{again}", again=_AGAIN)),
        )
        return _report(question, content, size, 0, False, [], findings)
    unchanged = size is not None and _only_signed(reader, content, size, findings)
    if not found:
        findings.append(
            Finding(
                "unsigned",
                say("文件里没有数字签名。请用签名软件或本系统签名后再上传；加盖图片不算数字签名。"),
            )
        )
    checked = [_judge_one(reader, content, one, question) for one in found]
    _find_tail(content, found, findings)
    return _report(question, content, size, revisions, unchanged, checked, findings)


def _reader(content: bytes) -> PdfFileReader:
    return PdfFileReader(BytesIO(content), strict=True, decode_limits=DecodeLimits.for_untrusted_input())


def _beginning(content: bytes, question: Question) -> int | None:
    """How long the frozen paper at the beginning of `content` is; None when something else stands there."""
    original = question.original
    if original.size is not None:
        whole = len(content) >= original.size
        same = whole and hashlib.sha256(content[: original.size]).hexdigest() == original.sha256
        return original.size if same else None
    digest = hashlib.sha256()
    done = 0
    for end in _END.finditer(content):
        digest.update(content[done : end.end()])
        done = end.end()
        if digest.hexdigest() == original.sha256:
            return done
    return None


class _FirstForm(FormUpdatingRule):
    """Our papers have no form; the first signature brings one. pyHanko's rule compares forms that are there."""

    def apply(
        self, old: HistoricalResolver, new: HistoricalResolver
    ) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
        if "/AcroForm" in old.root:
            yield from super().apply(old, new)
            return
        if "/AcroForm" not in new.root:
            return
        form = new.root["/AcroForm"]
        if not isinstance(form, generic.DictionaryObject) or form.keys() - _FORM_KEYS:
            raise SuspiciousModification("a form that holds more than signatures")
        for holder, key in ((new.root, "/AcroForm"), (form, "/Fields"), (form, "/DR")):
            value = holder.raw_get(key) if key in holder else None
            if isinstance(value, generic.IndirectObject) and old.is_ref_unassignable(value.reference):
                yield (
                    ModificationLevel.FORM_FILLING,
                    FormUpdate(updated_ref=value.reference, field_name=None),
                )
        if "/DR" in form:
            for reference in new.collect_dependencies(form["/DR"], since_revision=old.revision + 1):
                yield ModificationLevel.FORM_FILLING, FormUpdate(updated_ref=reference, field_name=None)
        fields = _list_fields(generic.ArrayObject(), form["/Fields"], old_path=None)
        context = FieldComparisonContext(field_specs=dict(fields), old=old, new=new)
        for rule in self.field_rules:
            yield from rule.apply(context)


_FORM_KEYS = {"/Fields", "/SigFlags", "/DR", "/DA", "/Q", "/NeedAppearances"}
_SINCE_FROZEN = StandardDiffPolicy(
    global_rules=DEFAULT_DIFF_POLICY.global_rules,
    form_rule=_FirstForm(
        field_rules=[SigFieldCreationRule(), SigFieldModificationRule(), GenericFieldModificationRule()]
    ),
)


def _only_signed(reader: PdfFileReader, content: bytes, size: int, findings: list[Finding]) -> bool:
    """Whether all revisions after the original only add signatures and what belongs to them."""
    result: DiffResult | SuspiciousModification
    try:
        first = _reader(content[:size]).xrefs.total_revisions
        if reader.xrefs.get_startxref_for_revision(first - 1) < size:
            result = _SINCE_FROZEN.review_file(reader, first - 1)
        else:
            result = SuspiciousModification("the original is not the beginning of the revisions")
    except SuspiciousModification as error:
        result = error
    except _BROKEN as error:
        result = SuspiciousModification(str(error))
    if isinstance(result, DiffResult) and result.modification_level < ModificationLevel.ANNOTATIONS:
        return True
    findings.append(
        Finding(
            "changed",
            say(
                "冻结以后，文件里除了签名还改动了别的内容（例如页面、批注、表单）。许多阅读器对此仍显示“签名有效”，但这样的文件不能采用。"
                "{again}",
                again=_AGAIN,
            ),
        )
    )
    return False


def _signatures(reader: PdfFileReader) -> Iterator[_Found]:
    """Every signed field, in the order of revisions, even those that cannot be read."""
    found = []
    for number, (name, value, reference) in enumerate(enumerate_sig_fields(reader, filled_status=True)):
        if number >= MOST_SIGNATURES:
            raise ValueError("too many signatures")
        try:
            embedded = EmbeddedPdfSignature(reader, reference.get_object(), name)
        except _BROKEN:
            embedded = None
        found.append(_Found(str(name), reference.get_object(), value.get_object(), embedded))
    yield from sorted(found, key=lambda one: one.embedded.signed_revision if one.embedded else MOST_REVISIONS)


def _judge_one(reader: PdfFileReader, content: bytes, found: _Found, question: Question) -> Checked:
    embedded = found.embedded
    if embedded is None:
        found.add(
            "unreadable",
            say(
                "这个签名读不出来，可能已损坏，或者用了这里不认识的格式。请用支持 PAdES 或 PKCS#7 的签名软件重新签名。"
            ),
        )
        return _blank(found)
    try:
        if embedded.sig_object_type == "/DocTimeStamp":
            return _judge_timestamp(reader, found, embedded, question)
        return _judge_signature(reader, content, found, embedded, question)
    except _BROKEN as error:
        found.add("invalid", _invalid(error))
        return _blank(found, embedded)


def _invalid(error: Exception) -> str:
    text = str(error).lower()
    if "subfilter" in text:
        return say("签名的格式这里不认识。请在签名软件里选择 PAdES（CAdES）或 PKCS#7 格式重新签名。")
    if any(word in text for word in ("not supported", "unsupported", "unknown")):
        return say(
            "签名用的算法这里不能核验（例如 PDF 内的国密 SM2 签名）。请改用 RSA 或 EC 证书签名，或者改交纸质盖章件。"
        )
    return say("签名的内部结构不合规定，不能核验。请用原来的软件重新签名；仍然不行的，请换一种签名软件。")


def _judge_signature(
    reader: PdfFileReader, content: bytes, found: _Found, embedded: EmbeddedPdfSignature, question: Question
) -> Checked:
    certificate = x509.load_der_x509_certificate(embedded.signer_cert.dump())
    holder = holders.read(certificate)
    expected = _party(reader, found, question.expected, holder)
    checked = replace(
        _blank(found, embedded),
        holder=holder,
        chain=(holder,),
        party=expected.place.field if expected else "",
    )
    if embedded.md_algorithm.lower() in holders.WEAK_HASHES:
        found.add(
            "weak_hash",
            say(
                "签名用的摘要算法 {algorithm} 已经不安全，可以伪造。请在签名软件里改用 SHA-256 后重新签名。",
                algorithm=embedded.md_algorithm.upper(),
            ),
        )
    if holders.is_weak(certificate):
        found.add(
            "weak_key",
            say(
                "签名证书的密钥（{key}）或者发证所用的算法太弱。请向发证机构换发后重新签名。", key=holder.key
            ),
        )
    lists = [*question.lists, *_lists_inside(reader, embedded)]
    try:
        status, proved = _proved(reader, found, embedded, question, lists)
    except _BROKEN as error:
        with suppress(*_BROKEN):
            embedded.compute_integrity_info()
            checked = _with_integrity(checked, found, embedded)
        if not found.findings:
            found.add("invalid", _invalid(error))
        return replace(checked, findings=tuple(found.findings))
    moment = proved.timestamp if proved is not None else question.at
    claimed = embedded.self_reported_timestamp
    signed_at = proved.timestamp if proved is not None else claimed
    checked = _with_integrity(checked, found, embedded)
    if not status.intact:
        found.add(
            "broken",
            say(
                "签名与文件内容对不上：签名之后内容被改动过，或者这个签名是从别的文件里搬来的。{again}",
                again=_AGAIN,
            ),
        )
    elif not status.valid:
        found.add("forged", say("签名值不是所附证书的密钥做出来的，这个签名是假的或者已损坏。请重新签名。"))
    path = _path(status)
    revoked = _revoked(path or [certificate], question, lists, moment)
    trusted = status.trusted and not revoked.at_signing
    _judge_trust(found, status, certificate, moment, question, revoked)
    _judge_time(found, certificate, claimed, proved is not None, question.at)
    _judge_place(reader, found, expected, question)
    if expected is None and question.expected:
        found.add(
            "no_party",
            say(
                "对不上这是哪一方的签名（签名人“{who}”）。请检查是否用错了证书，或者签到了别的申请上。",
                who=holder.shown,
            ),
        )
    elif expected is not None and (
        other := holders.differs_from(holder, name=expected.name, code=expected.code)
    ):
        found.add(other.code, other.message, other.severity)
    return replace(
        checked,
        intact=bool(status.intact and status.valid),
        trusted=trusted,
        revocation="revoked" if revoked.at_signing else "good" if revoked.looked_up else "unknown",
        chain=tuple(holders.read(one) for one in path) or (holder,),
        signed_at=signed_at,
        time_from="authority" if proved is not None else "signer" if signed_at else "",
        authority=_shown(proved.signing_cert) if proved is not None else "",
        findings=tuple(found.findings),
    )


def _proved(
    reader: PdfFileReader, found: _Found, embedded: EmbeddedPdfSignature, question: Question, lists: list[str]
) -> tuple[Any, Any]:
    """The status of a signature at the time it was made, and its time stamp if that proves the time."""
    status = _validated(reader, embedded, question, lists, question.at, diff=True)
    stamp = status.timestamp_validity
    if stamp is None:
        return status, None
    if stamp.valid and stamp.intact and stamp.trusted:
        return _validated(reader, embedded, question, lists, stamp.timestamp, diff=False), stamp
    found.add(
        "timestamp",
        say("签名里的时间戳不可信（不完整，或者时间戳机构不在可信名单里），签名时间只能按签名人自报的看待。"),
        "warning",
    )
    return status, None


def _judge_timestamp(
    reader: PdfFileReader, found: _Found, embedded: EmbeddedPdfSignature, question: Question
) -> Checked:
    lists = [*question.lists, *_lists_inside(reader, embedded)]
    context = _context(question, embedded, lists, question.at, reader)
    status = asyncio.run(async_validate_pdf_timestamp(embedded, context))
    checked = _with_integrity(replace(_blank(found, embedded), kind="timestamp"), found, embedded)
    if not (status.intact and status.valid):
        found.add(
            "broken", say("整份文件的时间戳与内容对不上：加盖时间戳以后文件被改动过。{again}", again=_AGAIN)
        )
    elif not status.trusted:
        found.add("timestamp", say("整份文件的时间戳来自不在可信名单里的机构，只能作参考。"), "warning")
    certificate = x509.load_der_x509_certificate(status.signing_cert.dump())
    return replace(
        checked,
        intact=bool(status.intact and status.valid),
        trusted=status.trusted,
        holder=holders.read(certificate),
        chain=(holders.read(certificate),),
        signed_at=status.timestamp,
        time_from="authority" if status.trusted else "",
        authority=_shown(status.signing_cert),
        findings=tuple(found.findings),
    )


def _shown(certificate: Any) -> str:
    """Whose certificate it is, in few words."""
    return holders.read(x509.load_der_x509_certificate(certificate.dump())).shown[:_LARGEST_TEXT]


def _blank(found: _Found, embedded: EmbeddedPdfSignature | None = None) -> Checked:
    return Checked(
        field=found.name[:_LARGEST_TEXT],
        party="",
        kind="unknown" if embedded is None else "signature",
        revision=embedded.signed_revision + 1 if embedded else 0,
        intact=False,
        covers=False,
        last=False,
        modification="unknown",
        trusted=False,
        revocation="unknown",
        holder=None,
        chain=(),
        signed_at=None,
        time_from="",
        authority="",
        digest_algorithm=embedded.md_algorithm if embedded else "",
        reason=_text(found.object, "/Reason"),
        location=_text(found.object, "/Location"),
        findings=tuple(found.findings),
    )


def _text(dictionary: Any, key: str) -> str:
    try:
        value = dictionary.get(key, "")
    except _BROKEN:
        return ""
    return str(value)[:_LARGEST_TEXT] if isinstance(value, str) else ""


def _with_integrity(checked: Checked, found: _Found, embedded: EmbeddedPdfSignature) -> Checked:
    """Coverage and later changes, with their findings."""
    coverage = embedded.coverage
    covers = coverage in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION)
    if not covers:
        found.add(
            "coverage",
            say(
                "这个签名没有覆盖整份文件，未覆盖的部分可以任意改动而不被发现，不能采用。{again}",
                again=_AGAIN,
            ),
        )
    modification: Modification = "unknown"
    result = embedded.diff_result
    if isinstance(result, DiffResult):
        level = result.modification_level
        allowed = embedded.docmdp_level
        if level >= ModificationLevel.ANNOTATIONS or (allowed is not None and level.value > allowed.value):
            modification = "changed"
        elif level == ModificationLevel.FORM_FILLING:
            modification = "signed"
        elif level == ModificationLevel.LTA_UPDATES:
            modification = "archived"
        else:
            modification = "none"
    elif isinstance(result, SuspiciousModification):
        modification = "changed"
    if modification == "changed":
        found.add(
            "changed_later",
            say(
                "这个签名做出以后，文件又被改动过（不只是增加签名）。许多阅读器仍显示“签名有效”，但不能采用。{again}",
                again=_AGAIN,
            ),
        )
    return replace(
        checked,
        covers=covers,
        last=coverage == SignatureCoverageLevel.ENTIRE_FILE,
        modification=modification,
        findings=tuple(found.findings),
    )


# --- trust -------------------------------------------------------------------------------------------------------


def _context(
    question: Question,
    embedded: EmbeddedPdfSignature,
    lists: Iterable[str],
    moment: datetime,
    reader: PdfFileReader,
) -> ValidationContext:
    arguments: dict[str, Any] = {
        "trust_roots": [asn1_x509.Certificate.load(base64.b64decode(one)) for one in question.roots],
        "other_certs": [asn1_x509.Certificate.load(base64.b64decode(one)) for one in question.others],
        "crls": [base64.b64decode(one) for one in lists],
        "moment": moment,
        "allow_fetching": False,
        "revocation_mode": "soft-fail",
        "retroactive_revinfo": True,
        "weak_hash_algos": set(holders.WEAK_HASHES),
    }
    with suppress(NoDSSFoundError, *_BROKEN):
        store = DocumentSecurityStore.read_dss(reader)
        return store.as_validation_context(arguments)
    return ValidationContext(**arguments)


def _validated(
    reader: PdfFileReader,
    embedded: EmbeddedPdfSignature,
    question: Question,
    lists: list[str],
    moment: datetime,
    *,
    diff: bool,
) -> Any:
    return asyncio.run(
        async_validate_pdf_signature(
            embedded,
            signer_validation_context=_context(question, embedded, lists, moment, reader),
            ts_validation_context=_context(question, embedded, lists, question.at, reader),
            # What we say of usages we say ourselves, in words.
            key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}),
            skip_diff=not diff,
        )
    )


def _path(status: Any) -> list[x509.Certificate]:
    """The chain that was found, the signer's certificate first."""
    if status.validation_path is None:
        return []
    return [x509.load_der_x509_certificate(one.dump()) for one in status.validation_path][::-1]


def _lists_inside(reader: PdfFileReader, embedded: EmbeddedPdfSignature) -> list[str]:
    """Revocation lists that the file brings: in its security store, or beside the signature."""
    found: list[bytes] = []
    with suppress(NoDSSFoundError, *_BROKEN):
        store = DocumentSecurityStore.read_dss(reader)
        found += [reference.get_object().data for reference in store.crls[:20]]
    with suppress(*_BROKEN):
        for choice in embedded.signed_data["crls"]:
            if choice.name == "" and len(found) < 40:
                found.append(choice.chosen.dump())
    return [base64.b64encode(one).decode() for one in found]


@dataclass(frozen=True)
class _Revoked:
    at_signing: datetime | None
    later: datetime | None
    looked_up: bool


def _revoked(
    path: list[x509.Certificate], question: Question, lists: Iterable[str], moment: datetime
) -> _Revoked:
    """What the lists say of every certificate of the path but the root; an old list that names one still counts."""
    given = [
        x509.load_der_x509_certificate(base64.b64decode(one)) for one in (*question.roots, *question.others)
    ]
    issuers = [*path, *given]
    revocations = []
    for one in lists:
        with suppress(*holders.UNREADABLE):
            revocations.append(x509.load_der_x509_crl(base64.b64decode(one)))
    before = after = None
    looked_up = True
    for certificate in path:
        if certificate.issuer == certificate.subject:
            continue
        answered = False
        for revocation in revocations:
            if revocation.issuer != certificate.issuer or not _is_signed_by(revocation, issuers):
                continue
            answered = answered or (
                revocation.next_update_utc is None or revocation.next_update_utc >= moment
            )
            entry = revocation.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is None:
                continue
            if entry.revocation_date_utc <= moment:
                before = entry.revocation_date_utc
            else:
                after = entry.revocation_date_utc
        looked_up = looked_up and answered
    return _Revoked(before, after, looked_up)


def _is_signed_by(revocation: x509.CertificateRevocationList, issuers: list[x509.Certificate]) -> bool:
    for issuer in issuers:
        if issuer.subject == revocation.issuer:
            with suppress(*holders.UNREADABLE, TypeError):
                if revocation.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
                    return True
    return False


def _judge_trust(  # noqa: PLR0917
    found: _Found,
    status: Any,
    certificate: x509.Certificate,
    moment: datetime,
    question: Question,
    revoked: _Revoked,
) -> None:
    if revoked.at_signing or status.revoked:
        when = say("（{day}）", day=f"{revoked.at_signing:%Y-%m-%d}") if revoked.at_signing else ""
        found.add(
            "revoked", say("签名证书或者上级证书在签名前已被吊销{when}。请用有效的证书重新签名。", when=when)
        )
        return
    if revoked.later:
        found.add(
            "revoked_later",
            say(
                "签名证书在签名之后（{day}）被吊销；时间戳证明签名在先，签名仍然有效。",
                day=f"{revoked.later:%Y-%m-%d}",
            ),
            "note",
        )
    elif not revoked.looked_up:
        found.add("revocation_unknown", say("没有这张证书当前的吊销信息，未核对是否已被吊销。"), "note")
    for problem in holders.problems(certificate, moment.astimezone(question.at.tzinfo)):
        found.add(problem.code, problem.message, problem.severity)
    indication = status.trust_problem_indic
    nobody = (
        AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND,
        AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE,
    )
    if status.trusted or any(finding.severity == "error" for finding in found.findings):
        return
    match indication:
        case found_none if found_none is None or found_none in nobody:
            roots = say("系统还没有设置任何可信的根证书，") if not question.roots else ""
            found.add(
                "untrusted",
                say(
                    "{roots}签名证书的发证机构（{issuer}）不在可信名单里，不能证明签名人的身份。请改用认可的发证机构的证书；"
                    "确认该机构可信的，请系统管理员把它的根证书加入可信名单。",
                    roots=roots,
                    issuer=_issuer(certificate),
                ),
            )
        case AdESIndeterminate.EXPIRED | AdESIndeterminate.OUT_OF_BOUNDS_NO_POE | AdESFailure.NOT_YET_VALID:
            found.add(
                "expired_chain",
                say("签发这张证书的上级证书已过期或尚未生效。请向发证机构换发证书后重新签名。"),
            )
        case (
            AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE | AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
        ):
            found.add(
                "weak_hash", say("签名或者证书链用了已经不安全的算法。请换用 SHA-256 和新发的证书重新签名。")
            )
        case _:
            found.add(
                "chain",
                say(
                    "签名证书的证书链不合规定（发证机构 {issuer}）。请向发证机构核实证书，换发后重新签名。",
                    issuer=_issuer(certificate),
                ),
            )


def _issuer(certificate: x509.Certificate) -> str:
    return certificate.issuer.rfc4514_string()[:_LARGEST_TEXT]


def _judge_time(
    found: _Found, certificate: x509.Certificate, claimed: datetime | None, proved: bool, at: datetime
) -> None:
    if proved:
        return
    if claimed is None:
        found.add("no_time", say("签名里没有时间。签名时间以系统收到文件的时间为准。"), "note")
        return
    if claimed.tzinfo is None:
        claimed = claimed.replace(tzinfo=UTC)
    if claimed > at + _CLOCKS:
        found.add("future", say("签名里写的时间比现在还晚，签名人电脑的时钟不对。请校准时钟后重新签名。"))
    elif not certificate.not_valid_before_utc <= claimed <= certificate.not_valid_after_utc:
        found.add(
            "time_outside", say("签名里写的时间不在证书的有效期内。请校准电脑时钟，用有效的证书重新签名。")
        )
    else:
        found.add("claimed_time", say("没有可信的时间戳，签名时间是签名人电脑自报的。"), "note")


# --- which party, and where ----------------------------------------------------------------------------------------


def _party(
    reader: PdfFileReader, found: _Found, expected: tuple[Expected, ...], holder: Holder
) -> Expected | None:
    """By the name of the field; signed in a desk tool: by the box it stands in, then by the certificate alone."""
    by_name = [one for one in expected if one.place.field == found.name]
    if by_name:
        return by_name[0]
    spot = _spot(reader, found.widget)
    if spot is not None:
        shared = [(_overlap(spot, one.place), one) for one in expected]
        best = max(shared, key=lambda pair: pair[0], default=(0.0, None))
        if best[0] > 0:
            return best[1]
    fitting = [one for one in expected if holders.differs_from(holder, name=one.name, code=one.code) is None]
    return fitting[0] if len(fitting) == 1 else None


@dataclass(frozen=True)
class _Spot:
    """Page from 1, and a rectangle in points from the upper left corner."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


def _spot(reader: PdfFileReader, widget: Any) -> _Spot | None:
    """Where a widget is seen; None when it is not seen at all."""
    try:
        if "/Kids" in widget and "/Rect" not in widget:
            widget = widget["/Kids"][0]
        x1, y1, x2, y2 = (float(value) for value in widget["/Rect"])
        left, right, low, high = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
        if right - left < 1 or high - low < 1:
            return None
        wanted = widget.raw_get("/P")
        for number in range(min(int(reader.root["/Pages"]["/Count"]), intake_worker.MOST_PAGES)):
            reference = reader.find_page_for_modification(number)[0]
            if reference.reference == getattr(wanted, "reference", None):
                page = reference.get_object()
                while "/MediaBox" not in page:
                    page = page["/Parent"]
                corner, _, _, top = (float(value) for value in page["/MediaBox"])
                return _Spot(number + 1, left - corner, top - high, right - corner, top - low)
    except _BROKEN:
        return None
    return None


def _overlap(spot: _Spot, place: Place) -> float:
    if spot.page != place.page:
        return 0.0
    wide = min(spot.right, place.x + place.width) - max(spot.left, place.x)
    high = min(spot.bottom, place.y + place.height) - max(spot.top, place.y)
    return max(wide, 0.0) * max(high, 0.0)


def _judge_place(reader: PdfFileReader, found: _Found, expected: Expected | None, question: Question) -> None:
    """A visible signature belongs into its box: elsewhere it may hide what the paper says."""
    spot = _spot(reader, found.widget)
    if spot is None or not question.expected:
        return
    for one in question.expected:
        if (expected is None or one.place.field != expected.place.field) and _overlap(spot, one.place) > 100:
            found.add(
                "other_box",
                say(
                    "签名图样压在“{name}”的栏里。请只在本单位的栏里签名；请从系统重新下载文件后再签。",
                    name=one.name,
                ),
            )
    if expected is None:
        return
    place = expected.place
    inside = (
        spot.page == place.page
        and spot.left >= place.x - _SLACK
        and spot.top >= place.y - _SLACK
        and spot.right <= place.x + place.width + _SLACK
        and spot.bottom <= place.y + place.height + _SLACK
    )
    if not inside:
        found.add(
            "outside_box",
            say(
                "签名图样超出了“{name}”的栏（第 {page} 页），可能遮住别的内容。请对照原件看一下该处。",
                name=expected.name,
                page=spot.page,
            ),
            "warning",
        )


# --- the whole file ------------------------------------------------------------------------------------------------


def _find_tail(content: bytes, found: list[_Found], findings: list[Finding]) -> None:
    """Bytes after the last revision belong to nobody."""
    ends = list(_END.finditer(content))
    if found and ends and content[ends[-1].end() :].strip(b"\r\n\x00 \t"):
        findings.append(Finding("tail", say("文件末尾附有不属于 PDF 的内容。{again}", again=_AGAIN)))


def _report(  # noqa: PLR0917
    question: Question,
    content: bytes,
    size: int | None,
    revisions: int,
    unchanged: bool,
    checked: list[Checked],
    findings: list[Finding],
) -> Report:
    good = {one.party for one in checked if one.ok and one.kind == "signature"}
    missing = [one for one in question.expected if one.required and one.place.field not in good]
    present = {each.party for each in checked}
    findings.extend(
        Finding(
            "missing",
            say(
                "没有“{name}”（{label}）的签名。请该单位签名后再上传。", name=one.name, label=one.place.label
            ),
        )
        for one in missing
        if one.place.field not in present
    )
    return Report(
        same_version=size is not None,
        unchanged=unchanged,
        revisions=revisions,
        sha256=hashlib.sha256(content).hexdigest(),
        signatures=tuple(checked),
        missing=tuple(one.place.field for one in missing),
        findings=tuple(findings),
    )
