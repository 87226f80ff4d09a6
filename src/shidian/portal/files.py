"""Sending files: what was uploaded never runs in the reader's browser."""

from __future__ import annotations

from django.http import FileResponse, HttpResponse
from django.utils.http import content_disposition_header

from shidian.documents.models import StoredFile

_SHOWN = ("application/pdf", "image/jpeg", "image/png")
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox"


def stored(file: StoredFile, *, download: bool = False) -> FileResponse:
    """A kept file: PDF and pictures open in the browser in a sandbox, everything else is saved."""
    inline = file.media_type in _SHOWN and not download
    response = FileResponse(
        file.open(), as_attachment=not inline, filename=file.name, content_type=file.media_type
    )
    response.headers["Content-Length"] = str(file.size)
    # A PDF in a sandbox stays blank in Chromium's own viewer; PDFs with active content were refused on arrival.
    if file.media_type != "application/pdf":
        response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def pdf(content: bytes, name: str) -> HttpResponse:
    """A paper printed just now, to look at or to print."""
    headers = {
        "Content-Disposition": content_disposition_header(False, name) or "inline",
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(content, content_type="application/pdf", headers=headers)
