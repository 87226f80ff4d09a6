"""Who makes the raw signature: one small protocol, and people who have a key file (PKCS#12)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

from asn1crypto import pkcs12 as asn1_pkcs12
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from shidian.core.said import say
from shidian.documents.certificates import holders
from shidian.documents.certificates.findings import Unusable

LARGEST_FILE = 1_000_000
MOST_ROUNDS = 2_000_000
"""Key files are opened by hashing the password this often at most; a hostile file would ask for billions."""


class Signer(Protocol):
    """Somebody who can sign now."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The signer's certificate and those above it, as far as they are known."""

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`, hashed with SHA-256: PKCS#1 v1.5 for RSA, DER for EC. Unusable if refused."""


def usable(chain: tuple[x509.Certificate, ...], at: datetime) -> None:
    """Refuse with Unusable a certificate that cannot sign at `at`, with the first reason."""
    for problem in holders.problems(chain[0], at):
        raise Unusable(problem.code, problem.message)


def is_signature(certificate: x509.Certificate, signature: bytes, message: bytes) -> bool:
    """Whether the key of `certificate` made `signature` over `message` (SHA-256)."""
    try:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except (InvalidSignature, *holders.UNREADABLE):
        return False
    return True


class KeyFile:
    """A PKCS#12 file (.p12, .pfx) opened with its password; both stay in memory and are stored nowhere."""

    def __init__(self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *chain: x509.Certificate) -> None:
        self._key = key
        self._chain = chain

    @classmethod
    def open(cls, content: bytes, password: str, *, at: datetime) -> KeyFile:
        """Open a key file for signing at `at`.

        Refuses with Unusable: no key file ("not_a_key_file"), a wrong password ("password"), no private key
        ("no_key"), a kind of key that cannot be used here ("algorithm"), and what `holders.problems` finds.
        """
        _look_at(content)
        try:
            found = pkcs12.load_pkcs12(content, password.encode())
        except UnsupportedAlgorithm as error:
            raise _unsupported() from error
        except holders.UNREADABLE as error:
            if "password" in str(error).lower():
                raise Unusable(
                    "password",
                    say("密码不对，证书文件打不开。请检查大小写和输入法后重新输入；密码不会保存。"),
                ) from error
            raise _unsupported() from error
        if found.key is None or found.cert is None:
            raise Unusable(
                "no_key",
                say(
                    "这个文件里没有私钥，只有证书，不能用来签名。请从发证机构的软件里导出带私钥的 .pfx 或 .p12 文件。"
                ),
            )
        if not isinstance(found.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise _unsupported()
        others = [one.certificate for one in found.additional_certs]
        chain = holders.ordered(others, found.cert.certificate)
        usable(chain, at)
        return cls(found.key, *chain)

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificates of the file, the signer's first."""
        return self._chain

    def sign(self, message: bytes) -> bytes:
        """Sign with the key of the file."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(message, ec.ECDSA(hashes.SHA256()))


def _unsupported() -> Unusable:
    return Unusable(
        "algorithm",
        say(
            "这个证书文件的密钥或者加密方式这里不支持（这里支持 RSA 和 EC；国密 SM2 证书可以另附国密签名）。"
            "请向发证机构索取 RSA 或 EC 的签名证书文件。"
        ),
    )


def _look_at(content: bytes) -> None:
    """Refuse what is no PKCS#12 file, and one that would keep the processor busy for hours."""
    strange = Unusable(
        "not_a_key_file",
        say("这不是证书文件。请选择带私钥的 .pfx 或 .p12 文件（.cer、.crt 文件里只有证书，不能用来签名）。"),
    )
    if len(content) > LARGEST_FILE:
        raise strange
    try:
        file = asn1_pkcs12.Pfx.load(content, strict=True)
        rounds = max(_rounds(file.native), default=1)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise strange from error
    for part in _encrypted_parts(file):
        with suppress(ValueError, TypeError, KeyError):
            rounds = max(rounds, *_rounds(part.native), 1)
    if rounds > MOST_ROUNDS:
        raise Unusable("algorithm", say("这个证书文件的加密设置不正常，不能打开。请重新导出后再试。"))


def _encrypted_parts(file: Any) -> Iterator[Any]:
    with suppress(ValueError, TypeError, KeyError):
        for part in file.authenticated_safe:
            if part["content_type"].native == "encrypted_data":
                yield part["content"]["encrypted_content_info"]["content_encryption_algorithm"]
            elif part["content_type"].native == "data":
                for bag in asn1_pkcs12.SafeContents.load(part["content"].native):
                    if bag["bag_id"].native == "pkcs8_shrouded_key_bag":
                        yield bag["bag_value"]["encryption_algorithm"]


def _rounds(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("iterations", "iteration_count") and isinstance(inner, int):
                yield inner
            else:
                yield from _rounds(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _rounds(inner)
