"""Panels of experts: setting one up, who reads what, by hand, and leading the panel on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from shidian.applications.models import Application
from shidian.audit.queries import timeline
from shidian.calls.models import Call
from shidian.calls.queries import area_label
from shidian.core import clock
from shidian.core.errors import Invalid
from shidian.desk.access import kept_panel, person, pool_keepers_only, pool_of, workplace
from shidian.desk.cases import short_area
from shidian.desk.forms.assigning import Ticks
from shidian.desk.forms.experts import PanelForm
from shidian.desk.forms.words import ReasonForm, posted
from shidian.documents.sheets import Cell, write_rows
from shidian.reviews.experts import assignment, panels, pool
from shidian.reviews.experts.assignment import in_words
from shidian.reviews.experts.conflicts import Conflict, Pair, between
from shidian.reviews.experts.queries import (
    applications_of,
    assignments_of,
    experts_for,
    standing_of,
    suspended_of,
)
from shidian.reviews.experts.rules import can_assign, can_move
from shidian.reviews.models import Assignment, Expert, Panel
from shidian.ui.files import sheet
from shidian.ui.filters import words_of
from shidian.ui.history import entries
from shidian.ui.templatetags.ui import form_problems

GET_POST = ("GET", "HEAD", "POST")
PER_PAGE = 50
PER_MATRIX = 25
TONES = {"preparing": "wait", "reviewing": "turn", "discussing": "turn", "closed": "done"}
PLAN_TONES = {
    "waiting": "wait",
    "computing": "wait",
    "ready": "turn",
    "failed": "stop",
    "confirmed": "done",
    "discarded": "idle",
}


def crumbs(panel: Panel, *, inside: bool = True) -> list[tuple[str, str]]:
    """The way to a panel, and with `inside` the panel itself."""
    way = [(reverse("desk:panels", args=(panel.call.key, panel.office.key)), _("评审组"))]
    return [*way, (reverse("desk:panel", args=(panel.pk,)), panel.name)] if inside else way


def area_words(call: Call, keys: Sequence[str]) -> list[str]:
    """Areas at any depth in words."""
    tops = {area.key: area.label for area in call.definition.areas}
    return [tops.get(key) or area_label(call, key) for key in keys]


@require_http_methods(GET_POST)
@pool_keepers_only
def overview(request: HttpRequest, call: str, office: str) -> HttpResponse:
    """The panels of an office in a call, and setting up another."""
    user = person(request)
    pool_of(user, office)
    here, place = workplace(user, call, office)
    form = PanelForm(here, *posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = panels.make(here, place, by=user, **form.given())
        except Invalid as invalid:
            _say(form, invalid)
        else:
            messages.success(request, _("已设立评审组“{name}”，请分配申请。").format(name=made.name))
            return redirect("desk:panel", made.pk)
    rows = Panel.objects.filter(call=here, office=place).order_by("-pk")
    counts = Counter(
        Assignment.objects.filter(panel__in=rows, withdrawn_at__isnull=True).values_list("panel", flat=True)
    )
    context = {
        "call": here,
        "office": place,
        "rows": [(row, TONES[row.state], area_words(here, row.areas), counts[row.pk]) for row in rows],
        "form": form,
        "form_problems": form_problems(form),
        "experts": experts_for(Panel(office=place)).count(),
        "settings": here.definition.experts,
    }
    return render(request, "desk/panels.html", context, status=422 if form.errors else 200)


def _say(form: Any, invalid: Invalid) -> None:
    for place, message in invalid.problems or [(None, invalid.reason)]:
        form.add_error(place if place in form.fields else None, message)


@dataclass(frozen=True, slots=True)
class Line:
    """One application of a panel with who reads it."""

    application: Application
    area: str
    readers: list[Assignment]
    wanted: int

    @property
    def short(self) -> int:
        """How many readers it lacks."""
        return max(self.wanted - len(self.readers), 0)


def lines_of(panel: Panel, active: Sequence[Assignment]) -> list[Line]:
    """All applications of a panel."""
    readers: dict[int, list[Assignment]] = {}
    for row in active:
        readers.setdefault(row.application_id, []).append(row)
    wanted = panel.call.definition.experts.readers
    return [
        Line(row, short_area(panel.call, row.area), readers.get(row.pk, []), wanted)
        for row in applications_of(panel)
    ]


@require_safe
@pool_keepers_only
def panel(request: HttpRequest, pk: int) -> HttpResponse:
    """One panel: what it reads, who reads it, what is suspended, and what comes next."""
    user = person(request)
    found = kept_panel(user, pk)
    active, suspended = standing_of(found)
    lines = lines_of(found, active)
    only_short = request.GET.get("short") == "1"
    shown = [line for line in lines if line.short] if only_short else lines
    page = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    plans = [(row, PLAN_TONES[row.state]) for row in found.plans.defer("found").select_related("by")[:20]]
    context = {
        "panel": found,
        "call": found.call,
        "tone": TONES[found.state],
        "crumbs": crumbs(found, inside=False),
        "areas": area_words(found.call, found.areas),
        "page": page,
        "only_short": only_short,
        "counts": {
            "applications": len(lines),
            "short": sum(bool(line.short) for line in lines),
            "assigned": len(active),
            "experts": len({row.expert_id for row in active}),
        },
        "suspended": [(row, in_words(reasons)) for row, reasons in suspended],
        "assigning": can_assign(user, found),
        "steps": [
            (verb, words, can_move(user, found, verb)) for verb, words in VERBS.items()
            if found.MACHINE.allows(found.state, verb)
        ],
        "plans": plans,
        "history": entries(timeline(found.chain)[:30]),
    }  # fmt: skip
    return render(request, "desk/panel.html", context)


@require_http_methods(GET_POST)
@pool_keepers_only
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, areas and times of a panel."""
    user = person(request)
    found = kept_panel(user, pk)
    verdict = can_assign(user, found)
    form = PanelForm(found.call, *posted(request), panel=found)
    if request.method == "POST" and form.is_valid():
        try:
            panels.change(found, by=user, **form.given())
        except Invalid as invalid:
            _say(form, invalid)
        else:
            messages.success(request, _("已保存。"))
            return redirect("desk:panel", pk)
    context = {
        "crumbs": crumbs(found),
        "title": _("修改评审组“{name}”").format(name=found.name),
        "verb": _("保存"),
        "consequences": [_("已经分配的不受影响；改短了时间，专家会看到新的截止。")],
        "form": form,
        "form_problems": form_problems(form),
        "refused": "" if verdict else verdict.reason,
        "back_url": reverse("desk:panel", args=(pk,)),
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


VERBS = {
    "open": gettext_lazy("开始评审"),
    "discuss": gettext_lazy("转入合议"),
    "close": gettext_lazy("结束评审"),
    "reopen": gettext_lazy("重新开始评审"),
}
_AFTER: dict[str, tuple[Any, ...]] = {
    "open": (
        gettext_lazy("专家从现在起可以看到分配给自己的申请，并收到邮件。"),
        gettext_lazy("之后仍可以增减分配。"),
    ),
    "discuss": (gettext_lazy("个人评审到此为止，专家仍可以看申请，供合议用。"),),
    "close": (
        gettext_lazy("专家不能再看申请，也不能再分配。"),
        gettext_lazy("需要时可以写明理由重新开始。"),
    ),
    "reopen": (gettext_lazy("专家又可以看申请和评审；理由记在历史里。"),),
}
_DO: dict[str, Callable[..., None]] = {
    "open": panels.open_panel,
    "discuss": panels.discuss,
    "close": panels.close,
}


@require_http_methods(GET_POST)
@pool_keepers_only
def step(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Lead a panel on, after seeing what follows from it."""
    if verb not in VERBS:
        raise Http404
    user = person(request)
    found = kept_panel(user, pk)
    verdict = can_move(user, found, verb)
    form = ReasonForm(*posted(request)) if verb == "reopen" else None
    back = reverse("desk:panel", args=(pk,))
    if request.method == "POST" and (form is None or form.is_valid()):
        if form is not None:
            panels.reopen(found, by=user, reason=form.cleaned_data["reason"])
        else:
            _DO[verb](found, by=user)
        messages.success(request, _("评审组现在是“{label}”。").format(label=found.state_label))
        return redirect(back)
    context = {
        "crumbs": crumbs(found),
        "title": _("{verb}：{name}").format(verb=VERBS[verb], name=found.name),
        "verb": VERBS[verb],
        "stop": verb == "close",
        "consequences": _AFTER[verb],
        "form": form,
        "form_problems": form_problems(form) if form else [],
        "refused": "" if verdict else verdict.reason,
        "back_url": back,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "desk/confirmation.html", context, status=status)


@require_safe
@pool_keepers_only
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Who can be asked, before anybody is: fields, loads, and what keeps each away from which application."""
    found = kept_panel(person(request), pk)
    experts = list(experts_for(found))
    applications = list(applications_of(found))
    conflicts = between(experts, applications)
    loads = Counter(assignments_of(found).values_list("expert", flat=True))
    by_pk = {row.pk: row for row in applications}
    words = dict(pool.area_choices())
    against: dict[int, list[tuple[Application, str]]] = {}
    for (expert, application), reasons in conflicts.items():
        against.setdefault(expert, []).append((by_pk[application], in_words(reasons)))
    context = {
        "panel": found,
        "crumbs": crumbs(found),
        "total": len(applications),
        "rows": [
            (
                expert,
                [words.get(key, key) for key in expert.specialities],
                loads[expert.pk],
                sorted(against.get(expert.pk, []), key=lambda row: row[0].reference),
            )
            for expert in experts
        ],
    }
    return render(request, "desk/panel_people.html", context)


def _given(panel: Panel, applications: Sequence[Application]) -> dict[Pair, Assignment]:
    rows = Assignment.objects.filter(
        panel=panel, application__in=applications, withdrawn_at__isnull=True
    ).select_related("expert__user", "application", "panel__office")
    return {(row.expert_id, row.application_id): row for row in rows}


def _apply(
    request: HttpRequest,
    panel: Panel,
    ticks: Ticks,
    experts: Sequence[Expert],
    applications: Sequence[Application],
) -> bool:
    """Do what was ticked; True when it was done."""
    user = person(request)
    by_expert = {row.pk: row for row in experts}
    by_application = {row.pk: row for row in applications}
    given = _given(panel, applications)
    pairs = [
        (by_expert[expert], by_application[application])
        for expert, application in sorted(ticks.added)
        if expert in by_expert and application in by_application
    ]
    try:
        taken = assignment.change_by_hand(
            panel,
            give=pairs,
            take=[given[pair] for pair in sorted(ticks.removed) if pair in given],
            reason=ticks.reason,
            by=user,
        )
    except Invalid as invalid:
        ticks.refuse("pairs", invalid.reason)
        return False
    messages.success(
        request,
        _("已分配 {given} 份，撤回 {taken} 份。").format(given=len(taken[0]), taken=taken[1])
        if taken[0] or taken[1]
        else _("分配没有变化。"),
    )
    return True


@require_http_methods(GET_POST)
@pool_keepers_only
def matrix(request: HttpRequest, pk: int) -> HttpResponse:
    """Applications by experts, a tick for each pair; what keeps a pair apart stands in its cell."""
    user = person(request)
    found = kept_panel(user, pk)
    verdict = can_assign(user, found)
    words = words_of(request.GET)
    everybody = list(experts_for(found))
    experts = [
        expert
        for expert in everybody
        if all(
            word in f"{expert.name} {expert.unit} {' '.join(expert.specialities)}" for word in words.split()
        )
    ]
    page = Paginator(applications_of(found), PER_MATRIX).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    ticks = Ticks(request.POST if request.method == "POST" else None)
    if (
        request.method == "POST"
        and verdict
        and ticks.check()
        and _apply(request, found, ticks, everybody, rows)
    ):
        return redirect(request.get_full_path())
    conflicts: dict[Pair, list[Conflict]] = between(experts, rows)
    given = _given(found, rows)
    loads = Counter(assignments_of(found).values_list("expert", flat=True))
    context = {
        "panel": found,
        "crumbs": crumbs(found),
        "page": page,
        "query": urlencode({"q": words}) if words else "",
        "words": words,
        "experts": [(expert, loads[expert.pk]) for expert in experts],
        "rows": [
            (row, short_area(found.call, row.area), ticks.row(row, experts, given, conflicts)) for row in rows
        ],
        "ticks": ticks,
        "form_problems": ticks.problems,
        "assigning": verdict,
        "wanted": found.call.definition.experts.readers,
    }
    return render(request, "desk/panel_matrix.html", context, status=422 if ticks.problems else 200)


@require_http_methods(GET_POST)
@pool_keepers_only
def readers(request: HttpRequest, pk: int, reference: str) -> HttpResponse:
    """The readers of one application, as a list that fits a telephone: who knows the field first."""
    user = person(request)
    found = kept_panel(user, pk)
    application = get_object_or_404(applications_of(found), reference=reference)
    verdict = can_assign(user, found)
    experts = list(experts_for(found))
    ticks = Ticks(request.POST if request.method == "POST" else None)
    if request.method == "POST" and ticks.check() and _apply(request, found, ticks, experts, [application]):
        return redirect("desk:panel", pk)
    loads = Counter(assignments_of(found).values_list("expert", flat=True))
    known = dict(pool.area_choices())
    cells = ticks.row(application, experts, _given(found, [application]), between(experts, [application]))
    fits = {cell.expert.pk: assignment.fits(application, cell.expert) for cell in cells}
    cells.sort(key=lambda cell: (bool(cell.against), -fits[cell.expert.pk], loads[cell.expert.pk]))
    context = {
        "panel": found,
        "crumbs": crumbs(found),
        "application": application,
        "area": area_label(found.call, application.area),
        "rows": [
            (
                cell,
                [known.get(key, key) for key in cell.expert.specialities],
                loads[cell.expert.pk],
                fits[cell.expert.pk],
            )
            for cell in cells
        ],
        "ticks": ticks,
        "form_problems": ticks.problems,
        "assigning": verdict,
        "wanted": found.call.definition.experts.readers,
    }
    return render(request, "desk/panel_readers.html", context, status=422 if ticks.problems else 200)


@require_http_methods(GET_POST)
@pool_keepers_only
def withdrawal(request: HttpRequest, pk: int, assigned: int) -> HttpResponse:
    """Take one application back from one expert, with the reason."""
    user = person(request)
    found = kept_panel(user, pk)
    row = get_object_or_404(
        Assignment.objects.select_related("expert__user", "application", "panel__office"),
        pk=assigned,
        panel=found,
    )
    back = reverse("desk:panel", args=(pk,))
    form = ReasonForm(*posted(request), hint=_("例如：申报了回避；时间来不及。"))
    if request.method == "POST" and form.is_valid():
        assignment.withdraw(row, reason=form.cleaned_data["reason"], by=user)
        messages.success(request, _("已撤回。"))
        return redirect(back)
    verdict = can_assign(user, found)
    refused = "" if verdict else verdict.reason
    context = {
        "crumbs": crumbs(found),
        "title": _("从{expert}撤回 {reference}").format(
            expert=row.expert.name, reference=row.application.reference
        ),
        "verb": _("撤回分配"),
        "stop": True,
        "consequences": [_("本人看不到这件申请了；撤回和理由留在记录里，可以另请一位。")],
        "form": form,
        "form_problems": form_problems(form),
        "refused": refused or ("" if row.is_active else _("这一份已经撤回。")),
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


@require_safe
@pool_keepers_only
def panel_xlsx(request: HttpRequest, pk: int) -> HttpResponse:
    """Who reads what, one row for each; it can be changed and imported again."""
    found = kept_panel(person(request), pk)
    suspended = {row.pk for row, _reasons in suspended_of(found)}
    rows = (
        Assignment.objects.filter(panel=found, withdrawn_at__isnull=True)
        .select_related("expert__user", "application__lead", "by")
        .order_by("application__reference", "pk")
    )
    zone = found.call.zone
    table: list[list[Cell]] = [
        [
            row.application.reference, row.expert.user.email, assignment.GIVE, "", row.application.name,
            area_label(found.call, row.application.area), row.application.lead.name, row.expert.name,
            row.expert.unit, row.get_means_display(), row.at.astimezone(zone).replace(microsecond=0),
            _("回避，暂停") if row.pk in suspended else "",
        ]
        for row in rows
    ]  # fmt: skip
    heads = [
        *(names[0] for names in assignment.COLUMNS.values()),
        _("试点名称"), _("重点领域"), _("承担单位"), _("专家姓名"), _("工作单位"), _("怎样分配"), _("分配时间"), _("备注"),
    ]  # fmt: skip
    title = _("评审分配（{name}）").format(name=found.name)
    now = clock.now()
    return sheet(write_rows(title, heads, table, created=now), name=f"{title}-{now:%Y%m%d}.xlsx")
