"""SM2 with SM3 (GB/T 32918, GB/T 32905): making and checking CMS signatures over the content of a version.

Checking needs nothing but this file: the arithmetic is here, so that evidence can be judged on any machine, and every
step is taken by hand (content, messageDigest, signed attributes, the chain, user id 1234567812345678). Signing is done
by Tongsuo, with the extra `sm`, because it handles a secret. Both forms of CMS are read: RFC 5652 and GM/T 0010, which
has object identifiers of its own and often no signed attributes.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, ClassVar, Literal, Protocol

from asn1crypto import cms, core, pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509

from shidian.core.digests import sm3_of_bytes
from shidian.core.said import say
from shidian.core.verdict import YES, Verdict, not_now
from shidian.documents.certificates import holders
from shidian.documents.certificates.findings import Finding, Unusable
from shidian.documents.certificates.holders import Holder
from shidian.documents.certificates.trust import Trust

USER_ID = b"1234567812345678"
LARGEST = 1_000_000
_LONGEST_CHAIN = 6
_CLOCKS = timedelta(minutes=10)

# The curve sm2p256v1 (GB/T 32918.5).
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
Point = tuple[int, int]

SM3 = "1.2.156.10197.1.401"
SM2_SIGN = "1.2.156.10197.1.301.1"
CURVE = holders.SM2_CURVE
SM2_WITH_SM3 = holders.SM2_WITH_SM3
_DATA = ("1.2.840.113549.1.7.1", "1.2.156.10197.6.1.4.2.1")
_SIGNED = ("1.2.840.113549.1.7.2", "1.2.156.10197.6.1.4.2.2")
_SIGNATURES = (SM2_WITH_SM3, SM2_SIGN, CURVE)
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{number}" for number in (3, 4, 5))
_BROKEN = (
    *holders.UNREADABLE,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)


# --- the arithmetic ----------------------------------------------------------------------------------------------


def _add(one: Point | None, other: Point | None) -> Point | None:
    """The sum of two points; None is the point at infinity."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % _P == 0:
            return None
        slope = (3 * one[0] * one[0] + _A) * pow(2 * one[1], -1, _P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P)
    x = (slope * slope - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P


def _times(factor: int, point: Point) -> Point | None:
    total: Point | None = None
    step: Point | None = point
    while factor:
        if factor & 1:
            total = _add(total, step)
        step = _add(step, step)
        factor >>= 1
    return total


def is_point(point: Point) -> bool:
    """Whether a point lies on the curve."""
    x, y = point
    return 0 <= x < _P and 0 <= y < _P and (y * y - x * x * x - _A * x - _B) % _P == 0


def message_hash(message: bytes, key: Point, user_id: bytes = USER_ID) -> int:
    """What is signed for `message`: SM3 over the digest that binds user and key (GB/T 32918.2, 5.5), and the message."""
    parts = (_A, _B, *_G, *key)
    bound = (8 * len(user_id)).to_bytes(2) + user_id + b"".join(part.to_bytes(32) for part in parts)
    return int(sm3_of_bytes(bytes.fromhex(sm3_of_bytes(bound)) + message), 16)


def is_signature(key: Point, signature: bytes, message: bytes, user_id: bytes = USER_ID) -> bool:
    """Whether the holder of `key` made `signature` (DER of r and s) over `message` (GB/T 32918.2, 7.1)."""
    try:
        r, s = (int(part) for part in core.Sequence.load(signature, strict=True).native.values())
    except _BROKEN:
        return False
    if not (1 <= r < _N and 1 <= s < _N and is_point(key)):
        return False
    t = (r + s) % _N
    point = _add(_times(s, _G), _times(t, key)) if t else None
    return point is not None and (message_hash(message, key, user_id) + point[0]) % _N == r


def public_key(certificate: asn1_x509.Certificate) -> Point | None:
    """The SM2 key of a certificate; None when its key is of another kind."""
    try:
        told = certificate["tbs_certificate"]["subject_public_key_info"]
        curve = told["algorithm"]["parameters"]
        if curve.name != "named" or curve.chosen.dotted != CURVE:
            return None
        encoded = bytes(told["public_key"])
    except _BROKEN:
        return None
    if len(encoded) != 65 or encoded[0] != 4:
        return None
    point = int.from_bytes(encoded[1:33]), int.from_bytes(encoded[33:])
    return point if is_point(point) else None


def is_issued_by(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> bool:
    """Whether the SM2 key of `issuer` signed `certificate`."""
    key = public_key(issuer)
    signed = certificate["signature_algorithm"]["algorithm"].dotted in _SIGNATURES
    return (
        key is not None
        and signed
        and is_signature(key, certificate["signature_value"].native, certificate["tbs_certificate"].dump())
    )


# --- CMS -----------------------------------------------------------------------------------------------------------
# asn1crypto's own classes refuse the object identifiers of GM/T 0010, hence plain ones.


class _Algorithm(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("algorithm", core.ObjectIdentifier),
        ("parameters", core.Any, {"optional": True}),
    ]


class _Algorithms(core.SetOf):  # type: ignore[misc]
    _child_spec = _Algorithm


class _Content(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("type", core.ObjectIdentifier),
        ("content", core.OctetString, {"explicit": 0, "optional": True}),
    ]


class _Anything(core.SetOf):  # type: ignore[misc]
    _child_spec = core.Any


class _Attribute(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [("type", core.ObjectIdentifier), ("values", _Anything)]


class _Attributes(core.SetOf):  # type: ignore[misc]
    _child_spec = _Attribute


class _Signer(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("version", core.Integer),
        ("sid", cms.SignerIdentifier),
        ("digest_algorithm", _Algorithm),
        ("signed_attributes", _Attributes, {"implicit": 0, "optional": True}),
        ("signature_algorithm", _Algorithm),
        ("signature", core.OctetString),
        ("unsigned_attributes", _Attributes, {"implicit": 1, "optional": True}),
    ]


class _Signers(core.SetOf):  # type: ignore[misc]
    _child_spec = _Signer


class _SignedData(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("version", core.Integer),
        ("digest_algorithms", _Algorithms),
        ("content", _Content),
        ("certificates", _Anything, {"implicit": 0, "optional": True}),
        ("crls", _Anything, {"implicit": 1, "optional": True}),
        ("signers", _Signers),
    ]


class _ContentInfo(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("type", core.ObjectIdentifier),
        ("content", _SignedData, {"explicit": 0}),
    ]


@dataclass(frozen=True, slots=True)
class Attested:
    """What is to be said of one CMS signature; `holder` is None when not even the signer could be read."""

    holder: Holder | None
    chain: tuple[Holder, ...]
    signed_at: datetime | None
    trusted: bool
    intact: bool
    revocation: Literal["good", "revoked", "unknown"]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether it counts: nothing wrong was found with it."""
        return not any(found.severity == "error" for found in self.findings)


def check(
    content: bytes,
    signed: Sequence[bytes],
    *,
    name: str,
    code: str = "",
    trust: Trust,
    at: datetime,
) -> Attested:
    """Say everything about a CMS signature (DER or PEM) by one signer over one of `signed`, the texts that may be signed.

    `name` and `code` are those of the unit that should have signed; `at` (with a time zone) is the moment for which
    certificates are judged. Never raises for what is in the file.
    """
    if at.tzinfo is None:
        raise ValueError("the moment of checking needs a time zone")
    try:
        return _judged(_read(content), signed, name, code, trust, at)
    except _Unread as fault:
        return _nothing(fault.finding)
    except _BROKEN:
        return _nothing(
            Finding("damaged", say("签名文件不完整，或者不是 PKCS#7/CMS 格式。请重新导出后上传。"))
        )


def _judged(  # noqa: PLR0917
    data: _SignedData, signed: Sequence[bytes], name: str, code: str, trust: Trust, at: datetime
) -> Attested:
    signer, certificate, given = _signer(data)
    findings: list[Finding] = []
    known = x509.load_der_x509_certificate(certificate.dump())
    holder = holders.read(known)
    signed_at = None
    try:
        intact = _is_intact(data, signer, certificate, signed, findings)
        signed_at = _signing_time(signer)
    except _BROKEN:
        intact = False
        findings.append(
            Finding("damaged", say("签名文件的内部结构不合规定，不能核验。请用原来的软件重新签名。"))
        )
    path, trusted = _path(certificate, given, trust)
    revocation = _judge_chain(path, trusted, trust, at, findings)
    findings += holders.problems(known, at)
    findings += _time(signed_at, at)
    if other := holders.differs_from(holder, name=name, code=code):
        findings.append(other)
    chain = tuple(holders.read(x509.load_der_x509_certificate(each.dump())) for each in path)
    return Attested(holder, chain, signed_at, trusted, intact, revocation, tuple(findings))


Revocation = Literal["good", "revoked", "unknown"]


def _judge_chain(
    path: Sequence[asn1_x509.Certificate], trusted: bool, trust: Trust, at: datetime, findings: list[Finding]
) -> Revocation:
    """Say what is wrong with the way to a root, and what the lists know of the certificates on it."""
    known = x509.load_der_x509_certificate(path[0].dump())
    revoked, looked_up = _revocation(path, trust, at)
    if revoked:
        findings.append(
            Finding(
                "revoked",
                say(
                    "签名证书或者上级证书已被吊销（{day}）。请用有效的证书重新签名。",
                    day=f"{revoked:%Y-%m-%d}",
                ),
            )
        )
    elif not looked_up:
        findings.append(
            Finding("revocation_unknown", say("没有这张证书当前的吊销信息，未核对是否已被吊销。"), "note")
        )
    if not trusted:
        roots = say("系统还没有设置任何可信的根证书，") if not trust.roots else ""
        findings.append(
            Finding(
                "untrusted",
                say(
                    "{roots}签名证书（发证机构 {issuer}）没有通到可信的国密根证书，不能证明签名人的身份。"
                    "请改用认可的发证机构的证书；确认该机构可信的，请系统管理员把它的根证书加入可信名单。",
                    roots=roots,
                    issuer=holders.read(known).issuer[:200],
                ),
            )
        )
    for each in path[1:]:
        above = x509.load_der_x509_certificate(each.dump())
        if not above.not_valid_before_utc <= at <= above.not_valid_after_utc:
            findings.append(
                Finding(
                    "expired_chain", say("签发这张证书的上级证书已过期或尚未生效。请换发证书后重新签名。")
                )
            )
    return "revoked" if revoked else "good" if looked_up else "unknown"


class _Unread(ValueError):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def _nothing(finding: Finding) -> Attested:
    return Attested(None, (), None, False, False, "unknown", (finding,))


def _read(content: bytes) -> _SignedData:
    if len(content) > LARGEST:
        raise _Unread(
            Finding("too_large", say("签名文件超过 1 MB，不像是签名文件。请检查是不是选错了文件。"))
        )
    if pem.detect(content):
        content = pem.unarmor(content)[2]
    info = _ContentInfo.load(content, strict=True)
    if info["type"].dotted not in _SIGNED:
        raise _Unread(
            Finding(
                "not_signed_data",
                say("这不是签名文件（PKCS#7/CMS SignedData）。请在签名软件里选择“签名”后导出。"),
            )
        )
    data: _SignedData = info["content"]
    return data


def _absent(value: Any) -> bool:
    """Whether an optional part is not there."""
    return isinstance(value, core.Void)


def _signer(data: _SignedData) -> tuple[_Signer, asn1_x509.Certificate, list[asn1_x509.Certificate]]:
    """The only signer, its certificate, and all that the file brings."""
    if len(data["signers"]) != 1:
        raise _Unread(
            Finding(
                "signers",
                say(
                    "文件里有 {count} 个签名。请每个单位单独签一份，只含一个签名。",
                    count=len(data["signers"]),
                ),
            )
        )
    signer = data["signers"][0]
    given = [
        asn1_x509.Certificate.load(each.dump())
        for each in (() if _absent(data["certificates"]) else data["certificates"])
    ][:_LONGEST_CHAIN]
    sid = signer["sid"]
    for certificate in given:
        if sid.name == "issuer_and_serial_number":
            fits = (
                certificate.issuer.dump() == sid.chosen["issuer"].dump()
                and certificate.serial_number == sid.chosen["serial_number"].native
            )
        else:
            fits = certificate.key_identifier == sid.chosen.native
        if fits:
            return signer, certificate, given
    raise _Unread(Finding("no_certificate", say("签名文件里没有签名人的证书。导出时请选择“包含证书”。")))


def _is_intact(
    data: _SignedData,
    signer: _Signer,
    certificate: asn1_x509.Certificate,
    signed: Sequence[bytes],
    findings: list[Finding],
) -> bool:
    """Whether the signature was made by this certificate's key over one of the texts; the findings say what is not so."""
    key = public_key(certificate)
    digest = signer["digest_algorithm"]["algorithm"].dotted
    algorithm = signer["signature_algorithm"]["algorithm"].dotted
    if key is None or digest != SM3 or algorithm not in _SIGNATURES:
        findings.append(
            Finding(
                "algorithm",
                say("这不是 SM2 配 SM3 的签名。请用国密证书签名；RSA 或 EC 证书请直接在 PDF 上签名。"),
            )
        )
        return False
    held = data["content"]["content"]
    if data["content"]["type"].dotted not in _DATA:
        findings.append(
            Finding("content_type", say("签名的不是普通数据（data）。请在签名软件里选择对文件签名。"))
        )
        return False
    embedded = None if _absent(held) else held.native
    texts = list(signed) if embedded is None else [text for text in signed if text == embedded]
    other = Finding(
        "other_version",
        say(
            "签的不是这一版的内容（可能是旧版本，或者文件改动过）。请从本页下载这一版的内容（JSON），原样签名后再上传。"
        ),
    )
    if not texts:
        findings.append(other)
        return False
    attributes = signer["signed_attributes"]
    if _absent(attributes):
        made = any(is_signature(key, signer["signature"].native, text) for text in texts)
        if not made:
            findings.append(other if embedded is None else _forged())
        return made
    told = bytes(_one(attributes, _MESSAGE_DIGEST, core.OctetString).native)
    kind = _one(attributes, _CONTENT_TYPE, core.ObjectIdentifier).dotted
    if told.hex() not in [sm3_of_bytes(text) for text in texts]:
        findings.append(other)
        return False
    if kind != data["content"]["type"].dotted:
        findings.append(
            Finding("content_type", say("签名属性里写的内容类型与实际不符，签名不能采用。请重新签名。"))
        )
        return False
    # Signed is the set as such, not with the tag that it has inside of the signer's record (RFC 5652, 5.4).
    if not is_signature(key, signer["signature"].native, attributes.untag().dump(force=True)):
        findings.append(_forged())
        return False
    return True


def _forged() -> Finding:
    return Finding("forged", say("签名值不是所附证书的密钥做出来的，这个签名是假的或者已损坏。请重新签名。"))


def _one(attributes: _Attributes, kind: str, spec: Any) -> Any:
    """The only value of the only attribute of a kind."""
    found = [each for each in attributes if each["type"].dotted == kind]
    if len(found) != 1 or len(found[0]["values"]) != 1:
        raise ValueError(f"attribute {kind}")
    return spec.load(found[0]["values"][0].dump())


def _signing_time(signer: _Signer) -> datetime | None:
    attributes = signer["signed_attributes"]
    if _absent(attributes):
        return None
    with suppress(*_BROKEN):
        found: datetime = _one(attributes, _SIGNING_TIME, asn1_x509.Time).native
        return found
    return None


def _time(signed_at: datetime | None, at: datetime) -> Iterator[Finding]:
    if signed_at is None:
        yield Finding("no_time", say("签名里没有时间。签名时间以系统收到文件的时间为准。"), "note")
    elif signed_at > at + _CLOCKS:
        yield Finding("future", say("签名里写的时间比现在还晚，签名人电脑的时钟不对。请校准时钟后重新签名。"))
    else:
        yield Finding("claimed_time", say("没有可信的时间戳，签名时间是签名人电脑自报的。"), "note")


def _path(
    certificate: asn1_x509.Certificate, given: Sequence[asn1_x509.Certificate], trust: Trust
) -> tuple[list[asn1_x509.Certificate], bool]:
    """The way from a certificate upwards, and whether it ends at a trusted root; every step is checked."""
    roots = {one: asn1_x509.Certificate.load(one) for one in trust.roots}
    others = [*given, *(asn1_x509.Certificate.load(one) for one in trust.others)]
    path = [certificate]
    while len(path) <= _LONGEST_CHAIN:
        here = path[-1]
        if here.dump() in roots:
            return path, True
        above = next(
            (
                one
                for one in [*roots.values(), *others]
                if one.subject.dump() == here.issuer.dump()
                and one.dump() != here.dump()
                and _may_issue(one, len(path) - 1)
                and is_issued_by(here, one)
            ),
            None,
        )
        if above is None:
            break
        path.append(above)
    return path, False


def _may_issue(certificate: asn1_x509.Certificate, below: int) -> bool:
    """Whether it is an authority's, for `below` authorities beneath it (RFC 5280, 6.1.4)."""
    basic, usage = certificate.basic_constraints_value, certificate.key_usage_value
    if basic is None or not basic["ca"].native:
        return False
    longest = basic["path_len_constraint"].native
    return (longest is None or below <= longest) and (usage is None or "key_cert_sign" in usage.native)


def _revocation(
    path: Sequence[asn1_x509.Certificate], trust: Trust, at: datetime
) -> tuple[datetime | None, bool]:
    """When a certificate of the path was revoked before `at`, and whether a current list was there for each."""
    lists = [x509.load_der_x509_crl(one) for one in trust.lists]
    looked_up = True
    for here, above in pairwise(path):
        key = public_key(above)
        issuer = x509.load_der_x509_certificate(above.dump()).subject
        mine = [
            one
            for one in lists
            if key is not None
            and one.issuer == issuer
            and one.signature_algorithm_oid.dotted_string in _SIGNATURES
            and is_signature(key, one.signature, one.tbs_certlist_bytes)
        ]
        for one in mine:
            entry = one.get_revoked_certificate_by_serial_number(here.serial_number)
            if entry is not None and entry.revocation_date_utc <= at:
                return entry.revocation_date_utc, True
        current = [one for one in mine if one.next_update_utc is None or one.next_update_utc >= at]
        looked_up = looked_up and bool(current)
    return None, looked_up and len(path) > 1


# --- signing -------------------------------------------------------------------------------------------------------


def available() -> Verdict:
    """Whether SM2 signatures can be made here, or why not; they can be checked everywhere."""
    if importlib.util.find_spec("tongsuopy") is None:
        return not_now(
            say(
                "这台服务器没有安装国密组件（tongsuopy），不能在这里做 SM2 签名；签好的文件照样可以上传、核验。"
                "需要的，请系统管理员安装 sm 组件。"
            )
        )
    return YES


class Signer(Protocol):
    """Somebody who can sign with SM2 now."""

    @property
    def chain(self) -> tuple[asn1_x509.Certificate, ...]:
        """The signer's certificate and those above it."""

    def sign(self, message: bytes) -> bytes:
        """The signature over `message` with the usual user id, DER of r and s."""


class KeyFile:
    """A private key and its certificate from PEM; both stay in memory and are stored nowhere."""

    def __init__(self, key: Any, *chain: asn1_x509.Certificate) -> None:
        self._key, self._chain = key, chain

    @classmethod
    def open(cls, content: bytes, password: str, *, at: datetime) -> KeyFile:
        """Open a PEM file that holds an SM2 key (PKCS#8, with a password or without) and certificates, for signing at `at`.

        Refuses with Unusable: no such file ("not_a_key_file"), a wrong password ("password"), another kind of key, or a
        certificate of another key ("algorithm"), a machine without Tongsuo ("sm"), and what `holders.problems` finds.
        """
        if not (there := available()):
            raise Unusable("sm", there.reason)
        from tongsuopy.crypto import serialization
        from tongsuopy.crypto.asymciphers import ec

        strange = Unusable(
            "not_a_key_file",
            say(
                "这不是国密密钥文件。请选择一个 PEM 文件，里面既有私钥（PRIVATE KEY），也有证书（CERTIFICATE）。"
            ),
        )
        if len(content) > LARGEST or not pem.detect(content):
            raise strange
        try:
            parts = list(pem.unarmor(content, multiple=True))
            certificates = [
                asn1_x509.Certificate.load(der) for kind, _, der in parts if kind == "CERTIFICATE"
            ]
            keys = [(kind, der) for kind, _, der in parts if kind.endswith("PRIVATE KEY")]
        except _BROKEN as error:
            raise strange from error
        if len(keys) != 1 or not certificates:
            raise strange
        kind, der = keys[0]
        try:
            key = serialization.load_pem_private_key(
                pem.armor(kind, der), password.encode() if "ENCRYPTED" in kind else None
            )
        except (ValueError, TypeError) as error:
            raise Unusable(
                "password", say("密码不对，密钥文件打不开。请检查大小写和输入法后重新输入；密码不会保存。")
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Unusable("algorithm", say("这不是 SM2 密钥。请选择国密（SM2）的密钥文件。"))
        numbers = key.public_key().public_numbers()
        mine = [one for one in certificates if public_key(one) == (numbers.x, numbers.y)]
        if not mine:
            raise Unusable("algorithm", say("文件里的证书与私钥不是一对，或者不是 SM2 证书。请重新导出。"))
        try:
            problems = holders.problems(x509.load_der_x509_certificate(mine[0].dump()), at)
        except holders.UNREADABLE as error:
            raise strange from error
        for problem in problems:
            raise Unusable(problem.code, problem.message)
        return cls(key, mine[0], *(one for one in certificates if one is not mine[0]))

    @property
    def chain(self) -> tuple[asn1_x509.Certificate, ...]:
        """The certificates of the file, the signer's first."""
        return self._chain

    def sign(self, message: bytes) -> bytes:
        """Sign with the key of the file."""
        from tongsuopy.crypto import hashes
        from tongsuopy.crypto.asymciphers import ec

        signature: bytes = self._key.sign(message, ec.ECDSA(hashes.SM3()))
        return signature


def sign(content: bytes, signer: Signer, *, at: datetime, embed: bool = False) -> bytes:
    """A CMS signature over `content` as DER: signed attributes, SM3, the signer's certificates; detached by default."""
    certificate = signer.chain[0]
    time = asn1_x509.Time({"utc_time": at.astimezone(UTC).replace(microsecond=0)})
    attributes = _Attributes(
        [
            {"type": _CONTENT_TYPE, "values": [core.Any(core.ObjectIdentifier(_DATA[0]))]},
            {"type": _SIGNING_TIME, "values": [core.Any(time)]},
            {
                "type": _MESSAGE_DIGEST,
                "values": [core.Any(core.OctetString(bytes.fromhex(sm3_of_bytes(content))))],
            },
        ]
    )
    message = attributes.dump(force=True)
    told: dict[str, Any] = {
        "version": 1,
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
        ),
        "digest_algorithm": {"algorithm": SM3},
        "signed_attributes": attributes,
        "signature_algorithm": {"algorithm": SM2_WITH_SM3},
        "signature": signer.sign(message),
    }
    held: dict[str, Any] = {"type": _DATA[0]}
    if embed:
        held["content"] = content
    info = _ContentInfo(
        {
            "type": _SIGNED[0],
            "content": {
                "version": 1,
                "digest_algorithms": [{"algorithm": SM3}],
                "content": held,
                "certificates": [core.Any(one) for one in signer.chain],
                "signers": [told],
            },
        }
    )
    der: bytes = info.dump()
    return der
