"""The cast of a rehearsal: units with reserved codes, people, and believable answers to any questionnaire.

Everything is drawn from a seeded `random.Random`, so the same seed gives the same cast. The words stand in
`texts.yaml`; no unit in it is a real one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from shidian.calls.definition import CallDefinition, PartyRole
from shidian.calls.packages import CONDITIONS, Package
from shidian.organisations.actions import Person
from shidian.organisations.codes import contacts, economic_types, industries, regions
from shidian.questionnaires.definition import Column, Field, Section
from shidian.questionnaires.visibility import visible

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
LAST_RESERVED = 99_999

Answers = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Body:
    """Somebody asked to agree: a name, and whom to call."""

    name: str
    contact: str
    phone: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the cast; `facts` fill the blanks of its texts, `bodies` are its parties by role (the lead aside)."""

    number: int
    name: str
    code: str
    region: str
    place: str
    address: str
    area: str
    theme: str
    project: str
    writer: Person
    head: Person
    standards_head: str
    facts: Mapping[str, Any]
    bodies: Mapping[str, Sequence[Body]] = field(default_factory=dict)


def shipped_package() -> Path | None:
    """The first call package that stands beside the source, if there is one."""
    folder = Path(__file__).parents[3] / "calls"
    return next((found.parent for found in sorted(folder.glob("*/call.yaml"))), None)


@cache
def texts() -> dict[str, Any]:
    """The words of `texts.yaml`."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("texts.yaml").read_text(encoding="utf-8"))
    return found


def organisation_code(number: int) -> str:
    """The nine-character code of a number in the reserved area PDY00001 to PDY99999 (GB 11714-1997).

    The area is never given out, so the code belongs to no real body. ValueError outside of it.
    """
    if not 1 <= number <= LAST_RESERVED:
        raise ValueError(f"outside of the reserved area: {number}")
    body = f"PDY{number:05d}"
    total = sum(
        ORGANISATION_ALPHABET.index(sign) * weight
        for sign, weight in zip(body, ORGANISATION_WEIGHTS, strict=True)
    )
    last = 11 - total % 11
    return body + ("X" if last == 10 else "0" if last == 11 else str(last))


def credit_code(kind: str, region: str, number: int) -> str:
    """The 18-character code (GB 32100-2015): registering department and kind of body, region, reserved body."""
    body = f"{kind}{region or '100000'}{organisation_code(number)}"
    total = sum(USCC_ALPHABET.index(sign) * pow(3, position, 31) for position, sign in enumerate(body))
    return body + USCC_ALPHABET[(31 - total % 31) % 31]


def person_name(rng: Random) -> str:
    """A family name and a given name."""
    return str(rng.choice(texts()["surnames"])) + str(rng.choice(texts()["given"]))


def landline(rng: Random) -> str:
    """An eight-digit number in a block that stands for nobody here."""
    return f"2000{rng.randrange(10_000):04d}"


def mobile(rng: Random) -> str:
    """A mobile number of a block that is not in use."""
    return f"1300000{rng.randrange(10_000):04d}"


def areas_of(call: CallDefinition) -> list[str]:
    """The paths of all priority areas, ordered so that every first-level area comes up early."""
    by_first: dict[str, list[str]] = {}
    for path in call.area_labels:
        by_first.setdefault(path.split("/")[0], []).append(path)
    longest = max(len(paths) for paths in by_first.values())
    return [paths[turn % len(paths)] for turn in range(longest) for paths in by_first.values()]


def make_unit(
    package: Package, number: int, rng: Random, *, region: str, place: str, short_code: bool = False
) -> Unit:
    """Unit `number` of the cast, in `region` (six digits, or nothing where the call has no regions) called `place`.

    With `short_code` it has only a nine-character code. `number` decides its code, so numbers must differ.
    """
    call = package.call
    paths = areas_of(call)
    area = paths[(number - 1) % len(paths)]
    theme = _theme_of(area)
    words = texts()["themes"][theme]
    label = call.area_labels[area].split("／")[-1]
    blanks = {"place": place, "area": label, "programme": call.programme}
    name = str(rng.choice(words["units"])).format(**blanks)
    # Two units of one place and theme must not share a name.
    name = name.replace("（演示）", f"{number:02d}（演示）")
    title = str(words["project"]).format(**blanks)
    return Unit(
        number=number,
        name=name,
        code=organisation_code(number) if short_code else credit_code(words["code"], region, number),
        region=region,
        place=place,
        address=f"{place}示范路 {rng.randrange(1, 200)} 号",
        area=area,
        theme=theme,
        project=title,
        writer=Person(person_name(rng), f"writer{number:03d}@unit.example", mobile(rng)),
        head=Person(person_name(rng), f"head{number:03d}@unit.example", mobile(rng)),
        standards_head=person_name(rng),
        facts=_facts(rng),
    )


def with_parties(
    unit: Unit, call: CallDefinition, rng: Random, *, partners: int, two_roles: bool = False
) -> Unit:
    """The unit with its parties: `partners` bodies in each role that may be empty, one in every other role.

    With `two_roles` the last two roles that are named in the form are held by one body.
    """
    words = texts()["themes"][unit.theme]
    bodies: dict[str, list[Body]] = {}
    named = [role for role in call.parties if role.names_from and role.names_from != call.uses.lead_name]
    for role in named:
        if role.minimum == 0:
            wanted = min(partners, role.maximum or partners, len(words["partners"]))
            chosen = rng.sample(words["partners"], wanted)
        else:
            known = words.get(role.role, "{place}示范" + role.label + "（演示）")
            chosen = [known] if isinstance(known, str) else list(known[:1])
        bodies[role.role] = [
            Body(str(text).format(place=unit.place), person_name(rng), landline(rng)) for text in chosen
        ]
    fixed = [role.role for role in named if role.minimum > 0]
    if two_roles and len(fixed) > 1:
        bodies[fixed[-1]] = bodies[fixed[-2]]
    return Unit(**({name: getattr(unit, name) for name in Unit.__slots__} | {"bodies": bodies}))


def _theme_of(area: str) -> str:
    known = texts()["themes"]
    first = area.partition("/")[0]
    return area if area in known else first if first in known else "any"


def _facts(rng: Random) -> dict[str, Any]:
    own, adopted, money = rng.randrange(18, 46), rng.randrange(24, 60), 10 * rng.randrange(8, 27)
    parts = [money * share // 100 for share in (26, 24, 22, 16)]
    grant = money * rng.randrange(45, 66) // 100
    unit = (money - grant) * 2 // 3
    return {
        "sites": rng.randrange(3, 19),
        "served": f"{rng.randrange(12, 180) / 10:.1f}",
        "own": own,
        "adopted": adopted,
        "current": own + adopted,
        "target": own + rng.randrange(15, 31),
        "total": own + adopted + rng.randrange(40, 90),
        "rate": f"{rng.randrange(880, 960) / 10:.1f}",
        "happy": f"{rng.randrange(885, 945) / 10:.1f}",
        "score": rng.randrange(78, 90),
        "staff": rng.randrange(14, 86),
        "years": rng.randrange(3, 9),
        "train": rng.randrange(4, 13),
        "items": rng.randrange(16, 48),
        "calls": rng.randrange(60, 340),
        "money": money,
        **{f"part{number}": part for number, part in enumerate([*parts, money - sum(parts)], start=1)},
        "fund1": grant,
        "fund2": unit,
        "fund3": money - grant - unit,
    }


# Answers


def answers_for(package: Package, unit: Unit, rng: Random, *, against: Sequence[str] = ()) -> Answers:
    """Answers by section to every field of the package's questionnaire, by its definition alone.

    They pass all checks; what the other answers do not call for is left out. `against` names fields of the conditions
    (`record-media`) that are answered so that the unit does not qualify.
    """
    writer = _Writer(package, unit, rng, frozenset(against))
    written = {section.key: writer.section(section) for section in package.questionnaire.sections}
    known = visible(package.questionnaire, written)
    return {
        section: {key: value for key, value in values.items() if known.field(section, key)}
        for section, values in written.items()
    }


class _Writer:
    """Fills in one form for one unit."""

    def __init__(self, package: Package, unit: Unit, rng: Random, against: frozenset[str]) -> None:
        self.call, self.questionnaire = package.call, package.questionnaire
        self.unit, self.rng, self.against = unit, rng, against
        self.words = texts()["themes"][unit.theme]
        self.rows_of = {role.names_from: role for role in self.call.parties if role.names_from}
        self.blanks = {
            **unit.facts,
            "unit": unit.name,
            "place": unit.place,
            "area": self.call.area_labels[unit.area].split("／")[-1],
            "head": unit.head.name,
            "body": self.words["standards_body"],
        }

    def section(self, section: Section) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for asked in section.fields:
            found[asked.key] = self.answer(section, asked, found)
        return found

    def answer(self, section: Section, asked: Field, before: Mapping[str, Any]) -> Any:
        """The answer to one field: what the call uses by name first, then by type."""
        path, uses = f"{section.key}.{asked.key}", self.call.uses
        if path in self.rows_of:
            return self.named(self.rows_of[path], asked)
        if path == uses.name:
            return self.fit(self.unit.project, asked.max_chars)
        if path == uses.contact:
            return self.unit.writer.name
        if asked.type == "text" and asked.pattern and re.search(asked.pattern, "1"):
            return self.total(section, before) if asked.required else ""
        if asked.type in ("text", "long_text"):
            words = self.long(asked) if asked.type == "long_text" else self.short(section, asked)
            return self.fit(words, asked.max_chars)
        if asked.type in ("month", "month_or_text"):
            return self.month(later=bool(asked.not_before and before.get(asked.not_before)))
        return self.chosen(asked)

    def total(self, section: Section, before: Mapping[str, Any]) -> str:
        """The sum of the amounts in the tables before this field."""
        tables = [table for table in section.fields if table.type == "rows" and table.key in before]
        amounts = [
            int(row[column.key])
            for table in tables
            for column in table.columns
            for row in before[table.key]
            if column.pattern and row[column.key].isdigit()
        ]
        return str(sum(amounts))

    def chosen(self, asked: Field) -> Any:
        match asked.type:
            case "yes_no":
                return self.yes_no(asked)
            case "month_range":
                return self.period(asked, self.call.issued_on.year + 1)
            case "date":
                return self.call.issued_on.isoformat()
            case "region":
                return self.region()
            case "choice":
                return self.rng.choice(asked.choices).value
            case "area":
                return self.unit.area
            case "rows":
                return self.rows(asked)
            case kind:
                return self.coded(kind)

    def month(self, *, later: bool) -> str:
        """A month of last year, in its second half when it must come later than another."""
        first, last = (9, 13) if later else (1, 7)
        return f"{self.call.issued_on.year - 1}-{self.rng.randrange(first, last):02d}"

    def yes_no(self, asked: Field) -> str:
        fine = asked.qualifies or "yes"
        return ("no" if fine == "yes" else "yes") if asked.key in self.against else fine

    def period(self, asked: Field, year: int) -> dict[str, str]:
        months = asked.expected_months or self.call.default_months or 24
        last = months - 1
        return {"from": f"{year}-01", "to": f"{year + last // 12}-{last % 12 + 1:02d}"}

    def region(self) -> dict[str, str]:
        code = self.unit.region or self.rng.choice(regions.counties(regions.provinces()[0].code)).code
        return {"province": regions.province_of(code), "county": code, "detail": ""}

    def coded(self, kind: str) -> str:
        unit = self.unit
        match kind:
            case "unit_code":
                return unit.code
            case "industry":
                known = str(self.words["industry"])
                return known if industries.exists(known) else known[:2]
            case "economic_type":
                known = str(self.words["economic_type"])
                return known if economic_types.exists(known) else economic_types.all_types()[0].code
            case "postcode":
                return postcode(unit.region)
            case "phone":
                return landline(self.rng)
            case "email":
                return f"office{unit.number:03d}@unit.example"
            case "document_number":
                return "国标委服务联〔2013〕61号"
            case "standard_number":
                return "GB/T 24421.1—2023"
        raise ValueError(f"no answer for a field of type {kind}")

    def short(self, section: Section, asked: Field) -> str:
        unit = self.unit
        known = {"name": unit.name, "address": unit.address, "head_name": unit.head.name}
        if asked.profile in known:
            return known[asked.profile]
        if section.key == CONDITIONS:
            return self.evidence() if asked.required else ""
        if "负责人" in asked.label or "姓名" in asked.label:
            return unit.standards_head
        if "机构" in asked.label or "组织" in asked.label:
            return str(self.words["standards_body"])
        return f"{unit.name}：{asked.name}" if asked.required else ""

    def evidence(self) -> str:
        found = texts()
        topic, number = self.rng.choice(found["topics"]), self.rng.randrange(1, 40)
        year = self.call.issued_on.year - 1
        return str(found["evidence"]).format(**self.blanks, topic=topic, year=year, number=number)

    def long(self, asked: Field) -> str:
        shared = texts()["shared"]
        own = self.words["texts"]
        variants = list(shared.get(asked.key, shared["any"]))
        first = own.get(asked.key, own.get("any", ""))
        # The texts on money say the sum once; all others take two different paragraphs.
        count = 1 if "{fund1}" in variants[0] else 2
        chosen = self.rng.sample(variants, count)
        opening = (
            first
            or f"{self.unit.name}就“{asked.name}”说明如下。本单位开展“{self.blanks['area']}”工作 {{years}} 年，情况属实，依据可查。"
        )
        return "\n".join(text.format(**self.blanks) for text in [opening, *chosen])

    def named(self, role: PartyRole, asked: Field) -> Any:
        if role.names_from == self.call.uses.lead_name:
            return self.unit.name
        bodies = self.unit.bodies.get(role.role, ())
        if asked.type != "rows":
            return bodies[0].name if bodies else ""
        return [{column.key: self.party_cell(column, body) for column in asked.columns} for body in bodies]

    def party_cell(self, column: Column, body: Body) -> str:
        return {"name": body.name, "contact": body.contact, "phone": body.phone}.get(column.key, "")

    def rows(self, asked: Field) -> list[dict[str, str]]:
        lines = texts()["plan"] if any(column.type == "long_text" for column in asked.columns) else None
        known = lines or texts()["rows"].get(asked.columns[0].key, texts()["rows"]["any"])
        count = min(max(asked.min_rows, len(known)), asked.max_rows or len(known))
        return [
            {
                column.key: self.cell(column, known[number % len(known)], number, count)
                for column in asked.columns
            }
            for number in range(count)
        ]

    def cell(self, column: Column, line: str, number: int, count: int) -> str:
        year = self.call.issued_on.year + 1
        match column.type:
            case "long_text":
                return self.fit(line, column.max_chars)
            case "month" | "month_or_text":
                return f"{year}-{number % 12 + 1:02d}"
            case "date":
                return f"{year}-{number % 12 + 1:02d}-15"
            case "choice":
                return self.rng.choice(column.choices).value
            case "phone":
                return landline(self.rng)
            case "email" | "postcode" | "unit_code":
                return self.coded(column.type) if column.required else ""
        if column.pattern:
            sum_ = str(100 * self.rng.randrange(8, 300))
            return sum_ if re.search(column.pattern, sum_) else line
        if "时间" in column.label:
            return self.fit(self.span(number, count, year), column.max_chars)
        if "单位" in column.label:
            partners = [body.name for bodies in self.unit.bodies.values() for body in bodies][:2]
            return self.fit("、".join([self.unit.name, *partners]), column.max_chars)
        return self.fit(line, column.max_chars)

    def span(self, number: int, count: int, year: int) -> str:
        months = self.call.default_months or 24
        first, last = number * months // count, (number + 1) * months // count - 1
        return f"{year + first // 12}年{first % 12 + 1}月至{year + last // 12}年{last % 12 + 1}月"

    def fit(self, text: str, most: int | None) -> str:
        return text if most is None else text[:most]


@cache
def postcode(region: str) -> str:
    """A postcode that begins as those of the region's province do."""
    if not region:
        return "100000"
    return next(
        (
            code
            for start in range(1, 100)
            if contacts.doubt_postcode(code := f"{start:02d}0000", region) is None
        ),
        "100000",
    )
