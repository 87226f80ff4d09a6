"""The words of letters: those of the system, those of a call package, and those that a call's officers wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import record
from shidian.calls.letters import LETTERS, faults
from shidian.calls.models import Call
from shidian.calls.rules import can_extend
from shidian.core import clock
from shidian.core.errors import Invalid, require
from shidian.core.language import chinese
from shidian.core.verdict import Verdict, no
from shidian.notifications.kinds import KINDS, Kind
from shidian.notifications.letter import Letter
from shidian.notifications.models import LetterWording
from shidian.notifications.told import filled


@dataclass(frozen=True, slots=True)
class Wording:
    """Subject and text with placeholders, and from where: system, package or office."""

    subject: str
    text: str
    source: str

    def letter(self, values: Mapping[str, Any]) -> Letter:
        """The letter with these values; a value that is not known reads as nothing."""
        subject = " ".join(filled_in(self.subject, values).split())
        return Letter(subject, filled_in(self.text, values))


def filled_in(words: str, values: Mapping[str, Any]) -> str:
    """Words of a call, which are nobody's to translate, with values put in."""
    with translation.override(None):
        return filled(words, values)


def shipped(kind: Kind) -> Wording:
    """The words of the system, always Chinese."""
    with translation.override(settings.LANGUAGE_CODE):
        text = f"{{person}}，您好：\n\n{_(kind.more)}\n\n请登录后查看：\n\n{{link}}"
        return Wording(_(kind.title), text, "system")


def before_office(call: Call | None, kind: Kind) -> Wording:
    """The words that count when the officers of the call say nothing: those of its package, else of the system."""
    own = call.definition.letters if call is not None else []
    found = next((each for each in own if each.kind == kind.key), None)
    return Wording(found.subject, found.text, "package") if found else shipped(kind)


def wording(call: Call | None, kind: Kind) -> Wording:
    """The words that count now."""
    if call is not None and kind.key in LETTERS:
        row = LetterWording.objects.filter(call=call, kind=kind.key).order_by("pk").last()
        if row is not None and row.words:
            return Wording(row.subject, row.text, "office")
    return before_office(call, kind)


def can_word(user: User, call: Call) -> Verdict:
    """Those who may give more time word the letters of the call."""
    verdict = can_extend(user, call)
    return verdict if verdict or verdict.not_now else no(_("通知的文字由本批次最后一个环节的机构写。"))


@transaction.atomic
def word(call: Call, kind: Kind, *, subject: str, text: str, by: User) -> LetterWording:
    """Give a kind of letter words of its own in this call; `Invalid` names the place and what is wrong."""
    require(can_word(by, call))
    subject, text = subject.strip(), text.replace("\r\n", "\n").strip()
    problems = list(faults(kind.key, subject, text))
    if problems:
        raise Invalid(problems[0][1], problems)
    row = LetterWording.objects.create(
        call=call, kind=kind.key, subject=subject, text=text, at=clock.now(), by=by
    )
    record("call.letter_worded", call.chain, by=by, detail={"kind": kind.key, "letter": chinese(kind.label)})
    return row


@transaction.atomic
def reset(call: Call, kind: Kind, *, by: User) -> None:
    """Let the words of the package, or of the system, count again; nothing when they do."""
    require(can_word(by, call))
    if wording(call, kind).source != "office":
        return
    LetterWording.objects.create(call=call, kind=kind.key, at=clock.now(), by=by)
    record("call.letter_reset", call.chain, by=by, detail={"kind": kind.key, "letter": chinese(kind.label)})


def worded_kinds() -> list[Kind]:
    """The kinds whose letters a call may word."""
    return [KINDS[key] for key in KINDS if key in LETTERS]
