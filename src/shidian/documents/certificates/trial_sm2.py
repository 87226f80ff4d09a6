"""The trial authority for SM2: its certificates say TEST and mean nothing. Needs Tongsuo, like all signing with SM2."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import core, crl, keys, pem
from asn1crypto import x509 as asn1_x509

from shidian.core import clock
from shidian.documents.certificates import sm2

_ROOT = {
    "country_name": "CN",
    "organization_name": "TEST",
    "common_name": "TEST 国密测试根证书（仅供试用，无法律效力）",
}


class Authority:
    """Issues SM2 certificates that say TEST; its key lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        from tongsuopy.crypto import serialization

        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "sm2-root.pem"
        if not path.exists():
            key = _new_key()
            now = clock.now()
            root = _certificate(
                _ROOT, _ROOT, key, key, now - timedelta(days=1), now + timedelta(days=3650),
                usages=("key_cert_sign", "crl_sign"), authority=True,
            )  # fmt: skip
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(_pem_of(key, "") + pem.armor("CERTIFICATE", root.dump()))
        content = path.read_bytes()
        self._key = serialization.load_pem_private_key(content, None)
        der = next(der for kind, _, der in pem.unarmor(content, multiple=True) if kind == "CERTIFICATE")
        self.root = asn1_x509.Certificate.load(der)
        self._revoked: dict[int, datetime] = {}

    @property
    def root_pem(self) -> bytes:
        """The root for the folder of trusted ones."""
        return bytes(pem.armor("CERTIFICATE", self.root.dump()))

    def key_file(
        self,
        organisation: str,
        person: str = "",
        code: str = "",
        *,
        password: str = "",
        begins: datetime | None = None,
        ends: datetime | None = None,
        usages: Sequence[str] = ("digital_signature", "non_repudiation"),
    ) -> bytes:
        """A key and its certificate for a unit in one PEM file, from yesterday for a year unless said otherwise."""
        key, now = _new_key(), clock.now()
        subject = {"country_name": "CN", "organization_name": organisation[:64]}
        subject["organizational_unit_name"] = "TEST 仅供试用"
        subject["common_name"] = (person or f"TEST {organisation}")[:64]
        if code:
            subject["serial_number"] = code
        certificate = _certificate(
            subject, _ROOT, key, self._key, begins or now - timedelta(days=1), ends or now + timedelta(days=365),
            usages=usages,
        )  # fmt: skip
        chain = (certificate, self.root)
        return _pem_of(key, password) + b"".join(pem.armor("CERTIFICATE", one.dump()) for one in chain)

    def revoke(self, key_file: bytes, at: datetime) -> None:
        """From now on the revocation list names the certificate of a key file."""
        der = next(der for kind, _, der in pem.unarmor(key_file, multiple=True) if kind == "CERTIFICATE")
        self._revoked[asn1_x509.Certificate.load(der).serial_number] = at

    def revocations(self) -> bytes:
        """The revocation list as DER, fresh for a week."""
        now = clock.now().replace(microsecond=0)
        told = {
            "version": "v2",
            "signature": _algorithm(),
            "issuer": asn1_x509.Name.build(_ROOT),
            "this_update": asn1_x509.Time({"utc_time": now - timedelta(minutes=1)}),
            "next_update": asn1_x509.Time({"utc_time": now + timedelta(days=7)}),
        }
        if self._revoked:
            told["revoked_certificates"] = [
                {
                    "user_certificate": serial,
                    "revocation_date": asn1_x509.Time({"utc_time": at.replace(microsecond=0)}),
                }
                for serial, at in self._revoked.items()
            ]
        listed = crl.TbsCertList(told)
        signed = crl.CertificateList(
            {
                "tbs_cert_list": listed,
                "signature_algorithm": _algorithm(),
                "signature": core.OctetBitString(_sign(self._key, listed.dump())),
            }
        )
        return bytes(signed.dump())


def _new_key() -> Any:
    from tongsuopy.crypto.asymciphers import ec

    return ec.generate_private_key(ec.SM2())


def _sign(key: Any, message: bytes) -> bytes:
    from tongsuopy.crypto import hashes
    from tongsuopy.crypto.asymciphers import ec

    return bytes(key.sign(message, ec.ECDSA(hashes.SM3())))


def _pem_of(key: Any, password: str) -> bytes:
    from tongsuopy.crypto._serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

    secret = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))


def _algorithm() -> dict[str, str]:
    return {"algorithm": sm2.SM2_WITH_SM3}


def _certificate(  # noqa: PLR0917
    subject: dict[str, str],
    issuer: dict[str, str],
    key: Any,
    by: Any,
    begins: datetime,
    ends: datetime,
    *,
    usages: Sequence[str],
    authority: bool = False,
) -> asn1_x509.Certificate:
    from tongsuopy.crypto._serialization import Encoding, PublicFormat

    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    told = asn1_x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": secrets.randbits(120),
            "signature": _algorithm(),
            "issuer": asn1_x509.Name.build(issuer),
            "validity": {
                "not_before": asn1_x509.Time({"utc_time": begins.replace(microsecond=0)}),
                "not_after": asn1_x509.Time({"utc_time": ends.replace(microsecond=0)}),
            },
            "subject": asn1_x509.Name.build(subject),
            "subject_public_key_info": keys.PublicKeyInfo.load(public),
            "extensions": [
                {
                    "extn_id": "basic_constraints",
                    "critical": True,
                    "extn_value": asn1_x509.BasicConstraints({"ca": authority}),
                },
                {"extn_id": "key_usage", "critical": True, "extn_value": asn1_x509.KeyUsage(set(usages))},
            ],
        }
    )
    return asn1_x509.Certificate(
        {
            "tbs_certificate": told,
            "signature_algorithm": _algorithm(),
            "signature_value": core.OctetBitString(_sign(by, told.dump())),
        }
    )
