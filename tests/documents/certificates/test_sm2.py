"""SM2 with SM3: our own checks, Tongsuo and OpenSSL agree, and nothing that was tampered with passes."""

from __future__ import annotations

import builtins
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from asn1crypto import core, pem
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.core import clock
from shidian.core.digests import sm3_of_bytes
from shidian.documents.certificates import sm2
from shidian.documents.certificates.findings import Unusable
from shidian.documents.certificates.trust import Trust, load

UNIT = "甲社区服务中心"
CONTENT = b'{"reference":"TJ10-0001","version":1}'
DISTID = "distid:1234567812345678"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tongsuopy") is None and os.environ.get("CI") != "true",
    reason="tongsuopy is not installed",
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from shidian.documents.certificates.trial_sm2 import Authority

    return Authority(tmp_path_factory.mktemp("sm2"))


@pytest.fixture
def at() -> datetime:
    return clock.now()


@pytest.fixture
def judged(authority: Any, at: datetime) -> Callable[..., sm2.Attested]:
    def judged(content: bytes, **more: Any) -> sm2.Attested:
        asked = {"name": UNIT, "trust": Trust((authority.root.dump(),)), "at": at}
        signed = more.pop("signed", [CONTENT])
        return sm2.check(content, signed, **(asked | more))

    return judged


@pytest.fixture
def signer(authority: Any, at: datetime) -> sm2.KeyFile:
    return sm2.KeyFile.open(authority.key_file(UNIT, password="密码 1"), "密码 1", at=at)


def errors(found: sm2.Attested) -> set[str]:
    return {finding.code for finding in found.findings if finding.severity == "error"}


def openssl(*arguments: str) -> str:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_digest_and_the_signature_of_the_standard() -> None:
    """GB/T 32905 A.1 and GB/T 32918.5 A.2, which names the curve used here."""
    assert sm3_of_bytes(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    key = (
        0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020,
        0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13,
    )
    r = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
    s = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
    signature = _der(r, s)

    assert sm2.message_hash(b"message digest", key) == int(
        "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640", 16
    )
    assert sm2.is_signature(key, signature, b"message digest")
    assert not sm2.is_signature(key, signature, b"message digesT")
    assert not sm2.is_signature(key, signature, b"message digest", b"ALICE123@YAHOO.COM")
    assert not sm2.is_signature((key[0], key[1] ^ 1), signature, b"message digest")
    for bad in (_der(0, s), _der(r, 0), _der(r, sm2._N - r), _der(r + sm2._N, s), b"", b"junk"):
        assert not sm2.is_signature(key, bad, b"message digest")


def _der(r: int, s: int) -> bytes:
    class Pair(core.Sequence):
        _fields: ClassVar = [("r", core.Integer), ("s", core.Integer)]

    return bytes(Pair({"r": r, "s": s}).dump())


@settings(max_examples=15, deadline=None)
@given(message=st.binary(max_size=200), flip=st.integers(0, 63))
def test_tongsuo_and_our_own_arithmetic_agree(message: bytes, flip: int) -> None:
    from tongsuopy.crypto import hashes
    from tongsuopy.crypto.asymciphers import ec

    private = ec.generate_private_key(ec.SM2())
    numbers = private.public_key().public_numbers()
    signature = private.sign(message, ec.ECDSA(hashes.SM3()))
    other = bytearray(signature)
    other[-1 - flip % 30] ^= 1 << (flip % 8)

    assert sm2.is_signature((numbers.x, numbers.y), signature, message)
    assert not sm2.is_signature((numbers.x, numbers.y), bytes(other), message)
    assert not sm2.is_signature((numbers.x, numbers.y), signature, message + b".")


@pytest.mark.parametrize("embed", [False, True])
def test_what_was_signed_is_sound(
    signer: sm2.KeyFile, judged: Callable[..., sm2.Attested], at: datetime, embed: bool
) -> None:
    made = sm2.sign(CONTENT, signer, at=at, embed=embed)

    for content in (made, pem.armor("CMS", made), pem.armor("PKCS7", made)):
        found = judged(content)
        assert found.ok and found.trusted and found.intact
        assert found.holder is not None and found.holder.organisation == UNIT and found.holder.key == "SM2"
        assert [one.subject for one in found.chain][-1].count("TEST") > 0 and len(found.chain) == 2
        assert found.signed_at == at.replace(microsecond=0)


def test_openssl_agrees(signer: sm2.KeyFile, at: datetime, authority: Any, tmp_path: Path) -> None:
    """The certificate, the chain and the signature over the signed attributes, verified by another program."""
    der = sm2.sign(CONTENT, signer, at=at, embed=True)
    info = sm2._ContentInfo.load(der)
    record = info["content"]["signers"][0]
    (tmp_path / "attributes").write_bytes(record["signed_attributes"].untag().dump(force=True))
    (tmp_path / "signature").write_bytes(record["signature"].native)
    (tmp_path / "root.pem").write_bytes(authority.root_pem)
    (tmp_path / "unit.pem").write_bytes(pem.armor("CERTIFICATE", signer.chain[0].dump()))
    (tmp_path / "cms.der").write_bytes(der)
    (tmp_path / "unit.pub").write_text(openssl("x509", "-in", f"{tmp_path}/unit.pem", "-pubkey", "-noout"))

    verified = openssl(
        "dgst", "-sm3", "-verify", f"{tmp_path}/unit.pub", "-signature", f"{tmp_path}/signature",
        "-sigopt", DISTID, f"{tmp_path}/attributes",
    )  # fmt: skip
    assert "Verified OK" in verified
    chain = openssl("verify", "-CAfile", f"{tmp_path}/root.pem", "-vfyopt", DISTID, f"{tmp_path}/unit.pem")
    assert chain.strip().endswith("OK")
    printed = openssl("cms", "-cmsout", "-print", "-inform", "DER", "-in", f"{tmp_path}/cms.der")
    assert "SM2-with-SM3" in printed and "signingTime" in printed


def test_certificates_and_signatures_of_openssl_are_sound(
    tmp_path: Path, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root, certificate and raw signature made by OpenSSL alone; only the wrapping is ours."""
    monkeypatch.chdir(tmp_path)
    openssl("genpkey", "-algorithm", "SM2", "-out", "root.key")
    openssl("req", "-x509", "-new", "-key", "root.key", "-sm3", "-sigopt", DISTID, "-subj", "/O=R/CN=Root", "-days", "9",
            "-addext", "keyUsage=critical,keyCertSign", "-out", "root.pem")  # fmt: skip
    openssl("genpkey", "-algorithm", "SM2", "-out", "unit.key")
    openssl(
        "req",
        "-new",
        "-key",
        "unit.key",
        "-sm3",
        "-sigopt",
        DISTID,
        "-utf8",
        "-subj",
        f"/O={UNIT}/CN=A",
        "-out",
        "unit.csr",
    )
    Path("ext").write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n")
    openssl("x509", "-req", "-in", "unit.csr", "-CA", "root.pem", "-CAkey", "root.key", "-sm3", "-sigopt", DISTID,
            "-vfyopt", DISTID, "-days", "9", "-set_serial", "7", "-extfile", "ext", "-out", "unit.pem")  # fmt: skip
    key_file = Path("unit.key").read_bytes() + Path("unit.pem").read_bytes()
    later = clock.now() + timedelta(seconds=5)

    class ByOpenssl:
        chain = sm2.KeyFile.open(key_file, "", at=later).chain

        def sign(self, message: bytes) -> bytes:
            Path("message").write_bytes(message)
            openssl("dgst", "-sm3", "-sign", "unit.key", "-sigopt", DISTID, "-out", "signature", "message")
            return Path("signature").read_bytes()

    made = sm2.sign(CONTENT, ByOpenssl(), at=at)
    folder = tmp_path / "trusted"
    folder.mkdir()
    shutil.copy("root.pem", folder)

    found = sm2.check(made, [CONTENT], name=UNIT, trust=load(folder), at=later)

    assert found.ok and found.trusted


def test_the_form_of_the_chinese_standard_is_read(
    signer: sm2.KeyFile, judged: Callable[..., sm2.Attested], at: datetime
) -> None:
    """GM/T 0010: other object identifiers, and the content itself signed, without attributes."""
    info = sm2._ContentInfo.load(sm2.sign(CONTENT, signer, at=at, embed=True))
    record = info["content"]["signers"][0]
    told = {
        "version": 1,
        "sid": record["sid"],
        "digest_algorithm": {"algorithm": sm2.SM3},
        "signature_algorithm": {"algorithm": sm2.SM2_SIGN},
        "signature": signer.sign(CONTENT),
    }
    for text, code in ((CONTENT, None), (CONTENT + b" ", "other_version")):
        made = sm2._ContentInfo(
            {
                "type": "1.2.156.10197.6.1.4.2.2",
                "content": {
                    "version": 1,
                    "digest_algorithms": [{"algorithm": sm2.SM3}],
                    "content": {"type": "1.2.156.10197.6.1.4.2.1", "content": text},
                    "certificates": info["content"]["certificates"],
                    "signers": [told],
                },
            }
        ).dump()
        found = judged(made)
        assert errors(found) == ({code} if code else set())
    assert judged(made, signed=[CONTENT + b" "]).intact is False


def test_another_version_and_every_change_are_found(
    signer: sm2.KeyFile, judged: Callable[..., sm2.Attested], at: datetime
) -> None:
    made = sm2.sign(CONTENT, signer, at=at)
    assert errors(judged(made, signed=[CONTENT + b" "])) == {"other_version"}
    assert errors(judged(sm2.sign(CONTENT, signer, at=at, embed=True), signed=[b"x"])) == {"other_version"}

    signature = bytes(sm2._ContentInfo.load(made)["content"]["signers"][0]["signature"].native)
    start = made.index(signature)
    for place in (start + 8, start + len(signature) - 1):
        changed = made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :]
        assert errors(judged(changed)) == {"forged"}
    time = made.index(b"Z", made.rindex(bytes.fromhex("170d"))) - 1
    changed = made[:time] + (b"0" if made[time : time + 1] != b"0" else b"1") + made[time + 1 :]
    assert not judged(changed).ok


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_flipped_byte_passes_and_none_does_harm(data: Any, made: bytes, roots: Trust) -> None:
    place = data.draw(st.integers(0, len(made) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    changed = made[:place] + bytes([made[place] ^ bit]) + made[place + 1 :]
    found = sm2.check(changed, [CONTENT], name=UNIT, trust=roots, at=clock.now())

    # What is not signed (the names of algorithms beside the signature, the root that is brought along) may differ.
    if found.ok:
        assert (
            found.holder is not None and found.holder.organisation == UNIT and found.intact and found.trusted
        )


@pytest.fixture(scope="module")
def made(authority: Any) -> bytes:
    now = clock.now()
    return sm2.sign(CONTENT, sm2.KeyFile.open(authority.key_file(UNIT), "", at=now), at=now)


@pytest.fixture(scope="module")
def roots(authority: Any) -> Trust:
    return Trust((authority.root.dump(),))


@pytest.mark.parametrize(
    "junk", [b"", b"junk", b"0" * 2_000_000, b"-----BEGIN CMS-----\nxx\n-----END CMS-----\n"]
)
def test_junk_is_told(judged: Callable[..., sm2.Attested], junk: bytes) -> None:
    found = judged(junk)

    assert not found.ok and found.holder is None and found.findings[0].message


def test_an_unknown_authority_and_a_certificate_that_is_none_of_an_authority(
    authority: Any, signer: sm2.KeyFile, judged: Callable[..., sm2.Attested], at: datetime, tmp_path: Path
) -> None:
    from shidian.documents.certificates import trial_sm2

    stranger = trial_sm2.Authority(tmp_path)
    theirs = sm2.KeyFile.open(stranger.key_file(UNIT), "", at=at)
    made = sm2.sign(CONTENT, theirs, at=at)
    assert errors(judged(made)) == {"untrusted"}
    assert "没有设置" in next(
        f.message for f in judged(made, trust=Trust()).findings if f.code == "untrusted"
    )

    # A unit's own certificate issues another one.
    forged_key = trial_sm2._new_key()
    issued = trial_sm2._certificate(
        {"organization_name": UNIT, "common_name": "x"},
        {"country_name": "CN", "organization_name": "", "common_name": ""},
        forged_key, signer._key, at - timedelta(days=1), at + timedelta(days=1), usages=("digital_signature",),
    )  # fmt: skip
    issued["tbs_certificate"]["issuer"] = signer.chain[0].subject
    issued["signature_value"] = core.OctetBitString(
        trial_sm2._sign(signer._key, issued["tbs_certificate"].dump(force=True))
    )
    child = sm2.KeyFile(forged_key, issued, *signer.chain)
    assert sm2.is_issued_by(issued, signer.chain[0])
    assert "untrusted" in errors(judged(sm2.sign(CONTENT, child, at=at)))


def test_expired_revoked_and_of_another_unit(
    authority: Any, judged: Callable[..., sm2.Attested], at: datetime
) -> None:
    short = authority.key_file(UNIT, ends=at + timedelta(hours=1))
    made = sm2.sign(CONTENT, sm2.KeyFile.open(short, "", at=at), at=at)
    assert judged(made).ok
    assert errors(judged(made, at=at + timedelta(days=2))) == {"expired"}
    assert errors(judged(made, name="乙协会")) == {"other_unit"}
    future = sm2.sign(CONTENT, sm2.KeyFile.open(short, "", at=at), at=at + timedelta(minutes=30))
    assert errors(judged(future)) == {"future"}

    roots = (authority.root.dump(),)
    assert judged(made, trust=Trust(roots, lists=(authority.revocations(),))).revocation == "good"
    authority.revoke(short, at - timedelta(hours=1))
    found = judged(made, trust=Trust(roots, lists=(authority.revocations(),)))
    assert errors(found) == {"revoked"} and found.revocation == "revoked"
    assert judged(made).revocation == "unknown"


def test_a_key_file_that_cannot_sign_says_why(authority: Any, at: datetime) -> None:
    good = authority.key_file(UNIT, password="geheim")
    key = next(part for part in good.split(b"-----END") if b"PRIVATE" in part)
    cases = [
        (good, "falsch", "password"),
        (good, "", "password"),
        (b"junk", "", "not_a_key_file"),
        (key + b"-----END ENCRYPTED PRIVATE KEY-----\n", "geheim", "not_a_key_file"),
        (authority.key_file(UNIT) .split(b"-----BEGIN CERT")[0] + authority.root_pem, "", "algorithm"),
        (authority.key_file(UNIT, ends=at - timedelta(hours=1)), "", "expired"),
        (authority.key_file(UNIT, usages=("key_encipherment",)), "", "key_usage"),
    ]  # fmt: skip
    for content, password, code in cases:
        with pytest.raises(Unusable) as caught:
            sm2.KeyFile.open(content, password, at=at)
        assert caught.value.code == code


def test_without_tongsuo_signatures_are_checked_all_the_same(
    made: bytes, roots: Trust, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = authority.key_file(UNIT)
    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name.startswith("tongsuopy"):
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for module in [name for name in sys.modules if name.startswith("tongsuopy")]:
        monkeypatch.delitem(sys.modules, module)

    assert sm2.check(made, [CONTENT], name=UNIT, trust=roots, at=clock.now()).ok
    assert "没有安装国密组件" in sm2.available().reason
    with pytest.raises(Unusable, match="没有安装国密组件"):
        sm2.KeyFile.open(key_file, "", at=clock.now())
