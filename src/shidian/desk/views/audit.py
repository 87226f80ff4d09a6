"""Audit: proving the history, reading it, and its anchors. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_safe

from shidian.applications.models import Application
from shidian.audit.models import Anchor, Chain, Event
from shidian.audit.queries import verify
from shidian.core import clock
from shidian.desk import cases
from shidian.desk.access import auditors_only
from shidian.documents.sheets import Cell, write_rows
from shidian.ui.days import read_day
from shidian.ui.files import sheet
from shidian.ui.filters import words_of
from shidian.ui.history import words

SHOWN_FAULTS = 200
MOST_EXPORTED = 100_000
SUBJECTS = (
    ("application", gettext_noop("申请")),
    ("list", gettext_noop("清单")),
    ("organisation", gettext_noop("单位")),
    ("office", gettext_noop("机构")),
    ("call", gettext_noop("批次")),
    ("user", gettext_noop("账号")),
)
KINDS = (
    ("application.", gettext_noop("申请")),
    ("signoff.", gettext_noop("会签")),
    ("list.", gettext_noop("清单")),
    ("paper.", gettext_noop("纸质材料")),
    ("electronic.", gettext_noop("电子材料")),
    ("package.", gettext_noop("报送包")),
    ("organisation.", gettext_noop("单位账号")),
    ("office.", gettext_noop("机构人员")),
    ("user.", gettext_noop("个人账号")),
    ("call.", gettext_noop("批次")),
)
_RESULT = "audit_result"


@require_http_methods(("GET", "HEAD", "POST"))
@auditors_only
def audit(request: HttpRequest) -> HttpResponse:
    """Run the verification (POST), and show the last result, the latest events and anchors."""
    if request.method == "POST":
        found = verify()
        request.session[_RESULT] = {
            "at": clock.now().isoformat(),
            "chains": found.chains,
            "events": found.events,
            "anchors": found.anchors,
            "ok": found.ok,
            "count": len(found.faults),
            "faults": found.faults[:SHOWN_FAULTS],
        }
        return redirect("desk:audit")
    result = request.session.get(_RESULT)
    context = {
        "result": result,
        "checked_at": datetime.fromisoformat(result["at"]) if result else None,
        "chains": Chain.objects.count(),
        "count": Event.objects.count(),
        "anchor": Anchor.objects.order_by("-pk").first(),
        "events": [
            {"event": event, "text": words(event), "url": _subject(event.chain)}
            for event in Event.objects.order_by("-pk")[:15]
        ],
    }
    return render(request, "desk/audit.html", context)


class Asked:
    """What the address asks for; what is no date counts as not asked."""

    def __init__(self, query: dict[str, str]) -> None:
        self.words = " ".join(query.get("q", "").split())[:100]
        self.subject = query.get("subject", "") if query.get("subject", "") in dict(SUBJECTS) else ""
        self.kind = query.get("kind", "") if query.get("kind", "") in dict(KINDS) else ""
        self.first = read_day(query.get("from", ""))
        self.last = read_day(query.get("to", ""))

    @property
    def query(self) -> str:
        """The parameters again."""
        parts = {
            "q": self.words,
            "subject": self.subject,
            "kind": self.kind,
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
        }
        return urlencode({name: value for name, value in parts.items() if value})

    def events(self) -> QuerySet[Event]:
        """The events that are asked for, the newest first."""
        rows = Event.objects.order_by("-pk")
        for word in self.words.split():
            rows = rows.filter(Q(chain__icontains=word) | Q(actor_label__icontains=word))
        if self.subject:
            rows = rows.filter(chain__startswith=f"{self.subject}:")
        if self.kind:
            rows = rows.filter(name__startswith=self.kind)
        if self.first:
            rows = rows.filter(at__gte=_midnight(self.first))
        if self.last:
            rows = rows.filter(at__lt=_midnight(self.last + timedelta(days=1)))
        return rows


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@require_safe
@auditors_only
def events(request: HttpRequest) -> HttpResponse:
    """The recorded events, filtered and page by page."""
    asked = Asked(request.GET.dict())
    page = Paginator(asked.events(), cases.PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "asked": asked,
        "page": page,
        "rows": [
            {"event": event, "text": words(event), "url": _subject(event.chain)} for event in page.object_list
        ],
        "subjects": [(key, _(words)) for key, words in SUBJECTS],
        "kinds": [(key, _(words)) for key, words in KINDS],
        "query": asked.query,
    }
    return render(request, "desk/audit_events.html", context)


def _subject(chain: str) -> str:
    """The reference of the application whose event it is, for a link; empty for other subjects."""
    kind, _, reference = chain.partition(":")
    return reference if kind == "application" else ""


@require_safe
@auditors_only
def events_xlsx(request: HttpRequest) -> HttpResponse:
    """The same events as a sheet, with their hashes."""
    asked = Asked(request.GET.dict())
    zone = timezone.get_current_timezone()
    rows: Iterator[list[Cell]] = (
        [
            event.at.astimezone(zone).replace(microsecond=0),
            event.chain,
            event.number,
            event.name,
            words(event),
            event.actor_label,
            event.hash,
        ]
        for event in asked.events()[:MOST_EXPORTED].iterator(chunk_size=2000)
    )
    now = clock.now().astimezone(zone)
    columns = [_("时间"), _("链"), _("序号"), _("事件"), _("内容"), _("办理人"), _("散列值")]
    title = _("历史记录")
    return sheet(write_rows(title, columns, rows, created=now), name=f"{title}-{now:%Y%m%d-%H%M}.xlsx")


@require_safe
@auditors_only
def anchors(request: HttpRequest) -> HttpResponse:
    """The anchors, the newest first."""
    page = Paginator(Anchor.objects.order_by("-pk"), cases.PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "desk/audit_anchors.html", {"page": page, "rows": page.object_list})


@require_safe
@auditors_only
def applications(request: HttpRequest) -> HttpResponse:
    """Every application, to open its history."""
    text = words_of(request.GET)
    rows = Application.objects.select_related("lead", "office").order_by("reference")
    for word in text.split():
        rows = rows.filter(
            Q(reference__icontains=word) | Q(title__icontains=word) | Q(lead__name__icontains=word)
        )
    page = Paginator(rows, cases.PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": page.object_list,
        "words": text,
        "query": urlencode({"q": text}) if text else "",
    }
    return render(request, "desk/audit_applications.html", context)
