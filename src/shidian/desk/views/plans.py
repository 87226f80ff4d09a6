"""Plans of who reads what: from a file or worked out, looked at, then confirmed or left."""

from __future__ import annotations

from collections import Counter
from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.applications.models import Application
from shidian.core import clock
from shidian.core.errors import Invalid
from shidian.desk.access import kept_panel, kept_plan, person, pool_keepers_only
from shidian.desk.cases import short_area
from shidian.desk.forms.experts import AutomaticForm, TableForm
from shidian.desk.forms.words import posted, tell_refused
from shidian.desk.views.panels import PLAN_TONES, crumbs
from shidian.documents.sheets import write_rows
from shidian.reviews.experts import assignment
from shidian.reviews.experts.queries import applications_of, assignments_of, experts_for
from shidian.reviews.experts.rules import can_assign, can_confirm
from shidian.reviews.models import AssignmentPlan, Expert
from shidian.ui.files import sheet
from shidian.ui.templatetags.ui import form_problems
from shidian.ui.uploads import refused

GET_POST = ("GET", "HEAD", "POST")
PER_PAGE = 100
UNDER_WAY = ("waiting", "computing")


def _say(form: Any, invalid: Invalid) -> None:
    for place, message in invalid.problems or [(None, invalid.reason)]:
        form.add_error(place if place in form.fields else None, message)


@require_http_methods(GET_POST)
@pool_keepers_only
def automatic(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a plan worked out."""
    user = person(request)
    found = kept_panel(user, pk)
    settings = found.call.definition.experts
    form = AutomaticForm(
        request.POST if request.method == "POST" else None,
        initial={"readers": settings.readers, "most": settings.most},
    )
    if request.method == "POST" and form.is_valid():
        try:
            plan = assignment.ask(found, by=user, **form.cleaned_data)
        except Invalid as invalid:
            _say(form, invalid)
        else:
            return redirect("desk:plan", plan.pk)
    verdict = can_assign(user, found)
    applications, experts = applications_of(found).count(), experts_for(found).count()
    words = _("评审组有 {applications} 件申请，专家库有 {experts} 位专家。").format(
        applications=applications, experts=experts
    )
    refusal = "" if verdict else verdict.reason
    if not refusal and not (applications and experts):
        refusal = _("评审组里还没有申请，或者专家库里没有专家。")
    context = {
        "crumbs": crumbs(found),
        "title": _("自动分配"),
        "verb": _("计算方案"),
        "consequences": [
            words,
            _("已有的分配不动，只补缺的；有回避情形的不会分到。"),
            _("各位专家的件数尽量相等，领域尽量分散，同一件申请尽量不请同一单位的两位。"),
            _("算出来的是方案，看过以后再确认。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": refusal,
        "back_url": reverse("desk:panel", args=(pk,)),
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_POST)
@pool_keepers_only
def from_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a file of assignments; it is read at once, and done only after a person confirmed what was read."""
    user = person(request)
    found = kept_panel(user, pk)
    form = TableForm(*posted(request))
    if request.method == "POST":
        tell_refused(form, "file", refused(request))
        if form.is_valid():
            try:
                plan = assignment.look(found, cast(BinaryIO, form.cleaned_data["file"].file), by=user)
            except Invalid as invalid:
                _say(form, invalid)
            else:
                return redirect("desk:plan", plan.pk)
    verdict = can_assign(user, found)
    context = {
        "panel": found,
        "crumbs": crumbs(found),
        "form": form,
        "form_problems": form_problems(form),
        "refused": "" if verdict else verdict.reason,
        "columns": [names[0] for names in assignment.COLUMNS.values()],
    }
    return render(request, "desk/panel_file.html", context, status=422 if form.errors else 200)


@require_safe
@pool_keepers_only
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """What a plan would do, and what could not be met and why."""
    user = person(request)
    found = kept_plan(user, pk)
    context: dict[str, Any] = {
        "plan": found,
        "panel": found.panel,
        "crumbs": crumbs(found.panel),
        "tone": PLAN_TONES[found.state],
        "under_way": found.state in UNDER_WAY,
        "verdict": can_confirm(user, found),
    }
    if found.means == "csv":
        lines = found.found.get("lines", [])
        context |= {
            "page": Paginator(lines, PER_PAGE).get_page(request.GET.get("page")),
            "counts": Counter(line["what"] for line in lines),
        }
    elif found.found:
        context |= _worked_out(request, found)
    return render(request, "desk/plan.html", context)


def _worked_out(request: HttpRequest, found: AssignmentPlan) -> dict[str, Any]:
    pairs = [(expert, application) for expert, application in found.found["pairs"]]
    people = {row.pk: row for row in experts_for(found.panel)} | Expert.objects.select_related(
        "user"
    ).in_bulk({expert for expert, _rest in pairs})
    active = list(assignments_of(found.panel)) if found.state == "ready" else []
    before = Counter(row.expert_id for row in active)
    more = Counter(expert for expert, _rest in pairs)
    loads = sorted(
        ((row, before[key], more[key], before[key] + more[key]) for key, row in people.items()),
        key=lambda row: (-row[3], row[0].name),
    )
    proposed: dict[int, list[Expert]] = {}
    for expert, application in pairs:
        proposed.setdefault(application, []).append(people[expert])
    have: dict[int, list[Expert]] = {}
    for row in active:
        have.setdefault(row.application_id, []).append(row.expert)
    short = {key: (lacking, words) for key, lacking, words in found.found["short"]}
    keys = sorted({*proposed, *short}, key=lambda key: (key not in short, key))
    page = Paginator(keys, PER_PAGE).get_page(request.GET.get("page"))
    shown = Application.objects.in_bulk(list(page.object_list))
    call = found.panel.call
    totals = [row[3] for row in loads]
    return {
        "page": page,
        "rows": [
            (
                shown[key],
                short_area(call, shown[key].area),
                have.get(key, []),
                proposed.get(key, []),
                short.get(key),
            )
            for key in page.object_list
        ],
        "loads": loads,
        "least": min(totals, default=0),
        "greatest": max(totals, default=0),
        "pairs": len(pairs),
        "short": len(short),
    }


@require_safe
@pool_keepers_only
def progress(request: HttpRequest, pk: int) -> JsonResponse:
    """What the progress bar asks for."""
    found = kept_plan(person(request), pk)
    return JsonResponse(
        {
            "done": 0,
            "total": 0,
            "words": found.state_label,
            "finished": found.state not in UNDER_WAY,
        },
        json_dumps_params={"ensure_ascii": False},
    )


@require_POST
@pool_keepers_only
def confirmation(request: HttpRequest, pk: int) -> HttpResponse:
    """Give what was shown."""
    found = kept_plan(person(request), pk)
    done = assignment.confirm(found, by=person(request))
    words = _("已分配 {given} 份，撤回 {taken} 份。").format(given=done.given, taken=done.taken)
    if done.left:
        words += _("有 {left} 份在这期间有了变化（已分配、须回避或者不在评审组里），没有办。").format(
            left=done.left
        )
        messages.warning(request, words)
    else:
        messages.success(request, words)
    return redirect("desk:panel", found.panel_id)


@require_POST
@pool_keepers_only
def discarding(request: HttpRequest, pk: int) -> HttpResponse:
    """Do without a plan."""
    found = kept_plan(person(request), pk)
    assignment.discard(found, by=person(request))
    messages.success(request, _("没有采用这个方案；它留在评审组的历史里。"))
    return redirect("desk:panel", found.panel_id)


@require_safe
@pool_keepers_only
def plan_xlsx(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan as a sheet that can be changed and imported."""
    found = kept_plan(person(request), pk)
    heads = [names[0] for names in assignment.COLUMNS.values()]
    if found.means == "csv":
        table = [
            [line["reference"], line["expert"], line["what"], line["fault"] or line["reason"]]
            for line in found.found.get("lines", [])
        ]
    else:
        pairs = found.found.get("pairs", [])
        people = Expert.objects.select_related("user").in_bulk({expert for expert, _rest in pairs})
        shown = Application.objects.in_bulk({application for _rest, application in pairs})
        table = [
            [shown[application].reference, people[expert].user.email, assignment.GIVE, ""]
            for expert, application in sorted(pairs, key=lambda pair: (pair[1], pair[0]))
        ]
    title = _("分配方案（{name}）").format(name=found.panel.name)
    return sheet(write_rows(title, heads, table, created=clock.now()), name=f"{title}-{found.pk}.xlsx")
