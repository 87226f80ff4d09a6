"""The entries of a problem list beside what they are about: where they stand on the page, and which places can be marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from shidian.applications import places
from shidian.applications.models import Lodgement
from shidian.applications.papers import package_of
from shidian.applications.places import Place
from shidian.calls.definition import Phrase
from shidian.calls.packages import Package
from shidian.reviews.models import Draft
from shidian.reviews.problems import drafts_of
from shidian.ui.reading import NOTE

SHORT = 24
"""Signs of a row by which it is told from the others."""


def anchor(place: Place) -> str:
    """The id of what a place is shown by on the review page."""
    match place.kind:
        case "section":
            return f"part-{place.section}"
        case "field" | "row":
            return f"a-{place.section}-{place.field.removesuffix(NOTE)}"
        case "slot" | "file":
            return "h-files"
        case "sheet":
            return "h-parties"
        case _:
            return "h-answers"


@dataclass(frozen=True, slots=True)
class Marked:
    """A drafted entry: its number in the list, what its place is called, and where it is on the page."""

    number: int
    draft: Draft
    label: str
    anchor: str
    key: str  # the place that shows the pin: a field, a section, a slot, a sheet

    @property
    def url(self) -> str:
        """Where it is changed."""
        return reverse("desk:problem", args=(self.draft.lodgement.application.reference, self.draft.pk))


def marked(lodgement: Lodgement) -> list[Marked]:
    """The entries drafted for an arrival, in the order in which they will be sent."""
    package, content = package_of(lodgement.version), lodgement.version.data
    found = []
    for number, row in enumerate(drafts_of(lodgement), start=1):
        row.lodgement = lodgement
        place = Place.read(row.place)
        found.append(Marked(number, row, places.words(place, package, content), anchor(place), _key(place)))
    return found


def _key(place: Place) -> str:
    if place.kind in ("field", "row"):
        return f"f:{place.path.removesuffix(NOTE)}"
    return f"a:{place.slot}" if place.kind == "file" else str(place)


def by_place(rows: Sequence[Marked]) -> dict[str, list[Marked]]:
    """The entries by the place that shows their pins."""
    found: dict[str, list[Marked]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row)
    return found


def choices(lodgement: Lodgement, asked: Place) -> list[tuple[str, str]]:
    """The places that a person may mean who pointed at one: it, what is inside it, what it is in."""
    package, content = package_of(lodgement.version), lodgement.version.data
    questionnaire = package.questionnaire
    found: list[Place] = []
    if asked.kind in ("field", "row"):
        found.append(Place("field", asked.section, asked.path))
        rows = len(places.rows_at(content, asked))
        found += [Place("row", asked.section, asked.path, number) for number in range(1, rows + 1)]
        found.append(Place("section", asked.section))
    elif asked.kind == "section":
        found.append(asked)
        found += [
            Place("field", asked.section, f"{asked.section}.{key}")
            for key in questionnaire.section(asked.section).by_key
        ]
    elif asked.kind in ("slot", "file"):
        found += _of_files(package, lodgement)
    elif asked.kind == "sheet":
        found += [Place("sheet", number=number) for number in range(1, len(content["parties"]) + 1)]
    found.append(places.WHOLE)
    known = dict.fromkeys([*([asked] if asked in found else []), *found])
    return [(str(place), _called(place, lodgement)) for place in known]


def _of_files(package: Package, lodgement: Lodgement) -> list[Place]:
    attached = lodgement.version.data["attachments"]
    found: list[Place] = []
    for slot in package.call.attachments:
        found.append(Place("slot", places.ATTACHMENTS, slot=slot.key))
        found += [
            Place("file", places.ATTACHMENTS, slot=slot.key, digest=row["sha256"][: places.DIGEST])
            for row in attached
            if row["slot"] == slot.key
        ]
    return [*found, Place("slot", places.ATTACHMENTS)]


def _called(place: Place, lodgement: Lodgement) -> str:
    package, content = package_of(lodgement.version), lodgement.version.data
    label = places.words(place, package, content)
    if place.kind != "row":
        return label
    row = places.rows_at(content, place)[place.number - 1]
    told = " ".join(str(cell) for cell in row.values() if cell)[:SHORT]
    return _("{place}：{told}").format(place=label, told=told) if told else label


def phrases(lodgement: Lodgement, asked: Place) -> list[Phrase]:
    """The phrases of the call for a place: those of its part, then those for everything."""
    known = package_of(lodgement.version).call.corrections.phrases
    own = [phrase for phrase in known if phrase.section and phrase.section == asked.section]
    return [*own, *(phrase for phrase in known if not phrase.section)]
