"""Applications that say the same as one: of its unit, under its name, with its words; two side by side."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from shidian.applications.queries import standing, visible_to
from shidian.desk.access import officers_only, person, seen_application
from shidian.reviews.joint import can_offer, can_put_together
from shidian.reviews.similar import MOST, alike, passages_of


@require_safe
@officers_only
def alike_page(request: HttpRequest, reference: str) -> HttpResponse:
    """The others that are alike, as far as the person may see them."""
    user = person(request)
    seen = seen_application(user, reference)
    found = alike(seen.application, visible_to(user))
    context = {
        "application": seen.application,
        "rows": [
            {
                "alike": each,
                "standing": standing(each.application),
                "joining": bool(can_put_together(user, seen.application, each.application)),
            }
            for each in found.seen
        ],
        "offering": can_offer(user, seen.application),
        "hidden": found.hidden,
    }
    return render(request, "desk/alike.html", context)


@require_safe
@officers_only
def side_by_side(request: HttpRequest, reference: str, other: str) -> HttpResponse:
    """The passages that two applications share."""
    user = person(request)
    first = seen_application(user, reference).application
    second = get_object_or_404(visible_to(user), reference=other)
    if first.version is None or second.version is None or first.pk == second.pk:
        raise Http404
    shared = passages_of(first.version, second.version)
    context = {
        "application": first,
        "other": second,
        "shared": shared,
        "characters": sum(len(each.text) for each in shared),
        "most": MOST,
    }
    return render(request, "desk/side_by_side.html", context)
