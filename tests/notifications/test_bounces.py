"""Mails that come back: reports of mail servers, true and false ones."""

from __future__ import annotations

import io
import mailbox
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from shidian.applications import signing
from shidian.applications.queries import round_of
from shidian.calls.models import Call
from shidian.notifications.bounces import Outcome, read, take
from shidian.notifications.models import Message
from shidian.notifications.queries import broken
from shidian.notifications.sending import message_id
from shidian.signoffs.models import Party
from tests import steps
from tests.notifications.test_sending import message_for, reload


def report(mail_id: str, *, action: str = "failed", status: str = "5.1.1", whole: bool = True) -> bytes:
    """A report as Postfix writes it, with the mail or with its headers alone."""
    given_back = (
        f"Content-Type: message/rfc822\n\nFrom: shidian@localhost\nMessage-ID: {mail_id}\nSubject: x\n\nbody"
        if whole
        else f"Content-Type: text/rfc822-headers\n\nFrom: shidian@localhost\nMessage-ID: {mail_id}\nSubject: x"
    )
    return f"""\
From: MAILER-DAEMON@mail.example
To: shidian@localhost
Subject: Undelivered Mail Returned to Sender
Message-ID: <another@mail.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example
Arrival-Date: Mon,  3 Jul 2023 10:00:00 +0800

Final-Recipient: rfc822; writer@example.cn
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <writer@example.cn>: user unknown

--B
{given_back}

--B--
""".encode()


@pytest.mark.parametrize("whole", [True, False])
def test_a_report_marks_the_message_once(cast: steps.Cast, whole: bool) -> None:
    message = message_for(cast.lead_writer)
    raw = report(message_id(message), whole=whole)

    assert take(raw) == Outcome.BOUNCED
    assert take(raw) == Outcome.KNOWN
    message = reload(message)
    assert message.state == "bounced"
    assert message.fault == "5.1.1 550 5.1.1 <writer@example.cn>: user unknown"
    assert [event.name for event in steps.events(message.chain)] == ["message.sent", "message.bounced"]


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed"])
def test_what_still_travels_or_arrived_is_no_bounce(cast: steps.Cast, action: str) -> None:
    message = message_for(cast.lead_writer)

    assert take(report(message_id(message), action=action, status="4.4.1")) == Outcome.DELAYED
    assert reload(message).state == "sent"


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (b"", Outcome.NO_REPORT),
        (b"\xff\xfe\x00", Outcome.NO_REPORT),
        (b"Subject: I am on holiday\n\nBack on Monday", Outcome.NO_REPORT),
        (b'Content-Type: multipart/report; boundary="B"\n\n--B--', Outcome.NO_REPORT),
        (report("<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@localhost>"), Outcome.UNKNOWN),
        (report("nothing"), Outcome.UNKNOWN),
    ],
)
def test_what_is_none_of_ours_changes_nothing(cast: steps.Cast, raw: bytes, outcome: Outcome) -> None:
    message = message_for(cast.lead_writer)

    assert take(raw) == outcome
    assert reload(message).state == "sent"


def test_a_report_without_action_is_judged_by_its_status() -> None:
    found = read(report("<x@y>").replace(b"Action: failed\n", b""))

    assert found is not None and found.failed


def test_reports_are_read_from_a_maildir_an_mbox_and_the_standard_input(
    cast: steps.Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = report(message_id(message_for(cast.lead_writer)))
    maildir = mailbox.Maildir(str(tmp_path / "mail"))
    maildir.add(raw)
    maildir.add(b"Subject: no report\n\nhello")
    mbox = mailbox.mbox(str(tmp_path / "mbox"))
    mbox.add(raw)
    mbox.flush()

    assert "读了 2 封：新标为退回 1，不是退信 1" in run(tmp_path / "mail")
    assert "以前已标 1" in run(tmp_path / "mbox")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    assert "以前已标 1" in run("-")
    for wrong in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CommandError):
            run(wrong)


def run(source: Any) -> str:
    out = io.StringIO()
    call_command("bounces", str(source), stdout=out)
    return out.getvalue()


def test_the_lead_sees_that_mail_to_a_party_came_back_until_one_arrives(cast: steps.Cast, call: Call) -> None:
    application = steps.frozen(cast, call)
    party = Party.objects.select_related("round__version").get(round=round_of(application), role="guarantor")
    steps.send_link(application, party, cast.lead_writer, email="gone@unit.example")
    take(report(message_id(Message.objects.get(address="gone@unit.example"))))
    client = Client()
    client.force_login(cast.lead_writer)

    assert set(broken(["gone@unit.example", "a@b.example"])) == {"gone@unit.example"}
    assert "邮件没有送到" in client.get(f"/applications/{application.reference}/").content.decode()
    page = client.get(f"/applications/{application.reference}/parties/{party.pk}/").content.decode()
    assert "没有送到（被退回）" in page and "user unknown" in page
    signing.send_link(application, party, by=cast.lead_writer)
    assert broken(["gone@unit.example"]) == {}
