"""What is open while a correction runs: what the problem list names, and what was opened on request.

Nothing deadlocks: open too is what a named field brings with it (fields that it shows, its explanation, its evidence),
and whatever an error stands against now, because else the application could not be frozen again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from shidian.applications.models import Application, Correction, CorrectionItem, OpeningAnswer
from shidian.applications.places import Place
from shidian.applications.queries import answers
from shidian.core.verdict import YES, Verdict, not_now
from shidian.questionnaires.checks import check, is_blank
from shidian.questionnaires.definition import Questionnaire
from shidian.questionnaires.expressions import NotAnExpression, expression

UNDER_WAY = ("returned", "draft", "signing")
"""States of an application that an office holds in which a correction is under way."""
NOTE = "-note"
"""The end of the key of a field that explains the answer before it (see `calls.packages`)."""


def current(application: Application) -> Correction | None:
    """The problem list by which the application is being corrected now; no query where no office holds it."""
    if application.office_id is None or application.state not in UNDER_WAY:
        return None
    rows = Correction.objects.filter(application=application).select_related(
        "lodgement__version", "lodgement__office", "by"
    )
    return rows.order_by("-pk").first()


def opening(application: Application) -> Opening | None:
    """What is open by the correction under way; None where none is, and everything may be written."""
    correction = current(application)
    if correction is None:
        return None
    named = CorrectionItem.objects.filter(correction=correction).values_list("place", flat=True)
    opened = OpeningAnswer.objects.filter(request__correction=correction, opened=True)
    asked = opened.values_list("request__place", flat=True)
    return Opening(application, correction, [Place.read(text) for text in (*named, *asked)])


class Opening:
    """What of an application may be changed by one problem list. Read it anew in each transaction."""

    def __init__(self, application: Application, correction: Correction, places: Iterable[Place]) -> None:
        self.application = application
        self.correction = correction
        self.places = list(places)
        self.questionnaire: Questionnaire = application.call.questionnaire
        self.base: Mapping[str, Any] = correction.lodgement.version.data

    @cached_property
    def whole(self) -> bool:
        """Whether everything is open."""
        return any(place.kind == "whole" for place in self.places)

    @cached_property
    def _named(self) -> set[str]:
        """The fields that are open as a whole, with what they bring with them."""
        found: set[str] = set()
        for place in self.places:
            section = self.questionnaire.by_key.get(place.section)
            if place.kind == "section" and section is not None:
                found |= {f"{section.key}.{key}" for key in section.by_key}
            elif place.kind == "field":
                found.add(place.path)
        return _with_dependants(self.questionnaire, found, self.rows)

    @cached_property
    def rows(self) -> dict[str, set[int]]:
        """The rows that are open of tables that are not open as a whole, by "section.field"."""
        found: dict[str, set[int]] = {}
        for place in self.places:
            if place.kind == "row":
                found.setdefault(place.path, set()).add(place.number)
        return found

    @cached_property
    def _late(self) -> set[str]:
        """Fields that nobody named, but against which an error stands, or that were open and changed before."""
        values = answers(self.application)
        found = {
            f"{each.section}.{each.field}"
            for each in check(self.questionnaire, values)
            if each.severity == "error"
        }
        for section in self.questionnaire.sections:
            now, was = values.get(section.key, {}), self.base["answers"].get(section.key) or {}
            found |= {
                f"{section.key}.{key}"
                for key, value in now.items()
                if value != was.get(key) and not (is_blank(value) and is_blank(was.get(key)))
            }
        return found

    @cached_property
    def _wrong_before(self) -> set[str]:
        """Fields that the check of today finds wrong as they were handed in."""
        found = check(self.questionnaire, self.base["answers"])
        return {f"{each.section}.{each.field}" for each in found if each.severity == "error"}

    def has_field(self, path: str) -> bool:
        """Whether a field may be changed, at least in some rows."""
        return self.whole or path in self._named or path in self.rows or path in self._late

    def locked_rows(self, path: str) -> bool:
        """Whether only some rows of a table are open."""
        return path in self.rows and not (self.whole or path in self._named or path in self._wrong_before)

    def may_write(self, path: str, value: Any) -> Verdict:
        """Whether this value may be written at "section.field"."""
        if self.whole or path in self._named:
            return YES
        if path in self.rows:
            return self._may_write_rows(path, value)
        return self.may_open(path)

    def may_open(self, path: str) -> Verdict:
        """Whether a field may be written in at all, and why not."""
        if self.has_field(path):
            return YES
        field = self.questionnaire.find(path)
        return not_now(
            _("“{field}”没有列入问题清单 {list}，这次补正不能改。确实要改的，可以申请开放。").format(
                field=field.name if field else path, list=self.correction.reference
            )
        )

    def kept_rows(self, path: str) -> list[Any]:
        """The rows of a table that are not open, as they were handed in."""
        section, _rest, field = path.partition(".")
        was = (self.base["answers"].get(section) or {}).get(field)
        rows = enumerate(was if isinstance(was, list) else [], start=1)
        return [row for number, row in rows if number not in self.rows.get(path, ()) and not is_blank(row)]

    def _may_write_rows(self, path: str, value: Any) -> Verdict:
        """The rows that are not open must all be there, as they were and in their order, and no others come in."""
        if path in self._wrong_before:
            return YES
        now = [row for row in value if not is_blank(row)] if isinstance(value, list) else []
        kept, numbers = self.kept_rows(path), self.rows[path]
        if kept_within(kept, now) and len(now) - len(kept) <= len(numbers):
            return YES
        return not_now(
            _("问题清单 {list} 只开放了这张表的第 {rows} 行：其余各行不能改、不能删，也不能加行。").format(
                list=self.correction.reference, rows=_("、").join(str(number) for number in sorted(numbers))
            )
        )

    # Attachments

    @cached_property
    def slots(self) -> set[str]:
        """The slots that are open as a whole."""
        known = {slot.key for slot in self.application.call.definition.attachments}
        return {
            key
            for place in self.places
            if place.kind == "slot"
            for key in ({place.slot} if place.slot else known)
        }

    @cached_property
    def _filled(self) -> set[str]:
        """The slots into which files may be put because a field that is open needs them."""
        fields = self._named | set(self.rows)
        evidence = self.application.call.definition.evidence_slots
        found = {evidence[path.partition(".")[2]] for path in fields if path.partition(".")[2] in evidence}
        pictures = self.questionnaire.pictures
        if pictures and any((field := self.questionnaire.find(path)) and field.rich for path in fields):
            found.add(pictures)
        return found

    def _files(self, slot: str) -> list[str]:
        return [place.digest for place in self.places if place.kind == "file" and place.slot == slot]

    def _before(self, slot: str) -> list[str]:
        return [row["sha256"] for row in self.base["attachments"] if row["slot"] == slot]

    def has_slot(self, slot: str) -> bool:
        """Whether files may be put into a slot."""
        return bool(self.may_attach(slot))

    def may_attach(self, slot: str) -> Verdict:
        """Whether one more file may be put into a slot: as many as are named may be replaced."""
        if self.whole or slot in self.slots or slot in self._filled:
            return YES
        held = Counter(self.application.attachments.filter(slot=slot).values_list("file__sha256", flat=True))
        named = self._files(slot)
        before = self._before(slot)
        kept = Counter(digest for digest in before if not digest.startswith(tuple(named) or ("-",)))
        required = any(
            each.key == slot and each.required for each in self.application.call.definition.attachments
        )
        if (required and not held) or (named and (held - kept).total() < len(named)):
            return YES
        if named:
            return not_now(
                _("问题清单 {list} 只开放了这类材料里的 {count} 个文件：先删去要换的，再上传新的。").format(
                    list=self.correction.reference, count=len(named)
                )
            )
        return self._closed(slot)

    def may_detach(self, slot: str, digest: str) -> Verdict:
        """Whether a file may be taken out: one that is named, or that came in since."""
        if self.whole or slot in self.slots or digest not in self._before(slot):
            return YES
        if any(digest.startswith(named) for named in self._files(slot)):
            return YES
        return self._closed(slot)

    def _closed(self, slot: str) -> Verdict:
        label = next(
            (each.label for each in self.application.call.definition.attachments if each.key == slot), slot
        )
        return not_now(
            _("“{slot}”没有列入问题清单 {list}，这次补正不能改。确实要改的，可以申请开放。").format(
                slot=label, list=self.correction.reference
            )
        )

    # Sheets and explanations

    @cached_property
    def anew(self) -> set[tuple[str, str, str]]:
        """The bodies whose sheet is named: what they agreed to before is not carried."""
        parties = self.base["parties"]
        named = [parties[place.number - 1] for place in self.places if place.kind == "sheet"]
        return {(party["role"], party["name"][:120], party["code"][:18]) for party in named}

    def may_explain(self, path: str, code: str) -> Verdict:
        """Whether a warning may be explained: where it stands at an open field, or came up in this correction."""
        if self.has_field(path):
            return YES
        stood = {each.code for each in check(self.questionnaire, self.base["answers"])}
        return YES if code not in stood else self.may_open(path)


def kept_within(kept: list[Any], now: list[Any]) -> bool:
    """Whether all of `kept` stand in `now`, in the same order."""
    rest = iter(now)
    return all(any(row == other for other in rest) for row in kept)


def _with_dependants(questionnaire: Questionnaire, named: set[str], rows: Iterable[str]) -> set[str]:
    """The fields with those that are shown or hidden by them or by `rows`, that explain them, or must fit them by a rule."""
    leads, rows = _leads(questionnaire), set(rows)
    found, ahead = set(named), [*named, *rows]
    while ahead:
        for path in leads.get(ahead.pop(), ()):
            if path not in found:
                found.add(path)
                ahead.append(path)
    for rule in questionnaire.rules:
        if rule.severity == "error":
            bound = {f"{rule.section}.{rule.field}", *_looks_at(questionnaire, rule.must, rule.when)}
            if bound & named:
                found |= bound
            elif bound & rows:
                found |= bound - rows
    return found


def _leads(questionnaire: Questionnaire) -> dict[str, set[str]]:
    """By field those that it shows or hides, and the one that explains it; worked out once a form."""
    known: dict[str, set[str]] | None = questionnaire.prepared.get("leads")
    if known is not None:
        return known
    known = {}
    for section in questionnaire.sections:
        for field in section.fields:
            path = f"{section.key}.{field.key}"
            for other in _looks_at(questionnaire, field.visible_when, section.visible_when):
                known.setdefault(other, set()).add(path)
            if field.key + NOTE in section.by_key:
                known.setdefault(path, set()).add(path + NOTE)
            if field.same_as:
                known.setdefault(path, set()).add(field.same_as)
                known.setdefault(field.same_as, set()).add(path)
    questionnaire.prepared["leads"] = known
    return known


def _looks_at(questionnaire: Questionnaire, *sources: str | None) -> set[str]:
    found: set[str] = set()
    for source in sources:
        if source:
            try:
                found |= {f"{section}.{key}" for section, key in expression(questionnaire, source).needs}
            except NotAnExpression:
                continue
    return found
