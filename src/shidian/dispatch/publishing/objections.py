"""Objections to a publicity: filed by anybody, handled by one person, answered in writing, confirmed by another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import SYSTEM, move, record
from shidian.core import clock
from shidian.core.digests import sha256_of_bytes
from shidian.core.errors import Invalid, require
from shidian.core.language import chinese
from shidian.dispatch.publishing import rules
from shidian.dispatch.publishing.models import (
    Objection,
    ObjectionAnswer,
    ObjectionFile,
    ObjectionNote,
    Objector,
    Publicity,
    PublicityItem,
)
from shidian.dispatch.publishing.papers import day_of
from shidian.dispatch.publishing.publicity import locked as publicity_locked
from shidian.dispatch.publishing.queries import last_day
from shidian.documents.models import StoredFile
from shidian.organisations.codes.contacts import check_email, check_phone, normalise_email, normalise_phone
from shidian.reviews.deciding import strike_off

LONGEST = 5_000
MOST_FILES = 3
_SALT = "shidian.dispatch.objection"


@dataclass(frozen=True, slots=True)
class _Objector:
    """Whoever objects, as the history names them: it keeps no personal data, which could never be emptied."""

    label: str = "异议人"
    pk: None = None


OBJECTOR = _Objector()


@dataclass(frozen=True, slots=True)
class Who:
    """Who objects, and where the answer goes."""

    name: str
    phone: str = ""
    email: str = ""
    address: str = ""


def token(objection: Objection) -> str:
    """The secret part of the address at which its objector follows it; never stored."""
    return Signer(salt=_SALT).signature(objection.number)


def by_token(number: str, given: str) -> Objection | None:
    """The objection of an address, or None when its secret part is wrong."""
    try:
        Signer(salt=_SALT).unsign(f"{number}:{given}")
    except BadSignature:
        return None
    return (
        Objection.objects.select_related(
            "publicity__call", "publicity__office", "item__application", "answer__letter"
        )
        .filter(number=number)
        .first()
    )


def _locked(objection: Objection) -> Objection:
    return (
        Objection.objects.select_for_update(of=("self",))
        .select_related("publicity__call", "publicity__office", "item__application", "claimed_by", "answer")
        .get(pk=objection.pk)
    )


@transaction.atomic
def file(
    publicity: Publicity,
    *,
    who: Who,
    text: str,
    item: PublicityItem | None = None,
    files: Sequence[StoredFile] = (),
    by: User | None = None,
) -> Objection:
    """File an objection while the publicity runs; `by` is the officer who enters one that came by letter.

    Refused (`Invalid`, each at its place) without a name, a way to answer, and the facts; `NotNow` when it is over.
    """
    publicity = publicity_locked(publicity)
    require(rules.can_object(publicity) if by is None else rules.can_take_in(by, publicity))
    who = Who(who.name.strip(), normalise_phone(who.phone), normalise_email(who.email), who.address.strip())
    _check(who, text, publicity, item, files)
    number = f"{publicity.reference}-Y{publicity.objections.count() + 1:02d}"
    now = clock.now()
    days = publicity.call.definition.publicity.answer_days
    due = last_day(now.astimezone(publicity.call.zone).date(), days)
    objection = Objection.objects.create(
        number=number,
        publicity=publicity,
        item=item,
        text=text.strip(),
        filed_at=now,
        filed_with=by,
        due_on=due,
    )
    Objector.objects.create(
        objection=objection, name=who.name, phone=who.phone, email=who.email, address=who.address
    )
    ObjectionFile.objects.bulk_create(ObjectionFile(objection=objection, file=stored) for stored in files)
    detail = {
        "due": day_of(due),
        "digest": sha256_of_bytes(objection.text.encode()),
        "files": [stored.sha256 for stored in files],
        "application": item.application.reference if item else "",
    }
    record("objection.filed", objection.chain, by=by or OBJECTOR, detail=detail)
    return objection


def _check(
    who: Who, text: str, publicity: Publicity, item: PublicityItem | None, files: Sequence[StoredFile]
) -> None:
    problems = _wrong_person(who)
    if not text.strip():
        problems.append(("text", _("请写明事实和理由。")))
    elif len(text.strip()) > LONGEST:
        words = _("最多 {longest} 字，现在 {count} 字。").format(longest=LONGEST, count=len(text.strip()))
        problems.append(("text", words))
    if item is not None and item.publicity_id != publicity.pk:
        problems.append(("item", _("请重新选择对哪一项有异议。")))
    if len(files) > MOST_FILES:
        problems.append(("files", _("最多 {most} 个文件。").format(most=MOST_FILES)))
    if problems:
        raise Invalid(problems[0][1], problems)


def _wrong_person(who: Who) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    if not who.name:
        problems.append(("name", _("请写姓名或者单位名称；匿名的异议无法答复。")))
    if not (who.phone or who.email or who.address):
        problems.append(("email", _("请至少写一种联系方式，答复要送到您那里。")))
    if who.phone and (fault := check_phone(who.phone)):
        problems.append(("phone", fault))
    if who.email and (fault := check_email(who.email)):
        problems.append(("email", fault))
    for place, said, longest in (
        ("name", who.name, 100),
        ("phone", who.phone, 40),
        ("address", who.address, 200),
    ):
        if len(said) > longest:
            problems.append((place, _("最多 {longest} 字").format(longest=longest)))
    return problems


@transaction.atomic
def claim(objection: Objection, *, by: User) -> None:
    """Take an objection in hand, or take it over from a colleague."""
    objection = _locked(objection)
    require(rules.can_claim(by, objection))
    move(objection, "claim", by=by, claimed_by=by, claimed_at=clock.now())


@transaction.atomic
def note(objection: Objection, text: str, *, by: User) -> ObjectionNote:
    """Write down what was found out; for the desk alone."""
    objection = _locked(objection)
    require(rules.can_answer(by, objection))
    words = text.strip()
    if not words or len(words) > LONGEST:
        message = _("请写 1 到 {longest} 字。").format(longest=LONGEST)
        raise Invalid(message, [("note", message)])
    made = ObjectionNote.objects.create(objection=objection, text=words, at=clock.now(), by=by)
    record("objection.noted", objection.chain, by=by, detail={"digest": sha256_of_bytes(words.encode())})
    return made


@transaction.atomic
def answer(
    objection: Objection,
    *,
    outcome: ObjectionAnswer.Outcome,
    text: str,
    by: User,
    strikes: bool = False,
    letter: StoredFile | None = None,
) -> ObjectionAnswer:
    """Put an answer before the approver.

    An objection to an application that is upheld takes it out of what was decided; one upheld in part may. Refused
    (`Invalid`) without words, and for an answer whose consequence does not fit its outcome.
    """
    objection = _locked(objection)
    require(rules.can_answer(by, objection))
    words = text.strip()
    problems = []
    if not words or len(words) > LONGEST:
        problems.append(("text", _("请写 1 到 {longest} 字。").format(longest=LONGEST)))
    if outcome not in ObjectionAnswer.Outcome.values:
        problems.append(("outcome", _("请选择结论")))
    if strikes and objection.item is None:
        problems.append(("strikes", _("异议没有指明哪一项，不能取消资格；名单有误的，请另发更正。")))
    if strikes and outcome == ObjectionAnswer.Outcome.REFUSED:
        problems.append(("strikes", _("异议不成立的，不能取消资格。")))
    if not strikes and outcome == ObjectionAnswer.Outcome.UPHELD and objection.item is not None:
        problems.append(("strikes", _("异议成立的，要取消这一项的资格；不取消的，结论请选“部分成立”。")))
    if problems:
        raise Invalid(problems[0][1], problems)
    made = ObjectionAnswer.objects.create(
        objection=objection,
        outcome=outcome,
        text=words,
        strikes=strikes,
        letter=letter,
        at=clock.now(),
        by=by,
    )
    detail = {
        "outcome": chinese(ObjectionAnswer.Outcome(outcome).label),
        "strikes": strikes,
        "digest": sha256_of_bytes(words.encode()),
        "letter": letter.sha256 if letter else "",
    }
    move(objection, "answer", by=by, answer=made, detail=detail)
    return made


@transaction.atomic
def send_back(objection: Objection, *, by: User, reason: str) -> None:
    """The approver gives the answer back to be written anew."""
    objection = _locked(objection)
    require(rules.can_decide_answer(by, objection))
    if not reason.strip():
        raise Invalid(_("请写明理由。"), [("reason", _("请写明理由。"))])
    move(objection, "send_back", by=by, answer=None, detail={"reason": reason})


@transaction.atomic
def confirm(objection: Objection, *, by: User) -> Objection:
    """Confirm the answer: it goes to the objector, and what it changes is changed in the same transaction."""
    objection = _locked(objection)
    require(rules.can_decide_answer(by, objection))
    given = objection.answer
    if given is None:
        raise Invalid(_("还没有答复。"))
    decision = None
    application = objection.item.application if objection.item else None
    outcome = chinese(ObjectionAnswer.Outcome(given.outcome).label)
    if given.strikes and application is not None:
        reason = f"公示期间异议{objection.number}经核实成立"
        decision = strike_off(application, handler=given.by, by=by, reason=reason, objection=objection.number)
    move(
        objection,
        "confirm",
        by=by,
        confirmed_by=by,
        closed_at=clock.now(),
        decision=decision,
        detail={"outcome": outcome, "decision": decision.pk if decision else None},
    )
    if application is not None:
        told = {"publicity": objection.publicity.reference, "outcome": outcome}
        record("application.objection_settled", application.chain, by=by, detail=told)
    return objection


@transaction.atomic
def withdraw(objection: Objection) -> None:
    """The objector takes the objection back, by its secret address."""
    objection = _locked(objection)
    move(objection, "withdraw", by=OBJECTOR, closed_at=clock.now())


def forget() -> int:
    """Empty the names and addresses of objectors whose time of keeping is over; done every day. Returns how many."""
    emptied = 0
    waiting = Objector.objects.filter(emptied_at__isnull=True, objection__closed_at__isnull=False)
    for who in waiting.select_related("objection__publicity__call"):
        days = who.objection.publicity.call.definition.publicity.forget_after_days
        closed = who.objection.closed_at
        if days is None or closed is None or clock.now() < closed + timedelta(days=days):
            continue
        with transaction.atomic():
            who.name = who.phone = who.email = who.address = ""
            who.emptied_at = clock.now()
            who.save()
            record("objection.emptied", who.objection.chain, by=SYSTEM)
        emptied += 1
    return emptied
