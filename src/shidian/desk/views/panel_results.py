"""What the sheets of a panel come to: the table, other weights tried out, the result frozen and worked out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.audit.queries import timeline
from shidian.calls.scoring import Scoring, written
from shidian.core import clock
from shidian.desk.access import person
from shidian.desk.judging import looked_panel, rule_words, run_panel, tie_word, way
from shidian.desk.views.discussion import outlier_words
from shidian.documents.models import DocumentVersion
from shidian.reviews.experts.models import Panel
from shidian.reviews.scoring import actions, frozen, papers, queries, rules
from shidian.reviews.scoring.calculation import Line
from shidian.reviews.scoring.calculation import results as computed
from shidian.reviews.scoring.checking import Problem, number_of, plain
from shidian.reviews.scoring.meeting import meeting_of
from shidian.reviews.scoring.queries import Standing
from shidian.reviews.scoring.what_if import moves
from shidian.ui.files import made, sheet
from shidian.ui.history import entries

GET_POST = ("GET", "HEAD", "POST")
MOST_WEIGHT = Decimal(1000)


def _missing(now: Standing) -> dict[str, int]:
    """How many sheets are missing, by application."""
    found: dict[str, int] = {}
    for row in now.missing:
        reference = row.assignment.application.reference
        found[reference] = found.get(reference, 0) + 1
    return found


def _lines(
    scoring: Scoring, lines: Sequence[Mapping[str, Any]], names: Mapping[str, Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Lines of a result as the page shows them, with ties in words."""
    shown = []
    for line in lines:
        tie = ""
        if line["tie"]:
            above, rule = line["tie"]["above"], line["tie"]["rule"]
            tie = (
                _("与 {above} 得分相同，按{rule}排在其后").format(above=above, rule=tie_word(scoring, rule))
                if rule
                else _("与 {above} 各项都相同，并列").format(above=above)
            )
        shown.append({**line, "tie_words": tie, **names[line["application"]]})
    return shown


def _names(now: Standing) -> dict[str, dict[str, str]]:
    return {
        reference: {"name": application.name, "lead": application.lead.name}
        for reference, application in now.applications.items()
    }


@require_safe
@login_required
def results(request: HttpRequest, pk: int) -> HttpResponse:
    """The result as it stands: ranks, ties explained, spread, outliers, missing sheets, and what was frozen."""
    user = person(request)
    panel = looked_panel(user, pk)
    now = queries.standing(panel)
    missing = _missing(now)
    by_key = {(row.key, row.assignment.application.reference): row for row in now.rows}
    frozen_ones = queries.results_of(panel)
    context = {
        "panel": panel,
        "crumbs": way(user, panel),
        "call": panel.call,
        "scoring": now.scoring,
        "lines": _lines(now.scoring, frozen.lines_as_json(now.lines), _names(now)),
        "missing_by": missing,
        "missing": now.missing,
        "total": len(now.rows),
        "outliers": [
            {"outlier": each, "row": by_key[each.expert, each.application], "words": outlier_words(each)}
            for each in now.outliers
        ],
        "rules": rule_words(now.scoring),
        "frozen": frozen_ones,
        "differs": bool(frozen_ones) and _differs(now, frozen_ones[0]),
        "runs": bool(rules.can_run(user, panel)),
        "freezing": rules.can_freeze(user, panel),
        "meeting": meeting_of(panel),
        "history": entries(timeline(panel.chain)[:50]),
    }
    return render(request, "desk/panel_results.html", context)


def _differs(now: Standing, version: DocumentVersion) -> bool:
    """Whether something changed since a result was frozen."""
    return bool({**queries.result_content(now), "version": version.number} != version.data)


@require_safe
@login_required
def results_xlsx(request: HttpRequest, pk: int) -> HttpResponse:
    """The result as it stands, as a sheet."""
    panel = looked_panel(person(request), pk)
    now = queries.standing(panel)
    content = {"result": frozen.lines_as_json(now.lines), "names": _names(now)}
    title = f"评审结果（{panel.name}，未冻结）"
    created = clock.now().astimezone(panel.call.zone)
    return sheet(papers.results_xlsx(title, content, _missing(now), created), name=f"{title}.xlsx")


@require_safe
@login_required
def sheets_xlsx(request: HttpRequest, pk: int) -> HttpResponse:
    """Every sheet that is in, with its points and words."""
    panel = looked_panel(person(request), pk)
    return sheet(papers.sheets_xlsx(queries.standing(panel)), name=f"评分表（{panel.name}）.xlsx")


def _weights(
    scoring: Scoring, query: Mapping[str, str]
) -> tuple[dict[str, Decimal], list[dict[str, Any]], list[Problem]]:
    """The weights of the address, how the form shows them, and what is wrong with them."""
    weights: dict[str, Decimal] = {}
    fields, problems = [], []
    for item in scoring.items:
        name = f"w-{item.key}"
        typed = plain(query.get(name, written(item.weight)))
        weight, wrong = number_of(typed), ""
        if weight is None or weight > MOST_WEIGHT:
            wrong = _("“{label}”的权重请写 0 至 1000 的数字").format(label=item.label)
            problems.append(Problem(wrong, f"id_{name}"))
        else:
            weights[item.key] = weight
        fields.append({"item": item, "name": name, "typed": typed, "wrong": wrong})
    if not problems and not any(weights.values()):
        words = _("至少一项的权重要大于 0")
        problems.append(Problem(words, f"id_w-{scoring.items[0].key}"))
    return weights, fields, problems


@require_safe
@login_required
def what_if(request: HttpRequest, pk: int) -> HttpResponse:
    """Which places other weights would change; read from the address, never stored."""
    user = person(request)
    panel = looked_panel(user, pk)
    now = queries.standing(panel)
    weights, fields, problems = _weights(now.scoring, request.GET.dict())
    asked = any(name.startswith("w-") for name in request.GET)
    after: list[Line] = []
    if asked and not problems:
        after = computed(now.scoring, now.applications, now.sheets, weights=weights)
    names = _names(now)
    before = {line.application: line for line in now.lines}
    context = {
        "panel": panel,
        "crumbs": way(user, panel, (reverse("desk:panel-results", args=(pk,)), _("评审结果"))),
        "fields": fields,
        "form_problems": problems,
        "asked": asked and not problems,
        "moves": [
            {
                "move": move,
                "name": names[move.application]["name"],
                "places": abs(move.before - move.after),
                "up": move.after < move.before,
                "passed": _("、").join(move.passed),
                "passed_by": _("、").join(move.passed_by),
            }
            for move in moves(now.lines, after)
        ],
        "lines": [
            {
                "line": line,
                "before": before[line.application].rank,
                "score_before": before[line.application].score,
                **names[line.application],
            }
            for line in after
            if line.rank
        ],
    }
    return render(request, "desk/what_if.html", context, status=422 if asked and problems else 200)


@require_http_methods(GET_POST)
@login_required
def freezing(request: HttpRequest, pk: int) -> HttpResponse:
    """Freeze the result as it stands."""
    user = person(request)
    panel = run_panel(user, pk)
    if request.method == "POST":
        version = actions.freeze_result(panel, by=user)
        messages.success(request, _("评审结果已冻结，版本码 {code}。").format(code=version.code))
        return redirect("desk:result", pk, version.number)
    now = queries.standing(panel)
    missing, ties = len(now.missing), [line for line in now.lines if line.tie and not line.tie.rule]
    consequences = [
        _("{sheets} 份评分表、评分规则和算出的结果一起冻结，得到一个版本码。").format(sheets=len(now.sheets)),
        _("以后任何人都可以用冻结的评分重新计算，逐字节核对。"),
        _("冻结以后仍可以调整评分，但要再冻结一次，成为新的一版；以前的版本保留。"),
    ]
    if missing:
        consequences.insert(0, _("还有 {missing} 份评分表没有提交，不计入结果。").format(missing=missing))
    if ties:
        consequences.append(_("有 {ties} 处并列，规则分不出先后。").format(ties=len(ties)))
    allowed = rules.can_freeze(user, panel)
    refused = "" if allowed else allowed.reason
    if allowed and not now.sheets:
        refused = _("还没有一份提交的评分表，没有结果可以冻结。")
    context = {
        "crumbs": [(reverse("desk:panel-results", args=(pk,)), _("评审结果"))],
        "title": _("冻结“{panel}”的评审结果").format(panel=panel.name),
        "verb": _("冻结结果"),
        "consequences": consequences,
        "refused": refused,
        "back_url": reverse("desk:panel-results", args=(pk,)),
    }
    return render(request, "desk/confirmation.html", context)


def _frozen(panel: Panel, number: int) -> DocumentVersion:
    found = next((each for each in queries.results_of(panel) if each.number == number), None)
    if found is None:
        raise Http404
    return found


@require_http_methods(GET_POST)
@login_required
def result(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A frozen result; posted to, it is worked out again and compared byte by byte. Nothing is changed by that."""
    user = person(request)
    panel = looked_panel(user, pk)
    version = _frozen(panel, number)
    data = version.data
    scoring = frozen.rules_from_json(data["scoring"])
    context = {
        "panel": panel,
        "crumbs": way(user, panel, (reverse("desk:panel-results", args=(pk,)), _("评审结果"))),
        "version": version,
        "data": data,
        "lines": _lines(scoring, data["result"], data["names"]),
        "rules": rule_words(scoring),
        "experts": {each["key"]: each["name"] for each in data["experts"]},
        "moderations": [
            {
                **change,
                "who": next(e["name"] for e in data["experts"] if e["key"] == change["expert"]),
                "label": scoring.by_key[change["item"]].label,
            }
            for change in data["moderations"]
        ],
        "checked": request.method == "POST",
        "equal": queries.is_equal(version) if request.method == "POST" else None,
        "newest": queries.results_of(panel)[0].number == number,
    }
    return render(request, "desk/panel_result.html", context)


@require_safe
@login_required
def result_xlsx(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A frozen result as a sheet."""
    panel = looked_panel(person(request), pk)
    version = _frozen(panel, number)
    title = f"评审结果（{panel.name}，{version.label}）"
    created = version.created_at.astimezone(panel.call.zone)
    return sheet(papers.results_xlsx(title, version.data, {}, created), name=f"{title}.xlsx")


@require_safe
@login_required
def result_json(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A frozen result as its canonical bytes, whose SHA-256 is the digest."""
    panel = looked_panel(person(request), pk)
    version = _frozen(panel, number)
    name = f"{version.document.reference}-{version.label}.json"
    return made(version.content.encode(), name=name, media_type="application/json", download=True)
