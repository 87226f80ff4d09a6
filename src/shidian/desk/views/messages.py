"""How messages went: to whom, by which way, whether they arrived; sending again by hand. And the words of letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shidian.audit.queries import timeline
from shidian.calls.letters import IN_SUBJECTS, LETTERS, faults
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import Invalid, require
from shidian.desk import cases
from shidian.desk.access import person
from shidian.desk.forms.letters import LetterForm
from shidian.documents.sheets import Cell, write_rows
from shidian.notifications.kinds import KINDS, Kind
from shidian.notifications.letter import Letter, body_html
from shidian.notifications.letters import LABELS
from shidian.notifications.models import LetterWording, Message
from shidian.notifications.queries import messages_seen_by
from shidian.notifications.rules import calls_followed, can_follow, can_read, can_try_again
from shidian.notifications.sending import try_again
from shidian.notifications.wording import Wording, before_office, reset, word, worded_kinds, wording
from shidian.ui.files import sheet
from shidian.ui.filters import words_of
from shidian.ui.history import entries
from shidian.ui.templatetags.ui import form_problems

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

TONES = {"waiting": "wait", "sent": "done", "failed": "stop", "bounced": "stop", "dropped": "void"}
MOST_EXPORTED = 20_000


def followers_only(view: View[P]) -> View[P]:
    """For those who follow how messages went; 404 for everybody else who is signed in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not can_follow(person(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return cast(View[P], login_required(guarded))


def kind_label(message: Message) -> str:
    """What a message is, in words."""
    kind = KINDS.get(message.args.get("kind", message.kind))
    return _(kind.label) if kind is not None else _(LABELS.get(message.kind, message.kind))


class Asked:
    """What the address asks for; anything unknown counts as not asked."""

    def __init__(self, query: dict[str, str]) -> None:
        self.words = words_of(query)
        self.held = query.get("state", "") if query.get("state", "") in Message.MACHINE.states else ""
        self.channel = query.get("channel", "") if query.get("channel", "") in Message.Channel.values else ""

    @property
    def query(self) -> str:
        """The parameters again."""
        parts = {"q": self.words, "state": self.held, "channel": self.channel}
        return urlencode({name: value for name, value in parts.items() if value})

    def of(self, rows: QuerySet[Message]) -> QuerySet[Message]:
        """The messages that are asked for."""
        for each in self.words.split():
            rows = rows.filter(
                Q(address__icontains=each) | Q(about__icontains=each) | Q(user__name__icontains=each)
            )
        if self.held:
            rows = rows.filter(state=self.held)
        if self.channel:
            rows = rows.filter(channel=self.channel)
        return rows


@require_safe
@followers_only
def page(request: HttpRequest) -> HttpResponse:
    """Every message that one follows, the newest first, with whether it arrived."""
    user = person(request)
    asked = Asked(request.GET.dict())
    seen = messages_seen_by(user)
    counted = dict(seen.order_by().values_list("state").annotate(Count("pk")))
    found = Paginator(asked.of(seen), cases.PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "asked": asked,
        "page": found,
        "rows": [
            {
                "message": row,
                "label": kind_label(row),
                "about": row.about.partition(":")[2],
                "tone": TONES[row.state],
            }
            for row in found.object_list
        ],
        "states": [(key, _(label), counted.get(key, 0)) for key, label in Message.MACHINE.labels.items()],
        "channels": Message.Channel.choices,
        "query": asked.query,
        "calls": calls_followed(user),
    }
    return render(request, "desk/messages.html", context)


@require_safe
@followers_only
def page_xlsx(request: HttpRequest) -> HttpResponse:
    """The same messages as a sheet."""
    asked = Asked(request.GET.dict())
    zone = timezone.get_current_timezone()
    rows: Iterator[list[Cell]] = (
        [
            row.made_at.astimezone(zone).replace(microsecond=0),
            kind_label(row),
            str(row.get_channel_display()),
            row.address,
            row.about.partition(":")[2],
            row.state_label,
            row.attempts,
            row.fault,
        ]
        for row in asked.of(messages_seen_by(person(request)))[:MOST_EXPORTED].iterator(chunk_size=2000)
    )
    now = clock.now().astimezone(zone)
    columns = [_("时间"), _("消息"), _("方式"), _("寄往"), _("事由"), _("状态"), _("次数"), _("原因")]
    title = _("发出的消息")
    return sheet(write_rows(title, columns, rows, created=now), name=f"{title}-{now:%Y%m%d-%H%M}.xlsx")


@require_http_methods(("GET", "HEAD", "POST"))
@followers_only
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One message: its way so far, what it said, and sending it again."""
    user = person(request)
    found = get_object_or_404(messages_seen_by(user), pk=pk)
    verdict = can_try_again(user, found)
    if request.method == "POST":
        require(verdict)
        try_again(found, by=user)
        messages.success(request, _("正在重新发送给 {to}。").format(to=found.address))
        return redirect("desk:message", pk)
    reads = can_read(user, found)
    context = {
        "message": found,
        "about": found.about.partition(":")[2],
        "label": kind_label(found),
        "tone": TONES[found.state],
        "verdict": verdict,
        "reads": reads,
        "body": body_html(found.text) if reads and found.text else "",
        "history": entries(timeline(found.chain)),
    }
    return render(request, "desk/message.html", context)


# The words of letters


def _call(request: HttpRequest, key: str) -> Call:
    found = next((call for call in calls_followed(person(request)) if call.key == key), None)
    if found is None:
        raise Http404
    return found


_SOURCES = ("system", "package", "office")


def _source(words: Wording) -> tuple[str, str]:
    told = (_("系统原文"), _("征集包的文字"), _("本机构改写"))
    return ("turn" if words.source == "office" else "idle"), told[_SOURCES.index(words.source)]


@require_safe
@followers_only
def letters(request: HttpRequest, call: str) -> HttpResponse:
    """The letters of a call whose words can be changed."""
    here = _call(request, call)
    rows = []
    for kind in worded_kinds():
        words = wording(here, kind)
        tone, label = _source(words)
        rows.append({"kind": kind, "label": _(kind.label), "words": words, "tone": tone, "source": label})
    return render(request, "desk/wordings.html", {"call": here, "rows": rows})


@require_http_methods(("GET", "HEAD", "POST"))
@followers_only
def letter(request: HttpRequest, call: str, kind: str) -> HttpResponse:
    """The words of one letter: write, look at how it will be read, keep, or go back to the words before."""
    here, user = _call(request, call), person(request)
    found = next((each for each in worded_kinds() if each.key == kind), None)
    if found is None:
        raise Http404
    words = wording(here, found)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    if do == "reset":
        reset(here, found, by=user)
        messages.success(request, _("已恢复原来的文字。"))
        return redirect("desk:wording", here.key, kind)
    form = LetterForm(request.POST if do else None, initial={"subject": words.subject, "text": words.text})
    preview: Letter | None = words.letter(sample(here, found)) if not do else None
    if do and form.is_valid():
        subject, text = form.cleaned_data["subject"], form.cleaned_data["text"]
        if do == "save":
            try:
                word(here, found, subject=subject, text=text, by=user)
            except Invalid as invalid:
                _wrong(form, invalid.problems)
            else:
                messages.success(request, _("已保存，以后寄出的用新的文字。"))
                return redirect("desk:wording", here.key, kind)
        else:
            _wrong(form, list(faults(kind, subject, text)))
            if not form.errors:
                preview = Wording(subject, text, "office").letter(sample(here, found))
    tone, source = _source(words)
    rows = LetterWording.objects.filter(call=here, kind=kind).select_related("by").order_by("-pk")
    context: dict[str, Any] = {
        "call": here,
        "kind": found,
        "label": _(found.label),
        "form": form,
        "form_problems": form_problems(form),
        "preview": preview,
        "body": body_html(preview.text) if preview else "",
        "tone": tone,
        "source": source,
        "changed": words.source == "office",
        "before": before_office(here, found),
        "placeholders": [
            {"name": "{" + name + "}", "words": placeholder_words(name), "subject": name in IN_SUBJECTS}
            for name in sorted(LETTERS[kind])
        ],
        "rows": rows[:20],
        "back": reverse("desk:wordings", args=(here.key,)),
    }
    return render(request, "desk/wording.html", context, status=422 if form.errors else 200)


def _wrong(form: LetterForm, problems: list[tuple[str, str]]) -> None:
    for place, message in problems:
        form.add_error(place if place in form.fields else None, message)


def placeholder_words(name: str) -> str:
    """What stands in the place of a placeholder, in words."""
    return {
        "person": _("收信人姓名"),
        "reference": _("申请编号"),
        "name": _("试点名称"),
        "lead": _("承担单位"),
        "batch": _("批次"),
        "link": _("网页地址"),
        "site": _("网站名称"),
        "office": _("受理机构"),
        "version": _("版本"),
        "number": _("回执编号"),
        "list": _("清单编号"),
        "count": _("项数"),
        "reasons": _("理由"),
        "reason": _("理由"),
        "label": _("会签单位的身份"),
        "party": _("会签单位"),
        "stage": _("环节"),
        "deadline": _("哪个期限"),
        "until": _("延到什么时候"),
        "whom": _("给谁"),
        "fault": _("没有成功的原因"),
        "happened": _("办了什么"),
        "gate": _("在哪个环节之前"),
    }.get(name, name)


def sample(call: Call, kind: Kind) -> dict[str, str]:
    """Made-up values for the preview: the words of each placeholder, and what can be real."""
    made = {name: f"〔{placeholder_words(name)}〕" for name in LETTERS[kind.key]}
    real = {
        "reference": f"{call.definition.prefix}-0001",
        "batch": call.definition.batch,
        "link": settings.ADDRESS + reverse("public:call", args=(call.key,)),
        "version": "v1",
    }
    return {**made, **real}
