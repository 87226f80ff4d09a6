"""SM2 signatures over the content of a version: uploaded or made here, checked, kept, and shown."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from shidian.applications import actions
from shidian.applications.models import Application, Attestation
from shidian.audit.queries import verify
from shidian.calls.models import Call
from shidian.core import clock
from shidian.documents.certificates import sm2, trial
from shidian.signoffs.models import Party, Signature
from tests import steps
from tests.applications.test_certifying import parties
from tests.portal.pages import at, signed_in, text_of, title_of

pytest.importorskip("tongsuopy")


@pytest.fixture
def application(cast: steps.Cast, call: Call, test_ca: trial.Trial) -> Application:
    return steps.frozen(cast, call)


@pytest.fixture
def party(application: Application) -> Party:
    return parties(application)[0]


def named(content: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def signer(platform: trial.Trial, name: str) -> sm2.KeyFile:
    assert platform.sm2 is not None
    return sm2.KeyFile.open(platform.sm2.key_file(name), "", at=clock.now())


def test_a_signature_made_elsewhere_is_kept_beside_the_opinion(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    client = signed_in(cast.lead_writer)
    here = at("attestation", application, party=party.pk, how="upload")
    content = client.get(at("version-content", application, number=1)).content
    assert content == application.version.content.encode()
    cms = sm2.sign(content, signer(test_ca, party.name), at=clock.now())

    answer = client.post(here, {"cms": named(cms, "签名.p7s")})

    assert answer.url == at("certificates", application, number=1)
    given = Attestation.objects.get()
    assert (given.party, given.digest, given.by) == (party, application.version.digest, cast.lead_writer)
    assert not Signature.objects.exists() and not party.has_agreed
    page = text_of(client.get(answer.url))
    assert "国密签名" in page and "签名与内容相符" in page
    file = client.get(at("attestation-file", application, number=1, pk=given.pk))
    assert b"".join(file.streaming_content) == cms
    assert steps.last_event(application.chain).name == "attestation.given"
    assert "国密签名（SM2）已收存" in text_of(client.get(at("history", application)))
    with pytest.raises(DatabaseError), transaction.atomic():
        Attestation.objects.filter(pk=given.pk).update(subject="x")
    assert verify().ok


def test_another_version_an_unknown_authority_and_junk_are_refused_at_the_field(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial, tmp_path: Any
) -> None:
    from shidian.documents.certificates import trial_sm2

    client = signed_in(cast.lead_writer)
    here = at("attestation", application, party=party.pk, how="upload")
    stranger = sm2.KeyFile.open(trial_sm2.Authority(tmp_path / "x").key_file(party.name), "", at=clock.now())
    content = application.version.content.encode()
    own = signer(test_ca, party.name)
    for cms, words in (
        (sm2.sign(content + b" ", own, at=clock.now()), "签的不是这一版的内容"),
        (sm2.sign(content, stranger, at=clock.now()), "没有通到可信的国密根证书"),
        (sm2.sign(content, signer(test_ca, "乙协会"), at=clock.now()), "不是应签的"),
        (b"junk", "不是 PKCS#7/CMS"),
        (b"0" * 1_100_000, "超过 1 MB"),
    ):
        page = client.post(here, {"cms": named(cms, "签名.p7s")})
        assert title_of(page).startswith("错误：") and words in text_of(page)
    assert "请选择“国密签名文件”" in text_of(client.post(here, {}))
    assert not Attestation.objects.exists()


def test_a_digest_alone_may_be_signed(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    cms = sm2.sign(
        application.version.digest.encode(), signer(test_ca, party.name), at=clock.now(), embed=True
    )

    signed_in(cast.lead_writer).post(
        at("attestation", application, party=party.pk, how="upload"), {"cms": named(cms, "a.p7s")}
    )

    assert Attestation.objects.count() == 1


def test_a_key_file_signs_here(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    assert test_ca.sm2 is not None
    client = signed_in(cast.lead_writer)
    here = at("attestation", application, party=party.pk, how="file")
    key = test_ca.sm2.key_file(party.name, password="geheim-98")

    page = client.post(here, {"key": named(key, "a.pem"), "password": "falsch"})
    assert "密码不对" in text_of(page) and 'id="id_password-wrong"' in text_of(page)
    client.post(here, {"key": named(key, "a.pem"), "password": "geheim-98"})

    assert Attestation.objects.get().report["how"] == "file"


def test_where_the_library_is_missing_it_is_said(
    cast: steps.Cast, application: Application, party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shidian.core.verdict import not_now

    monkeypatch.setattr(sm2, "available", lambda: not_now("没有安装国密组件"))

    page = signed_in(cast.lead_writer).get(at("attestation", application, party=party.pk, how="file"))

    assert "没有安装国密组件" in text_of(page)


def test_a_version_given_up_takes_none(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    actions.reopen(application, by=cast.lead_writer, reason="改")

    page = signed_in(cast.lead_writer).get(at("attestation", application, party=party.pk, how="upload"))

    assert "已经失效" in text_of(page)
    assert signed_in(cast.outsider).get(page.request["PATH_INFO"]).status_code == 404
