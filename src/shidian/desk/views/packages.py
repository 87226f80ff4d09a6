"""The package made of the last list: how far it is, taking it along, and proving it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shidian.desk.access import officers_only, own_list, person, seen_list
from shidian.dispatch import packages
from shidian.dispatch.models import CandidateList, Package
from shidian.ui.files import stored


def _find(listed: CandidateList) -> Package:
    found = Package.objects.filter(list=listed).select_related("file").first()
    if found is None:
        raise Http404
    return found


def words(package: Package) -> str:
    """How far the making is."""
    if package.state == "waiting":
        return _("排队等待生成")
    return _("正在汇集第 {done} 件申请，共 {total} 件").format(
        done=min(package.done + 1, package.total), total=package.total
    )


@require_safe
@officers_only
def package(request: HttpRequest, reference: str) -> HttpResponse:
    """Progress, result or fault, and how anybody can check the package without this system."""
    listed = seen_list(person(request), reference)
    found = _find(listed)
    return render(request, "desk/package.html", {"listed": listed, "package": found, "words": words(found)})


@require_safe
@officers_only
def progress(request: HttpRequest, reference: str) -> JsonResponse:
    """What the progress bar asks for."""
    found = _find(seen_list(person(request), reference))
    finished = found.state in ("ready", "failed")
    return JsonResponse(
        {"done": found.done, "total": found.total, "words": words(found), "finished": finished},
        json_dumps_params={"ensure_ascii": False},
    )


@require_POST
@officers_only
def retry(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask again for a package whose making failed."""
    user = person(request)
    packages.retry(_find(own_list(user, reference)), by=user)
    messages.success(request, _("已重新排队生成。"))
    return redirect("desk:package", reference)


@require_safe
@officers_only
def download(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The zip itself."""
    found = _find(seen_list(person(request), reference))
    if found.file is None:
        raise Http404
    return stored(found.file, download=True)
