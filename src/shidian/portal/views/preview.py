"""How a section looks on paper while it is being written: the pages themselves, and which box runs over."""

from __future__ import annotations

from base64 import b64encode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shidian.applications import papers
from shidian.core.language import in_words
from shidian.documents.render.compiler import PaperError
from shidian.portal.access import own_application
from shidian.portal.views.sections import section_of


@login_required
@never_cache
@require_safe
def preview(request: HttpRequest, reference: str, section: str) -> JsonResponse:
    """{"pages": [{"number", "picture"}], "boxes": [{"field", "words", "over"}]}, or {"refused": words} when a text cannot print."""
    application = own_application(request, reference)
    asked = section_of(application, section)
    try:
        found = papers.preview(application, section)
    except PaperError as refused:
        return JsonResponse({"refused": in_words(refused.message)}, json_dumps_params={"ensure_ascii": False})
    pages = [
        {"number": number, "picture": f"data:image/png;base64,{b64encode(picture).decode()}"}
        for number, picture in found.pages.items()
    ]
    boxes = [
        {"field": frame.field, "words": words(asked.field(frame.field).name, frame), "over": frame.full > 1}
        for frame in found.frames
        if frame.field in asked.by_key
    ]
    return JsonResponse({"pages": pages, "boxes": boxes}, json_dumps_params={"ensure_ascii": False})


def words(name: str, frame: papers.Frame) -> str:
    """How full a box is, in a sentence."""
    share = f"{frame.full:.0%}"
    if frame.full <= 1:
        return _("“{name}”占申请书上这一框的 {share}。").format(name=name, share=share)
    if frame.last_page > frame.page:
        return _("“{name}”是申请书上这一框的 {share}，打印时续到第 {last_page} 页。").format(
            name=name, share=share, last_page=frame.last_page
        )
    return _("“{name}”是申请书上这一框的 {share}，打印时框会加高。").format(name=name, share=share)
