"""The numbers of a call as charts with their tables; each number leads to the applications that it counts."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shidian.accounts.models import User
from shidian.calls.models import Call
from shidian.core import clock
from shidian.desk.access import officers_only, person
from shidian.dispatch.queries import calls_of
from shidian.documents.sheets import write_csv, write_rows
from shidian.search.figures import Figures
from shidian.search.figures import figures as counted
from shidian.ui import files

_HEIGHT = 34
"""Of a bar with its words, in pixels."""


def _call(user: User, key: str) -> Call:
    """A call at which the person works, or any for an auditor."""
    if user.is_auditor:
        found = Call.objects.public().filter(key=key).first()
    else:
        found = next((call for call, _office in calls_of(user) if call.key == key), None)
    if found is None:
        raise Http404
    return found


@require_safe
@officers_only
def figures(request: HttpRequest, call: str) -> HttpResponse:
    """Charts by day, state, stage, office, where it was handed in, district and area; who is late; how long it took."""
    here = _call(person(request), call)
    found = counted(person(request), here)
    return render(
        request,
        "desk/figures.html",
        {
            "call": here,
            "figures": found,
            "charts": [_drawn(chart) for chart in found.charts if chart.bars],
            "late": bool(found.late_offices or found.late_units_count),
        },
    )


def _drawn(chart: Any) -> dict[str, Any]:
    """A chart with the places of its bars: across for kinds, upward for days."""
    days = [bar.day for bar in chart.bars if bar.day]
    # Days without a hand-in have their place too.
    count = (days[-1] - days[0]).days + 1 if days else len(chart.bars)
    wide = min(80 / max(count, 1), 5)
    bars = []
    for at, bar in enumerate(chart.bars):
        left = 100 * ((bar.day - days[0]).days if bar.day else at) / count
        bars.append(
            {
                "bar": bar,
                "top": at * _HEIGHT + 20,
                "words": at * _HEIGHT + 15,
                "left": f"{left:.3f}",
                "wide": f"{wide:.3f}",
                "high": f"{max(1, bar.share * 1.2):.1f}",
                "above": f"{124 - max(1, bar.share * 1.2):.1f}",
                "share": f"{max(0.5, bar.share):.2f}",
            }
        )
    return {
        "chart": chart,
        "bars": bars,
        "height": count * _HEIGHT + 4,
        "first": chart.bars[0].label,
        "last": chart.bars[-1].label,
    }


@require_safe
@officers_only
def figures_xlsx(request: HttpRequest, call: str) -> HttpResponse:
    """Every number as a sheet."""
    here, found = _found(request, call)
    now = clock.now().astimezone(here.zone)
    title = _("{batch}统计").format(batch=here.definition.batch)
    return files.sheet(
        write_rows(title, _heads(), _rows(found), created=now), name=f"{title}-{now:%Y%m%d-%H%M}.xlsx"
    )


@require_safe
@officers_only
def figures_csv(request: HttpRequest, call: str) -> HttpResponse:
    """The same as comma-separated text."""
    here, found = _found(request, call)
    now = clock.now().astimezone(here.zone)
    title = _("{batch}统计").format(batch=here.definition.batch)
    return files.table(write_csv(_heads(), _rows(found)), name=f"{title}-{now:%Y%m%d-%H%M}.csv")


def _found(request: HttpRequest, call: str) -> tuple[Call, Figures]:
    here = _call(person(request), call)
    return here, counted(person(request), here)


def _heads() -> list[str]:
    return [_("图表"), _("项目"), _("件数"), _("天数")]


def _rows(found: Figures) -> list[list[Any]]:
    rows: list[list[Any]] = [
        [chart.title, bar.label, bar.count, None] for chart in found.charts for bar in chart.bars
    ]
    rows += [[_("逾期未报的机构"), late.office.name, late.count, None] for late in found.late_offices]
    rows += [
        [_("退回以后还没有交回"), f"{late.reference} {late.unit}", None, late.days]
        for late in found.late_units
    ]
    for took in found.took:
        rows.append([_("各环节用时，一半不超过"), took.label, took.count, took.median])
        rows.append([_("各环节用时，九成不超过"), took.label, took.count, took.most])
    return rows
