"""What a party is shown before it decides: exactly what it vouches for, and what changed in it since it decided last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from shidian.applications.models import Application
from shidian.applications.papers import package_of
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.portal.overview import places
from shidian.signoffs.models import Party, Signature
from shidian.signoffs.queries import said_before
from shidian.signoffs.scopes import ATTACHMENTS, Scope, changes
from shidian.ui.answer import Address
from shidian.ui.reading import Enclosure, Part, enclosures, read


@dataclass(frozen=True, slots=True)
class Vouched:
    """The part of a version that a party vouches for.

    `seen` is its last opinion on another version, `changed` names what changed within its part since then.
    """

    parts: list[Part]
    files: list[Enclosure]
    parties: list[dict[str, Any]]
    everything: bool
    seen: Signature | None
    changed: str


def vouched(application: Application, party: Party, *, address: Address = lambda name: None) -> Vouched:
    """What a party is shown of the version of its round, with the words marked that changed since it decided last."""
    version, scope = party.round.version, party.vouches_for
    seen = said_before(party)
    old = seen.party.round.version if seen is not None else None
    rows, _gone = enclosures(version, old)
    paths = changes(old.data, version.data, scope) if old is not None else []
    return Vouched(
        parts=_within(read(version, old, address=address), scope),
        files=[row for row in rows if scope is None or row.key in scope.attachments],
        parties=version.data["parties"] if scope is None or scope.parties else [],
        everything=scope is None,
        seen=seen,
        changed=places(application, paths) if paths else "",
    )


def _within(parts: Sequence[Part], scope: Scope | None) -> list[Part]:
    if scope is None:
        return list(parts)
    found = []
    for part in parts:
        whole = part.key in scope.sections
        answers = [
            replace(answer, files=(), wants_files=False)
            for answer in part.answers
            if whole or answer.anchor.removeprefix(f"a-{part.key}-") in _fields(scope, part.key)
        ]
        if answers:
            found.append(Part(part.key, part.mark, part.title, answers))
    return found


def _fields(scope: Scope, section: str) -> list[str]:
    return [field for name, _dot, field in (path.partition(".") for path in scope.fields) if name == section]


def places_of(parts: Sequence[Part]) -> list[tuple[str, str]]:
    """The fields shown, as (`section.field`, words): where a change may be asked for."""
    return [
        (
            f"{part.key}.{answer.anchor.removeprefix(f'a-{part.key}-')}",
            _("{part}：{answer}").format(part=part.title, answer=answer.label),
        )
        for part in parts
        for answer in part.answers
    ]


def shown_file(version: DocumentVersion, scope: Scope | None, number: int) -> StoredFile | None:
    """An attachment by its place in a version, where the scope covers it or a long answer may show it as a picture."""
    rows = version.data[ATTACHMENTS]
    if not 0 < number <= len(rows):
        return None
    row = rows[number - 1]
    pictures = package_of(version).questionnaire.pictures
    if scope is not None and row["slot"] not in (*scope.attachments, pictures):
        return None
    held = StoredFile.objects.filter(sha256=row["sha256"], media_type=row["media_type"])
    return held.order_by("pk").first()


def picture_numbers(version: DocumentVersion) -> dict[str, int]:
    """The pictures of a version's long answers: the place of each among the attachments, by its name."""
    slot = package_of(version).questionnaire.pictures
    return {
        row["name"]: number
        for number, row in enumerate(version.data[ATTACHMENTS], start=1)
        if slot and row["slot"] == slot
    }
