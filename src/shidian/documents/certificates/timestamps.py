"""Asking a time stamping authority (RFC 3161 over HTTP) for a token over a signature."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Any

from asn1crypto import cms, tsp
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

from shidian.core.said import say
from shidian.documents.certificates.findings import Unusable

LARGEST_TOKEN = 100_000


class Authority(TimeStamper):
    """A time stamping authority at an address from the settings; http is usual, the answer is signed."""

    def __init__(self, address: str, *, timeout: float = 10.0) -> None:
        super().__init__(include_nonce=True)  # type: ignore[no-untyped-call]
        self.address = address
        self.timeout = timeout

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Send one request and read one answer; OSError when there is none."""
        asked = urllib.request.Request(  # noqa: S310 (the address is the administrator's)
            self.address,
            data=req.dump(),
            headers={
                "Content-Type": "application/timestamp-query",
                "Accept": "application/timestamp-reply",
            },
        )
        # No redirects: they could lead a request inside the network elsewhere.
        opener = urllib.request.build_opener(_NoRedirect())
        with opener.open(asked, timeout=self.timeout) as answer:
            kind = answer.headers.get_content_type()
            body = answer.read(LARGEST_TOKEN + 1)
        if kind != "application/timestamp-reply" or len(body) > LARGEST_TOKEN:
            raise TimestampRequestError(f"the answer is no time stamp reply but {kind}")
        return tsp.TimeStampResp.load(body, strict=True)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """The token over a digest. Refuses with Unusable ("tsa") when the authority gives none or a wrong one."""
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            imprint = token["content"]["encap_content_info"]["content"].parsed["message_imprint"]
            right = imprint["hashed_message"].native == message_digest
        except (OSError, urllib.error.URLError, http.client.HTTPException) as error:
            raise Unusable(
                "tsa", say("时间戳服务没有响应，这次没有签上。请过几分钟再试；一直不行的，请告诉系统管理员。")
            ) from error
        except (TimestampRequestError, ValueError, TypeError, KeyError) as error:
            raise _wrong() from error
        if not right:
            raise _wrong()
        return token


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any) -> None:
        return None


def _wrong() -> Unusable:
    return Unusable("tsa", say("时间戳服务的回答不对，这次没有签上。请告诉系统管理员检查时间戳服务的设置。"))
