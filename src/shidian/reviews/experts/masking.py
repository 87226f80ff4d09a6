"""Blind reading: a version without who applied. The one place where names are hidden from experts.

Hidden are the names, codes and addresses of the lead and of every party, persons, telephones and mail addresses, and
whatever else the call withholds (`experts.withheld`); in running text each name becomes its role. Files, pictures and
the printed form cannot be masked and are withheld altogether.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from django.utils.translation import gettext as _

from shidian.applications.content import at_path
from shidian.applications.papers import package_of
from shidian.calls.definition import CallDefinition
from shidian.documents.models import DocumentVersion
from shidian.questionnaires.definition import Questionnaire

HIDDEN_TYPES = ("unit_code", "phone", "email", "postcode", "region")
_PHONE = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}[-—－]?\d{7,8})(?!\d)")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NP-RT-UW-Y]{18}(?![0-9A-Z])")
SHORTEST = 2
"""A name of one character would be found everywhere."""


def masked(version: DocumentVersion) -> DocumentVersion:
    """The version as an expert reads it where the call is blind: not stored, without attachments and parties."""
    data = version.data
    package = package_of(version)
    hide = masker(version)
    answers = {
        section.key: _section(
            package.call, package.questionnaire, section.key, data["answers"].get(section.key) or {}, hide
        )
        for section in package.questionnaire.sections
    }
    data = {**data, "answers": answers, "attachments": [], "parties": [], "explanations": [], "lead": {}}
    return DocumentVersion(
        document=version.document,
        number=version.number,
        content=orjson.dumps(data).decode(),
        digest=version.digest,
        created_at=version.created_at,
    )


def masker(version: DocumentVersion) -> Callable[[str], str]:
    """Hides in any text who applied."""
    names = dict(sorted(_names(version), key=lambda row: -len(row[0])))
    words = [name for name in names if len(name) >= SHORTEST]
    pattern = re.compile("|".join(map(re.escape, words))) if words else None

    def hide(text: str) -> str:
        if pattern is not None:
            text = pattern.sub(lambda found: _("［{role}］").format(role=names[found[0]]), text)
        for sensitive in (_MAIL, _CODE, _PHONE):
            text = sensitive.sub(_("［匿名］"), text)
        return text

    return hide


def _names(version: DocumentVersion) -> Iterator[tuple[str, str]]:
    """Every name that tells who applied, with the role that stands in its place."""
    data, call = version.data, package_of(version).call
    answers = data["answers"]
    lead = next(
        (party.label for party in call.parties if party.names_from == call.uses.lead_name), _("承担单位")
    )
    for name in (data["lead"].get("name"), at_path(answers, call.uses.lead_name)):
        if isinstance(name, str) and name.strip():
            yield name.strip(), lead
    for party in data["parties"]:
        yield party["name"].strip(), party["label"]
    for path in (call.uses.contact, *call.experts.withheld):
        value = at_path(answers, path) if path else None
        if isinstance(value, str) and value.strip() and len(value) <= 60:
            yield value.strip(), _("匿名")
    for role in call.parties:
        rows = at_path(answers, role.names_from or "")
        for row in rows if isinstance(rows, list) else ():
            for key in ("contact", "name"):
                if isinstance(row, dict) and str(row.get(key) or "").strip():
                    yield str(row[key]).strip(), role.label if key == "name" else _("匿名")


def _section(
    call: CallDefinition,
    questionnaire: Questionnaire,
    section: str,
    given: Mapping[str, Any],
    hide: Callable[[str], str],
) -> dict[str, Any]:
    named = {call.uses.lead_name, call.uses.lead_code, call.uses.contact, call.uses.phone}
    withheld = named | set(call.experts.withheld) | {role.names_from for role in call.parties}
    found: dict[str, Any] = {}
    for asked in questionnaire.section(section).fields:
        value = given.get(asked.key)
        if f"{section}.{asked.key}" in withheld or asked.type in HIDDEN_TYPES:
            found[asked.key] = _nothing(value)
        else:
            found[asked.key] = _deep(value, hide)
    return found


def _nothing(value: Any) -> Any:
    """In the place of an answer that is withheld, of its own shape."""
    if isinstance(value, str):
        return _("（匿名评审，不显示）") if value else value
    return [] if isinstance(value, list) else {} if isinstance(value, dict) else None


def _deep(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list):
        return [_deep(each, hide) for each in value]
    if isinstance(value, dict):
        return {key: _deep(each, hide) for key, each in value.items()}
    return value
