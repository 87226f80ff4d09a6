"""Comments on fields: said, answered, resolved and opened again, with people named who should look.

They are kept for ever, stand in no version, and no office ever sees them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Prefetch
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import rules
from shidian.applications.hooks import mentioned
from shidian.applications.models import Application, Comment, Mention, Thread
from shidian.applications.queries import people, working_applications
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, require
from shidian.questionnaires.forms import plain_text

LONGEST = 2000
"""Characters of one comment."""


@transaction.atomic
def begin(
    application: Application, section: str, field: str, *, text: str, mentions: Collection[int] = (), by: User
) -> Thread:
    """Begin a thread at a field. Refused by `can_comment`; `Invalid` for a text that is blank or too long, and for
    naming somebody (by key) who does not work on the application.
    """
    require(rules.can_comment(by, application))
    text, named = _fit(application, text, mentions)
    now = clock.now()
    thread = Thread.objects.create(
        application=application, section=section, field=field, started_at=now, started_by=by
    )
    _say(thread, text, named, by)
    return thread


@transaction.atomic
def reply(thread: Thread, *, text: str, mentions: Collection[int] = (), by: User) -> Comment:
    """Answer in a thread; a resolved one stays resolved until somebody opens it again."""
    require(rules.can_comment(by, thread.application))
    text, named = _fit(thread.application, text, mentions)
    return _say(thread, text, named, by)


@transaction.atomic
def resolve(thread: Thread, *, by: User) -> None:
    """Say that nothing is left to do; `NotNow` when it was said already."""
    require(rules.can_comment(by, thread.application))
    now = clock.now()
    rows = Thread.objects.filter(pk=thread.pk, resolved_at__isnull=True)
    if not rows.update(resolved_at=now, resolved_by=by):
        raise NotNow(_("这条批注已经解决了。"))
    Comment.objects.create(thread=thread, kind=Comment.Kind.RESOLVED, at=now, by=by)


@transaction.atomic
def reopen(thread: Thread, *, by: User) -> None:
    """Say that something is left to do after all; `NotNow` when it is open."""
    require(rules.can_comment(by, thread.application))
    rows = Thread.objects.filter(pk=thread.pk, resolved_at__isnull=False)
    if not rows.update(resolved_at=None, resolved_by=None):
        raise NotNow(_("这条批注没有解决，不用重新打开。"))
    Comment.objects.create(thread=thread, kind=Comment.Kind.REOPENED, at=clock.now(), by=by)


def _fit(application: Application, text: str, mentions: Collection[int]) -> tuple[str, list[User]]:
    text = unicodedata.normalize("NFC", plain_text(text)).strip()
    if not text:
        raise _wrong("text", _("请写下批注的内容"))
    if len(text) > LONGEST:
        raise _wrong(
            "text",
            _("批注最多 {longest} 个字，现在 {count} 个，请删短或者分成几条").format(
                longest=LONGEST, count=len(text)
            ),
        )
    wanted = set(mentions)
    named = [person for person in people(application) if person.pk in wanted] if wanted else []
    if len(named) != len(wanted):
        raise _wrong("mentions", _("只能提到参加填写这份申请的人，请重新选择"))
    return text, named


def _say(thread: Thread, text: str, named: Sequence[User], by: User) -> Comment:
    comment = Comment.objects.create(thread=thread, text=text, at=clock.now(), by=by)
    for person in named:
        mention = Mention.objects.create(comment=comment, user=person)
        if person.pk != by.pk:
            mentioned.call("letters", mention)
    return comment


def _wrong(place: str, words: str) -> Invalid:
    return Invalid(words, [(place, words)])


def threads(application: Application, *, section: str = "", field: str = "") -> list[Thread]:
    """The threads of an application, of a section or of a field with all that was said; the open ones first."""
    rows = Thread.objects.filter(application=application)
    if section:
        rows = rows.filter(section=section)
    if field:
        rows = rows.filter(field=field)
    said = Comment.objects.select_related("by").prefetch_related(
        Prefetch("mentions", Mention.objects.select_related("user"))
    )
    found = list(rows.select_related("resolved_by").prefetch_related(Prefetch("comments", said)))
    return sorted(found, key=lambda thread: (not thread.is_open, thread.pk))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many threads a field has, and how many of them are open."""

    total: int
    open: int


def tallies(application: Application, section: str) -> dict[str, Tally]:
    """The number of threads by field of one section; fields without any are missing."""
    rows = (
        Thread.objects.filter(application=application, section=section)
        .values("field")
        .annotate(total=Count("pk"), resolved=Count("resolved_at"))
    )
    return {row["field"]: Tally(row["total"], row["total"] - row["resolved"]) for row in rows}


def naming(user: User) -> list[Mention]:
    """Where a person was named in a thread that is still open, in applications that it still works on; newest first."""
    return list(
        Mention.objects.filter(
            user=user,
            comment__thread__resolved_at__isnull=True,
            comment__thread__application__in=working_applications(user).order_by().values("pk"),
        )
        .exclude(comment__by=user)
        .select_related("comment__by", "comment__thread__application__call")
        .order_by("-pk")
    )
