"""What a person is told, how it wants to be told, and its calendar: the same pages for applicants and for offices."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shidian.accounts.models import User
from shidian.calls.models import Call, Extension
from shidian.calls.queries import stage as stage_of_key
from shidian.core.errors import Invalid
from shidian.notifications import feeds
from shidian.notifications.actions import mark_read, prefer
from shidian.notifications.kinds import KINDS, Kind, kinds_of
from shidian.notifications.models import Notice, Preference
from shidian.notifications.queries import broken, unread
from shidian.notifications.telling import mobile_of, more_of, title_of
from shidian.organisations.models import Membership, Officer
from shidian.reviews.experts.queries import expert_of

PER_PAGE = 30


def _person(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):
        raise Http404
    return user


def _kinds(user: User) -> list[Kind]:
    return kinds_of(
        applies=Membership.objects.filter(user=user).exists(),
        receives=Officer.objects.filter(user=user).exists(),
        judges=expert_of(user) is not None,
    )


@never_cache
@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """One's messages, the newest first: all or the unread ones, of every kind or of one."""
    user = _person(request)
    show = "unread" if request.GET.get("show") == "unread" else ""
    asked = request.GET.get("kind", "")
    kind = asked if asked in KINDS else ""
    rows = Notice.objects.filter(user=user)
    known = set(rows.values_list("kind", flat=True).distinct())
    held = [key for key in KINDS if key in known]
    if show:
        rows = rows.filter(read_at__isnull=True)
    if kind:
        rows = rows.filter(kind=kind)
    found = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": found,
        "rows": [
            {
                "notice": notice,
                "title": title_of(notice),
                "more": more_of(notice),
                "label": _(KINDS[notice.kind].label) if notice.kind in KINDS else "",
            }
            for notice in found.object_list
        ],
        "show": show,
        "kind": kind,
        "kinds": [(key, _(KINDS[key].label)) for key in held],
        "query": urlencode({name: said for name, said in (("show", show), ("kind", kind)) if said}),
        "unread": unread(user),
        "broken": broken([user.email]).get(user.email),
    }
    return render(request, "ui/messages/page.html", context)


@login_required
@require_safe
def opening(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to where a message leads; it has been read then."""
    user = _person(request)
    notice = get_object_or_404(Notice, pk=pk, user=user)
    mark_read(user, [notice.pk])
    return redirect(notice.place or "ui:messages")


@login_required
@require_POST
def reading(request: HttpRequest) -> HttpResponse:
    """Mark the chosen messages as read, or all of them."""
    user = _person(request)
    if request.POST.get("all"):
        count = mark_read(user)
    else:
        count = mark_read(
            user, [int(pk) for pk in request.POST.getlist("pk") if pk.isdecimal() and len(pk) < 18]
        )
    if count:
        messages.success(request, _("{count} 条消息标为已读。").format(count=count))
    else:
        messages.info(request, _("没有选中未读的消息。"))
    query = request.POST.get("query", "")[:200]
    return redirect(
        reverse("ui:messages")
        + (f"?{query}" if query.replace("=", "").replace("&", "").isidentifier() else "")
    )


@never_cache
@login_required
@require_http_methods(("GET", "HEAD", "POST"))
def preferences(request: HttpRequest) -> HttpResponse:
    """By which ways one is told of what."""
    user = _person(request)
    kinds = _kinds(user)
    phone, fault = user.phone, ""
    known = {row.kind: (row.mail, row.sms) for row in Preference.objects.filter(user=user)}
    chosen = {kind.key: known.get(kind.key, (str(kind.mail), False)) for kind in kinds}
    if request.method == "POST":
        chosen = {kind.key: _posted(request, kind) for kind in kinds}
        phone = request.POST.get("phone", "")[:60] if settings.SMS else user.phone
        try:
            prefer(user, chosen, phone=phone)
        except Invalid as invalid:
            fault = invalid.reason
        else:
            if any(sms for _mail, sms in chosen.values()) and not mobile_of(user):
                messages.warning(request, _("已保存。没有手机号码，短信发不出去。"))
            else:
                messages.success(request, _("已保存。"))
            return redirect("ui:message-preferences")
    context: dict[str, Any] = {
        "rows": [
            {
                "kind": kind,
                "label": _(kind.label),
                "mail": chosen[kind.key][0],
                "sms": chosen[kind.key][1],
                "ways": _ways(kind),
            }
            for kind in kinds
        ],
        "phone": phone,
        "fault": fault,
        "form_problems": [{"message": fault, "anchor": "phone"}] if fault else [],
        "sms": bool(settings.SMS),
        "broken": broken([user.email]).get(user.email),
    }
    return render(request, "ui/messages/preferences.html", context, status=422 if fault else 200)


def _ways(kind: Kind) -> list[tuple[str, str]]:
    ways = [(way.value, str(way.label)) for way in (Notice.Mail.NOW, Notice.Mail.DIGEST, Notice.Mail.NONE)]
    if kind.compulsory:
        return ways[:1]
    return ways[1:] if kind.gathered else ways


def _posted(request: HttpRequest, kind: Kind) -> tuple[str, bool]:
    allowed = [value for value, _label in _ways(kind)]
    mail = request.POST.get(f"mail-{kind.key}", str(kind.mail))
    return (mail if mail in allowed else allowed[0], bool(request.POST.get(f"sms-{kind.key}")))


# Calendar


@never_cache
@login_required
@require_http_methods(("GET", "HEAD", "POST"))
def calendar(request: HttpRequest) -> HttpResponse:
    """One's deadlines, and the secret address by which a calendar program follows them."""
    user = _person(request)
    if request.method == "POST":
        if request.POST.get("do") == "close":
            feeds.close_feed(user)
            messages.success(request, _("日历地址已停用，用它订阅的日历不再更新。"))
        else:
            feeds.open_feed(user)
            messages.success(request, _("日历地址已生成；以前有过的不再有效。"))
        return redirect("ui:calendar")
    feed = feeds.feed_of(user)
    path = reverse("ui:calendar-feed", args=(feeds.token_of(feed),)) if feed is not None else ""
    context = {
        "entries": feeds.of_person(user),
        "feed": feed,
        "address": settings.ADDRESS + path if path else "",
    }
    return render(request, "ui/messages/calendar.html", context)


@never_cache
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar behind a secret address; 404 for one that is wrong or has ended."""
    owner = feeds.owner_of(token)
    if owner is None:
        raise Http404
    return _ics(feeds.ics(feeds.of_person(owner), _(settings.SITE_NAME)), "shidian.ics")


@require_safe
def deadline(request: HttpRequest, call: str, stage: str, deadline: str) -> HttpResponse:
    """One deadline of a published call, for anybody's calendar."""
    found = get_object_or_404(Call.objects.public(), key=call)
    try:
        entry = feeds.of_deadline(found, stage_of_key(found, stage), Extension.Deadline(deadline))
    except (LookupError, ValueError):
        raise Http404 from None
    if entry is None:
        raise Http404
    return _ics(feeds.ics([entry], found.definition.batch), f"{stage}-{deadline}.ics")


def _ics(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
