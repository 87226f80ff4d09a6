"""Applications that say the same: of one unit, under one name, or with text in common. Findings for people to judge.

Text is compared when an application is handed in, in the background, with all that was handed in before, in this call
and in earlier ones; what was found is kept, so that reading an application costs no comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from shidian.applications.models import Application
from shidian.applications.papers import package_of
from shidian.applications.states import LEFT
from shidian.audit.models import Event
from shidian.calls.models import package_of_digest
from shidian.core import clock
from shidian.core.fingerprints import Hashes, Passage, fingerprint, packed, passages, shared, unpacked
from shidian.documents.models import DocumentVersion
from shidian.organisations.codes import unit_code
from shidian.organisations.names import comparable
from shidian.questionnaires.definition import Questionnaire
from shidian.reviews.models import Fingerprint, Resemblance

HANDED_IN = ("lodged", "returned", "recommended", "declined", "merged", *LEFT)


def hear(sender: object, event: Event, **_more: Any) -> None:
    """After an application was handed in: compare it in the background."""
    if event.name == "application.lodged":
        async_task("shidian.reviews.similar.compare", event.chain.removeprefix("application:"))


# Text in common


def essays(version: DocumentVersion) -> dict[str, str]:
    """The long texts of a version by their place: `section.field`, and `section.field.row.column` in tables."""
    return long_texts(package_of(version).questionnaire, version.data["answers"])


def long_texts(form: Questionnaire, answers: Mapping[str, Any]) -> dict[str, str]:
    """The same of answers that need not be frozen."""
    found: dict[str, str] = {}
    for section in form.sections:
        given = answers.get(section.key) or {}
        for asked in section.fields:
            value = given.get(asked.key)
            if asked.type == "long_text" and isinstance(value, str):
                found[f"{section.key}.{asked.key}"] = value
            if asked.type == "rows" and isinstance(value, list):
                columns = [column.key for column in asked.columns if column.type == "long_text"]
                for number, row in enumerate(value, start=1):
                    found |= {
                        f"{section.key}.{asked.key}.{number}.{key}": row[key]
                        for key in columns
                        if row.get(key)
                    }
    return {path: text for path, text in found.items() if text.strip()}


def place(questionnaire: Questionnaire, path: str) -> str:
    """The words for a place of `essays`."""
    section, key, *rest = path.split(".")
    asked = questionnaire.find(f"{section}.{key}")
    name = asked.name if asked else key
    return _("{name}，第 {row} 行").format(name=name, row=rest[0]) if rest else name


@lru_cache(maxsize=32)
def _printed(digest: str) -> Hashes:
    """The hashes of what the form itself says, which everybody may repeat."""
    form = package_of_digest(digest).questionnaire
    words = [*form.instructions]
    for section in form.sections:
        words.append(section.title)
        words += [text for asked in section.fields for text in (asked.label, asked.hint, asked.explain)]
    return fingerprint("。".join(words))


def _known(version: DocumentVersion) -> Hashes:
    return _printed(version.data["call"]["digest"])


def hashes(version: DocumentVersion) -> Hashes:
    """The fingerprint of a version, kept from the first time."""
    kept = Fingerprint.objects.filter(version=version).first()
    if kept is not None:
        return unpacked(kept.hashes)
    # Field by field, so that no run reaches from the end of one answer into the next.
    parts = [fingerprint(text) for text in essays(version).values()]
    found = np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.uint64)
    Fingerprint.objects.get_or_create(version=version, defaults={"hashes": packed(found)})
    return found


def compare(reference: str) -> int:
    """Compare the version of an application with that of every other that was handed in; how many resemble it.

    Run again, it finds the same. Takes about a second for 10,000 applications.
    """
    application = Application.objects.select_related("version").get(reference=reference)
    version = application.version
    if version is None:
        return 0
    mine = hashes(version)
    others = Application.objects.filter(state__in=HANDED_IN).exclude(pk=application.pk).exclude(version=None)
    for missing in DocumentVersion.objects.filter(
        pk__in=others.values("version"),
    ).exclude(pk__in=Fingerprint.objects.values("version")):
        hashes(missing)
    kept = Fingerprint.objects.filter(version__in=others.values("version")).values_list("version", "hashes")
    found = shared(mine, {pk: unpacked(content) for pk, content in kept}, known=_known(version))
    now = clock.now()
    Resemblance.objects.bulk_create(
        (Resemblance(version=version, other_id=pk, shared=count, at=now) for pk, count in found.items()),
        ignore_conflicts=True,
    )
    return len(found)


# What a person sees


@dataclass(slots=True)
class Alike:
    """Another application that says the same: by unit, by name, by text (`shared` hashes; 0 for none)."""

    application: Application
    unit: bool = False
    name: bool = False
    shared: int = 0

    @property
    def why(self) -> list[str]:
        """What is the same, in words."""
        words = ((self.unit, _("同一单位")), (self.name, _("同一名称")), (self.shared > 0, _("文字相同")))
        return [text for is_so, text in words if is_so]


@dataclass(frozen=True, slots=True)
class Found:
    """Those that a person may see, the most alike first, and how many it may not."""

    seen: list[Alike] = field(default_factory=list)
    hidden: int = 0

    @property
    def words(self) -> str:
        """What was found, in a line for the checklist."""
        if not self.seen and not self.hidden:
            return _("没有发现同一单位、同一名称或者文字相同的其他申请")
        counts = (
            (sum(each.unit for each in self.seen), _("同一单位的")),
            (sum(each.name for each in self.seen), _("同一名称的")),
            (sum(each.shared > 0 for each in self.seen), _("文字相同的")),
        )
        said = [_("{what} {count} 件").format(what=what, count=count) for count, what in counts if count]
        if self.hidden:
            said.append(_("另有 {count} 件您看不到的").format(count=self.hidden))
        return _("其他申请：{said}").format(said=_("，").join(said))


def alike(application: Application, visible: QuerySet[Application]) -> Found:
    """Every other application that was handed in, in this call or an earlier one, and is alike; `visible` to the person."""
    found: dict[int, Alike] = {}
    for other in _candidates(application):
        found[other.pk] = Alike(
            other, unit=_same_unit(application, other), name=_same_name(application, other)
        )
    for other, count in _resembling(application):
        found.setdefault(other.pk, Alike(other)).shared = count
    rows = [each for each in found.values() if each.unit or each.name or each.shared]
    seen = set(visible.filter(pk__in=[each.application.pk for each in rows]).values_list("pk", flat=True))
    mine = sorted(
        (each for each in rows if each.application.pk in seen),
        key=lambda each: (-each.shared, -each.application.pk),
    )
    return Found(mine, len(rows) - len(mine))


def _others(application: Application) -> QuerySet[Application]:
    rows = Application.objects.filter(state__in=HANDED_IN).exclude(pk=application.pk)
    # A call made from another one to try things out is no earlier batch.
    rows = rows.filter(call__is_demonstration=application.call.is_demonstration)
    return rows.select_related("call", "lead", "office", "version").defer("version__content")


def _candidates(application: Application) -> Iterator[Application]:
    code = unit_code.organisation_code(application.lead.code) if application.lead.code else ""
    same = Q(lead=application.lead_id) | Q(title=application.title)
    if code:
        same |= Q(lead__code__contains=code)
    yield from _others(application).filter(same)


def _same_unit(one: Application, other: Application) -> bool:
    return one.lead_id == other.lead_id or (
        unit_code.organisation_code(one.lead.code) == unit_code.organisation_code(other.lead.code)
    )


def same_project(one: Application, other: Application) -> bool:
    """Whether two applications may be one project handed in twice: of one unit, or under one name."""
    return one.pk != other.pk and (_same_unit(one, other) or _same_name(one, other))


def _same_name(one: Application, other: Application) -> bool:
    return bool(one.title) and comparable(one.title) == comparable(other.title)


def _resembling(application: Application) -> Iterator[tuple[Application, int]]:
    version = application.version_id
    rows = Resemblance.objects.filter(Q(version=version) | Q(other=version))
    counts: Mapping[int, int] = {
        (row.other_id if row.version_id == version else row.version_id): row.shared for row in rows
    }
    for other in _others(application).filter(version__in=counts):
        yield other, counts[other.version_id or 0]


@dataclass(frozen=True, slots=True)
class Shared:
    """A passage that stands in two applications: where, and its words with what goes before and after in each."""

    place: str
    other_place: str
    before: str
    text: str
    after: str
    other_before: str
    other_text: str
    other_after: str


AROUND = 30
"""Characters shown before and after a passage."""
MOST = 60
"""Passages shown of two applications, the longest ones."""


def passages_of(version: DocumentVersion, other: DocumentVersion) -> list[Shared]:
    """The passages that two versions share, at most `MOST`, in the order of the first; the form's own words left out."""
    form, other_form = package_of(version).questionnaire, package_of(other).questionnaire
    known = _known(version)
    found: list[tuple[int, int, Shared]] = []
    theirs = essays(other)
    for number, (path, text) in enumerate(essays(version).items()):
        for other_path, other_text in theirs.items():
            for passage in passages(text, other_text):
                words = text[passage.start : passage.end]
                own = fingerprint(words)
                if len(own) and np.isin(own, known).all():
                    continue
                places = (place(form, path), place(other_form, other_path))
                shown = _shown(text, other_text, passage, places)
                found.append((number, passage.start, shown))
    longest = sorted(found, key=lambda each: -len(each[2].text))[:MOST]
    return [shown for _number, _start, shown in sorted(longest, key=lambda each: each[:2])]


def _shown(text: str, other: str, passage: Passage, places: Iterable[str]) -> Shared:
    first, second = places
    return Shared(
        place=first,
        other_place=second,
        before=text[max(0, passage.start - AROUND) : passage.start],
        text=text[passage.start : passage.end],
        after=text[passage.end : passage.end + AROUND],
        other_before=other[max(0, passage.other_start - AROUND) : passage.other_start],
        other_text=other[passage.other_start : passage.other_end],
        other_after=other[passage.other_end : passage.other_end + AROUND],
    )
