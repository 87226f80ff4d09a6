"""A platform elsewhere that keeps seals and signs hashes: the interface is in docs/developer/remote-seal.md.

Only the SHA-256 of what is to be signed leaves this system, with the title and the reference by which the keeper of
the seal knows what it is. A platform is not believed: `signing.complete` checks each signature against the
certificate that was shown before.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from shidian.core.digests import sha256_of_bytes
from shidian.core.said import say
from shidian.documents.certificates import holders
from shidian.documents.certificates.appearance import clean_picture
from shidian.documents.certificates.findings import Unusable
from shidian.documents.certificates.signers import usable

LARGEST_ANSWER = 8_000_000
State = Literal["waiting", "signed", "refused", "cancelled", "expired"]
_STATES: tuple[State, ...] = ("waiting", "signed", "refused", "cancelled", "expired")


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal that the platform keeps for a unit; `picture` is ready for `signing.prepare`."""

    id: str
    name: str
    unit: str
    unit_code: str
    chain: tuple[x509.Certificate, ...]
    picture: bytes | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be signed, in words for the keeper of the seal."""

    title: str
    reference: str = ""
    version: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request stands. `signature` only when signed; `poll_after` in seconds; `reason` when refused."""

    id: str
    state: State
    signature: bytes = b""
    chain: tuple[x509.Certificate, ...] = ()
    reason: str = ""
    poll_after: float = 2.0


class Platform:
    """A platform at an address from the settings, known by a token. Every refusal is an Unusable.

    Codes: "platform_down" (no answer, in time or at all; ask again later), "platform_denied" (the token), "platform"
    (an answer that makes no sense), "platform_busy", "seal" (no such seal or request).
    """

    def __init__(self, address: str, token: str, *, timeout: float = 10.0) -> None:
        self.address = address.rstrip("/")
        self._token = token
        self._timeout = timeout

    def seals(self) -> list[Seal]:
        """The seals that this installation may ask for."""
        found = self._call("GET", "/v1/seals").get("seals")
        if not isinstance(found, list):
            raise _nonsense()
        return [_seal(one) for one in found]

    def start(
        self, seal: Seal, message: bytes, subject: Subject, *, key: str, expires_in: int = 86_400
    ) -> Answer:
        """Ask for a signature over `message`, of which only the hash is sent.

        `key` is this request's own (a UUID that is kept with it): asked again with the same key, after a broken
        connection, the platform answers with the same request instead of making another.
        """
        asked = {
            "seal": seal.id,
            "digest": {"algorithm": "sha256", "value": sha256_of_bytes(message)},
            "signature_algorithm": _algorithm(seal.chain[0]),
            "document": {
                "title": subject.title,
                "reference": subject.reference,
                "version": subject.version,
                "digest": subject.digest,
            },
            "expires_in": expires_in,
        }
        try:
            return _answer(self._call("POST", "/v1/signings", asked, key=key))
        except Unusable as error:
            if error.code != "platform_down":
                raise
            return _answer(self._call("POST", "/v1/signings", asked, key=key))

    def poll(self, id_: str, seal: Seal) -> Answer:
        """How a request stands now. A signature by another certificate than the seal's is refused ("other_certificate")."""
        answer = _answer(self._call("GET", f"/v1/signings/{quote(id_, safe='')}"))
        if answer.state == "signed":
            _same_certificate(answer, seal)
        return answer

    def cancel(self, id_: str) -> Answer:
        """Take a request back; the answer says whether it was too late (state "signed")."""
        return _answer(self._call("DELETE", f"/v1/signings/{quote(id_, safe='')}"))

    def _call(self, method: str, path: str, content: Any = None, *, key: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        body = None
        if content is not None:
            body = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(  # noqa: S310 (the address is the administrator's)
            self.address + path, data=body, headers=headers, method=method
        )
        status, answered = self._send(request)
        if status == 409 and method == "DELETE":
            status = 200
        if status >= 400:
            raise _refusal(status)
        try:
            found = json.loads(answered)
        except ValueError as error:
            raise _nonsense() from error
        if not isinstance(found, dict):
            raise _nonsense()
        return found

    def _send(self, request: urllib.request.Request) -> tuple[int, bytes]:
        opener = urllib.request.build_opener(_NoRedirect())
        try:
            with opener.open(request, timeout=self._timeout) as answer:
                body: bytes = answer.read(LARGEST_ANSWER + 1)
                status: int = answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(LARGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            raise Unusable(
                "platform_down",
                say("签章平台没有响应。申请签章的请求可能已经送到，请过几分钟再看；不要重复申请。"),
            ) from error
        if len(body) > LARGEST_ANSWER:
            raise _nonsense()
        return status, body


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any) -> None:
        return None


class RemoteSigner:
    """A seal on a platform as a `Signer`: asks and waits, for people who confirm within `patience` seconds.

    For longer waits use `Platform.start` and `poll` with `signing.prepare` and `complete`. When time is up the
    request is taken back and Unusable ("platform_slow") raised; a refusal of the keeper is "seal_refused".
    """

    def __init__(
        self,
        platform: Platform,
        seal: Seal,
        subject: Subject,
        *,
        at: datetime,
        patience: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        usable(seal.chain, at)
        self._platform, self._seal, self._subject = platform, seal, subject
        self._patience, self._sleep = patience, sleep

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificates of the seal."""
        return self._seal.chain

    def sign(self, message: bytes) -> bytes:
        """Ask, and wait until the keeper of the seal has decided."""
        answer = self._platform.start(self._seal, message, self._subject, key=str(uuid.uuid4()))
        waited = 0.0
        while answer.state == "waiting":
            pause = min(max(answer.poll_after, 0.2), 10.0)
            if waited + pause > self._patience:
                self._platform.cancel(answer.id)
                raise Unusable(
                    "platform_slow",
                    say("签章平台上没有人及时同意用印，这次的请求已经撤回。请联系印章管理员后重新申请。"),
                )
            self._sleep(pause)
            waited += pause
            answer = self._platform.poll(answer.id, self._seal)
        require_signed(answer)
        _same_certificate(answer, self._seal)
        return answer.signature


def require_signed(answer: Answer) -> None:
    """Refuse with Unusable an answer that ended without a signature, saying how."""
    if answer.state == "signed":
        return
    ended = {
        "refused": say("签章平台上的印章管理员没有同意用印。需要的话请联系印章管理员后重新申请。"),
        "cancelled": say("签章请求已经撤回。需要的话请联系印章管理员后重新申请。"),
        "expired": say("签章请求过期，没有人处理。需要的话请联系印章管理员后重新申请。"),
        "waiting": say("签章请求还在等印章管理员同意。需要的话请联系印章管理员后重新申请。"),
    }[answer.state]
    reason = answer.reason[:100]
    code = "seal_refused" if answer.state == "refused" else f"seal_{answer.state}"
    raise Unusable(code, say("{ended}平台的说明：{reason}", ended=ended, reason=reason) if reason else ended)


def _same_certificate(answer: Answer, seal: Seal) -> None:
    if not answer.chain or answer.chain[0] != seal.chain[0]:
        raise Unusable(
            "other_certificate",
            say("签章平台用的不是所选印章的证书，签名没有采用。请核对印章是否更换过，重新选择印章后再申请。"),
        )


def _seal(found: Any) -> Seal:
    try:
        picture = found.get("picture")
        return Seal(
            id=str(found["id"]),
            name=str(found["name"]),
            unit=str(found["unit"]),
            unit_code=str(found.get("unit_code") or ""),
            chain=_chain(found["certificates"]),
            picture=clean_picture(base64.b64decode(picture, validate=True)) if picture else None,
        )
    except (KeyError, TypeError, AttributeError, *holders.UNREADABLE) as error:
        raise _nonsense() from error


def _answer(found: dict[str, Any]) -> Answer:
    try:
        state = next(one for one in _STATES if one == found["state"])
        return Answer(
            id=str(found["id"]),
            state=state,
            signature=base64.b64decode(found["signature"], validate=True) if state == "signed" else b"",
            chain=_chain(found["certificates"]) if state == "signed" else (),
            reason=str(found.get("reason") or ""),
            poll_after=float(found.get("poll_after") or 2),
        )
    except (KeyError, TypeError, StopIteration, *holders.UNREADABLE) as error:
        raise _nonsense() from error


def _chain(encoded: Any) -> tuple[x509.Certificate, ...]:
    chain = tuple(x509.load_der_x509_certificate(base64.b64decode(one, validate=True)) for one in encoded)
    if not chain:
        raise ValueError("no certificate")
    return chain


def _algorithm(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except holders.UNREADABLE:
        key = None
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa-pkcs1-sha256"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ecdsa-sha256"
    raise Unusable("algorithm", say("这枚印章的证书不是 RSA 或 EC，PDF 里不能用它签名。请换一枚印章。"))


def _refusal(status: int) -> Unusable:
    if status in (401, 403):
        return Unusable(
            "platform_denied", say("签章平台不接受本系统的令牌。请告诉系统管理员检查签章平台的设置。")
        )
    if status == 404:
        return Unusable("seal", say("签章平台上找不到这枚印章或者这次请求。请重新选择印章后再申请。"))
    if status in (429, 502, 503, 504):
        return Unusable("platform_busy", say("签章平台正忙，没有受理。请过几分钟再试。"))
    return _nonsense()


def _nonsense() -> Unusable:
    return Unusable(
        "platform", say("签章平台的回答不合约定，这次没有签上。请告诉系统管理员与签章平台核对接口。")
    )
