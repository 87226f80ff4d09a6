"""What a party vouches for: the part of a frozen version that its agreement covers, and the digest over that part.

An edit voids exactly the agreements whose part it touched; everybody else's is carried to the next version. What
identifies the application (its reference, its lead, the form) and the scope itself are always part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from shidian.core.canonical import digest_json
from shidian.questionnaires.definition import Key, Value

ALWAYS = ("schema", "reference", "questionnaire", "lead")
"""What every party sees at the head of the paper."""

PARTIES = "parties"
ATTACHMENTS = "attachments"
FORM = "form"
"""Paths of `changes` that are no field: who takes part, `attachments.<slot>`, and the form or the call itself."""
SHEET = "sheet"
"""What stands beside them where nothing changed, and yet a sheet is to be made again (`actions.Anew`)."""


class Scope(Value):
    """Sections, fields (`section.field`) and slots of attachments that a role vouches for; `parties`: who takes part."""

    sections: list[Key] = Field(default=[])
    fields: list[str] = Field(default=[])
    attachments: list[Key] = Field(default=[])
    parties: bool = True

    @classmethod
    def stored(cls, value: Mapping[str, Any] | None) -> Scope | None:
        """The scope as a party keeps it; None stands for everything."""
        return None if value is None else cls.model_validate(value)


def covered(content: Mapping[str, Any], scope: Scope | None) -> dict[str, Any]:
    """The part of a version's content that a scope covers; without a scope everything but the version's number."""
    if scope is None:
        return {key: value for key, value in content.items() if key != "version"}
    found: dict[str, Any] = {key: content[key] for key in ALWAYS if key in content}
    found["scope"] = scope.model_dump()
    found["answers"] = _answers(content.get("answers", {}), scope)
    found[ATTACHMENTS] = [
        each for each in content.get(ATTACHMENTS, []) if each.get("slot") in scope.attachments
    ]
    if scope.parties:
        found[PARTIES] = content.get(PARTIES, [])
    return found


def _answers(answers: Mapping[str, Mapping[str, Any]], scope: Scope) -> dict[str, dict[str, Any]]:
    found = {section: dict(values) for section, values in answers.items() if section in scope.sections}
    for path in scope.fields:
        section, _, field = path.partition(".")
        if field in answers.get(section, {}):
            found.setdefault(section, {})[field] = answers[section][field]
    return found


def scope_digest(content: Mapping[str, Any], scope: Scope | None) -> str:
    """SHA-256 over the canonical JSON of what is covered, 64 hex digits."""
    return digest_json(covered(content, scope))


def changes(before: Mapping[str, Any], after: Mapping[str, Any], scope: Scope | None) -> list[str]:
    """What changed within a scope from one version to the next, as paths in the order of the newer one.

    `section.field`, `attachments.<slot>`, `parties`, and `form` for all that is no answer (the form, the call, the lead,
    reasons given for warnings). Empty exactly when the digests are equal.
    """
    old, new = covered(before, scope), covered(after, scope)
    found: list[str] = []
    was, now = old.pop("answers", {}), new.pop("answers", {})
    for section in [*now, *(key for key in was if key not in now)]:
        left, right = was.get(section, {}), now.get(section, {})
        keys = [*right, *(key for key in left if key not in right)]
        found += [f"{section}.{key}" for key in keys if _other(left, right, key)]
    files, present = old.pop(ATTACHMENTS, []), new.pop(ATTACHMENTS, [])
    if files != present:
        slots = list(dict.fromkeys(each["slot"] for each in [*present, *files]))
        other = [slot for slot in slots if _of(files, slot) != _of(present, slot)]
        found += [f"{ATTACHMENTS}.{slot}" for slot in other or slots]  # or only their order is another
    if old.pop(PARTIES, []) != new.pop(PARTIES, []):
        found.append(PARTIES)
    if old != new or (was != now and not found):
        found.append(FORM)
    return found


def _of(files: Sequence[Mapping[str, Any]], slot: str) -> list[Mapping[str, Any]]:
    return [each for each in files if each["slot"] == slot]


def _other(left: Mapping[str, Any], right: Mapping[str, Any], key: str) -> bool:
    return (key in left) != (key in right) or left.get(key) != right.get(key)
