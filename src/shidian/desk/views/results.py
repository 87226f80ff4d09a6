"""What the destination decided: its letters, the results by hand or from a sheet, always tried before they are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.core import signing
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.audit.queries import timeline
from shidian.core import clock
from shidian.core.errors import Invalid, Stale
from shidian.core.language import in_words
from shidian.desk.access import deciding_office, last_office, officers_only, own_letter, person, seen_letter
from shidian.desk.forms.checks import Problem
from shidian.desk.forms.publishing import LetterForm, SheetForm
from shidian.desk.forms.words import CHOOSE, posted, tell_refused, upload
from shidian.dispatch.publishing import results as verbs
from shidian.dispatch.publishing import rules
from shidian.dispatch.publishing.models import Result, ResultLetter
from shidian.dispatch.publishing.queries import gone
from shidian.dispatch.publishing.results import Row, Trial
from shidian.documents.intake import Rejected
from shidian.documents.sheets import write_rows
from shidian.ui.files import sheet as sheet_answer
from shidian.ui.files import stored
from shidian.ui.history import entries
from shidian.ui.kept import keep, kept, ticket
from shidian.ui.templatetags.ui import form_problems
from shidian.ui.uploads import refused

GET_POST = ("GET", "HEAD", "POST")
PER_PAGE = 50
MOST_BYTES = 10_000_000
_SALT = "shidian.desk.results"


@require_safe
@officers_only
def results(request: HttpRequest, call: str) -> HttpResponse:
    """Every application that left, with its result; and the letters."""
    user = person(request)
    here, office = deciding_office(user, call)
    rows = gone(here)
    context = {
        "call": here,
        "office": office,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "letters": list(ResultLetter.objects.filter(call=here).select_related("by")),
        "recording": rules.can_record_results(user, here, office),
        "total": len(rows),
        "approved": sum(row.application.state == "approved" for row in rows),
        "not_selected": sum(row.application.state == "not_selected" for row in rows),
        "waiting": sum(row.application.state == "nominated" for row in rows),
    }
    return render(request, "desk/results.html", context)


@require_safe
@officers_only
def results_xlsx(request: HttpRequest, call: str) -> HttpResponse:
    """Results with both names, in the columns that the import reads: a template while there are none."""
    here, _office = deciding_office(person(request), call)
    columns = (
        "申请编号",
        "结果",
        "公布的名称",
        "公布的承担单位",
        "备注",
        "申请的名称",
        "申请的承担单位",
        "文号",
    )
    cells: list[list[Any]] = [
        [
            row.application.reference,
            str(row.result.get_outcome_display()) if row.result else "",
            row.result.issued_name if row.result else row.application.name,
            row.result.issued_unit if row.result else row.application.lead.name,
            row.result.remark if row.result else "",
            row.application.name,
            row.application.lead.name,
            row.result.letter.number if row.result else "",
        ]
        for row in gone(here)
    ]
    now = clock.now().astimezone(here.zone)
    title = f"{here.definition.batch}国家结果"
    return sheet_answer(
        write_rows(title, columns, cells, created=now), name=f"{title}-{now:%Y%m%d-%H%M}.xlsx"
    )


@require_http_methods(GET_POST)
@officers_only
def letter_new(request: HttpRequest, call: str) -> HttpResponse:
    """Record a letter with its scan; the results follow on its page."""
    user = person(request)
    here, office = last_office(user, call)
    verdict = rules.can_record_results(user, here, office)
    file = kept(request.POST.get("kept", ""), by=user, place=request.path)
    form = LetterForm(*posted(request), initial={"issuer": here.definition.destination.label})
    if request.method == "POST" and verdict:
        form.is_valid()
        tell_refused(form, "scan", refused(request))
        if given := upload(form, "scan"):
            try:
                file = keep(given, by=user)
            except Rejected as rejected:
                form.add_error("scan", in_words(rejected.said))
        if file is None and "scan" not in form.errors:
            form.add_error("scan", CHOOSE)
        if form.is_valid() and file is not None:
            said = {key: form.cleaned_data[key] for key in ("issuer", "number", "title", "dated")}
            try:
                made = verbs.record_letter(here, office, file=file, by=user, **said)
            except Invalid as refusal:
                for place, message in refusal.problems:
                    form.add_error(place if place in form.fields else None, message)
            else:
                messages.success(request, _("来文已登记，请写每一件的结果。"))
                return redirect("desk:result-letter", made.pk)
    back = reverse("desk:results", args=(here.key,))
    context = {
        "crumbs": [(back, _("国家结果"))],
        "title": _("登记来文"),
        "verb": _("登记"),
        "multipart": True,
        "hidden": {"kept": ticket(file, by=user, place=request.path)},
        "consequences": [
            _("来文登记以后不能改；结果在下一页逐件写，或者从 Excel 导入。"),
            *([_("已收到扫描件“{name}”，不用再选。").format(name=file.name)] if file else []),
        ],
        "form": form,
        "form_problems": form_problems(form),
        "refused": "" if verdict else verdict.reason,
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_POST)
@officers_only
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """A letter: what it says of each application, written by hand; what was typed is tried first."""
    user = person(request)
    found = own_letter(user, pk) if request.method == "POST" else seen_letter(user, pk)
    trial = None
    rows: list[Row] = []
    if request.method == "POST":
        rows = _typed(request.POST.dict())
        trial = verbs.try_rows(found.call, rows)
        if not trial.faults:
            return _trial(request, found, trial)
    return _letter_page(request, found, rows, trial)


def _typed(data: dict[str, str]) -> list[Row]:
    def said(name: str, reference: str) -> str:
        return " ".join(data.get(f"{name}-{reference}", "").split())

    return [
        Row(reference, outcome, said("name", reference), said("unit", reference), said("remark", reference))
        for key, outcome in data.items()
        if key.startswith("outcome-") and outcome
        for reference in [key.removeprefix("outcome-")]
    ]


def _letter_page(
    request: HttpRequest,
    found: ResultLetter,
    typed: Sequence[Row] = (),
    trial: Trial | None = None,
    form: SheetForm | None = None,
) -> HttpResponse:
    user = person(request)
    given = {row.reference: row for row in typed}
    wrong = {(fault.reference, fault.place): fault.message for fault in trial.faults} if trial else {}
    form = form or SheetForm()
    everything = gone(found.call)
    waiting = [
        row
        for row in everything
        if row.application.state == "nominated" or row.application.reference in given
    ]
    page = Paginator(waiting, PER_PAGE).get_page(request.POST.get("page") or request.GET.get("page"))
    lines = []
    for row in page.object_list:
        application, said = row.application, given.get(row.application.reference)
        lines.append(
            {
                "application": application,
                "outcome": said.outcome if said else "",
                "name": said.name if said else application.name,
                "unit": said.unit if said else application.lead.name,
                "remark": said.remark if said else "",
                "wrong": {
                    place: message
                    for (reference, place), message in wrong.items()
                    if reference == application.reference
                },
            }
        )
    problems: list[Any] = [
        Problem(fault.message, f"{fault.place}-{fault.reference}")
        for fault in (trial.faults if trial else [])
    ]
    problems += form_problems(form)
    context = {
        "letter": found,
        "call": found.call,
        "page": page,
        "lines": lines,
        "outcomes": Result.Outcome.choices,
        "recorded": list(
            found.results.select_related("application__lead", "application__call").order_by(
                "application__reference"
            )
        ),
        "recording": rules.can_record_results(user, found.call, found.office),
        "form": form,
        "form_problems": problems,
        "history": entries(timeline(found.chain)),
    }
    return render(request, "desk/result_letter.html", context, status=422 if problems else 200)


@require_POST
@officers_only
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a sheet and show what recording it would come to."""
    user = person(request)
    found = own_letter(user, pk)
    form = SheetForm(*posted(request))
    tell_refused(form, "sheet", refused(request))
    file = upload(form, "sheet") if form.is_valid() else None
    if file is not None and (file.size or 0) > MOST_BYTES:
        form.add_error("sheet", _("文件超过 10 MB。"))
    elif file is not None:
        try:
            rows, numbers = verbs.read_sheet(cast(BinaryIO, file.file))
        except Invalid as refusal:
            form.add_error("sheet", refusal.reason)
        else:
            return _trial(request, found, verbs.try_rows(found.call, rows, numbers=numbers))
    return _letter_page(request, found, form=form)


def _trial(request: HttpRequest, found: ResultLetter, trial: Trial) -> HttpResponse:
    context = {
        "letter": found,
        "call": found.call,
        "trial": trial,
        "rows": trial.rows[:200],
        "more": max(0, len(trial.rows) - 200),
        "faults": trial.faults[:100],
        "labels": dict(Result.Outcome.choices),
        "ticket": signing.dumps([found.pk, trial.to_json()], salt=_SALT, compress=True),
        "form_problems": [],
    }
    return render(request, "desk/result_trial.html", context, status=422 if trial.faults else 200)


@require_POST
@officers_only
def recording(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what was shown."""
    user = person(request)
    found = own_letter(user, pk)
    try:
        whose, rows = signing.loads(
            request.POST.get("ticket", ""),
            salt=_SALT,
            max_age=86_400,
        )
    except (signing.BadSignature, ValueError, TypeError):
        whose, rows = None, []
    if whose != found.pk:
        raise Stale(_("这一页放得太久了，请重新核对再登记。"))
    made = verbs.record_results(found, [Row(**row) for row in rows], by=user)
    messages.success(request, _("已登记 {count} 件结果，有关各方会收到通知。").format(count=len(made)))
    return redirect("desk:result-letter", pk)


@require_safe
@officers_only
def letter_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The scan of a letter."""
    return stored(seen_letter(person(request), pk).file)
