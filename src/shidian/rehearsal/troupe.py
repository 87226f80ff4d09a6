"""The troupe: units and officers, and everything that one of them does with one application.

A rehearsal and the demonstration play with the same troupe; each deed is one verb of the procedure, with the papers that
belong to it, at the moment that the timetable shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from random import Random
from typing import TypeVar

from shidian.accounts.actions import accept_invitation
from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications import papers
from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import lodgement_here, round_of
from shidian.applications.writing import over, save_field, save_fields
from shidian.calls.definition import Stage
from shidian.calls.models import Call
from shidian.calls.packages import Package
from shidian.calls.queries import gate_after, gates_until, office_after
from shidian.dispatch import actions as dispatch
from shidian.dispatch.models import CandidateList
from shidian.documents.actions import take_scan
from shidian.organisations import actions as organisations
from shidian.organisations.codes import regions
from shidian.organisations.models import Office, Officer, Organisation
from shidian.rehearsal import cast as cast_
from shidian.rehearsal import scans
from shidian.rehearsal.stories import Story
from shidian.rehearsal.timetable import Timetable
from shidian.reviews import actions as reviews
from shidian.reviews.checklist import points
from shidian.reviews.models import Check
from shidian.signoffs.models import Party, Round, Signature
from shidian.signoffs.queries import outstanding

T = TypeVar("T")

Refuses = Callable[[str, type[Exception], Callable[[], object]], object]
"""Tries a verb that must be refused by exactly that refusal; the words say what is tried."""


class NotAsItMustBe(Exception):
    """The rehearsal found something that must not be; the message says what."""


def must(condition: object, message: str) -> None:
    """End the rehearsal unless `condition` holds."""
    if not condition:
        raise NotAsItMustBe(message)


def there(value: T | None, message: str) -> T:
    """The value that must be there."""
    if value is None:
        raise NotAsItMustBe(message)
    return value


@dataclass
class Player:
    """One unit on the stage, with what it has done so far."""

    unit: cast_.Unit
    story: Story
    office: Office
    organisation: Organisation
    writer: User
    head: User
    reference: str = ""

    @property
    def name(self) -> str:
        """How the report calls it."""
        return f"{self.reference} {self.unit.name}".strip()


@dataclass
class Staff:
    """Who acts for an office."""

    handler: User
    approver: User
    both: User | None = None  # one person in both roles, who may not do both on one list


class Troupe:
    """Who plays, and what they can do. `first_offices` are the offices of the first stage that take part."""

    call: Call
    administrator: User
    registrar: User

    def __init__(
        self, package: Package, *, rng: Random, time: Timetable, first_offices: Sequence[str], password: str
    ) -> None:
        self.package, self.definition, self.rng, self.time = package, package.call, rng, time
        self.first_offices, self.password = list(first_offices), password
        self.players: list[Player] = []
        self.staff: dict[str, Staff] = {}

    # Offices

    def staff_offices(self) -> None:
        """The registry gets its registrar; every office on the way up gets a handler and an approver."""
        self.registrar = self.appoint(self.definition.delivery.office, Officer.Role.REGISTRAR)
        offices = [self.office(key) for key in self.first_offices]
        while offices:
            for office in offices:
                handler = self.appoint(office.key, Officer.Role.HANDLER)
                self.staff[office.key] = Staff(handler, self.appoint(office.key, Officer.Role.APPROVER))
            above = [office_after(self.call, office) for office in offices]
            offices = list(dict.fromkeys(office for office in above if office is not None))

    def appoint(self, key: str, role: Officer.Role, word: str = "") -> User:
        """A new person acts for an office, by the administrator's hand; the person sets a password."""
        self.time.tick()
        name, email = cast_.person_name(self.rng), f"{word or role.value}.{key}@office.example"
        user = organisations.appoint(
            self.office(key), role, name=name, email=email, by=self.administrator
        ).user
        accept_invitation(user, password=self.password)
        return user

    # Units

    def register_unit(
        self, number: int, office: Office, story: Story = Story.PLAIN, *, partners: int | None = None
    ) -> Player:
        """Unit `number` registers with its writer; its head has yet to confirm."""
        region, place = self.place_of(office, number)
        short = story is Story.SHORT_CODE
        unit = cast_.make_unit(self.package, number, self.rng, region=region, place=place, short_code=short)
        wanted = story.partners if partners is None else partners
        two_roles = story is Story.TWO_ROLES
        unit = cast_.with_parties(unit, self.definition, self.rng, partners=wanted, two_roles=two_roles)
        self.time.tick()
        organisation = organisations.register(
            name=unit.name,
            code=unit.code,
            region=unit.region,
            address=unit.address,
            writer=unit.writer,
            password=self.password,
            head=unit.head,
        )
        writer, head = User.objects.get(email=unit.writer.email), User.objects.get(email=unit.head.email)
        player = Player(unit, story, office, organisation, writer, head)
        self.players.append(player)
        return player

    def confirm(self, player: Player) -> None:
        """The head sets a password and confirms the unit."""
        self.time.tick()
        accept_invitation(player.head, password=self.password)
        organisations.confirm(player.organisation, by=player.head)

    def start(self, player: Player) -> None:
        """The unit starts its application."""
        self.time.tick()
        application = applications.start(self.call, player.organisation, by=player.writer)
        player.reference = application.reference

    def place_of(self, office: Office, number: int) -> tuple[str, str]:
        """Where a unit lies: in the office's region, or, when that is a whole province, in another office's."""
        known = [code for code in self.regions() if code == office.region] or self.regions()
        if not known:
            return "", office.short.removesuffix("局")
        code = known[0] if len(known) == 1 else known[number % len(known)]
        return code, regions.name(code)

    def regions(self) -> list[str]:
        """The county-level regions of the offices taking part."""
        codes = [self.office(key).region for key in self.first_offices]
        return [code for code in codes if (found := regions.get(code)) is not None and found.level == 3]

    def fill(self, player: Player, *, against: Sequence[str] = (), half: bool = False) -> None:
        """Fill in the form, section by section (or its first half), and add the attachments that are asked for.

        `against` names the fields of conditions that the unit does not meet.
        """
        application = self.app(player)
        sections = list(cast_.answers_for(self.package, player.unit, self.rng, against=against).items())
        for section, values in sections[: len(sections) // 2] if half else sections:
            self.time.tick()
            save_fields(application, over(section, values), by=player.writer)
        for position, slot in enumerate(self.definition.attachments):
            if slot.required or (player.unit.number + position) % 4 == 0:
                self.time.tick()
                kind = slot.formats[player.unit.number % len(slot.formats)]
                content = scans.attachment(
                    label=slot.label,
                    unit=player.unit.name,
                    code=player.unit.code,
                    day=self.today(),
                    kind=kind,
                )
                name = f"{slot.label}{scans.SUFFIXES[kind]}"
                applications.attach(application, slot, BytesIO(content), name=name, by=player.writer)

    def freeze(self, player: Player) -> None:
        """Freeze and print the official form."""
        self.time.tick()
        version = applications.freeze(self.app(player), by=player.writer)
        papers.form(version)

    def reopen(self, player: Player, reason: str) -> None:
        """Take a frozen application back."""
        self.time.tick()
        applications.reopen(self.app(player), by=player.writer, reason=reason)

    def improve(self, player: Player, sentence: str) -> None:
        """Add a sentence to a long text."""
        section, key = self.long_field()
        application = self.app(player)
        written = application.answers.get(section=section, field=key)
        self.time.tick()
        text = f"{written.value}\n{sentence}"
        save_field(application, written.path, text, by=player.writer, started_from=written.number)

    def long_field(self) -> tuple[str, str]:
        """A section and a long text in it, to be improved."""
        return next(
            (section.key, asked.key)
            for section in reversed(self.package.questionnaire.sections)
            for asked in section.fields
            if asked.type == "long_text" and not (asked.visible_when or section.visible_when)
        )

    def texts(self) -> list[str]:
        """The texts of any length that are always asked for, as "section.field"."""
        return [
            f"{section.key}.{asked.key}"
            for section in self.package.questionnaire.sections
            for asked in section.fields
            if asked.type in ("text", "long_text") and not (asked.visible_when or section.visible_when)
        ]

    def collect(self, player: Player, gates: Sequence[str], by: User | None = None) -> None:
        """Record the agreement of every party due at `gates`."""
        for party in outstanding(self.round(player), gates):
            self.opinion(player, party, by=by or player.writer)

    def opinion(
        self, player: Player, party: Party, *, by: User, agrees: bool = True, day: date | None = None
    ) -> Signature:
        """Record one opinion from its sealed page."""
        self.time.tick()
        version = party.round.version
        known = {body.name: body.contact for bodies in player.unit.bodies.values() for body in bodies}
        signatory = (
            player.unit.head.name
            if party.name == player.unit.name
            else known.get(party.name, f"{party.name}负责人")
        )
        kind = scans.KINDS[(player.unit.number + party.position) % len(scans.KINDS)]
        content = scans.opinion_page(
            title=self.package.questionnaire.title,
            reference=player.reference,
            version=version.label,
            code=version.code,
            label=party.label,
            name=party.name,
            agrees=agrees,
            signatory=signatory,
            day=day or self.today(),
            kind=kind,
        )
        return applications.record_opinion(
            self.app(player),
            party,
            by=by,
            decision=Signature.Decision.AGREE if agrees else Signature.Decision.DISAGREE,
            signatory=signatory,
            signed_on=day or self.today(),
            scan=take_scan(BytesIO(content), name=f"{party.label}意见{scans.SUFFIXES[kind]}", by=by),
            capacity="负责人",
            opinion="" if agrees else "任务分工不清，暂不同意。",
        )

    def lodge(self, player: Player, *, at_once: bool = False) -> Lodgement:
        """Hand in; the receipt names the digest of the version and the server's time."""
        if not at_once:
            self.time.tick()
        application = self.app(player)
        office = application.office or player.office
        receipt = applications.lodge(application, office, by=player.writer)
        must(receipt.at == self.time(), f"{player.name}：回执时间不是服务器时间。")
        must(papers.receipt(receipt).startswith(b"%PDF"), f"{player.name}：回执不是 PDF。")
        return receipt

    # What offices do

    def judge(self, player: Player, handler: User, *, against: bool = False, note: str = "") -> None:
        """Go through the completeness checklist, item by item."""
        lodgement = there(lodgement_here(self.app(player)), f"{player.name}：没有递交记录。")
        keys = [point.key for point in points(lodgement)]
        must(keys, "审查要点是空的。")
        verdicts = dict.fromkeys(keys, (Check.Verdict.MET.value, note))
        if against:
            verdicts[keys[0]] = (Check.Verdict.NOT_MET.value, "与核查情况不符")
        self.time.tick()
        recorded = reviews.record_checks(lodgement, verdicts, by=handler)
        must(recorded == len(keys), f"{player.name}：{len(keys)} 个要点只记下 {recorded} 个。")

    def later_opinions(self, player: Player, stage: Stage, handler: User) -> None:
        """Record the opinions due before the next gate, which the office obtains."""
        self.collect(player, gates_until(self.call, gate_after(self.call, stage.key)), by=handler)

    def seal(self, sheet: CandidateList, by: User) -> None:
        """Upload the scan of the sealed list."""
        self.time.tick()
        version = there(sheet.version, f"{sheet.reference}没有冻结的版本。")
        content = scans.sealed_list(
            title=version.data["title"],
            office=sheet.office.name,
            reference=sheet.reference,
            code=version.code,
            count=len(version.data["rows"]),
            day=self.today(),
        )
        dispatch.seal(sheet, take_scan(BytesIO(content), name="清单盖章扫描件.pdf", by=by), by=by)

    def recommended_at(self, office: Office) -> list[str]:
        """References of what an office recommends."""
        rows = Application.objects.filter(call=self.call, office=office, state="recommended")
        return sorted(rows.values_list("reference", flat=True))

    # Looking

    def office(self, key: str) -> Office:
        """An office of the call."""
        return Office.objects.get(key=key)

    def app(self, player: Player) -> Application:
        """A unit's application as it stands now."""
        return Application.objects.select_related("call", "lead", "office", "version", "document").get(
            reference=player.reference
        )

    def round(self, player: Player) -> Round:
        """The round of the version that is out for sign-off."""
        return there(round_of(self.app(player)), f"{player.name}：没有会签。")

    def today(self) -> date:
        """The day in the call's time zone."""
        return self.time().astimezone(self.definition.zone).date()
