"""Papers are signed at their places, one after another, and stay archive papers."""

from __future__ import annotations

from datetime import timedelta

import page
import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from shidian.documents import intake
from shidian.documents.certificates import appearance, signing, timestamps
from shidian.documents.certificates.findings import Unusable
from shidian.documents.certificates.signers import KeyFile
from tests.documents.certificates.conftest import Bench, picture


def test_three_sign_one_after_another(bench: Bench, signed: bytes) -> None:
    report = bench.check(signed, 0, 1, 2)

    assert signed.startswith(bench.paper)
    assert report.ok and report.same_version and report.unchanged and report.missing == ()
    assert [one.party for one in report.signatures] == [place.field for place in bench.places]
    assert [one.modification for one in report.signatures] == ["signed", "signed", "none"]
    assert [one.last for one in report.signatures] == [False, False, True]
    assert {one.time_from for one in report.signatures} == {"signer"}
    assert report.signatures[0].holder is not None
    assert report.signatures[0].holder.organisation == "甲社区服务中心"
    assert report.signatures[0].reason == "同意"


def test_signature_stands_in_its_box_and_says_its_name(bench: Bench) -> None:
    pdf = bench.sign(bench.paper, 1, picture=appearance.clean_picture(picture()))

    with pikepdf.open(__import__("io").BytesIO(pdf)) as opened:
        field = opened.Root.AcroForm.Fields[0]
        left, low, _right, high = (float(value) for value in field.Rect)
        place = bench.places[1]
        assert str(field.TU) == "乙标准化协会 盖章"
        assert left == pytest.approx(place.x, abs=0.02)
        assert high - low == pytest.approx(place.height, abs=0.02)
        assert 841.89 - high == pytest.approx(place.y, abs=0.02)
        assert opened.pages[1].obj.objgen == field.P.objgen


def test_signed_paper_stays_archive_paper(bench: Bench) -> None:
    pdf = bench.sign(bench.paper, 0, picture=appearance.clean_picture(picture()))

    assert page.validate_pdf_bytes(bench.paper, profile="3b").is_compliant
    assert list(page.validate_pdf_bytes(pdf, profile="3b").failures) == []


def test_signed_paper_passes_the_inspection_of_uploads(bench: Bench, signed: bytes) -> None:
    from io import BytesIO

    found = intake.inspect(BytesIO(signed), name="签字.pdf", formats=["pdf"], max_bytes=10_000_000)

    assert found.pages == 2


def test_time_is_proved_by_an_authority(bench: Bench) -> None:
    authority = timestamps.Authority(f"{bench.platform.address}/tsa")
    report = bench.check(bench.sign(bench.paper, 0, authority=authority), 0)

    assert report.ok
    assert report.signatures[0].time_from == "authority"
    assert "TEST 测试时间戳" in report.signatures[0].authority


def test_silent_authority_keeps_from_signing(bench: Bench) -> None:
    with pytest.raises(Unusable, match="时间戳服务没有响应") as caught:
        bench.sign(bench.paper, 0, authority=timestamps.Authority("http://127.0.0.1:9/tsa", timeout=0.5))
    assert caught.value.code == "tsa"


def test_wrong_answer_of_the_authority_is_refused(bench: Bench) -> None:
    with pytest.raises(Unusable) as caught:
        bench.sign(bench.paper, 0, authority=timestamps.Authority(f"{bench.platform.address}/nowhere"))
    assert caught.value.code == "tsa"


def test_nobody_signs_twice_in_one_place(bench: Bench, signed: bytes) -> None:
    with pytest.raises(Unusable, match="已经有数字签名"):
        bench.sign(signed, 0)


def test_prepared_signature_can_wait(bench: Bench) -> None:
    signer = bench.signers[0]
    prepared = signing.prepare(bench.paper, bench.places[0], signer.chain, at=bench.at)
    kept = signing.Prepared.load(prepared.dump())

    assert kept == prepared
    assert bench.check(signing.complete(kept, signer.sign(kept.message)), 0).ok
    with pytest.raises(Unusable, match="与这份文件不符"):
        signing.complete(kept, bench.signers[1].sign(kept.message))
    with pytest.raises(Unusable, match="与这份文件不符"):
        signing.complete(kept, signer.sign(kept.message + b"."))


def test_key_file_opens_with_its_password_only(bench: Bench) -> None:
    key, certificate = bench.platform.authority.issue("甲社区服务中心")
    content = bench.platform.authority.key_file(key, certificate, "密码 1")

    opened = KeyFile.open(content, "密码 1", at=bench.at)
    assert opened.chain == (certificate, bench.platform.authority.root)
    for wrong in ("", "密码 2"):
        with pytest.raises(Unusable, match="密码不对"):
            KeyFile.open(content, wrong, at=bench.at)
    for junk in (b"", b"junk", content[:200], b"%PDF-1.7"):
        with pytest.raises(Unusable) as caught:
            KeyFile.open(junk, "密码 1", at=bench.at)
        assert caught.value.code == "not_a_key_file"


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("expired", {"begins": -30, "ends": -1}),
        ("not_yet_valid", {"begins": 1, "ends": 30}),
        ("key_usage", {"usages": ("key_encipherment",)}),
        ("key_usage", {"usages": ()}),
        ("weak_key", {"key": "short"}),
    ],
)
def test_certificate_that_cannot_sign_says_why(bench: Bench, code: str, options: dict[str, object]) -> None:
    given = {
        name: bench.at + timedelta(days=value) if isinstance(value, int) else value
        for name, value in options.items()
    }
    if "key" in given:
        given["key"] = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    key, certificate = bench.platform.authority.issue("甲社区服务中心", **given)

    with pytest.raises(Unusable) as caught:
        KeyFile.open(bench.platform.authority.key_file(key, certificate), "shidian-test", at=bench.at)
    assert caught.value.code == code


def test_seal_picture_is_made_clear_and_small() -> None:
    cleaned = appearance.clean_picture(picture())
    assert cleaned.startswith(b"\x89PNG") and len(cleaned) < 400_000
    for bad in (b"", b"GIF89a", picture()[:300]):
        with pytest.raises(Unusable, match="印章图片"):
            appearance.clean_picture(bad)
