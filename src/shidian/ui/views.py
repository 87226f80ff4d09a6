"""What a screen asks the server for by itself: the counties of a province and the list of industries."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shidian.organisations.codes import regions

from .code_lists import industry_list, industry_list_packed

# The address of a list carries its version: what is behind one address never changes.
_FOR_EVER = 365 * 86400


@require_safe
@cache_control(public=True, max_age=_FOR_EVER, immutable=True)
def counties(request: HttpRequest, province: str) -> JsonResponse:
    """The counties of a province by city: {"cities": [{"name", "counties": [{"code", "name"}]}]}; a name may be empty.

    404 for what is no province.
    """
    found = regions.get(province)
    if found is None or found.level != 1:
        raise Http404
    cities = [
        {"name": city, "counties": [{"code": each.code, "name": each.name} for each in members]}
        for city, members in regions.counties_by_city(province)
    ]
    return JsonResponse({"cities": cities}, json_dumps_params={"ensure_ascii": False})


@require_safe
@cache_control(public=True, max_age=_FOR_EVER, immutable=True)
def industries(request: HttpRequest) -> HttpResponse:
    """Every industry, {"codes": [[code, name], …], "words": {word: code}}, in the order of the standard."""
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(
        industry_list_packed() if packed else industry_list(), content_type="application/json"
    )
    if packed:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
