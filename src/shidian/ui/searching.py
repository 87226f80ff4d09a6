"""The screens of searching, of kept views and of batches, alike at the desk and in the portal.

`routes` makes the addresses of one site; its `find` says who looks and where, or raises 404.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.accounts.models import User
from shidian.core import clock, querying
from shidian.core.bigrams import Piece
from shidian.core.errors import Invalid
from shidian.documents.sheets import write_csv, write_rows
from shidian.reviews.models import Check
from shidian.search import batches, finding, keys, saving
from shidian.search.batches import Action
from shidian.search.finding import Line
from shidian.search.models import Batch, BatchRow, SavedView
from shidian.ui import files

HELP_TRIES = (
    "应急 减灾",
    "“标准体系”",
    "状态:退回补正",
    "区:和平区 领域:应急",
    "受理:>=2023-07-01",
    "-状态:已推荐",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person searches: the desk or the portal."""

    user: User
    space: str
    base: str
    home: tuple[str, str]

    def url(self, name: str, **more: Any) -> str:
        """An address of this space."""
        return reverse(f"{self.space}:{name}", kwargs=more)

    @property
    def search_url(self) -> str:
        """Where one searches."""
        return self.url("search")


Find = Callable[[HttpRequest], Place]
View = Callable[..., HttpResponseBase]


def routes(find: Find) -> list[URLPattern]:
    """The addresses of one site."""
    table: list[tuple[str, View, str]] = [
        ("search/", search, "search"),
        ("search.xlsx", search_xlsx, "search-xlsx"),
        ("search.csv", search_csv, "search-csv"),
        ("search/views/", view_new, "search-view-new"),
        ("search/views/<int:pk>/", view_change, "search-view"),
        ("search/views/<int:pk>/removal/", view_removal, "search-view-removal"),
        ("search/batches/", batch_new, "batch-new"),
        ("search/batches/<int:pk>/", batch, "batch"),
        ("search/batches/<int:pk>/progress/", batch_progress, "batch-progress"),
        ("search/batches/<int:pk>/retry/", batch_retry, "batch-retry"),
        ("search/batches/<int:pk>/papers.zip", batch_file, "batch-file"),
    ]
    return [path(rest, _at(view, find), name=name) for rest, view, name in table]


def _at(view: View, find: Find) -> View:
    @wraps(view)
    def placed(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        return view(request, find(request), **kwargs)

    return cast(View, login_required(placed))


# Searching


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for; a kept view gives what the address does not say."""

    text: str
    sort: str
    columns: tuple[str, ...]
    view: SavedView | None

    def parts(self, **changed: str) -> str:
        """The parameters of a link, with some changed."""
        parts = {"q": self.text, "sort": self.sort, "view": str(self.view.pk) if self.view else ""}
        parts.update(changed)
        pairs = [(name, value) for name, value in parts.items() if value]
        if self.columns != finding.DEFAULT_COLUMNS:
            pairs += [("col", column) for column in self.columns]
        return urlencode(pairs)


def _asked(request: HttpRequest, place: Place) -> Asked:
    given = request.GET
    number = given.get("view", "")
    view = (
        saving.views(place.user, place.space).filter(pk=int(number)).first()
        if number.isdecimal() and len(number) < 15
        else None
    )
    text = given.get("q", view.query if view else "")
    sort = given.get("sort", view.sort if view else "")
    columns = given.getlist("col") or (view.columns if view else [])
    return Asked(
        " ".join(text.split())[: querying.LONGEST + 1],
        sort if sort in finding.SORTS else "",
        finding.columns(columns),
        view,
    )


@never_cache
@require_safe
def search(request: HttpRequest, place: Place) -> HttpResponse:
    """What a query finds, page by page, with what to narrow it by."""
    asked = _asked(request, place)
    query = finding.read(place.user, place.space, asked.text)
    page = finding.page(
        query, sort=asked.sort, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    views = list(saving.views(place.user, place.space))
    context = {
        "place": place,
        "asked": asked,
        "query": query,
        "problems": [_pointed(asked.text, each) for each in query.problems],
        "page": page,
        "rows": [_row(line, asked.columns, place) for line in page.lines],
        "facets": [
            {
                "facet": facet,
                "choices": [
                    (choice, urlencode({"q": choice.query, "sort": asked.sort})) for choice in facet.choices
                ],
            }
            for facet in finding.facets(query)
        ],
        "counted": finding.COUNTED,
        "views": [{"view": view, "current": asked.view == view} for view in views],
        "parts": asked.parts(),
        "next": asked.parts(after=page.after) if page.after else "",
        "previous": asked.parts(before=page.before) if page.before else "",
        "sorts": [(key, _(words), key == asked.sort) for key, (words, _name, _down) in finding.SORTS.items()],
        "columns": [(key, _(label), key in asked.columns) for key, label in finding.COLUMNS.items()],
        "heads": [_(finding.COLUMNS[key]) for key in asked.columns],
        "circles": saving.circles(place.user, place.space),
        "actions": [(action.key, _(action.label)) for action in batches.actions(place.space)],
        "most": batches.MOST,
        "keys": [(_(key.name), ", ".join(key.aliases), key.example) for key in keys.KEYS.values()],
        "tries": HELP_TRIES,
        "can_change": asked.view is not None and saving.can_change(place.user, asked.view),
    }
    return render(request, "ui/search/search.html", context, status=200)


def _pointed(text: str, problem: querying.Problem) -> dict[str, Any]:
    """A problem with the query in three parts: before, at, and after its place."""
    start, end = problem.start, problem.end
    return {
        "message": problem.message,
        "before": text[:start],
        "at": text[start:end],
        "after": text[end:],
        "placed": end > start,
    }


def _row(line: Line, columns: tuple[str, ...], place: Place) -> dict[str, Any]:
    values = finding.cells(line, columns, line.application.call)
    return {
        "line": line,
        "title": _marked(line.title),
        "unit": _marked(line.unit),
        "snippet": _marked(line.snippet),
        "url": place.url("application", reference=line.application.reference),
        "cells": [(key, _(finding.COLUMNS[key]), values[key]) for key in columns],
    }


def _marked(pieces: Iterable[Piece]) -> SafeString:
    """A text with what was looked for marked; made here, since a template takes longer for it than for all else."""
    return format_html_join(
        "",
        "{}",
        ((format_html("<mark>{}</mark>", piece.text) if piece.hit else piece.text,) for piece in pieces),
    )


@never_cache
@require_safe
def search_xlsx(request: HttpRequest, place: Place) -> HttpResponse:
    """What is found as a sheet: the same rows, columns and order."""
    title, heads, rows = _table(request, place)
    now = clock.now()
    return files.sheet(write_rows(title, heads, rows, created=now), name=f"{title}-{now:%Y%m%d-%H%M}.xlsx")


@never_cache
@require_safe
def search_csv(request: HttpRequest, place: Place) -> HttpResponse:
    """The same as comma-separated text."""
    title, heads, rows = _table(request, place)
    return files.table(write_csv(heads, rows), name=f"{title}-{clock.now():%Y%m%d-%H%M}.csv")


def _table(request: HttpRequest, place: Place) -> tuple[str, list[str], list[list[Any]]]:
    asked = _asked(request, place)
    query = finding.read(place.user, place.space, asked.text)
    lines = finding.export(query, asked.sort, only=request.GET.getlist("pick")[: finding.PER_PAGE])
    rows = [list(finding.cells(line, asked.columns, line.application.call).values()) for line in lines]
    name = asked.view.name if asked.view else _("申请")
    return name, [_(finding.COLUMNS[key]) for key in asked.columns], rows


# Kept views


def _wanted(request: HttpRequest) -> saving.Wanted:
    given = request.POST
    return saving.Wanted(
        given.get("name", ""),
        given.get("q", ""),
        given.getlist("col"),
        given.get("sort", ""),
        given.get("share", ""),
    )


@never_cache
@require_POST
def view_new(request: HttpRequest, place: Place) -> HttpResponse:
    """Keep what is on the page as a view."""
    return _saved(request, place, None, _wanted(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def view_change(request: HttpRequest, place: Place, pk: int) -> HttpResponse:
    """Change a view of one's own."""
    view = _own(place, pk)
    if request.method == "POST":
        return _saved(request, place, view, _wanted(request))
    share = f"office:{view.office_id}" if view.office_id else f"unit:{view.unit_id}" if view.unit_id else ""
    return _form(
        request, place, view, saving.Wanted(view.name, view.query, view.columns, view.sort, share), {}
    )


def _own(place: Place, pk: int) -> SavedView:
    view = saving.views(place.user, place.space).filter(pk=pk, owner=place.user).first()
    if view is None:
        raise Http404
    return view


def _saved(request: HttpRequest, place: Place, view: SavedView | None, wanted: saving.Wanted) -> HttpResponse:
    try:
        kept = saving.save(place.space, wanted, by=place.user, view=view)
    except Invalid as invalid:
        return _form(request, place, view, wanted, dict(reversed(invalid.problems)))
    messages.success(request, _("已保存视图“{name}”。").format(name=kept.name))
    return redirect(f"{place.search_url}?view={kept.pk}")


def _form(
    request: HttpRequest,
    place: Place,
    view: SavedView | None,
    wanted: saving.Wanted,
    problems: Mapping[str, str],
) -> HttpResponse:
    context = {
        "place": place,
        "view": view,
        "wanted": wanted,
        "columns": [
            (key, _(label), key in finding.columns(wanted.columns)) for key, label in finding.COLUMNS.items()
        ],
        "sorts": [
            (key, _(words), key == wanted.sort) for key, (words, _name, _down) in finding.SORTS.items()
        ],
        "circles": [
            (key, name, key == wanted.share) for key, name in saving.circles(place.user, place.space)
        ],
        "problem": problems,
        "form_problems": [{"message": words, "anchor": name} for name, words in problems.items()],
        "action": place.url("search-view", pk=view.pk) if view else place.url("search-view-new"),
    }
    return render(request, "ui/search/view.html", context, status=422 if problems else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def view_removal(request: HttpRequest, place: Place, pk: int) -> HttpResponse:
    """Take a view of one's own away."""
    view = _own(place, pk)
    if request.method == "POST":
        saving.delete(view, by=place.user)
        messages.success(request, _("已删除视图“{name}”。").format(name=view.name))
        return redirect(place.search_url)
    shared = view.office or view.unit
    consequences = [_("只删除这个视图，申请不受影响。")]
    if shared:
        consequences.append(_("{circle}的其他人也不再看到它。").format(circle=shared))
    context = {
        "place": place,
        "title": _("删除视图“{name}”").format(name=view.name),
        "consequences": consequences,
        "back": f"{place.search_url}?view={view.pk}",
    }
    return render(request, "ui/search/removal.html", context)


# Batches


@never_cache
@require_POST
def batch_new(request: HttpRequest, place: Place) -> HttpResponse:
    """What a verb would do to each of the chosen; done only when it is confirmed."""
    given = request.POST
    action = batches.ACTIONS.get(given.get("action", ""))
    if action is None or place.space not in action.spaces:
        messages.error(request, _("请选择要办的事。"))
        return redirect(f"{place.search_url}?{urlencode({'q': given.get('q', '')})}")
    chosen = given.getlist("pick")
    if given.get("all"):
        query = finding.read(place.user, place.space, given.get("q", ""))
        chosen = [
            line.application.reference
            for line in finding.export(query, given.get("sort", ""), most=batches.MOST)
        ]
    applications = list(batches.seen(place.user, chosen))
    if not applications:
        messages.error(request, _("请先选中要办的申请。"))
        return redirect(f"{place.search_url}?{urlencode({'q': given.get('q', '')})}")
    asked = {name: given.get(name, "").strip()[:500] for name in action.asks}
    problems = dict(reversed(batches.problems(action, asked))) if given.get("confirmed") else {}
    if given.get("confirmed") and not problems:
        made = batches.start(action, applications, asked, space=place.space, by=place.user)
        batches.go_on(made)
        return redirect(place.url("batch", pk=made.pk))
    rows = batches.foresee(action, applications, asked, by=place.user)
    would = sum(bool(row.verdict) for row in rows)
    context = {
        "place": place,
        "action": action,
        "label": _(action.label),
        "consequence": _(action.consequence),
        "rows": [{"row": row, "title": row.application.name} for row in rows],
        "would": would,
        "would_not": len(rows) - would,
        "given": asked,
        "asks": _asks(action),
        "items": batches.items_of(applications) if "item" in action.asks else [],
        "verdicts": Check.Verdict.choices,
        "problem": problems,
        "form_problems": [{"message": words, "anchor": f"b-{name}"} for name, words in problems.items()],
        "q": given.get("q", ""),
        "at_once": batches.AT_ONCE,
        "background": len(rows) > batches.AT_ONCE,
    }
    return render(request, "ui/search/batch_new.html", context, status=422 if problems else 200)


def _asks(action: Action) -> dict[str, bool]:
    return {name: name in action.asks for name in ("reason", "item", "verdict", "note")}


def _batch(place: Place, pk: int) -> Batch:
    found = Batch.objects.filter(pk=pk, by=place.user, space=place.space).first()
    if found is None:
        raise Http404
    return found


def _figures(found: Batch) -> dict[str, int]:
    outcomes = list(found.rows.values_list("outcome", flat=True))
    return {
        "total": len(outcomes),
        "waiting": outcomes.count(BatchRow.Outcome.WAITING),
        "done": outcomes.count(BatchRow.Outcome.DONE),
        "refused": outcomes.count(BatchRow.Outcome.REFUSED),
    }


@never_cache
@require_safe
def batch(request: HttpRequest, place: Place, pk: int) -> HttpResponse:
    """What became of each application of a batch."""
    found = _batch(place, pk)
    figures = _figures(found)
    action = batches.ACTIONS[found.action]
    rows = found.rows.select_related("application").order_by("outcome", "application__reference")
    context = {
        "place": place,
        "batch": found,
        "label": _(action.label),
        "figures": figures,
        "gone": figures["total"] - figures["waiting"],
        "rows": [
            {"row": row, "url": place.url("application", reference=row.application.reference)} for row in rows
        ],
        "progress_url": place.url("batch-progress", pk=found.pk),
        "retry_url": place.url("batch-retry", pk=found.pk),
        "file_url": place.url("batch-file", pk=found.pk) if found.file_id and figures["done"] else "",
        "given": found.given,
        "verdict": dict(Check.Verdict.choices).get(found.given.get("verdict", ""), ""),
    }
    return render(request, "ui/search/batch.html", context)


@never_cache
@require_safe
def batch_progress(request: HttpRequest, place: Place, pk: int) -> JsonResponse:
    """How far it is, for the page that waits."""
    found = _batch(place, pk)
    figures = _figures(found)
    return JsonResponse(
        {
            "done": figures["total"] - figures["waiting"],
            "total": figures["total"],
            "words": _("已办 {done} 件，没有办 {refused} 件").format(
                done=figures["done"], refused=figures["refused"]
            ),
            "finished": found.finished_at is not None,
        }
    )


@never_cache
@require_POST
def batch_retry(request: HttpRequest, place: Place, pk: int) -> HttpResponse:
    """Try again what was refused."""
    found = _batch(place, pk)
    batches.retry(found, by=place.user)
    return redirect(place.url("batch", pk=found.pk))


@never_cache
@require_safe
def batch_file(request: HttpRequest, place: Place, pk: int) -> HttpResponseBase:
    """The file that a batch made."""
    found = _batch(place, pk)
    if found.file is None:
        raise Http404
    return files.stored(batches.file_of(found, by=place.user), download=True)
