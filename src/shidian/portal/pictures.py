"""Pictures of long answers on the applicants' screens: where they are served, and what the editor needs to add some."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from shidian.applications import pictures
from shidian.applications.models import Application
from shidian.documents.intake import FORMATS
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.portal.overview import url
from shidian.questionnaires.definition import Questionnaire, Section
from shidian.ui.answer import Address, answer_blocks
from shidian.ui.controls import ScreenField

NAME = "__name__"
"""Stands for the name in the pattern of an address."""


def address(application: Application) -> Address:
    """Where the pictures of the working application are served."""
    return among(application, pictures.present(application))


def among(application: Application, held: Collection[str]) -> Address:
    """The same, for pictures that are known already."""
    return lambda name: url("picture", application, picture=name) if name in held else None


def version_address(
    application: Application, version: DocumentVersion, questionnaire: Questionnaire
) -> Address:
    """Where the pictures of a frozen version are served: by their digests."""
    held = pictures.of_version(version, questionnaire)

    def find(name: str) -> str | None:
        file = held.get(name)
        return url("version-file", application, number=version.number, sha256=file.sha256) if file else None

    return find


def pictures_of(application: Application, section: Section) -> dict[str, StoredFile]:
    """The pictures of the application, where the section can show any."""
    return pictures.present(application) if any(field.rich for field in section.fields) else {}


def takes_pictures(application: Application, section: Section) -> bool:
    """Whether a picture can be uploaded beside an answer of the section."""
    slot = pictures.slot_of(application.call.package)
    return slot is not None and any(field.rich for field in section.fields)


def with_pictures(
    fields: Sequence[ScreenField],
    application: Application,
    section: Section,
    held: Mapping[str, StoredFile],
    *,
    may_add: bool,
) -> list[ScreenField]:
    """The rich fields with their pictures: those that may be written for the editor, the others to be read."""
    if not any(field.rich for field in section.fields):
        return list(fields)
    slot = pictures.slot_of(application.call.package)
    held = pictures.present(application)
    told = ""
    if slot is not None:
        told = json.dumps(
            {
                "upload": url("attachment-uploads", application) if may_add else "",
                "slot": slot.key,
                "list": url("pictures", application),
                "view": url("picture", application, picture=NAME),
                "names": list(held),
                "accept": ",".join(
                    f".{ending}" for name in slot.formats for ending in FORMATS[name].extensions
                ),
                "most": slot.max_mb * 1_000_000,
                "left": room(application, held),
            },
            ensure_ascii=False,
        )
    found = []
    for field in fields:
        if section.field(field.key).rich:
            controls = tuple(replace(control, pictures=told) for control in field.controls)
            shown = answer_blocks(field.text, among(application, held)) if field.locked and field.text else ""
            field = replace(field, controls=controls, blocks=shown)  # noqa: PLW2901
        found.append(field)
    return found


def room(application: Application, held: Collection[str]) -> int:
    """How many more pictures fit into the slot."""
    slot = pictures.slot_of(application.call.package)
    return max(slot.maximum - len(held), 0) if slot else 0
