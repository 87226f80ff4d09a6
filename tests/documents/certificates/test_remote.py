"""A platform elsewhere signs hashes, late, wrongly or not at all; spoken to over real HTTP."""

from __future__ import annotations

import urllib.error
import urllib.request
import uuid

import pytest

from shidian.documents.certificates import remote, signing, trial
from shidian.documents.certificates.findings import Unusable
from tests.documents.certificates.conftest import UNITS, Bench

SUBJECT = remote.Subject("申请书", "TJ10-0016", "v3")


def seal(bench: Bench, manner: trial.Manner, unit: str = UNITS[0]) -> tuple[remote.Platform, remote.Seal]:
    made = bench.platform.add_seal(unit, manner=manner)
    platform = remote.Platform(bench.platform.address, bench.platform.token, timeout=1)
    return platform, next(one for one in platform.seals() if one.id == made.id)


def test_seal_on_a_platform_signs(bench: Bench) -> None:
    platform, chosen = seal(bench, "sign")
    signer = remote.RemoteSigner(platform, chosen, SUBJECT, at=bench.at)
    pdf = signing.sign(bench.paper, bench.places[0], signer, at=bench.at, picture=chosen.picture)
    report = bench.check(pdf, 0)

    assert report.ok and report.signatures[0].holder is not None
    assert report.signatures[0].holder.organisation == UNITS[0]


def test_person_confirms_later(bench: Bench) -> None:
    platform, chosen = seal(bench, "ask")
    prepared = signing.prepare(bench.paper, bench.places[0], chosen.chain, at=bench.at)
    key = str(uuid.uuid4())
    first = platform.start(chosen, prepared.message, SUBJECT, key=key)
    again = platform.start(chosen, prepared.message, SUBJECT, key=key)

    assert first.state == "waiting" and again.id == first.id
    assert platform.poll(first.id, chosen).state == "waiting"
    bench.platform.confirm(bench.platform.signings[first.id])
    answer = platform.poll(first.id, chosen)
    assert bench.check(signing.complete(prepared, answer.signature), 0).ok
    assert platform.cancel(first.id).state == "signed"


def test_key_of_another_request_is_refused(bench: Bench) -> None:
    platform, chosen = seal(bench, "ask")
    key = str(uuid.uuid4())
    platform.start(chosen, b"one", SUBJECT, key=key)

    with pytest.raises(Unusable):
        platform.start(chosen, b"two", SUBJECT, key=key)


def test_nobody_confirms_in_time(bench: Bench) -> None:
    platform, chosen = seal(bench, "ask")
    signer = remote.RemoteSigner(platform, chosen, SUBJECT, at=bench.at, patience=3, sleep=lambda _: None)

    with pytest.raises(Unusable) as caught:
        signing.sign(bench.paper, bench.places[0], signer, at=bench.at)
    assert caught.value.code == "platform_slow"
    last = list(bench.platform.signings.values())[-1]
    assert last.stands == "cancelled"


@pytest.mark.parametrize(
    ("manner", "code"),
    [
        ("refuse", "seal_refused"),
        ("wrong_hash", "wrong_signature"),
        ("other_unit", "other_certificate"),
        ("fail", "platform_busy"),
        ("silent", "platform_down"),
    ],
)
def test_what_goes_wrong_is_told(bench: Bench, manner: trial.Manner, code: str) -> None:
    platform, chosen = seal(bench, manner)
    signer = remote.RemoteSigner(platform, chosen, SUBJECT, at=bench.at)

    with pytest.raises(Unusable) as caught:
        signing.sign(bench.paper, bench.places[0], signer, at=bench.at)
    assert caught.value.code == code


def test_platform_that_is_away_or_does_not_know_us(bench: Bench) -> None:
    for address, token, code in (
        ("http://127.0.0.1:9", "x", "platform_down"),
        (bench.platform.address, "x", "platform_denied"),
        (f"{bench.platform.address}/nowhere", bench.platform.token, "seal"),
    ):
        with pytest.raises(Unusable) as caught:
            remote.Platform(address, token, timeout=1).seals()
        assert caught.value.code == code


def test_trial_platform_says_that_it_is_one_and_stays_at_home(bench: Bench) -> None:
    with urllib.request.urlopen(bench.platform.address) as answer:
        assert "没有任何法律效力" in answer.read().decode()
    foreign = urllib.request.Request(bench.platform.address, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(foreign)
    assert bench.platform.server_address[0] == "127.0.0.1"
    assert "TEST" in bench.certificates[0].subject.rfc4514_string()
