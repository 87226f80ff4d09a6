"""What came back corrected: beside each entry of the problem list what changed there, word by word, and what changed besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shidian.applications.corrections import Kind, lists_of
from shidian.applications.models import Correction, CorrectionEntry, CorrectionItem, Lodgement
from shidian.applications.papers import package_of
from shidian.applications.places import Place
from shidian.desk.marking import anchor
from shidian.desk.reading import Opinion
from shidian.reviews.problems import answered
from shidian.ui.reading import NOTE, Answer, Enclosure, Part


@dataclass(frozen=True, slots=True)
class Files:
    """What came into a slot and what went out of it."""

    slot: str
    come: tuple[Enclosure, ...]
    gone: tuple[str, ...]


@dataclass(slots=True)
class Entry:
    """One entry of the list with what was said about it and what changed at its place."""

    item: CorrectionItem
    anchor: str
    said: list[CorrectionEntry]
    answers: list[Answer] = field(default_factory=list)
    files: list[Files] = field(default_factory=list)
    opinion: Opinion | None = None
    found: CorrectionEntry | None = None

    @property
    def changed(self) -> bool:
        """Whether anything changed at its place."""
        again = (
            self.opinion is not None and self.opinion.party.carried is None and bool(self.opinion.signature)
        )
        return bool(self.answers or self.files or again)

    @property
    def tone(self) -> str:
        """Its state in the look."""
        if self.found is None:
            return "turn" if self.changed else "stop"
        return "done" if self.found.kind == Kind.RESOLVED else "void"

    @property
    def word(self) -> str:
        """Its state in words."""
        if self.found is None:
            return _("改了，请核对") if self.changed else _("没有改动")
        return self.found.get_kind_display()


@dataclass(frozen=True, slots=True)
class Besides:
    """Something that changed outside of the list, and why it could."""

    why: str
    asked: bool
    part: str
    answer: Answer | None = None
    files: Files | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """The list that the present version answers, with what became of it."""

    correction: Correction
    entries: list[Entry]
    besides: list[Besides]
    carried: list[Opinion]
    again: list[Opinion]

    @property
    def open(self) -> int:
        """How many entries nobody has judged yet."""
        return sum(entry.found is None for entry in self.entries)


def corrected(
    lodgement: Lodgement, parts: Sequence[Part], enclosures: Sequence[Enclosure], opinions: Sequence[Opinion]
) -> Corrected | None:
    """What changed against the list that this arrival answers; None when it answers none. `parts` are read against it."""
    application = lodgement.application
    newest = answered(application)
    if newest is None or newest.lodgement_id > lodgement.pk:
        return None
    correction = next(row for row in lists_of(application) if row.pk == newest.pk)
    files = _files(lodgement, correction, enclosures)
    changed = [(part, answer) for part in parts for answer in part.answers if answer.changed]
    entries, taken, taken_slots = [], set(), set()
    for item in correction.items.all():
        place = Place.read(item.place)
        entry = Entry(item, anchor(place), list(item.entries.all()), found=item.finding)
        entry.answers = [
            _only_changed(answer) for part, answer in changed if _covers(place, part.key, answer.path)
        ]
        entry.files = [row for slot, row in files.items() if _holds(place, slot)]
        if place.kind == "sheet":
            entry.opinion = _opinion(correction, place, opinions)
        taken |= {answer.path for answer in entry.answers}
        taken_slots |= {slot for slot in files if _holds(place, slot)}
        entries.append(entry)
    besides = _besides(
        correction,
        [(part, answer) for part, answer in changed if answer.path not in taken],
        {slot: row for slot, row in files.items() if slot not in taken_slots},
    )
    return Corrected(
        correction,
        entries,
        besides,
        [row for row in opinions if row.party.carried is not None],
        [row for row in opinions if row.party.carried is None and row.signature is not None],
    )


def _only_changed(answer: Answer) -> Answer:
    """A table with the rows alone in which something changed."""
    return replace(
        answer, rows=[row for row in answer.rows if any(isinstance(cell, SafeString) for cell in row)]
    )


def _covers(place: Place, section: str, path: str) -> bool:
    if place.kind == "whole":
        return True
    if place.kind == "section":
        return place.section == section
    return place.kind in ("field", "row") and place.path.removesuffix(NOTE) == path


def _holds(place: Place, slot: str) -> bool:
    if place.kind == "whole":
        return True
    return place.kind in ("slot", "file") and place.slot in ("", slot)


def _files(lodgement: Lodgement, correction: Correction, enclosures: Sequence[Enclosure]) -> dict[str, Files]:
    before = correction.lodgement.version.data["attachments"]
    present = {(row["slot"], row["sha256"]) for row in lodgement.version.data["attachments"]}
    labels = {slot.key: slot.label for slot in package_of(lodgement.version).call.attachments}
    found = {}
    for slot in dict.fromkeys([*(row.key for row in enclosures), *(row["slot"] for row in before)]):
        come = tuple(row for row in enclosures if row.key == slot and row.is_new)
        gone = tuple(
            row["name"] for row in before if row["slot"] == slot and (slot, row["sha256"]) not in present
        )
        if come or gone:
            found[slot] = Files(labels.get(slot, slot), come, gone)
    return found


def _opinion(correction: Correction, place: Place, opinions: Sequence[Opinion]) -> Opinion | None:
    asked = correction.lodgement.version.data["parties"][place.number - 1]
    body = (asked["role"], asked["name"][:120], asked["code"][:18])
    return next((row for row in opinions if row.party.body == body), None)


def _besides(
    correction: Correction, changed: Sequence[tuple[Part, Answer]], files: dict[str, Files]
) -> list[Besides]:
    opened = [
        (Place.read(request.place), request.reason)
        for request in correction.requests.all()
        if request.outcome is not None and request.outcome.opened
    ]
    along = _("随清单所列各处一起改的：不改就不能冻结")
    found = []
    for part, answer in changed:
        reason = next((why for place, why in opened if _covers(place, part.key, answer.path)), "")
        name = f"{part.mark}　{part.title}"
        found.append(Besides(reason or along, bool(reason), name, answer=_only_changed(answer)))
    for slot, row in files.items():
        reason = next((why for place, why in opened if _holds(place, slot)), "")
        found.append(Besides(reason or along, bool(reason), _("证明材料"), files=row))
    return found
