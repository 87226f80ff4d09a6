"""Files that go with the mail of a notice."""

from __future__ import annotations

from shidian.applications.correction_papers import problem_list as paper
from shidian.applications.models import Correction
from shidian.notifications.letter import Enclosure
from shidian.notifications.models import Notice


def problem_list(notice: Notice) -> tuple[Enclosure, ...]:
    """The problem list with which an application was returned, as its paper."""
    rows = Correction.objects.select_related(
        "application__call", "application__lead", "lodgement__version", "lodgement__office"
    )
    found = rows.filter(reference=notice.values.get("list", "")).first()
    if found is None:
        return ()
    return (Enclosure(f"问题清单-{found.reference}.pdf", paper(found), "application/pdf"),)
