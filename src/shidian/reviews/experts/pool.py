"""Keeping the pool of experts: add, change, import with a look beforehand, put out and take in again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.actions import ensure_user
from shidian.accounts.models import User
from shidian.audit.actions import record
from shidian.calls.models import Call
from shidian.calls.queries import area_label
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, require
from shidian.organisations.codes import unit_code
from shidian.organisations.models import Office
from shidian.reviews.experts.declaring import suspended, tell_suspended
from shidian.reviews.experts.models import Expert
from shidian.reviews.experts.rules import can_be_expert, can_keep_pool
from shidian.reviews.experts.tables import read_table

COLUMNS: Mapping[str, Sequence[str]] = {
    "name": ("姓名", "专家姓名", "name"),
    "email": ("电子邮箱", "邮箱", "email"),
    "unit": ("工作单位", "单位", "单位名称"),
    "unit_code": ("单位统一社会信用代码", "统一社会信用代码", "单位代码"),
    "parent_unit": ("上级单位", "主管单位", "上级单位名称"),
    "parent_code": ("上级单位统一社会信用代码", "上级单位代码"),
    "specialities": ("专业方向", "专业", "评审方向", "领域"),
    "title": ("职称", "职务职称"),
    "phone": ("手机", "电话", "联系电话"),
}
LENGTHS = {"name": 60, "unit": 120, "parent_unit": 120, "title": 60, "phone": 30}
MOST_SPECIALITIES = 30
MOST_ROWS = 5_000
"""What was looked at travels with the page until it is confirmed."""


@dataclass(frozen=True, slots=True)
class Details:
    """What the pool holds of a person besides name and address."""

    unit: str
    unit_code: str = ""
    parent_unit: str = ""
    parent_code: str = ""
    specialities: tuple[str, ...] = ()
    title: str = ""
    phone: str = ""


def checked(details: Details) -> Details:
    """The same in its kept spelling. Refused (`Invalid`, by place) for a wrong code or no unit."""
    problems: list[tuple[str, str]] = []
    codes = {}
    for place, given in (("unit_code", details.unit_code), ("parent_code", details.parent_code)):
        codes[place] = unit_code.normalise(given) if given.strip() else ""
        if codes[place] and (fault := unit_code.check(codes[place])):
            problems.append((place, fault))
    if not details.unit.strip():
        problems.append(("unit", _("请写工作单位")))
    if problems:
        raise Invalid(_("有几处要改。"), problems)
    kept = tuple(dict.fromkeys(word.strip() for word in details.specialities if word.strip()))
    return Details(
        details.unit.strip(),
        codes["unit_code"],
        details.parent_unit.strip(),
        codes["parent_code"],
        kept[:MOST_SPECIALITIES],
        details.title.strip(),
        details.phone.strip(),
    )


@transaction.atomic
def add(office: Office, *, name: str, email: str, details: Details, by: User) -> Expert:
    """Take a person into the pool; without an account one is made, and its one-time link goes by letter.

    Refused for who acts for an office, administers or audits, and for who stands in a pool already.
    """
    require(can_keep_pool(by, office))
    details = checked(details)
    user = ensure_user(name=name.strip(), email=email, phone=details.phone, by=by)
    allowed = can_be_expert(user)
    if not allowed:
        raise Invalid(allowed.reason, [("email", allowed.reason)])
    if Expert.objects.filter(user=user).exists():
        words = _("这个邮箱的人已经在专家库里。")
        raise Invalid(words, [("email", words)])
    expert = Expert.objects.create(user=user, office=office, at=clock.now(), by=by, **_fields(details))
    detail = {"name": user.name, "unit": expert.unit, "user": user.pk}
    record("expert.added", expert.chain, by=by, detail=detail)
    return expert


def _fields(details: Details) -> dict[str, Any]:
    return {**asdict(details), "specialities": list(details.specialities)}


@transaction.atomic
def change(expert: Expert, details: Details, *, by: User) -> None:
    """Write what the pool holds of a person anew; work that a conflict now forbids is suspended, and the office told."""
    require(can_keep_pool(by, expert.office))
    expert = Expert.objects.select_for_update(of=("self",)).select_related("user", "office").get(pk=expert.pk)
    fields = _fields(checked(details))
    changed = {key: value for key, value in fields.items() if getattr(expert, key) != value}
    if not changed:
        return
    before = suspended(expert)
    for key, value in changed.items():
        setattr(expert, key, value)
    expert.save(update_fields=list(changed))
    words = [COLUMNS[key][0] for key in changed]
    record("expert.changed", expert.chain, by=by, detail={"fields": "、".join(words)})
    tell_suspended(expert, before, by=by)


@transaction.atomic
def deactivate(expert: Expert, *, reason: str, by: User) -> None:
    """Put a person out of the pool: it reads nothing from now on. What it did stays."""
    _set_active(expert, active=False, by=by)
    record("expert.deactivated", expert.chain, by=by, detail={"reason": reason.strip()})


@transaction.atomic
def reactivate(expert: Expert, *, by: User) -> None:
    """Take a person into the pool again."""
    allowed = can_be_expert(expert.user)
    if not allowed:
        raise NotNow(allowed.reason)
    _set_active(expert, active=True, by=by)
    record("expert.reactivated", expert.chain, by=by)


def _set_active(expert: Expert, *, active: bool, by: User) -> None:
    require(can_keep_pool(by, expert.office))
    row = Expert.objects.select_for_update().get(pk=expert.pk)
    if row.active == active:
        raise NotNow(_("专家已在库中。") if active else _("专家已停用。"))
    row.active = expert.active = active
    row.save(update_fields=("active",))


# Import


@dataclass(slots=True)
class Row:
    """One line of a file: what would happen, or what is wrong with it. JSON values, to be kept until confirmed."""

    number: int
    name: str = ""
    email: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    what: str = "wrong"  # new, change, same or wrong
    faults: list[str] = field(default_factory=list)


def look(office: Office, file: BinaryIO) -> list[Row]:
    """Read a file of experts and tell, line by line, what importing it would do. Changes nothing."""
    lines = read_table(file, COLUMNS, ("name", "email", "unit"), most=MOST_ROWS)
    areas = area_words()
    rows: list[Row] = []
    seen: dict[str, int] = {}
    for line in lines:
        cells = line.cells
        row = Row(line.number, cells.get("name", ""), cells.get("email", "").lower())
        rows.append(row)
        row.faults += [
            _("“{column}”最多 {most} 字").format(column=COLUMNS[key][0], most=most)
            for key, most in LENGTHS.items()
            if len(cells.get(key, "")) > most
        ]
        if not row.name:
            row.faults.append(_("没有姓名"))
        try:
            validate_email(row.email)
        except ValidationError:
            row.faults.append(_("邮箱的写法不对，例如 name@example.cn"))
        if row.email in seen:
            row.faults.append(_("邮箱与第 {number} 行相同").format(number=seen[row.email]))
        seen.setdefault(row.email, row.number)
        words = split_words(cells.get("specialities", ""))
        unknown = [word for word in words if len(word) > 60]
        if unknown:
            row.faults.append(_("专业方向每项最多 60 字，用顿号隔开"))
        given = {key: cells.get(key, "") for key in COLUMNS if key not in ("name", "email", "specialities")}
        details = Details(**given, specialities=tuple(areas.get(word, word) for word in words))
        try:
            details = checked(details)
        except Invalid as invalid:
            row.faults += [f"{COLUMNS[place][0]}：{message}" for place, message in invalid.problems]
        row.details = _fields(details)
    _judge(office, rows)
    return rows


def split_words(text: str) -> list[str]:
    """Words that are separated by any of the usual signs."""
    for sign in "，,;；\n|":
        text = text.replace(sign, "、")
    return [word.strip() for word in text.split("、") if word.strip()]


def _judge(office: Office, rows: Sequence[Row]) -> None:
    users = {user.email: user for user in User.objects.filter(email__in=[row.email for row in rows])}
    experts = {expert.user_id: expert for expert in Expert.objects.filter(user__in=users.values())}
    for row in rows:
        user = users.get(row.email)
        expert = experts.get(user.pk) if user else None
        if expert is not None and expert.office_id != office.pk:
            row.faults.append(_("这个人已在别的机构的专家库里"))
        elif user is not None and expert is None and not (allowed := can_be_expert(user)):
            row.faults.append(allowed.reason)
        if row.faults:
            row.what = "wrong"
        elif expert is None:
            row.what = "new"
        else:
            same = all(getattr(expert, key) == value for key, value in row.details.items())
            row.what = "same" if same else "change"


@transaction.atomic
def take(office: Office, rows: Sequence[Row], *, by: User) -> tuple[int, int]:
    """Import the lines that were looked at, judged again as it stands now; how many were added and changed.

    All or nothing: refused (`Invalid`) when a line that was right is wrong by now.
    """
    require(can_keep_pool(by, office))
    good = [row for row in rows if row.what in ("new", "change")]
    _judge(office, good)
    if wrong := [row for row in good if row.faults]:
        raise Invalid(
            _("第 {number} 行现在不能导入：{fault}").format(
                number=wrong[0].number, fault=_("；").join(wrong[0].faults)
            )
        )
    added = changed = 0
    for row in good:
        details = Details(**{**row.details, "specialities": tuple(row.details["specialities"])})
        if row.what == "new":
            add(office, name=row.name, email=row.email, details=details, by=by)
            added += 1
        elif row.what == "change":
            change(Expert.objects.select_related("office").get(user__email=row.email), details, by=by)
            changed += 1
    return added, changed


# Specialities


def area_words() -> dict[str, str]:
    """The keys of the areas of all published calls by their words, long and short, so that a file may say either."""
    found: dict[str, str] = {}
    for key, label in area_choices():
        found.setdefault(label, key)
        found.setdefault(label.rpartition(" · ")[2], key)
        found.setdefault(label.rpartition("／")[2], key)
    return found


def area_choices() -> list[tuple[str, str]]:
    """Every area of the published calls, each once, with its words; the newest call first."""
    found: dict[str, str] = {}
    for call in Call.objects.public():
        for top in call.definition.areas:
            found.setdefault(top.key, top.label)
        for path in call.definition.area_labels:
            found.setdefault(path, area_label(call, path))
    return list(found.items())


def speciality_words(keys: Sequence[str]) -> list[str]:
    """Specialities in words; those that are no area of a call are words already."""
    known = dict(area_choices())
    return [known.get(key, key) for key in keys]
