"""Whether a slip for received paper is genuine: anybody who has it may ask; it tells nothing of the applications."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shidian.dispatch.models import PaperReceipt
from shidian.documents.marks.keys import keys
from shidian.documents.marks.payload import Forged, NotAMark, read

from . import guessing


@never_cache
@require_safe
def paper_receipt(request: HttpRequest, text: str) -> HttpResponse:
    """What a slip of this number says of offices, day and numbers; 404 with words when no slip has this code.

    An address that brought too many codes that were made up is not answered for a while (429).
    """
    if guessing.is_too_many(request):
        return render(request, "public/paper_receipt.html", {"waits": True}, status=429)
    mark = None
    try:
        mark = read(text[:200], keys=keys()).mark
    except NotAMark:
        pass
    except Forged:
        guessing.note_wrong(request)
    found = (
        PaperReceipt.objects.select_related("call", "office", "sender", "version", "by")
        .filter(number=mark.reference, version__number=mark.version)
        .first()
        if mark
        else None
    )
    content = found.version.data if found else {}
    context = {
        "receipt": found,
        "content": content,
        "at": datetime.fromisoformat(content["at"]) if content else None,
        "applications": len(content.get("applications", ())),
    }
    response = render(request, "public/paper_receipt.html", context, status=200 if found else 404)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
