"""A message on its way: every state and verb, attempts that become seldom, and what is kept of it."""

from __future__ import annotations

import json
import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from shidian.accounts.models import User
from shidian.audit.actions import SYSTEM, move
from shidian.audit.models import Event
from shidian.calls.models import Call
from shidian.core import clock
from shidian.core.errors import NotNow, Stale
from shidian.notifications import sending
from shidian.notifications.kinds import KINDS
from shidian.notifications.letter import Letter
from shidian.notifications.models import Message, Notice
from shidian.notifications.sending import BACKOFF, deliver, empty_old, send, tend, try_again
from shidian.notifications.states import MESSAGE
from shidian.notifications.telling import tell_people
from shidian.portal import reset_letter
from tests import steps
from tests.notifications.test_messages import SECRET, Gateway, gateway

__all__ = ["gateway"]


class Broken(EmailBackend):
    """A mail server that says something else than yes."""

    fault: Exception = ConnectionRefusedError()

    def send_messages(self, messages: Any) -> int:
        raise Broken.fault


@pytest.fixture
def no_server(settings: Any) -> type[Broken]:
    settings.EMAIL_BACKEND = "tests.notifications.test_sending.Broken"
    Broken.fault = ConnectionRefusedError(111, "refused")
    return Broken


def notice_for(user: User, **values: Any) -> Notice:
    said = {
        "reference": "TJ10-0001",
        "name": "试点",
        "office": "某局",
        "reasons": "请补充",
        "batch": "第十批",
    }
    [made] = tell_people(
        KINDS["returned"], [user], key="test", values=said | values, place="/applications/x/"
    )
    return made


def message_for(user: User, **values: Any) -> Message:
    notice_for(user, **values)
    return Message.objects.latest("pk")


def reload(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def test_what_was_sent_is_kept_with_its_history(cast: steps.Cast) -> None:
    message = message_for(cast.lead_writer)

    assert (message.state, message.attempts, message.fault) == ("sent", 1, "")
    assert "请补充" in message.text
    assert [event.name for event in steps.events(message.chain)] == ["message.sent"]
    assert mail.outbox[0].extra_headers["Message-ID"] == sending.message_id(message)
    detail = json.dumps(Event.objects.get(chain=message.chain).detail)
    assert cast.lead_writer.email not in detail


def test_a_mail_that_does_not_leave_is_tried_again_ever_more_seldom(
    cast: steps.Cast, no_server: type[Broken], clock_at: Any
) -> None:
    with clock.at(now := clock.now()):
        message = message_for(cast.lead_writer)
    assert (message.state, message.attempts, message.fault) == ("waiting", 1, "ConnectionRefusedError 111")
    for number, wait in enumerate(BACKOFF, start=1):
        with clock.at(now + wait - timedelta(seconds=1)):
            assert tend() == 0
        now += wait
        with clock.at(now):
            assert tend() == 1
        assert reload(message).attempts == number + 1

    message = reload(message)
    assert message.state == "failed"
    assert [event.name for event in steps.events(message.chain)] == ["message.failed"]


def test_an_address_that_the_server_refuses_for_good_fails_at_once(
    cast: steps.Cast, no_server: type[Broken]
) -> None:
    no_server.fault = smtplib.SMTPRecipientsRefused({"a@b": (550, b"no such user")})
    message = message_for(cast.lead_writer)

    assert (message.state, message.fault) == ("failed", "550 no such user")


def test_an_address_that_the_server_refuses_for_now_waits(cast: steps.Cast, no_server: type[Broken]) -> None:
    no_server.fault = smtplib.SMTPRecipientsRefused({"a@b": (451, b"greylisted")})

    assert message_for(cast.lead_writer).state == "waiting"


def test_sending_again_by_hand(cast: steps.Cast, no_server: type[Broken], settings: Any) -> None:
    no_server.fault = smtplib.SMTPRecipientsRefused({"a@b": (550, b"no")})
    message = message_for(cast.lead_writer)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    try_again(message, by=cast.commission_officer)

    assert reload(message).state == "sent"
    assert len(mail.outbox) == 1
    with pytest.raises(Stale):
        try_again(reload(message), by=cast.commission_officer)


def test_a_worker_that_was_killed_leaves_it_to_the_next_after_a_while(cast: steps.Cast) -> None:
    now = clock.now()
    message = Message.objects.create(
        kind="notice", channel="mail", address="a@b.example", args={"notice": notice_for(cast.lead_head).pk},
        made_at=now, due_at=now, taken_at=now, token="killed",
    )  # fmt: skip
    mail.outbox.clear()
    deliver(message.pk)
    assert mail.outbox == []  # somebody else is at it

    with clock.at(now + timedelta(minutes=11)):
        assert tend() == 1
    assert reload(message).state == "sent"
    deliver(message.pk)
    assert len(mail.outbox) == 1


def test_what_is_no_longer_so_and_who_is_no_longer_here_gets_nothing(cast: steps.Cast, settings: Any) -> None:
    gone = send("notice", {"notice": 0}, to="a@b.example")
    cast.lead_writer.is_active = False
    cast.lead_writer.save()
    closed = message_for(cast.lead_writer)

    assert [reload(each).state for each in (gone, closed)] == ["dropped", "dropped"]
    assert mail.outbox == []


def test_a_key_is_sent_once(cast: steps.Cast) -> None:
    args = {"notice": notice_for(cast.lead_head).pk}
    one = send("notice", args, to="a@b.example", key="once")

    assert send("notice", args, to="a@b.example", key="once") == one
    assert len([letter for letter in mail.outbox if letter.to == ["a@b.example"]]) == 1


def test_tokens_are_never_kept(cast: steps.Cast, call: Call) -> None:
    reset_letter.send(cast.lead_writer.email)
    message = Message.objects.get(kind="password")

    assert message.state == "sent"
    assert message.text == ""
    assert "/password/" in mail.outbox[-1].body
    assert "/password/" not in json.dumps(message.args)


def test_texts_are_emptied_after_their_time(cast: steps.Cast, settings: Any) -> None:
    settings.MESSAGE_DAYS = 30
    message = message_for(cast.lead_writer)
    assert empty_old() == 0
    with clock.at(clock.now() + timedelta(days=31)):
        assert empty_old() == 1
        assert empty_old() == 0

    message = reload(message)
    assert (message.text, message.subject, message.state) == ("", "", "sent")
    assert message.emptied_at is not None


def test_a_line_in_a_name_makes_no_header(cast: steps.Cast) -> None:
    message_for(cast.lead_writer, reference="TJ10-1\nBcc: all@b.example")

    assert "\n" not in mail.outbox[-1].subject


def test_markup_in_a_name_is_no_markup() -> None:
    letter = Letter("a <b>", '<script>x</script>\n\nhttps://a.example/?a=1&b="2')

    assert "<script>" not in letter.html
    assert '<a href="https://a.example/?a=1&amp;b=&quot;2">' in letter.html


# By the other ways


def test_a_webhook_gets_what_it_can_check_and_the_same_number_again(
    cast: steps.Cast, gateway: Gateway, settings: Any
) -> None:
    settings.WEBHOOK, settings.WEBHOOK_SECRET = gateway.url, SECRET
    gateway.status = 500
    notice_for(cast.lead_writer)
    message = Message.objects.get(channel="webhook")
    assert (message.state, message.fault) == ("waiting", "HTTP 500")
    gateway.status = 200
    with clock.at(clock.now() + BACKOFF[0]):
        tend()

    assert reload(message).state == "sent"
    first, second = (json.loads(body) for _signature, body in gateway.given)
    assert first["id"] == second["id"] == message.token
    assert second["at"] > first["at"]
    assert second["to"] == cast.lead_writer.email


# Every verb in every state


def in_state(state: str) -> Message:
    now = clock.now()
    message = Message.objects.create(
        kind="notice", channel="mail", address="a@b.example", made_at=now, due_at=now, token=state
    )
    for verb in {"waiting": (), "bounced": ("send", "bounce"), "dropped": ("drop",)}.get(
        state, ("send",) if state == "sent" else ("fail",)
    ):
        turn(message, verb)
    return message


def turn(message: Message, verb: str) -> None:
    move(message, verb, by=SYSTEM, **({"sent_at": clock.now()} if verb == "send" else {}))


@pytest.mark.parametrize("state", MESSAGE.states)
@pytest.mark.parametrize("verb", MESSAGE.transitions)
def test_a_verb_leads_on_or_changes_nothing(cast: steps.Cast, state: str, verb: str) -> None:
    message = in_state(state)
    assert message.state == state
    if MESSAGE.allows(state, verb):
        turn(message, verb)
        assert reload(message).state == MESSAGE.transitions[verb].target
    else:
        with pytest.raises(NotNow):
            turn(message, verb)
        assert reload(message).state == state
