"""The sheets of one application side by side, what is said about them, and what is moderated or given back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.calls.scoring import OVERALL, Scoring, written
from shidian.core.errors import Invalid, require
from shidian.desk.access import person
from shidian.desk.forms.scoring import ModerationForm, RemarkForm
from shidian.desk.forms.words import ReasonForm, posted
from shidian.desk.judging import discussed, run_panel, way
from shidian.desk.views.reader import title_of
from shidian.reviews.experts.models import Panel
from shidian.reviews.scoring import actions, queries, rules
from shidian.reviews.scoring.calculation import Outlier, outliers, rounded, total
from shidian.reviews.scoring.models import ScoreSheet
from shidian.reviews.scoring.queries import Given
from shidian.ui.templatetags.ui import form_problems

GET_POST = ("GET", "HEAD", "POST")


def name_of(row: Given, scoring: Scoring, user: User, *, looks: bool) -> str:
    """The expert as this person may know it: a number to other experts, unless the call names them."""
    if row.assignment.expert.user_id == user.pk:
        return _("您")
    return row.assignment.expert.name if looks or scoring.names_in_discussion else row.alias


def outlier_words(outlier: Outlier) -> str:
    """How far a sheet is from the others, in a sentence."""
    words = (
        _("比其他 {count} 位专家的平均 {others} 高 {by} 分")
        if outlier.by > 0
        else _("比其他 {count} 位专家的平均 {others} 低 {by} 分")
    )
    return words.format(count=outlier.count, others=outlier.others, by=abs(outlier.by))


@require_http_methods(GET_POST)
@login_required
def discussion(request: HttpRequest, pk: int, reference: str) -> HttpResponse:
    """All sheets of an application for its officers; in the discussion also for experts who handed in their own."""
    user = person(request)
    panel, application, looks = discussed(user, pk, reference)
    may = rules.can_discuss(user, panel, application)
    if not looks:
        require(may)
    form = RemarkForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            actions.remark(panel, application, form.cleaned_data["text"], by=user)
        except Invalid as invalid:
            form.add_error("text", invalid.reason)
        else:
            messages.success(request, _("已发出。"))
            return redirect(reverse("desk:discussion", args=(pk, reference)) + "#h-said")
    scoring = queries.scoring_of(panel)
    rows = queries.given(panel, application)
    counted = queries.counted(rows)
    found = {outlier.expert: outlier for outlier in outliers(scoring, counted)}
    names = {row.number: name_of(row, scoring, user, looks=looks) for row in rows}
    by_assignment = {row.assignment.pk: names[row.number] for row in rows}
    context = {
        "panel": panel,
        "crumbs": way(user, panel, (reverse("desk:panel-results", args=(pk,)), _("评审结果")))
        if looks
        else [],
        "application": application,
        "name": application.name if looks else title_of(rows[0].assignment),
        "looks": looks,
        "runs": bool(rules.can_run(user, panel)),
        "scoring": scoring,
        "columns": [_column(row, names[row.number], scoring, found.get(row.key)) for row in rows],
        "table": _table(rows, scoring),
        "moderations": [
            {
                "change": change,
                "who": names[row.number],
                "item": scoring.by_key[change.item].label,
                "by": change.by.label if looks else _("组织评审的机构"),
            }
            for row in rows
            for change in row.moderations
        ],
        "said": [
            {"row": said, "who": _speaker(said, by_assignment, user)}
            for said in queries.remarks(panel, application)
        ],
        "form": form,
        "form_problems": form_problems(form),
        "may": may,
    }
    return render(request, "desk/discussion.html", context, status=422 if form.errors else 200)


def _speaker(said: Any, names: dict[int, str], user: User) -> str:
    if said.by_id == user.pk:
        return _("您")
    if said.assignment_id is None:
        return str(said.by.label)
    # An expert who has left the panel since goes without a name.
    return names.get(said.assignment_id, _("一位已不在组内的专家"))


def _column(row: Given, name: str, scoring: Scoring, outlier: Outlier | None) -> dict[str, Any]:
    """One expert's sheet: the total, the recommendation, the words."""
    said = [(item.label, row.comments[item.key]) for item in scoring.items if row.comments.get(item.key)]
    if row.comments.get(OVERALL):
        said.append((_("总体意见"), row.comments[OVERALL]))
    return {
        "row": row,
        "name": name,
        "total": rounded(total(scoring, row.points), scoring.formula.decimals) if row.counts else None,
        "choice": scoring.option_labels.get(row.recommendation, ""),
        "said": said,
        "outlier": outlier_words(outlier) if outlier else "",
    }


def _table(rows: Sequence[Given], scoring: Scoring) -> list[dict[str, Any]]:
    """The points by item: one cell for each expert, with what was handed in where it was moderated."""
    return [
        {
            "item": item,
            "cells": [
                {
                    "points": written(row.points[item.key]) if row.counts else "",
                    "before": written(row.submitted[item.key])
                    if row.counts and row.points[item.key] != row.submitted[item.key]
                    else "",
                }
                for row in rows
            ],
        }
        for item in scoring.items
    ]


def _sheet(user: User, pk: int, sheet: int) -> tuple[Panel, ScoreSheet, Application]:
    """A sheet of a panel that the person runs."""
    panel = run_panel(user, pk)
    found = (
        ScoreSheet.objects.select_related(
            "assignment__expert__user", "assignment__application__lead", "version"
        )
        .filter(pk=sheet, assignment__panel=panel, assignment__withdrawn_at__isnull=True)
        .first()
    )
    if found is None:
        raise Http404
    found.assignment.panel = panel
    return panel, found, found.assignment.application


def _crumbs(panel: Panel, application: Application) -> list[tuple[str, str]]:
    return [
        (reverse("desk:panel-results", args=(panel.pk,)), panel.name),
        (reverse("desk:discussion", args=(panel.pk, application.reference)), application.reference),
    ]


@require_http_methods(GET_POST)
@login_required
def reopening(request: HttpRequest, pk: int, sheet: int) -> HttpResponse:
    """Give a submitted sheet back to its expert, with a reason."""
    user = person(request)
    panel, found, application = _sheet(user, pk, sheet)
    back = reverse("desk:discussion", args=(pk, application.reference))
    hint = _("专家看不到理由，理由记在评审组的经过里。")
    form = ReasonForm(request.POST if request.method == "POST" else None, hint=hint)
    if request.method == "POST" and form.is_valid():
        actions.reopen(found, by=user, reason=form.cleaned_data["reason"])
        messages.success(
            request, _("已重新打开{expert}的评分表。").format(expert=found.assignment.expert.name)
        )
        return redirect(back)
    allowed = rules.can_reopen(user, found)
    context = {
        "crumbs": _crumbs(panel, application),
        "title": _("重新打开{expert}的评分表").format(expert=found.assignment.expert.name),
        "verb": _("重新打开"),
        "consequences": [
            _("{expert}可以修改对“{name}”的评分，改完要重新提交。").format(
                expert=found.assignment.expert.name, name=application.name
            ),
            _("已经提交的一份保留为证据；重新提交以前，这份评分不计入结果。"),
            _("对这份评分表作过的调整，重新提交以后不再计入。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": "" if allowed else allowed.reason,
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_POST)
@login_required
def moderation(request: HttpRequest, pk: int, sheet: int) -> HttpResponse:
    """Record other points for an item, as the discussion settled them."""
    user = person(request)
    panel, found, application = _sheet(user, pk, sheet)
    allowed = rules.can_moderate(user, found)
    require(allowed)
    scoring = queries.scoring_of(panel)
    given = queries.with_sheet(found.assignment, queries.numbers(panel)[found.assignment.expert_id], found)
    form = ModerationForm(scoring, given.points, *posted(request))
    back = reverse("desk:discussion", args=(pk, application.reference))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            actions.moderate(found, values["item"], values["points"], by=user, reason=values["reason"])
        except Invalid as invalid:
            for problem in invalid.problems:
                form.add_error(problem.anchor.removeprefix("id_"), problem.message)
        else:
            messages.success(request, _("调整已记录，专家提交的原件没有改动。"))
            return redirect(back)
    context = {
        "crumbs": _crumbs(panel, application),
        "title": _("调整{expert}的一项评分").format(expert=found.assignment.expert.name),
        "verb": _("记录调整"),
        "consequences": [
            _("结果按调整以后的分数计算；专家提交的原件不变，两个分数都看得到。"),
            _("谁、什么时候、从多少改到多少、为什么，都随结果冻结。"),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)
