"""Checking everything, freezing a version, and taking a frozen one back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shidian.applications import actions, rules
from shidian.applications.content import invited
from shidian.applications.models import Application
from shidian.applications.queries import answers, explanations, round_of
from shidian.applications.signing import due_gates
from shidian.core.errors import Invalid
from shidian.portal import overview
from shidian.portal.access import own_application, person
from shidian.portal.forms.reasons import ExplanationForm, ReasonForm
from shidian.portal.pictures import address
from shidian.portal.reading import written
from shidian.questionnaires.checks import Problem
from shidian.signoffs.queries import living, parties


def _link(application: Application, problem: Problem) -> str:
    if problem.section == overview.ATTACHMENTS:
        return f"{overview.url('attachments', application)}?check=all#{problem.anchor}"
    return f"{overview.url('section', application, section=problem.section)}?check=all#{problem.anchor}"


def _grouped(
    application: Application, problems: Sequence[Problem], failed: ExplanationForm | None = None
) -> list[dict[str, Any]]:
    """Problems by section in the order of the form, each with the link to its field and the reason given for it."""
    reasons = explanations(application)
    titles = {
        section.key: (section.mark, section.title) for section in application.call.questionnaire.sections
    }
    titles[overview.ATTACHMENTS] = (_("附"), _("证明材料"))
    groups: dict[str, list[dict[str, Any]]] = {}
    for problem in problems:
        said = reasons.get(problem.code)
        groups.setdefault(problem.section, []).append(
            {
                "message": problem.message,
                "url": _link(application, problem),
                "code": problem.code,
                "said": said,
                "form": failed if failed and failed.data.get("code") == problem.code else None,
            }
        )
    return [
        {"mark": mark, "title": title, "lines": groups[key]}
        for key, (mark, title) in titles.items()
        if key in groups
    ]


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, reference: str) -> HttpResponse:
    """Every problem of the whole application, by section; a warning is answered with a reason by post."""
    application = own_application(request, reference)
    form = ExplanationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code, reason = form.cleaned_data["code"], form.cleaned_data["reason"]
        actions.explain(application, code, reason, by=person(request))
        messages.success(
            request, _("说明已保存，冻结时写进这一版，受理机构会看到。") if reason else _("说明已删去。")
        )
        return redirect(overview.url("check", application))
    found = actions.problems(application)
    errors = [problem for problem in found if problem.severity == "error"]
    warnings = [problem for problem in found if problem.severity != "error"]
    decision, reasons = overview.open_reasons(application)
    context = {
        "application": application,
        "errors": _grouped(application, errors),
        "error_count": len(errors),
        "warnings": _grouped(application, warnings, form if form.is_bound else None),
        "warning_count": len(warnings),
        "form_problems": form.problems() if form.is_bound else [],
        "allowed": rules.can_freeze(person(request), application),
        "listed": overview.tasks(application, answers(application), current="check", reasons=reasons),
        "decision": decision,
        "reasons": reasons,
    }
    return render(request, "portal/check.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def freeze(request: HttpRequest, reference: str) -> HttpResponse:
    """Check your answers, and what freezing means; then freeze."""
    application = own_application(request, reference)
    allowed = rules.can_freeze(person(request), application)
    if request.method == "POST":
        try:
            version = actions.freeze(application, by=person(request))
        except Invalid as invalid:
            messages.error(request, invalid.reason)
            return redirect(overview.url("check", application))
        messages.success(
            request,
            _(
                "已冻结为 {version}，版本码 {code}。接下来请各单位出具意见：寄会签链接，或者打印申请书送去盖章签名。"
            ).format(version=version.label, code=version.code),
        )
        return redirect(overview.url("application", application))
    if not allowed:
        return redirect(overview.url("application", application))
    found = actions.problems(application)
    if any(problem.severity == "error" for problem in found):
        return redirect(overview.url("check", application))
    due = set(due_gates(application))
    last = application.document.versions.order_by("-number").first()
    context = {
        "application": application,
        "number": last.number + 1 if last else 1,
        "bodies": [
            {
                "each": each,
                "body": each.body,
                "now": each.body.gate in due,
                **overview.foreseen_words(application, each),
            }
            for each in actions.foresee(application)
        ],
        "again": sum(bool(each.changes) for each in actions.foresee(application)),
        "missing_roles": [
            role.label
            for role in application.call.definition.parties
            if not any(body.role == role.role for body in invited(application))
        ],
        "written": written(
            application.call.questionnaire, answers(application), address=address(application)
        ),
        "attachments": application.attachments.select_related("file"),
        "warnings": _grouped(application, found),
        "warning_count": len(found),
    }
    return render(request, "portal/freeze.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reopening(request: HttpRequest, reference: str) -> HttpResponse:
    """Say exactly which opinions become void, before it happens."""
    application = own_application(request, reference)
    allowed = rules.can_reopen(person(request), application)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.reopen(application, by=person(request), reason=form.cleaned_data["reason"])
        messages.success(request, _("会签已收回，可以修改了。改好以后重新检查、冻结、会签。"))
        return redirect(overview.url("application", application))
    round_ = round_of(application)
    given = (
        [party for party in parties(round_) if party.signature] if round_ and round_.state != "void" else []
    )
    context = {
        "application": application,
        "form": form,
        "sent": sum(living(party) is not None for party in parties(round_)) if round_ else 0,
        "all_again": application.call.definition.signing.again == "all",
        "given": [{"party": party, "signature": party.signature} for party in given],
        "refused": "" if allowed else allowed.reason,
        "back_url": overview.url("application", application),
        "form_problems": form.problems(),
    }
    return render(request, "portal/reopening.html", context)
