"""The working list of an office: tabs by state, filters, sorting, pages, and the same as a sheet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from shidian.applications.models import Lodgement
from shidian.calls.queries import stage_of, window
from shidian.core import clock
from shidian.desk import cases
from shidian.desk.access import officers_only, person, workplace
from shidian.dispatch.queries import works_as_registry
from shidian.documents.sheets import write_rows
from shidian.reviews.queries import counts
from shidian.search import saving
from shidian.ui.files import sheet

COLUMNS = (
    ("reference", gettext_noop("编号"), "d-no"),
    ("title", gettext_noop("试点名称"), "d-name"),
    ("lead", gettext_noop("承担单位"), "d-unit"),
    ("area", gettext_noop("方向"), "d-area"),
    ("state", gettext_noop("状态"), "d-state"),
    ("arrived", gettext_noop("到达"), "d-due"),
)


@require_safe
@officers_only
def applications(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """What arrived at the office, as asked by the address. Its queries do not grow with the number of rows."""
    here, place = workplace(person(request), call, office)
    counted = counts(here, place)
    known = cases.tabs(here, place, counted)
    asked = cases.Filter.read(request.GET.dict(), known)
    page = cases.pages(here, place, asked, known).get_page(request.GET.get("page"))
    found = stage_of(here, place)
    again = cases.coming_again(here, place, counted.received)
    columns = [
        {
            "label": _(label),
            "css": css,
            "query": asked.sort_query(key),
            "order": ("descending" if asked.down else "ascending") if key == asked.sort else "",
        }
        for key, label, css in COLUMNS
    ]
    return render(
        request,
        "desk/applications.html",
        {
            "call": here,
            "office": place,
            "stage": found,
            "window": window(here, place) if found else None,
            "tabs": [(tab, asked.query(state="" if tab.key == "all" else tab.key)) for tab in known],
            "counted": counted,
            "sum": _(" ＋ ").join(str(tab.count) for tab in known[1:]),
            "asked": asked,
            "again": again,
            "again_query": "state=to_review&again=1",
            "areas": cases.area_choices(here),
            "page": page,
            "lines": cases.lines(here, place, cases.shown(here, place, list(page.object_list))),
            "columns": columns,
            "query": asked.query(),
            "views": list(saving.views(person(request), "desk")),
            "is_registry": works_as_registry(here, place),
            "arrived": Lodgement.objects.filter(office=place, application__call=here).exists(),
        },
    )


@require_safe
@officers_only
def applications_xlsx(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The same rows in the same order, all pages of them, or those picked."""
    here, place = workplace(person(request), call, office)
    known = cases.tabs(here, place, counts(here, place))
    asked = cases.Filter.read(request.GET.dict(), known)
    rows = cases.found(here, place, asked, known)
    if picked := request.GET.getlist("pick"):
        rows = rows.filter(reference__in=picked)
    shown = cases.lines(here, place, list(rows))
    now = clock.now().astimezone(here.zone)
    title = _("{batch}申请（{office}）").format(batch=here.definition.batch, office=place.short)
    content = write_rows(
        title, [_(head) for head in cases.EXPORTED], cases.export_rows(here, shown), created=now
    )
    return sheet(content, name=f"{title}-{now:%Y%m%d-%H%M}.xlsx")
