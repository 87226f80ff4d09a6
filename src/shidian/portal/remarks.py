"""How comments show on the other pages: a link at each field, and lines that name the field of a thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.comments import Tally, naming, tallies, threads
from shidian.applications.models import Application, Comment, Thread
from shidian.portal.overview import url
from shidian.ui.controls import ScreenField


def with_links(
    application: Application, section: str, fields: Sequence[ScreenField], *, may_comment: bool
) -> list[ScreenField]:
    """The fields, each with the link to its comments; without any, only for those who may write the first."""
    counted = tallies(application, section)
    found = []
    for field in fields:
        tally = counted.get(field.key)
        if tally is None and not may_comment:
            found.append(field)
            continue
        link = format_html(
            _('<a class="remarks" href="{}"{}>{}<span class="hidden">：{}</span></a>'),
            url("comments", application, section=section, field=field.key),
            format_html(' data-is="{}"', "wait") if tally and tally.open else "",
            _words(tally),
            field.label,
        )
        found.append(replace(field, remarks=link))
    return found


def _words(tally: Tally | None) -> str:
    if tally is None:
        return _("写批注")
    return (
        _("批注 {total} 条，{open} 条未解决").format(total=tally.total, open=tally.open)
        if tally.open
        else _("批注 {total} 条，已解决").format(total=tally.total)
    )


def lines(application: Application, found: Iterable[Thread]) -> list[dict[str, Any]]:
    """Threads by the order of the form, each with its field's name, its last words and who said them."""
    sections = {section.key: section for section in application.call.questionnaire.sections}
    order = {
        (section.key, field.key): number
        for number, (section, field) in enumerate(
            (section, field) for section in sections.values() for field in section.fields
        )
    }
    listed = []
    for thread in sorted(found, key=lambda each: (order.get((each.section, each.field), 10**6), each.pk)):
        section = sections.get(thread.section)
        if section is None or thread.field not in section.by_key:
            continue
        said = [entry for entry in thread.comments.all() if entry.kind == Comment.Kind.SAID]
        listed.append(
            {
                "thread": thread,
                "section": section,
                "field": section.field(thread.field),
                "first": said[0],
                "last": said[-1],
                "replies": len(said) - 1,
                "url": f"{url('comments', application, section=section.key, field=thread.field)}#thread-{thread.pk}",
            }
        )
    return listed


def open_lines(application: Application) -> list[dict[str, Any]]:
    """The threads of an application that wait for somebody."""
    return lines(application, [thread for thread in threads(application) if thread.is_open])


def naming_lines(user: User) -> list[dict[str, Any]]:
    """Where a person was named and the thread is still open."""
    found = []
    for mention in naming(user):
        thread = mention.comment.thread
        application = thread.application
        section = next(
            (each for each in application.call.questionnaire.sections if each.key == thread.section), None
        )
        if section is None or thread.field not in section.by_key:
            continue
        found.append(
            {
                "mention": mention,
                "application": application,
                "field": section.field(thread.field),
                "section": section,
                "url": f"{url('comments', application, section=thread.section, field=thread.field)}#thread-{thread.pk}",
            }
        )
    return found
