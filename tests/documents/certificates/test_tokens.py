"""Keys on a token: SoftHSM2 of Debian stands for the hardware."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shidian.documents.certificates import signing, tokens
from shidian.documents.certificates.findings import Unusable
from tests.documents.certificates.conftest import UNITS, Bench

DRIVER = Path("/usr/lib/softhsm/libsofthsm2.so")


@pytest.fixture(scope="module")
def driver(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A token with a certificate of the first unit and its key."""
    if shutil.which("softhsm2-util") is None or not DRIVER.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("SoftHSM2 is not installed")
        pytest.skip("SoftHSM2 is not installed")
    key, certificate = bench.platform.authority.issue(UNITS[0])
    prepare_token(tmp_path_factory.mktemp("softhsm"), key, certificate)
    return DRIVER


def prepare_token(folder: Path, key: Any, certificate: x509.Certificate) -> None:
    """A token `unit` with PIN 1234 that holds a key and its certificate."""
    import pkcs11
    from pkcs11 import Attribute, ObjectClass
    from pkcs11.util.x509 import decode_x509_certificate

    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(settings)
    pem = folder / "key.pem"
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for command in (
        ["--init-token", "--free", "--label", "unit", "--pin", "1234", "--so-pin", "5678"],
        ["--import", str(pem), "--token", "unit", "--label", "key", "--id", "a1", "--pin", "1234"],
    ):
        subprocess.run(["softhsm2-util", *command], check=True, capture_output=True)
    library = pkcs11.lib(str(DRIVER))
    library.reinitialize()  # it reads its settings once; another test of this process may have had others
    token = library.get_token(token_label="unit")
    with token.open(user_pin="1234", rw=True) as session:
        described = decode_x509_certificate(certificate.public_bytes(Encoding.DER))
        session.create_object(
            described | {Attribute.TOKEN: True, Attribute.ID: b"\xa1", Attribute.LABEL: "unit",
                         Attribute.CLASS: ObjectClass.CERTIFICATE}
        )  # fmt: skip


def test_token_signs(bench: Bench, driver: Path) -> None:
    token = tokens.Token(driver, "unit", "1234")
    entries = token.entries()
    pdf = signing.sign(bench.paper, bench.places[0], token.signer(entries[0], at=bench.at), at=bench.at)

    assert [one.label for one in entries] == ["unit"]
    assert bench.check(pdf, 0).ok


def test_wrong_pin_and_missing_token_are_told(driver: Path) -> None:
    for label, pin, code in (("unit", "9999", "password"), ("none", "1234", "token")):
        with pytest.raises(Unusable) as caught:
            tokens.Token(driver, label, pin).entries()
        assert caught.value.code == code


def test_why_there_are_no_tokens_is_told(tmp_path: Path) -> None:
    assert "没有设置" in tokens.available(None).reason
    assert "驱动程序不在" in tokens.available(tmp_path / "none.so").reason
