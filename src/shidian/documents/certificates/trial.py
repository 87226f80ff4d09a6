"""A platform for trying and testing, in one process on this machine alone: authority, time stamps, remote seals.

`make test-ca` starts it. Its keys are made fresh in a folder of its own, and every certificate says TEST: nothing that
it signs means anything. It speaks the interface of docs/developer/remote-seal.md, so that an adapter for a real
platform has something to be held against.
"""

from __future__ import annotations

import argparse
import base64
import html
import json
import math
import os
import secrets
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import parse_qs, quote, urlsplit

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image, ImageDraw, ImageFont
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

from shidian.core import clock
from shidian.documents.certificates import sm2, trial_sm2
from shidian.documents.render.compiler import FONTS

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Manner = Literal["sign", "ask", "refuse", "silent", "wrong_hash", "other_unit", "fail"]
"""How a seal behaves: signs at once, asks a person on the page, or goes wrong in one of the ways platforms do."""

_ROOT_NAME = "TEST 测试根证书（仅供试用，无法律效力）"
_LARGEST_BODY = 1_000_000
_HOSTS = ("127.0.0.1", "localhost", "[::1]")
PASSWORD = "shidian-test"  # noqa: S105 (of key files that mean nothing; shown on the page)


class Authority:
    """Issues certificates that say TEST, revokes them, and stamps time; its keys lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.revoked: dict[int, datetime] = {}
        self._key, self.root = self._kept("root", self._make_root)
        self._stamp_key, self.stamper = self._kept("tsa", self._make_stamper)

    def _kept(self, name: str, make: Any) -> tuple[Key, x509.Certificate]:
        path = self.folder / f"{name}.pem"
        if not path.exists():
            _write_private(path, *make())
        return _read_private(path)

    def _make_root(self) -> tuple[Key, list[x509.Certificate]]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TEST"),
                x509.NameAttribute(NameOID.COMMON_NAME, _ROOT_NAME),
            ]
        )
        now = clock.now()
        builder = (
            _builder(name, name, key, now - timedelta(days=1), now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        )
        return key, [builder.sign(key, hashes.SHA256())]

    def _make_stamper(self) -> tuple[Key, list[x509.Certificate]]:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        now = clock.now()
        name = _subject("TEST", "TEST 测试时间戳", "")
        builder = (
            _builder(name, self.root.subject, key, now - timedelta(days=1), now + timedelta(days=3600))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage("digital_signature"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        )
        return key, [builder.sign(self._key, hashes.SHA256()), self.root]

    def issue(
        self,
        organisation: str,
        person: str = "",
        code: str = "",
        *,
        key: Key | None = None,
        begins: datetime | None = None,
        ends: datetime | None = None,
        usages: Sequence[str] = ("digital_signature", "content_commitment"),
        hashed: hashes.HashAlgorithm | None = None,
    ) -> tuple[Key, x509.Certificate]:
        """A key and a certificate for a unit, from yesterday for a year unless said otherwise."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        now = clock.now()
        builder = _builder(
            _subject(organisation, person or f"TEST {organisation}", code),
            self.root.subject,
            key,
            begins or now - timedelta(days=1),
            ends or now + timedelta(days=365),
        ).add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        if usages:
            builder = builder.add_extension(_usage(*usages), critical=True)
        return key, builder.sign(self._key, cast("Any", hashed) or hashes.SHA256())

    def key_file(self, key: Key, certificate: x509.Certificate, password: str = PASSWORD) -> bytes:
        """A PKCS#12 file as an authority hands it out."""
        return pkcs12.serialize_key_and_certificates(
            b"TEST", key, certificate, [self.root], BestAvailableEncryption(password.encode())
        )

    def revoke(self, certificate: x509.Certificate, at: datetime | None = None) -> None:
        """From now on the revocation list names it."""
        self.revoked[certificate.serial_number] = at or clock.now()

    def revocations(self) -> bytes:
        """The revocation list as DER, fresh for a week."""
        now = clock.now()
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.subject)
            .last_update(now - timedelta(minutes=1))
            .next_update(now + timedelta(days=7))
        )
        for serial, at in self.revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.DER)

    def stamp(self, request: bytes) -> bytes:
        """Answer an RFC 3161 request."""
        stamper = DummyTimeStamper(
            asn1_x509.Certificate.load(self.stamper.public_bytes(Encoding.DER)),
            asn1_keys.PrivateKeyInfo.load(
                self._stamp_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            ),
            fixed_dt=clock.now(),
        )
        answer = stamper.request_tsa_response(tsp.TimeStampReq.load(request, strict=True))
        return cast("bytes", answer.dump())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def _subject(organisation: str, person: str, code: str) -> x509.Name:
    # The limit of 64 is in characters (RFC 5280, A.1); the library counts bytes, a third of that in Chinese.
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64], _validate=False),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "TEST 仅供试用"),
        x509.NameAttribute(NameOID.COMMON_NAME, person.encode()[:64].decode(errors="ignore")),
    ]
    if code:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, code))
    return x509.Name(parts)


_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def _usage(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in names for name in _USAGES})


def _write_private(path: Path, key: Key, chain: list[x509.Certificate]) -> None:
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    content += b"".join(one.public_bytes(Encoding.PEM) for one in chain)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _read_private(path: Path) -> tuple[Key, x509.Certificate]:
    content = path.read_bytes()
    # It was written here: to check an RSA key again takes longer than to sign with it.
    key = load_pem_private_key(content, None, unsafe_skip_rsa_key_validation=True)
    return cast("Key", key), x509.load_pem_x509_certificates(content)[0]


# --- seals and signings ------------------------------------------------------------------------------------------


@dataclass
class Seal:
    """A seal that the platform keeps; `unit` and `code` are in its certificate."""

    id: str
    unit: str
    code: str
    key: Key
    certificate: x509.Certificate
    manner: Manner = "sign"


@dataclass
class Signing:
    """A request to sign one hash."""

    id: str
    seal: Seal
    asked: dict[str, Any]
    stands: str = "waiting"
    signature: bytes = b""
    reason: str = ""
    at: datetime = field(default_factory=clock.now)


class Trial(ThreadingHTTPServer):
    """The platform, listening on this machine alone. `address` is where; `token` is asked for by the interface."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.authority = Authority(folder)
        self.lock = threading.Lock()
        self.silence = threading.Event()
        self.seals: dict[str, Seal] = {}
        self.signings: dict[str, Signing] = {}
        self.keys: dict[str, tuple[str, bytes]] = {}
        self.address = f"http://127.0.0.1:{self.server_port}"
        kept = folder / "token"
        if not kept.exists():
            with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(24))
        self.token = kept.read_text().strip()
        roots = folder / "roots"
        roots.mkdir(exist_ok=True)
        (roots / "test-root.pem").write_bytes(self.authority.root.public_bytes(Encoding.PEM))
        self.sm2 = trial_sm2.Authority(folder) if sm2.available() else None
        if self.sm2 is not None:
            (roots / "test-sm2-root.pem").write_bytes(self.sm2.root_pem)
        for path in sorted((folder / "seals").glob("*.pem")):
            self._load(path)

    def _load(self, path: Path) -> None:
        key, certificate = _read_private(path)
        told = json.loads(path.with_suffix(".json").read_text())
        self.seals[path.stem] = Seal(path.stem, told["unit"], told["code"], key, certificate, told["manner"])

    def add_seal(self, unit: str, code: str = "", manner: Manner = "sign") -> Seal:
        """Make a seal for a unit and keep it in the folder."""
        key, certificate = self.authority.issue(unit, f"TEST {unit}电子印章", code)
        seal = Seal(secrets.token_hex(4), unit, code, key, certificate, manner)
        folder = self.authority.folder / "seals"
        folder.mkdir(exist_ok=True, mode=0o700)
        _write_private(folder / f"{seal.id}.pem", key, [certificate, self.authority.root])
        told = {"unit": unit, "code": code, "manner": manner}
        (folder / f"{seal.id}.json").write_text(json.dumps(told, ensure_ascii=False))
        self.seals[seal.id] = seal
        return seal

    def ask(self, asked: dict[str, Any], idempotency_key: str, body: bytes) -> tuple[int, Signing | str]:
        """A status code and the signing, or the code of an error."""
        with self.lock:
            if idempotency_key in self.keys:
                kept, before = self.keys[idempotency_key]
                return (200, self.signings[kept]) if before == body else (409, "idempotency_key_used")
            seal = self.seals.get(str(asked.get("seal")))
            if seal is None:
                return 404, "unknown_seal"
            digest = asked.get("digest")
            if not isinstance(digest, dict) or digest.get("algorithm") != "sha256":
                return 422, "unknown_digest"
            if seal.manner == "fail":
                return 503, "busy"
            signing = Signing(secrets.token_hex(8), seal, asked)
            self.signings[signing.id] = signing
            self.keys[idempotency_key] = (signing.id, body)
            if seal.manner == "refuse":
                signing.stands, signing.reason = "refused", "印章管理员没有同意"
            elif seal.manner in ("sign", "wrong_hash", "other_unit"):
                self.confirm(signing)
            return 201, signing

    def confirm(self, signing: Signing) -> None:
        """Sign what was asked, in the manner of the seal."""
        if signing.stands != "waiting":
            return
        digest = bytes.fromhex(signing.asked["digest"]["value"])
        if signing.seal.manner == "wrong_hash":
            digest = bytes(reversed(digest))
        signing.signature = _sign_hash(signing.seal.key, digest)
        signing.stands = "signed"

    def told(self, signing: Signing) -> dict[str, Any]:
        """A signing as JSON."""
        told: dict[str, Any] = {"id": signing.id, "state": signing.stands, "poll_after": 1}
        if signing.stands == "signed":
            told["signature"] = base64.b64encode(signing.signature).decode()
            chain = [signing.seal.certificate, self.authority.root]
            if signing.seal.manner == "other_unit":
                chain[0] = self.authority.issue("TEST 另一单位")[1]
            told["certificates"] = [_b64(one) for one in chain]
        if signing.reason:
            told["reason"] = signing.reason
        return told

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no error worth a page of text."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _sign_hash(key: Key, digest: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    return key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))


def _b64(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


@lru_cache(maxsize=256)
def draw_seal(unit: str) -> bytes:
    """A round red seal as PNG, with 测试 across: a picture for tests, no imitation of a real one."""
    side, scale = 400, 1
    image = Image.new("RGBA", (side * scale, side * scale), (255, 255, 255, 0))
    ink = (205, 25, 30, 255)
    pen = ImageDraw.Draw(image)
    edge = 12 * scale
    pen.ellipse((edge, edge, side * scale - edge, side * scale - edge), outline=ink, width=12 * scale)
    font = ImageFont.truetype(str(FONTS / "ShidianSong-Bold.ttf"), 44 * scale)
    middle = ImageFont.truetype(str(FONTS / "ShidianHei-Regular.ttf"), 70 * scale)
    pen.text((side * scale / 2, side * scale / 2), "测 试", font=middle, fill=ink, anchor="mm")
    name = unit[:24]
    step = min(math.radians(22), math.radians(270) / max(len(name), 1))
    for number, character in enumerate(name):
        angle = (number - (len(name) - 1) / 2) * step
        tile = Image.new("RGBA", (90 * scale, 90 * scale), (255, 255, 255, 0))
        ImageDraw.Draw(tile).text((45 * scale, 45 * scale), character, font=font, fill=ink, anchor="mm")
        tile = tile.rotate(-math.degrees(angle), resample=Image.Resampling.BICUBIC)
        radius = 145 * scale
        x = side * scale / 2 + radius * math.sin(angle) - tile.width / 2
        y = side * scale / 2 - radius * math.cos(angle) - tile.height / 2
        image.alpha_composite(tile, (max(int(x), 0), max(int(y), 0)))
    out = BytesIO()
    image.resize((side, side), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


# --- over HTTP ---------------------------------------------------------------------------------------------------


class _Handler(BaseHTTPRequestHandler):
    """Time stamps at /tsa, the interface at /v1, and a page for people at /."""

    server: Trial
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: Any) -> None:
        """Nothing: what is asked here is nobody's business."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if not self._is_local() or (path.startswith("/v1/") and not self._may()):
            return
        if path == "/":
            self._page()
        elif path == "/root.pem":
            self._send(200, "application/x-pem-file", self.server.authority.root.public_bytes(Encoding.PEM))
        elif path == "/revoked.crl":
            self._send(200, "application/pkix-crl", self.server.authority.revocations())
        elif path == "/v1/seals":
            self._json(200, {"seals": [self._seal(one) for one in list(self.server.seals.values())]})
        elif path.startswith("/v1/signings/"):
            signing = self._signing(path)
            if signing is not None:
                self._json(200, self.server.told(signing))
        else:
            self._missing()

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        body = self._body()
        if body is None or not self._is_local() or (path.startswith("/v1/") and not self._may()):
            return
        if path == "/tsa":
            self._stamp(body)
        elif path == "/v1/signings":
            self._start(body)
        elif path in ("/key-file", "/sm2-key-file", "/seals") or path.startswith(("/confirm/", "/refuse/")):
            self._from_page(path, body)
        else:
            self._missing()

    def do_DELETE(self) -> None:
        path = urlsplit(self.path).path
        if not (self._is_local() and path.startswith("/v1/signings/") and self._may()):
            return
        signing = self._signing(path)
        if signing is None:
            return
        with self.server.lock:
            if signing.stands == "waiting":
                signing.stands = "cancelled"
        self._json(200 if signing.stands == "cancelled" else 409, self.server.told(signing))

    # Nothing from outside: a page elsewhere must not reach this by a name that leads here.
    def _is_local(self) -> bool:
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        origin = self.headers.get("Origin")
        if host in _HOSTS and (origin is None or urlsplit(origin).netloc == self.headers.get("Host")):
            return True
        self._json(403, _error("not_local"))
        return False

    def _may(self) -> bool:
        given = self.headers.get("Authorization") or ""
        if secrets.compare_digest(given.encode(), f"Bearer {self.server.token}".encode()):
            return True
        self._json(401, _error("unauthorised"))
        return False

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            self._json(413, _error("too_large"))
            return None
        return self.rfile.read(int(length))

    def _stamp(self, body: bytes) -> None:
        try:
            answer = self.server.authority.stamp(body)
        except (ValueError, TypeError, KeyError):
            self._json(400, _error("bad_request"))
            return
        self._send(200, "application/timestamp-reply", answer)

    def _start(self, body: bytes) -> None:
        key = self.headers.get("Idempotency-Key") or ""
        try:
            asked = json.loads(body)
            bytes.fromhex(asked["digest"]["value"])
        except (ValueError, TypeError, KeyError):
            self._json(400, _error("bad_request"))
            return
        if not key:
            self._json(400, _error("no_idempotency_key"))
            return
        status, made = self.server.ask(asked, key, body)
        if isinstance(made, Signing) and made.seal.manner == "silent":
            self.close_connection = True
            self.server.silence.wait(30)
            return
        self._json(status, _error(made) if isinstance(made, str) else self.server.told(made))

    def _signing(self, path: str) -> Signing | None:
        signing = self.server.signings.get(path.rsplit("/", 1)[-1])
        if signing is None:
            self._json(404, _error("unknown_signing"))
        return signing

    def _seal(self, seal: Seal) -> dict[str, Any]:
        return {
            "id": seal.id,
            "name": f"TEST {seal.unit}电子印章",
            "unit": seal.unit,
            "unit_code": seal.code,
            "certificates": [_b64(one) for one in (seal.certificate, self.server.authority.root)],
            "picture": base64.b64encode(draw_seal(seal.unit)).decode(),
        }

    def _from_page(self, path: str, body: bytes) -> None:
        given = {
            name: values[0].strip() for name, values in parse_qs(body.decode("utf-8", "replace")).items()
        }
        unit = given.get("unit", "")
        if path == "/key-file" and unit:
            key, certificate = self.server.authority.issue(
                unit, given.get("person", ""), given.get("code", "")
            )
            content = self.server.authority.key_file(key, certificate)
            self._send(200, "application/x-pkcs12", content, f"TEST {unit}.p12")
            return
        if path == "/sm2-key-file" and unit and self.server.sm2 is not None:
            content = self.server.sm2.key_file(
                unit, given.get("person", ""), given.get("code", ""), password=PASSWORD
            )
            self._send(200, "application/x-pem-file", content, f"TEST {unit}.pem")
            return
        if path == "/seals" and unit:
            self.server.add_seal(unit, given.get("code", ""), "ask")
        else:
            signing = self.server.signings.get(path.rsplit("/", 1)[-1])
            if signing is not None and path.startswith("/confirm/"):
                self.server.confirm(signing)
            elif signing is not None and signing.stands == "waiting":
                signing.stands, signing.reason = "refused", "印章管理员没有同意"
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _page(self) -> None:
        waiting = "".join(
            f"<li>{html.escape(one.seal.unit)}：{html.escape(str(one.asked.get('document', {}).get('title', '')))}"
            f'<form method="post" action="/confirm/{one.id}"><button>同意用印</button></form>'
            f'<form method="post" action="/refuse/{one.id}"><button>不同意</button></form></li>'
            for one in list(self.server.signings.values())
            if one.stands == "waiting"
        )
        seals = "".join(
            f"<li>{html.escape(one.unit)} {html.escape(one.code)}</li>"
            for one in list(self.server.seals.values())
        )
        page = _PAGE.format(
            password=PASSWORD,
            address=html.escape(self.server.address),
            waiting=waiting or "<li>没有</li>",
            seals=seals or "<li>没有</li>",
        )
        self._send(200, "text/html; charset=utf-8", page.encode())

    def _missing(self) -> None:
        self._json(404, _error("not_found"))

    def _json(self, status: int, content: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(content, ensure_ascii=False).encode())

    def _send(self, status: int, kind: str, content: bytes, name: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", "default-src 'none'; form-action 'self'")
        if name:
            self.send_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name)}")
        self.end_headers()
        self.wfile.write(content)


def _error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": code.replace("_", " ")}}


_FIELDS = """<label>单位名称 <input name="unit" required maxlength="60"></label>
<label>统一社会信用代码 <input name="code" maxlength="18"></label>"""
_PAGE = (
    """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>TEST 测试签章平台</title>
<h1>TEST 测试签章平台</h1>
<p>只供试用和测试，只在本机可用。这里的证书和签名没有任何法律效力。</p>
<h2>领一个测试证书文件</h2>
<form method="post" action="/key-file">"""
    + _FIELDS
    + """ <label>姓名 <input name="person" maxlength="30"></label> <button>生成并下载 .p12</button></form>
<p>密码是 {password}。</p>
<h2>领一个国密（SM2）测试密钥文件</h2>
<form method="post" action="/sm2-key-file">"""
    + _FIELDS
    + """ <button>生成并下载 .pem</button></form>
<p>密码相同。这台机器没有国密组件的，领不到。</p>
<h2>等待用印的文件</h2><ul>{waiting}</ul>
<h2>电子印章</h2><ul>{seals}</ul>
<form method="post" action="/seals">"""
    + _FIELDS
    + """ <button>刻一枚测试印章</button></form>
<h2>设置</h2>
<ul><li><a href="/root.pem">测试根证书</a></li><li><a href="/revoked.crl">吊销列表</a></li>
<li>时间戳服务：{address}/tsa</li><li>签章平台：{address}</li></ul></html>
"""
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Start it and print where it is and what to set."""
    parser = argparse.ArgumentParser(prog="test-ca", description="测试 CA、时间戳和签章平台，只在本机可用")
    parser.add_argument("--folder", type=Path, default=Path("var/test-ca"))
    parser.add_argument("--port", type=int, default=8090)
    asked = parser.parse_args(arguments)
    server = Trial(asked.folder, asked.port)
    lines = (
        "TEST 测试签章平台，只供试用：签名没有任何法律效力。",
        f"在浏览器里打开 {server.address}/ 领测试证书、刻测试印章、同意用印。",
        "要在系统里使用，先设：",
        f"  SHIDIAN_TRUST={(asked.folder / 'roots').resolve()}",
        f"  SHIDIAN_TSA={server.address}/tsa",
        f"  SHIDIAN_SEAL_PLATFORM={server.address}",
        f"  SHIDIAN_SEAL_TOKEN={server.token}",
        "按 Ctrl+C 停止。",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
