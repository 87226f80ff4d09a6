"""A limit on what one request may upload: files beyond it are read past, never written, and the page can say so.

First in FILE_UPLOAD_HANDLERS. The rest of the form is read as usual, so that nothing that was typed is lost.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, MemoryFileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

_MARK = "_shidian_upload_refused"


class UploadLimit(FileUploadHandler):
    """Skips every file of a request whose body is larger than `limit` (bytes), and marks the request."""

    def __init__(self, request: HttpRequest | None = None, limit: int | None = None) -> None:
        super().__init__(request)
        self.limit = limit or settings.UPLOAD_LIMIT
        self.received = 0
        self.refused = False

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - the name of the base class
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        """The announced length decides before anything is read."""
        if content_length > self.limit:
            self._refuse()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins; past the limit it is skipped."""
        super().new_file(*args, **kwargs)
        if self.refused:
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count what arrives, for requests that did not announce their length."""
        self.received += len(raw_data)
        if self.received > self.limit:
            self._refuse()
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        """Leave the file to the handlers that follow."""
        return None

    def _refuse(self) -> None:
        self.refused = True
        if self.request is not None:
            setattr(self.request, _MARK, True)


class InMemory(MemoryFileUploadHandler):
    """Keeps every file of a request in memory, whatever its size: for keys, which never touch the disk."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - the name of the base class
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        """A limit is set by another handler, before this one."""
        self.activated = True


def refused(request: HttpRequest) -> str:
    """Why the files of a request were not taken, in words with what to do; empty when they were."""
    if not getattr(request, _MARK, False):
        return ""
    limit = settings.UPLOAD_LIMIT // 1_000_000
    return _(
        "这次上传的文件合计超过 {limit} MB，一个也没有接收。请降低扫描分辨率（建议 200 至 300 DPI）、压缩图片，或者分几次上传。"
    ).format(limit=limit)
