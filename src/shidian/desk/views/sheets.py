"""An expert's score sheets: the list, the sheet beside what is scored, saved item by item, handed in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.accounts.models import User
from shidian.calls.scoring import OVERALL, ScoreItem, Scoring, written
from shidian.core import clock
from shidian.core.errors import Invalid, Refused
from shidian.desk.access import experts_only, own_reading, person
from shidian.desk.forms.scoring import entry, keys_of, numbers
from shidian.desk.judging import content
from shidian.desk.views.reader import title_of
from shidian.documents.models import DocumentVersion
from shidian.reviews.experts.models import Assignment
from shidian.reviews.experts.queries import readable
from shidian.reviews.scoring import actions, rules
from shidian.reviews.scoring.actions import Contested
from shidian.reviews.scoring.calculation import rounded, total
from shidian.reviews.scoring.checking import Problem, Written, all_points, points_of, problems
from shidian.reviews.scoring.models import ScoreSheet, SheetEntry
from shidian.reviews.scoring.queries import (
    entries_of,
    progress,
    scoring_of,
    sheet_of,
    with_sheet,
    written_on,
)
from shidian.reviews.scoring.queries import (
    numbers as expert_numbers,
)

GET_POST = ("GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True)
class Row:
    """An item of the sheet as the page shows it."""

    key: str
    item: ScoreItem | None  # none for the overall opinion
    value: str
    comment: str
    wrong: str
    comment_wrong: str
    theirs: Written | None

    @property
    def label(self) -> str:
        """The words of the item."""
        return self.item.label if self.item else _("总体意见")

    @property
    def anchor(self) -> str:
        """The judgement that the points stand for."""
        points = points_of(self.item, self.value) if self.item and self.value else ""
        found = self.item.anchor(points) if self.item and not isinstance(points, str) else None
        return found.label if found else ""

    @property
    def comment_asked(self) -> str:
        """When words are needed."""
        if self.item is None or self.item.comment == "always":
            return _("必填")
        if self.item.comment_below is not None:
            return _("低于 {points} 分时必填").format(points=written(self.item.comment_below))
        return ""


@require_safe
@experts_only
def sheets(request: HttpRequest) -> HttpResponse:
    """Everything that the person has to score, what is open first."""
    user = person(request)
    rows = (
        readable(user)
        .select_related("panel__call")
        .prefetch_related("sheet__entries")
        .order_by("panel__closes_at", "application__reference")
    )
    # Hiding who applied in a title needs the names that stand in the version.
    whole = DocumentVersion.objects.in_bulk([row.version_id for row in rows if row.panel.blind])
    lines: list[dict[str, Any]] = []
    for row in rows:
        row.version = whole.get(row.version_id, row.version)
        scoring = row.panel.call.package.scoring
        sheet = getattr(row, "sheet", None)
        if scoring is not None:
            lines.append(
                {
                    "assignment": row,
                    "name": title_of(row),
                    "sheet": sheet,
                    "progress": progress(scoring, written_on(entries_of(sheet))),
                    "late": row.panel.state == "reviewing" and clock.now() > row.panel.closes_at,
                }
            )
    open_ = [line for line in lines if line["sheet"] is None or line["sheet"].state == "draft"]
    context = {
        "lines": open_ + [line for line in lines if line not in open_],
        "open": len(open_),
        "done": len(lines) - len(open_),
    }
    return render(request, "desk/sheets.html", context)


@never_cache
@require_http_methods(GET_POST)
@experts_only
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet beside the application; saved by post, with its problems when asked for (`?check`)."""
    user = person(request)
    assignment = own_reading(user, pk)
    if request.method != "POST":
        return _page(request, assignment)
    scoring = scoring_of(assignment.panel)
    seen = numbers(request.POST.dict())
    data = request.POST.dict()
    writings = {
        key: (given, seen.get(key, -1)) for key in keys_of(scoring) if (given := entry(data, key)) is not None
    }
    outcomes = actions.save_entries(assignment, writings, by=user)
    contested = {each.item: each for each in outcomes if isinstance(each, Contested)}
    if contested:
        return _page(request, assignment, contested=contested, status=409)
    if request.POST.get("go") == "submit":
        return redirect("desk:sheet-submission", pk)
    messages.success(request, _("已保存。"))
    return redirect(reverse("desk:sheet", args=(pk,)) + ("?check=1" if "check" in request.GET else ""))


def _page(
    request: HttpRequest,
    assignment: Assignment,
    *,
    contested: Mapping[str, Contested] | None = None,
    status: int = 200,
) -> HttpResponse:
    user = person(request)
    scoring, found = scoring_of(assignment.panel), sheet_of(assignment)
    entries = entries_of(found)
    held, contested = written_on(entries), contested or {}
    allowed = rules.can_score(user, assignment, found)
    wrong = problems(scoring, held) if allowed and "check" in request.GET else []
    counts = progress(scoring, held)
    context: dict[str, Any] = {
        "assignment": assignment,
        "panel": assignment.panel,
        "application": assignment.application,
        "name": title_of(assignment),
        "scoring": scoring,
        "sheet": found,
        "allowed": allowed,
        "rows": _rows(scoring, held, contested, {problem.anchor: problem.message for problem in wrong}),
        "numbers": json.dumps(
            {key: entries[key].number if key in entries else 0 for key in keys_of(scoring)}
        ),
        "saved_at": max((row.saved_at for row in entries.values()), default=None),
        "total": _total(scoring, held),
        "progress": counts,
        "parts": content(assignment),
        "contested": bool(contested),
        "form_problems": wrong,
        "discussing": rules.can_discuss(user, assignment.panel, assignment.application),
        **_submitted(assignment, scoring, found),
    }
    return render(request, "desk/sheet.html", context, status=status)


def _submitted(assignment: Assignment, scoring: Scoring, found: ScoreSheet | None) -> dict[str, Any]:
    """What was handed in, with what was moderated since."""
    if found is None or found.state != "submitted":
        return {}
    given = with_sheet(assignment, expert_numbers(assignment.panel)[assignment.expert_id], found)
    return {
        "given": given,
        "given_rows": [
            {
                "item": item,
                "points": written(given.points[item.key]),
                "before": written(given.submitted[item.key]),
                "comment": given.comments.get(item.key, ""),
                "anchor": item.anchor(given.points[item.key]),
            }
            for item in scoring.items
        ],
        "given_total": rounded(total(scoring, given.points), scoring.formula.decimals),
        "given_choice": scoring.option_labels.get(given.recommendation, ""),
        "given_overall": given.comments.get(OVERALL, ""),
    }


def _rows(
    scoring: Scoring,
    held: Mapping[str, Written],
    contested: Mapping[str, Contested],
    wrong: Mapping[str, str],
) -> list[Row]:
    rows = []
    for key in keys_of(scoring):
        given = contested[key].mine if key in contested else held.get(key, Written())
        value = (
            f"f-{OVERALL}-choice-{scoring.recommendations[0].key}"
            if key == OVERALL and scoring.recommendations
            else f"f-{key}-points"
        )
        rows.append(
            Row(
                key,
                scoring.by_key.get(key),
                given.value,
                given.comment,
                wrong.get(value, ""),
                wrong.get(f"f-{key}-comment", ""),
                contested[key].theirs if key in contested else None,
            )
        )
    return rows


def _total(scoring: Scoring, held: Mapping[str, Written]) -> str:
    """The total so far, in words."""
    points = all_points(scoring, held)
    if len(points) < len(scoring.items):
        return _("已打 {done} 项，共 {total} 项").format(done=len(points), total=len(scoring.items))
    value = rounded(total(scoring, points), scoring.formula.decimals)
    return _("总分 {total}，满分 {full}").format(total=value, full=written(scoring.full))


def _json(content: dict[str, Any], status: int = 200) -> JsonResponse:
    return JsonResponse(content, status=status, json_dumps_params={"ensure_ascii": False})


@never_cache
@require_POST
def save(request: HttpRequest, pk: int, item: str) -> HttpResponse:
    """Save one item, posted as its controls and the `number` that it started from; answers in JSON.

    200 {"number", "saved_at", "total"}; 409 {"contested": html, "number"} when another window wrote first;
    401 {"sign_in"} after the session has ended; 403 {"refused": words}; 404 when it is not this person's to score.
    """
    user = request.user
    if not isinstance(user, User):
        return _json({"sign_in": reverse("account_login")}, 401)
    assignment = own_reading(user, pk)
    data = request.POST.dict()
    given, number = entry(data, item), data.get("number", "")
    if given is None and item == OVERALL:
        given = Written()
    if given is None or not (number.isascii() and number.isdigit() and len(number) < 9):
        return _json({"refused": _("这一项没有送到，请刷新页面再试。")}, 400)
    if data.get("keep") == "theirs":
        return _saved(assignment, item)
    try:
        [outcome] = actions.save_entries(assignment, {item: (given, int(number))}, by=user)
    except Refused as refused:
        return _json({"refused": refused.reason}, 403)
    if isinstance(outcome, Contested):
        scoring = scoring_of(assignment.panel)
        context = {
            "row": _rows(scoring, {}, {item: outcome}, {})[keys_of(scoring).index(item)],
            "scoring": scoring,
        }
        html = render_to_string("desk/parts/sheet_contested.html", context)
        return _json({"contested": html, "number": outcome.number}, 409)
    return _saved(assignment, item)


def _saved(assignment: Assignment, item: str) -> JsonResponse:
    scoring = scoring_of(assignment.panel)
    rows = entries_of(sheet_of(assignment))
    row = rows.get(item) or SheetEntry(item=item, number=0, saved_at=clock.now())
    held = written_on(rows)
    return _json(
        {
            "number": row.number,
            "saved_at": f"{timezone.localtime(row.saved_at):%H:%M}",
            "total": _total(scoring, held),
            "anchor": Row(item, scoring.by_key.get(item), row.value, "", "", "", None).anchor,
        }
    )


@require_http_methods(GET_POST)
@experts_only
def submission(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the sheet in; with anything still wrong, back to the sheet and its problems."""
    user = person(request)
    assignment = own_reading(user, pk)
    scoring, found = scoring_of(assignment.panel), sheet_of(assignment)
    here = reverse("desk:sheet", args=(pk,))
    if request.method == "POST":
        try:
            actions.submit(assignment, by=user)
        except Invalid as invalid:
            messages.warning(request, invalid.reason)
            return redirect(f"{here}?check=1")
        messages.success(
            request, _("{reference} 的评分表已提交。").format(reference=assignment.application.reference)
        )
        return redirect("desk:sheets")
    held = written_on(entries_of(found))
    allowed = rules.can_score(user, assignment, found)
    wrong: list[Problem] = problems(scoring, held) if allowed else []
    if wrong:
        return redirect(f"{here}?check=1")
    context = {
        "crumbs": [(reverse("desk:sheets"), _("我的评分")), (here, assignment.application.reference)],
        "title": _("提交“{name}”的评分表").format(name=title_of(assignment)),
        "verb": _("提交评分表"),
        "consequences": [
            _total(scoring, held) + _("。"),
            _("提交以后不能自己修改；写错了，请组织评审的机构写明理由重新打开。"),
            _("转入合议以后，提交过的专家可以互相看到这份申请的评分和评语。"),
        ],
        "refused": "" if allowed else allowed.reason,
        "back_url": here,
    }
    return render(request, "desk/confirmation.html", context)
