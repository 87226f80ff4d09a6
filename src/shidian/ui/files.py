"""Handing out kept files and sheets: as what they are, never to be run, never kept by a cache on the way."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from django.http import FileResponse, Http404, HttpResponse
from django.utils.http import content_disposition_header

from shidian.documents.models import StoredFile
from shidian.documents.store import NotStored

Answer = TypeVar("Answer", HttpResponse, FileResponse)

SHOWN_IN_THE_BROWSER = ("application/pdf", "image/jpeg", "image/png")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A browser shows a PDF by a plug-in of its own, hence object-src; nothing else may load or run.
POLICY = (
    "default-src 'none'; object-src 'self'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)


def stored(file: StoredFile, *, name: str = "", download: bool = False) -> FileResponse:
    """A kept file: pictures and PDF open in the browser, everything else is downloaded. 404 when it is not there."""
    shown = file.media_type in SHOWN_IN_THE_BROWSER and not download
    try:
        content = file.open()
    except NotStored:
        raise Http404 from None
    response = FileResponse(content, content_type=file.media_type if shown else "application/octet-stream")
    response["Content-Length"] = str(file.size)
    return _guarded(response, name or file.name, download=not shown)


def drawn(picture: Path | None) -> FileResponse:
    """A picture of a page of a kept file, as `documents.previews` drew it; 404 when there is none."""
    if picture is None:
        raise Http404
    response = FileResponse(picture.open("rb"), content_type="image/jpeg")
    guarded = _guarded(response, "page.jpg", download=False)
    guarded["Cache-Control"] = "private, max-age=86400"  # drawn from content that never changes
    return guarded


def made(content: bytes, *, name: str, media_type: str, download: bool = False) -> HttpResponse:
    """Bytes that were made for this request."""
    return _guarded(HttpResponse(content, content_type=media_type), name, download=download)


def pdf(content: bytes, *, name: str) -> HttpResponse:
    """A paper printed just now, to look at or to print."""
    return made(content, name=name, media_type="application/pdf")


def sheet(content: bytes, *, name: str) -> HttpResponse:
    """A sheet, always downloaded."""
    return made(content, name=name, media_type=XLSX, download=True)


def table(content: bytes, *, name: str) -> HttpResponse:
    """Comma-separated text, always downloaded."""
    return made(content, name=name, media_type="text/csv; charset=utf-8", download=True)


def _guarded(response: Answer, name: str, *, download: bool) -> Answer:
    response["Content-Disposition"] = content_disposition_header(download, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    # Chromium's own viewer stays blank in a sandbox; PDFs with active content were refused on arrival.
    is_pdf = response["Content-Type"] == "application/pdf"
    response["Content-Security-Policy"] = POLICY if is_pdf else f"{POLICY}; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
