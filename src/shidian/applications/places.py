"""The places of an application that a problem can be about, written as one short text that stays the same.

""  the whole application           s:goals       a section
f:cover.name  a field               r:plan.plan.3 the third row of a table, as it was when it was returned
a:           all attachments        a:proof       a kind of attachments
a:proof:1f…  one file in it (the beginning of its digest)
p:2          the sheet of the second party of the version that was returned
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from shidian.calls.packages import Package
from shidian.questionnaires.definition import Questionnaire

ATTACHMENTS = "attachments"
"""The part of an application that is no section of the form; reasons name it like one."""
DIGEST = 16
"""Signs of a file's digest that name it within a slot."""

Kind = Literal["whole", "section", "field", "row", "slot", "file", "sheet"]

_PATTERN = re.compile(
    r"s:(?P<s>[a-z][a-z0-9_]*)|f:(?P<f>[a-z][a-z0-9_]*\.[a-z][a-z0-9_-]*)"
    r"|r:(?P<r>[a-z][a-z0-9_]*\.[a-z][a-z0-9_-]*)\.(?P<n>[1-9][0-9]{0,3})"
    r"|a:(?P<a>[a-z0-9_-]*)(?::(?P<d>[0-9a-f]{16}))?|p:(?P<p>[1-9][0-9]{0,2})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Place:
    """One place. `path` is "section.field", `number` that of a row or of a party, `digest` the beginning of a file's."""

    kind: Kind = "whole"
    section: str = ""
    path: str = ""
    number: int = 0
    slot: str = ""
    digest: str = ""

    @classmethod
    def read(cls, text: str) -> Place:
        """The place that a text names; ValueError for one that is none."""
        if not text:
            return WHOLE
        found = _PATTERN.fullmatch(text)
        if found is None:
            raise ValueError(text)
        if found["s"]:
            return cls("section", section=found["s"])
        if path := found["f"] or found["r"]:
            kind: Kind = "field" if found["f"] else "row"
            return cls(kind, section=path.partition(".")[0], path=path, number=int(found["n"] or 0))
        if found["p"]:
            return cls("sheet", number=int(found["p"]))
        slot, digest = found["a"] or "", found["d"] or ""
        if digest and not slot:
            raise ValueError(text)
        return cls("file" if digest else "slot", section=ATTACHMENTS, slot=slot, digest=digest)

    def __str__(self) -> str:
        match self.kind:
            case "section":
                return f"s:{self.section}"
            case "field":
                return f"f:{self.path}"
            case "row":
                return f"r:{self.path}.{self.number}"
            case "slot":
                return f"a:{self.slot}"
            case "file":
                return f"a:{self.slot}:{self.digest}"
            case "sheet":
                return f"p:{self.number}"
            case _:
                return ""

    @property
    def field(self) -> str:
        """The key of the field, for a field or a row of one."""
        return self.path.partition(".")[2]


WHOLE = Place()


def of_section(section: str) -> Place:
    """The place of a part of the form as reasons name it: a section, the attachments, or nothing for everything."""
    if section == ATTACHMENTS:
        return Place("slot", section=ATTACHMENTS)
    return Place("section", section=section) if section else WHOLE


def exists(place: Place, package: Package, content: Mapping[str, Any]) -> bool:
    """Whether a version with this content has the place."""
    questionnaire = package.questionnaire
    match place.kind:
        case "section":
            return place.section in questionnaire.by_key
        case "field":
            return questionnaire.find(place.path) is not None
        case "row":
            field = questionnaire.find(place.path)
            return field is not None and field.type == "rows" and place.number <= len(rows_at(content, place))
        case "slot":
            return not place.slot or any(slot.key == place.slot for slot in package.call.attachments)
        case "file":
            return file_at(content, place) is not None
        case "sheet":
            return place.number <= len(content["parties"])
        case _:
            return True


def rows_at(content: Mapping[str, Any], place: Place) -> list[Mapping[str, Any]]:
    """The rows of the table that a place names, as frozen."""
    value = (content["answers"].get(place.section) or {}).get(place.field)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def file_at(content: Mapping[str, Any], place: Place) -> Mapping[str, Any] | None:
    """The file that a place names, as frozen."""
    rows = (row for row in content["attachments"] if row["slot"] == place.slot)
    return next((row for row in rows if row["sha256"].startswith(place.digest)), None)


def words(place: Place, package: Package, content: Mapping[str, Any]) -> str:
    """What a place is called, in the language of who reads."""
    questionnaire = package.questionnaire
    match place.kind:
        case "section":
            return _section(questionnaire, place.section)
        case "field" | "row":
            field = questionnaire.find(place.path)
            named = _("{section} · {field}").format(
                section=_section(questionnaire, place.section), field=field.name if field else place.field
            )
            if place.kind == "field":
                return named
            return _("{place}，第 {number} 行").format(place=named, number=place.number)
        case "slot" | "file":
            label = next((slot.label for slot in package.call.attachments if slot.key == place.slot), "")
            if not label:
                return _("证明材料")
            named = _("证明材料 · {slot}").format(slot=label)
            file = file_at(content, place) if place.kind == "file" else None
            return _("{place}：{name}").format(place=named, name=file["name"]) if file else named
        case "sheet":
            party = content["parties"][place.number - 1]
            return _("意见页 · {label}“{name}”").format(label=party["label"], name=party["name"])
        case _:
            return _("整份申请")


def _section(questionnaire: Questionnaire, key: str) -> str:
    section = questionnaire.by_key.get(key)
    return _("{mark}　{title}").format(mark=section.mark, title=section.title) if section else key
