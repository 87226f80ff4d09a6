"""The words of letters: of the system, of the package, of the call's officers; placeholders are checked strictly."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from shidian.calls.definition import LetterDefinition
from shidian.calls.letters import IN_SUBJECTS, LETTERS, faults
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotPermitted
from shidian.notifications.kinds import KINDS
from shidian.notifications.telling import tell_people
from shidian.notifications.wording import before_office, reset, shipped, word, wording
from tests import steps

RETURNED = KINDS["returned"]


def test_the_officers_words_stand_before_the_systems_until_they_are_reset(
    cast: steps.Cast, call: Call
) -> None:
    word(
        call,
        RETURNED,
        subject="请修改 {reference}",
        text="{person}：{reasons}\r\n{link}",
        by=cast.commission_officer,
    )
    values = {"reference": "TJ10-0001", "reasons": "请补充"}
    tell_people(RETURNED, [cast.lead_head], key="a", values=values, place="/x/", call=call)

    assert wording(call, RETURNED).source == "office"
    assert mail.outbox[-1].subject == "请修改 TJ10-0001"
    assert mail.outbox[-1].body.startswith("李负责：请补充\nhttp")
    reset(call, RETURNED, by=cast.commission_approver)
    assert wording(call, RETURNED) == shipped(RETURNED)
    names = [event.name for event in steps.events(call.chain)][-2:]
    assert names == ["call.letter_worded", "call.letter_reset"]
    reset(call, RETURNED, by=cast.commission_approver)


def test_a_package_brings_its_own_words(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    own = LetterDefinition(kind="returned", subject="本批：{reference}", text="{link}")
    monkeypatch.setitem(call.definition.__dict__, "letters", [own])

    assert before_office(call, RETURNED).source == "package"
    assert wording(call, RETURNED).subject == "本批：{reference}"
    assert wording(call, KINDS["declined"]).source == "system"


@pytest.mark.parametrize(
    "role", ["heping_approver", "institute_clerk", "lead_head", "administrator", "auditor"]
)
def test_others_do_not_word_letters(cast: steps.Cast, call: Call, role: str) -> None:
    with pytest.raises(NotPermitted):
        word(call, RETURNED, subject="x", text="{link}", by=getattr(cast, role))
    with pytest.raises(NotPermitted):
        reset(call, RETURNED, by=getattr(cast, role))


@pytest.mark.parametrize(
    ("subject", "text", "place", "words"),
    [
        ("", "{link}", "subject", "写上"),
        ("x" * 121, "{link}", "subject", "最多 120"),
        ("a\nb", "{link}", "subject", "一行"),
        ("{name}", "{link}", "subject", "主题里不能用"),
        ("{lead}", "{link}", "subject", "主题里不能用"),
        ("{person}", "{link}", "subject", "主题里不能用"),
        ("{nothing}", "{link}", "subject", "没有占位符"),
        ("x", "{link} {secret}", "text", "没有占位符"),
        ("x", "{link", "text", "花括号"),
        ("x", "{link} {}", "text", "花括号"),
        ("x", "{link} {name.__class__}", "text", "花括号"),
        ("x", "{link} {name!r}", "text", "花括号"),
        ("x", "{link} {name:>10000}", "text", "花括号"),
        ("x", "没有网址", "text", "{link}"),
        ("x", "x" * 5001, "text", "最多 5000"),
    ],
)
def test_wrong_words_are_refused_at_their_place(
    cast: steps.Cast, call: Call, subject: str, text: str, place: str, words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        word(call, RETURNED, subject=subject, text=text, by=cast.commission_officer)

    assert any(where == place and words in message for where, message in refused.value.problems)


def test_an_unknown_kind_is_named_with_those_there_are() -> None:
    [(place, message)] = faults("nothing", "x", "{link}")

    assert place == "kind" and "returned" in message


@given(st.text(max_size=200), st.text(max_size=400))
def test_what_passes_can_be_filled_and_tells_nothing_in_the_subject(subject: str, text: str) -> None:
    from shidian.notifications.wording import Wording

    if list(faults("returned", subject, text + "{link}")):
        return
    values = {name: f"<{name}>" for name in LETTERS["returned"]}
    letter = Wording(subject, text + "{link}", "office").letter(values)

    told: list[Any] = [name for name in LETTERS["returned"] - IN_SUBJECTS if f"<{name}>" in letter.subject]
    assert told == [name for name in told if f"<{name}>" in subject]
    assert "<link>" in letter.text
