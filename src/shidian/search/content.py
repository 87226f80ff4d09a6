"""What is searched of an application: its name and numbers, its units, what was decided, and its long texts.

People's names, telephone numbers and addresses are left out: one searches for projects, not for persons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shidian.applications.content import at_path, invited
from shidian.applications.models import Application, Lodgement
from shidian.applications.papers import package_of
from shidian.applications.queries import answers
from shidian.calls.packages import Package
from shidian.questionnaires.prose import words
from shidian.reviews.models import Reason
from shidian.reviews.similar import long_texts


@dataclass(frozen=True, slots=True)
class Content:
    """The texts of an entry."""

    title: str
    area: str
    heads: str
    units: str
    remarks: str
    body: str


def of_lodgement(arrivals: list[Lodgement], arrival: Lodgement, remarks: Iterable[str]) -> Content:
    """What an office may read: the version that arrived, and the numbers under which it came until then."""
    content = arrival.version.data
    package = package_of(arrival.version)
    numbers = [row for each in arrivals if each.pk <= arrival.pk for row in (each.via, each.number) if row]
    names = [content["lead"]["name"], *(party["name"] for party in content["parties"])]
    files = [row["name"] for row in content["attachments"]]
    return _content(
        arrival.application.reference,
        package,
        values=content["answers"],
        numbers=numbers,
        names=names,
        files=files,
        remarks=remarks,
    )


def of_work(application: Application, arrivals: list[Lodgement], remarks: Iterable[str]) -> Content:
    """What those who work on it may read: the answers as they stand now."""
    names = [application.lead.name, *(party.name for party in invited(application))]
    files = [row.file.name for row in application.attachments.select_related("file")]
    numbers = [each.number for each in arrivals if each.is_hand_in]
    package = application.call.package
    return _content(
        application.reference,
        package,
        values=answers(application),
        numbers=numbers,
        names=names,
        files=files,
        remarks=remarks,
    )


def _content(
    reference: str,
    package: Package,
    *,
    values: Mapping[str, Mapping[str, Any]],
    numbers: Iterable[str],
    names: Iterable[str],
    files: Iterable[str],
    remarks: Iterable[str],
) -> Content:
    uses = package.call.uses
    title = str(at_path(values, uses.name) or "")[:200]
    texts = [words(text) for text in long_texts(package.questionnaire, values).values()]
    return Content(
        title=title,
        area=str(at_path(values, uses.area) or "")[:200] if uses.area else "",
        heads="\n".join([title, reference, *dict.fromkeys(numbers)]),
        units="\n".join(dict.fromkeys(name for name in names if name)),
        remarks="\n".join(remarks),
        body="\n".join([*texts, *files]),
    )


def remarks_on(application: Application) -> list[str]:
    """The reasons of all decisions: shown to whoever judges the application, and to those who work on it."""
    return list(
        Reason.objects.filter(decision__lodgement__application=application)
        .order_by("decision", "position")
        .values_list("text", flat=True)
    )
