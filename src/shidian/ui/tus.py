"""The tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload): uploads that go on after any break.

Extensions: creation, creation-with-upload, termination, expiration, checksum. Who may send what where is decided by the
view; here is only how it is said. Answers with an error carry one line of Chinese for the person.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from django.utils.translation import gettext as _

from shidian.core.errors import NotNow, NotPermitted, Refused, Stale
from shidian.core.language import in_words
from shidian.documents import uploads
from shidian.documents.intake import Rejected
from shidian.documents.models import Upload

VERSION = "1.0.0"
_ALGORITHMS = ("sha1", "sha256")
_OCTETS = "application/offset+octet-stream"
_turns = threading.BoundedSemaphore(settings.UPLOADS_AT_ONCE)
_TURN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Announced:
    """What a browser says of a file before it sends it."""

    name: str
    length: int
    metadata: dict[str, str]


class _Wrong(Exception):
    """The request cannot be followed; ends as an answer with this status and text."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def speaks_tus(request: HttpRequest) -> bool:
    """Whether the request comes from a tus client and wants its answers."""
    return "Tus-Resumable" in request.headers


def signed_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """`login_required`; a tus client without a session gets 401 and not the sign-in page, which it would misread."""
    pages = login_required(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if speaks_tus(request) and not request.user.is_authenticated:
            return _said(401, _("登录已失效。请重新登录，再继续上传。"))
        return pages(request, *args, **kwargs)

    return guarded


def creation(
    request: HttpRequest, begin: Callable[[Announced], Upload], address: Callable[[Upload], str]
) -> HttpResponse:
    """Answer OPTIONS and POST at the place where uploads begin."""
    if request.method == "OPTIONS":
        return _abilities()
    try:
        _require_version(request)
        upload = begin(_announced(request))
        response = _plain(201, Location=address(upload))
        if request.content_type == _OCTETS and _content_length(request):
            response["Upload-Offset"] = str(_receive(request, upload, 0))
            upload.refresh_from_db()
    except (_Wrong, Rejected, Refused, uploads.WrongDigest) as error:
        return _refusal(error)
    return _dated(response, upload)


def resource(request: HttpRequest, upload: Upload) -> HttpResponse:
    """Answer OPTIONS, HEAD, PATCH and DELETE of one upload, and GET with where it stands, as JSON."""
    method = request.headers.get("X-HTTP-Method-Override", request.method or "")
    if method == "OPTIONS":
        return _abilities()
    if method == "GET":
        uploads.finish(upload)
        return JsonResponse(standing(upload), headers={"Cache-Control": "no-store"})
    try:
        _require_version(request)
        match method:
            case "HEAD":
                return _head(upload)
            case "PATCH":
                return _patch(request, upload)
            case "DELETE":
                uploads.abandon(upload)
                return _plain(204)
    except (_Wrong, Rejected, Refused, uploads.WrongDigest) as error:
        return _refusal(error)
    return _said(405, _("这个地址不接受这种请求。"))


def standing(upload: Upload) -> dict[str, Any]:
    """Where an upload stands, for the page."""
    return {
        "stands": upload.stands,
        "words": uploads.words(upload),
        "offset": uploads.offset(upload),
        "length": upload.length,
        "over": upload.is_over,
        "name": upload.file.name if upload.taken_at and upload.file else upload.name,
    }


def _head(upload: Upload) -> HttpResponse:
    # Everything may have come without anybody having noted it: the server was killed in between.
    uploads.finish(upload)
    if upload.refused_at:
        return _said(410, upload.reason)
    response = _plain(200)
    response["Upload-Offset"] = str(uploads.offset(upload))
    response["Upload-Length"] = str(upload.length)
    return _dated(response, upload)


def _patch(request: HttpRequest, upload: Upload) -> HttpResponse:
    if request.content_type != _OCTETS:
        raise _Wrong(415, _("上传的内容类型不对。"))
    start = _number(request, "Upload-Offset")
    response = _plain(204)
    response["Upload-Offset"] = str(_receive(request, upload, start))
    upload.refresh_from_db()
    return _dated(response, upload)


def _receive(request: HttpRequest, upload: Upload, start: int) -> int:
    """Take a piece in, when this process has a thread to spare for it: pages go before uploads."""
    length = _content_length(request)
    if length is None:
        raise _Wrong(411, _("上传的内容没有说明长度。"))
    digest = _digest(request)
    if not _turns.acquire(timeout=_TURN_SECONDS):
        raise _Wrong(503, _("现在上传的人较多，稍后自动继续。"))
    try:
        return uploads.receive(upload, request, start=start, length=length, digest=digest)
    except (Stale, Rejected, NotNow, uploads.WrongDigest):
        raise
    except OSError as error:  # the connection broke; what came before is kept
        raise _Wrong(400, _("连接中断，稍后自动继续。")) from error
    finally:
        _turns.release()


def _announced(request: HttpRequest) -> Announced:
    if "Upload-Defer-Length" in request.headers:
        raise _Wrong(400, _("请先说明文件的长度。"))
    metadata = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _rest, value = pair.strip().partition(" ")
        try:
            metadata[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise _Wrong(400, _("文件的说明读不出来。")) from error
    return Announced(metadata.get("filename", ""), _number(request, "Upload-Length"), metadata)


def _number(request: HttpRequest, header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise _Wrong(400, _("请求缺少 {header}，或者它不是数字。").format(header=header))
    return int(value)


def _content_length(request: HttpRequest) -> int | None:
    value = request.META.get("CONTENT_LENGTH") or ""
    return int(value) if value.isdigit() else None


def _digest(request: HttpRequest) -> tuple[str, bytes] | None:
    given = request.headers.get("Upload-Checksum")
    if given is None:
        return None
    algorithm, _rest, value = given.partition(" ")
    if algorithm not in _ALGORITHMS:
        raise _Wrong(400, _("不认识这种校验算法。"))
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise _Wrong(400, _("校验值读不出来。")) from error
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise _Wrong(400, _("校验值的长度不对。"))
    return algorithm, digest


def _require_version(request: HttpRequest) -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise _Wrong(412, _("上传程序的版本不对，请刷新网页后再试。"))


def _abilities() -> HttpResponse:
    return _plain(
        204,
        **{
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,creation-with-upload,termination,expiration,checksum",
            "Tus-Max-Size": str(settings.UPLOAD_LARGEST),
            "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
        },
    )


def _refusal(error: Exception) -> HttpResponse:
    """The status that the protocol, or a browser, understands; the text for the person."""
    words = in_words(error.said) if isinstance(error, Rejected) else str(error)
    match error:
        case _Wrong(status=status):
            response = _said(status, words)
            if status == 412:
                response["Tus-Version"] = VERSION
            return response
        case uploads.WrongDigest():
            response = _said(460, _("这一段没有完整传到，稍后自动重传。"))
            response.reason_phrase = "Checksum Mismatch"
            return response
        case Rejected(code="too_large"):
            return _said(413, words)
        case Rejected():
            return _said(422, words)
        case NotPermitted():
            return _said(403, words)
        case Stale():
            return _said(409, words)
        case _:
            # Not 409: that means another offset, and the client would try for ever.
            return _said(422, words)


def _dated(response: HttpResponse, upload: Upload) -> HttpResponse:
    if not upload.is_over:
        response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return response


def _plain(status: int, **headers: str) -> HttpResponse:
    response = HttpResponse(
        status=status, headers={"Tus-Resumable": VERSION, "Cache-Control": "no-store"} | headers
    )
    del response["Content-Type"]
    return response


def _said(status: int, words: str) -> HttpResponse:
    return HttpResponse(
        words,
        status=status,
        content_type="text/plain; charset=utf-8",
        headers={"Tus-Resumable": VERSION, "Cache-Control": "no-store"},
    )
