"""How an application stood when a page was shown, and what others did with it since: a decision on a stale page is refused.

The mark of a page names the newest event, verdict, draft and finding that stood then; only what others did counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application, CorrectionEntry, Lodgement
from shidian.applications.queries import lodgement_here
from shidian.audit.models import Event
from shidian.core import clock
from shidian.core.errors import Stale
from shidian.reviews.models import Check, Draft

_MARK = re.compile(r"(\d{1,18})\.(\d{1,18})\.(\d{1,18})\.(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Done:
    """Something that somebody else did meanwhile: an event, or in words what was judged or drafted."""

    at: datetime
    who: str
    words: str = ""
    event: Event | None = None


class Overtaken(Stale):
    """Others did something since the page was shown; `done` tells who did what when."""

    def __init__(self, done: list[Done]) -> None:
        names = _("、").join(dict.fromkeys(one.who for one in done))
        super().__init__(_("{names}在您打开这一页以后办过这件申请，请先看现在的情况。").format(names=names))
        self.done = done


def mark(application: Application) -> str:
    """How an application stands now, as a page carries it in a hidden field. Four queries."""
    lodgement = lodgement_here(application)
    moment = int(clock.now().timestamp() * 1_000_000)
    newest = (
        Event.objects.filter(chain=application.chain).aggregate(newest=Max("pk"))["newest"],
        Check.objects.filter(lodgement=lodgement).aggregate(newest=Max("pk"))["newest"],
        CorrectionEntry.objects.filter(item__correction__application=application).aggregate(newest=Max("pk"))[
            "newest"
        ],
    )
    return ".".join(str(each or 0) for each in (*newest, moment))


def since(application: Application, seen: str, user: User) -> list[Done]:
    """What others did since a page with this mark was shown, in the order of time; nothing for a mark that is none."""
    found = _MARK.fullmatch(seen)
    if found is None:
        return []
    event, check, entry, moment = (int(group) for group in found.groups())
    lodgement = lodgement_here(application)
    events = Event.objects.filter(chain=application.chain, pk__gt=event)
    done = [
        Done(each.at, each.actor_label, event=each)
        for each in events.filter(Q(actor_id__isnull=True) | ~Q(actor_id=user.pk)).order_by("pk")
    ]
    if lodgement is not None:
        done += _judged(lodgement, check, user)
        done += _drafted(lodgement, moment, user)
    entries = CorrectionEntry.objects.filter(item__correction__application=application, pk__gt=entry)
    done += [
        Done(
            each.at,
            each.by.label,
            _("问题清单第 {number} 条：{what}").format(
                number=each.item.position, what=each.get_kind_display()
            ),
        )
        for each in entries.exclude(by=user).exclude(kind="replied").select_related("by", "item")
    ]
    return sorted(done, key=lambda one: one.at)


def _judged(lodgement: Lodgement, check: int, user: User) -> list[Done]:
    rows = Check.objects.filter(lodgement=lodgement, pk__gt=check).exclude(by=user).select_related("by")
    by_person: dict[str, list[Check]] = {}
    for row in rows.order_by("pk"):
        by_person.setdefault(row.by.label, []).append(row)
    return [
        Done(found[-1].at, who, _("判定了 {count} 个审查要点").format(count=len(found)))
        for who, found in by_person.items()
    ]


def _drafted(lodgement: Lodgement, moment: int, user: User) -> list[Done]:
    since_then = datetime.fromtimestamp(moment / 1_000_000, tz=clock.now().tzinfo)
    rows = Draft.objects.filter(lodgement=lodgement, saved_at__gt=since_then).exclude(saved_by=user)
    return [
        Done(row.saved_at, row.saved_by.label, _("写了问题：{text}").format(text=row.text[:60]))
        for row in rows.select_related("saved_by")
    ]


def require_fresh(application: Application, seen: str, by: User) -> None:
    """Refuse (`Overtaken`) when others did something since the page with this mark was shown; no mark, no question."""
    done = since(application, seen, by) if seen else []
    if done:
        raise Overtaken(done)
