"""Certificates that no standard allows: told apart from faults of the system wherever one comes in from outside."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from shidian.core import clock
from shidian.documents.certificates import holders, remote, sm2, trial_sm2
from shidian.documents.certificates.findings import Unusable
from shidian.documents.certificates.trust import BadTrust, Trust, load
from tests.documents.certificates.conftest import UNITS, Bench

VERSION, NO_VERSION = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03"  # v3, and one that does not exist
CONTENT = b"content"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> trial_sm2.Authority:
    return trial_sm2.Authority(tmp_path_factory.mktemp("sm2"))


@pytest.fixture
def at() -> datetime:
    return clock.now()


def test_a_version_that_does_not_exist_is_no_certificate(bench: Bench, tmp_path: Path) -> None:
    sound = bench.certificates[0].public_bytes(Encoding.DER)
    strange = sound.replace(VERSION, NO_VERSION, 1)
    with pytest.raises(x509.InvalidVersion):
        x509.load_der_x509_certificate(strange)

    (tmp_path / "root.cer").write_bytes(strange)
    with pytest.raises(BadTrust, match=r"root\.cer"):
        load(tmp_path)
    answer = {
        "id": "1",
        "name": "章",
        "unit": UNITS[0],
        "certificates": [base64.b64encode(sound).decode(), base64.b64encode(strange).decode()],
    }
    with pytest.raises(Unusable):
        remote._seal(answer)


def test_an_sm2_signature_with_such_a_certificate_is_judged(
    authority: trial_sm2.Authority, at: datetime
) -> None:
    signature = sm2.sign(CONTENT, sm2.KeyFile.open(authority.key_file(UNITS[0]), "", at=at), at=at)
    trust = Trust((authority.root.dump(),))
    assert sm2.check(signature, [CONTENT], name=UNITS[0], trust=trust, at=at).ok

    for place in (signature.index(VERSION), signature.rindex(VERSION)):
        changed = signature[:place] + NO_VERSION + signature[place + len(VERSION) :]
        found = sm2.check(changed, [CONTENT], name=UNITS[0], trust=trust, at=at)
        assert found.ok or found.findings


def test_an_sm2_key_file_with_such_a_certificate_is_refused(
    authority: trial_sm2.Authority, at: datetime
) -> None:
    lines = authority.key_file(UNITS[0]).decode().split("-----BEGIN CERTIFICATE-----")
    strange = [
        base64.encodebytes(
            base64.b64decode(part.partition("-----END")[0]).replace(VERSION, NO_VERSION, 1)
        ).decode()
        + "-----END CERTIFICATE-----\n"
        for part in lines[1:]
    ]
    file = "-----BEGIN CERTIFICATE-----\n".join([lines[0], *strange]).encode()

    with pytest.raises(Unusable) as caught:
        sm2.KeyFile.open(file, "", at=at)
    assert caught.value.code == "not_a_key_file"


@pytest.mark.parametrize(
    "added",
    [
        {"extn_id": "2.5.29.15", "extn_value": core.ParsableOctetString(bytes.fromhex("03020780"))},  # twice
        {"extn_id": "2.5.29.17", "extn_value": core.ParsableOctetString(bytes.fromhex("3004a3023000"))},
    ],
)
def test_what_its_extensions_say_cannot_be_read(bench: Bench, added: dict[str, Any]) -> None:
    changed = asn1_x509.Certificate.load(bench.certificates[0].public_bytes(Encoding.DER))
    extensions = list(changed["tbs_certificate"]["extensions"])
    changed["tbs_certificate"]["extensions"] = [*extensions, asn1_x509.Extension(added)]
    strange = x509.load_der_x509_certificate(changed.dump(force=True))
    assert holders.may_sign(bench.certificates[0])
    with pytest.raises(holders.UNREADABLE):
        _ = strange.extensions

    assert not holders.may_sign(strange)
    assert "key_usage" in {problem.code for problem in holders.problems(strange, bench.at)}
