"""The official form as .docx: which form a call has, its answers in words, and what a file read back would change.

How the form lies on paper is in the package (`papers/word.yaml`); a package without it gets plain tables of labels and
boxes in the order of its questionnaire.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from shidian.applications import pictures
from shidian.applications.content import invited
from shidian.applications.models import Application
from shidian.applications.queries import answers
from shidian.applications.word_pictures import Album
from shidian.calls.definition import CallDefinition
from shidian.calls.models import Call
from shidian.calls.packages import Package
from shidian.core import clock
from shidian.core.errors import Invalid
from shidian.core.said import say
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.documents.render.pictures import size
from shidian.documents.word import form as word
from shidian.documents.word.reader import OPINIONS
from shidian.documents.word.writer import write
from shidian.organisations.codes import economic_types, industries, months, regions
from shidian.questionnaires import forms, prose
from shidian.questionnaires.checks import is_blank
from shidian.questionnaires.definition import Column, Field, Questionnaire, Section
from shidian.questionnaires.printing import value as printed_value

LAYOUT = "papers/word.yaml"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_PERIOD_BLANK = "       年    月至       年    月"
_REGION_BLANK = "省（市）    县（区）"
_LOOKS: dict[str, word.Look] = {
    "unit_code": "code", "postcode": "postcode", "phone": "phone", "email": "email",
}  # fmt: skip


_GRAMMAR = word.Grammar(
    lambda rows, header: prose.table_lines(rows, header=header),
    prose.picture_line,
    prose.MOST_COLUMNS,
    prose.MOST_ROWS,
)


# How the form lies on paper


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Line(_Value):
    label: str
    path: str
    blank: str = ""
    gap: bool = False


class _Cell(_Value):
    label: str = ""
    path: str = ""
    span: int = 1
    blank: str = ""
    height: float = 0
    left: bool = False


class _Table(_Value):
    title: str
    widths: list[float]
    rows: list[list[_Cell]] = []
    answer: str = ""
    heads: list[str] = []
    least: int = 6


class _Layout(_Value):
    top: str = ""
    cover: list[_Line] = []
    cover_date: str = ""
    instructions_title: str = "填写说明"
    known: list[str] = []
    tables: list[_Table] = []
    names: dict[str, list[str]] = {}


_FORMS: dict[str, word.Form] = {}
_MOST_FORMS = 32


def form_of(package: Package) -> word.Form:
    """The form of a call package; `Invalid` names what is wrong with its layout."""
    form = _FORMS.get(package.digest)
    if form is None:
        if len(_FORMS) >= _MOST_FORMS:
            _FORMS.clear()
        form = _FORMS[package.digest] = _made(package)
    return form


def _made(package: Package) -> word.Form:
    layout = _layout(package)
    asked, call = package.questionnaire, package.call
    parts = [_part(section, layout.names) for section in asked.sections if section.paper]
    named = {party.role: party.names_from for party in call.parties if party.names_from}
    cover = _cover_part(asked, layout, named)
    parts = [cover, *(part for part in parts if part.key != cover.key)] if cover else parts
    boxes = tuple(_box(party.label, party.names_from, party.name) for party in call.parties)
    opinions = None
    if asked.opinions_title:
        opinions = word.Opinions(asked.opinions_title, tuple(asked.opinions_box), boxes)
        parts.append(_opinions_part(asked, call))
    return word.Form(
        title=asked.title,
        parts=tuple(parts),
        top=layout.top,
        cover=tuple(word.Line(line.label, line.path, line.blank, line.gap) for line in layout.cover),
        cover_date=layout.cover_date,
        instructions_title=layout.instructions_title,
        instructions=tuple(asked.instructions),
        blocks=tuple(_block(table, asked) for table in layout.tables),
        opinions=opinions,
        known=tuple(layout.known),
    )


def _layout(package: Package) -> _Layout:
    content = package.files.get(LAYOUT)
    if content is None:
        return _plain_layout(package.questionnaire)
    try:
        layout = _Layout.model_validate(yaml.safe_load(content.decode("utf-8")) or {})
    except (UnicodeDecodeError, yaml.YAMLError, ValidationError) as wrong:
        raise Invalid(f"{LAYOUT} 有误：{wrong}", []) from wrong
    missing = [path for path in _paths(layout) if package.questionnaire.find(path) is None]
    if missing:
        raise Invalid(f"{LAYOUT} 里的栏目在表单里没有：{'、'.join(missing)}", [])
    return layout


def _paths(layout: _Layout) -> Iterator[str]:
    for line in layout.cover:
        yield line.path
    for table in layout.tables:
        if table.answer:
            yield table.answer
        for row in table.rows:
            yield from (cell.path for cell in row if cell.path)


def _plain_layout(asked: Questionnaire) -> _Layout:
    tables = []
    for section in asked.sections:
        if not section.paper:
            continue
        rows: list[list[_Cell]] = []
        for field in section.fields:
            if not field.paper:
                continue
            if field.type == "rows":
                title = section.paper_title if len(section.fields) == 1 else field.label
                total = sum(column.width for column in field.columns)
                widths = [156 * column.width / total for column in field.columns]
                heads = [column.label for column in field.columns]
                path = f"{section.key}.{field.key}"
                tables.append(_Table(title=title or section.title, widths=widths, answer=path, heads=heads))
                continue
            long = field.type == "long_text"
            box = _Cell(path=f"{section.key}.{field.key}", height=40 if long else 0, left=long)
            rows.append([_Cell(label=field.label), box])
        if rows:
            tables.append(_Table(title=section.paper_title or section.title, widths=[40, 116], rows=rows))
    return _Layout(tables=tables)


def _block(table: _Table, asked: Questionnaire) -> word.Grid | word.RowsTable:
    if table.answer:
        field = asked.find(table.answer)
        keys = tuple(column.key for column in field.columns) if field else ()
        return word.RowsTable(
            table.title, table.answer, tuple(table.widths), tuple(table.heads), keys, table.least
        )
    rows = tuple(
        tuple(word.Cell(cell.span, cell.label, cell.path, cell.blank, cell.height, cell.left) for cell in row)
        for row in table.rows
    )
    return word.Grid(table.title, tuple(table.widths), rows)


def _part(section: Section, names: Mapping[str, list[str]]) -> word.Part:
    slots = tuple(_slot(section, field, names) for field in section.fields if field.paper and section.paper)
    return word.Part(section.key, section.paper_title or section.title, slots)


def _slot(section: Section, field: Field, names: Mapping[str, list[str]]) -> word.Slot:
    path = f"{section.key}.{field.key}"
    columns = tuple(
        word.Column(
            column.key,
            column.label,
            (*_other(column.label, column.screen_label), *names.get(f"{path}.{column.key}", ())),
        )
        for column in field.columns
    )
    kind: word.Kind = "rows" if columns else "text" if field.type == "long_text" else "line"
    blank = {"region": (_REGION_BLANK, "省市县区"), "month_range": (_PERIOD_BLANK, "年月至年月")}.get(
        field.type, ()
    )
    return word.Slot(
        path=path,
        label=field.label,
        kind=kind,
        aliases=(*_other(field.label, field.screen_label), *names.get(path, ())),
        columns=columns,
        blank=blank,
        look=_LOOKS.get(field.type, ""),
        shown_as=field.name,
        rich=_GRAMMAR if field.rich else None,
    )


def _other(label: str, screen_label: str) -> tuple[str, ...]:
    return (screen_label,) if screen_label and screen_label != label else ()


def _cover_part(asked: Questionnaire, layout: _Layout, named: Mapping[str, str]) -> word.Part | None:
    """The cover asks for some fields and shows others that stand elsewhere, or the names of the parties."""
    first = asked.sections[0]
    lines: dict[str, word.Slot] = {}
    for section in asked.sections:
        for field in section.fields:
            if section.key == first.key and section.paper and field.paper:
                lines[f"{section.key}.{field.key}"] = _slot(section, field, layout.names)
    shown = [(line.label, line.path) for line in layout.cover]
    for derived in first.derived:
        source = named.get(derived.source.removeprefix("party:"), derived.source)
        shown.append((derived.label, source))
    for label, path in shown:
        field_found = asked.find(path)
        if field_found is None or path in lines:
            continue
        kind: word.Kind = "names" if field_found.type == "rows" else "line"
        lines[path] = word.Slot(path, label, kind, shown_as=field_found.name)
    return word.Part(first.key, first.paper_title or first.title, tuple(lines.values())) if lines else None


def _box(label: str, path: str | None, fixed: str | None) -> word.Box:
    return word.Box(label, path or "", fixed or "")


def _opinions_part(asked: Questionnaire, call: CallDefinition) -> word.Part:
    seal = asked.opinions_box[0] if asked.opinions_box else "（盖章）"
    slots = []
    for party in call.parties:
        path = party.names_from or ""
        field = asked.find(path) if path else None
        kind: word.Kind = "names" if field is not None and field.type == "rows" else "line"
        slots.append(
            word.Slot(
                path, f"{party.label}{seal}", kind, aliases=(f"{party.label}意见{seal}", f"{party.label}公章"),
                shown_as=field.name if field else party.label,
            )
        )  # fmt: skip
    return word.Part(OPINIONS, asked.opinions_title, tuple(slots))


# Answers as words


def values(package: Package, held: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The answers by path as they are printed in the form; blank ones are left out."""
    found: dict[str, Any] = {}
    for section in package.questionnaire.sections:
        given = held.get(section.key) or {}
        for field in section.fields:
            stored = given.get(field.key)
            if not is_blank(stored):
                path = f"{section.key}.{field.key}"
                words = _words(field, stored)
                found[path] = _long_answer(str(words)) if field.rich else words
    for party in package.call.parties:
        path = party.names_from or ""
        field_found = package.questionnaire.find(path)
        if field_found is not None and field_found.type == "rows" and path in found:
            found[path] = _names(found[path])
    return found


def _long_answer(text: str) -> word.LongAnswer:
    """A long answer with the blocks that Word shows as such; blank lines are kept."""
    parsed = prose.parse(text)
    lines, levels = text.split("\n"), parsed.levels
    pieces: list[word.Passage | word.Inset | word.Drawing] = []
    at = 0
    for block in parsed.blocks:
        pieces.extend(map(word.Passage, lines[at : block.line]))
        match block:
            case prose.Table(rows=rows, header=header):
                pieces.append(word.Inset(rows, header))
            case prose.Picture(name=name, caption=caption):
                pieces.append(word.Drawing(name, caption, lines[block.line]))
            case prose.Item():
                lead = f"{block.before}{block.marker}{block.gap}"
                pieces.append(word.Passage(block.whole, levels[block.rank], lead))
            case prose.Paragraph(text=words):
                pieces.append(word.Passage(words))
        at = block.line + len(prose.lines_of(block))
    pieces.extend(map(word.Passage, lines[at:]))
    return word.LongAnswer(text, tuple(pieces))


def _jpegs(
    asked: Questionnaire, held: Mapping[str, Any], files: Mapping[str, StoredFile]
) -> dict[str, word.Jpeg]:
    drawn = pictures.drawn(asked, held, files)
    return {name: word.Jpeg(content, *size(content)) for name, content in drawn.items()}


def _names(rows: Any) -> list[str]:
    return [str(row["name"]) for row in rows if row.get("name")]


def _words(field: Field, stored: Any) -> Any:
    shown = printed_value(field, stored)
    match field.type:
        case "rows":
            return shown
        case "month_range":
            ends = [_month_words(shown[f"{end}_year"], shown[f"{end}_month"]) for end in ("from", "to")]
            return "至".join(ends)
        case "region":
            if not (shown["province"] or shown["county"]):
                return shown["detail"]
            rows = [f"{shown['province']} 省（市）", f"{shown['county']} 县（区）", shown["detail"]]
            return "\n".join(row for row in rows if row)
        case "industry" if industries.exists(str(stored)):
            # Where two classes share a name, only the code says which one is meant.
            return shown if industries.normalise(str(shown)) == stored else f"{shown}（{stored}）"
        case _:
            return str(shown)


def _month_words(year: str, month: str) -> str:
    return f"{year}年{month}月" if month else year or "    年  月"


def blank_docx(call: Call) -> bytes:
    """The empty official form of a call as .docx, exactly as in the notice."""
    package = call.package
    issued = datetime.combine(package.call.issued_on, datetime.min.time(), tzinfo=call.zone)
    return write(form_of(package), {}, marks=word.Marks(call=call.key), pinned=issued)


def draft_docx(application: Application) -> bytes:
    """The form of a draft, filled as far as it is."""
    call = application.call
    now = clock.now().astimezone(call.zone)
    given = answers(application)
    held = values(call.package, given)
    held.update(_party_names(application))
    held["date"] = _cover_day(call.package, now)
    marks = word.Marks(call=call.key, reference=application.reference)
    foot = f"{application.reference}  ·  草稿"
    drawn = _jpegs(call.questionnaire, given, pictures.present(application))
    pinned = now.replace(microsecond=0)
    return write(form_of(call.package), held, marks=marks, foot=foot, pinned=pinned, pictures=drawn)


def version_docx(version: DocumentVersion, package: Package) -> bytes:
    """The form of a frozen version; the same version gives the same bytes."""
    content = version.data
    frozen = version.created_at.astimezone(package.call.zone)
    held = values(package, content["answers"])
    held["date"] = _cover_day(package, frozen)
    marks = word.Marks(call=content["call"]["key"], reference=content["reference"], version=version.label)
    foot = "  ·  ".join((content["reference"], version.label, version.code))
    files = pictures.of_version(version, package.questionnaire)
    drawn = _jpegs(package.questionnaire, content["answers"], files)
    return write(form_of(package), held, marks=marks, foot=foot, pinned=frozen, pictures=drawn)


def _party_names(application: Application) -> dict[str, list[str]]:
    """The names of the parties by the path they come from, as the sign-off would invite them."""
    sources = {
        party.role: party.names_from
        for party in application.call.definition.parties
        if party.names_from and (field := application.call.questionnaire.find(party.names_from))
        and field.type == "rows"
    }  # fmt: skip
    found: dict[str, list[str]] = {}
    for body in invited(application):
        path = sources.get(body.role)
        if path:
            found.setdefault(path, []).append(body.name)
    return found


def _cover_day(package: Package, day: datetime) -> str:
    return f"{day.year} 年 {day.month} 月" if form_of(package).cover_date else ""


# Words read back as answers

_YES = re.compile(r"(?:是|有|发生过?|曾发生|已发生)")
_NO = re.compile(
    r"(?:否|无|没有|未发生|未曾|未有|不存在|从未|近三年(?:内)?(?:未|无|没有)|三年(?:内)?(?:未|无|没有))"
)
_TICKED = re.compile(r"[☑☒√✓✔■●]\s*([是否有无])|([是否有无])\s*[☑☒√✓✔■●]")
_BOXES = "☐□○☑☒√✓✔■●"


@dataclass(frozen=True, slots=True)
class Understood:
    """A value made of words; `rest` is what of them it does not hold. `value` None: the words mean nothing certain."""

    value: Any
    rest: str = ""


def understood(field: Field, raw: Any, present: Any) -> Understood:
    """The value of a field for what was read in a file.

    `present` helps where the paper says less than the answer: bodies keep their codes, a text that prints as what
    stands there already is that answer.
    """
    if field.type == "rows":
        if raw and isinstance(raw[0], str):
            return Understood(_bodies(field, raw, present))
        return Understood([_row(field, row) for row in raw])
    text = str(raw)
    if not text.strip():
        return Understood(forms.clean(field, {} if field.type in ("region", "month_range") else ""))
    if not is_blank(present) and _alike(str(_words(field, present)), text):
        return Understood(present)
    meant = _MEANINGS.get(field.type)
    return meant(field, text) if meant else Understood(forms.clean(field, text))


def _alike(left: str, right: str) -> bool:
    return "".join(unicodedata.normalize("NFKC", left).split()) == "".join(
        unicodedata.normalize("NFKC", right).split()
    )


def _row(field: Field, row: Mapping[str, str]) -> dict[str, str]:
    return {column.key: _cell(column, row.get(column.key, "")) for column in field.columns}


def _cell(column: Column, text: str) -> str:
    if column.type != "long_text":
        text = _joined(text)
    if column.type == "choice":
        return next((choice.value for choice in column.choices if _alike(choice.label, text)), text)
    asked = Field(key="cell", label=column.label, type=column.type, choices=column.choices)
    return str(forms.clean(asked, text))


def _joined(text: str) -> str:
    """One line of several: Chinese without a gap, words with one."""
    whole = ""
    for piece in filter(None, (row.strip() for row in text.split("\n"))):
        whole += (" " if whole and whole[-1].isascii() and piece[0].isascii() else "") + piece
    return whole


def _bodies(field: Field, names: list[str], present: Any) -> list[dict[str, str]]:
    known = {
        str(row.get("name", "")): row
        for row in (present if isinstance(present, list) else [])
        if isinstance(row, dict)
    }
    key = "name"
    return [
        dict(known.get(name) or {column.key: name if column.key == key else "" for column in field.columns})
        for name in names
    ]


def _period(_field: Field, text: str) -> Understood:
    plain = unicodedata.normalize("NFKC", "".join(text.split())).replace("起", "").rstrip("止")
    found = re.fullmatch(r"(.*?月|.*?)(?:至|到|—+|–+|~+|-{2,}|(?<=[月0-9])-(?=[0-9]{4}))(.*)", plain)
    if not found:
        month = months.normalise_month(plain)
        return Understood({"from": month, "to": ""} if months.is_month(month) else None)
    ends = []
    first = ""
    for half in (found[1], found[2]):
        if re.fullmatch(r"[年月]*", half):
            ends.append("")
            continue
        # “2024年1月至12月” leaves the second year out.
        whole = f"{first}年{half}" if first and re.fullmatch(r"[0-9]{1,2}月", half) else half
        month = months.normalise_month(re.sub(r"(月)[0-9]{1,2}日$", r"\1", whole))
        if not months.is_month(month):
            return Understood(None)
        first = month[:4]
        ends.append(month)
    return Understood({"from": ends[0], "to": ends[1]})


_PROVINCE_ENDS = r"(?:维吾尔自治区|壮族自治区|回族自治区|自治区|特别行政区|省|市)$"
_PLACE_WORDS = re.compile(r"省\s*[（(]\s*市\s*[)）]|县\s*[（(]\s*区\s*[)）]|[_＿]+")


def _place(field: Field, text: str) -> Understood:
    rows = [row.strip() for row in _PLACE_WORDS.sub("\n", text).split("\n") if row.strip()]
    if not rows:
        return Understood(forms.clean(field, {}))
    rest = " ".join(rows)
    province = _division(regions.provinces(), rest)
    if province is None:
        return Understood(None)
    code, taken = province
    rest = rest[taken:].strip(" 　,，")
    county, taken = _division(regions.counties(code), rest) or ("", 0)
    if not county:
        # A city may stand between the province and the county.
        for other in _cities(code):
            if rest.startswith(other):
                after = rest[len(other) :].strip(" 　")
                county, more = _division(regions.counties(code), after) or ("", 0)
                if county:
                    rest, taken = after, more
                break
    if rest and not county and regions.counties(code):
        old = _old_county(code, rest)
        if not old:
            return Understood(None)
        county, taken = old
    detail = rest[taken:].strip(" 　,，\n")
    return Understood(forms.clean(field, {"province": code, "county": county, "detail": detail}))


def _division(known: tuple[regions.Region, ...], text: str) -> tuple[str, int] | None:
    """The division with whose name a text begins, and how much of the text that is; None when two could be meant."""
    best: list[tuple[int, str]] = []
    for region in known:
        ends = r"(?:区|县|市|旗)$" if region.level == 3 else _PROVINCE_ENDS
        short = re.sub(ends, "", region.name)
        # “和平” is 和平区 only when nothing follows: 和平里 is a street. A province without its ending is none other.
        whole = region.level == 3
        for name in (region.name, short):
            free = name == region.name or not whole or not text[len(name) :][:1].isalnum()
            if len(name) >= 2 and text.startswith(name) and free:
                best.append((len(name), region.code))
                break
    if not best:
        return None
    longest = max(length for length, _ in best)
    codes = [code for length, code in best if length == longest]
    return (codes[0], longest) if len(codes) == 1 else None


def _cities(province: str) -> Iterator[str]:
    for city, _ in regions.counties_by_city(province):
        if city:
            yield city


def _old_county(province: str, text: str) -> tuple[str, int] | None:
    # Codes that are no longer given out are printed by the same name; only a whole name finds them.
    for number in range(1, 9999):
        region = regions.get(f"{province[:2]}{number:04}")
        if region is not None and region.level == 3 and region.legacy and text.startswith(region.name):
            return region.code, len(region.name)
    return None


def _yes_or_no(_field: Field, text: str) -> Understood:
    plain = unicodedata.normalize("NFC", text).strip()
    ticked = {found[1] or found[2] for found in _TICKED.finditer(plain)}
    if ticked:
        if any(box in plain for box in "☐□○") or len(plain) <= 6:
            answers_ = {"yes" if word_ in "是有" else "no" for word_ in ticked}
            return Understood(answers_.pop() if len(answers_) == 1 else None)
        return Understood(None)
    bare = plain.strip("。．.，,；; 　")
    if bare in ("是", "有", "发生", "发生过", "已发生"):
        return Understood("yes")
    if no := _NO.match(bare):
        rest = bare[no.end() :].strip("。．.，,；;：: 　（）()")
        short = re.fullmatch(
            r"(?:重大)?(?:发生)?(?:过)?(?:任何)?(?:重大|此类|上述|相关)?.{0,24}(?:事故|情况|情形)?", rest
        )
        denial = bool(rest) and not re.search(r"[但除]|有", rest)
        return Understood("no", "" if not rest or (short and denial) else bare)
    if yes := _YES.match(bare):
        rest = bare[yes.end() :].strip("。．.，,；;：: 　（）()")
        if any(box in bare for box in _BOXES) or "否" in rest[:2] or "无" in rest[:2]:
            return Understood(None)
        return Understood("yes", bare if rest else "")
    return Understood(None)


def _industry(_field: Field, text: str) -> Understood:
    if found := re.fullmatch(r"\s*(.+?)\s*[（(]\s*([A-Ta-t]?[0-9]{0,4})\s*[)）]\s*", text, re.DOTALL):
        code = industries.normalise(found[2].upper())
        if industries.exists(code) and _alike(industries.name(code), found[1]):
            return Understood(code)
    code = industries.normalise(_joined(text))
    if industries.exists(code):
        return Understood(code)
    return Understood(None)


def _choice(field: Field, text: str) -> Understood:
    marked = re.findall(r"[☑☒√✓✔■●]\s*([^☐□○☑☒√✓✔■●\n　]+)", text)
    wanted = [piece.strip() for piece in marked] or [text.strip()]
    found = [
        choice.value
        for choice in field.choices
        if any(_alike(choice.label, piece) or piece == choice.value for piece in wanted)
    ]
    return Understood(found[0] if len(found) == 1 else None)


def _economic_type(_field: Field, text: str) -> Understood:
    code = economic_types.normalise(text)
    return Understood(code if economic_types.exists(code) else None)


_MEANINGS: dict[str, Callable[[Field, str], Understood]] = {
    "month_range": _period,
    "region": _place,
    "yes_no": _yes_or_no,
    "industry": _industry,
    "economic_type": _economic_type,
    "choice": _choice,
    "area": _choice,
}


# What a file would change


@dataclass(frozen=True, slots=True)
class Proposed:
    """A field that was recognised: what stands there, what the file says; `empty` when its box is blank in the file."""

    path: str
    section: Section
    field: Field
    present: Any
    value: Any
    place: str

    @property
    def same(self) -> bool:
        if self.field.rich and isinstance(self.present, str) and isinstance(self.value, str):
            return prose.canonical(self.present) == prose.canonical(self.value)
        return bool(self.present == self.value) or (is_blank(self.present) and is_blank(self.value))

    @property
    def empty(self) -> bool:
        return is_blank(self.value)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A file beside the answers: fields recognised, text that belongs nowhere for certain, what was dropped."""

    proposed: tuple[Proposed, ...]
    loose: tuple[word.Loose, ...]
    dropped: tuple[str, ...]
    marks: word.Marks


def compare(
    package: Package,
    reading: word.Reading,
    held: Mapping[str, Mapping[str, Any]],
    *,
    album: Album | None = None,
) -> Comparison:
    """What a reading would change in the answers, in the order of the form.

    The `album` knows the names that the pictures of the file have or get in the application.
    """
    proposed: list[Proposed] = []
    loose = [_with_pictures(each, album) for each in reading.loose]
    for section in package.questionnaire.sections:
        given = held.get(section.key) or {}
        for field in section.fields:
            path = f"{section.key}.{field.key}"
            found = reading.found.get(path)
            if found is None:
                continue
            present = given.get(field.key)
            raw = found.value
            if album is not None and field.rich and isinstance(raw, str):
                raw = album.placed(raw, field.name)
            meant = understood(field, raw, present)
            if meant.value is None:
                reason = say("认出是“{name}”，但写法不能自动换成这一栏的选项", name=field.name)
                loose.append(word.Loose(str(found.value), found.place, reason, (path,)))
                continue
            if meant.rest:
                loose.append(
                    word.Loose(
                        meant.rest, found.place, say("“{name}”只取了结论，这是原话", name=field.name), (path,)
                    )
                )
            proposed.append(Proposed(path, section, field, present, meant.value, found.place))
    dropped = (*reading.dropped, *(album.left_out() if album is not None else ()))
    return Comparison(tuple(proposed), tuple(loose), dropped, reading.marks)


def _with_pictures(loose: word.Loose, album: Album | None) -> word.Loose:
    return replace(loose, text=album.placed(loose.text, loose.place)) if album is not None else loose


def put(field: Field, present: Any, text: str, *, append: bool) -> Any:
    """The value of a field after a loose text was put into it by hand; never loses what stands there when appending."""
    if field.type == "rows":
        rows = list(present) if append and isinstance(present, list) else []
        names = "name" in {column.key for column in field.columns}
        target = (
            "name"
            if names
            else next((c.key for c in field.columns if c.type == "long_text"), field.columns[0].key)
        )
        pieces = [text] if not names else [piece for piece in re.split(r"[、；;\n]+", text) if piece.strip()]
        rows += [
            {column.key: piece.strip() if column.key == target else "" for column in field.columns}
            for piece in pieces
        ]
        return forms.clean(field, rows)
    meant = understood(field, text, None)
    if field.type in ("text", "long_text") and append and not is_blank(present):
        return forms.clean(field, f"{present}\n{text}")
    if meant.value is not None:
        return meant.value
    if field.type in ("month_range", "region"):
        # The words are kept where the check shows them, rather than lost.
        return forms.clean(
            field, {"from": text, "to": ""} if field.type == "month_range" else {"detail": text}
        )
    return forms.clean(field, text)
