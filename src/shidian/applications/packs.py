"""The print pack of a frozen version: every sheet that has to be sealed and sent, and a list of what goes where.

It holds the checklist; one opinion sheet for each party, with the box of that party alone, and a sheet for the envelope
that brings it back; every copy that the call asks for, each with its number in its marks and its holder in its foot;
and a sheet for the envelope of the copies that are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.utils.translation import gettext as _

from shidian.applications.content import at_path
from shidian.applications.models import Application
from shidian.applications.papers import form_setting
from shidian.calls.queries import PlannedCopy, planned_copies
from shidian.core.errors import Invalid
from shidian.documents.marks.drawing import marking
from shidian.documents.models import DocumentVersion
from shidian.documents.render.binding import bound
from shidian.documents.render.compiler import Marking, Setting, compile_paper, default_template
from shidian.organisations.profiles import newest, told
from shidian.signoffs.models import Party, Round
from shidian.signoffs.queries import parties

Part = Literal["checklist", "opinions", "copies", "envelopes"]
PARTS: tuple[Part, ...] = ("checklist", "opinions", "envelopes", "copies")
"""In the order in which they lie in the pack."""

COPIES_DIFFER = "copies-differ"
"""The warning of the lint that two plans do not agree; the package's decision on it is printed."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be printed: numbers of copies, positions of parties, kinds of sheets."""

    copies: frozenset[int]
    parties: frozenset[int]
    parts: frozenset[Part] = frozenset(PARTS)
    duplex: bool = False


def signs_on_paper(party: Party) -> bool:
    """Whether a sheet for this party is of use: it has not agreed yet."""
    return not party.has_agreed


def everything(application: Application, round_: Round) -> Choice:
    """What is printed unless somebody chooses otherwise: all copies, and a sheet for everybody who has to agree."""
    waiting = [party.position for party in parties(round_) if signs_on_paper(party)]
    return Choice(frozenset(copy.number for copy in planned_copies(application.call)), frozenset(waiting))


def pack(application: Application, version: DocumentVersion, round_: Round, choice: Choice) -> bytes:
    """Print what was chosen as one PDF. The same choice gives the same bytes.

    Refused (`Invalid`) when nothing is left to print, and as `form_setting` refuses.
    """
    papers = list(_Pack(application, version, round_, choice).papers())
    if not papers:
        raise Invalid(_("没有选要打印的内容，请至少选一项。"))
    title = f"打印包 {application.reference} {version.label}"
    return bound(papers, title=title, duplex=choice.duplex)


def copy_marking(application: Application, version: DocumentVersion, number: int) -> Marking:
    """The marks of one copy of the form, with its holder in the foot; 0 is paper that is no numbered copy."""
    planned = planned_copies(application.call)
    copy = next((each for each in planned if each.number == number), None)
    note = f"第 {number} 份（共 {len(planned)} 份）：{copy.holder.label}" if copy else ""
    return marking(application.reference, version.number, copy=number, note=note)


def opinion_sheet(application: Application, version: DocumentVersion, round_: Round, party: Party) -> Setting:
    """The own sheet of a party as it lies in the pack, to be printed with its marks."""
    made = _Pack(application, version, round_, Choice(frozenset(), frozenset({party.position})))
    return Setting(
        default_template("opinion_sheet"),
        made._which_version() | made.opinion(party),
        pinned=made.frozen,
        extra_fonts=settings.FONTS_FOLDER,
    )


class _Pack:
    def __init__(
        self, application: Application, version: DocumentVersion, round_: Round, choice: Choice
    ) -> None:
        self.application, self.version, self.choice = application, version, choice
        self.definition = application.call.definition
        self.planned = planned_copies(application.call)
        self.everybody = list(parties(round_))
        self.pages = form_setting(version)
        self.frozen = version.created_at.astimezone(application.call.zone)

    @property
    def copies(self) -> list[PlannedCopy]:
        return [copy for copy in self.planned if copy.number in self.choice.copies]

    @property
    def parties(self) -> list[Party]:
        return [party for party in self.everybody if party.position in self.choice.parties]

    def papers(self) -> Iterator[bytes]:
        if "checklist" in self.choice.parts and (self.copies or self.parties):
            yield self._sheet("print_checklist", self.checklist())
        for party in self.parties:
            if "opinions" in self.choice.parts:
                yield self._sheet("opinion_sheet", self.opinion(party), party=party.position, aside=False)
            if "envelopes" in self.choice.parts and party.name != self.application.lead.name:
                yield self._sheet("envelope", self.way_back(party), party=party.position)
        counted = [copy for copy in self.copies if copy.plan.registered]
        if "envelopes" in self.choice.parts and counted:
            yield self._sheet("envelope", self.way_on(counted))
        if "copies" in self.choice.parts:
            for copy in self.copies:
                yield self.pages.printed(copy_marking(self.application, self.version, copy.number))

    def _sheet(self, template: str, data: dict[str, Any], *, party: int = 0, aside: bool = True) -> bytes:
        return compile_paper(
            default_template(template),
            self._which_version() | data,
            pinned=self.frozen,
            marking=marking(self.application.reference, self.version.number, party=party, aside=aside),
            extra_fonts=settings.FONTS_FOLDER,
        )

    def _which_version(self) -> dict[str, Any]:
        """The facts at the head of each sheet; `pages` is 0 where the paper of the call draws no marks."""
        content = self.version.data
        return {
            "reference": self.application.reference,
            "name": str(at_path(content["answers"], self.definition.uses.name) or ""),
            "lead": content["lead"]["name"],
            "version": self.version.label,
            "code": self.version.code,
            "frozen": f"{self.frozen.year}年{self.frozen.month}月{self.frozen.day}日",
            "pages": self.pages.layout.pages,
        }

    def checklist(self) -> dict[str, Any]:
        """What goes where, and who seals; the plans side by side, with the decision of the package."""
        decisions = {each.code: each.text for each in self.definition.accepted_warnings}
        plans = [plan for plan in self.definition.copies if any(copy.plan == plan for copy in self.planned)]
        return {
            "title": "打印盖章清单",
            "seals": [self._seal(party) for party in self.everybody],
            "copies": [
                {"number": copy.number, "holder": copy.holder.label, "plan": copy.plan.label}
                for copy in self.copies
            ],
            "plans": [
                {
                    "label": plan.label,
                    "text": plan.text,
                    "total": plan.total,
                    "registered": plan.registered,
                }
                for plan in plans
            ],
            "difference": decisions.get(COPIES_DIFFER, "") if len(plans) > 1 else "",
            "handed_in": list(self.definition.handed_in),
        }

    def _seal(self, party: Party) -> dict[str, Any]:
        page = next(
            (box["page"] for box in self.pages.layout.boxes if box.get("position") == party.position), None
        )
        places = [f"申请书第 {page} 页" if page else ""] if self.copies else []
        if party.position in self.choice.parties:
            places.append("意见页")
        signature = party.signature
        return {
            "number": party.position,
            "label": party.label,
            "name": party.name,
            "where": "\n".join(place for place in places if place),
            "standing": f"已同意（{signature.get_means_display()}）"
            if signature and party.has_agreed
            else "还没有同意",
        }

    def opinion(self, party: Party) -> dict[str, Any]:
        """A party's own sheet."""
        return {
            "title": "意见页",
            "phone": self._lead()["phone"],
            "party": {
                "role": party.role,
                "label": party.label,
                "name": party.name,
                "position": party.position,
            },
        }

    def way_back(self, party: Party) -> dict[str, Any]:
        """The envelope that brings a party's sheet back to the lead."""
        return {
            "title": "回寄信封页",
            "to": self._lead(),
            "from": {"name": party.name},
            "contents": [
                f"{party.label}“{party.name}”的意见页（{self.version.label}），盖章、签名、日期齐全"
            ],
        }

    def way_on(self, copies: Sequence[PlannedCopy]) -> dict[str, Any]:
        """The envelope for the copies that are counted, to the office that counts them."""
        delivery = self.definition.delivery
        office = self.application.call.package.office(delivery.office)
        numbers = "、".join(str(copy.number) for copy in copies)
        return {
            "title": "报送信封页",
            "to": {
                "name": office.name,
                "phone": "、".join(delivery.phones),
                "contact": "、".join(contact.name for contact in delivery.contacts),
                "note": delivery.address_note,
            },
            "from": self._lead(),
            "contents": [f"申请书 {self.version.label} 第 {numbers} 份，各页齐全，已盖章"],
        }

    def _lead(self) -> dict[str, str]:
        lead, uses, values = self.application.lead, self.definition.uses, self.version.data["answers"]
        known = told(lead, newest(lead))
        answered = {
            name: str(at_path(values, path) or "") if path else ""
            for name, path in (("contact", uses.contact), ("phone", uses.phone))
        }
        return {
            "name": lead.name,
            "address": str(known.get("address") or ""),
            "postcode": str(known.get("postcode") or ""),
            "phone": answered["phone"] or str(known.get("phone") or ""),
            "contact": answered["contact"],
        }
