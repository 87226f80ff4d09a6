"""The pictures of long answers: files of the slot that the form names for them, found by their names.

An answer names a picture; a frozen version finds it among its own attachments, by digest, and never in the live record.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from shidian.applications.models import Application
from shidian.calls.definition import AttachmentSlot
from shidian.calls.packages import Package
from shidian.documents import previews
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.questionnaires import prose
from shidian.questionnaires.definition import Field, Questionnaire, Section
from shidian.questionnaires.forms import plain_text
from shidian.questionnaires.problems import Problem
from shidian.questionnaires.visibility import visible

WIDTH = 1860
"""Pixels of a printed picture: 300 to the inch over the width of a box."""
_LONGEST = 200
_BARS = re.compile(r"[|｜\n]")


def slot_of(package: Package) -> AttachmentSlot | None:
    """The slot for pictures; None where the form has no place for any."""
    key = package.questionnaire.pictures
    return next((slot for slot in package.call.attachments if slot.key == key), None) if key else None


def present(application: Application) -> dict[str, StoredFile]:
    """The pictures of the working application by name."""
    key = application.call.questionnaire.pictures
    if not key:
        return {}
    rows = application.attachments.filter(slot=key).select_related("file")
    return {row.file.name: row.file for row in rows}


def of_version(version: DocumentVersion, questionnaire: Questionnaire) -> dict[str, StoredFile]:
    """The pictures of a frozen version by name: the files whose digests it holds."""
    key = questionnaire.pictures
    held = {row["name"]: row["sha256"] for row in version.data["attachments"] if key and row["slot"] == key}
    files = {
        file.sha256: file for file in StoredFile.objects.filter(sha256__in=held.values()).order_by("-pk")
    }
    return {name: files[digest] for name, digest in held.items() if digest in files}


def free_name(name: str, taken: Collection[str]) -> str:
    """The name under which a picture comes into the slot: one that an answer can hold, and that no other has."""
    plain = _BARS.sub("_", plain_text(name)).strip() or "图片"
    stem, dot, ending = plain.rpartition(".")
    if not dot:
        stem, ending = plain, ""
    number = 1
    while plain in taken:
        number += 1
        tail = f"-{number}{dot}{ending}"
        plain = f"{stem[: _LONGEST - len(tail)]}{tail}"
    return plain


def named(
    questionnaire: Questionnaire, answers: Mapping[str, Any]
) -> Iterator[tuple[Section, Field, prose.Picture]]:
    """Every picture that a rich answer names, in the order of the form; what is not asked for is left out."""
    known = visible(questionnaire, answers)
    for section in questionnaire.sections:
        values = answers.get(section.key)
        for field in section.fields:
            if field.rich and isinstance(values, Mapping) and known.field(section.key, field.key):
                for picture in prose.parse(plain_text(values.get(field.key))).pictures:
                    yield section, field, picture


def using(questionnaire: Questionnaire, answers: Mapping[str, Any], name: str) -> list[Field]:
    """The fields whose answers show the picture of this name."""
    found = {
        field.key: field for _section, field, picture in named(questionnaire, answers) if picture.name == name
    }
    return list(found.values())


def missing(
    questionnaire: Questionnaire,
    answers: Mapping[str, Any],
    held: Mapping[str, StoredFile],
    *,
    only: str | None = None,
) -> list[Problem]:
    """Pictures that answers name and that are not there or cannot be drawn; `only`: of one section."""
    found: list[Problem] = []
    for section, field, picture in named(questionnaire, answers):
        if only not in (None, section.key):
            continue
        if picture.name not in held:
            words = (
                _("“{field}”里的图片“{name}”没有上传。请在“插图”里上传这张图片，或者删去这一行")
                if (questionnaire.pictures)
                else _(
                    "“{field}”里的图片“{name}”不会打印：本批申请书不收插图。请删去这一行，图片可以作为附件上传"
                )
            )
        elif previews.picture(held[picture.name], width=WIDTH) is None:
            words = _("“{field}”里的图片“{name}”画不出来。请换成 JPEG 或者 PNG 格式的图片，再上传一次")
        else:
            continue
        message = words.format(field=field.name, name=picture.name)
        code = f"{section.key}.{field.key}:picture[{picture.line + 1}]"
        problem = Problem(section.key, field.key, f"f-{field.key}", message, "error", code)
        if all(problem.message != other.message for other in found):
            found.append(problem)
    return found


def drawn(
    questionnaire: Questionnaire, answers: Mapping[str, Any], held: Mapping[str, StoredFile]
) -> dict[str, bytes]:
    """The pictures that the answers show, as JPEG for the paper, by name; those that cannot be drawn are left out."""
    names = dict.fromkeys(picture.name for _section, _field, picture in named(questionnaire, answers))
    found = {}
    for name in names:
        path = previews.picture(held[name], width=WIDTH) if name in held else None
        if path is not None:
            found[name] = path.read_bytes()
    return found
