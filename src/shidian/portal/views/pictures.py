"""Pictures of long answers by their names, for whoever may open the attachments that they are."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shidian.applications import pictures as held
from shidian.documents import previews
from shidian.portal.access import own_application, person, seen_application, sees_attachment
from shidian.portal.pictures import room
from shidian.ui import files


@login_required
@never_cache
@require_safe
def pictures(request: HttpRequest, reference: str) -> JsonResponse:
    """{"names", "left"}: the pictures that are there now, and how many more may come."""
    application = own_application(request, reference)
    present = held.present(application)
    content = {"names": list(present), "left": room(application, present)}
    return JsonResponse(content, json_dumps_params={"ensure_ascii": False})


@login_required
@require_safe
def picture(request: HttpRequest, reference: str, picture: str) -> HttpResponseBase:
    """One picture of the working application, drawn anew as JPEG."""
    application = seen_application(request, reference)
    slot = held.slot_of(application.call.package)
    if slot is None:
        raise Http404
    found = (
        application.attachments.filter(slot=slot.key, file__name=picture)
        .select_related("file", "application__lead")
        .first()
    )
    if found is None or not sees_attachment(person(request), found):
        raise Http404
    response = files.drawn(previews.picture(found.file, width=previews.PAGE))
    # Another picture may come under the same name.
    response["Cache-Control"] = "private, no-cache"
    return response
