"""Who a certificate was given to, and whether one can sign with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from shidian.core.said import say
from shidian.documents.certificates.findings import Finding
from shidian.organisations.codes import unit_code
from shidian.organisations.names import comparable

SMALLEST_RSA = 2048
SMALLEST_CURVE = 256
SM2_CURVE = "1.2.156.10197.1.301"
SM2_WITH_SM3 = "1.2.156.10197.1.501"
WEAK_HASHES = ("md2", "md4", "md5", "sha1")

# What cryptography raises, now or at a later look, for a certificate that no standard allows.
UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)

# Where authorities write the code of a unit, the usual places first.
_CODE_PLACES = (
    NameOID.ORGANIZATION_IDENTIFIER,
    NameOID.SERIAL_NUMBER,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.COMMON_NAME,
    NameOID.ORGANIZATION_NAME,
)
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Holder:
    """What a certificate says; texts as written in it, empty where it says nothing. Times are in UTC."""

    name: str
    organisation: str
    unit_code: str
    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    key: str
    sha256: str

    @property
    def shown(self) -> str:
        """The unit and the person or seal, each once."""
        return (
            " ".join(dict.fromkeys(text for text in (self.organisation, self.name) if text)) or self.subject
        )


def read(certificate: x509.Certificate) -> Holder:
    """Say whom a certificate names."""
    return Holder(
        name=_attribute(certificate.subject, NameOID.COMMON_NAME),
        organisation=_attribute(certificate.subject, NameOID.ORGANIZATION_NAME),
        unit_code=code_in(certificate.subject),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:X}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key=key_name(certificate),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    return " ".join(_text(part.value) for part in name.get_attributes_for_oid(oid))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.hex()


def code_in(name: x509.Name) -> str:
    """The unified social credit code in a subject, or empty: nobody agreed where it stands, but it proves itself."""
    rest = [part.oid for part in name if part.oid not in _CODE_PLACES]
    for oid in (*_CODE_PLACES, *rest):
        for found in _CODE.findall(_attribute(name, oid).upper()):
            if unit_code.check(found) is None:
                return str(found)
    return ""


def key_name(certificate: x509.Certificate) -> str:
    """The kind and size of the key: `RSA 3072`, `EC secp256r1`, `SM2`."""
    try:
        key = certificate.public_key()
    except UNREADABLE:
        return "SM2" if certificate.signature_algorithm_oid.dotted_string == SM2_WITH_SM3 else say("未知")
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey")


def is_weak(certificate: x509.Certificate) -> bool:
    """Whether the key is too short, or the certificate itself was signed with a broken hash."""
    try:
        key = certificate.public_key()
        hashed = certificate.signature_hash_algorithm
    except UNREADABLE:
        return False
    self_signed = certificate.subject == certificate.issuer
    if hashed is not None and hashed.name in WEAK_HASHES and not self_signed:
        return True
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size < SMALLEST_RSA
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.key_size < SMALLEST_CURVE
    return False


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether its key usage allows signatures (RFC 5280, 4.2.1.3); without that extension it does not count."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False
    return usage.digital_signature or usage.content_commitment


def problems(certificate: x509.Certificate, at: datetime) -> list[Finding]:
    """Everything that keeps `certificate` from signing at `at`; empty when it can."""
    found = []
    if at < certificate.not_valid_before_utc:
        found.append(
            Finding(
                "not_yet_valid",
                say(
                    "证书要到 {day} 才生效。请到那时再签，或者换用已生效的证书。",
                    day=_day(certificate.not_valid_before_utc, at),
                ),
            )
        )
    if at > certificate.not_valid_after_utc:
        found.append(
            Finding(
                "expired",
                say(
                    "证书已于 {day} 过期。请向发证机构续期，用新证书签名。",
                    day=_day(certificate.not_valid_after_utc, at),
                ),
            )
        )
    if not may_sign(certificate):
        found.append(
            Finding(
                "key_usage",
                say("这张证书没有“数字签名”用途（可能是加密证书或网站证书）。请选择用于签名的那一张。"),
            )
        )
    if is_weak(certificate):
        found.append(
            Finding(
                "weak_key",
                say(
                    "证书的密钥（{key}）或者发证所用的算法太弱，容易伪造。"
                    "请向发证机构换发 RSA 2048 位以上或者 EC 256 位以上的证书。",
                    key=key_name(certificate),
                ),
            )
        )
    return found


def _day(moment: datetime, like: datetime) -> str:
    local = moment.astimezone(like.tzinfo)
    return say("{year} 年 {month} 月 {day} 日", year=local.year, month=local.month, day=local.day)


def differs_from(holder: Holder, *, name: str, code: str) -> Finding | None:
    """None when the certificate belongs to the unit of this name and code; else what does not fit.

    The code decides where both sides have one of 18 characters ("other_code"); else the names are compared
    ("other_unit": a unit may have changed its name, which people can tell). A certificate that names no unit (of a
    person) leaves the judgement to people ("no_unit").
    """
    if code and holder.unit_code and len(code) == 18:
        if code == holder.unit_code:
            return None
        return Finding(
            "other_code",
            say(
                "证书属于“{who}”（{holder_code}），不是应签的“{name}”（{code}）。请用本单位的证书重新签名。",
                who=holder.shown,
                holder_code=holder.unit_code,
                name=name,
                code=code,
            ),
        )
    if not holder.organisation:
        return Finding(
            "no_unit",
            say(
                "证书上没有单位名称，只写明“{who}”。请核实签名人能否代表“{name}”。",
                who=holder.name or holder.subject,
                name=name,
            ),
            "warning",
        )
    if comparable(holder.organisation) == comparable(name) or comparable(holder.name) == comparable(name):
        return None
    return Finding(
        "other_unit",
        say(
            "证书属于“{who}”，不是应签的“{name}”。请用本单位的证书重新签名；单位改过名称的，请联系受理机构核实。",
            who=holder.shown,
            name=name,
        ),
    )


def ordered(
    certificates: Sequence[x509.Certificate], first: x509.Certificate
) -> tuple[x509.Certificate, ...]:
    """`first` and then each issuer that is among `certificates`, up to the root."""
    chain = [first]
    while chain[-1].issuer != chain[-1].subject:
        above = next(
            (one for one in certificates if one.subject == chain[-1].issuer and one not in chain), None
        )
        if above is None:
            break
        chain.append(above)
    return tuple(chain)
