"""The shape of a call package: everything that a notice fixes, as immutable values.

`CallDefinition` is `call.yaml`, `OfficeDefinition` one entry of `offices.yaml`. Only the shape is checked here; whether
the parts fit together (a party's gate, a path into the questionnaire) is checked in `packages`, which knows the lines.
"""

import re
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, field_validator, model_validator

from shidian.questionnaires.definition import Value, Words
from shidian.signoffs.scopes import Scope
from shidian.signoffs.terms import ORDINARY, Terms

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
CallKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Prefix = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,7}$")]
FieldPath = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
FilePath = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*\.typ$")
]
LIST_FACTS = frozenset(
    (
        "rank",
        "office",
        "name",
        "lead",
        "code",
        "area",
        "region",
        "period",
        "contact",
        "phone",
        "reference",
        "remark",
    )
)
"""What a list column may show besides the names of the parties in a role."""
LETTER_WORDS = ("call", "batch", "programme", "office", "target", "list_title", "count", "base")
"""What the text of a cover letter may name in braces; `base` is the list that is supplemented."""
FileFormat = Literal["pdf", "jpeg", "png", "tiff", "docx", "xlsx", "doc", "xls", "zip"]


class Basis(Value):
    """A document on which the call rests."""

    title: Words
    number: str = ""


class Area(Value):
    """A priority area; areas nest to any depth, and an application names one without children."""

    key: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
    label: Words
    children: list["Area"] = Field(default=[])


class ConditionPart(Value):
    """One question of a condition, answered yes or no; `explain` is shown when the answer does not qualify.

    `evidence` asks for words on where it can be seen, and for files: in the attachment slot `slot`, or in one of its own.
    `asked_by` names the field of the official form that asks the same, so that two different answers are noticed.
    `watchlist` is the kind of list on which the offices look for the units of an application.
    """

    key: Key
    question: Words
    qualifies: Literal["yes", "no"]
    explain: Words
    evidence: bool = False
    slot: Key | None = None
    asked_by: FieldPath | None = None
    watchlist: Literal["abnormal", "dishonest"] | None = None


class Condition(Value):
    """A condition of the notice with its own words and numeral."""

    key: Key
    numeral: Words
    text: Words
    parts: list[ConditionPart] = Field(min_length=1)


class ProcedureStep(Value):
    """One paragraph of the notice's procedure."""

    numeral: Words
    text: Words


class PartyRole(Value):
    """Who has to agree, how many of them, and before which gate.

    `before` is a stage key (agreed before an office of that stage may be handed the application) or the destination's
    key. Names come from `names_from` (one text field, or a rows field with name, code, contact and phone), or the body
    is the same for everybody (`name`). `prints_on` is the paper that carries the party's box. `notice_before` is the
    gate that the notice's own words name, where the package has decided on another. `vouches_for` is the part of the
    application that its agreement covers (everything, when left out); `step` its turn where signing is staged.
    """

    role: Key
    label: Words
    note: str = ""
    minimum: int = Field(ge=0)
    maximum: int | None = Field(default=None, ge=1)
    before: Key
    notice_before: Key | None = None
    names_from: FieldPath | None = None
    name: str | None = None
    prints_on: Key = "application"
    vouches_for: Scope | None = None
    step: int = Field(default=1, ge=1, le=20)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum 大于 maximum")
        if (self.name is None) == (self.names_from is None):
            raise ValueError("name 和 names_from 必须写一个，而且只能写一个")
        return self


class LetterText(Value):
    """The cover letter that goes with a list of a stage, by GB/T 9704; texts may hold the words of LETTER_WORDS.

    `supplement_…` is said with a list that supplements one sent before. `required` makes the document number a
    condition of putting the list forward.
    """

    label: Words = "推荐函"
    title: Words
    body: Words
    supplement_title: Words = "{office}关于补充更正{list_title}的函"
    supplement_body: Words = (
        "我单位已报送《{list_title}》（{base}）。现因有关情况变化，对该清单作补充更正，具体内容和理由见附件。"
        "其余内容不变。\n请予审核。"
    )
    addressee: str = ""
    copy_to: str = ""
    required: bool = False

    @model_validator(mode="after")
    def _known_words(self) -> Self:
        for text in (self.title, self.body, self.supplement_title, self.supplement_body):
            for name in re.findall(r"\{([^{}]*)\}", text):
                if name not in LETTER_WORDS:
                    known = "、".join(f"{{{each}}}" for each in LETTER_WORDS)
                    raise ValueError(f"不认识的占位“{{{name}}}”，可以写的有 {known}")
        return self


class Bounds(Value):
    """The fewest and the most that may be sent; None is no limit."""

    minimum: int | None = Field(default=None, ge=0)
    maximum: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum 大于 maximum")
        return self


class Quota(Bounds):
    """How many each office of a stage may send, in all or of an area of the first level; `offices` have their own.

    More than the maximum is not sent without a waiver, which `waived_by` gives: the office that receives the list, or
    the sending office's own approver. Fewer than the minimum is told, and sent.
    """

    offices: dict[Key, Bounds] = Field(default={})
    areas: dict[Key, Bounds] = Field(default={})
    waived_by: Literal["receiver", "approver"] = "receiver"


class Stage(Value):
    """One level of the procedure; offices of `kinds` act there.

    `hand_in_until` closes what comes in, `dispatch_until` what goes up; both are instants in the call's time zone.
    `confirmed`: applications are decided here together and confirmed by a second person, never one by one.
    """

    key: Key
    label: Words
    kinds: list[Key] = Field(min_length=1)
    turn: Words
    verb_recommend: Words = "推荐"
    opens: datetime | None = None
    hand_in_until: datetime | None = None
    dispatch_until: datetime | None = None
    list_title: Words = "备选项目清单"
    confirmed: bool = False
    letter: LetterText | None = None
    quota: Quota | None = None


class Destination(Value):
    """Where the last stage's list goes; outside the system."""

    key: Key
    label: Words


class OfficeKind(Value):
    """A kind of office and its word."""

    kind: Key
    label: Words


class Contact(Value):
    """A person to ask."""

    name: Words


class Delivery(Value):
    """Where papers and files go, and the lists of which stage the receiving office registers."""

    office: Key
    address_note: str = ""
    email: str = ""
    contacts: list[Contact] = Field(default=[])
    phones: list[str] = Field(default=[])
    after_stage: Key


class CopyHolder(Value):
    """Who keeps how many paper copies."""

    key: Key
    label: Words
    count: int = Field(ge=1, le=100)


class CopyPlan(Value):
    """One statement on paper copies, by the notice or by the form; the registered one is what is counted."""

    key: Key
    label: Words
    source: Literal["notice", "form"]
    text: Words
    holders: list[CopyHolder] = Field(min_length=1)
    registered: bool = False

    @property
    def total(self) -> int:
        """All copies of one application together."""
        return sum(holder.count for holder in self.holders)


class AttachmentSlot(Value):
    """A place for files of one kind; `maximum` is the number of files."""

    key: Key
    label: Words
    hint: str = ""
    required: bool = False
    maximum: int = Field(default=1, ge=1, le=100)
    formats: list[FileFormat] = Field(default=["pdf", "jpeg", "png"], min_length=1)
    max_mb: int = Field(default=50, ge=1, le=500)


class ChecklistExtra(Value):
    """An item of the completeness check beyond those made from conditions, parties, sections and attachments.

    `machine` names what the machine looks for: other applications of the unit, of the name, or with the same text.
    """

    key: Key
    label: Words
    hint: str = ""
    machine: Literal["alike"] | None = None


class Phrase(Value):
    """Words that handlers choose from when they write what is wrong; for one section (or `attachments`), or for all."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    section: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]*)?$")] = ""
    severity: Literal["must", "should"] = "must"


class Corrections(Value):
    """What the call says of corrections: how many working days a lead has, and what other deadlines do meanwhile.

    Without `days` there is no deadline unless the handler sets one. `clock`: while a correction is under way the
    office's own deadline `runs`, or `stops` for as long.
    """

    days: int | None = Field(default=None, ge=1, le=120)
    clock: Literal["runs", "stops"] = "runs"
    phrases: list[Phrase] = Field(default=[])


class ListColumn(Value):
    """A column of the candidate list; `value` is one of LIST_FACTS, or a party role whose names it shows."""

    key: Key
    label: Words
    value: Key
    width: int = Field(default=10, ge=1, le=100)


class Uses(Value):
    """Where in the questionnaire the facts stand that lists and pages show."""

    name: FieldPath
    period: FieldPath
    area: FieldPath
    lead_name: FieldPath
    lead_code: FieldPath
    region: FieldPath | None = None
    contact: FieldPath | None = None
    phone: FieldPath | None = None


class Papers(Value):
    """Template files in the package; None means the project's own."""

    application: FilePath
    candidate_list: FilePath | None = None
    letter: FilePath | None = None
    receipt: FilePath | None = None


PUBLIC_FACTS = frozenset(("rank", "office", "name", "lead", "area", "region", "period", "contact", "remark"))
"""What a publicity may show, of LIST_FACTS and besides the names of parties; a contact is masked."""


class PublicityTerms(Value):
    """How the city's decisions are made public (公示), for how long, and within how many working days objections are answered.

    `columns` is what the public list shows (those of the candidate list that may be public, when left out); `days` and
    `answer_days` are working days, the day itself not counted. `required`: the last list leaves only after a publicity
    of everything on it has passed. `phone`, `email` and `address` tell how to object besides the form.
    `forget_after_days`: so many days after it was settled an objector's name and addresses are emptied; never, when left out.
    """

    title: str = ""
    basis: str = ""
    days: int = Field(default=5, ge=1, le=60)
    answer_days: int = Field(default=15, ge=1, le=120)
    required: bool = False
    columns: list[ListColumn] = Field(default=[])
    department: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    forget_after_days: int | None = Field(default=None, ge=1, le=3650)


class Decision(Value):
    """What the package has decided about a warning of the lint; shown beside the warning, never instead of it."""

    code: Words
    text: Words


class LetterDefinition(Value):
    """The call's own words for one kind of letter; see `calls.letters` for kinds and placeholders."""

    kind: Key
    subject: Words
    text: Words


class Reminders(Value):
    """How long before a deadline people are reminded, and how long after it offices that still hold applications."""

    days: list[Annotated[int, Field(ge=1, le=60)]] = Field(default=[7, 3, 1])
    hours: list[Annotated[int, Field(ge=1, le=23)]] = Field(default=[4])
    late_days: list[Annotated[int, Field(ge=1, le=60)]] = Field(default=[1, 3, 7])


class OfficeDefinition(Value):
    """A body that acts in the call; `hand_in_until` is its own earlier closing time.

    `sends_to` names the office of the next stage that receives its list, where that stage has several.
    """

    key: Key
    name: Words
    short: Words
    kind: Key
    region: Annotated[str, StringConstraints(pattern=r"^(\d{6})?$")] = ""
    email: str = ""
    hand_in_until: datetime | None = None
    sends_to: str = ""


class Experts(Value):
    """How experts read: how many each application, how many each at most, and what keeps them apart.

    `blind` hides from them who applied, and the answers `withheld` that would tell; `together_years` is how long units
    that applied together count as acquainted, 0 for not at all.
    """

    blind: bool = False
    withheld: list[FieldPath] = Field(default=[])
    readers: int = Field(default=3, ge=1, le=20)
    most: int = Field(default=40, ge=1, le=1000)
    together_years: int = Field(default=3, ge=0, le=20)


class CallDefinition(Value):
    """A call as the notice makes it."""

    key: CallKey
    prefix: Prefix
    title: Words
    batch: Words
    programme: Words
    issuer: Words
    addressees: list[Words] = Field(min_length=1)
    document_number: str = ""
    issued_on: date
    time_zone: str = "Asia/Shanghai"
    basis: list[Basis] = Field(default=[])
    preamble: str = ""
    principle: str = ""
    areas: list[Area] = Field(min_length=1)
    conditions: list[Condition] = Field(default=[])
    procedure: list[ProcedureStep] = Field(default=[])
    requirements: str = ""
    parties: list[PartyRole] = Field(min_length=1)
    signing: Terms = Field(default=ORDINARY)
    stages: list[Stage] = Field(min_length=1)
    destination: Destination
    office_kinds: list[OfficeKind] = Field(min_length=1)
    delivery: Delivery
    copies: list[CopyPlan] = Field(default=[])
    handed_in: list[str] = Field(default=[])
    attachments: list[AttachmentSlot] = Field(default=[])
    checklist: list[ChecklistExtra] = Field(default=[])
    corrections: Corrections = Field(default=Corrections())
    list_columns: list[ListColumn] = Field(min_length=1)
    publicity: PublicityTerms = Field(default=PublicityTerms())
    uses: Uses
    papers: Papers
    experts: Experts = Field(default=Experts())
    default_months: int | None = Field(default=None, ge=1, le=240)
    accepted_warnings: list[Decision] = Field(default=[])
    letters: list[LetterDefinition] = Field(default=[])
    reminders: Reminders = Field(default=Reminders())

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as unknown:
            raise ValueError(f"不认识的时区“{value}”，例如应写 Asia/Shanghai") from unknown
        return value

    @model_validator(mode="after")
    def _in_zone(self) -> Self:
        # Times in a package are written as on the notice, without an offset; they mean the call's own clock.
        self.__dict__["stages"] = [_stage_in(self.zone, stage) for stage in self.stages]
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone in which deadlines are written and judged."""
        return ZoneInfo(self.time_zone)

    def stage(self, key: str) -> Stage:
        """The stage with this key; KeyError if there is none."""
        for stage in self.stages:
            if stage.key == key:
                return stage
        raise KeyError(key)

    def next_gate(self, stage_key: str) -> str:
        """The key of what follows a stage: the next stage, or the destination after the last."""
        keys = [stage.key for stage in self.stages]
        after = keys.index(stage_key) + 1
        return keys[after] if after < len(keys) else self.destination.key

    @cached_property
    def gates(self) -> list[str]:
        """All gates in order: every stage, then the destination."""
        return [*(stage.key for stage in self.stages), self.destination.key]

    def party(self, role: str) -> PartyRole:
        """The party with this role; KeyError if there is none."""
        for party in self.parties:
            if party.role == role:
                return party
        raise KeyError(role)

    @cached_property
    def registered_copies(self) -> CopyPlan | None:
        """The plan that the registering office counts."""
        return next((plan for plan in self.copies if plan.registered), None)

    @cached_property
    def area_labels(self) -> dict[str, str]:
        """Labels by path of every area without children: `a/b` to `甲／乙`."""
        found: dict[str, str] = {}

        def walk(areas: list[Area], path: tuple[str, ...], labels: tuple[str, ...]) -> None:
            for area in areas:
                here, words = (*path, area.key), (*labels, area.label)
                if area.children:
                    walk(area.children, here, words)
                else:
                    found["/".join(here)] = "／".join(words)

        walk(self.areas, (), ())
        return found

    @cached_property
    def evidence_slots(self) -> dict[str, str]:
        """The slot in which the files for a question lie, by the key of its field; its own where the call names none."""
        return {
            f"{condition.key}-{part.key}": part.slot or f"condition-{condition.key}-{part.key}"
            for condition in self.conditions
            for part in condition.parts
            if part.slot or part.evidence
        }

    @cached_property
    def watchlist_kinds(self) -> list[str]:
        """The kinds of lists that the conditions name, in their order."""
        kinds = [
            part.watchlist for condition in self.conditions for part in condition.parts if part.watchlist
        ]
        return list(dict.fromkeys(kinds))

    def shifted(self, days: int) -> "CallDefinition":
        """The same call with every date and time moved; the words of the notice stay as they are."""
        by = timedelta(days=days)
        stages = [
            stage.model_copy(
                update={
                    name: moment + by
                    for name in ("opens", "hand_in_until", "dispatch_until")
                    if (moment := getattr(stage, name)) is not None
                }
            )
            for stage in self.stages
        ]
        return self.model_copy(update={"issued_on": self.issued_on + by, "stages": stages})


def in_zone(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """The moment with the zone attached where it was written without one."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=zone)


def _stage_in(zone: ZoneInfo, stage: Stage) -> Stage:
    times = {
        name: in_zone(getattr(stage, name), zone) for name in ("opens", "hand_in_until", "dispatch_until")
    }
    return stage.model_copy(update=times)
