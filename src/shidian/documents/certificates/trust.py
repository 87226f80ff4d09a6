"""Whom this installation trusts: the certificates and revocation lists in one folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from shidian.documents.certificates.holders import UNREADABLE

_LARGEST = 5_000_000
_LARGEST_LIST = 50_000_000
_CERTIFICATES = (".pem", ".crt", ".cer")
_LISTS = (".crl",)
_PEM_LIST = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


class BadTrust(ValueError):
    """A file of the folder cannot be read; the text names it."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Certificates and lists as DER: `roots` are trusted, `others` only help to find the way to one."""

    roots: tuple[bytes, ...] = ()
    others: tuple[bytes, ...] = ()
    lists: tuple[bytes, ...] = ()


def load(folder: Path | None) -> Trust:
    """Read every .pem, .crt, .cer and .crl of `folder` (PEM with one or many, or DER).

    A certificate that names itself as issuer is a root; the others are between. No folder: nobody is trusted.
    BadTrust names a file that holds neither, and a folder that is not there.
    """
    if folder is None:
        return Trust()
    if not folder.is_dir():
        raise BadTrust(f"可信根证书文件夹不存在：{folder}")
    roots: list[bytes] = []
    others: list[bytes] = []
    lists: list[bytes] = []
    for path in sorted(folder.iterdir()):
        kind = path.suffix.lower()
        if kind in _CERTIFICATES:
            for certificate in _certificates(path):
                (roots if certificate.subject == certificate.issuer else others).append(
                    certificate.public_bytes(Encoding.DER)
                )
        elif kind in _LISTS:
            lists += _revocations(path)
    return Trust(tuple(roots), tuple(others), tuple(lists))


def _certificates(path: Path) -> list[x509.Certificate]:
    content = _content(path, _LARGEST)
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except UNREADABLE as error:
        raise BadTrust(f"不是证书文件：{path}") from error


def _revocations(path: Path) -> list[bytes]:
    content = _content(path, _LARGEST_LIST)
    try:
        if b"-----BEGIN" in content:
            found = [x509.load_pem_x509_crl(one) for one in _PEM_LIST.findall(content)]
        else:
            found = [x509.load_der_x509_crl(content)]
    except UNREADABLE as error:
        raise BadTrust(f"不是证书吊销列表：{path}") from error
    return [one.public_bytes(Encoding.DER) for one in found]


def _content(path: Path, largest: int) -> bytes:
    if path.stat().st_size > largest:
        raise BadTrust(f"文件太大：{path}")
    return path.read_bytes()
