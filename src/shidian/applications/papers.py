"""The papers of an application: the official form, statements of opinions and the receipt, always from a version, never from the live record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from shidian.applications.content import at_path, invited
from shidian.applications.models import Application, Lodgement
from shidian.applications.pictures import drawn, named, of_version, present
from shidian.applications.queries import answers
from shidian.calls.models import Call, package_of_digest
from shidian.calls.packages import Package
from shidian.core import clock
from shidian.core.language import chinese
from shidian.documents.actions import printed
from shidian.documents.marks.drawing import marking
from shidian.documents.marks.payload import DRAFT
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.documents.render.compiler import (
    TEMPLATES,
    Marking,
    PaperError,
    Setting,
    compile_paper,
    query_paper,
)
from shidian.documents.render.pictures import page_pictures
from shidian.questionnaires.printing import printable
from shidian.signoffs.models import Link, Party, Signature

FORM = "form"


def _paper(
    package: Package,
    values: Mapping[str, Mapping[str, Any]],
    parties: Sequence[Mapping[str, str]],
    *,
    reference: str = "",
    version: str = "",
    code: str = "",
    draft: bool = False,
    blank: bool = False,
    day: datetime,
    pictures: Mapping[str, bytes] | None = None,
) -> dict[str, Any]:
    answers = printable(package.questionnaire, values, blocks=True)
    paths = _paths(pictures)
    for section in answers.values():
        for blocks in section.values():
            _place(blocks, paths)
    return {
        "reference": reference,
        "version": version,
        "code": code,
        "draft": draft,
        "blank": blank,
        "printed_on": day.date().isoformat(),
        "title": package.questionnaire.title,
        "instructions": list(package.questionnaire.instructions),
        "answers": answers,
        "parties": [{**party, "position": position} for position, party in enumerate(parties, start=1)],
    }


def _paths(pictures: Mapping[str, bytes] | None) -> dict[str, str]:
    return {name: f"pictures/{number}.svg" for number, name in enumerate(pictures or {}, start=1)}


def _place(blocks: Any, paths: Mapping[str, str]) -> None:
    """Tell each picture of an answer where the typesetter finds it; nothing where there is none."""
    for block in blocks if isinstance(blocks, list) else ():
        if block.get("kind") == "picture":
            block["file"] = paths.get(block["name"], "")


def template_of(package: Package, path: str | None, default: str) -> bytes:
    """A template of the package, or the project's own where the package has none."""
    return package.files[path] if path else (TEMPLATES / default).read_bytes()


def _print(
    package: Package,
    paper: Mapping[str, Any],
    *,
    pinned: datetime,
    attach: dict[str, bytes],
    pictures: Mapping[str, bytes] | None = None,
    marks: Marking | None = None,
) -> bytes:
    return compile_paper(
        package.files[package.call.papers.application],
        paper,
        pinned=pinned,
        attach=attach,
        pictures=_by_path(pictures),
        marking=marks,
        extra_fonts=settings.FONTS_FOLDER,
    )


def _by_path(pictures: Mapping[str, bytes] | None) -> dict[str, bytes]:
    return {path: (pictures or {})[name] for name, path in _paths(pictures).items()}


def _pictures(application: Application, values: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    return drawn(application.call.questionnaire, values, present(application))


def blank_form(call: Call) -> bytes:
    """The empty official form, exactly as in the notice."""
    package = call.package
    issued = datetime.combine(package.call.issued_on, datetime.min.time(), tzinfo=call.zone)
    parties = [{"role": role.role, "label": role.label, "name": ""} for role in package.call.parties]
    return _print(package, _paper(package, {}, parties, blank=True, day=issued), pinned=issued, attach={})


def draft_form(application: Application) -> bytes:
    """The form filled as far as it is, with the watermark and the marks of a draft on every page."""
    call = application.call
    now = clock.now().astimezone(call.zone)
    parties = [{"role": body.role, "label": body.label, "name": body.name} for body in invited(application)]
    values = answers(application)
    pictures = _pictures(application, values)
    paper = _paper(
        call.package,
        values,
        parties,
        reference=application.reference,
        draft=True,
        day=now,
        pictures=pictures,
    )
    return _print(
        call.package,
        paper,
        pinned=now.replace(microsecond=0),
        attach={},
        pictures=pictures,
        marks=marking(application.reference, DRAFT),
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """How one long answer fills its box: in parts of the box on the blank form, and on which page it ends."""

    field: str
    full: float
    page: int
    last_page: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The printed pages of one section as pictures, by page number, and how its long answers fill their boxes."""

    pages: dict[int, bytes]
    frames: list[Frame]


PAGE_HEIGHT = 225.0
"""Of the text on a page, in millimetres (GB/T 9704-2012: 天头 37, 下白边 35 of 297)."""
TOP = 45.0
"""What begins above this, in millimetres from the edge, begins a page."""
LINE = 5.5
"""Height of the last line, below the place where it begins."""


def preview(application: Application, section: str, *, dots: int = 96, most: int = 4) -> Preview:
    """What the draft form shows of a section now: real print, real pages. `PaperError` says what cannot be printed.

    At most `most` pages as PNG of `dots` to the inch, without marks, which would cost another pass; none when the paper
    has no place for the section.
    """
    call = application.call
    now = clock.now().astimezone(call.zone).replace(microsecond=0)
    parties = [{"role": body.role, "label": body.label, "name": body.name} for body in invited(application)]
    values = answers(application)
    pictures = _pictures(application, values)
    paper = _paper(
        call.package,
        values,
        parties,
        reference=application.reference,
        draft=True,
        day=now,
        pictures=pictures,
    )
    marks = query_paper(
        call.package.files[call.package.call.papers.application],
        paper | {"preview": True},
        "<answer>",
        pinned=now,
        pictures=_by_path(pictures),
        extra_fonts=settings.FONTS_FOLDER,
    )
    mine = [mark for mark in marks if mark["path"].startswith(f"{section}.")]
    if not mine:
        return Preview({}, [])
    first = mine[0]["page"]
    last = min(_last_page(marks, mine), first + most - 1)
    pdf = _print(call.package, paper, pinned=now, attach={}, pictures=pictures)
    return Preview(page_pictures(pdf, range(first, last + 1), dots=dots), _frames(mine))


def _last_page(marks: Sequence[Mapping[str, Any]], mine: Sequence[Mapping[str, Any]]) -> int:
    """Where a section ends: at its last answer, or where the next section begins."""
    starts = [mark for mark in marks if mark["side"] == "at"]
    ends = [int(mark["page"]) for mark in mine]
    following = starts.index(mine[0]) + 1 if mine[0] in starts else len(starts)
    if following < len(starts):
        begin = starts[following]
        ends.append(begin["page"] - (1 if begin["y"] < TOP else 0))
    return max(ends)


def _frames(marks: Sequence[Mapping[str, Any]]) -> list[Frame]:
    ends = {mark["path"]: mark for mark in marks if mark["side"] == "to"}
    frames = []
    for begin in marks:
        end = ends.get(begin["path"])
        if begin["side"] != "from" or end is None or not begin["frame"]:
            continue
        height = (end["page"] - begin["page"]) * PAGE_HEIGHT + end["y"] - begin["y"] + LINE
        field = begin["path"].partition(".")[2]
        frames.append(Frame(field, round(height / begin["frame"], 2), begin["page"], end["page"]))
    return frames


def package_of(version: DocumentVersion) -> Package:
    """The call package under which a version was frozen; it keeps its form even when the call has a newer one."""
    return package_of_digest(version.data["call"]["digest"])


def form_setting(version: DocumentVersion) -> Setting:
    """The pages of a frozen version with its own pictures, to be printed with marks. Its data is attached.

    Refused (`PaperError`) when a picture of it cannot be drawn now: a paper is printed whole or not at all.
    """
    package = package_of(version)
    content = version.data
    zone = package.call.zone
    frozen = version.created_at.astimezone(zone)
    held = of_version(version, package.questionnaire)
    pictures = drawn(package.questionnaire, content["answers"], held)
    for _section, field, picture in named(package.questionnaire, content["answers"]):
        if picture.name not in pictures:
            raise PaperError(
                _("“{field}”里的图片“{name}”现在画不出来，请过一会儿再打印。").format(
                    field=field.name, name=picture.name
                )
            )
    paper = _paper(
        package,
        content["answers"],
        content["parties"],
        reference=content["reference"],
        version=version.label,
        code=version.code,
        day=frozen,
        pictures=pictures,
    )
    return Setting(
        package.files[package.call.papers.application],
        paper,
        pinned=frozen,
        attach={"application.json": version.content.encode()},
        pictures=_by_path(pictures),
        extra_fonts=settings.FONTS_FOLDER,
    )


def form_bytes(version: DocumentVersion) -> bytes:
    """Print a frozen version, every page with its mark; the same version and key give the same bytes."""
    return form_setting(version).printed(marking(version.data["reference"], version.number))


def boxes(version: DocumentVersion) -> dict[tuple[str, int], Mapping[str, Any]]:
    """Where each party's box stands on the form of a version: by role and number within the role, from 1.

    Values as `certificates.signing.place_in` takes them: page from 1, points from the upper left corner. Empty when
    the form of the call has no boxes.
    """
    return {(box["role"], int(box["index"])): box for box in form_setting(version).layout.boxes}


def form(version: DocumentVersion) -> StoredFile:
    """The official form of a frozen version as a kept PDF."""
    return printed(
        version,
        FORM,
        lambda: form_bytes(version),
        name=f"申请书-{version.document.reference}-{version.label}.pdf",
    )


def receipt(lodgement: Lodgement) -> bytes:
    """The receipt of a hand-in: number, server time and digest, as a paper."""
    package = package_of(lodgement.version)
    at = lodgement.at.astimezone(package.call.zone)
    application = lodgement.application
    data = {
        "title": "受理回执",
        "number": lodgement.number,
        "received_at": f"{at.year}年{at.month}月{at.day}日 {at:%H:%M:%S}",
        "office": lodgement.office.name,
        "application": application.name,
        "reference": application.reference,
        "lead": application.lead.name,
        "version": lodgement.version.label,
        "digest": lodgement.digest,
        "digest_algorithm": "SHA-256",
        **(
            {
                "second_digest": lodgement.version.second_digest,
                "second_digest_algorithm": lodgement.version.second_algorithm.upper(),
            }
            if lodgement.version.second_digest
            else {}
        ),
        "next": [
            f"{lodgement.office.name}对材料作形式审查，结果会在本系统中告知。",
            "需要补正时，退回意见会逐条写明；补正后交回同一机构。",
            "本回执所列摘要与打印件页脚的版本码一致，可用来核对材料没有改动。",
        ],
    }
    template = template_of(package, package.call.papers.receipt, "receipt.typ")
    return compile_paper(template, data, pinned=at, extra_fonts=settings.FONTS_FOLDER)


def evidence(signature: Signature) -> StoredFile | None:
    """The file on which an opinion rests: the scan of the sealed page, the PDF with the certificate, or its statement."""
    match signature.means:
        case Signature.Means.PAPER:
            return signature.scan
        case Signature.Means.CERTIFICATE:
            return signature.certified
        case _:
            return statement(signature)


def statement(signature: Signature) -> StoredFile:
    """One page on an opinion that was given on screen: who, for whom, on which digest, when, how proved; kept."""
    version = signature.party.round.version
    return printed(
        version,
        f"opinion-{signature.pk}",
        lambda: statement_bytes(signature),
        name=f"会签意见单-{version.document.reference}-{signature.pk}.pdf",
    )


def statement_number(signature: Signature) -> str:
    """By which a statement is quoted."""
    return f"{signature.party.round.version.document.reference}-Y{signature.pk}"


def statement_bytes(signature: Signature) -> bytes:
    """Print the statement; the same opinion gives the same bytes."""
    party = signature.party
    version = party.round.version
    package = package_of(version)
    at = signature.recorded_at.astimezone(package.call.zone)
    data = {
        "title": "会签意见单",
        "number": statement_number(signature),
        "opinion": _rows(_opinion_lines(signature, version, package, at)),
        "proof": [
            *_rows(_proof_lines(signature, package)),
            {"name": "版本摘要\n（SHA-256）", "value": signature.digest, "digest": True},
            {"name": "所担保内容的摘要", "value": signature.scope_digest, "digest": True},
        ],
        "notes": [
            (
                "本单由系统按表态时的记录打印，不是纸质盖章页。版本摘要与申请书页脚的版本码对应，内容改动一个字，摘要就不同；"
                "所担保内容的摘要只随该单位所担保的部分改变。"
            )
        ],
    }
    return compile_paper(
        (TEMPLATES / "statement.typ").read_bytes(), data, pinned=at, extra_fonts=settings.FONTS_FOLDER
    )


def _rows(lines: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in lines if value]


def _opinion_lines(
    signature: Signature, version: DocumentVersion, package: Package, at: datetime
) -> list[tuple[str, str]]:
    party, content = signature.party, version.data
    field = package.questionnaire.find(signature.place) if signature.place else None
    return [
        ("申请编号", content["reference"]),
        ("项目名称", str(at_path(content["answers"], package.call.uses.name) or "")),
        ("承担单位", content["lead"]["name"]),
        ("材料版本", f"{version.label}　{version.code}"),
        ("表态单位", f"{party.name}（{party.label}）"),
        ("意见", chinese(Signature.Decision(signature.decision).label)),
        ("意见内容", signature.opinion),
        ("要修改的地方", field.name if field else ""),
        ("签署人", signature.signatory + (f"（{signature.capacity}）" if signature.capacity else "")),
        ("委托", _mandate_words(signature)),
        ("表态时间", f"{at.year}年{at.month}月{at.day}日 {at:%H:%M:%S}"),
        ("所担保的内容", _scope_words(party, package)),
    ]


def _mandate_words(signature: Signature) -> str:
    mandate = signature.mandate
    if mandate is None:
        return ""
    since, until = (f"{day.year}年{day.month}月{day.day}日" for day in (mandate.since, mandate.until))
    return f"受{mandate.given_by}委托，期限{since}至{until}，委托书 SHA-256 前八位 {mandate.file.sha256[:8]}"


def _scope_words(party: Party, package: Package) -> str:
    scope = party.vouches_for
    if scope is None:
        return "申请书的全部内容和证明材料"
    names = [each.title for each in package.questionnaire.sections if each.key in scope.sections]
    names += [field.name for path in scope.fields if (field := package.questionnaire.find(path))]
    names += [slot.label for slot in package.call.attachments if slot.key in scope.attachments]
    return "、".join([*names, *(["会签单位"] if scope.parties else [])])


def _proof_lines(signature: Signature, package: Package) -> list[tuple[str, str]]:
    proof = signature.proof
    if "account" in proof:
        return [
            ("办法", "该单位负责人用本单位账号登录表态"),
            ("账号", f"{proof.get('unit', '')}，{signature.signatory}"),
            ("网络地址", str(proof.get("address") or "")),
        ]
    at = datetime.fromisoformat(proof["code_at"]).astimezone(package.call.zone)
    channel = chinese(Link.Channel(proof["channel"]).label)
    return [
        ("办法", "凭一次性链接和验证码在线表态"),
        ("链接", f"编号 {proof['link']}，寄往 {proof['to']}"),
        ("验证码", f"{channel}，发往 {proof['code_to']}，{at:%Y-%m-%d %H:%M:%S} 验证通过"),
        ("网络地址", str(proof.get("address") or "")),
    ]
