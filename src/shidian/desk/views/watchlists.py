"""Lists of units loaded from files: what is searched now, loading another, its history. Nothing is judged by them."""

from __future__ import annotations

from typing import Any, BinaryIO, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.audit.queries import timeline
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, Stale
from shidian.desk.access import person, watchlist_keepers_only
from shidian.desk.forms.watchlists import SOURCES_ID, ColumnsForm, FileForm
from shidian.desk.forms.words import ReasonForm, posted, tell_refused
from shidian.documents.models import StoredFile
from shidian.documents.sheets import write_rows
from shidian.organisations.codes import unit_code
from shidian.organisations.models import Watchlist
from shidian.organisations.names import comparable
from shidian.organisations.queries import current_watchlists
from shidian.organisations.watchlists import TARGETS, Reading
from shidian.reviews import watchlists as verbs
from shidian.ui.files import sheet, stored
from shidian.ui.filters import words_of
from shidian.ui.history import entries
from shidian.ui.templatetags.ui import form_problems
from shidian.ui.uploads import refused

GET_POST = ("GET", "HEAD", "POST")
PER_PAGE = 50
TONES = {
    "received": "turn",
    "loading": "wait",
    "failed": "stop",
    "current": "done",
    "superseded": "idle",
    "withdrawn": "void",
    "discarded": "idle",
}


def _find(pk: int) -> Watchlist:
    return get_object_or_404(Watchlist.objects.select_related("received_by", "loaded_by"), pk=pk)


def _crumbs(request: HttpRequest) -> list[tuple[str, str]]:
    """Where the person comes from: an administrator from the administration, an officer from the desk."""
    first = (
        (reverse("desk:administration"), _("系统管理"))
        if person(request).is_administrator
        else (reverse("desk:home"), _("工作台"))
    )
    return [first, (reverse("desk:watchlists"), _("名单"))]


@require_safe
@watchlist_keepers_only
def watchlists(request: HttpRequest) -> HttpResponse:
    """What is searched now, by kind, what waits for somebody, and every load that there was."""
    current = current_watchlists()
    loads = Watchlist.objects.defer("reading").select_related("received_by")
    page = Paginator(loads, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "crumbs": _crumbs(request)[:1],
        "kinds": [
            (label, [row for row in current if row.kind == kind]) for kind, label in Watchlist.Kind.choices
        ],
        "waiting": loads.filter(state__in=("received", "loading", "failed")),
        "page": page,
        "rows": [(row, TONES[row.state]) for row in page.object_list],
    }
    return render(request, "desk/watchlists.html", context)


@require_http_methods(GET_POST)
@watchlist_keepers_only
def loading(request: HttpRequest) -> HttpResponse:
    """Choose a file and say what it is; it is read at once, and loaded only after a person confirmed what was read."""
    form = FileForm(*posted(request))
    if request.method == "POST":
        tell_refused(form, "file", refused(request))
        if form.is_valid():
            given = form.cleaned_data
            try:
                found = verbs.receive(
                    cast(BinaryIO, given["file"].file),
                    name=given["file"].name or "",
                    kind=Watchlist.Kind(given["kind"]),
                    source=given["source"],
                    as_of=given["as_of"],
                    by=person(request),
                )
            except Invalid as invalid:
                for place, message in invalid.problems:
                    form.add_error(place, message)
            else:
                return redirect("desk:watchlist", found.pk)
    sources = Watchlist.objects.order_by("source").values_list("source", flat=True).distinct()
    context = {
        "crumbs": _crumbs(request),
        "form": form,
        "form_problems": form_problems(form),
        "sources": sources[:50],
        "sources_id": SOURCES_ID,
    }
    return render(request, "desk/watchlist_new.html", context, status=422 if form.errors else 200)


@require_safe
@watchlist_keepers_only
def watchlist(request: HttpRequest, pk: int) -> HttpResponse:
    """One load: what was read and how to confirm it, how far the loading is, or its rows."""
    return _page(request, _find(pk))


def _page(
    request: HttpRequest, found: Watchlist, form: ColumnsForm | None = None, status: int = 200
) -> HttpResponse:
    reading = Reading.from_json(found.reading)
    context: dict[str, Any] = {
        "crumbs": _crumbs(request),
        "watchlist": found,
        "tone": TONES[found.state],
        "reading": reading,
        "history": entries(timeline(found.chain)),
        "words": _words(found),
    }
    if found.state in ("received", "failed"):
        form = form or ColumnsForm(reading)
        named = {at: _(TARGETS[target]) for target, at in reading.columns.items()}
        context |= {
            "form": form,
            "form_problems": form.problems,
            "mark": verbs.mark(found),
            "heads": [(head, named.get(at, "")) for at, head in enumerate(reading.heads)],
            "present": Watchlist.objects.filter(
                kind=found.kind, source=found.source, state="current"
            ).first(),
            "missing": [_(label) for target, label in TARGETS.items() if target not in reading.columns],
        }
    elif found.state != "loading":
        context |= _entries(request, found)
    return render(request, "desk/watchlist.html", context, status=status)


def _entries(request: HttpRequest, found: Watchlist) -> dict[str, Any]:
    words = words_of(request.GET)
    rows = found.entries.order_by("row")
    if words:
        code = unit_code.normalise(words)
        rows = rows.filter(
            Q(name__icontains=words)
            | Q(name_key__contains=comparable(words) or words)
            | Q(code__icontains=code)
            | Q(former_name__icontains=words)
        )
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return {"page": page, "asked": words, "query": urlencode({"q": words}) if words else ""}


def _words(found: Watchlist) -> str:
    """How far the loading is."""
    return (
        _("已载入 {done} 行，共 {total} 行").format(done=found.done, total=found.total)
        if found.done
        else _("排队等待载入")
    )


@require_POST
@watchlist_keepers_only
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which column is which; the file is read again and the preview shows what comes out."""
    found = _find(pk)
    if found.state != "received":
        raise NotNow(_("这份名单现在是“{state_label}”，不能再改列。").format(state_label=found.state_label))
    form = ColumnsForm(Reading.from_json(found.reading), request.POST)
    if not form.problems:
        try:
            verbs.choose_columns(
                found,
                columns=None if form.recognises else form.columns,
                head=form.head,
                sheet=form.sheet,
                by=person(request),
            )
        except Invalid as invalid:
            for place, message in invalid.problems:
                form.say(place, message)
        else:
            messages.success(request, _("已按您指定的列重新读过，请看下面的结果。"))
            return redirect("desk:watchlist", pk)
    return _page(request, found, form, status=422)


@require_POST
@watchlist_keepers_only
def confirmation(request: HttpRequest, pk: int) -> HttpResponse:
    """Load what was shown."""
    found = _find(pk)
    try:
        verbs.confirm(found, seen=request.POST.get("mark", ""), by=person(request))
    except Stale as stale:
        messages.warning(request, stale.reason)
    else:
        found.refresh_from_db()
        if found.state == "current":
            messages.success(request, _("已载入 {done} 条，从现在起比对用这一份。").format(done=found.done))
        elif found.state == "loading":
            messages.success(request, _("已开始载入，可以离开这一页。"))
    return redirect("desk:watchlist", pk)


@require_POST
@watchlist_keepers_only
def discarding(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up a file that was not loaded."""
    verbs.discard(_find(pk), by=person(request))
    messages.success(request, _("没有载入这份文件；它留在载入历史里。"))
    return redirect("desk:watchlists")


@require_safe
@watchlist_keepers_only
def progress(request: HttpRequest, pk: int) -> JsonResponse:
    """What the progress bar asks for."""
    found = _find(pk)
    return JsonResponse(
        {
            "done": found.done,
            "total": found.total,
            "words": _words(found),
            "finished": found.state != "loading",
        },
        json_dumps_params={"ensure_ascii": False},
    )


@require_http_methods(GET_POST)
@watchlist_keepers_only
def withdrawal(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a list out of the search, with a reason."""
    return _with_reason(
        request,
        _find(pk),
        withdrawing=True,
        verb=_("撤下"),
        consequences=[
            _("从现在起审查页不再比对这一份；已经看过的结果不受影响。"),
            _("文件和每一行都留着，需要时可以恢复。"),
        ],
        done=_("已撤下，不再比对。"),
        hint=_("例如：载错了文件；来源通知数据有误。"),
    )


@require_http_methods(GET_POST)
@watchlist_keepers_only
def reinstatement(request: HttpRequest, pk: int) -> HttpResponse:
    """Search an earlier list again, with a reason."""
    return _with_reason(
        request,
        _find(pk),
        withdrawing=False,
        verb=_("恢复"),
        consequences=[_("从现在起审查页又比对这一份，截至日期仍是它自己的。")],
        done=_("已恢复，从现在起比对用这一份。"),
        hint=_("例如：新载入的一份有误，已撤下。"),
    )


def _with_reason(
    request: HttpRequest,
    found: Watchlist,
    *,
    withdrawing: bool,
    verb: str,
    consequences: list[str],
    done: str,
    hint: str,
) -> HttpResponse:
    form = ReasonForm(request.POST or None, hint=hint)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        act = verbs.withdraw if withdrawing else verbs.reinstate
        try:
            act(found, reason=form.cleaned_data["reason"], by=person(request))
        except NotNow as refused_now:
            refusal = refused_now.reason
        else:
            messages.success(request, done)
            return redirect("desk:watchlist", found.pk)
    allowed = found.MACHINE.allows(found.state, "withdraw" if withdrawing else "reinstate")
    if not allowed:
        refusal = _("这份名单现在是“{state_label}”。").format(state_label=found.state_label)
    back = reverse("desk:watchlist", args=(found.pk,))
    context = {
        "rooted": True,
        "crumbs": [*_crumbs(request), (back, _("第 {pk} 号").format(pk=found.pk))],
        "title": _("{verb}{kind}（{source}）").format(
            verb=verb, kind=found.get_kind_display(), source=found.source
        ),
        "verb": verb,
        "stop": withdrawing,
        "form": form,
        "form_problems": form_problems(form),
        "refused": refusal,
        "consequences": consequences,
        "back_url": back,
    }
    return render(request, "desk/confirmation.html", context, status=422 if form.errors else 200)


@require_safe
@watchlist_keepers_only
def wrong_rows(request: HttpRequest, pk: int) -> HttpResponse:
    """Every row that cannot be used, as a sheet."""
    found = _find(pk)
    title = _("不能载入的行")
    content = write_rows(
        title,
        (_("行号"), _("原因")),
        ((fault.row, fault.reason) for fault in verbs.wrong_rows(found)),
        created=clock.now(),
    )
    return sheet(content, name=f"{title}-{found.pk}.xlsx")


@require_safe
@watchlist_keepers_only
def original(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file as it was given."""
    found = _find(pk)
    file = StoredFile.objects.filter(sha256=found.sha256).order_by("pk").first()
    if file is None:
        raise Http404
    return stored(file, name=found.file_name, download=True)
