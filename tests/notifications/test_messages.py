"""Short messages by each way: a file, and a gateway that really listens."""

from __future__ import annotations

import hashlib
import hmac
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from shidian.applications import signing
from shidian.applications.queries import round_of
from shidian.calls.models import Call
from shidian.notifications.messages import HttpSender, LogSender, NotSent, sender
from shidian.signoffs import links
from shidian.signoffs.models import LinkStep, Party
from shidian.signoffs.queries import standing
from tests import steps

SECRET = "a secret of the gateway"


@dataclass
class Gateway:
    """A gateway on this machine, and what it was given."""

    url: str
    status: int = 200
    given: list[tuple[str, bytes]] = field(default_factory=list)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.given.append((self.headers["X-Signature"], body))
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, *told: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found = Gateway(f"http://127.0.0.1:{server.server_port}/messages")
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_in_the_file_is_read_again_and_by_nobody_else(tmp_path: Path) -> None:
    kept = LogSender(tmp_path / "data" / "messages.jsonl")
    kept.send("13800000000", "验证码 1")
    kept.send("13800000001", "验证码 2")

    assert [(told["to"], told["text"]) for told in kept.sent()] == [
        ("13800000001", "验证码 2"),
        ("13800000000", "验证码 1"),
    ]
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600


def test_the_gateway_gets_a_body_that_it_can_check(gateway: Gateway) -> None:
    HttpSender(gateway.url, SECRET).send("13800000000", "验证码 123456")

    [(signature, body)] = gateway.given
    assert signature == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert (told["to"], told["text"]) == ("13800000000", "验证码 123456")


def test_what_the_gateway_does_not_take_is_not_sent_and_the_fault_says_nothing_of_it(
    gateway: Gateway,
) -> None:
    gateway.status = 503
    with pytest.raises(NotSent) as refused:
        HttpSender(gateway.url, SECRET).send("13800000000", "验证码 123456")
    assert "123456" not in str(refused.value)
    with pytest.raises(NotSent):
        HttpSender("http://127.0.0.1:9/nothing", SECRET).send("13800000000", "1")


def test_without_a_setting_there_is_no_way(settings: Any) -> None:
    settings.SMS = ""
    with pytest.raises(NotSent):
        sender()


def test_the_code_of_a_link_goes_by_the_gateway(
    cast: steps.Cast, call: Call, gateway: Gateway, settings: Any
) -> None:
    settings.SMS, settings.SMS_SECRET = gateway.url, SECRET
    application = steps.frozen(cast, call)
    party = Party.objects.select_related("round__version").get(round=round_of(application), role="guarantor")
    signing.give_contact(
        application, party, email="a@unit.example", mobile="138 0000 0000", by=cast.lead_writer
    )
    link = signing.send_link(application, party, by=cast.lead_writer)

    links.ask_code(link, address=None)

    told = json.loads(gateway.given[-1][1])
    assert told["to"] == "13800000000"
    code = "".join(filter(str.isdigit, told["text"].partition("，")[0]))
    assert links.try_code(link, code, address=None)[0] is not None


def test_a_code_that_did_not_leave_is_noted(
    cast: steps.Cast, call: Call, gateway: Gateway, settings: Any
) -> None:
    settings.SMS, settings.SMS_SECRET = gateway.url, SECRET
    gateway.status = 500
    application = steps.frozen(cast, call)
    party = Party.objects.select_related("round__version").get(round=round_of(application), role="guarantor")
    signing.give_contact(
        application, party, email="a@unit.example", mobile="13800000000", by=cast.lead_writer
    )
    link = signing.send_link(application, party, by=cast.lead_writer)
    links.ask_code(link, address=None)

    assert LinkStep.objects.filter(link=link, kind="code_unsent").exists()


def test_a_letter_that_cannot_be_sent_is_seen_by_the_lead(
    cast: steps.Cast, call: Call, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    application = steps.frozen(cast, call)
    party = Party.objects.select_related("round__version").get(round=round_of(application), role="guarantor")
    signing.give_contact(application, party, email="a@unit.example", by=cast.lead_writer)

    link = signing.send_link(application, party, by=cast.lead_writer)

    assert standing(link).key == "unsent"
