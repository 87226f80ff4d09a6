"""The one thing a screen asks the server for by itself: the counties of a province."""

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shidian.organisations.codes import regions


@require_safe
@cache_control(public=True, max_age=86400)
def counties(request: HttpRequest, province: str) -> JsonResponse:
    """The counties of a province as {"counties": [{"code", "name"}]}; 404 for what is no province."""
    found = regions.get(province)
    if found is None or found.level != 1:
        raise Http404
    return JsonResponse(
        {"counties": [{"code": each.code, "name": each.name} for each in regions.counties(province)]},
        json_dumps_params={"ensure_ascii": False},
    )
